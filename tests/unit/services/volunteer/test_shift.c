#include "services/volunteer/core/core.h"

#include "common/base/prng.h"
#include "common/base/time.h"
#include "services/volunteer/core/tables.h"
#include "tests/support/providing.h"

#include <criterion/criterion.h>
#include <stdio.h>

/* Friday is today; it is four in the afternoon. */
enum { FRIDAY = 0, SATURDAY = 1, SUNDAY = 2, MONDAY = 3, TUESDAY = 4 };

static struct world *world;
static struct offered offered; /* one visitor from team T-1 */
static int64_t midnight_ms;    /* at which Friday began */

static int64_t at(int day, int hour)
{
    return midnight_ms + day * WU_DAY_MS + hour * WU_HOUR_MS;
}

static void window(int day, int from_hour, int until_hour)
{
    offered.from_ms = at(day, from_hour);
    offered.until_ms = at(day, until_hour);
}

static struct wu_id add_to(const char *team, const char *number, uint32_t weekday,
                           uint32_t from_hour, uint32_t until_hour)
{
    const char *skills[] = {"visit"};
    WeeklyTime time = VOLUNTEER__WEEKLY_TIME__INIT;
    time.weekday = weekday;
    time.from_min = from_hour * 60;
    time.until_min = until_hour * 60;
    WeeklyTime *times[] = {&time};
    AddVolunteer add = VOLUNTEER__ADD_VOLUNTEER__INIT;
    add.number = number;
    add.team = team;
    add.name = number;
    add.division = UINT64_C(420106012001);
    add.n_skills = 1;
    add.skills = skills;
    add.n_free = 1;
    add.free = times;
    const Bus__Answer *answer = world_command(world, WU_TYPE(VOLUNTEER_ADD_VOLUNTEER), &add.base);
    assert_accepted(answer);
    struct wu_id id;
    cr_assert(wu_id_from_pb(answer->id, &id));
    return id;
}

/* Free on Mondays from eight to noon. */
static struct wu_id add(const char *number)
{
    return add_to("T-1", number, 1, 8, 12);
}

static DeclineReason outcome(void)
{
    providing_offer(world, &offered);
    return providing_declined(world);
}

static const AssignmentRow *place(uint32_t n)
{
    struct assignment_key key = {providing_linkage_id(&offered), 1, offered.provider_id, n};
    return assignments_get(world_txn(world), &key);
}

static struct wu_id person(uint32_t n)
{
    struct wu_id id = {0};
    const AssignmentRow *row = place(n);
    cr_assert_not_null(row);
    cr_assert(wu_id_from_pb(row->volunteer_id, &id));
    return id;
}

static const ShiftRow *shift(struct wu_id volunteer_id, int64_t until_ms)
{
    struct shift_key key = {volunteer_id, until_ms};
    return shifts_get(world_txn(world), &key);
}

static size_t shift_count(void)
{
    size_t count = 0;
    struct shift_key key = {.until_ms = INT64_MIN};
    struct wu_txn *txn = world_txn(world);
    const ShiftRow *row = NULL;
    for (bool more = shifts_from(txn, &key, 0, &row); more;
         more = shifts_after(txn, &key, 0, &row)) {
        count++;
    }
    return count;
}

static void set_up(void)
{
    world = world_open(&VOLUNTEER_CORE);
    midnight_ms = world_now_ms(world) - 16 * WU_HOUR_MS;
    offered = (struct offered){.service = "visit"};
    offered.provider_id = providing_add(world, &(struct body){"T-1", .service = "visit"});
    window(MONDAY, 9, 11);
}

static void tear_down(void)
{
    world_verify(world);
    world_close(&world);
}

TestSuite(shift, .init = set_up, .fini = tear_down);

/* The times of a person besides the week. */
static void set_times(const char *number, Stretch *extra, Stretch *away)
{
    SetAvailability set = VOLUNTEER__SET_AVAILABILITY__INIT;
    set.number = number;
    set.n_extra = extra != NULL;
    set.extra = &extra;
    set.n_away = away != NULL;
    set.away = &away;
    WeeklyTime monday = VOLUNTEER__WEEKLY_TIME__INIT;
    monday.weekday = 1;
    monday.from_min = 8 * 60;
    monday.until_min = 12 * 60;
    WeeklyTime *times[] = {&monday};
    set.n_free = 1;
    set.free = times;
    assert_accepted(world_command(world, WU_TYPE(VOLUNTEER_SET_AVAILABILITY), &set.base));
}

