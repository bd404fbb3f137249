/*
 * Reserve, confirm, release: one linkage of two steps, one coordinator, two or
 * three providers that each could take either step.
 *
 * Names in comments are those of services/coordinator/core/{progress,offer,step}.c
 * and services/provider/{offer,hand,held}.c. Mail is what follow.pml proves it
 * to be: in order, nothing lost; here a record may come twice all the same.
 *
 * There is no clock: a timer that is set may fire at any moment, so whatever
 * the deadlines and however wrong the clocks, the order of events is in here.
 */
#ifndef PROVIDERS
#define PROVIDERS 2
#endif
#ifndef ATTEMPTS
#define ATTEMPTS 3 /* ATTEMPTS_MAX of a step */
#endif
#ifndef FIRST
#define FIRST ATTEMPTS /* of the first step */
#endif
#ifndef TWICE
#define TWICE 1
#endif
#ifndef OPTIONAL
#define OPTIONAL 0 /* 1: the second step is not required */
#endif
#ifndef ALONE
#define ALONE 0 /* 1: the first step is the only one */
#endif
#define STEPS 2
#define NOBODY PROVIDERS
#define QUEUE 8

/* NOT_COUNTED is StepReleased with the reason DELIVERED_BY_ANOTHER */
mtype = { OFFERED, CONFIRMED, RELEASED, NOT_COUNTED, RESERVED, DECLINED, LAPSED, TAKEN, DELIVERED };

/* step, attempt; the provider is the channel */
chan to_provider[PROVIDERS] = [QUEUE] of { mtype, byte, byte };
chan to_coordinator[PROVIDERS] = [QUEUE] of { mtype, byte, byte };

/* ---- the coordinator: LinkageRow, LinkageStep ------------------------------------------------ */
mtype = { GATHERING, DELIVERING, AWAITING, UNMET };
mtype linkage = GATHERING; /* AWAITING the resident's word, and UNMET, are ends */
mtype = { S_WAITING, S_OFFERED, S_RESERVED, S_CONFIRMED, S_TAKEN, S_DELIVERED, S_SKIPPED, S_GONE };
mtype state[STEPS] = S_WAITING;
byte attempt[STEPS] = 0;
byte who[STEPS] = NOBODY; /* provider_id */
byte tried[STEPS] = 0;    /* a bit each */
byte taken_back[PROVIDERS * STEPS] = 0; /* TakenBack.attempt of each provider; 0: none */
bit opened;

/* ---- the providers: StepRow ------------------------------------------------------------------ */
mtype = { P_NONE, P_WAITING, P_RESERVED, P_CONFIRMED, P_DECLINED, P_LAPSED, P_RELEASED, P_DELIVERED,
          P_NOT_COUNTED }; /* the last is P_DELIVERED in the code, and its provider has been told */
mtype held[PROVIDERS * STEPS] = P_NONE;
byte held_attempt[PROVIDERS * STEPS] = 0;
bit given_up[PROVIDERS * STEPS]; /* ghost: what this attempt set aside has been given back */

byte twice = TWICE;

#define MOST(s) (s == 0 -> FIRST : ATTEMPTS)
#define REQUIRED(s) (s == 0 || !OPTIONAL && !ALONE)
#define AT(p, s) ((p) * STEPS + (s))
#define IS_OUT(s)                                                                                  \
    (state[s] == S_OFFERED || state[s] == S_RESERVED || state[s] == S_CONFIRMED ||                  \
     state[s] == S_TAKEN)
#define IS_HELD(s)                                                                                 \
    (state[s] == S_RESERVED || state[s] == S_CONFIRMED || state[s] == S_TAKEN ||                    \
     state[s] == S_DELIVERED)
#define HAS_ENDED(s) (state[s] == S_DELIVERED || state[s] == S_SKIPPED || state[s] == S_GONE)
#define IS_SETTLED(s) (state[s] != S_WAITING && state[s] != S_OFFERED)
#define IS_OPEN(p, s)                                                                              \
    (held[AT(p, s)] == P_WAITING || held[AT(p, s)] == P_RESERVED || held[AT(p, s)] == P_CONFIRMED)

/* ---- the coordinator ------------------------------------------------------------------------- */

inline tell(p, what, s, a)
{
    printf("coordinator  %e step %d attempt %d to provider %d\n", what, s, a, p);
    assert(len(to_provider[p]) < QUEUE);
    to_provider[p]!what, s, a
}

