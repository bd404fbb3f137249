#include "services/coordinator/core/emergency.h"

#include "tests/support/linking.h"

#include <string.h>

/* meals: a kitchen, then volunteers; hall: the same, and the lead body first. */
static void set_up(void)
{
    linking_set_up();
    adopt_kinds();
    PlanStep kitchen = plan_step(ROLE_SOCIALORG, "kitchen", true);
    PlanStep carrying = plan_step(ROLE_VOLUNTEER, "carrying", true);
    AdoptKind hall = kind_of("hall", (PlanStep *[]){&kitchen, &carrying, NULL});
    hall.approval = true;
    assert_accepted(adopt(&hall));
    join("home", ROLE_SOCIALORG, "kitchen", STREET);
    join("team", ROLE_VOLUNTEER, "carrying", STREET);
    join("store", ROLE_CHARITY, "rice", STREET);
    world_clear(linking_world());
}

TestSuite(emergency, .init = set_up, .fini = linking_tear_down);

struct declaration {
    uint64_t area; /* 0: DISTRICT */
    const char *kind;
    const char *second_kind;
    int64_t for_ms; /* 0: a day */
    const char *authority;
    const char *reason;
};

static const Bus__Answer *declare(const struct declaration *declaration)
{
    const char *kinds[] = {declaration->kind != NULL ? declaration->kind : "meals",
                           declaration->second_kind};
    DeclareEmergency body = COORDINATOR__DECLARE_EMERGENCY__INIT;
    body.authority = declaration->authority != NULL ? declaration->authority : "区应急指挥部";
    body.area = declaration->area != 0 ? declaration->area : DISTRICT;
    body.kinds = kinds;
    body.n_kinds = declaration->second_kind != NULL ? 2 : 1;
    body.until_ms = world_now_ms(linking_world()) +
                    (declaration->for_ms != 0 ? declaration->for_ms : WU_DAY_MS);
    body.reason = declaration->reason != NULL ? declaration->reason : "a flood";
    return world_command(linking_world(), WU_TYPE(COORDINATOR_DECLARE_EMERGENCY), &body.base);
}
#define SAYING(...) (&(struct declaration){__VA_ARGS__})

static struct wu_id declared(const struct declaration *declaration)
{
    struct wu_id id;
    const Bus__Answer *answer = declare(declaration);
    assert_accepted(answer);
    cr_assert(wu_id_from_pb(answer->id, &id));
    return id;
}

static const Bus__Answer *end(struct wu_id id, const char *by, const char *reason)
{
    EndEmergency body = COORDINATOR__END_EMERGENCY__INIT;
    body.emergency_id = wu_id_to_pb(&id);
    body.by = by;
    body.reason = reason;
    return world_command(linking_world(), WU_TYPE(COORDINATOR_END_EMERGENCY), &body.base);
}

static const EmergencyRow *emergency_row(struct wu_id id)
{
    return emergencies_get(world_txn(linking_world()), &(struct emergency_key){id});
}

/* How many relaxations of it are written down. */
static size_t relaxation_count(struct wu_id id)
{
    struct wu_txn *txn = world_txn(linking_world());
    struct relaxation_key key = {.emergency_id = id};
    const RelaxationRow *row = NULL;
    size_t count = 0;
    for (bool found = relaxations_from(txn, &key, 1, &row); found;
         found = relaxations_after(txn, &key, 1, &row)) {
        count++;
    }
    return count;
}

static uint64_t gate_count(struct wu_id id, Rule rule)
{
    const EmergencyRow *row = emergency_row(id);
    for (size_t i = 0; i < row->n_gates; i++) {
        if (row->gates[i]->rule == rule) {
            return row->gates[i]->count;
        }
    }
    return 0;
}

/* ---- what it relaxes ---------------------------------------------------------- */

Test(emergency, in_its_area_and_for_its_kinds_all_are_called_at_once)
{
    struct wu_id id = declared(SAYING(0));
    assert_said("COORDINATOR_EMERGENCY_DECLARED");
    raise_plain(1, "meals");
    assert_said("opened under 1", "offer 1.1 to home", "offer 2.1 to team", "offer 3.1 to store");
    const HistoryEntry *note = last_note(1, WU_TYPE(COORDINATOR_EMERGENCY_DECLARED));
    cr_assert_eq(note->rules[0], RULE(EMERGENCY_RELAXES));
    cr_assert_eq(note->rules[1], RULE(CORE_THREE_FIRST));
    cr_assert_str_eq(note->text, "区应急指挥部");
    cr_assert_eq(relaxation_count(id), 1, "one gate of one linkage, however many steps");
    cr_assert_eq(gate_count(id, RULE(CORE_THREE_FIRST)), 1);
}

