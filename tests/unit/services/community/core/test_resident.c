/*
 * Residents behind a real door: what the store and its journal hold is sealed,
 * what is read was agreed to and is on the record, what is erased stays so.
 */
#include "common/base/time.h"
#include "services/community/core/core.h"
#include "services/community/core/tables.h"
#include "tests/support/answers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIVISION UINT64_C(420106012001)
#define PURPOSE_SERVICE COMMUNITY__PURPOSE__PURPOSE_SERVICE
#define KIND_PHONE SEAL__PERSONAL_KIND__PERSONAL_KIND_PHONE
#define KIND_HEALTH SEAL__PERSONAL_KIND__PERSONAL_KIND_HEALTH

static const char NAME[] = "CANARY-NAME-WangXiuying";
static const char PHONE[] = "13800001111";
static const char ID_NUMBER[] = "42010619400101002X";
static const char HEALTH[] = "CANARY-HEALTH-dialysis";

static struct world *world;

static void set_up(void)
{
    world = world_open(&COMMUNITY_CORE);
    world_open_door(world);
    AddCommunity add = COMMUNITY__ADD_COMMUNITY__INIT;
    add.division = DIVISION;
    add.name = "东湖社区";
    assert_accepted(world_command(world, WU_TYPE(COMMUNITY_ADD_COMMUNITY), &add.base));
}

static void tear_down(void)
{
    world_verify(world);
    world_close(&world);
}

TestSuite(resident, .init = set_up, .fini = tear_down);

/* ---- saying things ------------------------------------------------------------------- */

static Sealed field(PersonalKind kind, const char *text)
{
    Sealed sealed = SEAL__SEALED__INIT;
    sealed.kind = kind;
    sealed.open = text;
    return sealed;
}

static const Bus__Answer *register_with(Sealed **fields, size_t count)
{
    RegisterResident add = COMMUNITY__REGISTER_RESIDENT__INIT;
    add.division = DIVISION;
    add.fields = fields;
    add.n_fields = count;
    return world_command(world, WU_TYPE(COMMUNITY_REGISTER_RESIDENT), &add.base);
}

static struct wu_id register_wang(void)
{
    struct wu_id id;
    Sealed fields[] = {field(KIND_NAME, NAME), field(KIND_PHONE, PHONE),
                       field(KIND_ID_NUMBER, ID_NUMBER), field(KIND_HEALTH, HEALTH)};
    Sealed *list[] = {&fields[0], &fields[1], &fields[2], &fields[3]};
    const Bus__Answer *answer = register_with(list, 4);
    assert_accepted(answer);
    cr_assert(wu_id_from_pb(answer->id, &id));
    return id;
}

static const Bus__Answer *read_kind(const struct wu_id *id, Purpose purpose, PersonalKind kind)
{
    ReadResident read = COMMUNITY__READ_RESIDENT__INIT;
    read.resident_id = wu_id_to_pb(id);
    read.who = "grid worker 3";
    read.purpose = purpose;
    read.kinds = &kind;
    read.n_kinds = 1;
    return world_command(world, WU_TYPE(COMMUNITY_READ_RESIDENT), &read.base);
}

static const Bus__Answer *agree(const struct wu_id *id, Purpose purpose, bool sensitive)
{
    RecordConsent record = COMMUNITY__RECORD_CONSENT__INIT;
    record.resident_id = wu_id_to_pb(id);
    record.purpose = purpose;
    record.recipient = ROLE_COMMUNITY;
    record.until_ms = world_now_ms(world) + WU_DAY_MS;
    record.sensitive = sensitive;
    return world_command(world, WU_TYPE(COMMUNITY_RECORD_CONSENT), &record.base);
}

static const Bus__Answer *withdraw(const struct wu_id *id, uint32_t consent_no)
{
    WithdrawConsent body = COMMUNITY__WITHDRAW_CONSENT__INIT;
    body.resident_id = wu_id_to_pb(id);
    body.consent_no = consent_no;
    return world_command(world, WU_TYPE(COMMUNITY_WITHDRAW_CONSENT), &body.base);
}

