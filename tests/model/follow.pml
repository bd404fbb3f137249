/*
 * Mail: Hello, Batch, Ack between one sender and one follower; crashes, cut
 * connections, frames of a connection that is gone, an older copy of a store.
 *
 * Names in comments are those of common/bus/exchange.c, common/journal/stream.c
 * and common/journal/batch.c. README.md says what is left out.
 *
 * A chain hash is written as the records themselves: three bits a record, the
 * last in the lowest three. Equal numbers, equal pasts; the hash of the record
 * before is the number without its last digit. It also stands for the records
 * of the stream, since each is a digit of it.
 */
#ifndef RECORDS
#define RECORDS 3 /* commands that make a record each; at most 7 */
#endif
#define WINDOW 2 /* window_count */
#ifndef KEEP
#define KEEP 1 /* stream_keep_count */
#endif
#ifndef CRASHES
#define CRASHES 1
#endif
#ifndef CUTS
#define CUTS 1
#endif
#ifndef TWICE
#define TWICE 1 /* frames that come twice */
#endif
#ifndef RESTORES
#define RESTORES 1
#endif
#ifndef RESTORED
#define RESTORED 0 /* which store: 1 the sender's, 2 the follower's, 0 either */
#endif
#ifndef HASTE
#define HASTE 1 /* ticks while frames are still under way */
#endif
#define PENDING 3 /* batch_count_max; a frame is read when there is room for 2 more (collect) */

#define HASH_AT(chain, head, number) ((chain) >> (3 * ((head) - (number))))

mtype = { HELLO, BATCH, ACK, HALT };

/* To the follower: Batch is generation, first, count, chain after it; Hello is answer_wanted. */
chan to_follower = [2] of { mtype, byte, byte, byte, int };
/* To the sender: Hello and Ack are generation, next, answer_wanted or late, chain. */
chan to_sender = [2] of { mtype, byte, byte, byte, int };
/* What a ROUTER or DEALER still holds of a connection that is gone. */
chan old_to_follower = [2] of { mtype, byte, byte, byte, int };
chan old_to_sender = [2] of { mtype, byte, byte, byte, int };

/* ---- the sender's store: StreamRow, FollowerRow, and what it answered (a ghost) ------------ */
byte s_generation = 1;
byte s_head = 0;
byte s_first = 1;
int s_chain = 0;
byte s_follower_next = 1; /* FollowerRow.next */
byte s_keep_from = 0;     /* FollowerRow.halted_head + 1; 0: no mark */
byte s_made = 0;          /* ghost: commands answered, a bit each */
byte s_trimmed = 0;       /* ghost: commands whose records were trimmed, a bit each */

/* ---- the sender's memory: struct link ------------------------------------------------------ */
bit s_connected, s_greeted, s_halted, s_halted_there, s_diverged;
bit s_stopped;      /* the daemon's state is not SERVING */
bit s_witness;      /* the witness is ahead of the store */
bit s_proven = 1;   /* a node that dials: its hub agrees with its past */
bit s_joining;      /* the daemon's state is that */
bit s_asked, s_sure; /* halted; asked a second later; and the answer changed nothing */
bit s_heard;        /* agreed, and a second later still */
bit s_unpushed;     /* committed, and not yet pushed */
byte s_out_generation = 0;
byte s_sent_next = 1;
byte s_acked = 1;
byte s_unmade = 0;  /* MUTATION_1 */

/* ---- the follower's store: CursorRow, and what it folded (a ghost) ------------------------- */
byte f_generation = 0;
byte f_next = 1;
int f_chain = 0;
byte f_folded = 0; /* ghost: commands folded, a bit each */

/* ---- the follower's memory ----------------------------------------------------------------- */
bit f_connected, f_greeted, f_halted, f_halted_there, f_owes_ack;
bit f_untold; /* committed, and not yet acknowledged */
byte f_taken_generation = 0;
byte f_taken_next = 1;
int f_taken_chain = 0;
byte f_pending = 0;
byte p_generation[PENDING];
byte p_number[PENDING];
int p_chain[PENDING];

