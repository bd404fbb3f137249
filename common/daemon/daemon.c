/*
 * The loop: wait, collect what waits into one batch, number, journal, fold and
 * commit it, then let out what it made. Between two commits nothing leaves.
 *
 * States: serving; full (the disk or the map has no room: nothing is taken in,
 * nothing is lost); diverged (this store is older than what it has sent: only
 * an operator's BeginGeneration is taken); joining (just started: its hub has
 * not yet agreed with its past); draining (SIGTERM: mail still goes out,
 * nothing comes in).
 */
#include "common/daemon/daemon.h"

#include "common/base/time.h"
#include "common/bus/bus_zmq.h"
#include "common/bus/exchange.h"
#include "common/daemon/config.h"
#include "common/daemon/log.h"
#include "common/daemon/notify.h"
#include "common/daemon/witness.h"
#include "common/fold/pb.h"
#include "common/seal/door.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#ifndef WUSHE_VERSION
#define WUSHE_VERSION "development"
#endif

enum { EXIT_USAGE = 64, EXIT_SYSTEM = 74, EXIT_IN_USE = 75, EXIT_CONFIG = 78 };

static const uint64_t DISK_RESERVE_BYTES = UINT64_C(64) << 20;

enum state { SERVING, FULL, DIVERGED, JOINING, DRAINING };
static const char *const STATE_NAMES[] = {"serving", "full", "diverged", "joining", "draining"};

/* A command of the running batch, and who waits for its answer. */
struct waiting {
    uint64_t route;
    const Bus__Submit *submit;
};

struct daemon;
static void review_state(struct daemon *daemon);
static void stop(struct daemon *daemon, int exit_status, const char *why);

struct daemon {
    const struct wu_core *core;
    const char *config_path;
    struct wu_config config;
    struct wu_keys keys;
    struct wu_roster roster;
    struct wu_node *node;
    struct wu_door *door;
    struct wu_exchange *exchange;
    struct wu_bus *bus;
    struct wu_arena *batch; /* of the running batch */
    struct wu_arena reply;  /* of one answer going out */
    struct waiting *waiting;
    size_t waiting_count;
    size_t batch_bytes;
    int signal_fd;
    enum state state;
    int64_t drain_until_ms;
    int64_t next_tick_ms;
    int64_t next_alive_ms;
    int64_t committed_at_ms;
    uint64_t refused_count;
    uint64_t logged_refused_count;
    int64_t next_refused_log_ms;
    uint64_t logged_dead_count;
    struct wu_witness witness; /* as it is on disk */
    char who[64];
    int exit_status; /* -1: go on */
};

static int64_t clock_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t steady_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void set_state(struct daemon *daemon, enum state state, const char *why)
{
    if (daemon->state != state) {
        daemon->state = state;
        wu_log(state == FULL || state == DIVERGED ? WU_LOG_ERROR : WU_LOG_INFO, "state",
               "state=%s why=\"%s\"", STATE_NAMES[state], why);
        wu_notify_status("%s: %s", STATE_NAMES[state], why);
    }
}

/* ---- what the exchange asks of the world -------------------------------------------------- */

static bool exchange_send(void *context, uint32_t peer, struct wu_bytes frame)
{
    struct daemon *daemon = context;
    return wu_bus_send(daemon->bus, peer, frame);
}

static void exchange_publish(void *context, const char *topic, struct wu_bytes frame)
{
    struct daemon *daemon = context;
    wu_bus_publish(daemon->bus, topic, frame);
}

static void exchange_subscribe(void *context, const char *topic)
{
    struct daemon *daemon = context;
    wu_bus_subscribe(daemon->bus, topic);
}

static void exchange_report(void *context, bool bad, const char *event, uint32_t peer,
                            const char *text)
{
    (void)context;
    char quoted[256]; /* a peer wrote some of it: it must not end the quotes it stands in */
    (void)snprintf(quoted, sizeof quoted, "%s", text);
    for (char *at = quoted; *at != '\0'; at++) {
        *at = (char)(*at == '"' ? '\'' : *at);
    }
    wu_log(bad ? WU_LOG_ERROR : WU_LOG_INFO, event, "peer=%u text=\"%s\"", peer, quoted);
}

/* ---- answers -------------------------------------------------------------------------------- */

static void reply(struct daemon *daemon, uint64_t route, Bus__Frame__BodyCase body_case,
                  ProtobufCMessage *body)
{
    wu_arena_reset(&daemon->reply, 0);
    struct wu_bytes frame = wu_frame_encode(body_case, body, &daemon->reply);
    if (frame.data != NULL) {
        (void)wu_bus_reply(daemon->bus, route, frame); /* who is gone asks again */
    }
}

