#!/usr/bin/python3
"""Writes the binary corpora under seeds/fuzz: what a fuzzer begins with, said in text.

    tests/fuzz/make_corpora.py

Messages are packed by protoc; what follows them is bytes that break one rule
each. Run it after a change of the schemas, or to add a case here; what a fuzzer
has found is added to seeds/fuzz by hand.
"""

import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
SEEDS = ROOT / "seeds" / "fuzz"
SCHEMAS = sorted((ROOT / "proto" / "wushe").rglob("*.proto"))

ID = r'"\000\000\000\006\000\001\000\000\000\000\000\000\004\022\000\000"'
PRODUCER = '"0123456789abcdef"'
HASH = '"' + r"\001" * 32 + '"'


def pack(message, text):
    """The bytes of a message written as text."""
    command = ["protoc", f"--proto_path={ROOT / 'proto'}", "--proto_path=/usr/include",
               "--deterministic_output", f"--encode={message}", *map(str, SCHEMAS)]
    return subprocess.run(command, input=text.encode(), stdout=subprocess.PIPE, check=True).stdout


def quoted(data):
    """Bytes as a string of the text format."""
    return '"' + "".join(f"\\{byte:03o}" for byte in data) + '"'


def toy(text="n: 7 due_at_ms: 1800000000000"):
    return pack("wushe.envelope.v1.TimerFired", text)


def envelope(kind, data, more=""):
    return pack("wushe.envelope.v1.Envelope",
                f"id: {ID} type: {kind} time_ms: 1800000000000 division: 420106012001 "
                f"data: {quoted(data)} {more}")


def envelopes():
    need = pack("wushe.community.v1.NeedRaised",
                f'need_id: {ID} kind: "elderly-meal" division: 420106012001 from_ms: 1 until_ms: 2')
    offered = pack("wushe.linkage.v1.StepOffered",
                   f"ref {{ linkage_id: {ID} step_no: 1 attempt: 1 provider_id: {ID} }}")
    announced = pack("wushe.linkage.v1.ProviderAnnounced",
                     f'provider_id: {ID} name: "送餐队" services: "carrying" services: "kitchen"')
    publish = pack("wushe.envelope.v1.Publish", f'topic: "charity.gift" data: {quoted(toy())}')
    answer = pack("wushe.bus.v1.Answer", f"producer: {PRODUCER} number: 1")
    begin = pack("wushe.node.state.v1.BeginGeneration",
                 'reason: "restored" streams { stream: 2 keep_from: 17 } streams { stream: 3 }')
    whole = envelope("EVENT_TYPE_COMMUNITY_NEED_RAISED", need,
                     f"subject: {ID} correlation: {ID} causation: {ID} "
                     f'traceparent: "0123456789012345678901234"')
    return {
        "empty": b"",
        "need_raised": whole,
        "step_offered": envelope("EVENT_TYPE_LINKAGE_STEP_OFFERED", offered),
        "provider_announced": envelope("EVENT_TYPE_LINKAGE_PROVIDER_ANNOUNCED", announced),
        "publish": envelope("EVENT_TYPE_NODE_PUBLISH", publish),
        "answered": envelope("EVENT_TYPE_NODE_COMMAND_ANSWERED", answer),
        "generation": envelope("EVENT_TYPE_NODE_BEGIN_GENERATION", begin),
        "timer": envelope("EVENT_TYPE_COMMUNITY_CONFIRM_OVERDUE", toy()),
        "unknown_type": b"\x10\xff\x7f",
        "unknown_field": whole + b"\xf8\x06\x01",
        "field_twice": whole + whole,
        "zero_said": b"\x10\x00",
        "long_varint": b"\x10\x87\x00",
        "long_tag": b"\x90\x00\x07",
        "field_zero": b"\x80\x00\x01",
        "no_utf8": envelope("EVENT_TYPE_NODE_PUBLISH", b"\x0a\x02\xc3\x28"),
        "nul_in_text": envelope("EVENT_TYPE_NODE_PUBLISH", b"\x0a\x03a\x00b"),
        "cut": whole[:-3],
        "group": b"\x13\x14",
    }


