#pragma once

#include "common/base/arena.h"
#include "common/base/time.h"
#include "common/bus/exchange.h"
#include "common/daemon/witness.h"
#include "common/journal/node.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * A city in one process: real nodes over real stores, the real exchange, the
 * real cores; a made-up clock, network and disk, and made-up people. One seed
 * says everything: every choice goes through sim_choose, and the same binary
 * with the same seed tells the same story, byte for byte.
 *
 * Time is in microseconds of the world since its start; nodes see milliseconds
 * of their own clocks.
 */
struct sim;
struct place;
struct parcel;

#define SIM_MS INT64_C(1000)
#define SIM_SECOND (1000 * SIM_MS)
#define SIM_MINUTE (60 * SIM_SECOND)
#define SIM_HOUR (60 * SIM_MINUTE)
#define SIM_DAY (24 * SIM_HOUR)
#define SIM_NEVER INT64_MAX
#define SIM_EPOCH_MS INT64_C(1800000000000)

/* ---- what can go wrong ------------------------------------------------------------ */

/* Each has its rate; a seed has some of them. The names are in faults.c. */
enum sim_fault {
    FAULT_LOSS,          /* one frame */
    FAULT_DUPLICATE,     /* one frame */
    FAULT_DELAY,         /* one frame, and those behind it */
    FAULT_REORDER,       /* one frame overtakes */
    FAULT_CUT,           /* a connection, with all that is on it */
    FAULT_PARTITION,     /* both ways */
    FAULT_ONE_WAY,       /* one way only */
    FAULT_CRASH_BEFORE,  /* the batch was collected, not committed */
    FAULT_CRASH_COMMIT,  /* committed, nothing was told to anybody */
    FAULT_CRASH_ANSWER,  /* commands were answered, nothing else was told */
    FAULT_CRASH_PUBLISH, /* all was told, then the power went */
    FAULT_CRASH_CATCHUP, /* again, shortly after a start */
    FAULT_TORN,       /* power lost: what was written since the last sync is lost, or half there */
    FAULT_PAUSE,      /* stopped, then goes on */
    FAULT_DISK_FULL,  /* for a while */
    FAULT_MAP_FULL,   /* map_bytes_max is reached, until an operator raises it */
    FAULT_CLOCK_STEP, /* forward or back */
    FAULT_SKEW,       /* clocks differ from the start */
    FAULT_SLOW,       /* a follower hears no public word until it is parked */
    FAULT_REPEAT,     /* a command again, under its key */
    FAULT_KEY_REUSE,  /* another command under the same key */
    FAULT_POISON,     /* what no handler can fold */
    FAULT_RESTORE,    /* a store is put back to an older copy */
    FAULT_WITNESS,    /* the note beside it is lost, or put back with it */
    FAULT_BOUNDARY,   /* somebody acts at the very millisecond of a deadline */
    FAULT_COUNT,
};
const char *sim_fault_name(enum sim_fault fault);

enum { SIM_SKIP_MAX = 4096, SIM_PLACES_MAX = 20, SIM_CHECKERS_MAX = 24 };

struct sim_options {
    uint64_t seed;
    uint32_t faults;     /* bit set of those allowed */
    uint32_t need_max;   /* needs raised at most; 0: as the seed says */
    uint64_t step_max;   /* events at most; 0: as many as there are */
    uint64_t fault_max;  /* faults after that many do not happen */
    const uint8_t *skip; /* SIM_SKIP_MAX flags of single faults that do not happen; NULL: none */
    bool trace;          /* the story, on standard output */
    const char *folder;  /* scratch, empty or not */
};

/* How a linkage ended: an outcome of the coordinator, and why one is unmet. */
enum sim_end {
    END_MET,
    END_PARTLY,
    END_NOT_MET,
    END_UNCONFIRMED,
    END_NO_PROVIDER,
    END_ALL_DECLINED,
    END_NO_ANSWER,
    END_NOT_DELIVERED,
    END_NOT_APPROVED,
    END_APPROVAL_SILENT,
    END_FORBIDDEN,
    END_OUT_OF_REMIT,
    END_NOT_CALLED,
    END_REFUSED,
    SIM_ENDS,
};
extern const char *const SIM_END_NAMES[SIM_ENDS];

enum { SIM_ROLES = 6 };
extern const struct wu_core *const SIM_CORES[SIM_ROLES];