/* ---- the world ----------------------------------------------------------------------------- */
bit wire;           /* a connection stands */
bit sender_dials;   /* else the follower does; the other one is the hub */
bit route_good = 1; /* the hub's route to the peer is that of this connection (wu_bus_adopt) */
byte made = 0;      /* ghost: the last command's number; never used again */
byte crashes = CRASHES;
byte cuts = CUTS;
byte twice = TWICE;
byte restores = RESTORES;
byte haste = HASTE;
bit turn;           /* both sides tick each second, so in turns when nothing else happens */
bit s_restored, f_restored; /* ghosts */

/* A copy of one store, taken once. */
byte copy_of = 0; /* 1: the sender's, 2: the follower's */
byte c_generation, c_next, c_first, c_follower_next, c_keep_from, c_ghost;
int c_chain;

#define QUIET                                                                                      \
    (len(to_follower) == 0 && len(to_sender) == 0 && len(old_to_follower) == 0 && len(old_to_sender) == 0 &&   \
     !s_unpushed && !f_untold && f_pending == 0)

/* The follower has the head, of the same past; nothing of a fresh generation may be there yet. */
#define HAS_HEAD                                                                                   \
    (s_head == 0 && (f_next == 1 || f_generation < s_generation) || \
     (f_generation == s_generation && f_next == s_head + 1 && f_chain == s_chain))
#define SETTLED (QUIET && s_greeted && f_greeted && !s_halted && !f_halted && !s_stopped && HAS_HEAD)

/* Whether frames of the other side's tick come through: else this side hears nothing. */
#define HEARS_SENDER (wire && s_greeted && !s_halted && (sender_dials || route_good))
#define HEARS_FOLLOWER (wire && f_greeted && !f_halted && (!sender_dials || route_good))

/* When things stand still and a link is marked, or an older copy agrees with the follower. */
#ifdef HASTY /* without waiting for the follower's word */
#define OPERATOR_ACTS (QUIET && s_generation < 4 && (s_sure || s_witness))
#else
#define OPERATOR_ACTS                                                                              \
    (QUIET && s_generation < 4 && (s_sure || s_witness && s_heard))
#endif

/* Nothing but the clock is left to move things on. */
#define IDLE (QUIET && wire && !OPERATOR_ACTS)

/* ---- the sender ---------------------------------------------------------------------------- */

/* ops.send: false when it cannot go now. */
inline s_send(kind, a, b, c, d)
{
    sent = 0;
    if
    :: wire && (sender_dials || route_good) && len(to_follower) < 2 ->
        printf("sender    says %e %d %d %d %d\n", kind, a, b, c, d);
        to_follower!kind, a, b, c, d;
        sent = 1
    :: else
    fi
}

/* say_hello; the follower's mail to the sender is another stream and not told. */
inline s_hello(answer_wanted)
{
    s_send(HELLO, answer_wanted, 0, 0, 0)
}

/* may_send, wu_node_read_records, send_batch */
inline pump()
{
    do
    :: s_greeted && !s_halted && !s_halted_there && !s_diverged &&
            s_sent_next - s_acked < WINDOW && s_sent_next <= s_head &&
            s_generation == s_out_generation && s_sent_next >= s_first ->
        n = (s_head - s_sent_next >= 1 -> 2 : 1);
        s_send(BATCH, s_generation, s_sent_next, n,
               HASH_AT(s_chain, s_head, s_sent_next + n - 1));
        if
        :: sent -> s_sent_next = s_sent_next + n
        :: else -> break
        fi
    :: else -> break
    od;
    n = 0; sent = 0
}

/* trim_to and trim, for mail */
inline trim()
{
    n = (s_follower_next > KEEP -> s_follower_next - KEEP : 1);
    do
#ifdef MUTATION_3 /* off by one: the record before the oldest needed one goes too */
    :: s_first < n ->
#else
    :: s_first + 1 < n ->
#endif
        s_trimmed = s_trimmed | (1 << (HASH_AT(s_chain, s_head, s_first) & 7));
        s_first++
    :: else -> break
    od;
    n = 0
}

/* A Hello or Ack that says the follower has everything before `next` on its disk: wu_node_acked. */
inline acked(next)
{
    s_follower_next = next;
    trim()
}

