#pragma once

#include "common/fold/step.h"

/*
 * What the commands of all societies check alike, and how a refusal is told.
 */

/* Where names, words and lists end. */
enum {
    CHECK_NAME_BYTES_MAX = 120,
    CHECK_TEXT_BYTES_MAX = 1000,
    CHECK_SERVICE_BYTES_MAX = 31,
    CHECK_SERVICES_MAX = 64,
};

/* 1 to bytes_max bytes, none of them blank or control: fit to be a key. */
bool check_is_code(const char *text, size_t bytes_max);

/* A name of 1 to bytes_max bytes. */
bool check_is_name(const char *text, size_t bytes_max);

/* A note or the words of a person: at most CHECK_TEXT_BYTES_MAX bytes, maybe none. */
bool check_is_text(const char *text);

/* 1 to CHECK_SERVICES_MAX codes of services, each named once. */
bool check_are_services(const char *const *services, size_t service_count);

/* True when the code is one of them. */
bool check_has_service(const char *const *services, size_t service_count, const char *service);

bool check_same_text(const char *a, const char *b);

/* True when both say the same: a command that changes nothing writes nothing. */
bool check_same_row(struct wu_step *step, const ProtobufCMessage *a, const ProtobufCMessage *b);

struct refusal {
    const char *code;     /* stable, upper case */
    const char *sentence; /* why, and what to do */
};

/* "'<what>': <sentence>"; what is the text the person gave, left out when it is long. */
void check_refuse(struct wu_step *step, const char *what, const struct refusal *refusal);