inline release_step(s)
{
#ifdef MUTATION_2 /* a release that is forgotten: a reservation of a linkage that ends unmet */
    if
    :: state[s] != S_RESERVED -> tell(who[s], RELEASED, s, attempt[s])
    :: else
    fi
#else
    tell(who[s], RELEASED, s, attempt[s])
#endif
}

inline take_back(s)
{
    state[s] = S_WAITING;
    who[s] = NOBODY
}

/* Confirmed, and then taken back: remember_taken_back. */
inline take_back_and_remember(s)
{
    if
    :: state[s] == S_CONFIRMED || state[s] == S_TAKEN ->
        assert(taken_back[AT(who[s], s)] == 0);
        taken_back[AT(who[s], s)] = attempt[s]
    :: else
    fi;
    take_back(s)
}

inline exclude_provider(s)
{
    tried[s] = tried[s] | (1 << who[s])
}

/* linkage_close, after close_unmet has set everybody else free */
inline close_unmet()
{
    printf("coordinator  the linkage ends unmet\n");
    j = 0;
    do
    :: j < STEPS ->
        if
        :: !HAS_ENDED(j) ->
            if
            :: IS_OUT(j) -> release_step(j); take_back_and_remember(j)
            :: else
            fi;
            state[j] = S_GONE
        :: else
        fi;
        j++
    :: else -> break
    od;
    j = 0;
    linkage = UNMET
}

/* offer_step, candidate_choose: whose turn it is does not matter here */
inline offer_step(s)
{
    if
    :: attempt[s] < MOST(s) && !(tried[s] & 1) -> who[s] = 0
    :: attempt[s] < MOST(s) && !(tried[s] & 2) -> who[s] = 1
#if PROVIDERS > 2
    :: attempt[s] < MOST(s) && !(tried[s] & 4) -> who[s] = 2
#endif
    :: else
    fi;
    if
    :: who[s] != NOBODY ->
        state[s] = S_OFFERED;
        attempt[s]++;
        tell(who[s], OFFERED, s, attempt[s])
    :: who[s] == NOBODY && REQUIRED(s) -> close_unmet()
    :: else -> state[s] = S_SKIPPED
    fi
}

/* offer_waiting: step 0 is of the core three, step 1 of the others */
inline offer_waiting()
{
    if
    :: state[0] == S_WAITING -> offer_step(0)
    :: else
    fi;
    if
    :: linkage != UNMET && state[1] == S_WAITING && (linkage != GATHERING || IS_HELD(0)) ->
        offer_step(1)
    :: else
    fi
}

/* renew_short_holds: any reservation may be short */
inline renew_short_holds()
{
    any = 0;
    j = 0;
    do
    :: j < STEPS && state[j] == S_RESERVED ->
        if
        :: release_step(j); take_back(j); any = 1
        :: true
        fi;
        j++
    :: j < STEPS && state[j] != S_RESERVED -> j++
    :: else -> break
    od;
    j = 0
}

inline confirm_reserved()
{
    if
    :: linkage == GATHERING ->
        assert((IS_HELD(0) || !REQUIRED(0)) && (IS_HELD(1) || !REQUIRED(1)));
        linkage = DELIVERING
    :: else
    fi;
    j = 0;
    do
    :: j < STEPS ->
        if
        :: state[j] == S_RESERVED -> state[j] = S_CONFIRMED; tell(who[j], CONFIRMED, j, attempt[j])
        :: else
        fi;
        j++
    :: else -> break
    od;
    j = 0
}

/* linkage_advance */
inline advance()
{
    any = 1;
    do
    :: any ->
        any = 0;
        offer_waiting();
        if
        :: linkage == UNMET -> break
#ifdef MUTATION_3 /* each step is confirmed as soon as it is reserved */
        :: linkage == GATHERING && !(IS_SETTLED(0) || IS_SETTLED(1)) -> break
#else
        :: linkage == GATHERING && !(IS_SETTLED(0) && IS_SETTLED(1)) -> break
#endif
        :: else -> renew_short_holds()
        fi
    :: else -> /* the loop ended by itself */
        confirm_reserved();
        if
        :: linkage == DELIVERING && HAS_ENDED(0) && HAS_ENDED(1) -> linkage = AWAITING
        :: else
        fi;
        break
    od;
    any = 0
}

