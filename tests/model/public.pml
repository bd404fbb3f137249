/*
 * A public topic: PUB is a hint, Fetch is the truth. One hub, one follower;
 * lost frames, heads, fetching, trimming, parking, snapshots, crashes, an older
 * copy of either store.
 *
 * Names in comments are those of common/bus/exchange.c and
 * common/journal/stream.c. A chain hash is written as in follow.pml. A public
 * stream is never started again, so there is one generation.
 */
#ifndef RECORDS
#define RECORDS 4 /* at most 7 */
#endif
#define KEEP 2 /* public_keep_count */
#ifndef CRASHES
#define CRASHES 1
#endif
#ifndef LOSSES
#define LOSSES 1 /* frames that get lost, beside those that find a full queue */
#endif
#ifndef LATE
#define LATE 1 /* answers that take more than a second, so that the question is asked again */
#endif
#ifndef RESTORES
#define RESTORES 1
#endif
#ifndef RESTORED
#define RESTORED 0 /* which store: 1 the hub's, 2 the follower's, 0 either */
#endif
#define PENDING 3

#define HASH_AT(chain, head, number) ((chain) >> (3 * ((head) - (number))))

mtype = { HEADS, BATCH, SNAPSHOT, ACK, FETCH };

/* Heads: head, -, chain, -. Batch: first, count, chain after it, -.
   Snapshot: upto.next, asked.next, upto.hash, asked.hash */
chan pub = [2] of { mtype, byte, byte, int, int };         /* PUB to SUB */
chan to_follower = [2] of { mtype, byte, byte, int, int }; /* the mail link */
chan to_hub = [2] of { mtype, byte, int };                 /* next, hash */

/* ---- the hub's store ----------------------------------------------------------------------- */
byte h_head = 0; /* 0: the stream is not there yet */
byte h_first = 1;
int h_chain = 0;
byte h_follower_next = 0; /* 0: no FollowerRow yet */
bit h_parked;
byte h_unpublished = 0; /* records committed, and not yet published */
byte h_unmade = 0;      /* MUTATION_1 */

/* ---- the follower's store ------------------------------------------------------------------ */
byte f_next = 1;
int f_chain = 0;
byte f_known = 0; /* ghost: records folded, or known from a snapshot, a bit each */

/* ---- the follower's memory: struct topic ---------------------------------------------------- */
byte f_taken_next = 1;
int f_taken_chain = 0;
byte f_head = 0;
bit f_fetching, f_owes_ack, f_untold;
byte f_pending = 0;
byte f_frames = 0; /* read since the first input of the batch */
byte p_next[PENDING]; /* cursor after the input */
int p_chain[PENDING];
bit p_snapshot[PENDING];

/* ---- the world ------------------------------------------------------------------------------ */
byte made = 0;
byte crashes = CRASHES;
byte losses = LOSSES;
byte late = LATE;
byte restores = RESTORES;
bit h_restored, f_restored;
byte copy_of = 0; /* 1: the hub's, 2: the follower's */
byte c_next, c_first, c_follower_next, c_known;
bit c_parked;
int c_chain;
bit turn;

#define QUIET                                                                                      \
    (len(pub) == 0 && len(to_follower) == 0 && len(to_hub) == 0 && h_unpublished == 0 &&            \
     !f_untold && f_pending == 0)
#define SETTLED (QUIET && (h_head == 0 || f_next == h_head + 1 && f_chain == h_chain))
#define ONE_PAST (f_next <= h_head + 1 && HASH_AT(h_chain, h_head, f_next - 1) == f_chain)

/* ---- the hub -------------------------------------------------------------------------------- */

/* park_slow_followers, needed_from, trim_to, trim */
inline trim()
{
    if
    :: h_follower_next > 0 && !h_parked && h_follower_next + KEEP <= h_head ->
        printf("hub       parks the follower\n");
        h_parked = 1
    :: else
    fi;
    n = (h_follower_next > 0 && !h_parked && h_follower_next < h_head + 1 -> h_follower_next : h_head + 1);
    if
    :: n > (h_head + 1 > KEEP -> h_head + 1 - KEEP : 1) -> n = (h_head + 1 > KEEP -> h_head + 1 - KEEP : 1)
    :: else
    fi;
    do
#ifdef MUTATION_4 /* off by one: the record before the oldest needed one goes too */
    :: h_first < n -> h_first++
#else
    :: h_first + 1 < n -> h_first++
#endif
    :: else -> break
    od;
    n = 0
}

