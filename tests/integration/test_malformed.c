/* Bytes that mean nothing, at the front door and at the hub's port. */
#include "common/base/prng.h"
#include "common/bus/frame.h"
#include "tests/support/demo.h"
#include "tests/support/raw.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif

/* libzmq holds back messages, not bytes: what is thrown below may all wait there at once. */
enum { ROUNDS = 3000, GROWTH_PAGES_MAX = 200 << 8 };

static long resident_pages(const struct city *city, int node)
{
    char path[64];
    long total = 0;
    long resident = 0;
    (void)snprintf(path, sizeof path, "/proc/%d/statm", city_pid(city, node));
    FILE *file = fopen(path, "re");
    cr_assert_not_null(file);
    cr_assert_eq(fscanf(file, "%ld %ld", &total, &resident), 2);
    (void)fclose(file);
    return resident;
}

static uint64_t refused_count(struct city *city, int node)
{
    const Bus__Pong *pong = city_ping(city, node, CITY_WAIT_MS);
    cr_assert_not_null(pong, "the daemon does not answer any more");
    return pong->refused_count;
}

static void throw_everything(struct raw *raw)
{
    static uint8_t bytes[WU_FRAME_BYTES_MAX];
    struct wu_prng prng = {0x5eed};
    for (int round = 0; round < ROUNDS; round++) {
        size_t size = (size_t)wu_prng_below(&prng, 300);
        for (size_t index = 0; index < size; index++) {
            bytes[index] = (uint8_t)wu_prng_next(&prng);
        }
        cr_assert(raw_send(raw, wu_bytes(bytes, size)));
        if (round % 100 == 0) {
            cr_assert(raw_send_parts(raw, 2 + (size_t)wu_prng_below(&prng, 20), 100));
            cr_assert(raw_send_parts(raw, 3, 0));
            cr_assert(raw_send(raw, wu_bytes(bytes, sizeof bytes)));
        }
    }
    cr_assert(raw_send(raw, wu_bytes(bytes, 0)));
}

/* What is too large for libzmq to take costs the sender its connection. */
static void throw_huge(struct raw *raw)
{
    enum { HUGE_BYTES = 64 << 20 };
    uint8_t *bytes = calloc(1, HUGE_BYTES);
    cr_assert_not_null(bytes);
    for (int round = 0; round < 3; round++) {
        (void)raw_send(raw, wu_bytes(bytes, HUGE_BYTES));
    }
    free(bytes);
}

static void throw_at(struct city *city, int node, const char *endpoint, const struct wu_keys *keys,
                     const char *server_key)
{
    struct raw *raw = raw_open(endpoint, keys, server_key);
    throw_everything(raw); /* once, so that all memory that one batch needs is there */
    CITY_WAIT(city, refused_count(city, node) >= ROUNDS);
    long before = resident_pages(city, node);
    for (int round = 0; round < 5; round++) {
        throw_everything(raw);
    }
    CITY_WAIT(city, refused_count(city, node) >= 6 * ROUNDS);
    throw_huge(raw);
    raw_close(&raw);
    cr_assert_geq(refused_count(city, node), 6 * ROUNDS);
#ifndef SANITIZED
    long grown = resident_pages(city, node) - before;
    cr_assert_leq(grown, GROWTH_PAGES_MAX, "it grew by %ld pages to %ld", grown, before + grown);
#else
    (void)before;
#endif
}

static void end(struct city *city)
{
    demo_fill_street(city); /* all of it still works */
    (void)demo_raise(city, "meal");
    city_wait_settled(city);
    city_stop_all(city);
    city_verify_all(city);
    city_remove(&city);
}

Test(malformed, noise_at_the_front_door_is_answered_counted_and_forgotten)
{
    struct city *city = city_make();
    char endpoint[300];
    city_start_all(city);
    (void)snprintf(endpoint, sizeof endpoint, "ipc://%s",
                   city_path(city, CITY_COMMUNITY, "door").text);
    throw_at(city, CITY_COMMUNITY, endpoint, NULL, NULL);
    end(city);
}

Test(malformed, noise_of_a_known_node_at_the_hub_is_counted_and_forgotten)
{
    struct city *city = city_make();
    struct wu_keys hub;
    struct wu_keys own;
    struct wu_error error = {{0}};
    char endpoint[64];
    city_start_all(city);
    cr_assert_eq(wu_keys_load(city_path(city, CITY_COORDINATOR, "node.key").text, &hub, &error),
                 WU_OK);
    cr_assert_eq(wu_keys_load(city_path(city, CITY_CHARITY, "node.key").text, &own, &error), WU_OK);
    (void)snprintf(endpoint, sizeof endpoint, "tcp://127.0.0.1:%u", city_port(city));
    throw_at(city, CITY_COORDINATOR, endpoint, &own, hub.public_key);
    end(city);
}