/* match_answer: the offer that stands, by whom it went to */
#define CURRENT(p, s, a) (attempt[s] == a && who[s] == p)

#ifdef MUTATION_6 /* a late report takes the place of one that counts already */
#define MAY_COUNT(s) true
#else
#define MAY_COUNT(s) (state[s] != S_DELIVERED)
#endif

/* take_crossed_delivery, complete_late, note_surplus */
inline deliver_late(p, s, a)
{
    if
#ifdef MUTATION_7 /* a report that crossed with the release is not looked at */
    :: true
#else
    :: taken_back[AT(p, s)] != a
#endif
    :: taken_back[AT(p, s)] == a && linkage != UNMET && MAY_COUNT(s) ->
        if
#ifndef MUTATION_4 /* a late report counts, and who has the step now is not let go */
        :: IS_OUT(s) -> release_step(s); take_back_and_remember(s)
#endif
        :: else
        fi;
        state[s] = S_DELIVERED;
        who[s] = p;
        attempt[s] = a; /* so that this report is the current one from now on */
        taken_back[AT(p, s)] = 0;
        advance()
    :: else ->
        taken_back[AT(p, s)] = 0;
#ifndef MUTATION_5 /* who delivers too is not told */
        tell(p, NOT_COUNTED, s, a)
#endif
    fi
}

inline hear(p, what, s, a)
{
    printf("coordinator  hears %e step %d attempt %d of provider %d\n", what, s, a, p);
    if
    :: (what == RESERVED || what == TAKEN) && !CURRENT(p, s, a) -> /* release_stale */
        tell(p, RELEASED, s, a)
    :: what == DELIVERED && !CURRENT(p, s, a) -> deliver_late(p, s, a)
    :: what == RESERVED && CURRENT(p, s, a) && state[s] == S_OFFERED ->
        state[s] = S_RESERVED;
        advance()
    :: what == DECLINED && CURRENT(p, s, a) && IS_OUT(s) ->
        exclude_provider(s); take_back(s);
        advance()
    :: what == LAPSED && CURRENT(p, s, a) && IS_OUT(s) ->
        if
        :: state[s] != S_RESERVED -> exclude_provider(s)
        :: else
        fi;
        take_back(s);
        advance()
    :: what == TAKEN && CURRENT(p, s, a) && state[s] == S_CONFIRMED -> state[s] = S_TAKEN
    :: what == DELIVERED && CURRENT(p, s, a) && (state[s] == S_CONFIRMED || state[s] == S_TAKEN) ->
        state[s] = S_DELIVERED;
        advance()
    :: else
    fi
}

/* pass_on */
inline overdue(s)
{
    release_step(s);
    exclude_provider(s);
    take_back_and_remember(s);
    advance()
}

#define RECEIVE(p)                                                                                 \
    :: atomic { opened && len(to_coordinator[p]) > 0 ->                                             \
        if                                                                                         \
        :: to_coordinator[p]?what, s, a                                                            \
        :: twice > 0 -> to_coordinator[p]?<what, s, a>; twice--                                    \
        fi;                                                                                        \
        hear(p, what, s, a);                                                                       \
        what = 0; s = 0; a = 0 }

proctype Coordinator()
{
    mtype what;
    byte s, a, j;
    bit any;
end:
    do
    :: atomic { !opened -> opened = 1; advance() } /* open_linkage */
    RECEIVE(0)
    RECEIVE(1)
#if PROVIDERS > 2
    RECEIVE(2)
#endif
    /* handle_offer_overdue */
    :: atomic { state[0] == S_OFFERED -> printf("coordinator  offer 0 overdue\n"); overdue(0) }
    :: atomic { state[1] == S_OFFERED -> printf("coordinator  offer 1 overdue\n"); overdue(1) }
    /* handle_step_overdue */
    :: atomic { state[0] == S_CONFIRMED || state[0] == S_TAKEN ->
        printf("coordinator  step 0 overdue\n");
        overdue(0) }
    :: atomic { state[1] == S_CONFIRMED || state[1] == S_TAKEN ->
        printf("coordinator  step 1 overdue\n");
        overdue(1) }
    od
}

/* ---- a provider ------------------------------------------------------------------------------- */

inline say(what, s, a)
{
    printf("provider %d   %e step %d attempt %d\n", me, what, s, a);
    assert(len(to_coordinator[me]) < QUEUE);
    to_coordinator[me]!what, s, a
}

