#include "services/ctl/catalogue.h"

#include "common/base/date.h"
#include "wushe/socialworker/v1/worker.pb-c.h"

#include <inttypes.h>
#include <string.h>

static const char *span_text(struct wu_arena *arena, int64_t span_ms)
{
    if (span_ms > 0 && span_ms % WU_DAY_MS == 0) {
        return wu_arena_printf(arena, "%" PRId64 "d", span_ms / WU_DAY_MS);
    }
    if (span_ms > 0 && span_ms % WU_HOUR_MS == 0) {
        return wu_arena_printf(arena, "%" PRId64 "h", span_ms / WU_HOUR_MS);
    }
    return wu_arena_printf(arena, "%" PRId64 "m", span_ms / WU_MINUTE_MS);
}

static const char *word_text(struct wu_arena *arena, const ProtobufCEnumDescriptor *words,
                             const char *prefix, int value)
{
    char word[64];
    const char *text = ctl_word(words, prefix, value, word, sizeof word);
    return value == 0 ? "" : wu_arena_printf(arena, "%s", text);
}

static const char *class_text(const struct ctl_printer *to, const Coordinator__AdoptKind *kind)
{
    return word_text(to->arena, &coordinator__kind_class__descriptor, "KIND_CLASS_",
                     (int)kind->service_class);
}

static const char *roles_text(struct wu_arena *arena, const Coordinator__AdoptKind *kind,
                              Coordinator__Duty duty)
{
    const char *text = "";
    for (size_t i = 0; i < kind->n_duties && text != NULL; i++) {
        if (kind->duties[i]->duty == duty) {
            text = wu_arena_printf(
                arena, "%s%s%s", text, text[0] != '\0' ? ", " : "",
                word_text(arena, &linkage__role__descriptor, "ROLE_", (int)kind->duties[i]->role));
        }
    }
    return text;
}

static const char *must_text(const struct ctl_printer *to, const Coordinator__AdoptKind *kind)
{
    return roles_text(to->arena, kind, COORDINATOR__DUTY__DUTY_MUST);
}

static const char *may_text(const struct ctl_printer *to, const Coordinator__AdoptKind *kind)
{
    return roles_text(to->arena, kind, COORDINATOR__DUTY__DUTY_MAY);
}

static const char *must_not_text(const struct ctl_printer *to, const Coordinator__AdoptKind *kind)
{
    return roles_text(to->arena, kind, COORDINATOR__DUTY__DUTY_MUST_NOT);
}

static const char *level_text(const struct ctl_printer *to, const Coordinator__AdoptKind *kind)
{
    return word_text(to->arena, &socialworker__worker_level__descriptor, "WORKER_LEVEL_",
                     (int)kind->level_min);
}

static const char *assess_text(const struct ctl_printer *to, const Coordinator__AdoptKind *kind)
{
    (void)to;
    return kind->assess ? kind->assess_field : "";
}

static const char *approval_text(const struct ctl_printer *to, const Coordinator__AdoptKind *kind)
{
    (void)to;
    return kind->approval ? "true" : "";
}

static const char *broadcast_text(const struct ctl_printer *to, const Coordinator__AdoptKind *kind)
{
    (void)to;
    return kind->broadcast ? "true" : "";
}

static const char *recipe_text(const struct ctl_printer *to, const Coordinator__AdoptKind *kind)
{
    const char *text = "";
    for (size_t i = 0; i < kind->n_recipe && text != NULL; i++) {
        const Linkage__PlanStep *step = kind->recipe[i];
        text = wu_arena_printf(
            to->arena, "%s%s%s:%s:%" PRId64 "%s", text, i > 0 ? "; " : "",
            word_text(to->arena, &linkage__role__descriptor, "ROLE_", (int)step->role),
            step->service, step->quantity, step->required ? "" : "?");
    }
    return text;
}

static const char *reply_text(const struct ctl_printer *to, const Coordinator__AdoptKind *kind)
{
    return span_text(to->arena, kind->reply_within_ms);
}