inline halt_sender(keep_from)
{
    if /* wu_node_set_halted: the first mark stands */
    :: s_keep_from == 0 -> s_keep_from = keep_from
    :: else
    fi;
    s_sure = s_asked; s_asked = 0; s_heard = 0; s_halted = 1;
    printf("sender    halts, keeps from %d\n", s_keep_from);
    s_send(HALT, 0, 0, 0, 0);
    sent = 0
}

/* compare_past, check_our_past, start_sending */
inline check_our_past(generation, next, chain)
{
    if
    :: next > 1 && generation > s_generation -> s_diverged = 1; halt_sender(s_follower_next)
    :: else ->
        if
        :: next <= 1 || generation < s_generation ->
            if
            :: s_first == 1 ->
                s_halted = 0; s_asked = 0; s_sure = 0; s_heard = 0; s_keep_from = 0; s_proven = 1;
                s_out_generation = s_generation; s_sent_next = 1; s_acked = 1;
                acked(1)
            :: else -> s_proven = 1; halt_sender(s_first)
            fi
        :: else ->
            if
            :: next > s_head + 1 -> s_diverged = 1; halt_sender(s_follower_next)
            :: next <= s_head + 1 && next <= s_first -> /* wu_node_hash_at: not held */
                s_proven = 1; halt_sender(s_first)
            :: else ->
                if
                :: HASH_AT(s_chain, s_head, next - 1) == chain ->
                    s_halted = 0; s_asked = 0; s_sure = 0; s_heard = 0; s_keep_from = 0; s_proven = 1;
                    s_out_generation = s_generation; s_sent_next = next; s_acked = next;
                    acked(next)
                :: else -> s_diverged = 1; halt_sender(s_follower_next)
                fi
            fi
        fi
    fi
}

/* review_state */
inline review_state()
{
    s_joining = !s_proven;
    s_stopped = s_witness || s_diverged || s_joining
}

/* Whether an Ack is about the records that we hold. */
#ifdef MUTATION_4 /* only numbers are compared */
#define SAME(next, chain) true
#else
#define SAME(next, chain)                                                                          \
    (next == 1 || next > s_first && next <= s_head + 1 && HASH_AT(s_chain, s_head, next - 1) == chain)
#endif

/* receive_hello, receive_ack, receive_halt */
inline s_receive(kind, generation, next, flag, chain)
{
    if
    :: kind == HELLO ->
        s_connected = 1; s_greeted = 1;
        if
        :: flag -> s_hello(0); sent = 0
        :: else
        fi;
        check_our_past(generation, next, chain);
        if /* 'joining' ends, and diverged comes, at once */
        :: s_joining -> review_state()
        :: else
        fi;
        pump()
    :: kind == ACK ->
        if
        :: s_greeted && !s_halted ->
#ifdef MUTATION_6 /* the peer goes on only when it names our generation, which it may not have */
            s_halted_there = s_halted_there && !(generation == s_out_generation && next <= s_sent_next);
#else
            s_halted_there = s_halted_there && generation >= s_out_generation &&
                !(generation == s_out_generation && next <= s_sent_next); /* resumed_there */
#endif
            if
            :: generation == s_out_generation && next <= s_sent_next && next != s_acked && SAME(next, chain) ->
                s_acked = next;
                acked(next)
            :: generation == s_out_generation &&
                    (next > s_sent_next || next > s_first && !SAME(next, chain)) ->
#ifndef MUTATION_7 /* what we never sent on this link is a past we do not know */
                s_hello(1); sent = 0
#endif
            :: else ->
                if /* acknowledgements that do not move: STALL_MS */
                :: flag && s_acked < s_sent_next -> s_hello(1); sent = 0
                :: flag && s_acked == s_sent_next && next == s_acked -> s_heard = 1
                :: else
                fi
            fi;
            pump()
        :: else
        fi
    :: kind == HALT -> s_halted_there = 1
    fi
}