Test(shift, extra_times_count_and_times_away_do_not)
{
    add("lin");
    Stretch away = VOLUNTEER__STRETCH__INIT;
    away.from_ms = at(MONDAY, 8);
    away.until_ms = at(MONDAY, 9);
    set_times("lin", NULL, &away);
    cr_assert_eq(outcome(), NOT_DECLINED); /* nine to eleven touches it and is free */
    providing_release(world, &offered);
    window(MONDAY, 8, 10);
    offered.attempt = 2;
    cr_assert_eq(outcome(), DECLINE_REASON(NOT_FREE_THEN));

    Stretch extra = VOLUNTEER__STRETCH__INIT;
    extra.from_ms = at(SUNDAY, 22);
    extra.until_ms = at(MONDAY, 2);
    set_times("lin", &extra, &away);
    window(FRIDAY, 18, 24 * MONDAY + 24); /* some time until Monday night */
    offered.attempt = 3;
    cr_assert_eq(outcome(), NOT_DECLINED);
    cr_assert_eq(place(0)->from_ms, at(SUNDAY, 22));

    providing_release(world, &offered);
    away.from_ms = at(SUNDAY, 22);
    away.until_ms = at(MONDAY, 1);
    set_times("lin", &extra, &away);
    offered.attempt = 4;
    cr_assert_eq(outcome(), NOT_DECLINED);
    cr_assert_eq(place(0)->from_ms, at(MONDAY, 8)); /* one hour of the night is too short */
}

Test(shift, a_place_is_given_to_a_person_by_name)
{
    struct wu_id lin = add("lin");
    cr_assert_eq(outcome(), NOT_DECLINED);
    struct wu_id chosen = person(0);
    cr_assert(wu_id_equal(&chosen, &lin));
    cr_assert_eq(place(0)->from_ms, at(MONDAY, 9));
    cr_assert_eq(place(0)->until_ms, at(MONDAY, 11));
    cr_assert_eq(shift(lin, at(MONDAY, 11))->from_ms, at(MONDAY, 9));
}

Test(shift, nobody_with_the_skill_is_service_unknown)
{
    cr_assert_eq(outcome(), DECLINE_REASON(SERVICE_UNKNOWN));
}

Test(shift, all_places_are_filled_or_none)
{
    add("lin");
    add("wang");
    offered.quantity = 3;
    cr_assert_eq(outcome(), DECLINE_REASON(NOT_FREE_THEN));
    cr_assert_eq(shift_count(), 0);
    cr_assert_null(place(0));

    add("zhao");
    offered.attempt = 2;
    cr_assert_eq(outcome(), NOT_DECLINED);
    cr_assert_eq(shift_count(), 3);
    cr_assert_not_null(place(2));
    cr_assert_null(place(3));
}

Test(shift, more_people_than_are_ever_looked_at_are_not_free)
{
    add("lin");
    offered.quantity = INT64_MAX;
    cr_assert_eq(outcome(), DECLINE_REASON(NOT_FREE_THEN));
}

Test(shift, one_free_time_must_cover_the_window_of_a_day)
{
    add("lin");
    window(MONDAY, 8, 12);
    cr_assert_eq(outcome(), NOT_DECLINED);
    providing_release(world, &offered);
    offered.attempt = 2;
    window(MONDAY, 11, 13);
    cr_assert_eq(outcome(), DECLINE_REASON(NOT_FREE_THEN));
    offered.attempt = 3;
    window(TUESDAY, 9, 11);
    cr_assert_eq(outcome(), DECLINE_REASON(NOT_FREE_THEN));
}

Test(shift, a_day_may_be_free_to_its_last_minute)
{
    add_to("T-1", "lin", 1, 20, 24);
    window(MONDAY, 20, 24);
    cr_assert_eq(outcome(), NOT_DECLINED);
    cr_assert_eq(place(0)->from_ms, at(MONDAY, 20));
    cr_assert_eq(place(0)->until_ms, at(TUESDAY, 0));
    offered.linkage = 2;
    window(MONDAY, 0, 24);
    cr_assert_eq(outcome(), DECLINE_REASON(NOT_FREE_THEN));
}