static const char *deliver_text(const struct ctl_printer *to, const Coordinator__AdoptKind *kind)
{
    return span_text(to->arena, kind->deliver_within_ms);
}

static const char *confirm_text(const struct ctl_printer *to, const Coordinator__AdoptKind *kind)
{
    return span_text(to->arena, kind->confirm_within_ms);
}

static const char *clock_text(struct wu_arena *arena, const Coordinator__UrgencyClock *clock)
{
    const char *deliver =
        clock->deliver_working_days > 0
            ? wu_arena_printf(arena, "%" PRIu32 " working days", clock->deliver_working_days)
            : span_text(arena, clock->deliver_within_ms);
    const char *gather =
        clock->gather_within_ms > 0 ? span_text(arena, clock->gather_within_ms) : NULL;
    return wu_arena_printf(arena, "%s reply %s, deliver %s%s%s",
                           word_text(arena, &community__need_urgency__descriptor, "NEED_URGENCY_",
                                     (int)clock->urgency),
                           span_text(arena, clock->reply_within_ms), deliver,
                           gather != NULL ? ", gather " : "", gather != NULL ? gather : "");
}

static const char *clocks_text(const struct ctl_printer *to, const Coordinator__AdoptKind *kind)
{
    const char *text = "";
    for (size_t i = 0; i < kind->n_clocks && text != NULL; i++) {
        text = wu_arena_printf(to->arena, "%s%s%s", text, i > 0 ? "; " : "",
                               clock_text(to->arena, kind->clocks[i]));
    }
    return text;
}

/* The last day it is in force. */
static const char *until_text(const struct ctl_printer *to, const Coordinator__AdoptKind *kind)
{
    if (kind->valid_until_ms == 0) {
        return "";
    }
    uint32_t date = wu_date_of_day(wu_day_of_time(kind->valid_until_ms - 1, to->utc_offset_min));
    return wu_arena_printf(to->arena, "%04u-%02u-%02u", date / 10000, date / 100 % 100, date % 100);
}

#define TEXT(member) offsetof(Coordinator__AdoptKind, member)

/* The offset of a text, or how the text is made. */
struct field {
    const char *name;
    size_t offset;
    const char *(*text)(const struct ctl_printer *to, const Coordinator__AdoptKind *kind);
};

static const struct field FIELDS[CTL_CATALOGUE_FIELD_COUNT] = {
    {"heading", TEXT(heading), NULL},
    {"name.zh", TEXT(name_zh), NULL},
    {"name.en", TEXT(name_en), NULL},
    {"class", 0, class_text},
    {"must", 0, must_text},
    {"may", 0, may_text},
    {"must_not", 0, must_not_text},
    {"level", 0, level_text},
    {"field", TEXT(licence_field), NULL},
    {"assess", 0, assess_text},
    {"approval", 0, approval_text},
    {"broadcast", 0, broadcast_text},
    {"purpose", TEXT(purpose), NULL},
    {"recipe", 0, recipe_text},
    {"reply", 0, reply_text},
    {"deliver", 0, deliver_text},
    {"confirm", 0, confirm_text},
    {"clocks", 0, clocks_text},
    {"legal_basis", TEXT(legal_basis), NULL},
    {"valid_until", 0, until_text},
};

const char *ctl_catalogue_field_name(size_t field)
{
    return FIELDS[field].name;
}

const char *ctl_catalogue_field_text(const struct ctl_printer *to,
                                     const Coordinator__AdoptKind *kind, size_t field)
{
    const char *text = FIELDS[field].text != NULL
                           ? FIELDS[field].text(to, kind)
                           : *(const char *const *)((const char *)kind + FIELDS[field].offset);
    return text != NULL ? text : "";
}

const char *ctl_catalogue_field_named(const struct ctl_printer *to,
                                      const Coordinator__AdoptKind *kind, const char *name)
{
    for (size_t field = 0; field < CTL_CATALOGUE_FIELD_COUNT; field++) {
        if (strcmp(FIELDS[field].name, name) == 0) {
            return ctl_catalogue_field_text(to, kind, field);
        }
    }
    return "";
}