def frame(text):
    return pack("wushe.bus.v1.Frame", text)


def submit(kind, data, more="", number=1):
    return frame(f"submit {{ producer: {PRODUCER} number: {number} type: {kind} "
                 f"data: {quoted(data)} {more} }}")


def commands():
    position = f'stream: "to/9" generation: 1 next: 18 hash: {HASH}'
    raise_need = "EVENT_TYPE_COMMUNITY_RAISE_NEED"
    retry = pack("wushe.node.state.v1.RetryDeadLetter", "seq: 1")
    drop = pack("wushe.node.state.v1.DropDeadLetter", 'seq: 1 reason: "a test"')
    begin = pack("wushe.node.state.v1.BeginGeneration", "streams { stream: 8 keep_from: 1 }")
    record = quoted(envelope("EVENT_TYPE_COMMUNITY_NEED_RAISED", toy()))
    return {
        "empty": b"",
        "done": submit(raise_need, toy()),
        "reused": submit(raise_need, toy("n: 8")),
        "poison": submit(raise_need, toy("n: 5"), number=2),
        "retry": submit("EVENT_TYPE_NODE_RETRY_DEAD_LETTER", retry, number=3),
        "drop": submit("EVENT_TYPE_NODE_DROP_DEAD_LETTER", drop, number=4),
        "generation": submit("EVENT_TYPE_NODE_BEGIN_GENERATION", begin, number=5),
        "forwarded": submit(raise_need, toy(), "target: 3", number=6),
        "to_no_node": submit(raise_need, toy(), "target: 4294967295", number=7),
        "entered_late": submit(raise_need, toy(), "happened_at_ms: 5", number=8),
        "unhandled": submit("EVENT_TYPE_CHARITY_GIVE", toy(), number=9),
        "bad_payload": submit(raise_need, b"\xff\xff\xff", number=10),
        "no_producer": frame("submit { number: 1 }"),
        "no_number": frame(f"submit {{ producer: {PRODUCER} }}"),
        "hello": frame(f'hello {{ protocol: 1 node: 2 mine {{ {position} }} yours {{ {position} }} '
                       'follows: "coordinator.kind" answer_wanted: true }'),
        "batch": frame(f'batch {{ stream: "to/9" generation: 1 first: 1 records: {record} node: 1 }}'),
        "ack": frame(f"ack {{ position {{ {position} }} }}"),
        "fetch": frame(f"fetch {{ from {{ {position} }} count_max: 10 }}"),
        "heads": frame(f"heads {{ node: 1 heads {{ {position} }} heads {{ {position} }} }}"),
        "snapshot": frame(f"snapshot {{ node: 1 upto {{ {position} }} records: {record} }}"),
        "halt": frame('halt { stream: "to/9" reason: HALT_REASON_PARKED number: 3 text: "why" }'),
        "answer": frame(f"answer {{ producer: {PRODUCER} number: 1 status: ANSWER_STATUS_BUSY }}"),
        "ping": frame("ping { number: 1 }"),
        "pong": frame('pong { number: 1 node: 1 role: "charity" peers { node: 2 in_next: 5 } }'),
        "two_bodies": frame("ping { number: 1 }") + frame("ping { number: 2 }"),
    }


def keys():
    text = b"to/9" + bytes(92)
    return {
        "empty": b"",
        "zeros": bytes(128),
        "ones": b"\xff" * 128,
        "number": (1042).to_bytes(8, "big"),
        "cursor": (1).to_bytes(4, "big") + text,
        "text_not_ended": (1).to_bytes(4, "big") + b"x" * 96,
        "text_after_end": (1).to_bytes(4, "big") + b"to\0x" + bytes(92),
        "timer": (2**63 + 1800000000000).to_bytes(8, "big") + (240).to_bytes(4, "big") + bytes(20),
        "id": bytes.fromhex("00000006000100000000000004120000"),
        "two_ids": bytes.fromhex("00000006000100000000000004120000") * 2,
    }


