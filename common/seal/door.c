#include "common/seal/door.h"

#include "common/fold/pb.h"
#include "common/seal/box.h"

#include <ctype.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef Seal__Sealed Sealed;

enum { PATH_BYTES = 320, TEXT_BYTES_MAX = 4096, ABOUT_BYTES = 20 };

struct wu_door {
    struct wu_keystore *keys;
    uint64_t settled; /* door_duties of the node when all keys were settled */
    bool was_settled;
};

static const struct wu_door_refusal NOT_REFUSED;
static const struct wu_door_refusal KIND_MISSING = {
    "SEALED_KIND_MISSING", "personal data says of what kind it is: name, phone, address ..."};
static const struct wu_door_refusal NOT_OPEN = {
    "SEALED_NOT_OPEN", "personal data comes open to the door and has 1 to 4096 bytes; leave out "
                       "the field where there is none"};
static const struct wu_door_refusal NO_TOKEN = {
    "SEALED_NOT_SEARCHABLE", "only a phone number or an ID number can be searched for"};
static const struct wu_door_refusal KEY_UNKNOWN = {
    "SEALED_KEY_UNKNOWN", "no such key in this node's keystore; read the resident again, or put "
                          "back the keystore"};
static const struct wu_door_refusal KEY_DESTROYED = {
    "SEALED_ERASED", "this data was erased: its key is destroyed, and nothing is sealed or read "
                     "under it again"};
static const struct wu_door_refusal ASKED_BEFORE = {
    "SEALED_ASKED_BEFORE", "this was answered before, and each opening has its own entry in the "
                           "access log; ask anew"};

/* ---- making and closing --------------------------------------------------------- */

enum wu_status wu_door_make(struct wu_door **ret_door, const struct wu_door_config *config,
                            struct wu_error *reterr)
{
    char path[PATH_BYTES];
    size_t length = strlen(config->store_path);
    while (length > 1 && config->store_path[length - 1] == '/') {
        length--;
    }
    (void)snprintf(path, sizeof path, "%.*s.keys", (int)length, config->store_path);
    struct wu_door *door = sodium_init() >= 0 ? calloc(1, sizeof *door) : NULL;
    if (door == NULL) {
        return wu_error_set(reterr, WU_NO_MEMORY, "no memory for the door");
    }
    const struct wu_keystore_config keys = {
        .path = path,
        .secret = config->secret,
        .random = config->random,
        .context = config->context,
        .scratch = config->scratch,
    };
    enum wu_status status = wu_keystore_open(&door->keys, &keys, reterr);
    if (status != WU_OK) {
        wu_door_close(&door);
        return status;
    }
    *ret_door = door;
    return WU_OK;
}

void wu_door_close(struct wu_door **door_p)
{
    struct wu_door *door = *door_p;
    if (door == NULL) {
        return;
    }
    wu_keystore_close(&door->keys);
    free(door);
    *door_p = NULL;
}

/* ---- sealing ---------------------------------------------------------------------- */

/* What a box is bound to: whose it is and what kind of thing. It opens as nothing else. */
static struct wu_bytes about(const struct wu_id *key_id, Seal__PersonalKind kind,
                             uint8_t out[ABOUT_BYTES])
{
    memcpy(out, key_id->bytes, sizeof key_id->bytes);
    wu_put_u32(out + sizeof key_id->bytes, (uint32_t)kind);
    return wu_bytes(out, ABOUT_BYTES);
}

/* A command's own key id: the same command has the same. No secret is in it. */
static struct wu_id new_key_id(const Bus__Submit *submit)
{
    struct wu_id id;
    uint8_t number[8];
    crypto_generichash_state state;
    wu_put_u64(number, submit->number);
    (void)crypto_generichash_init(&state, NULL, 0, sizeof id.bytes);
    (void)crypto_generichash_update(&state, submit->producer.data, submit->producer.len);
    (void)crypto_generichash_update(&state, number, sizeof number);
    (void)crypto_generichash_final(&state, id.bytes, sizeof id.bytes);
    return id;
}

/* "+86 138-0000-0000" and "13800000000" are not told apart by blanks, dashes, dots or case. */
static struct wu_bytes plain(const char *text, struct wu_arena *arena)
{
    char *out = wu_arena_copy(arena, text, strlen(text));
    size_t size = 0;
    for (; out != NULL && *text != '\0'; text++) {
        if (strchr(" -.()\t", *text) == NULL) {
            out[size++] = (char)toupper((unsigned char)*text);
        }
    }
    static const char country[] = "+86";
    bool has_country = size > sizeof country && strncmp(out, country, sizeof country - 1) == 0;
    return has_country ? wu_bytes(out + sizeof country - 1, size - (sizeof country - 1))
                       : wu_bytes(out, size);
}

static bool is_searchable(Seal__PersonalKind kind)
{
    return kind == SEAL__PERSONAL_KIND__PERSONAL_KIND_PHONE ||
           kind == SEAL__PERSONAL_KIND__PERSONAL_KIND_ID_NUMBER;
}

