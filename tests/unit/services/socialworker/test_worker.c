#include "services/socialworker/core/core.h"

#include "common/base/time.h"
#include "services/socialworker/core/tables.h"
#include "tests/support/providing.h"

#include <criterion/criterion.h>

static struct world *world;
static struct offered offered; /* an elderly case for station S-1 */

struct person {
    const char *number;
    WorkerLevel level; /* 0: social worker */
    int64_t caseload_max;
    int64_t registered_ms; /* from now; 0: a year */
};

static AddWorker message(const struct person *person)
{
    static const char *fields[] = {"elderly", "youth"};
    AddWorker add = SOCIALWORKER__ADD_WORKER__INIT;
    add.number = person->number;
    add.station = "S-1";
    add.name = person->number;
    add.level = person->level != 0 ? person->level : WORKER_LEVEL(SOCIAL_WORKER);
    add.n_fields = 2;
    add.fields = fields;
    add.registered_until_ms =
        world_now_ms(world) +
        (person->registered_ms != 0 ? person->registered_ms : 365 * WU_DAY_MS);
    add.caseload_max = person->caseload_max;
    return add;
}

static const Bus__Answer *submit(const AddWorker *add)
{
    world_clear(world);
    return world_command(world, WU_TYPE(SOCIALWORKER_ADD_WORKER), &add->base);
}

static struct wu_id add(const struct person *person)
{
    AddWorker command = message(person);
    const Bus__Answer *answer = submit(&command);
    assert_accepted(answer);
    struct wu_id id;
    cr_assert(wu_id_from_pb(answer->id, &id));
    return id;
}

static int64_t caseload(struct wu_id worker_id)
{
    struct worker_key key = {worker_id};
    return workers_get(world_txn(world), &key)->caseload;
}

static DeclineReason outcome(void)
{
    providing_offer(world, &offered);
    return providing_declined(world);
}

/* Entries of the index; each worker must have one for each field. */
static size_t listed(void)
{
    size_t count = 0;
    struct wu_txn *txn = world_txn(world);
    struct worker_field_key key = {.station_id = offered.provider_id};
    for (bool more = workers_by_field_from(txn, &key, 1); more;
         more = workers_by_field_after(txn, &key, 1)) {
        struct worker_key worker_key = {key.worker_id};
        const WorkerRow *row = workers_get(txn, &worker_key);
        cr_assert_eq(row->caseload, key.caseload);
        cr_assert_eq((uint32_t)row->standing, key.standing);
        count++;
    }
    return count;
}

static void set_up(void)
{
    world = world_open(&SOCIALWORKER_CORE);
    offered = (struct offered){.service = "elderly"};
    offered.provider_id = providing_add(
        world, &(struct body){"S-1", .service = "elderly", .second_service = "youth"});
}

static void tear_down(void)
{
    world_verify(world);
    world_close(&world);
}

TestSuite(worker, .init = set_up, .fini = tear_down);

Test(worker, refusals_come_in_their_order)
{
    AddWorker bad = SOCIALWORKER__ADD_WORKER__INIT;
    AddWorker fine = message(&(struct person){"W-1", .caseload_max = 1000});
    assert_refused(submit(&bad), "WORKER_NUMBER_MALFORMED");
    bad.number = "W-1";
    assert_refused(submit(&bad), "WORKER_STATION_UNKNOWN");
    bad.station = "S-1";
    assert_refused(submit(&bad), "WORKER_NAME_INVALID");
    bad.name = "Chen";
    assert_refused(submit(&bad), "WORKER_LEVEL_INVALID");
    bad.level = WORKER_LEVEL(SENIOR);
    assert_refused(submit(&bad), "WORKER_FIELDS_INVALID");
    bad.n_fields = fine.n_fields;
    bad.fields = fine.fields;
    assert_refused(submit(&bad), "WORKER_REGISTRATION_INVALID");
    bad.registered_until_ms = 1;
    assert_refused(submit(&bad), "WORKER_CASELOAD_INVALID");
    bad.caseload_max = 1001;
    assert_refused(submit(&bad), "WORKER_CASELOAD_INVALID");
    assert_accepted(submit(&fine));
    cr_assert_eq(world_output_count(world), 0);
}

Test(worker, the_fewest_cases_are_asked_first)
{
    struct wu_id chen = add(&(struct person){"W-1", .caseload_max = 9});
    struct wu_id deng = add(&(struct person){"W-2", .caseload_max = 9});
    for (offered.linkage = 1; offered.linkage <= 3; offered.linkage++) {
        cr_assert_eq(outcome(), NOT_DECLINED);
    }
    cr_assert_eq(caseload(chen), 2);
    cr_assert_eq(caseload(deng), 1);
    offered.linkage = 3;
    providing_release(world, &offered);
    offered.linkage = 1;
    providing_release(world, &offered);
    cr_assert_eq(caseload(chen), 0);
    offered.service = "youth";
    offered.linkage = 4;
    cr_assert_eq(outcome(), NOT_DECLINED);
    cr_assert_eq(caseload(chen), 1);
    cr_assert_eq(listed(), 4);
}