proctype Sender()
{
    mtype kind;
    byte a, b, c, n;
    int d;
    bit sent;
end:
    do
    /* a command: number, journal, fold, trim, commit (wu_node_run) ... */
    :: atomic { made < RECORDS && !s_stopped && !s_unpushed ->
        made++;
        printf("sender    answers command %d\n", made);
#ifdef MUTATION_1 /* published before it is committed */
        s_unmade = made;
        if
        :: s_greeted && !s_halted && !s_halted_there && !s_diverged &&
                s_sent_next == s_head + 1 && s_generation == s_out_generation ->
            s_send(BATCH, s_generation, s_sent_next, 1, (s_chain << 3) | made);
            if
            :: sent -> s_sent_next++
            :: else
            fi;
            sent = 0
        :: else
        fi;
#else
        s_head++;
        s_chain = (s_chain << 3) | made;
        s_made = s_made | (1 << made);
        trim();
#endif
        s_unpushed = 1 }
    /* ... push_run, pump (wu_exchange_committed) */
    :: atomic { s_unpushed ->
#ifdef MUTATION_1
        s_head++;
        s_chain = (s_chain << 3) | s_unmade;
        s_made = s_made | (1 << s_unmade);
        s_unmade = 0;
#endif
        s_unpushed = 0;
        pump() }
    :: atomic { !s_unpushed && len(to_sender) > 0 ->
        if
        :: to_sender?kind, a, b, c, d
        :: twice > 0 -> to_sender?<kind, a, b, c, d>; twice--
        fi;
        if
        :: kind == HELLO && !sender_dials -> route_good = 1
        :: else
        fi;
        printf("sender    hears %e %d %d %d %d\n", kind, a, b, c, d);
        s_receive(kind, a, b, c, d);
        kind = 0; a = 0; b = 0; c = 0; d = 0 }
    :: atomic { !s_unpushed && len(old_to_sender) > 0 ->
        old_to_sender?kind, a, b, c, d;
        if
        :: kind == HELLO && !sender_dials -> route_good = 0 /* wu_bus_adopt: a dead route */
        :: else
        fi;
        printf("sender    hears %e %d %d %d %d\n", kind, a, b, c, d);
        s_receive(kind, a, b, c, d);
        kind = 0; a = 0; b = 0; c = 0; d = 0 }
    /* wu_exchange_tick: review_divergence, tick_link; review_state */
    :: atomic { !s_unpushed && !SETTLED && (IDLE && turn || haste > 0) ->
        if
        :: IDLE && turn -> n = 1; turn = 0
        :: else -> haste--
        fi;
        s_diverged = s_diverged && s_halted;
        review_state();
        if
        :: s_connected && (!s_greeted || !HEARS_FOLLOWER || s_halted || s_halted_there) ->
            s_hello(1);
            s_asked = n
        :: else
        fi;
        sent = 0; n = 0 }
    od
}

/* ---- the follower -------------------------------------------------------------------------- */

inline f_send(kind, a, b, c, d)
{
    if
    :: wire && (!sender_dials || route_good) && len(to_sender) < 2 ->
        printf("follower  says %e %d %d %d %d\n", kind, a, b, c, d);
        to_sender!kind, a, b, c, d
    :: else
    fi
}

/* say_hello: what the running batch has taken is not on disk yet */
inline f_hello(answer_wanted)
{
    f_send(HELLO, f_generation, f_next, answer_wanted, f_chain)
}

/* One record becomes an input of the batch: wu_node_add. */
inline take()
{
    p_generation[f_pending] = f_taken_generation;
    p_number[f_pending] = f_taken_next;
    p_chain[f_pending] = f_taken_chain;
    f_pending++;
    f_taken_next++
}

/* agrees_with: the records before taken.next, as far as the batch repeats them */
#define KNOWN (f_taken_next - first)
#define AGREES                                                                                     \
    (KNOWN == 0 && HASH_AT(chain, count, 0) == f_taken_chain ||                                    \
     KNOWN > count ||                                                                              \
     KNOWN > 0 && KNOWN <= count && HASH_AT(chain, count, KNOWN) == f_taken_chain)

