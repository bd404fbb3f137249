/* Who gets in at a hub's ports, as whom, and what they may do there. */
#include "common/journal/tables.h"
#include "tests/support/demo.h"
#include "tests/support/look.h"
#include "tests/support/raw.h"
#include "wushe/node/state/v1/node_row.pb-c.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STAYS_OUT_MS = 1500, LET_IN_MS = 10000, CUT_MS = 5000 };

static const struct wu_id PRODUCER = {{"fedcba987654321"}};

static struct wu_keys keys_of(const struct city *city, int node)
{
    struct wu_keys keys;
    struct wu_error error = {{0}};
    enum wu_status status = wu_keys_load(city_path(city, node, "node.key").text, &keys, &error);
    cr_assert_eq(status, WU_OK, "%s", error.text);
    return keys;
}

static struct city_path mail_endpoint(const struct city *city)
{
    struct city_path endpoint;
    (void)snprintf(endpoint.text, sizeof endpoint.text, "tcp://127.0.0.1:%u", city_port(city));
    return endpoint;
}

/* Dials the hub with that node's keys. */
static struct raw *dial_as(const struct city *city, int node)
{
    struct wu_keys hub = keys_of(city, CITY_COORDINATOR);
    struct wu_keys keys = keys_of(city, node);
    return raw_open(mail_endpoint(city).text, &keys, hub.public_key);
}

/* A hub and a few of its nodes; who is left out is played by the test. */
static struct city *city_without(int left_out, int left_out_too)
{
    struct city *city = city_make();
    for (int node = CITY_COORDINATOR; node < CITY_END; node++) {
        if (node != left_out && node != left_out_too) {
            city_start(city, node);
            city_wait_ready(city, node);
        }
    }
    return city;
}

static uint64_t refused_count(struct city *city)
{
    const Bus__Pong *pong = city_ping(city, CITY_COORDINATOR, CITY_WAIT_MS);
    cr_assert_not_null(pong);
    return pong->refused_count;
}

static struct city *only_hub(void)
{
    struct city *city = city_make();
    city_start(city, CITY_COORDINATOR);
    city_wait_ready(city, CITY_COORDINATOR);
    return city;
}

/* ---- the door of the port -------------------------------------------------------------- */

Test(curve, a_client_that_expects_another_server_stays_out)
{
    struct city *city = only_hub();
    struct wu_keys keys = keys_of(city, CITY_COMMUNITY);
    struct wu_keys other = keys_of(city, CITY_CHARITY);
    struct raw *raw = raw_open(mail_endpoint(city).text, &keys, other.public_key);
    cr_assert_not(raw_is_let_in(raw, STAYS_OUT_MS));
    raw_close(&raw);
    city_remove(&city);
}

Test(curve, a_key_that_is_not_in_the_roster_stays_out_and_is_counted)
{
    struct city *city = only_hub();
    struct wu_keys hub = keys_of(city, CITY_COORDINATOR);
    struct wu_keys stranger;
    cr_assert_eq(wu_keys_make(&stranger), WU_OK);
    uint64_t before = refused_count(city);
    struct raw *raw = raw_open(mail_endpoint(city).text, &stranger, hub.public_key);
    cr_assert_not(raw_is_let_in(raw, STAYS_OUT_MS));
    raw_close(&raw);
    CITY_WAIT(city, refused_count(city) > before);
    city_remove(&city);
}

Test(curve, without_curve_nobody_gets_in)
{
    struct city *city = only_hub();
    struct raw *raw = raw_open(mail_endpoint(city).text, NULL, NULL);
    cr_assert_not(raw_is_let_in(raw, STAYS_OUT_MS));
    raw_close(&raw);
    struct raw *known = dial_as(city, CITY_COMMUNITY);
    cr_assert(raw_is_let_in(known, LET_IN_MS));
    raw_close(&known);
    city_remove(&city);
}

/* ---- revoking ------------------------------------------------------------------------------ */

static bool is_linked(struct city *city, uint32_t peer)
{
    const Bus__PeerStatus *status = city_peer(city, CITY_COORDINATOR, peer);
    return status != NULL && status->connected;
}

static void replace_in_roster(struct city *city, const char *from, const char *to)
{
    char command[700];
    (void)snprintf(command, sizeof command, "sed -i 's/%s/%s/' '%s'", from, to,
                   city_path(city, CITY_COORDINATOR, "roster").text);
    cr_assert_eq(system(command), 0); /* all words are ours */
    city_signal(city, CITY_COORDINATOR, SIGHUP);
}