static enum wu_status add_token(struct wu_door *door, Sealed *sealed, struct wu_arena *arena)
{
    uint8_t pepper[WU_KEY_BYTES];
    uint8_t bound[ABOUT_BYTES];
    struct wu_id *token = wu_arena_take(arena, sizeof *token);
    struct wu_bytes text = plain(sealed->open, arena);
    enum wu_status status =
        token == NULL || text.data == NULL ? WU_NO_MEMORY : wu_keystore_pepper(door->keys, pepper);
    if (status == WU_OK) {
        static const struct wu_id nobody; /* the same number of two people has the same token */
        wu_box_token(pepper, about(&nobody, sealed->kind, bound), text, token);
        sealed->token = wu_id_to_pb(token);
        sodium_memzero(pepper, sizeof pepper);
    }
    return status;
}

static struct wu_door_refusal field_refusal(const Sealed *sealed)
{
    size_t size = strlen(sealed->open);
    if (sealed->kind == SEAL__PERSONAL_KIND__PERSONAL_KIND_UNSPECIFIED) {
        return KIND_MISSING;
    }
    if (size == 0 || size > TEXT_BYTES_MAX || sealed->box.len > 0 || sealed->token.len > 0) {
        return NOT_OPEN;
    }
    return sealed->search && !is_searchable(sealed->kind) ? NO_TOKEN : NOT_REFUSED;
}

static enum wu_status add_box(struct wu_door *door, const Bus__Submit *submit, Sealed *sealed,
                              struct wu_arena *arena, struct wu_door_refusal *ret_refusal)
{
    uint8_t key[WU_KEY_BYTES];
    uint8_t bound[ABOUT_BYTES];
    struct wu_id *key_id = wu_arena_take(arena, sizeof *key_id);
    if (key_id == NULL) {
        return WU_NO_MEMORY;
    }
    bool is_known = wu_id_from_pb(sealed->key_id, key_id);
    if (!is_known) {
        *key_id = new_key_id(submit);
    }
    enum wu_status status = is_known ? wu_keystore_get(door->keys, key_id, key)
                                     : wu_keystore_make(door->keys, key_id, key);
    if (status == WU_NOT_FOUND || status == WU_DENIED) {
        *ret_refusal = status == WU_DENIED ? KEY_DESTROYED : KEY_UNKNOWN;
        return WU_OK;
    }
    if (status != WU_OK) {
        return status;
    }
    const struct wu_id once = new_key_id(submit);
    struct wu_bytes box = wu_box_seal(key, about(key_id, sealed->kind, bound),
                                      wu_bytes(once.bytes, sizeof once.bytes),
                                      wu_bytes(sealed->open, strlen(sealed->open)), arena);
    sodium_memzero(key, sizeof key);
    sealed->key_id = wu_id_to_pb(key_id);
    sealed->box = (ProtobufCBinaryData){box.size, (uint8_t *)(uintptr_t)box.data};
    return box.data != NULL ? WU_OK : WU_NO_MEMORY;
}

static enum wu_status seal_field(struct wu_door *door, const Bus__Submit *submit, Sealed *sealed,
                                 struct wu_arena *arena, struct wu_door_refusal *ret_refusal)
{
    enum wu_status status = WU_OK;
    *ret_refusal = field_refusal(sealed);
    if (ret_refusal->code == NULL && is_searchable(sealed->kind)) {
        status = add_token(door, sealed, arena);
    }
    if (ret_refusal->code == NULL && status == WU_OK && !sealed->search) {
        status = add_box(door, submit, sealed, arena, ret_refusal);
    }
    sodium_memzero((char *)(uintptr_t)sealed->open, strlen(sealed->open));
    sealed->open = protobuf_c_empty_string;
    return status;
}

/* The Sealed messages of one field of a message, once or repeated. */
static Sealed **sealed_of(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
                          size_t *ret_count)
{
    *ret_count = 0;
    if (field->type != PROTOBUF_C_TYPE_MESSAGE || field->descriptor != &seal__sealed__descriptor) {
        return NULL;
    }
    void *member = (uint8_t *)message + field->offset;
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        memcpy(ret_count, (uint8_t *)message + field->quantifier_offset, sizeof *ret_count);
        return *(Sealed ***)member;
    }
    *ret_count = *(Sealed **)member != NULL;
    return member;
}