static void turn_away(struct daemon *daemon, uint64_t route, const Bus__Submit *submit,
                      Bus__AnswerStatus status, const char *code, const char *text)
{
    Bus__Answer answer = BUS__ANSWER__INIT;
    if (submit != NULL) {
        answer.producer = submit->producer;
        answer.number = submit->number;
    }
    answer.status = status;
    answer.code = (char *)(uintptr_t)code; /* only read */
    answer.text = (char *)(uintptr_t)text;
    daemon->refused_count++;
    reply(daemon, route, BUS__FRAME__BODY_ANSWER, &answer.base);
}

static void answer_ping(struct daemon *daemon, uint64_t route, const Bus__Ping *ping)
{
    enum { PEERS_MAX = 256 };
    Bus__PeerStatus peers[PEERS_MAX];
    Bus__PeerStatus *list[PEERS_MAX];
    size_t count = wu_exchange_peer_count(daemon->exchange);
    count = count < PEERS_MAX ? count : PEERS_MAX;
    for (size_t index = 0; index < count; index++) {
        wu_exchange_peer_status(daemon->exchange, index, &peers[index]);
        list[index] = &peers[index];
    }
    Bus__Pong pong = BUS__PONG__INIT;
    pong.number = ping->number;
    pong.node = (uint32_t)daemon->config.node;
    pong.role = (char *)(uintptr_t)daemon->core->role;
    pong.state = (char *)(uintptr_t)STATE_NAMES[daemon->state];
    pong.journal_seq = wu_node_info(daemon->node).journal_seq;
    pong.committed_at_ms = daemon->committed_at_ms;
    pong.refused_count = daemon->refused_count + wu_bus_refused_count(daemon->bus);
    pong.n_peers = count;
    pong.peers = list;
    reply(daemon, route, BUS__FRAME__BODY_PONG, &pong.base);
}

static void answer_commands(struct daemon *daemon)
{
    for (size_t index = 0; index < wu_node_input_count(daemon->node); index++) {
        const struct wu_input *input = wu_node_input(daemon->node, index);
        if (input->origin != WU_ORIGIN_COMMAND || input->answer == NULL) {
            continue;
        }
        const struct waiting *waiting = &daemon->waiting[input->tag];
        Bus__Answer answer = *input->answer;
        answer.producer = waiting->submit->producer;
        answer.number = waiting->submit->number;
        wu_door_open_answer(daemon->door, input, &answer, daemon->batch);
        reply(daemon, waiting->route, BUS__FRAME__BODY_ANSWER, &answer.base);
    }
}

/* ---- commands coming in ------------------------------------------------------------------------
 */

/* NULL when the command may be journaled, else why it is turned away (and *ret_status how). */
static const char *why_not_taken(struct daemon *daemon, const Bus__Submit *submit,
                                 Bus__AnswerStatus *ret_status)
{
    *ret_status = BUS__ANSWER_STATUS__ANSWER_STATUS_BUSY;
    bool repairs = submit->type == WU_TYPE(NODE_BEGIN_GENERATION);
    switch (daemon->state) {
    case FULL:
        return "the disk or the store is full; make room (wushectl doctor shows where), then it "
               "goes on by itself";
    case DRAINING:
        return "the daemon is stopping; it is asked again when it is back";
    case JOINING:
        if (!repairs) {
            return "the node has just started and waits for its coordinator to agree with where "
                   "it stands; it is asked again by itself";
        }
        break;
    case DIVERGED:
        if (!repairs) {
            return "this node's store is older than what it has sent; see wushectl status, then "
                   "wushectl generation begin";
        }
        break;
    default:
        break;
    }
    bool elsewhere = submit->target != 0 && submit->target != daemon->config.node;
    if (elsewhere && wu_roster_next_hop(&daemon->roster, submit->target) == 0) {
        *ret_status = BUS__ANSWER_STATUS__ANSWER_STATUS_REFUSED;
        return "the roster of this hub has no such node, and none of its coordinators has it below";
    }
    if (elsewhere || submit->type < WU_TYPE(LINKAGE_PROVIDER_ANNOUNCED)) {
        return NULL; /* looked at where it is folded */
    }
    *ret_status = BUS__ANSWER_STATUS__ANSWER_STATUS_MALFORMED;
    const struct wu_route *route = wu_core_route(daemon->core, submit->type);
    if (route == NULL || route->origin != WU_ORIGIN_COMMAND) {
        return "this node takes no such command; ask the node of the right role";
    }
    ProtobufCMessage *body = NULL;
    const char *why = NULL;
    size_t mark = daemon->batch->used_bytes;
    enum wu_status status =
        wu_pb_decode(route->body, WU_PB_STRICT, wu_bytes(submit->data.data, submit->data.len),
                     daemon->batch, &body, &why);
    wu_arena_reset(daemon->batch, mark);
    return status == WU_OK ? NULL : why;
}