static uint64_t linkage_count(const struct city *city)
{
    struct city_view view;
    cr_assert(city_view_open(city, CITY_COORDINATOR, &view));
    uint64_t count = look_linkages_open_count(view.txn);
    city_view_close(&view);
    return count;
}

Test(curve, a_revoked_node_is_cut_off_at_once_and_stays_out)
{
    struct city *city = city_make();
    city_start_all(city);
    demo_fill_street(city);
    const char *said = NULL;
    int64_t from_ms = city_now_ms();
    cr_assert_eq(city_ctl(city, &said, "roster", "revoke", "2", NULL), 0, "%s", said);
    city_signal(city, CITY_COORDINATOR, SIGHUP);
    CITY_WAIT(city, !is_linked(city, CITY_COMMUNITY));
    CITY_WAIT(city, city_log_has(city, CITY_COMMUNITY, "disconnected"));
    cr_assert_leq(city_now_ms() - from_ms, CUT_MS);

    /* it goes on for its own people, and knocks in vain */
    uint64_t before = refused_count(city);
    (void)demo_raise(city, "meal");
    CITY_WAIT(city, refused_count(city) > before + 1);
    CITY_WAIT(city, city_log_has(city, CITY_COMMUNITY, "key-refused"));
    cr_assert_eq(linkage_count(city), 0);
    cr_assert_not(is_linked(city, CITY_COMMUNITY));
    for (int node = CITY_SOCIALORG; node < CITY_END; node++) {
        city_wait_linked(city, node); /* the others come back by themselves */
    }

    replace_in_roster(city, "state=revoked", "state=active");
    city_wait_linked(city, CITY_COMMUNITY);
    city_wait_settled(city);
    cr_assert_eq(linkage_count(city), 1);
    city_stop_all(city);
    city_remove(&city);
}

/* ---- whoever got in ------------------------------------------------------------------------- */

static uint64_t cursor_next(const struct city *city, uint32_t peer)
{
    struct city_view view;
    struct wu_cursor_key key = {.node = peer};
    cr_assert(city_view_open(city, CITY_COORDINATOR, &view));
    cr_assert(wu_key_text(key.stream, sizeof key.stream, "to/1"));
    const Node__CursorRow *row = wu_cursors_get(view.txn, &key);
    uint64_t next = row != NULL ? row->next : 1;
    city_view_close(&view);
    return next;
}

Test(curve, what_a_peer_says_of_itself_is_not_believed)
{
    struct city *city = city_without(CITY_COMMUNITY, CITY_CHARITY);
    struct raw *raw = dial_as(city, CITY_CHARITY);
    cr_assert(raw_hello(raw, CITY_COMMUNITY, CITY_COORDINATOR));
    const Bus__Frame *frame = raw_hear(raw, BUS__FRAME__BODY_HELLO, CITY_WAIT_MS);
    cr_assert_not_null(frame);
    cr_assert_str_eq(frame->hello->mine->stream, "to/6");

    struct wu_id need_id = wu_id_make(CITY_COMMUNITY, 1, 77, 0);
    Community__NeedRaised raised = COMMUNITY__NEED_RAISED__INIT;
    raised.need_id = wu_id_to_pb(&need_id);
    raised.kind = "meal";
    raised.division = 420106012001;
    cr_assert(raw_mail(raw, 1, CITY_COMMUNITY, WU_TYPE(COMMUNITY_NEED_RAISED), &raised.base));
    CITY_WAIT(city, cursor_next(city, CITY_CHARITY) == 2);
    cr_assert_eq(cursor_next(city, CITY_COMMUNITY), 1);
    cr_assert_not(is_linked(city, CITY_COMMUNITY));
    raw_close(&raw);
    city_remove(&city);
}

static uint64_t public_head(const struct city *city)
{
    struct city_view view;
    struct wu_stream_key key = {WU_STREAM_PUBLIC};
    const Node__StreamRow *row = NULL;
    uint64_t head = 0;
    cr_assert(city_view_open(city, CITY_COORDINATOR, &view));
    for (bool found = wu_streams_from(view.txn, &key, 0, &row); found;
         found = wu_streams_after(view.txn, &key, 0, &row)) {
        head += row->head;
    }
    city_view_close(&view);
    return head;
}

static void publish(struct raw *raw, const char *topic)
{
    Envelope__Publish publish = ENVELOPE__PUBLISH__INIT;
    publish.topic = topic;
    publish.type = WU_TYPE(CHARITY_GIFT_BOOKED);
    cr_assert(raw_mail(raw, 1, CITY_CHARITY, WU_TYPE(NODE_PUBLISH), &publish.base));
}