Test(worker, a_ceiling_holds)
{
    struct wu_id chen = add(&(struct person){"W-1", .caseload_max = 2});
    for (offered.linkage = 1; offered.linkage <= 2; offered.linkage++) {
        providing_take(world, &offered);
    }
    cr_assert_eq(outcome(), DECLINE_REASON(NO_CAPACITY));
    offered.linkage = 2;
    assert_accepted(providing_report(world, &offered, 0, 30));
    cr_assert_eq(caseload(chen), 1);
    offered.linkage = 4;
    cr_assert_eq(outcome(), NOT_DECLINED);
}

Test(worker, a_raised_ceiling_counts_at_once)
{
    add(&(struct person){"W-1", .caseload_max = 1});
    cr_assert_eq(outcome(), NOT_DECLINED);
    offered.linkage = 2;
    cr_assert_eq(outcome(), DECLINE_REASON(NO_CAPACITY));
    add(&(struct person){"W-1", .caseload_max = 2});
    offered.attempt = 2;
    cr_assert_eq(outcome(), NOT_DECLINED);
    cr_assert_eq(listed(), 2);
}

Test(worker, nobody_with_the_field_is_service_unknown)
{
    cr_assert_eq(outcome(), DECLINE_REASON(SERVICE_UNKNOWN));
}

Test(worker, an_assistant_holds_no_case)
{
    add(&(struct person){"W-1", .level = WORKER_LEVEL(ASSISTANT), .caseload_max = 5});
    cr_assert_eq(outcome(), DECLINE_REASON(NOT_LICENSED));
    add(&(struct person){"W-1", .level = WORKER_LEVEL(SENIOR), .caseload_max = 5});
    offered.attempt = 2;
    cr_assert_eq(outcome(), NOT_DECLINED);
}

Test(worker, a_registration_that_has_run_out_is_no_licence)
{
    struct wu_id chen =
        add(&(struct person){"W-1", .caseload_max = 5, .registered_ms = WU_HOUR_MS});
    struct wu_id deng = add(&(struct person){"W-2", .caseload_max = 5});
    world_advance(world, WU_HOUR_MS);
    cr_assert_eq(outcome(), NOT_DECLINED);
    cr_assert_eq(caseload(chen), 0);
    cr_assert_eq(caseload(deng), 1);
    cr_assert_eq(listed(), 4);

    add(&(struct person){"W-2", .caseload_max = 5, .registered_ms = -1});
    offered.linkage = 2;
    cr_assert_eq(outcome(), DECLINE_REASON(NOT_LICENSED));
    add(&(struct person){"W-1", .caseload_max = 5});
    offered.attempt = 2;
    cr_assert_eq(outcome(), NOT_DECLINED);
    cr_assert_eq(caseload(chen), 1);
}

Test(worker, a_full_worker_whose_registration_ran_out_is_no_licence)
{
    add(&(struct person){"W-1", .caseload_max = 1, .registered_ms = WU_HOUR_MS});
    cr_assert_eq(outcome(), NOT_DECLINED);
    providing_confirm(world, &offered);
    offered.linkage = 2;
    cr_assert_eq(outcome(), DECLINE_REASON(NO_CAPACITY));
    world_advance(world, WU_HOUR_MS);
    offered.linkage = 3;
    cr_assert_eq(outcome(), DECLINE_REASON(NOT_LICENSED));
    offered.linkage = 1;
    assert_accepted(providing_report(world, &offered, 0, 0)); /* what was begun is finished */
    cr_assert_eq(listed(), 2);
}

Test(worker, a_case_that_wants_a_senior_goes_past_the_others)
{
    struct wu_id chen = add(&(struct person){"W-1", .caseload_max = 5});
    offered.level_min = WORKER_LEVEL(SENIOR);
    cr_assert_eq(outcome(), DECLINE_REASON(NOT_LICENSED));
    struct wu_id deng =
        add(&(struct person){"W-2", .level = WORKER_LEVEL(SENIOR), .caseload_max = 1});
    offered.attempt = 2;
    cr_assert_eq(outcome(), NOT_DECLINED);
    cr_assert_eq(caseload(chen), 0);
    cr_assert_eq(caseload(deng), 1);
    offered.linkage = 2;
    cr_assert_eq(outcome(), DECLINE_REASON(NO_CAPACITY), "the one who may is full");
    offered.level_min = 0;
    offered.attempt = 3;
    cr_assert_eq(outcome(), NOT_DECLINED);
    cr_assert_eq(caseload(chen), 1);
}

