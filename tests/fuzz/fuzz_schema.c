#include "tests/fuzz/fuzz_schema.h"

#include "wushe/bus/v1/bus.pb-c.h"
#include "wushe/charity/v1/gift.pb-c.h"
#include "wushe/community/v1/need.pb-c.h"
#include "wushe/coordinator/v1/day.pb-c.h"
#include "wushe/coordinator/v1/dispute.pb-c.h"
#include "wushe/coordinator/v1/gate.pb-c.h"
#include "wushe/coordinator/v1/kind.pb-c.h"
#include "wushe/coordinator/v1/linkage.pb-c.h"
#include "wushe/envelope/v1/envelope.pb-c.h"
#include "wushe/linkage/v1/step.pb-c.h"
#include "wushe/node/state/v1/node_row.pb-c.h"
#include "wushe/socialorg/v1/interest.pb-c.h"
#include "wushe/socialorg/v1/organisation.pb-c.h"
#include "wushe/socialworker/v1/worker.pb-c.h"
#include "wushe/volunteer/v1/volunteer.pb-c.h"

#define SCHEMA(type, message)                                           \
    {                                                                   \
        ENVELOPE__EVENT_TYPE__EVENT_TYPE_##type, &message##__descriptor \
    }

static const struct {
    Envelope__EventType type;
    const ProtobufCMessageDescriptor *body;
} SCHEMAS[] = {
    SCHEMA(NODE_RETRY_DEAD_LETTER, node__retry_dead_letter),
    SCHEMA(NODE_DROP_DEAD_LETTER, node__drop_dead_letter),
    SCHEMA(NODE_BEGIN_GENERATION, node__begin_generation),
    SCHEMA(NODE_FORWARDED_COMMAND, bus__submit),
    SCHEMA(NODE_COMMAND_ANSWERED, bus__answer),
    SCHEMA(NODE_STREAM_SNAPSHOT, bus__snapshot),
    SCHEMA(NODE_PUBLISH, envelope__publish),
    SCHEMA(LINKAGE_PROVIDER_ANNOUNCED, linkage__provider_announced),
    SCHEMA(LINKAGE_STEP_OFFERED, linkage__step_offered),
    SCHEMA(LINKAGE_STEP_RESERVED, linkage__step_reserved),
    SCHEMA(LINKAGE_STEP_DECLINED, linkage__step_declined),
    SCHEMA(LINKAGE_STEP_CONFIRMED, linkage__step_confirmed),
    SCHEMA(LINKAGE_STEP_TAKEN, linkage__step_taken),
    SCHEMA(LINKAGE_STEP_LAPSED, linkage__step_lapsed),
    SCHEMA(LINKAGE_STEP_RELEASED, linkage__step_released),
    SCHEMA(LINKAGE_STEP_DELIVERED, linkage__step_delivered),
    SCHEMA(LINKAGE_ANSWER_OFFER, linkage__answer_offer),
    SCHEMA(LINKAGE_REPORT_DELIVERY, linkage__report_delivery),
    SCHEMA(LINKAGE_ADD_PROVIDER, linkage__add_provider),
    SCHEMA(SOCIALORG_REGISTER_ORGANISATION, socialorg__register_organisation),
    SCHEMA(SOCIALORG_SUSPEND_ORGANISATION, socialorg__suspend_organisation),
    SCHEMA(SOCIALORG_LIFT_SUSPENSION, socialorg__lift_suspension),
    SCHEMA(SOCIALORG_SET_POLICY, socialorg__set_policy),
    SCHEMA(SOCIALORG_ADVANCE_INCUBATION, socialorg__advance_incubation),
    SCHEMA(SOCIALORG_DECLARE_INTEREST, socialorg__declare_interest),
    SCHEMA(SOCIALORG_REVIEW_DECISION, socialorg__review_decision),
    SCHEMA(SOCIALORG_RECORD_DISCLOSURE, socialorg__record_disclosure),
    SCHEMA(SOCIALORG_ORGANISATION_CHANGED, socialorg__organisation_changed),
    SCHEMA(SOCIALORG_DECISION_REOPENED, socialorg__decision_reopened),
    SCHEMA(SOCIALORG_DISCLOSURE_OVERDUE, socialorg__disclosure_overdue),
    SCHEMA(COMMUNITY_ADD_COMMUNITY, community__add_community),
    SCHEMA(COMMUNITY_CONFIRM_NEED, community__confirm_need),
    SCHEMA(COMMUNITY_RAISE_NEED, community__raise_need),
    SCHEMA(COMMUNITY_NEED_RAISED, community__need_raised),
    SCHEMA(COMMUNITY_NEED_CONFIRMED, community__need_confirmed),
    SCHEMA(SOCIALWORKER_ADD_WORKER, socialworker__add_worker),
    SCHEMA(VOLUNTEER_ADD_VOLUNTEER, volunteer__add_volunteer),
    SCHEMA(CHARITY_GIVE, charity__give),
    SCHEMA(CHARITY_GIFT_BOOKED, charity__gift_booked),
    SCHEMA(COORDINATOR_ADOPT_KIND, coordinator__adopt_kind),
    SCHEMA(COORDINATOR_ADOPT_DAY, coordinator__adopt_day),
    SCHEMA(COORDINATOR_LINKAGE_ESCALATED, coordinator__linkage_escalated),
    SCHEMA(COORDINATOR_ADJUDICATE, coordinator__adjudicate),
    SCHEMA(COORDINATOR_LINKAGE_DISPUTED, coordinator__linkage_disputed),
    SCHEMA(LINKAGE_PLAN_REFUSED, linkage__plan_refused),
    SCHEMA(COORDINATOR_ADD_STEP, coordinator__add_step),
    SCHEMA(COORDINATOR_CONFIRM_OVERRIDE, coordinator__confirm_override),
    SCHEMA(COORDINATOR_ANSWER_APPROVAL, coordinator__answer_approval),
    SCHEMA(COORDINATOR_DECLARE_EMERGENCY, coordinator__declare_emergency),
    SCHEMA(COORDINATOR_END_EMERGENCY, coordinator__end_emergency),
    SCHEMA(COORDINATOR_EMERGENCY_DECLARED, coordinator__emergency_declared),
    SCHEMA(COORDINATOR_EMERGENCY_ENDED, coordinator__emergency_ended),
    SCHEMA(COORDINATOR_KIND_ADOPTED, coordinator__kind_adopted),
    SCHEMA(COORDINATOR_LINKAGE_OPENED, coordinator__linkage_opened),
    SCHEMA(COORDINATOR_LINKAGE_REFUSED, coordinator__linkage_refused),
    SCHEMA(COORDINATOR_LINKAGE_DELIVERED, coordinator__linkage_delivered),
    SCHEMA(COORDINATOR_LINKAGE_CLOSED, coordinator__linkage_closed),
    SCHEMA(COORDINATOR_CASE_COUNTED, coordinator__case_counted),
};

const ProtobufCMessageDescriptor *fuzz_schema_of(wu_event_type type)
{
    for (size_t i = 0; i < sizeof SCHEMAS / sizeof SCHEMAS[0]; i++) {
        if (SCHEMAS[i].type == type) {
            return SCHEMAS[i].body;
        }
    }
    return &envelope__timer_fired__descriptor;
}