/* From here on what is personal in the command is sealed; false when it was turned away. */
static bool seal_command(struct daemon *daemon, uint64_t route, Bus__Submit *submit)
{
    const struct wu_route *known = wu_core_route(daemon->core, submit->type);
    struct wu_door_refusal refusal = {NULL, NULL};
    bool elsewhere = submit->target != 0 && submit->target != daemon->config.node;
    if (elsewhere && wu_event_is_personal(submit->type)) {
        turn_away(
            daemon, route, submit, BUS__ANSWER_STATUS__ANSWER_STATUS_REFUSED,
            "SEALED_NOT_FORWARDED",
            "personal data is told at its node's own door: a hub would keep it in its journal");
        return false;
    }
    if (known == NULL || known->body == NULL) {
        return true; /* of the framework, or for another node */
    }
    enum wu_status status =
        wu_door_seal(daemon->door, known->body, submit, daemon->batch, &refusal);
    if (status == WU_NO_MEMORY) {
        turn_away(daemon, route, submit, BUS__ANSWER_STATUS__ANSWER_STATUS_BUSY, "NODE_BUSY",
                  "too much at once; it is asked again by itself");
    } else if (status != WU_OK) {
        stop(daemon, EXIT_SYSTEM, "the keystore cannot be read or written");
    } else if (refusal.code != NULL) {
        turn_away(daemon, route, submit, BUS__ANSWER_STATUS__ANSWER_STATUS_REFUSED, refusal.code,
                  refusal.text);
    }
    return status == WU_OK && refusal.code == NULL;
}

static void take_command(struct daemon *daemon, uint64_t route, Bus__Submit *submit)
{
    static const char *const codes[] = {
        [BUS__ANSWER_STATUS__ANSWER_STATUS_BUSY] = "NODE_BUSY",
        [BUS__ANSWER_STATUS__ANSWER_STATUS_REFUSED] = "NODE_UNKNOWN",
        [BUS__ANSWER_STATUS__ANSWER_STATUS_MALFORMED] = "COMMAND_MALFORMED",
    };
    Bus__AnswerStatus status = BUS__ANSWER_STATUS__ANSWER_STATUS_BUSY;
    const char *why = why_not_taken(daemon, submit, &status);
    if (why != NULL) {
        turn_away(daemon, route, submit, status, codes[status], why);
        return;
    }
    if (!seal_command(daemon, route, submit)) {
        return;
    }
    struct wu_bytes record =
        wu_pb_pack(&submit->base, daemon->batch); /* canonical: the same bytes */
    struct wu_input *input = record.data != NULL ? wu_node_add(daemon->node) : NULL;
    if (input == NULL) {
        turn_away(daemon, route, submit, BUS__ANSWER_STATUS__ANSWER_STATUS_BUSY, "NODE_BUSY",
                  "too much at once; it is asked again by itself");
        return;
    }
    input->origin = WU_ORIGIN_COMMAND;
    input->record = record;
    input->tag = daemon->waiting_count;
    if (submit->target != 0 && submit->target != daemon->config.node) {
        input->via = wu_roster_next_hop(&daemon->roster, submit->target);
    }
    daemon->waiting[daemon->waiting_count++] = (struct waiting){.route = route, .submit = submit};
}

/* ---- frames coming in
 * ---------------------------------------------------------------------------- */

static void take_door(struct daemon *daemon, uint64_t route, const Bus__Frame *frame)
{
    if (frame->body_case == BUS__FRAME__BODY_SUBMIT) {
        take_command(daemon, route, frame->submit);
    } else if (frame->body_case == BUS__FRAME__BODY_PING) {
        answer_ping(daemon, route, frame->ping);
    } else {
        turn_away(daemon, route, NULL, BUS__ANSWER_STATUS__ANSWER_STATUS_MALFORMED,
                  "FRAME_MALFORMED", "the front door takes commands and pings only");
    }
}