Test(worker, the_field_of_the_licence_is_looked_at)
{
    add(&(struct person){"W-1", .caseload_max = 5});
    offered.licence_field = "medical";
    cr_assert_eq(outcome(), DECLINE_REASON(NOT_LICENSED));
    offered.licence_field = "youth";
    offered.attempt = 2;
    cr_assert_eq(outcome(), NOT_DECLINED);
}

Test(worker, past_an_expired_one_the_licensed_one_is_found)
{
    add(&(struct person){"W-1", .caseload_max = 5, .registered_ms = WU_HOUR_MS});
    add(&(struct person){"W-2", .caseload_max = 5});
    struct wu_id fang =
        add(&(struct person){"W-3", .level = WORKER_LEVEL(SENIOR), .caseload_max = 5});
    world_advance(world, WU_HOUR_MS);
    offered.level_min = WORKER_LEVEL(SENIOR);
    cr_assert_eq(outcome(), NOT_DECLINED);
    cr_assert_eq(caseload(fang), 1);
    cr_assert_eq(listed(), 6);
}

Test(worker, a_case_goes_with_its_worker_to_another_station)
{
    providing_add(world, &(struct body){"S-2", .service = "elderly"});
    struct wu_id chen = add(&(struct person){"W-1", .caseload_max = 3});
    providing_take(world, &offered);
    AddWorker moved = message(&(struct person){"W-1", .caseload_max = 3});
    moved.station = "S-2";
    assert_accepted(submit(&moved));
    cr_assert_eq(caseload(chen), 1);
    cr_assert_eq(listed(), 0);
    assert_accepted(providing_report(world, &offered, 0, 60));
    cr_assert_eq(caseload(chen), 0);
}

Test(worker, who_held_a_case_stays_known_after_delivery)
{
    struct wu_id chen = add(&(struct person){"W-1", .caseload_max = 3});
    struct assignment_key key = {providing_linkage_id(&offered), 1, offered.provider_id};
    struct wu_id holder;
    providing_take(world, &offered);
    assert_accepted(providing_report(world, &offered, 0, 60));
    cr_assert(wu_id_from_pb(assignments_get(world_txn(world), &key)->worker_id, &holder));
    cr_assert(wu_id_equal(&holder, &chen));
    offered.linkage = 2;
    key.linkage_id = providing_linkage_id(&offered);
    cr_assert_eq(outcome(), NOT_DECLINED);
    providing_release(world, &offered);
    cr_assert_null(assignments_get(world_txn(world), &key));
}

Test(worker, an_assessment_brings_a_plan)
{
    add(&(struct person){"W-1", .caseload_max = 3});
    providing_take(world, &offered);
    struct wu_id linkage_id = providing_linkage_id(&offered);
    PlanStep steps_of_plan[17];
    PlanStep *plan[17];
    for (size_t i = 0; i < 17; i++) {
        steps_of_plan[i] = (PlanStep)LINKAGE__PLAN_STEP__INIT;
        steps_of_plan[i].role = ROLE(VOLUNTEER);
        steps_of_plan[i].service = "visit";
        steps_of_plan[i].quantity = 1;
        plan[i] = &steps_of_plan[i];
    }
    ReportDelivery report = LINKAGE__REPORT_DELIVERY__INIT;
    report.linkage_id = wu_id_to_pb(&linkage_id);
    report.step_no = 1;
    report.n_plan = 17;
    report.plan = plan;
    wu_event_type type = WU_TYPE(LINKAGE_REPORT_DELIVERY);
    assert_refused(world_command(world, type, &report.base), "STEP_PLAN_INVALID");
    report.n_plan = 2;
    steps_of_plan[1].role = ROLE(COMMUNITY);
    assert_refused(world_command(world, type, &report.base), "STEP_PLAN_INVALID");
    steps_of_plan[1].role = ROLE(CHARITY);
    steps_of_plan[1].quantity = 0;
    assert_refused(world_command(world, type, &report.base), "STEP_PLAN_INVALID");
    steps_of_plan[1].quantity = 500;
    steps_of_plan[1].service = "";
    assert_refused(world_command(world, type, &report.base), "STEP_PLAN_INVALID");
    steps_of_plan[1].service = "money-elderly";
    assert_accepted(world_command(world, type, &report.base));
    const StepDelivered *delivered =
        world_find(world, WU_TYPE(LINKAGE_STEP_DELIVERED), 0, &linkage__step_delivered__descriptor);
    cr_assert_eq(delivered->n_plan, 2);
    cr_assert_str_eq(delivered->plan[1]->service, "money-elderly");
    cr_assert_eq(delivered->plan[1]->quantity, 500);
}
