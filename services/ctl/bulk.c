#include "services/ctl/bulk.h"

#include "services/ctl/parse.h"

#include <stdlib.h>

enum { REFUSALS_SHOWN = 20, LIMIT_MAX = 1000000000 };

struct ctl_bulk {
    struct ctl *ctl;
    struct ctl_pump *pump;
    uint64_t accepted_count;
    uint64_t refused_count;
};

bool ctl_targets_add(struct ctl_targets *targets, const struct ctl_target *target)
{
    if (targets->count == targets->room) {
        size_t room = targets->room == 0 ? 1024 : targets->room * 2;
        struct ctl_target *grown = realloc(targets->list, room * sizeof *grown);
        if (grown == NULL) {
            return false;
        }
        targets->list = grown;
        targets->room = room;
    }
    targets->list[targets->count++] = *target;
    return true;
}

static void on_done(void *context, void *item, const struct ctl_pump_result *result)
{
    struct ctl_bulk *bulk = context;
    const struct ctl_target *target = item;
    char id[WU_ID_TEXT_MAX];
    char step[24] = "";
    if (result->accepted) {
        bulk->accepted_count++;
        return;
    }
    bulk->refused_count++;
    if (target->step_no != 0) {
        (void)snprintf(step, sizeof step, " step %u", (unsigned)target->step_no);
    }
    if (bulk->refused_count <= REFUSALS_SHOWN) {
        (void)ctl_complain(CTL_REFUSED, "%s%s: %s: %s", wu_id_to_text(&target->id, id), step,
                           result->code, result->text);
    } else if (bulk->refused_count == REFUSALS_SHOWN + 1) {
        (void)ctl_complain(CTL_REFUSED, "more were refused; the totals count them");
    }
}

int ctl_bulk_send(struct ctl_bulk *bulk, const struct ctl_target *target,
                  const struct wu_command *command)
{
    /* The pump hands the item back and never writes to it. */
    return ctl_pump_send(bulk->pump, target->node, command, (void *)(uintptr_t)target);
}

static void print_totals(const struct ctl_bulk *bulk, const char *what, const char *done,
                         size_t count)
{
    int64_t age_ms = ctl_pump_age_ms(bulk->pump);
    if (bulk->ctl->json) {
        (void)printf("{\"%s\":%zu,\"%s\":%llu,\"refused\":%llu,\"milliseconds\":%lld}\n", what,
                     count, done, (unsigned long long)bulk->accepted_count,
                     (unsigned long long)bulk->refused_count, (long long)age_ms);
        return;
    }
    (void)printf("%zu %s in %lld.%02lld s: %llu %s, %llu refused\n", count, what,
                 (long long)(age_ms / 1000), (long long)(age_ms % 1000 / 10),
                 (unsigned long long)bulk->accepted_count, done,
                 (unsigned long long)bulk->refused_count);
}

int ctl_bulk_run(struct ctl *ctl, const char *what, const char *done,
                 const struct ctl_targets *targets, ctl_bulk_sender send, const void *context)
{
    struct ctl_bulk bulk = {.ctl = ctl};
    bulk.pump = ctl_pump_open(ctl, what, on_done, &bulk);
    if (bulk.pump == NULL) {
        return CTL_FAILED;
    }
    int status = CTL_OK;
    for (size_t i = 0; i < targets->count && status == CTL_OK; i++) {
        status = send(&bulk, &targets->list[i], context);
    }
    ctl_pump_wait(bulk.pump);
    if (status == CTL_OK && bulk.refused_count > 0) {
        status = ctl_pump_gave_up(bulk.pump) ? CTL_NO_ANSWER : CTL_REFUSED;
    }
    print_totals(&bulk, what, done, targets->count);
    ctl_pump_close(&bulk.pump);
    return status;
}

bool ctl_read_limit(const char *text, int64_t *limit)
{
    if (text == NULL || (ctl_parse_number(text, LIMIT_MAX, limit) && *limit > 0)) {
        return true;
    }
    (void)ctl_complain(CTL_USAGE, "--limit '%s' is not a number above 0", text);
    return false;
}

void ctl_tell_cut(const struct ctl *ctl)
{
    if (!ctl->quiet) {
        (void)fputs("there are more; --limit N shows more\n", stderr);
    }
}