enum wu_status wu_door_seal(struct wu_door *door, const ProtobufCMessageDescriptor *body,
                            Bus__Submit *submit, struct wu_arena *arena,
                            struct wu_door_refusal *ret_refusal)
{
    *ret_refusal = NOT_REFUSED;
    if (!wu_event_is_personal(submit->type)) {
        return WU_OK;
    }
    ProtobufCMessage *message =
        protobuf_c_message_unpack(body, &arena->pb, submit->data.len, submit->data.data);
    sodium_memzero(submit->data.data, submit->data.len);
    enum wu_status status = message != NULL ? WU_OK : WU_NO_MEMORY; /* it decoded before */
    for (unsigned at = 0; message != NULL && at < body->n_fields; at++) {
        size_t count = 0;
        Sealed **fields = sealed_of(message, &body->fields[at], &count);
        for (size_t index = 0; index < count && status == WU_OK && ret_refusal->code == NULL;
             index++) {
            status = seal_field(door, submit, fields[index], arena, ret_refusal);
        }
    }
    if (status != WU_OK || ret_refusal->code != NULL) {
        return status;
    }
    struct wu_bytes packed = wu_pb_pack(message, arena);
    submit->data = (ProtobufCBinaryData){packed.size, (uint8_t *)(uintptr_t)packed.data};
    return packed.data != NULL ? WU_OK : WU_NO_MEMORY;
}

enum wu_status wu_door_sync(struct wu_door *door)
{
    return wu_keystore_sync(door->keys);
}

/* ---- opening -------------------------------------------------------------------------- */

/* data NULL, and why: the key is destroyed or unknown, or the box is not what it says. */
static struct wu_bytes open_field(struct wu_door *door, const Sealed *sealed,
                                  struct wu_arena *arena, struct wu_door_refusal *ret_refusal)
{
    uint8_t key[WU_KEY_BYTES];
    uint8_t bound[ABOUT_BYTES];
    struct wu_id key_id;
    struct wu_bytes box = wu_bytes(sealed->box.data, sealed->box.len);
    *ret_refusal = KEY_UNKNOWN;
    enum wu_status status = wu_id_from_pb(sealed->key_id, &key_id)
                                ? wu_keystore_get(door->keys, &key_id, key)
                                : WU_NOT_FOUND;
    if (status != WU_OK) {
        *ret_refusal = status == WU_DENIED ? KEY_DESTROYED : KEY_UNKNOWN;
        return wu_bytes(NULL, 0);
    }
    struct wu_bytes text = wu_box_open(key, about(&key_id, sealed->kind, bound), box, arena);
    sodium_memzero(key, sizeof key);
    return text;
}

static void refuse_answer(Bus__Answer *answer, const struct wu_door_refusal *refusal)
{
    answer->status = BUS__ANSWER_STATUS__ANSWER_STATUS_REFUSED;
    answer->code = (char *)(uintptr_t)refusal->code; /* only read */
    answer->text = (char *)(uintptr_t)refusal->text;
    answer->sealed = NULL;
    answer->n_sealed = 0;
}

void wu_door_open_answer(struct wu_door *door, const struct wu_input *input, Bus__Answer *answer,
                         struct wu_arena *arena)
{
    if (answer->n_sealed == 0) {
        return;
    }
    size_t count = answer->n_sealed;
    Sealed *opened = wu_arena_take(arena, count * sizeof *opened);
    Sealed **list = wu_arena_take(arena, count * sizeof(Sealed *));
    struct wu_door_refusal refusal = ASKED_BEFORE;
    bool may = input->seq != 0 && opened != NULL && list != NULL;
    for (size_t index = 0; index < count && may; index++) {
        struct wu_bytes text = open_field(door, answer->sealed[index], arena, &refusal);
        may = text.data != NULL;
        seal__sealed__init(&opened[index]);
        opened[index].kind = answer->sealed[index]->kind;
        opened[index].open = may ? (const char *)text.data : opened[index].open;
        list[index] = &opened[index];
    }
    if (!may) {
        refuse_answer(answer, &refusal);
        return;
    }
    answer->sealed = list;
}

/* ---- what the fold asks of the door --------------------------------------------------- */

static enum wu_status destroy_keys(struct wu_door *door, struct wu_txn *txn)
{
    struct wu_destroyed_key_key key = {{{0}}};
    struct wu_bytes row = {0};
    bool found = wu_table_from_raw(txn, &WU_DESTROYED_KEYS, &key, 0, &row);
    enum wu_status status = WU_OK;
    while (found && status == WU_OK) {
        status = wu_keystore_destroy(door->keys, &key.key_id);
        found = wu_table_after_raw(txn, &WU_DESTROYED_KEYS, &key, 0, &row);
    }
    return status == WU_OK ? wu_txn_status(txn) : status;
}

enum wu_status wu_door_settle(struct wu_door *door, struct wu_node *node)
{
    struct wu_txn *txn = NULL;
    uint64_t duties = wu_node_info(node).door_duties;
    if (door->was_settled && door->settled == duties) {
        return WU_OK;
    }
    enum wu_status status = wu_txn_begin_read(wu_node_store(node), wu_node_arena(node), &txn);
    if (status == WU_OK) {
        status = destroy_keys(door, txn);
    }
    wu_txn_abort(&txn);
    door->was_settled = status == WU_OK;
    door->settled = duties;
    return status;
}
