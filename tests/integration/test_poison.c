/* A record that cannot be folded is put aside, and everything else goes on. */
#include "common/journal/tables.h"
#include "tests/support/demo.h"
#include "tests/support/look.h"
#include "tests/support/raw.h"
#include "wushe/linkage/v1/step.pb-c.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { NO_SUCH_TYPE = 9999 };

/* A city whose charity is played by the test. */
static struct raw *be_charity(struct city *city)
{
    struct wu_keys hub;
    struct wu_keys own;
    struct wu_error error = {{0}};
    char endpoint[64];
    for (int node = CITY_COORDINATOR; node < CITY_CHARITY; node++) {
        city_start(city, node);
        city_wait_ready(city, node);
    }
    cr_assert_eq(wu_keys_load(city_path(city, CITY_COORDINATOR, "node.key").text, &hub, &error),
                 WU_OK);
    cr_assert_eq(wu_keys_load(city_path(city, CITY_CHARITY, "node.key").text, &own, &error), WU_OK);
    (void)snprintf(endpoint, sizeof endpoint, "tcp://127.0.0.1:%u", city_port(city));
    struct raw *raw = raw_open(endpoint, &own, hub.public_key);
    cr_assert(raw_hello(raw, CITY_CHARITY, CITY_COORDINATOR));
    cr_assert_not_null(raw_hear(raw, BUS__FRAME__BODY_HELLO, CITY_WAIT_MS));
    return raw;
}

static bool announce(struct raw *raw, uint64_t number)
{
    struct wu_id id = wu_id_make(CITY_CHARITY, 1, number, 0);
    Linkage__ProviderAnnounced announced = LINKAGE__PROVIDER_ANNOUNCED__INIT;
    const char *services[] = {"rice"};
    announced.provider_id = wu_id_to_pb(&id);
    announced.role = LINKAGE__ROLE__ROLE_CHARITY;
    announced.name = "a fund";
    announced.division = 420106012001;
    announced.n_services = 1;
    announced.services = services;
    announced.open = true;
    return raw_mail(raw, number, CITY_CHARITY, WU_TYPE(LINKAGE_PROVIDER_ANNOUNCED),
                    &announced.base);
}

struct letters {
    uint64_t count;
    uint64_t seq; /* of the first */
    uint32_t retried;
    uint64_t providers;
    uint64_t cursor;
};

static struct letters look(const struct city *city)
{
    struct city_view view;
    struct letters letters = {0};
    struct wu_dead_letter_key key = {0};
    struct wu_cursor_key cursor = {.node = CITY_CHARITY};
    const Node__DeadLetterRow *row = NULL;
    cr_assert(city_view_open(city, CITY_COORDINATOR, &view));
    letters.count = wu_table_count(view.txn, &WU_DEAD_LETTERS);
    if (wu_dead_letters_from(view.txn, &key, 0, &row)) {
        letters.seq = key.seq;
        letters.retried = row->retried;
    }
    cr_assert(wu_key_text(cursor.stream, sizeof cursor.stream, "to/1"));
    const Node__CursorRow *at = wu_cursors_get(view.txn, &cursor);
    letters.cursor = at != NULL ? at->next : 1;
    letters.providers = look_providers_count(view.txn);
    city_view_close(&view);
    return letters;
}

static int dead_letters(struct city *city, const char **said, const char *verb, const char *number,
                        const char *reason)
{
    return reason != NULL ? city_ctl(city, said, "dead-letters", verb, "coordinator", number,
                                     "--reason", reason, NULL)
                          : city_ctl(city, said, "dead-letters", verb, "coordinator", number, NULL);
}

Test(poison, a_record_of_an_unknown_type_is_put_aside_and_the_rest_goes_on)
{
    struct city *city = city_make();
    struct raw *raw = be_charity(city);
    const char *said = NULL;
    char number[24];
    cr_assert(announce(raw, 1));
    cr_assert(raw_mail(raw, 2, CITY_CHARITY, (Envelope__EventType)NO_SUCH_TYPE, NULL));
    cr_assert(announce(raw, 3));
    CITY_WAIT(city, look(city).cursor == 4);
    struct letters letters = look(city);
    cr_assert_eq(letters.count, 1);
    cr_assert_eq(letters.providers, 2);
    cr_assert(city_state_is(city, CITY_COORDINATOR, "serving"));
    CITY_WAIT(city, city_log_has(city, CITY_COORDINATOR, "dead-letters count=1"));

    (void)snprintf(number, sizeof number, "%" PRIu64, letters.seq);
    cr_assert_eq(city_ctl(city, &said, "dead-letters", "list", NULL), 0, "%s", said);
    cr_assert_not_null(strstr(said, number), "%s", said);
    cr_assert_eq(dead_letters(city, &said, "show", number, NULL), 0, "%s", said);
    cr_assert_not_null(strstr(said, "9999"), "%s", said);
    cr_assert_neq(dead_letters(city, &said, "retry", number, NULL), 0, "%s", said);
    cr_assert_eq(look(city).count, 1, "a retry that failed again makes no second letter");
    cr_assert_eq(look(city).retried, 1);

    /* it is still there after a crash, and after folding again */
    city_kill(city, CITY_COORDINATOR);
    city_start(city, CITY_COORDINATOR);
    city_wait_ready(city, CITY_COORDINATOR);
    cr_assert_eq(look(city).count, 1);
    cr_assert_eq(dead_letters(city, &said, "drop", number, "a test"), 0, "%s", said);
    cr_assert_eq(look(city).count, 0);
    raw_close(&raw);
    city_start(city, CITY_CHARITY); /* so that every store is there */
    city_wait_ready(city, CITY_CHARITY);
    city_stop_all(city);
    city_verify_all(city);
    city_remove(&city);
}

Test(poison, many_bad_records_among_good_ones_cost_only_themselves)
{
    enum { RECORDS = 300 };
    struct city *city = city_make();
    struct raw *raw = be_charity(city);
    for (uint64_t number = 1; number <= RECORDS; number++) {
        cr_assert(number % 3 == 0
                      ? raw_mail(raw, number, CITY_CHARITY, (Envelope__EventType)NO_SUCH_TYPE, NULL)
                      : announce(raw, number));
    }
    CITY_WAIT(city, look(city).cursor == RECORDS + 1);
    cr_assert_eq(look(city).count, RECORDS / 3);
    cr_assert_eq(look(city).providers, RECORDS - RECORDS / 3);
    raw_close(&raw);
    city_start(city, CITY_CHARITY);
    city_wait_ready(city, CITY_CHARITY);
    city_stop_all(city);
    city_verify_all(city);
    city_remove(&city);
}