static void take_peer_command(struct daemon *daemon, const struct wu_received *received,
                              Bus__Submit *submit)
{
    const struct wu_roster_entry *entry = wu_roster_by_node(&daemon->roster, received->peer);
    if (entry == NULL || !entry->submit) {
        turn_away(daemon, received->route, submit, BUS__ANSWER_STATUS__ANSWER_STATUS_DENIED,
                  "SUBMIT_DENIED", "the roster does not let this node send commands");
        return;
    }
    take_command(daemon, received->route, submit);
}

static void take_peer(struct daemon *daemon, const struct wu_received *received,
                      const Bus__Frame *frame)
{
    bool holds_records =
        frame->body_case == BUS__FRAME__BODY_BATCH || frame->body_case == BUS__FRAME__BODY_SNAPSHOT;
    if (frame->body_case == BUS__FRAME__BODY_SUBMIT) {
        take_peer_command(daemon, received, frame->submit);
        return;
    }
    if (holds_records && daemon->state != SERVING) {
        return; /* the peer keeps it and sends it again */
    }
    if (frame->body_case == BUS__FRAME__BODY_HELLO) {
        wu_bus_adopt(daemon->bus, received->peer, received->route);
    }
    if (wu_exchange_receive(daemon->exchange, received->peer, frame, steady_ms()) != WU_OK) {
        daemon->refused_count++;
    }
    if (frame->body_case == BUS__FRAME__BODY_SNAPSHOT) {
        /* thousands of records: one piece is enough for a batch */
        daemon->batch_bytes = daemon->config.batch_bytes_max;
    }
    if (daemon->state == JOINING) {
        review_state(daemon); /* a Hello may have ended it, and mail comes right behind */
    }
}

static void take_received(struct daemon *daemon, const struct wu_received *received)
{
    const Bus__Frame *frame = NULL;
    const char *why = "";
    switch (received->kind) {
    case WU_RECEIVED_CONNECTED:
        wu_log(WU_LOG_INFO, "connected", "peer=%u", received->peer);
        wu_exchange_connected(daemon->exchange, received->peer, steady_ms());
        return;
    case WU_RECEIVED_DISCONNECTED:
        wu_log(WU_LOG_WARNING, "disconnected", "peer=%u", received->peer);
        wu_exchange_disconnected(daemon->exchange, received->peer);
        return;
    case WU_RECEIVED_REFUSED:
        daemon->refused_count++;
        wu_log(WU_LOG_ERROR, "key-refused",
               "peer=%u text=\"the hub does not know this node's key; add its line to the hub's "
               "roster and send the hub SIGHUP\"",
               received->peer);
        return;
    default:
        break;
    }
    daemon->batch_bytes += received->bytes.size;
    enum wu_status status = wu_frame_decode(received->bytes, daemon->batch, &frame, &why);
    if (status == WU_NO_MEMORY) {
        return; /* whoever sent it sends it again */
    }
    if (status != WU_OK) {
        wu_log(WU_LOG_WARNING, "frame-refused", "peer=%u bytes=%zu why=\"%s\"", received->peer,
               received->bytes.size, why);
        turn_away(daemon, received->route, NULL, BUS__ANSWER_STATUS__ANSWER_STATUS_MALFORMED,
                  "FRAME_MALFORMED", why);
        return;
    }
    if (received->kind == WU_RECEIVED_DOOR) {
        take_door(daemon, received->route, frame);
    } else {
        take_peer(daemon, received, frame);
    }
}

static void stop(struct daemon *daemon, int exit_status, const char *why)
{
    daemon->exit_status = exit_status;
    wu_log(exit_status == 0 ? WU_LOG_INFO : WU_LOG_ERROR, "stopping", "status=%d why=\"%s\"",
           exit_status, why);
}

/* Everything that waits, as far as one batch has room. */
static void collect(struct daemon *daemon)
{
    daemon->batch = wu_node_begin(daemon->node);
    daemon->waiting_count = 0;
    daemon->batch_bytes = 0;
    /* timers first: what is due has happened before what arrives now */
    if (daemon->state == SERVING && wu_node_add_due_timers(daemon->node, clock_ms()) != WU_OK) {
        stop(daemon, EXIT_SYSTEM, "the store cannot be read");
        return;
    }
    struct wu_received received;
    while (wu_node_input_count(daemon->node) + WU_FRAME_RECORDS_MAX <=
               daemon->config.batch_count_max &&
           daemon->batch_bytes < daemon->config.batch_bytes_max &&
           daemon->batch->used_bytes < daemon->batch->size_bytes / 2 && /* the rest is to fold in */
           wu_bus_receive(daemon->bus, &received)) {
        take_received(daemon, &received);
    }
}

/* ---- the batch
 * ---------------------------------------------------------------------------------------- */