# ---- stories: tests/fuzz/fuzz_core.c and fuzz_link.c --------------------------------------

NEXT_TIMER, WAIT, REPEAT, RAW, DAMAGED, RESTART = range(10, 16)
TOGETHER = 0x10  # the next step goes into the same transaction

PROVIDER = {"add": "LINKAGE_ADD_PROVIDER", "offer": "LINKAGE_STEP_OFFERED",
            "confirm": "LINKAGE_STEP_CONFIRMED", "release": "LINKAGE_STEP_RELEASED",
            "answer": "LINKAGE_ANSWER_OFFER", "report": "LINKAGE_REPORT_DELIVERY"}
OWN = {"socialorg": "SOCIALORG_REGISTER_ORGANISATION", "socialworker": "SOCIALWORKER_ADD_WORKER",
       "volunteer": "VOLUNTEER_ADD_VOLUNTEER", "charity": "CHARITY_GIVE"}
SOCIALORG = {"suspend": "SOCIALORG_SUSPEND_ORGANISATION", "lift": "SOCIALORG_LIFT_SUSPENSION",
             "policy": "SOCIALORG_SET_POLICY", "nurse": "SOCIALORG_ADVANCE_INCUBATION",
             "interest": "SOCIALORG_DECLARE_INTEREST", "review": "SOCIALORG_REVIEW_DECISION",
             "disclose": "SOCIALORG_RECORD_DISCLOSURE"}
COMMUNITY = {"add": "COMMUNITY_ADD_COMMUNITY", "kind": "COORDINATOR_KIND_ADOPTED",
             "raise": "COMMUNITY_RAISE_NEED", "word": "COMMUNITY_CONFIRM_NEED",
             "opened": "COORDINATOR_LINKAGE_OPENED", "refused": "COORDINATOR_LINKAGE_REFUSED",
             "delivered": "COORDINATOR_LINKAGE_DELIVERED", "closed": "COORDINATOR_LINKAGE_CLOSED",
             "escalated": "COORDINATOR_LINKAGE_ESCALATED"}
COORDINATOR = {"reserved": "LINKAGE_STEP_RESERVED", "declined": "LINKAGE_STEP_DECLINED",
               "lapsed": "LINKAGE_STEP_LAPSED", "taken": "LINKAGE_STEP_TAKEN",
               "delivered": "LINKAGE_STEP_DELIVERED", "need": "COMMUNITY_NEED_RAISED",
               "word": "COMMUNITY_NEED_CONFIRMED", "announce": "LINKAGE_PROVIDER_ANNOUNCED",
               "adopt": "COORDINATOR_ADOPT_KIND", "day": "COORDINATOR_ADOPT_DAY",
               "rule": "COORDINATOR_ADJUDICATE"}
TYPES = dict(re.findall(r"^  EVENT_TYPE_(\w+) = (\d+);",
                        (ROOT / "proto/wushe/envelope/v1/envelope.proto").read_text(), re.MULTILINE))


def step(how, *more):
    """One step: what it is, how many bytes, those bytes. Zeros may be left out at the end."""
    return bytes([how, len(more), *more])


def told(names, story):
    """Words of `names`, with the bytes of their message behind a colon: "offer:0,1 confirm"."""
    out = b""
    for word in story.split():
        word, _, more = word.partition(":")
        numbers = [int(each) for each in more.split(",")] if more else []
        how, _, name = word.rpartition("+")
        if name in names:
            out += step(int(how or 0), int(TYPES[names[name]]) % 256, *numbers)
        else:
            out += step({"timer": NEXT_TIMER, "wait": WAIT, "again": REPEAT, "damaged": DAMAGED,
                         "restart": RESTART}[name], *numbers)
    return out


