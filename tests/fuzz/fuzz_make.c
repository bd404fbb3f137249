#include "tests/fuzz/fuzz_make.h"

#include "common/base/assert.h"
#include "common/base/time.h"

#include <string.h>

#define COUNT(list) (sizeof(list) / sizeof(list)[0])

uint8_t fuzz_byte(struct fuzz_bytes *bytes)
{
    if (bytes->left == 0) {
        return 0;
    }
    bytes->left--;
    return *bytes->at++;
}

struct fuzz_bytes fuzz_slice(struct fuzz_bytes *bytes)
{
    enum { SLICE_MAX = 128 };
    size_t size = fuzz_byte(bytes) % SLICE_MAX;
    size = size < bytes->left ? size : bytes->left;
    struct fuzz_bytes slice = {bytes->at, size};
    bytes->at += size;
    bytes->left -= size;
    return slice;
}

/* ---- pools ------------------------------------------------------------------------ */

static const int64_t SPANS_MS[] = {
    0, WU_HOUR_MS,  2 * WU_HOUR_MS, WU_DAY_MS, 3 * WU_DAY_MS, 30 * WU_DAY_MS, WU_MINUTE_MS,
    1, -WU_HOUR_MS, -WU_DAY_MS,     INT64_MAX, INT64_MIN,
};
static const int64_t AMOUNTS[] = {1,   2,  3,         0,        5,         10,
                                  100, -1, INT32_MAX, 1L << 50, INT64_MAX, INT64_MIN};
static const uint32_t NUMBERS[] = {1, 2, 3, 0, 4, 64, 65536, UINT32_MAX};
static const uint64_t DIVISIONS[] = {
    420106012001,  420106012002, 420106012000,
    420106000000,  420100000000, 420000000000,
    420106013001,  110101001001, 0,
    1000000000000,
};

#define LONG_TEXT "0123456789012345678901234567890123456789" /* longer than any key */
static const char *const CODES[] = {"b1", "b2", "b3", "", "b 4", LONG_TEXT};
static const char *const SERVICES[] = {"s1", "s2",      "s3",
                                       "",   LONG_TEXT, "0123456789012345678901234567890"};
static const char *const NAMES[] = {"a body", "another", "", LONG_TEXT LONG_TEXT LONG_TEXT};
/* what must never be in public */
static const char *const SECRETS[] = {"CANARY-1", "CANARY-2", "CANARY-3", "", LONG_TEXT};

/* who speaks: some of them are bodies themselves */
static const char *const PEOPLE[] = {"p1", "p2", "b2", "", "b 4", LONG_TEXT};
static const char *const CREDIT_CODES[] = {"53100000500021676K", "9144030071526726XG", "",
                                           "53100000500021676L", LONG_TEXT};

/* Which pool a text of that name comes from. */
static const struct {
    const char *name;
    const char *const *pool;
    size_t count;
} TEXTS[] = {
    {"code", CODES, COUNT(CODES)},
    {"fund", CODES, COUNT(CODES)},
    {"station", CODES, COUNT(CODES)},
    {"team", CODES, COUNT(CODES)},
    {"by", PEOPLE, COUNT(PEOPLE)},
    {"party", PEOPLE, COUNT(PEOPLE)},
    {"other", CODES, COUNT(CODES)},
    {"body", CODES, COUNT(CODES)},
    {"mentor", CODES, COUNT(CODES)},
    {"filing_number", CODES, COUNT(CODES)},
    {"credit_code", CREDIT_CODES, COUNT(CREDIT_CODES)},
    {"scope", SERVICES, COUNT(SERVICES)},
    {"checks", SERVICES, COUNT(SERVICES)},
    {"kind", CODES, COUNT(CODES)},
    {"service", SERVICES, COUNT(SERVICES)},
    {"services", SERVICES, COUNT(SERVICES)},
    {"skills", SERVICES, COUNT(SERVICES)},
    {"fields", SERVICES, COUNT(SERVICES)},
    {"assess_field", SERVICES, COUNT(SERVICES)},
    {"licence_field", SERVICES, COUNT(SERVICES)},
    {"purpose", SERVICES, COUNT(SERVICES)},
    {"number", SECRETS, COUNT(SECRETS)},
    {"receipt", SECRETS, COUNT(SECRETS)},
    {"external_ref", SECRETS, COUNT(SECRETS)},
    {"text", SECRETS, COUNT(SECRETS)},
};