/* receive_mail, take_records */
inline receive_mail(generation, first, count, chain)
{
    if
    :: !f_greeted -> f_hello(1)
    :: f_greeted && f_halted
    :: else ->
        f_halted_there = 0; /* resumed_there */
        f_owes_ack = 1;
        if
        :: generation < f_taken_generation -> f_halted = 1; f_send(HALT, 0, 0, 0, 0)
        :: generation > f_taken_generation && first != 1 -> f_hello(1)
        :: else ->
            if
            :: generation > f_taken_generation ->
                f_taken_generation = generation; f_taken_next = 1; f_taken_chain = 0
            :: else
            fi;
            if
            :: first > f_taken_next -> f_hello(1)
            :: first <= f_taken_next && !AGREES -> f_halted = 1; f_send(HALT, 0, 0, 0, 0)
            :: else ->
                do
                :: f_taken_next < first + count ->
                    f_taken_chain = HASH_AT(chain, count, f_taken_next + 1 - first);
                    take()
                :: else -> break
                od
            fi
        fi
    fi
}

/* wu_fold_input: is_over, wu_cursor_advance; then the core */
inline fold(generation, number, chain)
{
    if
    :: generation == f_generation && number < f_next /* is_over */
    :: else ->
        /* a gapless prefix */
        printf("follower  folds generation %d number %d: command %d\n", generation, number, chain & 7);
        assert(generation == f_generation && number == f_next ||
               generation > f_generation && number == 1);
        assert(generation > f_generation || chain >> 3 == f_chain);
        /* nothing is folded twice; but after a restore of the sender what it did not know to be
           acknowledged comes again under the new generation */
        assert(!(f_folded & (1 << (chain & 7))) || s_restored && generation > 1);
        f_folded = f_folded | (1 << (chain & 7));
        f_generation = generation; f_next = number + 1; f_chain = chain
    fi
}

inline commit()
{
    i = 0;
    do
    :: i < f_pending ->
        fold(p_generation[i], p_number[i], p_chain[i]);
        p_generation[i] = 0; p_number[i] = 0; p_chain[i] = 0;
        i++
    :: else -> break
    od;
    i = 0;
    f_pending = 0
}

/* settle_link */
inline tell(generation, next, chain)
{
    if
    :: f_owes_ack && f_greeted && next != f_taken_next -> f_owes_ack = 0; f_hello(1)
    :: f_owes_ack && f_greeted && next == f_taken_next ->
        f_owes_ack = 0;
        f_send(ACK, generation, next, 0, chain)
    :: else
    fi
}

inline f_receive(kind, a, b, c, d)
{
    if
    :: kind == HELLO -> /* receive_hello; the follower's own mail is in order: resume */
        f_connected = 1; f_greeted = 1; f_halted = 0;
#ifdef MUTATION_8 /* what the running batch has taken is forgotten, and yet folded */
        f_taken_generation = f_generation; f_taken_next = f_next; f_taken_chain = f_chain;
#endif
        if
        :: a -> f_hello(0)
        :: else
        fi
    :: kind == BATCH -> receive_mail(a, b, c, d)
    :: kind == HALT -> f_halted_there = 1
    fi
}