static void run_batch(struct daemon *daemon)
{
    if (wu_node_input_count(daemon->node) == 0 && !wu_node_has_news(daemon->node)) {
        return;
    }
    if (wu_door_sync(daemon->door) != WU_OK) {
        stop(daemon, EXIT_SYSTEM, "the keystore cannot be written; nothing was journaled");
        return;
    }
    enum wu_status status = wu_node_run(daemon->node, clock_ms());
    if (status == WU_FULL) {
        set_state(daemon, FULL, "the store has reached map_bytes_max");
        wu_exchange_dropped(daemon->exchange);
        return;
    }
    if (status != WU_OK) {
        stop(daemon, EXIT_SYSTEM,
             "the store cannot be written; nothing unwritten was told to "
             "anybody");
        return;
    }
    daemon->committed_at_ms = clock_ms();
    if (wu_door_settle(daemon->door, daemon->node) != WU_OK) {
        stop(daemon, EXIT_SYSTEM,
             "the keystore cannot be written; keys that are to go are "
             "destroyed at the next start");
        return;
    }
    answer_commands(daemon);
    wu_exchange_committed(daemon->exchange);
}

/* ---- each second
 * ----------------------------------------------------------------------------------------- */

static bool disk_is_full(const struct daemon *daemon)
{
    struct statvfs info;
    return statvfs(daemon->config.state_dir, &info) == 0 &&
           (uint64_t)info.f_bavail * info.f_frsize < DISK_RESERVE_BYTES;
}

static struct wu_witness stands_at(const struct daemon *daemon)
{
    struct wu_node_info info = wu_node_info(daemon->node);
    return (struct wu_witness){.generation = info.generation, .journal_seq = info.journal_seq};
}

/* Restored from an older copy: its own witness says so, or a peer does. */
static bool is_diverged(const struct daemon *daemon)
{
    return wu_witness_is_ahead(daemon->witness, stands_at(daemon)) ||
           wu_exchange_is_diverged(daemon->exchange);
}

static void follow_store(struct daemon *daemon)
{
    struct wu_witness now = stands_at(daemon);
    struct wu_error error = {{0}};
    if (!wu_witness_is_ahead(now, daemon->witness)) {
        return;
    }
    if (wu_witness_save(daemon->config.state_dir, now, &error) == WU_OK) {
        daemon->witness = now;
    } else {
        wu_log(WU_LOG_WARNING, "witness", "text=\"%s\"", error.text);
    }
}

static void review_state(struct daemon *daemon)
{
    if (daemon->state == DRAINING) {
        return;
    }
    size_t used_bytes = 0;
    size_t map_bytes = 0;
    wu_store_usage(wu_node_store(daemon->node), &used_bytes, &map_bytes);
    if (disk_is_full(daemon)) {
        set_state(daemon, FULL, "less than 64 MiB of disk are free");
    } else if (daemon->state == FULL &&
               used_bytes + (used_bytes >> 4) >= daemon->config.map_bytes_max) {
        return; /* only a larger map_bytes_max helps */
    } else if (is_diverged(daemon)) {
        set_state(daemon, DIVERGED, "this store is older than what it has sent");
    } else if (!wu_exchange_is_proven(daemon->exchange)) {
        set_state(daemon, JOINING, "its coordinator has not yet agreed with where it stands");
    } else {
        set_state(daemon, SERVING, "all is well");
    }
}

static void log_counts(struct daemon *daemon)
{
    uint64_t refused = daemon->refused_count + wu_bus_refused_count(daemon->bus);
    uint64_t dead = wu_node_info(daemon->node).dead_count;
    if (dead != daemon->logged_dead_count) {
        wu_log(WU_LOG_ERROR, "dead-letters",
               "count=%" PRIu64 " text=\"see wushectl dead-letters "
               "list\"",
               dead);
        daemon->logged_dead_count = dead;
    }
    if (refused != daemon->logged_refused_count && steady_ms() >= daemon->next_refused_log_ms) {
        wu_log(WU_LOG_WARNING, "refused", "count=%" PRIu64, refused);
        daemon->logged_refused_count = refused;
        daemon->next_refused_log_ms =
            steady_ms() + WU_MINUTE_MS; /* the door is open to floods, the log is not */
    }
}