inline publish(what, x, y, past)
{
    printf("hub       publishes %e %d %d %d\n", what, x, y, past);
    if
    :: len(pub) < 2 -> pub!what, x, y, past, 0
    :: else /* beyond the high-water mark: dropped */
    fi
}

inline send(what, x, y, past, question)
{
    printf("hub       sends %e %d %d %d %d\n", what, x, y, past, question);
    if
    :: len(to_follower) < 2 -> to_follower!what, x, y, past, question
    :: else
    fi
}

/* wu_node_acked */
inline acked(next)
{
    if
    :: h_follower_next != next -> h_follower_next = next; h_parked = 0; trim()
    :: else
    fi
}

inline send_snapshot(next, chain)
{
    /* whoever the hub knows, and who is within the bound, is served records */
    assert(h_restored || f_restored || h_parked || next < h_follower_next ||
           h_follower_next == 0 || next == 1);
    send(SNAPSHOT, h_head + 1, next, h_chain, chain)
}

/* receive_fetch, compare_past, send_public_from */
inline receive_fetch(next, chain)
{
    if
    :: h_head == 0
    :: h_head > 0 && (next > 1 && (next > h_head + 1 || next <= h_first) || next <= 1 && h_first > 1) ->
        send_snapshot(next, chain)
    :: else ->
        if
        :: next > 1 && HASH_AT(h_chain, h_head, next - 1) != chain -> send_snapshot(next, chain)
        :: else ->
            if
            :: next <= h_head ->
                n = (h_head > next -> 2 : 1);
                send(BATCH, next, n, HASH_AT(h_chain, h_head, next + n - 1), 0);
                n = 0
            :: else
            fi;
            acked(next)
        fi
    fi
}

proctype Hub()
{
    mtype kind;
    byte a, n;
    int chain;
end:
    do
    :: atomic { made < RECORDS && h_unpublished == 0 ->
        made++;
        printf("hub       makes record %d\n", made);
        h_unpublished = 1;
#ifdef MUTATION_1 /* published before it is committed */
        h_unmade = made;
        publish(BATCH, h_head + 1, 1, (h_chain << 3) | made) }
#else
        h_head++;
        h_chain = (h_chain << 3) | made;
        trim() }
#endif
    :: atomic { h_unpublished > 0 -> /* publish_run */
        h_unpublished = 0;
#ifdef MUTATION_1
        h_head++;
        h_chain = (h_chain << 3) | h_unmade;
        h_unmade = 0;
        trim() }
#else
        publish(BATCH, h_head, 1, h_chain) }
#endif
    :: atomic { h_unpublished == 0 && len(to_hub) > 0 ->
        to_hub?kind, a, chain;
        printf("hub       hears %e %d %d\n", kind, a, chain);
        if
        :: kind == FETCH -> receive_fetch(a, chain)
        :: kind == ACK && h_head > 0 && a <= h_head + 1 -> acked(a)
        :: else
        fi;
        kind = 0; a = 0; chain = 0 }
    :: atomic { QUIET && !SETTLED && turn && h_head > 0 -> /* publish_heads, each second */
        turn = 0;
        publish(HEADS, h_head, 0, h_chain) }
    od
}

/* ---- the follower --------------------------------------------------------------------------- */

/* From what is on disk. One question at a time, again after a second. */
inline fetch()
{
    if
    :: !f_fetching ->
        if
        :: len(to_hub) < 2 -> to_hub!FETCH, f_next, f_chain; f_fetching = 1
        :: else
        fi
    :: f_fetching && (late > 0 || QUIET) ->
        if
        :: QUIET
        :: else -> late--
        fi;
        if
        :: len(to_hub) < 2 -> to_hub!FETCH, f_next, f_chain
        :: else
        fi
    :: f_fetching && !QUIET
    fi
}

inline add_input(is_snapshot)
{
    p_next[f_pending] = f_taken_next;
    p_chain[f_pending] = f_taken_chain;
    p_snapshot[f_pending] = is_snapshot;
    f_pending++
}

