#include "tests/chaos/proxy.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LISTENERS = 2, PAIRS_MAX = 64, BUFFER_BYTES = 1 << 16, UP = 0, DOWN = 1 };

/* One connection: what comes in at ends[UP] goes out at ends[DOWN], and the other way. */
struct pair {
    int node; /* 0: free */
    int ends[2];
    size_t from[2]; /* of what came in at that end and is not out yet */
    size_t upto[2];
    uint8_t bytes[2][BUFFER_BYTES];
};

struct proxy {
    unsigned port;
    int listeners[CITY_END][LISTENERS];
    struct pair pairs[PAIRS_MAX];
    int wake;
    pthread_t thread;

    pthread_mutex_t lock; /* of what follows */
    struct proxy_state states[CITY_END];
    bool cut[CITY_END];
    bool reset[CITY_END];
    uint64_t connection_count;
    bool ends;
};

struct proxy_address proxy_address(int node)
{
    struct proxy_address address;
    (void)snprintf(address.text, sizeof address.text, "127.0.0.%d", node);
    return address;
}

static struct sockaddr_in place(int node, unsigned port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    (void)inet_pton(AF_INET, proxy_address(node).text, &address.sin_addr);
    return address;
}

/* ---- connections ------------------------------------------------------------------------ */

static void end_pair(struct pair *pair, bool reset)
{
    const struct linger at_once = {.l_onoff = 1};
    for (int end = 0; end < 2; end++) {
        if (reset) {
            (void)setsockopt(pair->ends[end], SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        }
        (void)close(pair->ends[end]);
    }
    pair->node = 0;
}

/* The hub listens at 127.0.0.1. */
static int dial_hub(unsigned port)
{
    struct sockaddr_in hub = place(CITY_COORDINATOR, port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (connect(fd, (struct sockaddr *)&hub, sizeof hub) != 0 && errno != EINPROGRESS) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

static void let_in(struct proxy *proxy, int node, int listener, bool refuses)
{
    int fd = accept4(proxy->listeners[node][listener], NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    struct pair *pair = proxy->pairs;
    while (pair < proxy->pairs + PAIRS_MAX && pair->node != 0) {
        pair++;
    }
    bool room = pair < proxy->pairs + PAIRS_MAX;
    int hub = fd >= 0 && room && !refuses ? dial_hub(proxy->port + (unsigned)listener) : -1;
    if (hub < 0) {
        (void)close(fd);
        return;
    }
    pair->node = node;
    pair->ends[UP] = fd;
    pair->ends[DOWN] = hub;
    pair->from[UP] = pair->upto[UP] = pair->from[DOWN] = pair->upto[DOWN] = 0;
    (void)pthread_mutex_lock(&proxy->lock);
    proxy->connection_count++;
    (void)pthread_mutex_unlock(&proxy->lock);
}

static bool would_block(ssize_t result)
{
    return result < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR);
}

/* What came in at one end; false when the connection is over. */
static bool take(struct pair *pair, int end)
{
    ssize_t got = recv(pair->ends[end], pair->bytes[end], BUFFER_BYTES, 0);
    if (got > 0) {
        pair->from[end] = 0;
        pair->upto[end] = (size_t)got;
    }
    return got > 0 || would_block(got);
}

static bool pass(struct pair *pair, int end)
{
    ssize_t put = send(pair->ends[1 - end], pair->bytes[end] + pair->from[end],
                       pair->upto[end] - pair->from[end], MSG_NOSIGNAL);
    pair->from[end] += put > 0 ? (size_t)put : 0;
    return put >= 0 || would_block(put);
}

/* ---- the thread ---------------------------------------------------------------------------- */

struct turn {
    struct proxy_state states[CITY_END];
    struct pollfd fds[1 + CITY_END * LISTENERS + 2 * PAIRS_MAX];
    nfds_t count;
};

static bool stalls(const struct proxy_state *state, int end)
{
    return end == UP ? state->stalls_up : state->stalls_down;
}

/* Reads the test's orders; false: end. */
static bool take_orders(struct proxy *proxy, struct turn *turn)
{
    uint64_t count = 0;
    (void)!read(proxy->wake, &count, sizeof count);
    (void)pthread_mutex_lock(&proxy->lock);
    for (int node = CITY_COMMUNITY; node < CITY_END; node++) {
        turn->states[node] = proxy->states[node];
        for (size_t index = 0; proxy->cut[node] && index < PAIRS_MAX; index++) {
            if (proxy->pairs[index].node == node) {
                end_pair(&proxy->pairs[index], proxy->reset[node]);
            }
        }
        proxy->cut[node] = false;
    }
    bool goes_on = !proxy->ends;
    (void)pthread_mutex_unlock(&proxy->lock);
    return goes_on;
}

static void watch(struct turn *turn, int fd, int events)
{
    turn->fds[turn->count++] = (struct pollfd){.fd = fd, .events = (short)events};
}

/* Both ends of each slot have their place in the list, also free ones. */
static void watch_all(const struct proxy *proxy, struct turn *turn)
{
    turn->count = 0;
    watch(turn, proxy->wake, POLLIN);
    for (int node = CITY_COMMUNITY; node < CITY_END; node++) {
        for (int listener = 0; listener < LISTENERS; listener++) {
            watch(turn, proxy->listeners[node][listener], POLLIN);
        }
    }
    for (size_t index = 0; index < PAIRS_MAX; index++) {
        const struct pair *pair = &proxy->pairs[index];
        for (int end = 0; end < 2; end++) {
            bool holds = pair->from[end] < pair->upto[end];
            bool brings = pair->from[1 - end] < pair->upto[1 - end];
            bool in = !holds && !stalls(&turn->states[pair->node], end);
            bool out = brings && !stalls(&turn->states[pair->node], 1 - end);
            bool used = pair->node != 0 && (in || out);
            watch(turn, used ? pair->ends[end] : -1, (in ? POLLIN : 0) | (out ? POLLOUT : 0));
        }
    }
}

static void serve_pair(struct pair *pair, const struct proxy_state *state,
                       const struct pollfd fds[2])
{
    bool lives = true;
    for (int end = 0; end < 2 && lives; end++) {
        bool holds = pair->from[end] < pair->upto[end];
        if (holds && (fds[1 - end].revents & POLLOUT) != 0 && !stalls(state, end)) {
            lives = pass(pair, end);
        } else if (!holds && (fds[end].revents & (POLLIN | POLLHUP | POLLERR)) != 0 &&
                   !stalls(state, end)) {
            lives = take(pair, end);
        } else {
            lives = (fds[end].revents & POLLERR) == 0;
        }
    }
    if (!lives) {
        end_pair(pair, false);
    }
}

static void *run(void *opaque)
{
    struct proxy *proxy = opaque;
    struct turn turn = {.count = 0};
    while (take_orders(proxy, &turn)) {
        watch_all(proxy, &turn);
        (void)poll(turn.fds, turn.count, -1);
        const struct pollfd *at = turn.fds + 1;
        for (int node = CITY_COMMUNITY; node < CITY_END; node++) {
            for (int listener = 0; listener < LISTENERS; listener++, at++) {
                if ((at->revents & POLLIN) != 0) {
                    let_in(proxy, node, listener, turn.states[node].refuses);
                }
            }
        }
        for (size_t index = 0; index < PAIRS_MAX; index++, at += 2) {
            if (at[0].fd >= 0 || at[1].fd >= 0) {
                serve_pair(&proxy->pairs[index], &turn.states[proxy->pairs[index].node], at);
            }
        }
    }
    return NULL;
}

/* ---- the test's side --------------------------------------------------------------------------
 */

static int listen_at(int node, unsigned port)
{
    const int yes = 1;
    struct sockaddr_in address = place(node, port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    cr_assert(bind(fd, (struct sockaddr *)&address, sizeof address) == 0 && listen(fd, 16) == 0,
              "cannot listen at %s, port %u", proxy_address(node).text, port);
    return fd;
}

struct proxy *proxy_open(const struct city *city)
{
    struct proxy *proxy = calloc(1, sizeof *proxy);
    cr_assert_not_null(proxy);
    proxy->port = city_port(city);
    proxy->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    for (int node = CITY_COMMUNITY; node < CITY_END; node++) {
        for (int listener = 0; listener < LISTENERS; listener++) {
            proxy->listeners[node][listener] = listen_at(node, proxy->port + (unsigned)listener);
        }
    }
    (void)pthread_mutex_init(&proxy->lock, NULL);
    cr_assert_eq(pthread_create(&proxy->thread, NULL, run, proxy), 0);
    return proxy;
}

static void wake(struct proxy *proxy)
{
    const uint64_t one = 1;
    (void)!write(proxy->wake, &one, sizeof one);
}

void proxy_cut(struct proxy *proxy, int node, bool reset)
{
    (void)pthread_mutex_lock(&proxy->lock);
    proxy->cut[node] = true;
    proxy->reset[node] = reset;
    (void)pthread_mutex_unlock(&proxy->lock);
    wake(proxy);
}

void proxy_set(struct proxy *proxy, int node, struct proxy_state state)
{
    (void)pthread_mutex_lock(&proxy->lock);
    proxy->states[node] = state;
    (void)pthread_mutex_unlock(&proxy->lock);
    wake(proxy);
}

uint64_t proxy_connection_count(struct proxy *proxy)
{
    (void)pthread_mutex_lock(&proxy->lock);
    uint64_t count = proxy->connection_count;
    (void)pthread_mutex_unlock(&proxy->lock);
    return count;
}

void proxy_close(struct proxy **proxy_p)
{
    struct proxy *proxy = *proxy_p;
    if (proxy == NULL) {
        return;
    }
    (void)pthread_mutex_lock(&proxy->lock);
    proxy->ends = true;
    (void)pthread_mutex_unlock(&proxy->lock);
    wake(proxy);
    (void)pthread_join(proxy->thread, NULL);
    for (size_t index = 0; index < PAIRS_MAX; index++) {
        if (proxy->pairs[index].node != 0) {
            end_pair(&proxy->pairs[index], true);
        }
    }
    for (int node = CITY_COMMUNITY; node < CITY_END; node++) {
        for (int listener = 0; listener < LISTENERS; listener++) {
            (void)close(proxy->listeners[node][listener]);
        }
    }
    (void)close(proxy->wake);
    (void)pthread_mutex_destroy(&proxy->lock);
    free(proxy);
    *proxy_p = NULL;
}
