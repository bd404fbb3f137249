#include "services/ctl/pump.h"

#include "common/base/assert.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum {
    SLOTS = 1024, /* as many as the client's window: command number n has slot n % SLOTS */
    ARENA_BYTES = 256 * 1024,
    SLICE_MS = 500,
    GIVE_UP_MS = 60 * 1000,
    TELL_MS = 3 * 1000,
    PROGRESS_MS = 200,
};

struct slot {
    bool used;
    void *item;
};

struct door {
    const struct ctl_node *node;
    struct wu_client *client;
    uint64_t last_number; /* of the last command sent */
    uint64_t seq_at_open; /* of the node's journal */
    size_t unanswered;
    int64_t heard_ms; /* when the last answer came, or the first of those unanswered went out */
    bool told;        /* that we wait for it */
    bool given_up;
    struct slot slots[SLOTS];
};

struct ctl_pump {
    struct ctl *ctl;
    const char *what;
    ctl_pump_done done;
    void *context;
    struct wu_arena arena; /* of one answer */
    struct door *doors[64];
    size_t door_count;

    int64_t opened_ms;
    int64_t give_up_ms;
    bool shows_progress;
    int64_t shown_ms;
    uint64_t ended_count;
};

static int64_t now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

struct ctl_pump *ctl_pump_open(struct ctl *ctl, const char *what, ctl_pump_done done, void *context)
{
    struct ctl_pump *pump = calloc(1, sizeof *pump);
    if (pump == NULL || wu_arena_open(&pump->arena, ARENA_BYTES) != WU_OK) {
        free(pump);
        (void)ctl_complain(CTL_FAILED, "no memory left");
        return NULL;
    }
    pump->ctl = ctl;
    pump->what = what;
    pump->done = done;
    pump->context = context;
    pump->opened_ms = now_ms();
    pump->give_up_ms = ctl->timeout_ms > GIVE_UP_MS ? ctl->timeout_ms : GIVE_UP_MS;
    pump->shows_progress = !ctl->quiet && isatty(STDERR_FILENO) != 0;
    return pump;
}

/* ---- progress -------------------------------------------------------------- */

static void clear_progress(struct ctl_pump *pump)
{
    if (pump->shows_progress && pump->shown_ms != 0) {
        (void)fputs("\r\033[K", stderr);
        (void)fflush(stderr);
    }
}

static void show_progress(struct ctl_pump *pump)
{
    int64_t now = now_ms();
    if (!pump->shows_progress || now - pump->shown_ms < PROGRESS_MS) {
        return;
    }
    int64_t age_ms = now - pump->opened_ms;
    uint64_t rate = age_ms > 0 ? pump->ended_count * 1000 / (uint64_t)age_ms : 0;
    (void)fprintf(stderr, "\r\033[K%s: %llu done, %llu/s", pump->what,
                  (unsigned long long)pump->ended_count, (unsigned long long)rate);
    (void)fflush(stderr);
    pump->shown_ms = now;
}

/* A silent node is told of once, so that nobody wonders. */
static void tell_of_silence(struct ctl_pump *pump, struct door *door, int64_t silent_ms)
{
    if (door->told || silent_ms < TELL_MS || pump->ctl->quiet) {
        return;
    }
    door->told = true;
    clear_progress(pump);
    (void)fprintf(stderr, "wushectl: waiting for %s#%llu, which has %zu commands to answer\n",
                  door->node->config.role, (unsigned long long)door->node->config.node,
                  door->unanswered);
}

/* ---- the end of an item ---------------------------------------------------- */

static void end_item(struct ctl_pump *pump, void *item, const struct ctl_pump_result *result)
{
    pump->ended_count++;
    pump->done(pump->context, item, result);
    show_progress(pump);
}

static void end_answered(struct ctl_pump *pump, struct door *door, const Bus__Answer *answer)
{
    struct slot *slot = &door->slots[answer->number % SLOTS];
    bool ours = answer->number <= door->last_number && door->last_number - answer->number < SLOTS;
    if (!ours || !slot->used) {
        return; /* an answer that came twice */
    }
    struct ctl_pump_result result = {.code = answer->code, .text = answer->text};
    result.accepted = answer->status == BUS__ANSWER_STATUS__ANSWER_STATUS_ACCEPTED ||
                      answer->status == BUS__ANSWER_STATUS__ANSWER_STATUS_FORWARDED;
    if (wu_id_from_pb(answer->id, &result.id)) {
        result.known_before = result.accepted && wu_id_seq(&result.id) <= door->seq_at_open;
    }
    if (!result.accepted && result.code[0] == '\0') {
        const ProtobufCEnumValue *known = protobuf_c_enum_descriptor_get_value(
            &bus__answer_status__descriptor, (int)answer->status);
        result.code = known != NULL ? known->name + sizeof "ANSWER_STATUS_" - 1 : "UNKNOWN";
    }
    slot->used = false;
    door->unanswered--;
    door->heard_ms = now_ms();
    door->told = false;
    end_item(pump, slot->item, &result);
}