inline receive_heads(head, chain)
{
    f_head = head;
    if
    :: f_taken_next <= head || f_taken_next > head + 1 -> fetch()
#ifndef MUTATION_2 /* another past of the same length is not noticed */
    :: f_taken_next == head + 1 && f_taken_chain != chain -> fetch()
#endif
    :: else
    fi
}

#define KNOWN (f_taken_next - first)
#define AGREES                                                                                     \
    (KNOWN == 0 && HASH_AT(chain, count, 0) == f_taken_chain || KNOWN > count ||                   \
     KNOWN > 0 && KNOWN <= count && HASH_AT(chain, count, KNOWN) == f_taken_chain)

/* receive_public, take_records */
inline receive_public(first, count, chain)
{
    if
    :: first + count - 1 > f_head -> f_head = first + count - 1
    :: else
    fi;
    if
    :: first <= f_taken_next -> f_fetching = 0
    :: else
    fi;
    f_owes_ack = 1;
    if
    :: first > f_taken_next -> fetch()
    :: first <= f_taken_next && !AGREES -> fetch()
    :: else ->
        do
        :: f_taken_next < first + count ->
            f_taken_chain = HASH_AT(chain, count, f_taken_next + 1 - first);
            f_taken_next++;
            add_input(0)
        :: else -> break
        od
    fi
}

inline receive_snapshot(next, asked_next, chain, asked_chain)
{
    if
#ifdef MUTATION_3 /* whatever we stand at by now */
    :: next != f_taken_next || chain != f_taken_chain ->
#else
    :: (next != f_taken_next || chain != f_taken_chain) && asked_next == f_taken_next &&
            asked_chain == f_taken_chain ->
#endif
        f_taken_next = next;
        f_taken_chain = chain;
        add_input(1);
        f_fetching = 0;
        f_owes_ack = 1
    :: else
    fi
}

inline f_receive(kind, a, b, chain, asked)
{
    printf("follower  hears %e %d %d %d\n", kind, a, b, chain);
    if
    :: kind == HEADS -> receive_heads(a, chain)
    :: kind == BATCH -> receive_public(a, b, chain)
    :: kind == SNAPSHOT -> receive_snapshot(a, b, chain, asked)
    fi;
    f_frames = (f_pending > 0 -> f_frames + 1 : 0)
}

/* wu_fold_input, advance_cursor, wu_cursor_advance */
inline fold(next, chain, is_snapshot)
{
    if
    :: is_snapshot ->
        printf("follower  takes the snapshot up to %d\n", next - 1);
        f_next = next; f_chain = chain;
        d = chain;
        do
        :: d > 0 -> f_known = f_known | (1 << (d & 7)); d = d >> 3
        :: else -> break
        od
    :: else ->
        if
        :: next <= f_next /* is_over */
        :: else ->
            printf("follower  folds number %d: record %d\n", next - 1, chain & 7);
            assert(next == f_next + 1);            /* a gapless prefix */
            assert(chain >> 3 == f_chain);         /* of one past */
            assert(!(f_known & (1 << (chain & 7)))); /* nothing is folded twice */
            f_known = f_known | (1 << (chain & 7));
            f_next = next; f_chain = chain
        fi
    fi
}

inline commit()
{
    i = 0;
    do
    :: i < f_pending ->
        fold(p_next[i], p_chain[i], p_snapshot[i]);
        p_next[i] = 0; p_chain[i] = 0; p_snapshot[i] = 0;
        i++
    :: else -> break
    od;
    i = 0;
    f_pending = 0; f_frames = 0
}

/* settle_topic */
inline settle()
{
    f_taken_next = f_next;
    f_taken_chain = f_chain;
    if
    :: f_owes_ack && len(to_hub) < 2 -> to_hub!ACK, f_next, f_chain
    :: else
    fi;
    f_owes_ack = 0;
    if
    :: f_taken_next <= f_head -> fetch()
    :: else
    fi
}

/* collect: as long as there is room, and not for ever */
#define ROOM (!f_untold && f_pending + 2 <= PENDING && f_frames < 3)