inline reserve(s)
{
    held[AT(me, s)] = P_RESERVED;
    given_up[AT(me, s)] = 0;
    say(RESERVED, s, held_attempt[AT(me, s)])
}

inline decline(s)
{
    held[AT(me, s)] = P_DECLINED;
    say(DECLINED, s, held_attempt[AT(me, s)])
}

/* held_release, held_lapse: let_go */
inline let_go(s, how)
{
    held[AT(me, s)] = how;
    given_up[AT(me, s)] = 1
}

/* held_answer_offer */
inline answer_offer(s)
{
    if
    :: held[AT(me, s)] == P_RESERVED || held[AT(me, s)] == P_CONFIRMED ||
            held[AT(me, s)] == P_DELIVERED ->
        say(RESERVED, s, held_attempt[AT(me, s)])
    :: held[AT(me, s)] == P_DECLINED -> say(DECLINED, s, held_attempt[AT(me, s)])
    :: held[AT(me, s)] == P_LAPSED || held[AT(me, s)] == P_RELEASED ->
        say(LAPSED, s, held_attempt[AT(me, s)])
    :: else
    fi
}

/* handle_step_offered */
inline receive_offer(s, a)
{
    if
    :: held[AT(me, s)] != P_NONE && held_attempt[AT(me, s)] == a -> answer_offer(s)
    :: held[AT(me, s)] != P_NONE && held_attempt[AT(me, s)] > a
    :: else ->
        assert(held[AT(me, s)] != P_DELIVERED); /* the row of what was done is never taken again */
        if
        :: IS_OPEN(me, s) -> let_go(s, P_RELEASED)
        :: else
        fi;
        held_attempt[AT(me, s)] = a;
        held[AT(me, s)] = P_WAITING /* answer_new_offer: at once is a wait of no length */
    fi
}

/* held_confirm */
inline confirm(s)
{
    assert(!given_up[AT(me, s)]); /* what has been given back is never promised */
    held[AT(me, s)] = P_CONFIRMED;
    say(TAKEN, s, held_attempt[AT(me, s)])
}

/* handle_step_confirmed, held_answer_confirm */
inline receive_confirmation(s, a)
{
    if
    :: held[AT(me, s)] == P_NONE || held_attempt[AT(me, s)] != a -> say(LAPSED, s, a)
    :: else ->
        if
        :: held[AT(me, s)] == P_RESERVED -> confirm(s)
        :: held[AT(me, s)] == P_CONFIRMED -> say(TAKEN, s, a)
        :: held[AT(me, s)] == P_DELIVERED -> say(TAKEN, s, a); say(DELIVERED, s, a)
#ifdef MUTATION_1 /* a confirmation revives what has lapsed */
        :: held[AT(me, s)] == P_LAPSED -> confirm(s)
#endif
        :: else -> say(LAPSED, s, a)
        fi
    fi
}

/* handle_step_released */
inline receive_release(s, a)
{
    if
    :: held_attempt[AT(me, s)] == a && IS_OPEN(me, s) -> let_go(s, P_RELEASED)
    :: else
    fi
}

/* handle_step_released: what has ended stays as it ended. Whether one was told is a ghost. */
inline receive_not_counted(s, a)
{
    if
    :: held_attempt[AT(me, s)] == a && held[AT(me, s)] == P_DELIVERED ->
        held[AT(me, s)] = P_NOT_COUNTED
    :: else
    fi
}

/* handle_answer_offer, handle_hold_expired, handle_report_delivery; or none of it, ever */
#define ACTS(s)                                                                                    \
    :: atomic { held[AT(me, s)] == P_WAITING -> reserve(s) }                                        \
    :: atomic { held[AT(me, s)] == P_WAITING -> decline(s) }                                        \
    :: atomic { held[AT(me, s)] == P_RESERVED ->                                                    \
        let_go(s, P_LAPSED);                                                                        \
        say(LAPSED, s, held_attempt[AT(me, s)]) }                                                   \
    :: atomic { held[AT(me, s)] == P_CONFIRMED ->                                                   \
        held[AT(me, s)] = P_DELIVERED;                                                              \
        say(DELIVERED, s, held_attempt[AT(me, s)]) }