Test(emergency, elsewhere_and_for_other_kinds_nothing_changes)
{
    struct wu_id id = declared(SAYING(.area = OTHER_STREET, .second_kind = "visit"));
    declared(SAYING(.kind = "visit"));
    world_clear(linking_world());
    raise_plain(1, "meals");
    assert_said("opened under 1", "offer 1.1 to home");
    cr_assert_eq(relaxation_count(id), 0);
    cr_assert_eq(linkage_row(1)->emergency_id.len, 0);
}

Test(emergency, the_lead_body_is_not_waited_for)
{
    struct wu_id id = declared(SAYING(.kind = "hall"));
    world_clear(linking_world());
    raise_plain(1, "hall");
    assert_said("opened under 1", "offer 1.1 to home", "offer 2.1 to team");
    cr_assert_eq(relaxation_count(id), 2);
    cr_assert_eq(gate_count(id, RULE(LEAD_BODY_FIRST)), 1);
    cr_assert_eq(gate_count(id, RULE(CORE_THREE_FIRST)), 1);
}

Test(emergency, a_gate_that_did_not_have_to_be_relaxed_is_not_in_the_review)
{
    join("visitor", ROLE_SOCIALORG, "visiting", STREET);
    struct wu_id id = declared(SAYING(.kind = "visit"));
    raise_plain(1, "visit");
    cr_assert_eq(relaxation_count(id), 0);
}

Test(emergency, everybody_is_still_confirmed_together)
{
    declared(SAYING(0));
    raise_plain(1, "meals");
    world_clear(linking_world());
    reserve(BY(.who = "team", .step_no = 2));
    reserve(BY(.who = "store", .step_no = 3));
    assert_nothing_said();
    reserve(BY(.who = "home"));
    assert_said("confirm 1.1 at home", "confirm 2.1 at team", "confirm 3.1 at store");
}

Test(emergency, it_never_sends_administrative_work_to_a_social_worker)
{
    PlanStep desk = plan_step(ROLE_SOCIALORG, "kitchen", true);
    AdoptKind permit = kind_of("permit", (PlanStep *[]){&desk, NULL});
    permit.service_class = KIND_CLASS_ADMINISTRATIVE;
    assert_accepted(adopt(&permit));
    declared(SAYING(.kind = "permit"));
    raise_plain(1, "permit");
    const struct wu_id id = need_id(1);
    PlanStep step = plan_step(ROLE_SOCIALWORKER, "errand", false);
    AddStep add = COORDINATOR__ADD_STEP__INIT;
    add.linkage_id = wu_id_to_pb(&id);
    add.step = &step;
    add.by = "p-1";
    assert_refused(world_command(linking_world(), WU_TYPE(COORDINATOR_ADD_STEP), &add.base),
                   "STEP_FORBIDDEN");
    cr_assert_eq(last_note(1, WU_TYPE(COORDINATOR_ADD_STEP))->rules[0],
                 RULE(ADMIN_NOT_TO_SOCIALWORKER));
}

/* ---- its end ------------------------------------------------------------------- */

Test(emergency, it_ends_by_itself_and_its_review_is_public)
{
    struct wu_id id = declared(SAYING(0));
    raise_plain(1, "meals");
    raise_plain(2, "meals");
    wait_ms(WU_DAY_MS - 1);
    cr_assert_eq(emergency_row(id)->ended_at_ms, 0);
    world_clear(linking_world());
    wait_ms(1);
    const EmergencyEnded *ended = world_find(linking_world(), WU_TYPE(COORDINATOR_EMERGENCY_ENDED),
                                             0, &coordinator__emergency_ended__descriptor);
    cr_assert_not_null(ended);
    cr_assert(ended->expired);
    cr_assert_eq(ended->n_gates, 1);
    cr_assert_eq(ended->gates[0]->rule, RULE(CORE_THREE_FIRST));
    cr_assert_eq(ended->gates[0]->count, 2);
    cr_assert_eq(relaxation_count(id), 2);
    raise_plain(3, "meals");
    cr_assert_eq(linkage_row(3)->emergency_id.len, 0);
}