proctype Follower()
{
    mtype kind;
    byte a, b, i;
    int chain, asked, d;
end:
    do
    :: atomic { ROOM && len(to_follower) > 0 ->
        to_follower?kind, a, b, chain, asked;
        f_receive(kind, a, b, chain, asked);
        kind = 0; a = 0; b = 0; chain = 0; asked = 0 }
    :: atomic { ROOM && len(pub) > 0 ->
        pub?kind, a, b, chain, asked;
        f_receive(kind, a, b, chain, asked);
        kind = 0; a = 0; b = 0; chain = 0; asked = 0 }
    :: atomic { !f_untold && f_pending > 0 -> commit(); f_untold = 1 }
    :: atomic { f_untold -> f_untold = 0; settle() }
    :: atomic { QUIET && !SETTLED && (!turn || h_head == 0) -> /* wu_exchange_tick */
        turn = 1;
        settle() }
    od
}

/* ---- faults --------------------------------------------------------------------------------- */

inline drain_all()
{
    do
    :: pub?kind, a, b, chain, asked
    :: to_follower?kind, a, b, chain, asked
    :: to_hub?kind, a, chain
    :: len(pub) == 0 && len(to_follower) == 0 && len(to_hub) == 0 -> break
    od;
    kind = 0; a = 0; b = 0; chain = 0; asked = 0
}

/* The follower greets the hub again, or for the first time: offer_topics. */
inline greet()
{
    if
    :: h_head > 0 -> to_follower!HEADS, h_head, 0, h_chain, 0
    :: else
    fi
}

inline forget_follower()
{
    do
    :: f_pending > 0 ->
        f_pending--;
        p_next[f_pending] = 0; p_chain[f_pending] = 0; p_snapshot[f_pending] = 0
    :: else -> break
    od;
    f_taken_next = f_next; f_taken_chain = f_chain; f_head = 0;
    f_fetching = 0; f_owes_ack = 0; f_untold = 0; f_frames = 0
}

proctype World()
{
    mtype kind;
    byte a, b;
    int chain, asked;
end:
    do
    :: atomic { losses > 0 && len(pub) > 0 ->
        losses--;
        pub?kind, a, b, chain, asked;
        printf("lost: %e %d\n", kind, a);
        kind = 0; a = 0; b = 0; chain = 0; asked = 0 }
    :: atomic { losses > 0 && len(to_follower) + len(to_hub) > 0 ->
        losses--;
        printf("the connection is cut\n");
        drain_all();
        greet() }
    :: atomic { crashes > 0 ->
        crashes--;
        drain_all();
        if
        :: printf("hub       crashes\n"); h_unpublished = 0; h_unmade = 0
        :: printf("follower  crashes\n"); forget_follower()
        fi;
        greet() }
    :: atomic { restores > 0 && copy_of == 0 && h_unpublished == 0 && !f_untold ->
        if
        :: RESTORED != 2 ->
            printf("hub       is copied\n");
            copy_of = 1;
            c_next = h_head; c_first = h_first; c_chain = h_chain;
            c_follower_next = h_follower_next; c_parked = h_parked
        :: RESTORED != 1 ->
            printf("follower  is copied\n");
            copy_of = 2;
            c_next = f_next; c_chain = f_chain; c_known = f_known
        fi }
    :: atomic { restores > 0 && copy_of != 0 ->
        restores--;
        drain_all();
        if
        :: copy_of == 1 -> /* and goes on at once, as if its operator had been quick */
            printf("hub       is restored from the copy\n");
            h_restored = 1; h_unpublished = 0; h_unmade = 0;
            h_head = c_next; h_first = c_first; h_chain = c_chain;
            h_follower_next = c_follower_next; h_parked = c_parked
        :: else ->
            printf("follower  is restored from the copy\n");
            f_restored = 1;
            f_next = c_next; f_chain = c_chain; f_known = c_known;
            forget_follower()
        fi;
        copy_of = 0; c_next = 0; c_first = 0; c_chain = 0; c_follower_next = 0; c_parked = 0;
        c_known = 0;
        greet() }
    od
}

/* ---- what must hold ------------------------------------------------------------------------- */

ltl always_one_past { [] (h_restored || ONE_PAST && h_follower_next <= f_next || f_restored && ONE_PAST) }
ltl has_the_head_at_last { <> [] (SETTLED) }

init
{
    atomic {
        run Hub();
        run Follower();
        run World()
    }
}