static const Bus__Answer *erase(const struct wu_id *id)
{
    EraseResident body = COMMUNITY__ERASE_RESIDENT__INIT;
    body.resident_id = wu_id_to_pb(id);
    body.who = "clerk 1";
    return world_command(world, WU_TYPE(COMMUNITY_ERASE_RESIDENT), &body.base);
}

static const Bus__Answer *find(PersonalKind kind, const char *text)
{
    FindResident body = COMMUNITY__FIND_RESIDENT__INIT;
    Sealed wanted = field(kind, text);
    wanted.search = true;
    body.field = &wanted;
    body.who = "clerk 1";
    return world_command(world, WU_TYPE(COMMUNITY_FIND_RESIDENT), &body.base);
}

static const AccessRow *access_row(const struct wu_id *id, uint32_t access_no)
{
    return accesses_get(world_txn(world), &(struct access_key){*id, access_no});
}

static const ResidentRow *row_of(const struct wu_id *id)
{
    return residents_get(world_txn(world), &(struct resident_key){*id});
}

/* The whole file, free pages too. */
static bool store_has(const char *suffix, const void *bytes, size_t size)
{
    char path[600];
    (void)snprintf(path, sizeof path, "%s%s", world_store_path(world), suffix);
    FILE *file = fopen(path, "re");
    cr_assert_not_null(file, "%s", path);
    cr_assert_eq(fseek(file, 0, SEEK_END), 0);
    long length = ftell(file);
    cr_assert_gt(length, 0);
    rewind(file);
    uint8_t *all = malloc((size_t)length);
    cr_assert_eq(fread(all, 1, (size_t)length, file), (size_t)length);
    (void)fclose(file);
    bool found = memmem(all, (size_t)length, bytes, size) != NULL;
    free(all);
    return found;
}

static void assert_nothing_open(void)
{
    const char *const canaries[] = {NAME, PHONE, ID_NUMBER, HEALTH};
    for (size_t i = 0; i < sizeof canaries / sizeof canaries[0]; i++) {
        cr_assert_not(store_has("/data.mdb", canaries[i], strlen(canaries[i])), "%s", canaries[i]);
        cr_assert_not(store_has(".keys", canaries[i], strlen(canaries[i])), "%s", canaries[i]);
    }
}

/* ---- sealed before it is journaled ----------------------------------------------------- */

Test(resident, what_is_personal_reaches_no_file_of_the_store)
{
    struct wu_id id = register_wang();
    cr_assert_str_eq(read_kind(&id, PURPOSE_OWN_REQUEST, KIND_NAME)->sealed[0]->open, NAME);
    assert_accepted(find(KIND_PHONE, PHONE));
    cr_assert(store_has("/data.mdb", "grid worker 3", 13), "the search itself works");
    assert_nothing_open();
}

Test(resident, a_registration_sent_again_is_the_same_registration)
{
    struct wu_id id = register_wang();
    struct wu_id again;
    const Bus__Answer *answer = world_repeat(world);
    assert_accepted(answer);
    cr_assert(wu_id_from_pb(answer->id, &again));
    cr_assert(wu_id_equal(&id, &again));
}

Test(resident, the_door_takes_nothing_that_is_sealed_already_or_has_no_kind)
{
    Sealed name = field(KIND_NAME, NAME);
    Sealed *list[] = {&name};
    uint8_t forged[40] = {1};
    name.box = (ProtobufCBinaryData){sizeof forged, forged};
    assert_refused(register_with(list, 1), "SEALED_NOT_OPEN");
    name = field(SEAL__PERSONAL_KIND__PERSONAL_KIND_UNSPECIFIED, NAME);
    assert_refused(register_with(list, 1), "SEALED_KIND_MISSING");
    name = field(KIND_NAME, "");
    assert_refused(register_with(list, 1), "SEALED_NOT_OPEN");
}