/* Where in SPANS_MS a time of that name begins; "now" for the others. */
static const struct {
    const char *name;
    size_t first;
} TIMES[] = {
    {"until_ms", 3},
    {"valid_until_ms", 5},
    {"reply_by_ms", 1},
    {"hold_until_ms", 2},
    {"held_until_ms", 2},
    {"deliver_by_ms", 3},
    {"registered_until_ms", 5},
    {"reply_within_ms", 1},
    {"deliver_within_ms", 3},
    {"confirm_within_ms", 4},
};

int64_t fuzz_span_ms(uint8_t choice)
{
    return SPANS_MS[choice % COUNT(SPANS_MS)];
}

/* ---- ids and refs ------------------------------------------------------------------- */

static void learn_id(struct fuzz_ids *ids, const struct wu_id *id)
{
    for (size_t i = 0; i < FUZZ_IDS_MAX && i < ids->count; i++) {
        if (wu_id_equal(&ids->list[i], id)) {
            return;
        }
    }
    ids->list[ids->count++ % FUZZ_IDS_MAX] = *id;
}

static void learn_ref(struct fuzz_maker *maker, const struct fuzz_ref *ref)
{
    maker->refs[maker->ref_count++ % FUZZ_REFS_MAX] = *ref;
    learn_id(&maker->linkages, &ref->linkage_id);
}

/* One that was learned, the newest first, or one that may be new. */
static struct wu_id choose_id(struct fuzz_maker *maker, const struct fuzz_ids *known,
                              uint32_t first_node)
{
    uint8_t choice = fuzz_byte(&maker->bytes);
    size_t held = known->count < FUZZ_IDS_MAX ? known->count : FUZZ_IDS_MAX;
    if (choice == UINT8_MAX) {
        return (struct wu_id){0};
    }
    struct wu_id id = wu_id_make(first_node + (choice >> 2) % 2, 1, 1u + choice % 4u, 0);
    if (held > 0 && choice < 192) {
        id = known->list[(known->count - 1 - choice % held) % FUZZ_IDS_MAX];
    }
    maker->speaker = wu_id_node(&id);
    return id;
}

static Linkage__StepRef *make_ref(struct fuzz_maker *maker)
{
    enum { SAME, NEXT_ATTEMPT, NEXT_STEP, OTHER_PROVIDER, CHANGES };
    uint8_t choice = fuzz_byte(&maker->bytes);
    size_t held = maker->ref_count < FUZZ_REFS_MAX ? maker->ref_count : FUZZ_REFS_MAX;
    struct fuzz_ref ref = {0};
    if (held > 0 && choice % 2 == 0) {
        ref = maker->refs[(maker->ref_count - 1 - (choice >> 1) % held) % FUZZ_REFS_MAX];
        uint8_t change = fuzz_byte(&maker->bytes) % 8;
        ref.attempt += change == NEXT_ATTEMPT;
        ref.step_no += change == NEXT_STEP;
        if (change == OTHER_PROVIDER) {
            ref.provider_id = choose_id(maker, &maker->providers, 2);
        }
    } else {
        ref.provider_id = choose_id(maker, &maker->providers, 2);
        ref.linkage_id = choose_id(maker, &maker->linkages, FUZZ_FIRST_NEED_NODE);
        ref.step_no = NUMBERS[fuzz_byte(&maker->bytes) % COUNT(NUMBERS)];
        ref.attempt = NUMBERS[fuzz_byte(&maker->bytes) % COUNT(NUMBERS)];
    }
    learn_ref(maker, &ref);
    maker->speaker = ref.node;
    struct wu_id *ids = wu_arena_take(maker->arena, 2 * sizeof *ids);
    Linkage__StepRef *message = wu_arena_take(maker->arena, sizeof *message);
    WU_ASSERT(ids != NULL && message != NULL);
    ids[0] = ref.linkage_id;
    ids[1] = ref.provider_id;
    linkage__step_ref__init(message);
    message->linkage_id = wu_id_to_pb(&ids[0]);
    message->provider_id = wu_id_to_pb(&ids[1]);
    message->step_no = ref.step_no;
    message->attempt = ref.attempt;
    return message;
}