static void tick(struct daemon *daemon)
{
    int64_t now_ms = steady_ms();
    if (now_ms < daemon->next_tick_ms) {
        return;
    }
    daemon->next_tick_ms = now_ms + WU_SECOND_MS;
    review_state(daemon);
    follow_store(daemon);
    wu_exchange_tick(daemon->exchange, steady_ms());
    wu_bus_tick(daemon->bus, steady_ms());
    wu_store_clean_readers(wu_node_store(daemon->node));
    log_counts(daemon);
    if (wu_notify_alive_interval_ms() > 0 && now_ms >= daemon->next_alive_ms) {
        wu_notify_alive();
        daemon->next_alive_ms = now_ms + wu_notify_alive_interval_ms();
    }
}

/* ---- signals
 * ------------------------------------------------------------------------------------------------
 */

static void reload_roster(struct daemon *daemon, struct wu_error *error)
{
    struct wu_roster fresh;
    if (!daemon->core->is_hub) {
        return;
    }
    if (wu_roster_load(daemon->config.roster_file, &fresh, error) != WU_OK) {
        wu_log(WU_LOG_ERROR, "reload-refused", "text=\"%s; the old roster stays\"", error->text);
        wu_notify_status("roster refused: %s", error->text);
        return;
    }
    wu_roster_free(&daemon->roster);
    daemon->roster = fresh;
    wu_exchange_set_roster(daemon->exchange, &daemon->roster);
    if (wu_bus_set_roster(daemon->bus, &daemon->roster, error) != WU_OK) {
        stop(daemon, EXIT_SYSTEM, error->text);
        return;
    }
    wu_log(WU_LOG_INFO, "roster", "nodes=%zu", daemon->roster.count);
}

static void reload(struct daemon *daemon)
{
    struct wu_error error = {{0}};
    struct wu_config fresh;
    enum wu_log_level level;
    wu_notify_reloading();
    if (wu_config_load(daemon->config_path, &fresh, &error) != WU_OK ||
        wu_config_reload(&daemon->config, &fresh, &error) != WU_OK) {
        wu_log(WU_LOG_ERROR, "reload-refused", "text=\"%s; the old configuration stays\"",
               error.text);
    } else if (wu_log_level_from_name(daemon->config.log_level, &level)) {
        wu_log_set_level(level);
        wu_log(WU_LOG_INFO, "reloaded", "config=\"%s\"", daemon->config_path);
    }
    reload_roster(daemon, &error);
    wu_notify_ready(STATE_NAMES[daemon->state]);
}

static void take_signal(struct daemon *daemon)
{
    struct signalfd_siginfo info;
    if (read(daemon->signal_fd, &info, sizeof info) != (ssize_t)sizeof info) {
        return;
    }
    if (info.ssi_signo == SIGHUP) {
        reload(daemon);
    } else if (daemon->state != DRAINING) {
        daemon->drain_until_ms = steady_ms() + (int64_t)daemon->config.drain_ms;
        wu_notify_stopping("draining");
        set_state(daemon, DRAINING, "asked to stop");
    }
}

static void finish_draining(struct daemon *daemon)
{
    if (daemon->state != DRAINING) {
        return;
    }
    if (wu_exchange_is_drained(daemon->exchange)) {
        stop(daemon, 0, "every record is on its peer's disk");
    } else if (steady_ms() >= daemon->drain_until_ms) {
        stop(daemon, 0, "time is up; what is left goes out after the next start");
    }
}

/* ---- the loop
 * -------------------------------------------------------------------------------------------------
 */

static int64_t wait_ms(const struct daemon *daemon)
{
    int64_t until_tick = daemon->next_tick_ms - steady_ms();
    int64_t until_due = wu_node_info(daemon->node).next_due_ms - clock_ms();
    int64_t wait = daemon->state == SERVING && until_due < until_tick ? until_due : until_tick;
    if (daemon->state == DRAINING && wait > 20) {
        wait = 20;
    }
    return wait > 0 ? wait : 0;
}

static int serve(struct daemon *daemon)
{
    while (daemon->exit_status < 0) {
        bool signalled = false;
        wu_bus_wait(daemon->bus, wait_ms(daemon), daemon->signal_fd, &signalled);
        if (signalled) {
            take_signal(daemon);
        }
        collect(daemon);
        if (daemon->exit_status >= 0) {
            break;
        }
        run_batch(daemon);
        tick(daemon);
        finish_draining(daemon);
    }
    return daemon->exit_status;
}

/* ---- starting
 * ------------------------------------------------------------------------------------------------------
 */