Test(resident, a_refused_registration_leaves_no_key_that_opens_it)
{
    Sealed phone = field(KIND_PHONE, PHONE);
    Sealed *list[] = {&phone};
    assert_refused(register_with(list, 1), "RESIDENT_FIELDS_INVALID");
    struct wu_destroyed_key_key key = {{{0}}};
    struct wu_txn *txn = world_txn(world);
    cr_assert(wu_table_from(txn, &WU_DESTROYED_KEYS, &key, 0, NULL));
}

Test(resident, an_id_number_is_of_one_resident)
{
    (void)register_wang();
    Sealed fields[] = {field(KIND_NAME, "somebody else"), field(KIND_ID_NUMBER, ID_NUMBER)};
    Sealed *list[] = {&fields[0], &fields[1]};
    assert_refused(register_with(list, 2), "RESIDENT_KNOWN");
}

/* ---- found without plain text ------------------------------------------------------------ */

Test(resident, is_found_by_a_number_however_it_is_written)
{
    struct wu_id id = register_wang();
    struct wu_id found;
    cr_assert(wu_id_from_pb(find(KIND_PHONE, "+86 138-0000-1111")->id, &found));
    cr_assert(wu_id_equal(&id, &found));
    cr_assert(wu_id_from_pb(find(KIND_ID_NUMBER, "42010619400101002x")->id, &found));
    cr_assert(wu_id_equal(&id, &found));
    assert_refused(find(KIND_PHONE, "13800002222"), "RESIDENT_UNKNOWN");
    assert_refused(find(KIND_NAME, NAME), "SEALED_NOT_SEARCHABLE");
    cr_assert_eq(row_of(&id)->access_count, 2, "who was looked for can see it");
}

/* ---- consent, for each disclosure ---------------------------------------------------------- */

Test(resident, is_read_for_a_purpose_they_agreed_to_and_while_they_do)
{
    struct wu_id id = register_wang();
    assert_refused(read_kind(&id, PURPOSE_SERVICE, KIND_NAME), "CONSENT_MISSING");
    assert_accepted(agree(&id, PURPOSE_SERVICE, false));
    const Bus__Answer *answer = read_kind(&id, PURPOSE_SERVICE, KIND_NAME);
    assert_accepted(answer);
    cr_assert_eq(answer->n_sealed, 1);
    cr_assert_str_eq(answer->sealed[0]->open, NAME);
    cr_assert_eq(answer->sealed[0]->box.len, 0);
    assert_refused(read_kind(&id, COMMUNITY__PURPOSE__PURPOSE_VISIT, KIND_NAME), "CONSENT_MISSING");
    assert_accepted(withdraw(&id, 1));
    assert_refused(read_kind(&id, PURPOSE_SERVICE, KIND_NAME), "CONSENT_MISSING");
}

Test(resident, a_consent_ends)
{
    struct wu_id id = register_wang();
    assert_accepted(agree(&id, PURPOSE_SERVICE, false));
    world_advance(world, WU_DAY_MS - 1);
    assert_accepted(read_kind(&id, PURPOSE_SERVICE, KIND_NAME));
    world_advance(world, 1);
    assert_refused(read_kind(&id, PURPOSE_SERVICE, KIND_NAME), "CONSENT_MISSING");
}

Test(resident, what_is_sensitive_is_agreed_to_separately)
{
    struct wu_id id = register_wang();
    assert_accepted(agree(&id, PURPOSE_SERVICE, false));
    assert_refused(read_kind(&id, PURPOSE_SERVICE, KIND_HEALTH), "CONSENT_MISSING");
    assert_accepted(agree(&id, PURPOSE_SERVICE, true));
    cr_assert_str_eq(read_kind(&id, PURPOSE_SERVICE, KIND_HEALTH)->sealed[0]->open, HEALTH);
}

/* ---- the access log ------------------------------------------------------------------------- */