struct sim_report {
    bool failed;
    char checker[32];
    char text[600];
    uint64_t hash;        /* of everything that happened */
    uint64_t event_count; /* folded by nodes */
    uint64_t step_count;  /* of the heap */
    uint64_t commit_count;
    uint64_t choice_count;
    uint64_t linkage_count;
    uint64_t ended[SIM_ENDS];   /* linkages, by how they ended */
    uint64_t folded[SIM_ROLES]; /* events, by the role of their node */
    uint64_t command_count;
    uint64_t fault_count; /* asked for, also those skipped */
    uint64_t faults[FAULT_COUNT];
    uint64_t snapshot_count; /* taken by parked followers */
    uint64_t diverged_count;
    uint64_t late_confirm_count; /* confirmations that came after their reservation had gone */
    uint64_t replay_count;
    uint64_t given_twice_count; /* steps that two providers say they delivered */
    int64_t virtual_us;
};

/* One life of the world, from the seed to its end. */
void sim_run(const struct sim_options *options, struct sim_report *ret_report);

/* ---- clock, choices, story (sim.c) --------------------------------------------------- */

enum sim_event_kind {
    EVENT_PARCEL,   /* pointer: a parcel arrives */
    EVENT_WAKE,     /* a: node */
    EVENT_TICK,     /* a: node */
    EVENT_START,    /* a: node */
    EVENT_CONNECT,  /* a: leaf, b: epoch */
    EVENT_HEAL,     /* a: leaf, b: what */
    EVENT_LINK,     /* the next trouble of connections */
    EVENT_MACHINE,  /* the next trouble of machines */
    EVENT_COMMAND,  /* a: index of a command to send (again) */
    EVENT_PEOPLE,   /* a: index of an errand */
    EVENT_OPERATOR, /* looks at all nodes */
    EVENT_HORIZON,  /* no more faults, no more needs */
};

struct sim_event {
    int64_t at;
    uint64_t tie;
    enum sim_event_kind kind;
    uint32_t a;
    uint64_t b;
    void *pointer;
};

/* 0 to n - 1, from a stream of its own for each label: one label never shifts another. */
uint64_t sim_choose(struct sim *sim, const char *label, uint64_t n);
int64_t sim_choose_span(struct sim *sim, const char *label, int64_t from, int64_t until);
bool sim_chance(struct sim *sim, const char *label, uint64_t permille);

/* Whether this fault happens here; counted when it does. */
bool sim_fault(struct sim *sim, enum sim_fault fault);

void sim_at(struct sim *sim, int64_t at, enum sim_event_kind kind, uint32_t a, uint64_t b,
            void *pointer);
void sim_mix(struct sim *sim, uint64_t value);
void sim_tell(struct sim *sim, const struct place *place, const char *format, ...) WU_PRINTF(3, 4);

/* A rule is broken: the first one counts, and the world stops. */
void sim_violated(struct sim *sim, const char *checker, const char *format, ...) WU_PRINTF(3, 4);

uint64_t sim_hash(const void *bytes, size_t size);

/* ---- nodes (place.c) ------------------------------------------------------------------- */

enum place_state { PLACE_SERVING, PLACE_FULL, PLACE_DIVERGED, PLACE_JOINING };

/* The way between a leaf and its hub; in the leaf's place. */
struct way {
    bool up;         /* as the leaf sees it */
    bool adopted;    /* the hub got a Hello over it and can answer */
    uint64_t epoch;  /* rises with each cut: what is under way of an older one is lost */
    bool blocked[2]; /* to the hub, from the hub */
    uint32_t block_count[2];
    int64_t last_due[3]; /* mail to the hub, mail from it, public */
    struct parcel *held[2];
    struct parcel *held_last[2];
    uint32_t held_count[2];
    bool deaf;           /* hears nothing of what is published */
    uint64_t last_epoch; /* of last_from's last words: what a dead process had sent still comes */
    uint32_t last_from;
};

struct topic_name {
    char text[96];
};
enum { PLACE_TOPICS_MAX = 8 };

struct place {
    struct sim *sim;
    uint32_t number;
    uint32_t hub; /* 0: none above */
    const struct wu_core *core;
    uint64_t division;
    char store[128];
    char copy[128];
    char data[160]; /* <store>/data.mdb */
    char copy_data[160];

    struct wu_node *node; /* NULL: does not run */
    struct wu_exchange *exchange;
    struct wu_roster roster;
    struct wu_arena reply;
    struct wu_arena *batch;
    enum place_state state;
    struct topic_name topics[PLACE_TOPICS_MAX];
    size_t topic_count;