Test(shift, no_two_shifts_of_a_person_overlap)
{
    add("lin");
    cr_assert_eq(outcome(), NOT_DECLINED);
    offered.linkage = 2;
    window(MONDAY, 10, 12);
    cr_assert_eq(outcome(), DECLINE_REASON(NOT_FREE_THEN));
    offered.linkage = 3;
    window(MONDAY, 8, 12);
    cr_assert_eq(outcome(), DECLINE_REASON(NOT_FREE_THEN));
    offered.linkage = 4;
    window(MONDAY, 9, 11);
    cr_assert_eq(outcome(), DECLINE_REASON(NOT_FREE_THEN));
}

Test(shift, shifts_may_touch)
{
    add("lin");
    cr_assert_eq(outcome(), NOT_DECLINED);
    offered.linkage = 2;
    window(MONDAY, 11, 12);
    cr_assert_eq(outcome(), NOT_DECLINED);
    offered.linkage = 3;
    window(MONDAY, 8, 9);
    cr_assert_eq(outcome(), NOT_DECLINED);
    cr_assert_eq(shift_count(), 3);
}

Test(shift, a_shift_counts_in_the_whole_city_and_not_in_one_team)
{
    struct wu_id other_id = providing_add(world, &(struct body){"T-2", .service = "visit"});
    add("lin");
    cr_assert_eq(outcome(), NOT_DECLINED);
    add_to("T-2", "lin", 1, 8, 12);
    offered.linkage = 2;
    offered.provider_id = other_id;
    window(MONDAY, 10, 12);
    cr_assert_eq(outcome(), DECLINE_REASON(NOT_FREE_THEN));
    window(MONDAY, 11, 12);
    offered.attempt = 2;
    cr_assert_eq(outcome(), NOT_DECLINED);
}

Test(shift, a_long_window_gets_its_first_two_free_hours)
{
    add("lin");
    offered.from_ms = at(SATURDAY, 7);
    offered.until_ms = at(TUESDAY, 18);
    cr_assert_eq(outcome(), NOT_DECLINED);
    cr_assert_eq(place(0)->from_ms, at(MONDAY, 8));
    cr_assert_eq(place(0)->until_ms, at(MONDAY, 10));
    offered.linkage = 2;
    cr_assert_eq(outcome(), NOT_DECLINED);
    cr_assert_eq(place(0)->from_ms, at(MONDAY, 10));
    offered.linkage = 3;
    cr_assert_eq(outcome(), DECLINE_REASON(NOT_FREE_THEN));
}

Test(shift, a_long_window_is_searched_between_shifts)
{
    add_to("T-1", "lin", 1, 8, 13);
    window(MONDAY, 9, 11);
    cr_assert_eq(outcome(), NOT_DECLINED);
    offered.linkage = 2;
    offered.from_ms = at(SUNDAY, 7);
    offered.until_ms = at(TUESDAY, 18);
    cr_assert_eq(outcome(), NOT_DECLINED);
    cr_assert_eq(place(0)->from_ms, at(MONDAY, 11));
}

Test(shift, a_long_window_begins_where_it_says)
{
    add("lin");
    offered.from_ms = at(MONDAY, 9);
    offered.until_ms = at(MONDAY + 5, 18);
    cr_assert_eq(outcome(), NOT_DECLINED);
    cr_assert_eq(place(0)->from_ms, at(MONDAY, 9));
}

Test(shift, a_short_window_over_midnight_fits_no_single_day)
{
    add_to("T-1", "lin", 1, 20, 24);
    offered.from_ms = at(MONDAY, 23);
    offered.until_ms = at(TUESDAY, 1);
    cr_assert_eq(outcome(), DECLINE_REASON(NOT_FREE_THEN));
    offered.attempt = 2;
    offered.from_ms = at(MONDAY, 21);
    cr_assert_eq(outcome(), NOT_DECLINED);
    cr_assert_eq(place(0)->from_ms, at(MONDAY, 21));
}