Test(resident, each_reading_and_each_refusal_stands_in_the_access_log)
{
    struct wu_id id = register_wang();
    assert_refused(read_kind(&id, PURPOSE_SERVICE, KIND_NAME), "CONSENT_MISSING");
    assert_accepted(agree(&id, PURPOSE_SERVICE, false));
    assert_accepted(read_kind(&id, PURPOSE_SERVICE, KIND_NAME));
    const AccessRow *refused = access_row(&id, 1);
    cr_assert(refused->refused);
    const AccessRow *given = access_row(&id, 2);
    cr_assert_not(given->refused);
    cr_assert_str_eq(given->who, "grid worker 3");
    cr_assert_eq(given->purpose, PURPOSE_SERVICE);
    cr_assert_eq(given->consent_no, 1);
    cr_assert_eq(given->n_kinds, 1);
    cr_assert_eq(given->kinds[0], KIND_NAME);
    cr_assert_eq(row_of(&id)->access_count, 2);
}

Test(resident, one_entry_opens_once)
{
    struct wu_id id = register_wang();
    assert_accepted(read_kind(&id, PURPOSE_OWN_REQUEST, KIND_NAME));
    const Bus__Answer *again = world_repeat(world);
    assert_refused(again, "SEALED_ASKED_BEFORE");
    cr_assert_eq(again->n_sealed, 0);
    cr_assert_eq(row_of(&id)->access_count, 1);
}

/* ---- changing -------------------------------------------------------------------------------- */

static const Bus__Answer *change_phone(const struct wu_id *id, const struct wu_id *key_id,
                                       const char *phone)
{
    ChangeResident change = COMMUNITY__CHANGE_RESIDENT__INIT;
    Sealed changed = field(KIND_PHONE, phone);
    Sealed *list[] = {&changed};
    changed.key_id = wu_id_to_pb(key_id);
    change.resident_id = wu_id_to_pb(id);
    change.fields = list;
    change.n_fields = 1;
    return world_command(world, WU_TYPE(COMMUNITY_CHANGE_RESIDENT), &change.base);
}

static struct wu_id key_of(const struct wu_id *id)
{
    struct wu_id key_id;
    cr_assert(wu_id_from_pb(row_of(id)->key_id, &key_id));
    return key_id;
}

Test(resident, a_changed_field_takes_the_place_of_the_old_one)
{
    struct wu_id id = register_wang();
    struct wu_id key_id = key_of(&id);
    assert_accepted(change_phone(&id, &key_id, "13900003333"));
    cr_assert_str_eq(read_kind(&id, PURPOSE_OWN_REQUEST, KIND_PHONE)->sealed[0]->open,
                     "13900003333");
    cr_assert_str_eq(read_kind(&id, PURPOSE_OWN_REQUEST, KIND_NAME)->sealed[0]->open, NAME);
    assert_refused(find(KIND_PHONE, PHONE), "RESIDENT_UNKNOWN");
    assert_accepted(find(KIND_PHONE, "13900003333"));
}

Test(resident, nothing_is_sealed_under_the_key_of_another)
{
    struct wu_id wang = register_wang();
    Sealed name = field(KIND_NAME, "Li");
    Sealed *list[] = {&name};
    struct wu_id li;
    cr_assert(wu_id_from_pb(register_with(list, 1)->id, &li));
    struct wu_id key_id = key_of(&li);
    assert_refused(change_phone(&wang, &key_id, "13900003333"), "RESIDENT_KEY_WRONG");
    struct wu_id nobodys = wu_id_make(1, 1, 1, 1);
    assert_refused(change_phone(&wang, &nobodys, "13900003333"), "SEALED_KEY_UNKNOWN");
    name = field(KIND_NAME, "Zhang");
    name.key_id = wu_id_to_pb(&key_id);
    assert_refused(register_with(list, 1), "RESIDENT_KEY_WRONG");
    assert_accepted(read_kind(&li, PURPOSE_OWN_REQUEST, KIND_NAME));
}

/* ---- erasing --------------------------------------------------------------------------------- */

