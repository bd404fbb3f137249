#pragma once

#include "common/base/arena.h"
#include "services/ctl/parse.h"
#include "wushe/coordinator/v1/kind.pb-c.h"

/*
 * The catalogue as files of people: YAML, one file for each heading. Every key
 * is explained in seeds/catalogue/README.md.
 *
 *   heading: elderly
 *   kinds:
 *     elderly-meal:
 *       name: {zh: 老人助餐, en: Meals for an elder}
 *       class: purchasable
 *       must: [socialorg]
 *       recipe: ["socialorg:meal-elderly:1", "charity:money-elderly:9000?"]
 *       reply: 4h
 *       deliver: 7d
 *       confirm: 3d
 *       clocks: {urgent: {reply: 1h, deliver: 1d}, longing: {reply: 1d, working_days: 10}}
 *       legal_basis: 养老服务条例 ...
 */
enum { CTL_CATALOGUE_KINDS_MAX = 1024, CTL_CATALOGUE_BYTES_MAX = 256 * 1024 };

struct ctl_catalogue_kind {
    Coordinator__AdoptKind *adopt;
    const char *file;
    unsigned line;
};

struct ctl_catalogue {
    struct wu_arena *arena;        /* where everything that was read stays */
    const struct ctl_clock *clock; /* days are the city's */

    /* Called for each thing that is wrong, with what to do about it. */
    void (*on_fault)(void *context, const char *file, unsigned line, const char *sentence);
    void *context;

    struct ctl_catalogue_kind kinds[CTL_CATALOGUE_KINDS_MAX];
    size_t kind_count;
    size_t fault_count;
};

/*
 * Adds the kinds of one file's text; name stands for the file. Everything that
 * is wrong is told, not only the first; a kind with a fault is not added. What
 * the coordinator would refuse is told here too, in the same words.
 * WU_NO_MEMORY when the arena is too small, else WU_OK, faults or not.
 */
WU_CHECKED enum wu_status ctl_catalogue_parse(struct ctl_catalogue *catalogue, const char *name,
                                              const char *text, size_t size_bytes);

/*
 * A kind in the words of its file, field by field in the order of the file: "" for
 * what it does not say. All but the day it begins.
 */
enum { CTL_CATALOGUE_FIELD_COUNT = 20 };

struct ctl_printer {
    struct wu_arena *arena; /* where texts are made */
    int64_t utc_offset_min; /* of the city */
};

const char *ctl_catalogue_field_name(size_t field);
const char *ctl_catalogue_field_text(const struct ctl_printer *to,
                                     const Coordinator__AdoptKind *kind, size_t field);
/* By its name; "" for no such field. */
const char *ctl_catalogue_field_named(const struct ctl_printer *to,
                                      const Coordinator__AdoptKind *kind, const char *name);