Test(emergency, when_it_is_over_what_was_called_stays_and_nothing_more_is_relaxed)
{
    join("crew", ROLE_VOLUNTEER, "carrying", STREET);
    struct wu_id id = declared(SAYING(0));
    raise_plain(1, "meals");
    assert_accepted(end(id, "chief-1", "the water has gone"));
    world_clear(linking_world());
    reserve(BY(.who = "store", .step_no = 3));
    cr_assert_eq(step_state(1, 3), STEP_RESERVED, "called in the emergency, and still there");
    decline(BY(.who = "team", .step_no = 2));
    assert_nothing_said();
    reserve(BY(.who = "home"));
    assert_said("offer 2.2 to crew");
    cr_assert_eq(relaxation_count(id), 1, "the review was complete when it ended");
}

Test(emergency, a_linkage_that_was_open_before_keeps_its_order)
{
    raise_plain(1, "meals");
    declared(SAYING(0));
    join("canteen", ROLE_SOCIALORG, "kitchen", STREET);
    world_clear(linking_world());
    decline(BY(.who = "home"));
    assert_said("offer 1.2 to canteen");
}

Test(emergency, of_two_that_overlap_the_first_declared_has_the_linkage)
{
    struct wu_id first = declared(SAYING(.area = CITY));
    struct wu_id second = declared(SAYING(.area = STREET, .for_ms = 2 * WU_DAY_MS));
    raise_plain(1, "meals");
    cr_assert_eq(relaxation_count(first), 1);
    cr_assert_eq(relaxation_count(second), 0);
    wait_ms(WU_DAY_MS);
    cr_assert_neq(emergency_row(first)->ended_at_ms, 0);
    cr_assert_eq(emergency_row(second)->ended_at_ms, 0);
    raise_plain(2, "meals");
    cr_assert_eq(relaxation_count(first), 1);
    cr_assert_eq(relaxation_count(second), 1);
}

Test(emergency, somebody_ends_it_with_a_reason_and_once)
{
    struct wu_id id = declared(SAYING(0));
    assert_refused(end(need_id(3), "chief-1", "over"), "EMERGENCY_UNKNOWN");
    assert_refused(end(id, "", "over"), "PERSON_INVALID");
    assert_refused(end(id, "chief-1", ""), "REASON_MISSING");
    assert_accepted(end(id, "chief-1", "over"));
    assert_refused(end(id, "chief-1", "over"), "EMERGENCY_OVER");
    cr_assert_str_eq(emergency_row(id)->ended_by, "chief-1");
    cr_assert_eq(timer_count(), 0);
}

/* ---- what is refused ------------------------------------------------------------ */

Test(emergency, refusals_come_in_their_order)
{
    assert_refused(declare(SAYING(.authority = "")), "EMERGENCY_TEXT_INVALID");
    assert_refused(declare(SAYING(.reason = "")), "EMERGENCY_TEXT_INVALID");
    assert_refused(declare(SAYING(.area = 4201)), "EMERGENCY_AREA_INVALID");
    assert_refused(declare(SAYING(.kind = "no-such-kind")), "EMERGENCY_KIND_UNKNOWN");
    assert_refused(declare(SAYING(.for_ms = -1)), "EMERGENCY_UNTIL_INVALID");
    assert_refused(declare(SAYING(.for_ms = 30 * WU_DAY_MS + 1)), "EMERGENCY_UNTIL_INVALID");
    DeclareEmergency none = COORDINATOR__DECLARE_EMERGENCY__INIT;
    none.authority = "a";
    none.reason = "b";
    none.area = DISTRICT;
    assert_refused(
        world_command(linking_world(), WU_TYPE(COORDINATOR_DECLARE_EMERGENCY), &none.base),
        "EMERGENCY_KINDS_INVALID");
    assert_nothing_said();
    for (int i = 0; i < EMERGENCIES_MAX; i++) {
        declared(SAYING(.for_ms = 30 * WU_DAY_MS));
    }
    assert_refused(declare(SAYING(0)), "EMERGENCY_TOO_MANY");
}