Test(shift, two_weeks_are_searched)
{
    add_to("T-1", "lin", 5, 8, 12); /* this Friday morning is over */
    offered.from_ms = at(FRIDAY, 0);
    offered.until_ms = at(FRIDAY + 60, 0);
    for (offered.linkage = 1; offered.linkage <= 2; offered.linkage++) {
        cr_assert_eq(outcome(), NOT_DECLINED);
        cr_assert_eq(place(0)->from_ms, at(FRIDAY + 7, 6 + 2 * (int)offered.linkage));
    }
    cr_assert_eq(outcome(), DECLINE_REASON(NOT_FREE_THEN));
}

Test(shift, what_is_over_is_not_given)
{
    add_to("T-1", "lin", 5, 0, 24);
    window(FRIDAY, 14, 16); /* ends now */
    cr_assert_eq(outcome(), DECLINE_REASON(NOT_FREE_THEN));
    offered.attempt = 2;
    window(FRIDAY, 14, 18); /* half over */
    cr_assert_eq(outcome(), NOT_DECLINED);
    cr_assert_eq(place(0)->from_ms, at(FRIDAY, 16));
    offered.linkage = 2;
    offered.from_ms = at(SATURDAY, 9);
    offered.until_ms = at(SATURDAY, 8);
    cr_assert_eq(outcome(), DECLINE_REASON(NOT_FREE_THEN));
    offered.linkage = 3;
    offered.until_ms = INT64_MAX;
    offered.from_ms = INT64_MIN;
    cr_assert_eq(outcome(), DECLINE_REASON(NOT_FREE_THEN));
}

Test(shift, the_longest_rested_are_called_first)
{
    struct wu_id lin = add("lin");
    struct wu_id wang = add("wang");
    struct wu_id first;
    struct wu_id second;
    struct wu_id third;
    window(MONDAY, 8, 9);
    cr_assert_eq(outcome(), NOT_DECLINED);
    first = person(0);
    offered.linkage = 2;
    window(MONDAY, 9, 10);
    cr_assert_eq(outcome(), NOT_DECLINED);
    second = person(0);
    offered.linkage = 3;
    window(MONDAY, 10, 11);
    cr_assert_eq(outcome(), NOT_DECLINED);
    third = person(0);
    cr_assert(wu_id_equal(&first, &lin));
    cr_assert(wu_id_equal(&second, &wang));
    cr_assert(wu_id_equal(&third, &lin));
}

Test(shift, a_release_and_a_lapse_give_the_time_back)
{
    add("lin");
    cr_assert_eq(outcome(), NOT_DECLINED);
    providing_release(world, &offered);
    cr_assert_eq(shift_count(), 0);
    cr_assert_null(place(0));
    offered.linkage = 2;
    cr_assert_eq(outcome(), NOT_DECLINED);
    world_advance(world, 2 * WU_HOUR_MS);
    cr_assert_eq(shift_count(), 0);
    offered.linkage = 3;
    cr_assert_eq(outcome(), NOT_DECLINED);
}

Test(shift, delivery_keeps_the_shift_and_shares_the_minutes)
{
    add("lin");
    add("wang");
    offered.quantity = 2;
    providing_take(world, &offered);
    assert_accepted(providing_report(world, &offered, 0, 121));
    const ShiftRow *first = shift(person(0), at(MONDAY, 11));
    cr_assert(first->served);
    cr_assert_eq(first->minutes, 61);
    cr_assert_eq(shift(person(1), at(MONDAY, 11))->minutes, 60);
    offered.linkage = 2;
    offered.quantity = 1;
    cr_assert_eq(outcome(), DECLINE_REASON(NOT_FREE_THEN));
}

Test(shift, places_nobody_came_for_are_given_back)
{
    add("lin");
    struct wu_id wang = add("wang");
    offered.quantity = 2;
    providing_take(world, &offered);
    assert_accepted(providing_report(world, &offered, 1, 60));
    cr_assert_eq(shift_count(), 1);
    cr_assert_null(shift(wang, at(MONDAY, 11)));
    cr_assert_null(place(1));
}