static void give_up(struct ctl_pump *pump, struct door *door)
{
    clear_progress(pump);
    (void)ctl_complain(CTL_NO_ANSWER,
                       "%s#%llu did not answer for %lld s and is given up: see 'wushectl status'; "
                       "doing this again repeats nothing that was taken",
                       door->node->config.role, (unsigned long long)door->node->config.node,
                       (long long)(pump->give_up_ms / 1000));
    door->given_up = true;
    static const struct ctl_pump_result result = {
        .code = "NO_ANSWER", .text = "the node did not answer; it may still have taken this"};
    for (size_t i = 0; i < SLOTS; i++) {
        if (door->slots[i].used) {
            door->slots[i].used = false;
            door->unanswered--;
            end_item(pump, door->slots[i].item, &result);
        }
    }
}

/* Takes one answer if it comes within wait_ms. True when one came. */
static bool take_answer(struct ctl_pump *pump, struct door *door, int wait_ms)
{
    const Bus__Answer *answer = NULL;
    wu_arena_reset(&pump->arena, 0);
    enum wu_status status = wu_client_answer(door->client, wait_ms, &pump->arena, &answer);
    if (status == WU_OK) {
        end_answered(pump, door, answer);
        return true;
    }
    int64_t silent_ms = now_ms() - door->heard_ms;
    tell_of_silence(pump, door, silent_ms);
    if (wait_ms > 0 && (silent_ms >= pump->give_up_ms || status != WU_BUSY)) {
        give_up(pump, door);
    }
    return false;
}

/* ---- sending --------------------------------------------------------------- */

/* Opens the door and asks how far its node is, which also shows that it is there. */
static int open_door(struct ctl_pump *pump, const struct ctl_node *node, struct door **ret_door)
{
    struct door *door = calloc(1, sizeof *door);
    if (door == NULL) {
        return ctl_complain(CTL_FAILED, "no memory left");
    }
    door->node = node;
    door->client = ctl_open_door(pump->ctl, node);
    if (door->client == NULL) {
        free(door);
        return CTL_FAILED;
    }
    const Bus__Pong *pong = NULL;
    wu_arena_reset(&pump->arena, 0);
    if (wu_client_ping(door->client, pump->ctl->timeout_ms, &pump->arena, &pong) != WU_OK) {
        wu_client_close(&door->client);
        free(door);
        clear_progress(pump);
        return ctl_complain(CTL_NO_ANSWER,
                            "%s#%llu did not answer within %d s: is it running? See "
                            "'wushectl status'",
                            node->config.role, (unsigned long long)node->config.node,
                            pump->ctl->timeout_ms / 1000);
    }
    door->seq_at_open = pong->journal_seq;
    pump->doors[pump->door_count++] = door;
    *ret_door = door;
    return CTL_OK;
}

static int door_of(struct ctl_pump *pump, const struct ctl_node *node, struct door **ret_door)
{
    for (size_t i = 0; i < pump->door_count; i++) {
        if (pump->doors[i]->node == node) {
            *ret_door = pump->doors[i];
            return CTL_OK;
        }
    }
    WU_ASSERT(pump->door_count < sizeof pump->doors / sizeof pump->doors[0]);
    return open_door(pump, node, ret_door);
}

static void end_unsent(struct ctl_pump *pump, void *item)
{
    static const struct ctl_pump_result result = {
        .code = "NOT_SENT", .text = "its node had stopped answering, so this was not sent"};
    end_item(pump, item, &result);
}

int ctl_pump_send(struct ctl_pump *pump, const struct ctl_node *node,
                  const struct wu_command *command, void *item)
{
    struct door *door = NULL;
    int status = door_of(pump, node, &door);
    if (door == NULL) {
        return status;
    }
    while (!door->given_up) {
        struct slot *slot = &door->slots[(door->last_number + 1) % SLOTS];
        uint64_t number = 0;
        if (!slot->used && wu_client_send(door->client, command, &number) == WU_OK) {
            WU_ASSERT(number == door->last_number + 1);
            door->last_number = number;
            door->heard_ms = door->unanswered == 0 ? now_ms() : door->heard_ms;
            door->unanswered++;
            *slot = (struct slot){true, item};
            return CTL_OK;
        }
        (void)take_answer(pump, door, SLICE_MS);
        while (!door->given_up && door->unanswered > 0 && take_answer(pump, door, 0)) {
        }
    }
    end_unsent(pump, item);
    return CTL_OK;
}

void ctl_pump_wait(struct ctl_pump *pump)
{
    for (size_t i = 0; i < pump->door_count; i++) {
        while (pump->doors[i]->unanswered > 0) {
            (void)take_answer(pump, pump->doors[i], SLICE_MS);
        }
    }
}

bool ctl_pump_gave_up(const struct ctl_pump *pump)
{
    for (size_t i = 0; i < pump->door_count; i++) {
        if (pump->doors[i]->given_up) {
            return true;
        }
    }
    return false;
}

int64_t ctl_pump_age_ms(const struct ctl_pump *pump)
{
    return now_ms() - pump->opened_ms;
}

void ctl_pump_close(struct ctl_pump **pump_p)
{
    struct ctl_pump *pump = *pump_p;
    if (pump == NULL) {
        return;
    }
    clear_progress(pump);
    for (size_t i = 0; i < pump->door_count; i++) {
        wu_client_close(&pump->doors[i]->client);
        free(pump->doors[i]);
    }
    wu_arena_close(&pump->arena);
    free(pump);
    *pump_p = NULL;
}