Test(curve, a_node_publishes_on_its_own_topics_only)
{
    struct city *city = city_without(CITY_CHARITY, 0);
    struct raw *raw = dial_as(city, CITY_CHARITY);
    cr_assert(raw_hello(raw, CITY_CHARITY, CITY_COORDINATOR));
    cr_assert_not_null(raw_hear(raw, BUS__FRAME__BODY_HELLO, CITY_WAIT_MS));
    publish(raw, "coordinator.kind");
    const Bus__Frame *frame = raw_hear(raw, BUS__FRAME__BODY_HALT, CITY_WAIT_MS);
    cr_assert_not_null(frame);
    cr_assert_eq(frame->halt->reason, BUS__HALT_REASON__HALT_REASON_DENIED);
    cr_assert_eq(public_head(city), 0);
    cr_assert_eq(cursor_next(city, CITY_CHARITY), 1);
    raw_close(&raw);

    raw = dial_as(city, CITY_CHARITY);
    cr_assert(raw_hello(raw, CITY_CHARITY, CITY_COORDINATOR));
    cr_assert_not_null(raw_hear(raw, BUS__FRAME__BODY_HELLO, CITY_WAIT_MS));
    publish(raw, "charity.gift");
    CITY_WAIT(city, public_head(city) == 1);
    raw_close(&raw);
    city_remove(&city);
}

static const Bus__Frame *fetch_kinds(struct raw *raw, Bus__Frame__BodyCase expected)
{
    Bus__Fetch fetch = BUS__FETCH__INIT;
    Bus__Position from = BUS__POSITION__INIT;
    char stream[] = "pub/wushe.v1.42.01.00.000.000.coordinator.kind";
    from.stream = stream;
    from.next = 1;
    fetch.from = &from;
    cr_assert(raw_say(raw, BUS__FRAME__BODY_FETCH, &fetch.base));
    return raw_hear(raw, expected, CITY_WAIT_MS);
}

Test(curve, a_node_follows_only_what_the_roster_lists)
{
    struct city *city = city_without(CITY_COMMUNITY, CITY_CHARITY);
    demo_adopt(city, "meal", 3600000);
    struct raw *charity = dial_as(city, CITY_CHARITY);
    cr_assert(raw_hello(charity, CITY_CHARITY, CITY_COORDINATOR));
    const Bus__Frame *frame = fetch_kinds(charity, BUS__FRAME__BODY_HALT);
    cr_assert_not_null(frame);
    cr_assert_eq(frame->halt->reason, BUS__HALT_REASON__HALT_REASON_DENIED);
    raw_close(&charity);

    struct raw *community = dial_as(city, CITY_COMMUNITY);
    cr_assert(raw_hello(community, CITY_COMMUNITY, CITY_COORDINATOR));
    frame = fetch_kinds(community, BUS__FRAME__BODY_BATCH);
    cr_assert_not_null(frame);
    cr_assert_eq(frame->batch->n_records, 1);
    raw_close(&community);
    city_remove(&city);
}

static Bus__AnswerStatus submit_as(struct city *city, int node)
{
    Node__DropDeadLetter drop = NODE__DROP_DEAD_LETTER__INIT; /* refused, if it is looked at */
    struct raw *raw = dial_as(city, node);
    drop.seq = 999;
    drop.reason = "none";
    struct wu_bytes command =
        raw_submit(raw, &PRODUCER, (uint64_t)node, WU_TYPE(NODE_DROP_DEAD_LETTER), &drop.base);
    cr_assert(raw_send(raw, command));
    const Bus__Frame *frame = raw_hear(raw, BUS__FRAME__BODY_ANSWER, CITY_WAIT_MS);
    cr_assert_not_null(frame);
    Bus__AnswerStatus status = frame->answer->status;
    raw_close(&raw);
    return status;
}

Test(curve, commands_come_in_only_from_nodes_that_the_roster_lets_submit)
{
    struct city *city = city_without(CITY_COMMUNITY, CITY_CHARITY);
    cr_assert_eq(submit_as(city, CITY_CHARITY), BUS__ANSWER_STATUS__ANSWER_STATUS_DENIED);
    cr_assert_eq(submit_as(city, CITY_COMMUNITY), BUS__ANSWER_STATUS__ANSWER_STATUS_REFUSED);
    city_remove(&city);
}
