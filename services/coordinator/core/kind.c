#include "services/coordinator/core/kind.h"

#include "common/fold/pb.h"
#include "services/coordinator/core/tables.h"

#include <string.h>

const KindRow *kind_in_force(struct wu_step *fold, const char *code)
{
    struct kind_key key;
    return wu_key_text(key.code, sizeof key.code, code) ? kinds_get(wu_step_txn(fold), &key) : NULL;
}

const KindRow *kind_of_version(struct wu_step *fold, const char *code, uint32_t version)
{
    struct kind_version_key key = {.version = version};
    return wu_key_text(key.code, sizeof key.code, code) ? kind_versions_get(wu_step_txn(fold), &key)
                                                        : NULL;
}

bool role_is_provider(Role role)
{
    return role == ROLE_SOCIALORG || role == ROLE_SOCIALWORKER || role == ROLE_VOLUNTEER ||
           role == ROLE_CHARITY;
}

bool service_is_valid(const char *service)
{
    return service[0] != '\0' && strlen(service) < SERVICE_SIZE;
}

static PlanFault plan_step_fault(const PlanStep *step)
{
    if (!role_is_provider(step->role)) {
        return PLAN_ROLE_INVALID;
    }
    if (!service_is_valid(step->service)) {
        return PLAN_SERVICE_INVALID;
    }
    return step->quantity > 0 ? PLAN_VALID : PLAN_QUANTITY_INVALID;
}

PlanFault plan_fault(PlanStep *const *steps, size_t step_count)
{
    if (step_count > KIND_STEPS_MAX) {
        return PLAN_TOO_LONG;
    }
    for (size_t i = 0; i < step_count; i++) {
        PlanFault fault = plan_step_fault(steps[i]);
        if (fault != PLAN_VALID) {
            return fault;
        }
    }
    return PLAN_VALID;
}

/* Checked in this order; the first that fails is the answer. */
typedef enum {
    KIND_NOT_REFUSED,
    KIND_REFUSAL_CODE_INVALID,
    KIND_REFUSAL_FIELD_INVALID,
    KIND_REFUSAL_SPAN_INVALID,
    KIND_REFUSAL_TOO_MANY_STEPS,
    KIND_REFUSAL_ROLE_INVALID,
    KIND_REFUSAL_SERVICE_INVALID,
    KIND_REFUSAL_QUANTITY_INVALID,
    KIND_REFUSAL_NOTHING_REQUIRED,
} KindRefusal;

static bool spans_are_valid(const AdoptKind *adopt)
{
    return adopt->reply_within_ms > 0 && adopt->deliver_within_ms > 0 &&
           adopt->confirm_within_ms > 0;
}

static bool something_is_required(const AdoptKind *adopt)
{
    for (size_t i = 0; i < adopt->n_recipe; i++) {
        if (adopt->recipe[i]->required) {
            return true;
        }
    }
    return adopt->assess; /* the assessment is a required step, and may ask for more */
}

static KindRefusal recipe_refusal(const AdoptKind *adopt)
{
    switch (plan_fault(adopt->recipe, adopt->n_recipe)) {
    case PLAN_TOO_LONG:
        return KIND_REFUSAL_TOO_MANY_STEPS;
    case PLAN_ROLE_INVALID:
        return KIND_REFUSAL_ROLE_INVALID;
    case PLAN_SERVICE_INVALID:
        return KIND_REFUSAL_SERVICE_INVALID;
    case PLAN_QUANTITY_INVALID:
        return KIND_REFUSAL_QUANTITY_INVALID;
    case PLAN_VALID:
    default:
        break;
    }
    return something_is_required(adopt) ? KIND_NOT_REFUSED : KIND_REFUSAL_NOTHING_REQUIRED;
}

/* Codes stand in files and on command lines. */
static bool has_blank(const char *code)
{
    for (; *code != '\0'; code++) {
        if ((unsigned char)*code <= ' ') {
            return true;
        }
    }
    return false;
}

static KindRefusal kind_refusal(const AdoptKind *adopt)
{
    if (adopt->code[0] == '\0' || strlen(adopt->code) >= KIND_CODE_SIZE || has_blank(adopt->code)) {
        return KIND_REFUSAL_CODE_INVALID;
    }
    if (adopt->assess && !service_is_valid(adopt->assess_field)) {
        return KIND_REFUSAL_FIELD_INVALID;
    }
    if (!spans_are_valid(adopt)) {
        return KIND_REFUSAL_SPAN_INVALID;
    }
    return recipe_refusal(adopt);
}