proctype Provider(byte me)
{
    mtype what;
    byte s, a;
end:
    do
    :: atomic { len(to_provider[me]) > 0 ->
        if
        :: to_provider[me]?what, s, a
        :: twice > 0 -> to_provider[me]?<what, s, a>; twice--
        fi;
        if
        :: what == OFFERED -> receive_offer(s, a)
        :: what == CONFIRMED -> receive_confirmation(s, a)
        :: what == RELEASED -> receive_release(s, a)
        :: what == NOT_COUNTED -> receive_not_counted(s, a)
        fi;
        what = 0; s = 0; a = 0 }
    ACTS(0)
    ACTS(1)
    od
}

/* ---- what must hold ---------------------------------------------------------------------------- */

/* Ghost: whether providers 0 and 1 have done the work of the step, counted or not. */
#define GAVE(p, s) (held[AT(p, s)] == P_DELIVERED || held[AT(p, s)] == P_NOT_COUNTED)
#define GAVE_TWO(s) (GAVE(0, s) && GAVE(1, s))

#if PROVIDERS > 2
#define REST                                                                                       \
    (opened && len(to_provider[0]) == 0 && len(to_provider[1]) == 0 && len(to_provider[2]) == 0 &&   \
     len(to_coordinator[0]) == 0 && len(to_coordinator[1]) == 0 && len(to_coordinator[2]) == 0)
#define EACH(s) (FITS(0, s) && FITS(1, s) && FITS(2, s))
#define ONCE(s) (COUNTS(0, s) && COUNTS(1, s) && COUNTS(2, s) && IS_BACKED(s))
#define NONE(s) (!IS_OPEN(0, s) && !IS_OPEN(1, s) && !IS_OPEN(2, s))
#else
#define REST                                                                                       \
    (opened && len(to_provider[0]) == 0 && len(to_provider[1]) == 0 &&                              \
     len(to_coordinator[0]) == 0 && len(to_coordinator[1]) == 0)
#define EACH(s) (FITS(0, s) && FITS(1, s))
#define ONCE(s) (COUNTS(0, s) && COUNTS(1, s) && IS_BACKED(s))
#define NONE(s) (!IS_OPEN(0, s) && !IS_OPEN(1, s))
#endif

/* At rest a provider has a step in hand only if the coordinator knows it there: so never two. */
#define FITS(p, s)                                                                                 \
    (!IS_OPEN(p, s) ||                                                                             \
     who[s] == p && attempt[s] == held_attempt[AT(p, s)] &&                                         \
         (held[AT(p, s)] == P_WAITING && state[s] == S_OFFERED ||                                   \
          held[AT(p, s)] == P_RESERVED && state[s] == S_RESERVED ||                                 \
          held[AT(p, s)] == P_CONFIRMED && state[s] == S_TAKEN))

/* At rest every delivery is the one that the coordinator counted, or its provider was told. */
#define COUNTS(p, s)                                                                               \
    (held[AT(p, s)] != P_DELIVERED ||                                                              \
     state[s] == S_DELIVERED && who[s] == p && attempt[s] == held_attempt[AT(p, s)])
#define IS_BACKED(s) (state[s] != S_DELIVERED || held[AT(who[s], s)] == P_DELIVERED)

#define ENDED (linkage == AWAITING || linkage == UNMET)
#define WHOLE                                                                                      \
    (linkage != AWAITING ||                                                                        \
     (state[0] == S_DELIVERED || !REQUIRED(0)) && (state[1] == S_DELIVERED || !REQUIRED(1)))

/* A formula of this length is more than ltl takes: whoever sees it broken says so. */
proctype Observer()
{
end:
    do
    :: REST && !(EACH(0) && EACH(1)) -> printf("somebody holds for nobody\n"); assert(false)
    :: !WHOLE || ENDED && REST && !(NONE(0) && NONE(1)) ->
        printf("neither all nor none\n");
        assert(false)
    :: REST && !(ONCE(0) && ONCE(1)) ->
        printf("a delivery is not counted, and nobody was told\n");
        assert(false)
#ifdef GIVE_ONCE
    :: GAVE_TWO(0) -> printf("two have delivered one step\n"); assert(false)
#endif
    od
}

#define DONE (ENDED && REST)
ltl linkage_ends { <> [] (DONE) }

init
{
    atomic {
        if
        :: ALONE -> state[1] = S_SKIPPED
        :: else
        fi;
        run Observer();
        run Coordinator();
        run Provider(0);
        run Provider(1)
#if PROVIDERS > 2
        ; run Provider(2)
#endif
    }
}