proctype Follower()
{
    mtype kind;
    byte a, b, c, i;
    int d;
end:
    do
    :: atomic { !f_untold && f_pending + 2 <= PENDING && len(to_follower) > 0 ->
        if
        :: to_follower?kind, a, b, c, d
        :: twice > 0 -> to_follower?<kind, a, b, c, d>; twice--
        fi;
        if
        :: kind == HELLO && sender_dials -> route_good = 1
        :: else
        fi;
        printf("follower  hears %e %d %d %d %d\n", kind, a, b, c, d);
        f_receive(kind, a, b, c, d);
        kind = 0; a = 0; b = 0; c = 0; d = 0 }
    :: atomic { !f_untold && f_pending + 2 <= PENDING && len(old_to_follower) > 0 ->
        old_to_follower?kind, a, b, c, d;
        if
        :: kind == HELLO && sender_dials -> route_good = 0
        :: else
        fi;
        printf("follower  hears %e %d %d %d %d\n", kind, a, b, c, d);
        f_receive(kind, a, b, c, d);
        kind = 0; a = 0; b = 0; c = 0; d = 0 }
#ifdef MUTATION_2 /* acknowledged before it is committed */
    :: atomic { !f_untold && f_pending > 0 ->
        tell(f_taken_generation, f_taken_next, f_taken_chain);
        f_untold = 1 }
    :: atomic { f_untold -> commit(); f_untold = 0 }
#else
    :: atomic { !f_untold && f_pending > 0 -> commit(); f_untold = 1 }
    :: atomic { f_untold ->
        tell(f_generation, f_next, f_chain);
        f_taken_generation = f_generation; f_taken_next = f_next; f_taken_chain = f_chain;
        f_untold = 0 }
#endif
    /* tick_link */
    :: atomic { !f_untold && !SETTLED && (IDLE && !turn || haste > 0) ->
        if
        :: IDLE && !turn -> turn = 1
        :: else -> haste--
        fi;
        if
        :: f_connected && (!f_greeted || !HEARS_SENDER || f_halted || f_halted_there) -> f_hello(1)
        :: else
        fi;
        if
        :: f_greeted && !f_halted -> f_send(ACK, f_generation, f_next, QUIET, f_chain)
        :: else
        fi }
    od
}

/* ---- faults -------------------------------------------------------------------------------- */

inline drain(channel)
{
    do
    :: channel?kind, a, b, c, d
    :: len(channel) == 0 -> break
    od
}

/* Frames that are already in the survivor's socket are read all the same; or none came. */
inline leave(channel, old)
{
    if
    :: len(old) == 0 ->
        do
        :: channel?kind, a, b, c, d -> old!kind, a, b, c, d
        :: len(channel) == 0 -> break
        od
    :: drain(channel)
    fi
}

/* The side that dials is told; a hub is not. */
inline disconnect()
{
    wire = 0;
    if
    :: sender_dials -> s_connected = 0; s_greeted = 0
    :: else -> f_connected = 0; f_greeted = 0
    fi
}

inline forget_sender()
{
    drain(to_sender); drain(old_to_sender);
    leave(to_follower, old_to_follower);
    disconnect();
    s_connected = 0; s_greeted = 0; s_halted = 0; s_asked = 0; s_sure = 0; s_heard = 0; s_halted_there = 0; s_diverged = 0;
    s_unpushed = 0; s_out_generation = 0; s_sent_next = 1; s_acked = 1; s_unmade = 0;
    s_proven = (!sender_dials || s_follower_next == 1);
    review_state()
}

inline forget_follower()
{
    drain(to_follower); drain(old_to_follower);
    leave(to_sender, old_to_sender);
    disconnect();
    f_connected = 0; f_greeted = 0; f_halted = 0; f_halted_there = 0; f_owes_ack = 0;
    f_untold = 0;
    do
    :: f_pending > 0 ->
        f_pending--;
        p_generation[f_pending] = 0; p_number[f_pending] = 0; p_chain[f_pending] = 0
    :: else -> break
    od;
    f_taken_generation = f_generation; f_taken_next = f_next; f_taken_chain = f_chain
}