static int block_signals(void)
{
    sigset_t set;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGINT);
    (void)sigaddset(&set, SIGHUP);
    (void)sigprocmask(SIG_BLOCK, &set, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

static enum wu_status open_node(struct daemon *daemon, struct wu_error *error)
{
    struct wu_node_config config = {
        .store_path = daemon->config.state_dir,
        .core = daemon->core,
        .node = (uint32_t)daemon->config.node,
        .hub = (uint32_t)daemon->config.hub_node,
        .division = daemon->config.division,
        .utc_offset_min = daemon->config.utc_offset_min,
        .map_bytes = daemon->config.map_bytes,
        .map_bytes_max = daemon->config.map_bytes_max,
        .arena_bytes = daemon->config.arena_bytes,
        .batch_count_max = daemon->config.batch_count_max,
        .stream_keep_count = daemon->config.stream_keep_count,
        .public_keep_count = daemon->config.public_keep_count,
    };
    return wu_node_open(&daemon->node, &config, error);
}

/* Keys that an erasure before a crash was to destroy are gone before anybody is let in. */
static enum wu_status open_door(struct daemon *daemon, struct wu_error *error)
{
    uint8_t secret[WU_KEY_BYTES];
    wu_keys_secret(&daemon->keys, secret);
    const struct wu_door_config config = {.secret = secret, .store_path = daemon->config.state_dir};
    enum wu_status status = wu_door_make(&daemon->door, &config, error);
    explicit_bzero(secret, sizeof secret);
    if (status == WU_OK && wu_door_settle(daemon->door, daemon->node) != WU_OK) {
        status = wu_error_set(error, WU_IO, "keystore '%s.keys' cannot be written",
                              daemon->config.state_dir);
    }
    return status;
}

static enum wu_status open_exchange(struct daemon *daemon, struct wu_error *error)
{
    struct wu_exchange_config config = {
        .node = daemon->node,
        .roster = daemon->core->is_hub ? &daemon->roster : NULL,
        .window_count = daemon->config.window_count,
        .ops = {.send = exchange_send,
                .publish = exchange_publish,
                .subscribe = exchange_subscribe,
                .report = exchange_report},
        .context = daemon,
    };
    enum wu_status status = wu_exchange_open(&daemon->exchange, &config);
    return status == WU_OK ? WU_OK : wu_error_set(error, status, "no memory for the exchange");
}

static enum wu_status open_bus(struct daemon *daemon, struct wu_error *error)
{
    struct wu_bus_config config = {
        .front_door = daemon->config.front_door,
        .front_door_mode = (unsigned)daemon->config.front_door_mode,
        .keys = &daemon->keys,
        .hub_node = (uint32_t)daemon->config.hub_node,
        .hub_mail = daemon->config.hub_mail,
        .hub_public = daemon->config.hub_public,
        .hub_key = daemon->config.hub_key,
        .listen_mail = daemon->core->is_hub ? daemon->config.listen_mail : "",
        .listen_public = daemon->core->is_hub ? daemon->config.listen_public : "",
        .roster = &daemon->roster,
    };
    return wu_bus_open(&daemon->bus, &config, error);
}

static enum wu_status open_all(struct daemon *daemon, struct wu_error *error)
{
    enum wu_status status = wu_keys_load(daemon->config.key_file, &daemon->keys, error);
    if (status == WU_OK && daemon->core->is_hub) {
        status = wu_roster_load(daemon->config.roster_file, &daemon->roster, error);
    }
    if (status == WU_OK) {
        status = open_node(daemon, error);
    }
    if (status == WU_OK) {
        status = open_door(daemon, error);
    }
    if (status == WU_OK) {
        status = open_exchange(daemon, error);
    }
    if (status == WU_OK) {
        status = open_bus(daemon, error);
    }
    daemon->waiting = calloc(daemon->config.batch_count_max, sizeof *daemon->waiting);
    if (status == WU_OK &&
        (daemon->waiting == NULL || wu_arena_open(&daemon->reply, (size_t)2 << 20) != WU_OK)) {
        status = wu_error_set(error, WU_NO_MEMORY, "no memory for answers");
    }
    return status;
}

static void close_all(struct daemon *daemon)
{
    wu_bus_close(&daemon->bus);
    wu_exchange_close(&daemon->exchange);
    wu_door_close(&daemon->door);
    wu_node_close(&daemon->node);
    wu_roster_free(&daemon->roster);
    wu_arena_close(&daemon->reply);
    free(daemon->waiting);
    (void)close(daemon->signal_fd);
}

static int exit_status_of(enum wu_status status)
{
    switch (status) {
    case WU_INVALID:
    case WU_DENIED:
        return EXIT_CONFIG;
    case WU_BUSY:
        return EXIT_IN_USE;
    default:
        return EXIT_SYSTEM;
    }
}

static enum wu_status load_config(const struct wu_core *core, const char *path,
                                  struct wu_config *config, struct wu_error *error)
{
    enum wu_status status = wu_config_load(path, config, error);
    if (status == WU_OK && strcmp(config->role, core->role) != 0) {
        return wu_error_set(error, WU_INVALID,
                            "%s: role is '%s', this daemon is wushe-%s; start wushe-%s with it",
                            path, config->role, core->role, config->role);
    }
    if (status == WU_OK && !core->is_hub && config->hub_node == 0) {
        return wu_error_set(error, WU_INVALID,
                            "%s: hub_node is missing; a %s node dials the coordinator of its "
                            "division",
                            path, core->role);
    }
    return status;
}

static int run(const struct wu_core *core, const char *path)
{
    struct daemon daemon = {.core = core, .config_path = path, .exit_status = -1};
    struct wu_error error = {{0}};
    enum wu_log_level level = WU_LOG_INFO;
    enum wu_status status = load_config(core, path, &daemon.config, &error);
    if (status != WU_OK) {
        (void)fprintf(stderr, "wushe-%s: %s\n", core->role, error.text);
        return EXIT_CONFIG;
    }
    (void)wu_log_level_from_name(daemon.config.log_level, &level);
    (void)snprintf(daemon.who, sizeof daemon.who, "%s#%" PRIu64, core->role, daemon.config.node);
    wu_log_open(daemon.who, level);
    daemon.signal_fd = block_signals(); /* before any thread is there to take one */
    status = open_all(&daemon, &error);
    int exit_status = 0;
    if (status == WU_OK) {
        struct wu_node_info info = wu_node_info(daemon.node);
        daemon.committed_at_ms = info.time_ms;
        daemon.witness = wu_witness_load(daemon.config.state_dir);
        review_state(&daemon); /* before anything is taken in */
        wu_log(WU_LOG_INFO, "ready", "seq=%" PRIu64 " generation=%u version=%s door=\"%s\"",
               info.journal_seq, info.generation, WUSHE_VERSION, daemon.config.front_door);
        wu_notify_ready(STATE_NAMES[daemon.state]);
        exit_status = serve(&daemon);
    } else {
        wu_log(WU_LOG_ERROR, "not-started", "text=\"%s\"", error.text);
        exit_status = exit_status_of(status);
    }
    close_all(&daemon);
    return exit_status;
}

/* ---- command line
 * ----------------------------------------------------------------------------------------------------
 */

static void print_help(const struct wu_core *core)
{
    (void)printf("wushe-%s: the %s daemon of wushe (five societies)\n\n"
                 "  --config FILE        run with this configuration\n"
                 "  --check-config FILE  say whether the file is right, and stop\n"
                 "  --print-config FILE  print every key with its value, and stop\n"
                 "  --help, --version\n\n"
                 "SIGTERM drains and stops, SIGHUP reads configuration and roster again.\n"
                 "Exit status: 0 fine, 64 wrong command line, 74 disk or system failed,\n"
                 "75 the store is in use, 78 wrong configuration.\n\nConfiguration keys:\n\n",
                 core->role, core->role);
    wu_config_help(stdout);
}

static int check_config(const struct wu_core *core, const char *path, bool print)
{
    struct wu_config config;
    struct wu_error error = {{0}};
    if (load_config(core, path, &config, &error) != WU_OK) {
        (void)fprintf(stderr, "wushe-%s: %s\n", core->role, error.text);
        return EXIT_CONFIG;
    }
    if (print) {
        wu_config_print(stdout, &config);
    } else {
        (void)printf("%s: fine\n", path);
    }
    return 0;
}

int wu_daemon_main(const struct wu_core *core, int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    if (argc == 2 && strcmp(what, "--help") == 0) {
        print_help(core);
        return 0;
    }
    if (argc == 2 && strcmp(what, "--version") == 0) {
        (void)printf("wushe-%s %s\n", core->role, WUSHE_VERSION);
        return 0;
    }
    if (argc == 3 && strcmp(what, "--config") == 0) {
        return run(core, argv[2]);
    }
    if (argc == 3 && strcmp(what, "--check-config") == 0) {
        return check_config(core, argv[2], false);
    }
    if (argc == 3 && strcmp(what, "--print-config") == 0) {
        return check_config(core, argv[2], true);
    }
    (void)fprintf(stderr,
                  "wushe-%s: expected --config FILE, --check-config FILE, --print-config FILE, "
                  "--help or --version; got '%s'\n",
                  core->role, what);
    return EXIT_USAGE;
}
