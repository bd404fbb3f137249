#!/usr/bin/python3
"""Writes the binary corpora under seeds/fuzz: what a fuzzer begins with, said in text.

    tests/fuzz/make_corpora.py

Messages are packed by protoc; what follows them is bytes that break one rule
each. Run it after a change of the schemas, or to add a case here; what a fuzzer
has found is added to seeds/fuzz by hand.
"""

import pathlib
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


def main():
    for target, cases in (("envelope", envelopes()), ("command", commands()), ("key", keys())):
        folder = SEEDS / target
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in cases.items():
            (folder / name).write_bytes(data)
        print(f"{folder.relative_to(ROOT)}: {len(cases)} inputs")


main()