/* ---- values -------------------------------------------------------------------------- */

static bool ends_with(const char *text, const char *end)
{
    size_t size = strlen(text);
    size_t end_size = strlen(end);
    return size >= end_size && strcmp(text + size - end_size, end) == 0;
}

static int64_t make_time(struct fuzz_maker *maker, const char *name)
{
    size_t first = 0;
    for (size_t i = 0; i < COUNT(TIMES); i++) {
        first = strcmp(TIMES[i].name, name) == 0 ? TIMES[i].first : first;
    }
    int64_t span_ms = SPANS_MS[(first + fuzz_byte(&maker->bytes)) % COUNT(SPANS_MS)];
    return ends_with(name, "_within_ms") ? span_ms : wu_time_add(maker->now_ms, span_ms);
}

static uint32_t make_number(struct fuzz_maker *maker, const char *name)
{
    uint8_t choice = fuzz_byte(&maker->bytes);
    if (strcmp(name, "weekday") == 0) {
        return 1u + (choice + 4u) % 8u; /* a story begins on a Friday */
    }
    if (strcmp(name, "from_min") == 0) {
        return choice % 16u * 90u;
    }
    if (strcmp(name, "until_min") == 0) {
        return 1440u - choice % 16u * 90u;
    }
    if (strcmp(name, "date") == 0) {
        return 20270115u + choice % 20u; /* some of them are no days */
    }
    return NUMBERS[choice % COUNT(NUMBERS)];
}

static const char *make_text(struct fuzz_maker *maker, const char *name, bool of_a_person)
{
    uint8_t choice = fuzz_byte(&maker->bytes);
    if (of_a_person && strcmp(name, "name") == 0) {
        return SECRETS[choice % COUNT(SECRETS)];
    }
    for (size_t i = 0; i < COUNT(TEXTS); i++) {
        if (strcmp(TEXTS[i].name, name) == 0) {
            return TEXTS[i].pool[choice % TEXTS[i].count];
        }
    }
    return NAMES[choice % COUNT(NAMES)];
}

/* Yes is the plain good value of these. */
static bool make_bool(struct fuzz_maker *maker, const char *name)
{
    bool plain =
        strcmp(name, "required") == 0 || strcmp(name, "accept") == 0 || strcmp(name, "open") == 0;
    return plain != (fuzz_byte(&maker->bytes) % 2 == 1);
}

static int make_enum(struct fuzz_maker *maker, const ProtobufCEnumDescriptor *schema)
{
    uint8_t choice = fuzz_byte(&maker->bytes);
    if (choice >= 0xf0) {
        return choice == 0xf0 ? 99 : 0;
    }
    unsigned plain = schema == &linkage__role__descriptor; /* a community provides nothing */
    return schema->values[1 + (plain + choice) % (schema->n_values - 1)].value;
}

static ProtobufCBinaryData make_bytes(struct fuzz_maker *maker, const char *name)
{
    bool is_provider = strcmp(name, "provider_id") == 0;
    struct wu_id *id = wu_arena_take(maker->arena, sizeof *id);
    WU_ASSERT(id != NULL);
    *id = choose_id(maker, is_provider ? &maker->providers : &maker->linkages,
                    is_provider ? 2 : FUZZ_FIRST_NEED_NODE);
    return wu_id_node(id) == 0 ? (ProtobufCBinaryData){0} : wu_id_to_pb(id);
}

static void make_value(struct fuzz_maker *maker, const ProtobufCFieldDescriptor *field,
                       bool of_a_person, void *value)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT64:
        *(int64_t *)value = ends_with(field->name, "_ms")
                                ? make_time(maker, field->name)
                                : AMOUNTS[fuzz_byte(&maker->bytes) % COUNT(AMOUNTS)];
        break;
    case PROTOBUF_C_TYPE_UINT64: /* a division, as things are */
        *(uint64_t *)value = DIVISIONS[fuzz_byte(&maker->bytes) % COUNT(DIVISIONS)];
        break;
    case PROTOBUF_C_TYPE_UINT32:
        *(uint32_t *)value = make_number(maker, field->name);
        break;
    case PROTOBUF_C_TYPE_BOOL:
        *(protobuf_c_boolean *)value = make_bool(maker, field->name);
        break;
    case PROTOBUF_C_TYPE_ENUM:
        *(int *)value = make_enum(maker, field->descriptor);
        break;
    case PROTOBUF_C_TYPE_STRING:
        *(const char **)value = make_text(maker, field->name, of_a_person);
        break;
    case PROTOBUF_C_TYPE_BYTES:
        *(ProtobufCBinaryData *)value = make_bytes(maker, field->name);
        break;
    case PROTOBUF_C_TYPE_MESSAGE:
        *(ProtobufCMessage **)value = fuzz_make(maker, field->descriptor);
        break;
    default:
        WU_ASSERT(field->type == PROTOBUF_C_TYPE_INT64); /* no schema of ours has another */
    }
}

