/* A follower of public topics that hears nothing for a while catches up. */
#include "tests/support/demo.h"
#include "tests/support/look.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

/*
 * More records, messages and bytes than PUB's mark (256) and the system's buffers
 * hold; and the last record of each kind, 4 MB together, than one frame does.
 */
enum { VERSIONS = 8000, CODES = 1000, ON_THE_WAY = 8 };

static void adopt_many(struct city *city)
{
    static char name[2001];
    struct wu_client *client = city_client(city, CITY_COORDINATOR);
    struct wu_arena arena;
    uint64_t answered = 0;
    uint64_t number = 0;
    memset(name, 'n', sizeof name - 1);
    cr_assert_eq(wu_arena_open(&arena, (size_t)1 << 20), WU_OK);
    while (answered < VERSIONS) {
        while (number < VERSIONS && wu_client_unanswered(client) < ON_THE_WAY) {
            Linkage__PlanStep step = LINKAGE__PLAN_STEP__INIT;
            Linkage__PlanStep *recipe[] = {&step};
            Coordinator__AdoptKind kind = COORDINATOR__ADOPT_KIND__INIT;
            char code[16];
            (void)snprintf(code, sizeof code, "kind-%u", (unsigned)(number % CODES));
            step.role = LINKAGE__ROLE__ROLE_SOCIALORG;
            step.service = "meal";
            step.quantity = 1;
            step.required = true;
            kind.code = code;
            kind.name_en = name;
            kind.name_zh = name;
            kind.reply_within_ms = 3600000;
            kind.deliver_within_ms = 3600000;
            kind.confirm_within_ms = 3600000 + (int64_t)number;
            kind.n_recipe = 1;
            kind.recipe = recipe;
            const struct wu_command command = {.type = WU_TYPE(COORDINATOR_ADOPT_KIND),
                                               .body = &kind.base};
            cr_assert_eq(wu_client_send(client, &command, &number), WU_OK);
        }
        const Bus__Answer *answer = NULL;
        wu_arena_reset(&arena, 0);
        cr_assert_eq(wu_client_answer(client, CITY_WAIT_MS, &arena, &answer), WU_OK);
        cr_assert_eq(answer->status, BUS__ANSWER_STATUS__ANSWER_STATUS_ACCEPTED, "%s",
                     answer->text);
        answered++;
    }
    wu_arena_close(&arena);
    wu_client_close(&client);
}

static void expect_all_known(struct city *city)
{
    struct city_view view;
    cr_assert(city_view_open(city, CITY_COMMUNITY, &view));
    for (unsigned index = 0; index < CODES; index++) {
        char code[16];
        (void)snprintf(code, sizeof code, "kind-%u", index);
        cr_assert_eq(look_kind_known(view.txn, code), VERSIONS / CODES);
    }
    city_view_close(&view);
}

static struct city *pause_and_go_on(const char *hub_config)
{
    struct city *city = city_make();
    city_configure(city, CITY_COORDINATOR, hub_config);
    city_start_all(city);
    demo_fill_street(city);
    city_signal(city, CITY_COMMUNITY, SIGSTOP);
    adopt_many(city);
    city_signal(city, CITY_COMMUNITY, SIGCONT);
    city_wait_settled(city); /* equal heads with equal hashes */
    expect_all_known(city);
    return city;
}

static void end(struct city *city)
{
    city_stop_all(city);
    city_verify_all(city);
    city_remove(&city);
}

Test(follow, a_subscriber_paused_past_its_mark_catches_up_by_fetch)
{
    struct city *city = pause_and_go_on("");
    cr_assert_not(city_log_has(city, CITY_COMMUNITY, "snapshot-taken"));
    end(city);
}

Test(follow, a_subscriber_left_too_far_behind_comes_back_by_snapshot)
{
    struct city *city = pause_and_go_on("public_keep_count: 50\n");
    cr_assert(city_log_has(city, CITY_COORDINATOR, "snapshot-sent"));
    cr_assert(city_log_has(city, CITY_COMMUNITY, "snapshot-taken"));
    /* and from there on it follows as before */
    demo_adopt(city, "meal", 7200000);
    city_wait_settled(city);
    end(city);
}
