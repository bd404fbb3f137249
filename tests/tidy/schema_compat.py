#!/usr/bin/python3
"""Schemas only grow: compares them with seeds/schema/released.json, the last release.

Journals and rows of every release must stay readable, so a field keeps its
number, name, type, label and oneof; one that goes leaves its number and its
name reserved; enum values, EventType's before all, stay for ever.

    schema_compat.py --release    writes released.json anew, once nothing is wrong
"""

import json
import sys

import tidy

RELEASED = "seeds/schema/released.json"
TYPES = {3: "int64", 4: "uint64", 5: "int32", 6: "fixed64", 7: "fixed32", 8: "bool", 9: "string",
         12: "bytes", 13: "uint32", 15: "sfixed32", 16: "sfixed64", 17: "sint32", 18: "sint64",
         1: "double", 2: "float"}
REPEATED = 3


def field_text(message, field):
    """"repeated string services", "wushe.bus.v1.Hello hello in body"."""
    text = TYPES.get(field.type) or field.type_name.lstrip(".")
    if field.label == REPEATED:
        text = f"repeated {text}"
    text = f"{text} {field.name}"
    if field.HasField("oneof_index"):
        text = f"{text} in {message.oneof_decl[field.oneof_index].name}"
    return text


def reserved_numbers(message):
    return sorted(number for span in message.reserved_range for number in range(span.start, span.end))


def schemas(root):
    """Every message and enum as plain data; what released.json holds."""
    found = {"messages": {}, "enums": {}}

    def add_enum(prefix, enum):
        found["enums"][f"{prefix}.{enum.name}"] = {
            str(value.number): value.name for value in enum.value}

    def add_message(prefix, message):
        name = f"{prefix}.{message.name}"
        entry = {str(field.number): field_text(message, field)
                 for field in sorted(message.field, key=lambda field: field.number)}
        if message.reserved_range or message.reserved_name:
            entry["reserved"] = [*reserved_numbers(message), *sorted(message.reserved_name)]
        found["messages"][name] = entry
        for nested in message.nested_type:
            add_message(name, nested)
        for enum in message.enum_type:
            add_enum(name, enum)

    for file in tidy.descriptor_set(root / "proto").file:
        for message in file.message_type:
            add_message(file.package, message)
        for enum in file.enum_type:
            add_enum(file.package, enum)
    return found


def field_name(text):
    return text.removeprefix("repeated ").split(" ")[1]


def compare_message(name, old, new):
    reserved = new.get("reserved", [])
    for number, text in old.items():
        if number == "reserved":
            continue
        if number in new:
            if new[number] != text:
                yield f"{name}: field {number} was \"{text}\" and is \"{new[number]}\""
        elif int(number) not in reserved or field_name(text) not in reserved:
            yield (f"{name}: field {number} \"{text}\" is gone; reserve both: "
                   f"reserved {number}; reserved \"{field_name(text)}\";")
    for gone in old.get("reserved", []):
        if gone not in reserved:
            yield f"{name}: {gone} was reserved and is no longer"


def compare(old, new):
    findings = []
    for name, fields in old["messages"].items():
        if name not in new["messages"]:
            findings.append(f"{name}: the message is gone; journals may still hold it")
        else:
            findings += compare_message(name, fields, new["messages"][name])
    for name, values in old["enums"].items():
        if name not in new["enums"]:
            findings.append(f"{name}: the enum is gone; journals may still hold it")
            continue
        for number, value in values.items():
            now = new["enums"][name].get(number)
            if now != value:
                findings.append(f"{name}: {value} = {number} is "
                                f"{'gone' if now is None else 'now ' + now}; values stay for ever, "
                                "mark it [deprecated = true]")
    return findings


def check(root):
    path = root / RELEASED
    if not path.is_file():
        return [f"{RELEASED} is missing; write it with: tests/tidy/schema_compat.py --release"]
    return compare(json.loads(path.read_text(encoding="utf-8")), schemas(root))


def release(root):
    path = root / RELEASED
    findings = check(root) if path.is_file() else []
    if findings:
        print(*findings, "nothing written: a release may only add", sep="\n")
        sys.exit(1)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(schemas(root), indent=1, ensure_ascii=False) + "\n",
                    encoding="utf-8")
    print(f"wrote {RELEASED}")


def self_test():
    head = 'syntax = "proto3";\npackage wushe.a.v1;\n'
    before = head + """
        message Kept { int64 one = 1; string two = 2; }
        message Changed {
          reserved 9; reserved "nine";
          int64 one = 1; string two = 2; bytes three = 3; repeated string four = 4;
          oneof body { bool five = 5; bool six = 6; }
        }
        message Gone { int64 one = 1; }
        enum EventType { EVENT_TYPE_UNSPECIFIED = 0; EVENT_TYPE_A_ONE = 100;
                         EVENT_TYPE_A_TWO = 101; }
        enum Lost { LOST_UNSPECIFIED = 0; }"""
    after = head + """
        message Kept { reserved 2; reserved "two"; int64 one = 1; int64 three = 3; }
        message Changed {
          uint64 one = 1; string zwei = 2; repeated bytes three = 3;
          oneof body { bool five = 5; } bool six = 6;
        }
        enum EventType { EVENT_TYPE_UNSPECIFIED = 0; EVENT_TYPE_A_TWO = 100;
                         EVENT_TYPE_A_NEW = 102; }"""
    with tidy.sample({"proto/wushe/a/v1/a.proto": before}) as folder:
        old = schemas(tidy.pathlib.Path(folder))
    with tidy.sample({"proto/wushe/a/v1/a.proto": after}) as folder:
        new = schemas(tidy.pathlib.Path(folder))
    return not compare(old, old) and tidy.expect(compare(old, new), [
        'Changed: field 1 was "int64 one"', 'Changed: field 2 was "string two"',
        'Changed: field 3 was "bytes three"', 'Changed: field 4 "repeated string four" is gone',
        'Changed: field 6 was "bool six in body"', "Changed: 9 was reserved",
        "Changed: nine was reserved", "Gone: the message is gone",
        "EVENT_TYPE_A_ONE = 100 is now EVENT_TYPE_A_TWO", "EVENT_TYPE_A_TWO = 101 is gone",
        "Lost: the enum is gone",
    ])


if __name__ == "__main__":
    if sys.argv[1:] == ["--release"]:
        release(tidy.ROOT)
    else:
        tidy.main(check, self_test)