    struct parcel *inbox;
    struct parcel **inbox_end;
    struct parcel *waiting; /* commands of the running batch, by tag */
    uint64_t waiting_count;
    int64_t wake_at;
    int64_t timer_wake_at; /* an event of the heap stands there for its next timer */
    int64_t busy_until;
    int64_t paused_until;
    bool ticking;
    bool tick_due;
    int64_t next_tick;
    int64_t skipped_us; /* quiet time that its steady clock did not count */
    int64_t quiet_since;
    uint64_t life;
    int64_t started_at;
    bool catching_up;

    int64_t clock_ms; /* how far its clock is ahead of the world's */
    bool disk_full;
    bool map_full;
    size_t map_bytes_max;

    bool torn;                 /* the power went in a commit: that batch never was */
    uint64_t torn_seq;         /* the event before it */
    struct wu_witness witness; /* the note beside its store, as it is on disk */
    bool copied;
    struct wu_witness copied_at;
    bool was_restored;
    bool restored_now; /* and not started since */
    uint32_t restored_generation;
    uint32_t last_generation;
    bool must_diverge; /* somebody remembers more of it than it does */
    bool has_diverged;
    int64_t last_time_ms;
    uint64_t last_seq;
    struct way way; /* to its hub */
};

struct place *place_of(struct sim *sim, uint32_t number);
int64_t place_clock_ms(const struct place *place);
struct wu_witness place_stands_at(const struct place *place);
void place_open(struct place *place);
void place_crash(struct place *place, const char *why);
void place_close(struct place *place);
void place_wake_at(struct place *place, int64_t at);
void place_wake(struct place *place);
void place_tick(struct place *place);
void place_stir(struct place *place); /* it and its hub look at their clocks again */
bool place_is_quiet(struct place *place);
void place_deliver(struct place *place, struct parcel *parcel);

/* ---- network (net.c) ---------------------------------------------------------------------- */

enum parcel_kind {
    PARCEL_FRAME,
    PARCEL_PUBLIC,
    PARCEL_DOOR,
    PARCEL_CONNECTED,
    PARCEL_DISCONNECTED
};

struct parcel {
    struct parcel *next;
    enum parcel_kind kind;
    uint32_t from; /* node; a door: index of the command */
    uint32_t to;
    uint64_t epoch; /* of the way */
    size_t size;
    uint8_t bytes[];
};

struct parcel *parcel_make(enum parcel_kind kind, uint32_t from, uint32_t to,
                           struct wu_bytes bytes);
bool net_send(void *context, uint32_t peer, struct wu_bytes frame);
void net_publish(void *context, const char *topic, struct wu_bytes frame);
void net_subscribe(void *context, const char *topic);
void net_arrive(struct sim *sim, struct parcel *parcel);
void net_cut(struct place *leaf);
void net_connect(struct sim *sim, uint32_t leaf, uint64_t epoch);
void net_block(struct place *leaf, int direction);
void net_unblock(struct place *leaf, int direction);
void net_drop_all(struct place *leaf);

/* ---- disk (disk.c) -------------------------------------------------------------------------- */

bool disk_copy(struct place *place);    /* its store as it is now */
bool disk_restore(struct place *place); /* and back */
void disk_clear(const char *folder);

/* A commit whose writes are remembered, and what is left of it when the power goes (torn.c). */
struct torn;
void torn_begin(struct sim *sim, const struct place *place);
void torn_end(void);
bool torn_tear(struct sim *sim, struct place *place); /* its store is closed; false: it cannot be */

/* ---- faults (faults.c) ------------------------------------------------------------------------
 */

void faults_begin(struct sim *sim);
uint64_t faults_rate(const struct sim *sim, enum sim_fault fault); /* per hundred thousand */
bool faults_frame(struct place *leaf); /* true: that frame's connection is gone */
void faults_link(struct sim *sim);
void faults_machine(struct sim *sim);
void faults_heal(struct sim *sim, uint32_t leaf, uint64_t what);
void faults_end(struct sim *sim);

/* ---- people (people.c, client.c, operator.c)
 * ----------------------------------------------------- */

struct seen;
void people_begin(struct sim *sim);
void people_end(struct sim *sim);
/* When the community's silence timer of that need is due. */
int64_t community_confirm_by(struct sim *sim, struct place *place, const struct wu_id *need_id);
void people_saw(struct sim *sim, const struct seen *seen);
void people_errand(struct sim *sim, uint32_t index);
void people_answered(struct sim *sim, uint32_t command, const Bus__Answer *answer);
uint64_t people_linkage_count(const struct sim *sim);