# a report without a plan; the second offer asks of another linkage
REPORT = "report:0,0,0,0,0,2"
OTHER = "offer:1,0,193"
PROVIDER_STORIES = {
    "delivered": f"add own:0,0,0,1 offer confirm {REPORT} offer confirm",
    "lapsed": "add own:0,0,0,1 offer timer confirm",
    "released": "add own:0,0,0,1 offer release offer:0,1 confirm release restart",
    "by_hand": f"add:0,0,0,0,0,0,1 own:0,0,0,1 offer answer again confirm {REPORT}",
    "declined_by_hand": "add:0,0,0,0,0,0,1 own:0,0,0,1 offer answer:0,0,1",
    "two": f"add:0,0,0,0,0,1 own:0,0,0,1 own:0,0,0,1,1,1 offer {OTHER} confirm {REPORT} wait:1 release",
    # the same step to two bodies: their clock is one, and each answers for itself
    "two_bodies": f"add own:0,0,0,1 add:1 own:0,0,0,1,1,1 offer offer:0,3,1 confirm:0,3,1 {REPORT} timer",
    "two_by_hand": "add:0,0,0,0,0,0,1 own:0,0,0,1 add:1,0,0,0,0,0,1 own:0,0,0,1,1,1 offer offer:0,3,1 "
                   "answer:0,0,0,0,0,255 answer:0,0,0,0,0,1 answer:0,0,0,0,0,255 timer",
    "partly": f"add own:0,0,0,4 own:1,0,0,4 offer:0,0,0,0,0,0,0,1 confirm {REPORT}",
    "in_one": f"16+add 16+own:0,0,0,1 16+offer 16+confirm {REPORT}",
    "stranger": "add own:0,0,0,1 32+offer offer 32+confirm 32+release",
    "damaged": "add damaged own damaged:1 offer",
}
# body, kind, credit code, number, until, founders, residents
SECOND = "own:1,0,1"
SOCIALORG_STORIES = {
    "suspended": "add own offer confirm suspend:0,0,3 offer:0,1 confirm lift:0,0,1 offer:0,2 timer",
    "suspended_waiting": "add:0,0,0,0,0,0,1 own offer suspend:0,0,0 answer timer restart",
    "ended": f"add own offer confirm timer timer {REPORT} offer:0,1 own timer",
    "two_organisations": f"add own add:1 {SECOND} offer offer:0,3,1 confirm:0,3,1 suspend:1 timer",
    "one_code": "add own add:1 own:1 own:1,0,1 own:0,0,2 own:0,0,1",
    # 1: employed; p1 filed b1
    "bound": "add own interest:0,0,1 review:0,0,0,0,1 lift interest:0,0,1,1 own:0,0,0,0,1",
    "undeclared": "add own:0,4,1 interest:2,3,0 own:0,4,1 policy:0,0,0,1",
    "nursed": f"add own add:1 {SECOND} nurse:0,0,1 nurse:0,1,1 interest:2,0,1 disclose:0,2 timer timer",
}
COMMUNITY_STORIES = {
    "met": "add kind raise opened delivered word closed delivered",
    "changed_mind": "add kind raise opened delivered word word:0,1 word:0,2,3",
    "silent": "add kind raise opened delivered timer closed",
    "refused": "add kind raise refused opened",
    "twice": "add kind raise again raise:0,0,0,0,0,0,0,1 restart raise",
    "closed_early": "add kind raise opened closed word delivered",
    "in_one": "16+add 16+kind 16+raise opened 16+delivered 16+word closed",
    "stranger": "add kind raise 32+opened opened 32+delivered 32+closed",
}
# a kind of no class with one step, or with a second one; PLAIN is the rest of it
PLAIN = "255,2,3,3,0,2,0,0,2,0,3,2"
ADOPT = f"adopt:0,0,0,0,0,0,0,0,0,0,0,0,0,{PLAIN}"
ASSESSED = f"adopt:0,0,0,1,0,0,0,0,0,0,0,0,0,{PLAIN}"
TWO_STEPS = f"adopt:0,0,0,0,0,0,0,0,1,0,0,0,0,2,0,0,0,{PLAIN}"
COORDINATOR_STORIES = {
    "met": f"{ADOPT} announce need reserved taken delivered word",
    "nobody": f"{ADOPT} need timer timer",
    "declined": f"{ADOPT} announce announce:193 need declined reserved",
    "silent": f"{ADOPT} announce need timer timer timer",
    "late": f"{ADOPT} announce announce:193 need reserved taken timer timer delivered:2",
    "lapsed": f"{ADOPT} announce need reserved lapsed",
    "assessed": f"{ASSESSED} announce:0,1 announce:193 need reserved delivered reserved taken "
                "delivered word",
    "two_steps": f"{TWO_STEPS} announce announce:193,2 need reserved reserved taken delivered "
                 "delivered:2 word",
    "waves": f"{TWO_STEPS} announce announce:193,2 need reserved reserved timer timer",
    "unmet": f"{TWO_STEPS} announce announce:193,2 need reserved declined",
    "in_one": f"16+{ADOPT} 16+announce 16+need reserved 16+taken delivered word",
    # 9: not ours
    "disputed": f"{ADOPT} announce announce:193 need declined:0,0,9 declined:0,0,9 rule reserved",
    "nobodys": f"{ADOPT} announce announce:193 need declined:0,0,9 declined:0,0,9 timer rule:0,0,1",
    "days": f"day day:1,1 {ADOPT} wait:3 need",
}