static void refuse_kind(struct wu_step *fold, const AdoptKind *adopt, KindRefusal refusal)
{
    switch (refusal) {
    case KIND_REFUSAL_CODE_INVALID:
        wu_answer_refuse(fold, "KIND_CODE_INVALID", "a kind's code has 1 to %d bytes and no blank",
                         KIND_CODE_SIZE - 1);
        break;
    case KIND_REFUSAL_FIELD_INVALID:
        wu_answer_refuse(fold, "KIND_FIELD_INVALID",
                         "kind '%s' begins with an assessment: name the professional field it "
                         "takes, 1 to %d bytes",
                         adopt->code, SERVICE_SIZE - 1);
        break;
    case KIND_REFUSAL_SPAN_INVALID:
        wu_answer_refuse(fold, "KIND_SPAN_INVALID",
                         "kind '%s' needs a time to reply, to deliver and to confirm, each above 0",
                         adopt->code);
        break;
    case KIND_REFUSAL_TOO_MANY_STEPS:
        wu_answer_refuse(fold, "KIND_TOO_MANY_STEPS",
                         "the recipe of kind '%s' has more than %d steps; make two kinds of it",
                         adopt->code, KIND_STEPS_MAX);
        break;
    case KIND_REFUSAL_ROLE_INVALID:
        wu_answer_refuse(fold, "KIND_ROLE_INVALID",
                         "a step of kind '%s' is for nobody who could do it: the role is "
                         "socialorg, socialworker, volunteer or charity",
                         adopt->code);
        break;
    case KIND_REFUSAL_SERVICE_INVALID:
        wu_answer_refuse(fold, "KIND_SERVICE_INVALID",
                         "every step of kind '%s' names its service, 1 to %d bytes", adopt->code,
                         SERVICE_SIZE - 1);
        break;
    case KIND_REFUSAL_QUANTITY_INVALID:
        wu_answer_refuse(fold, "KIND_QUANTITY_INVALID",
                         "every step of kind '%s' asks for a quantity above 0", adopt->code);
        break;
    case KIND_REFUSAL_NOTHING_REQUIRED:
        wu_answer_refuse(fold, "KIND_NOTHING_REQUIRED",
                         "kind '%s' has no required step and no assessment: nothing would have "
                         "to be done",
                         adopt->code);
        break;
    case KIND_NOT_REFUSED:
    default:
        break;
    }
}

static bool kind_is_same(struct wu_step *fold, const AdoptKind *a, const AdoptKind *b)
{
    struct wu_bytes left = wu_pb_pack(&a->base, wu_step_arena(fold));
    struct wu_bytes right = wu_pb_pack(&b->base, wu_step_arena(fold));
    return left.size == right.size && left.size > 0 &&
           memcmp(left.data, right.data, left.size) == 0;
}

static void emit_kind_adopted(struct wu_step *fold, const KindRow *row, struct wu_id kind_id)
{
    KindAdopted adopted = COORDINATOR__KIND_ADOPTED__INIT;
    adopted.code = row->kind->code;
    adopted.version = row->version;
    adopted.name_zh = row->kind->name_zh;
    adopted.name_en = row->kind->name_en;
    adopted.confirm_within_ms = row->kind->confirm_within_ms;
    const struct wu_mail mail = {.type = WU_TYPE(COORDINATOR_KIND_ADOPTED), .subject = kind_id};
    wu_emit_public(fold, "coordinator.kind", &mail, &adopted.base);
}

static void put_kind(struct wu_step *fold, const KindRow *row)
{
    struct kind_key key;
    struct kind_version_key version_key = {.version = row->version};
    if (wu_key_text(key.code, sizeof key.code, row->kind->code) &&
        wu_key_text(version_key.code, sizeof version_key.code, row->kind->code)) {
        kinds_put(wu_step_txn(fold), &key, row);
        kind_versions_put(wu_step_txn(fold), &version_key, row);
    }
}

/*
 * A service kind becomes valid, or its next version does. The same again is no
 * new version. Open cases keep the version they were opened under.
 */
static void handle_adopt_kind(struct wu_step *fold, const AdoptKind *adopt)
{
    KindRefusal refusal = kind_refusal(adopt);
    if (refusal != KIND_NOT_REFUSED) {
        refuse_kind(fold, adopt, refusal);
        return;
    }

    const KindRow *known = kind_in_force(fold, adopt->code);
    struct wu_id kind_id;
    if (known == NULL || !wu_id_from_pb(known->kind_id, &kind_id)) {
        kind_id = wu_step_new_id(fold);
    } else if (kind_is_same(fold, known->kind, adopt)) {
        wu_answer_accept(fold, kind_id);
        return;
    }

    AdoptKind kind = *adopt;
    KindRow row = COORDINATOR_STATE__KIND_ROW__INIT;
    row.kind = &kind;
    row.version = known != NULL ? known->version + 1 : 1;
    row.adopted_at_ms = wu_step_event(fold)->time_ms;
    row.kind_id = wu_id_to_pb(&kind_id);
    put_kind(fold, &row);
    emit_kind_adopted(fold, &row, kind_id);
    wu_answer_accept(fold, kind_id);
}

WU_HANDLER(adopt_kind, AdoptKind)

const struct wu_route COORDINATOR_KIND_ROUTES[] = {
    {WU_TYPE(COORDINATOR_ADOPT_KIND), WU_ORIGIN_COMMAND, &coordinator__adopt_kind__descriptor,
     route_adopt_kind},
    {0},
};