static size_t size_of(const ProtobufCFieldDescriptor *field)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_UINT64:
        return sizeof(int64_t);
    case PROTOBUF_C_TYPE_BYTES:
        return sizeof(ProtobufCBinaryData);
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE:
        return sizeof(void *);
    default:
        return sizeof(int);
    }
}

/* One, unless said otherwise: an empty list is seldom any use. */
static void make_list(struct fuzz_maker *maker, const ProtobufCFieldDescriptor *field,
                      bool of_a_person, uint8_t *message)
{
    static const uint8_t COUNTS[] = {1, 2, 0, 3, 1, 2, 5, 66};
    size_t count = COUNTS[fuzz_byte(&maker->bytes) % COUNT(COUNTS)];
    uint8_t *values = wu_arena_take(maker->arena, (count + 1) * size_of(field));
    WU_ASSERT(values != NULL);
    for (size_t i = 0; i < count; i++) {
        make_value(maker, field, of_a_person, values + i * size_of(field));
    }
    memcpy(message + field->quantifier_offset, &count, sizeof count);
    memcpy(message + field->offset, &values, sizeof values);
}

ProtobufCMessage *fuzz_make(struct fuzz_maker *maker, const ProtobufCMessageDescriptor *schema)
{
    if (schema == &linkage__step_ref__descriptor) {
        return &make_ref(maker)->base;
    }
    ProtobufCMessage *message = wu_arena_take(maker->arena, schema->sizeof_message);
    WU_ASSERT(message != NULL);
    protobuf_c_message_init(schema, message);
    bool of_a_person =
        ends_with(schema->name, ".AddVolunteer") || ends_with(schema->name, ".AddWorker");
    for (unsigned i = 0; i < schema->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &schema->fields[i];
        if (field->label == PROTOBUF_C_LABEL_REPEATED) {
            make_list(maker, field, of_a_person, (uint8_t *)message);
        } else {
            make_value(maker, field, of_a_person, (uint8_t *)message + field->offset);
        }
    }
    return message;
}

/* ---- learning -------------------------------------------------------------------------- */

static void learn_ref_message(struct fuzz_maker *maker, const Linkage__StepRef *message,
                              uint32_t to_node)
{
    struct fuzz_ref ref = {
        .step_no = message->step_no, .attempt = message->attempt, .node = to_node};
    if (wu_id_from_pb(message->linkage_id, &ref.linkage_id) &&
        wu_id_from_pb(message->provider_id, &ref.provider_id)) {
        learn_ref(maker, &ref);
    }
}

void fuzz_learn(struct fuzz_maker *maker, const ProtobufCMessage *message, uint32_t to_node)
{
    const ProtobufCMessageDescriptor *schema = message->descriptor;
    for (unsigned i = 0; i < schema->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &schema->fields[i];
        const void *value = (const uint8_t *)message + field->offset;
        struct wu_id id;
        if (field->label == PROTOBUF_C_LABEL_REPEATED) {
            continue;
        }
        if (field->descriptor == &linkage__step_ref__descriptor) {
            const Linkage__StepRef *ref = *(Linkage__StepRef *const *)value;
            if (ref != NULL) {
                learn_ref_message(maker, ref, to_node);
            }
        } else if (field->type == PROTOBUF_C_TYPE_BYTES &&
                   wu_id_from_pb(*(const ProtobufCBinaryData *)value, &id)) {
            bool is_provider = strcmp(field->name, "provider_id") == 0;
            learn_id(is_provider ? &maker->providers : &maker->linkages, &id);
        }
    }
}