Test(shift, people_who_cannot_come_do_not_hide_those_who_can)
{
    char number[24];
    for (int i = 0; i < 511; i++) { /* as many as are asked, before the one who can */
        (void)snprintf(number, sizeof number, "late-%d", i);
        add_to("T-1", number, 1, 10, 12);
    }
    for (int i = 0; i < 600; i++) { /* not asked at all */
        (void)snprintf(number, sizeof number, "tuesday-%d", i);
        add_to("T-1", number, 2, 8, 12);
    }
    struct wu_id lin = add("lin");
    cr_assert_eq(outcome(), NOT_DECLINED);
    struct wu_id chosen = person(0);
    cr_assert(wu_id_equal(&chosen, &lin));
}

/* The blocks in the index may only leave out people who could not come anyway. */
Test(shift, every_hour_of_the_week_finds_the_one_who_is_free)
{
    char number[24];
    for (uint32_t weekday = 1; weekday <= 7; weekday++) {
        for (uint32_t hour = 0; hour < 24; hour += 2) {
            (void)snprintf(number, sizeof number, "v-%u-%u", (unsigned)weekday, (unsigned)hour);
            add_to("T-1", number, weekday, hour, hour + 2);
        }
    }
    for (int hour = 0; hour < 7 * 24; hour++) {
        offered.linkage++;
        window(SATURDAY, hour, hour + 1);
        cr_assert_eq(outcome(), NOT_DECLINED);
        cr_assert_eq(place(0)->from_ms, at(SATURDAY, hour));
    }
}

/* ---- whatever happens, nobody is in two places ------------------------------------ */

static void check_shifts(void)
{
    struct shift_key key = {.until_ms = INT64_MIN};
    struct shift_key last = {0};
    struct wu_txn *txn = world_txn(world);
    const ShiftRow *row = NULL;
    for (bool more = shifts_from(txn, &key, 0, &row); more;
         more = shifts_after(txn, &key, 0, &row)) {
        struct step_key step = {.step_no = row->step_no};
        cr_assert_lt(row->from_ms, key.until_ms);
        cr_assert(!wu_id_equal(&key.volunteer_id, &last.volunteer_id) ||
                  last.until_ms <= row->from_ms);
        cr_assert(wu_id_from_pb(row->linkage_id, &step.linkage_id));
        cr_assert(wu_id_from_pb(row->provider_id, &step.provider_id));
        StepState state = steps_get(txn, &step)->state;
        cr_assert(state == STEP_STATE(RESERVED) || state == STEP_STATE(CONFIRMED) ||
                  state == STEP_STATE(DELIVERED));
        last = key;
    }
}

static void random_event(struct wu_prng *prng)
{
    offered.linkage = 1 + wu_prng_below(prng, 20);
    offered.attempt = 1 + (uint32_t)wu_prng_below(prng, 6);
    offered.quantity = 1 + (int64_t)wu_prng_below(prng, 3);
    offered.from_ms = world_now_ms(world) + (int64_t)wu_prng_below(prng, 48) * WU_HOUR_MS;
    offered.until_ms = offered.from_ms + (1 + (int64_t)wu_prng_below(prng, 40)) * WU_HOUR_MS;
    switch (wu_prng_below(prng, 8)) {
    case 0:
        providing_confirm(world, &offered);
        break;
    case 1:
        providing_release(world, &offered);
        break;
    case 2:
        (void)providing_report(world, &offered, (int64_t)wu_prng_below(prng, 3), 30);
        break;
    case 3:
        world_advance(world, (int64_t)wu_prng_below(prng, 90) * WU_MINUTE_MS);
        break;
    default:
        providing_offer(world, &offered);
        break;
    }
}

Test(shift, random_days_never_put_anybody_in_two_places)
{
    char number[24];
    struct wu_prng prng = {0x5eed};
    for (uint32_t i = 0; i < 35; i++) {
        (void)snprintf(number, sizeof number, "v-%u", (unsigned)i);
        uint32_t from_hour = (uint32_t)wu_prng_below(&prng, 12);
        add_to("T-1", number, 1 + i % 7, from_hour, from_hour + 8);
    }
    for (int i = 0; i < 600; i++) {
        random_event(&prng);
        if (i % 10 == 0) {
            check_shifts();
        }
    }
    check_shifts();
}