struct command {
    uint32_t door;   /* node whose front door it goes through */
    uint32_t target; /* node that folds it */
    uint64_t producer;
    uint64_t number;
    wu_event_type type;
    uint32_t about; /* the people's own */
    uint8_t *frame;
    size_t frame_size;
    uint64_t content; /* hash of the frame */
    uint32_t tries;
    bool answered;
    bool expects_refusal; /* its key was used by another */
    bool lost;            /* excused: its node was put back to before it */
    int32_t status;
    uint64_t answer; /* hash of what was answered */
    struct wu_id made;
    char code[32];
};
uint32_t client_send(struct sim *sim, uint32_t door, uint32_t target, wu_event_type type,
                     const ProtobufCMessage *body, uint32_t about);
void client_try(struct sim *sim, uint32_t index);
void client_hear(struct sim *sim, uint32_t index, const Bus__Answer *answer);
void client_end(struct sim *sim);
size_t client_count(const struct sim *sim);
const struct command *client_command(const struct sim *sim, uint32_t index);
void client_excuse(struct sim *sim, uint32_t node);
struct wu_id client_producer(const struct command *command);

void operator_look(struct sim *sim);

/* ---- checkers (checkers/)
 * -------------------------------------------------------------------------- */

/* One input that was committed, or one record that it made; in the order of the fold. */
struct seen {
    struct place *place;
    bool is_output;
    bool is_new;  /* an output: else one of an older generation that goes along */
    uint64_t seq; /* journal number of the input, or of the one that made the output */
    int64_t time_ms;
    enum wu_origin origin; /* input */
    uint32_t peer;         /* from, or to; 0: public, command or timer */
    bool is_public;
    bool is_dead;
    wu_event_type type;
    const Envelope__Envelope *envelope; /* NULL: command, timer */
    const ProtobufCMessage *body;       /* NULL: none, or of no interest */
    const struct wu_input *input;
    const struct wu_output *output;
};

struct checker {
    const char *name;
    void *(*open)(struct sim *sim);
    void (*saw)(void *state, struct sim *sim, const struct seen *seen);
    void (*committed)(void *state, struct sim *sim, struct place *place);
    void (*restored)(void *state, struct sim *sim, struct place *place);
    void (*ended)(void *state, struct sim *sim); /* all is healed and at rest */
    void (*close)(void *state);
}; /* any but name may be NULL */

extern const struct checker *const CHECKERS[]; /* ends with NULL */
void checkers_committed(struct sim *sim, struct place *place);
void checkers_restored(struct sim *sim, struct place *place);
void checkers_ended(struct sim *sim);

/* Folds a stopped node's journal again and compares; between its lives. */
void replay_check(struct sim *sim, struct place *place);

/* ---- the world
 * -------------------------------------------------------------------------------------- */

/* A stream of choices, named by the hash of its label. */
struct label {
    uint64_t hash;
    uint64_t state;
};
enum { SIM_LABELS = 256 };

struct sim {
    struct sim_options options;
    struct sim_report *report;
    int64_t now;
    int64_t horizon;
    bool calm; /* faults are over */
    bool stopped;
    bool in_tick; /* what is said each second breaks no connection: it would never end */
    uint64_t order;
    struct sim_event *heap;
    size_t heap_count;
    size_t heap_max;
    struct label labels[SIM_LABELS];
    struct place places[SIM_PLACES_MAX];
    uint32_t place_count;
    uint64_t rates[FAULT_COUNT];
    uint64_t latency_us;
    int64_t commit_us; /* of a slow one */
    uint64_t public_keep_count;
    uint64_t stream_keep_count;
    struct wu_arena look;  /* of checkers, while they look */
    struct wu_arena build; /* of people, while they write */
    void *checker_states[SIM_CHECKERS_MAX];
    struct people *people;
    struct torn *torn; /* of the last commit */
    uint32_t looks;    /* of the operator, since all is well */
    struct command *commands;
    size_t command_count;
    size_t command_max;
    uint64_t numbers[SIM_PLACES_MAX + 1]; /* of commands, by door */
};

bool sim_is_quiet(struct sim *sim);

struct wu_txn *sim_look(struct sim *sim, struct place *place); /* end it with wu_txn_abort */