proctype World()
{
    mtype kind;
    byte a, b, c, n;
    int d;
end:
    do
    :: atomic { !wire -> /* wu_exchange_connected */
        wire = 1; route_good = 0;
        printf("connected\n");
        if
        :: sender_dials -> s_connected = 1; s_greeted = 0; to_follower!HELLO, 1, 0, 0, 0
        :: else ->
            f_connected = 1; f_greeted = 0;
            to_sender!HELLO, f_generation, f_next, 1, f_chain
        fi }
    :: atomic { wire && cuts > 0 ->
        cuts--;
        printf("cut\n");
        leave(to_sender, old_to_sender);
        leave(to_follower, old_to_follower);
        disconnect();
        kind = 0; a = 0; b = 0; c = 0; d = 0 }
    :: atomic { crashes > 0 ->
        crashes--;
        if
        :: printf("sender    crashes\n"); forget_sender()
        :: printf("follower  crashes\n"); forget_follower()
        fi;
        kind = 0; a = 0; b = 0; c = 0; d = 0 }
    :: atomic { restores > 0 && copy_of == 0 && !s_unpushed && !f_untold ->
        if
        :: RESTORED != 2 -> printf("sender    is copied\n"); copy_of = 1;
            c_generation = s_generation; c_next = s_head; c_first = s_first; c_chain = s_chain;
            c_follower_next = s_follower_next; c_keep_from = s_keep_from; c_ghost = s_made
        :: RESTORED != 1 -> printf("follower  is copied\n"); copy_of = 2;
            c_generation = f_generation; c_next = f_next; c_chain = f_chain; c_ghost = f_folded
        fi }
    :: atomic { restores > 0 && copy_of != 0 ->
        restores--;
        if
        :: copy_of == 1 ->
            printf("sender    is restored from the copy\n");
            s_restored = 1;
#ifndef WITNESS_LOST
            s_witness = (c_next != s_head || c_generation != s_generation);
#endif
            s_generation = c_generation; s_head = c_next; s_first = c_first; s_chain = c_chain;
            s_follower_next = c_follower_next; s_keep_from = c_keep_from; s_made = c_ghost;
            forget_sender()
        :: else ->
            printf("follower  is restored from the copy\n");
            f_restored = 1;
            f_generation = c_generation; f_next = c_next; f_chain = c_chain; f_folded = c_ghost;
            forget_follower()
        fi;
        copy_of = 0; c_generation = 0; c_next = 0; c_first = 0; c_chain = 0;
        c_follower_next = 0; c_keep_from = 0; c_ghost = 0;
        kind = 0; a = 0; b = 0; c = 0; d = 0 }
    /*
     * The operator: `wushectl generation begin` (wu_streams_begin_generation, carry_over,
     * notice_generation), when things stand still and a link is marked.
     */
    :: atomic { OPERATOR_ACTS ->
        s_generation++;
        printf("operator  begins generation %d, keeps from %d\n", s_generation, s_keep_from);
        s_witness = 0;
        if
        :: s_keep_from > 0 ->
            n = (s_keep_from > s_head -> 0 : s_head + 1 - s_keep_from);
            s_chain = s_chain & ((1 << (3 * n)) - 1);
            s_head = n; s_first = 1; s_follower_next = 1;
#ifndef MUTATION_5 /* the mark is a number of the old generation */
            s_keep_from = 1
#endif
        :: else -> s_generation--
        fi;
        n = 0;
        if
        :: s_greeted && s_generation != s_out_generation && s_out_generation != 0 &&
                wire && (sender_dials || route_good) && len(to_follower) < 2 ->
            to_follower!HELLO, 1, 0, 0, 0
        :: else
        fi }
    od
}

/* ---- what must hold ------------------------------------------------------------------------ */

/* The follower's past is the sender's: as much of it as the follower has. */
#define ONE_PAST                                                                                   \
    (f_next == 1 || f_generation != s_generation && f_generation < s_generation || \
     f_generation == s_generation && f_next <= s_head + 1 &&                                       \
         HASH_AT(s_chain, s_head, f_next - 1) == f_chain)

/*
 * Without a restore: always one past, nothing acknowledged that is not on the follower's disk,
 * nobody diverged, and no halt that outlives the next greeting. (A Hello of a connection that is
 * gone, read late, can halt a link until then.)
 */
#define ALWAYS                                                                                     \
    ((s_restored || ONE_PAST) &&                                                                   \
     (s_restored || f_restored || s_follower_next <= f_next && !s_diverged && !s_sure))

/* Settled after whatever happened: every command answered by this past of the sender is folded.
   (A follower put back to a copy older than the kept tail is parked, and told so: what was
   trimmed after it had acknowledged it is gone.) */
#define NOTHING_LOST (!SETTLED || ONE_PAST && (s_made & ~f_folded & ~s_trimmed) == 0)

ltl always_one_past { [] (ALWAYS) }
ltl nothing_lost { [] (NOTHING_LOST) }
ltl has_the_head_at_last { <> [] (SETTLED) }

init
{
    atomic {
        if
        :: sender_dials = 0
        :: sender_dials = 1
        fi;
        run Sender();
        run Follower();
        run World()
    }
}