def core_stories():
    for role in ("socialorg", "socialworker", "volunteer", "charity"):
        words = {**PROVIDER, "own": OWN[role]}
        yield f"core_{role}", {name: told(words, story)
                               for name, story in PROVIDER_STORIES.items()}
    yield "core_socialorg", {name: told({**PROVIDER, "own": OWN["socialorg"], **SOCIALORG}, story)
                             for name, story in SOCIALORG_STORIES.items()}
    yield "core_community", {name: told(COMMUNITY, story)
                             for name, story in COMMUNITY_STORIES.items()}
    yield "core_coordinator", {name: told(COORDINATOR, story)
                               for name, story in COORDINATOR_STORIES.items()}


SOCIETY, HUB, KEEPS = 0, 1, 2
FOCUS, ANY, RAW_FRAME, DROP, COMMAND, SECONDS, CUT, REOPEN, GENERATION, COMMIT = 0, *range(7, 16)


def link_stories():
    focus, commit = step(FOCUS), step(COMMIT)
    ack, tick = step(ANY, 2), step(SECONDS)
    for kind in ("hello", "batch", "fetch"):
        yield kind, {
            "society": bytes([SOCIETY, 8]) + (focus + commit) * 4 + tick,
            "hub": bytes([HUB, 30]) + (focus + ack + commit) * 4 + tick,
            "keeping": bytes([HUB | KEEPS, 30]) + (focus + commit + step(COMMAND, 2)) * 4,
            "restarts": bytes([SOCIETY, 8]) + focus + step(REOPEN) + focus + commit + step(CUT)
                        + focus + commit,
            "generation": bytes([HUB, 9]) + focus + step(GENERATION) + focus + ack + commit,
            "dropped": bytes([SOCIETY, 3]) + focus + step(DROP) + focus + commit,
            "any": bytes([SOCIETY, 3]) + b"".join(step(ANY, kind) for kind in range(7)) + commit,
            "raw": bytes([HUB, 3]) + b"".join(
                step(RAW_FRAME, *data[:127]) for data in commands().values() if len(data) < 128),
        }


def main():
    for target, cases in (("envelope", envelopes()), ("command", commands()), ("key", keys()),
                          *core_stories(), *link_stories()):
        folder = SEEDS / target
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in cases.items():
            (folder / name).write_bytes(data)
        print(f"{folder.relative_to(ROOT)}: {len(cases)} inputs")


main()