Test(resident, nothing_of_an_erased_one_is_read_again)
{
    struct wu_id id = register_wang();
    struct wu_id key_id = key_of(&id);
    assert_accepted(erase(&id));
    assert_accepted(erase(&id));
    assert_refused(read_kind(&id, PURPOSE_OWN_REQUEST, KIND_NAME), "RESIDENT_ERASED");
    assert_refused(find(KIND_PHONE, PHONE), "RESIDENT_UNKNOWN");
    assert_refused(change_phone(&id, &key_id, PHONE), "SEALED_ERASED");
    cr_assert_eq(row_of(&id)->n_fields, 0);
    cr_assert_neq(row_of(&id)->erased_at_ms, 0, "that there was somebody stays");
    assert_nothing_open();
    struct wu_id again = register_wang(); /* who comes back is somebody new */
    cr_assert_not(wu_id_equal(&id, &again));
}

/* The journal says erased and the daemon dies: the next start destroys the key first. */
Test(resident, a_crash_between_the_erasure_and_its_key_ends_without_the_key)
{
    struct wu_id id = register_wang();
    struct wu_id key_id = key_of(&id);
    uint8_t live[17] = {1};
    uint8_t destroyed[17] = {2};
    memcpy(live + 1, key_id.bytes, 16);
    memcpy(destroyed + 1, key_id.bytes, 16);
    world_crash_before_settling(world);
    assert_accepted(erase(&id));
    cr_assert(store_has(".keys", live, sizeof live), "the key outlived the commit");
    world_open_door(world);
    cr_assert_not(store_has(".keys", live, sizeof live));
    cr_assert(store_has(".keys", destroyed, sizeof destroyed));
    assert_refused(read_kind(&id, PURPOSE_OWN_REQUEST, KIND_NAME), "RESIDENT_ERASED");
}

Test(resident, the_last_of_a_household_takes_its_address_along)
{
    RegisterHousehold home = COMMUNITY__REGISTER_HOUSEHOLD__INIT;
    Sealed address = field(KIND_ADDRESS, "CANARY-ADDRESS-5-2-301");
    struct household_key key;
    home.division = DIVISION;
    home.address = &address;
    const Bus__Answer *answer =
        world_command(world, WU_TYPE(COMMUNITY_REGISTER_HOUSEHOLD), &home.base);
    assert_accepted(answer);
    cr_assert(wu_id_from_pb(answer->id, &key.household_id));

    struct wu_id ids[2];
    for (size_t i = 0; i < 2; i++) {
        RegisterResident add = COMMUNITY__REGISTER_RESIDENT__INIT;
        Sealed name = field(KIND_NAME, NAME);
        Sealed *list[] = {&name};
        add.division = DIVISION;
        add.household_id = wu_id_to_pb(&key.household_id);
        add.fields = list;
        add.n_fields = 1;
        answer = world_command(world, WU_TYPE(COMMUNITY_REGISTER_RESIDENT), &add.base);
        assert_accepted(answer);
        cr_assert(wu_id_from_pb(answer->id, &ids[i]));
    }
    assert_accepted(erase(&ids[0]));
    cr_assert_not_null(households_get(world_txn(world), &key)->address);
    assert_accepted(erase(&ids[1]));
    cr_assert_null(households_get(world_txn(world), &key)->address);
    cr_assert_neq(households_get(world_txn(world), &key)->erased_at_ms, 0);
}

/* Which commands carry personal data is a list; the schemas say whether it is right. */
Test(resident, every_command_with_a_sealed_field_goes_through_the_door)
{
    for (const struct wu_route *const *list = COMMUNITY_CORE.routes; *list != NULL; list++) {
        for (const struct wu_route *route = *list; route->type != 0; route++) {
            bool has_sealed = false;
            for (unsigned i = 0; route->body != NULL && i < route->body->n_fields; i++) {
                has_sealed |= route->body->fields[i].descriptor == &seal__sealed__descriptor;
            }
            bool comes_open = has_sealed && route->origin == WU_ORIGIN_COMMAND;
            cr_assert_eq(wu_event_is_personal(route->type), comes_open, "%s",
                         wu_event_type_name(route->type));
        }
    }
}
