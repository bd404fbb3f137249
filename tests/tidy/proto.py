#!/usr/bin/python3
"""House rules of the schemas, from proto/README.md; protoc itself checks the rest.

No recursive messages (protobuf-c sets no depth limit), no floats, maps,
`optional`, services or extensions; names and packages as Buf's STANDARD rules
have them; EventType numbers by who speaks.
"""

import re

import tidy

FLOATS = {1: "double", 2: "float"}  # FieldDescriptorProto.Type


def upper_snake(name):
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).upper()


def messages(file):
    """(full name, message) of every message, nested ones too."""
    def walk(prefix, message):
        name = f"{prefix}.{message.name}"
        yield name, message
        for nested in message.nested_type:
            yield from walk(name, nested)
    for message in file.message_type:
        yield from walk(f".{file.package}", message)


def check_file(file, text):
    place = file.name
    folder = place.rsplit("/", 1)[0].replace("/", ".")
    if file.package != folder:
        yield f"{place}: package {file.package} does not match its folder"
    if not re.search(r"\.v[1-9][0-9]*$", file.package):
        yield f"{place}: the last part of package {file.package} is not a version"
    if not re.fullmatch(r"[a-z0-9_]+\.proto", place.rsplit("/", 1)[-1]):
        yield f"{place}: file names are lower_snake_case"
    if file.syntax != "proto3":
        yield f"{place}: not proto3"
    if file.service or file.extension:
        yield f"{place}: services and extensions are not used"
    for option in ("c_package", "const_strings"):
        if f"option (pb_c_file).{option} =" not in text:
            yield f"{place}: option (pb_c_file).{option} is missing"


def check_message(place, name, message):
    short = name.rsplit(".", 1)[-1]
    if message.options.map_entry:
        yield f"{place}: {name} is a map; write a repeated message"
        return
    if not re.fullmatch(r"[A-Z][A-Za-z0-9]*", short) or short.endswith("Event"):
        yield f"{place}: {name} is not PascalCase, or says Event"
    for field in message.field:
        where = f"{place}: {name}.{field.name}"
        if field.type in FLOATS:
            yield f"{where} is a {FLOATS[field.type]}; cores have no floats"
        if field.proto3_optional:
            yield f"{where} is optional; protoc-c refuses that, use a oneof of one"
        if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", field.name):
            yield f"{where} is not lower_snake_case"


def check_enum(place, enum):
    prefix = upper_snake(enum.name) + "_"
    if enum.value[0].number != 0 or enum.value[0].name != prefix + "UNSPECIFIED":
        yield f"{place}: enum {enum.name} does not begin with {prefix}UNSPECIFIED = 0"
    if enum.options.allow_alias:
        yield f"{place}: enum {enum.name} has aliases"
    for value in enum.value:
        if not value.name.startswith(prefix):
            yield f"{place}: {value.name} does not begin with {prefix}"


def check_event_types(place, enum):
    """One hundred belongs to one speaker, and one speaker has one hundred."""
    owners = {}
    for value in enum.value[1:]:
        speaker = value.name.removeprefix("EVENT_TYPE_").split("_")[0]
        hundred = value.number // 100
        if owners.setdefault(hundred, speaker) != speaker:
            yield f"{place}: {value.name} = {value.number} is among those of {owners[hundred]}"
        if any(owner == speaker and other != hundred for other, owner in owners.items()):
            yield f"{place}: {value.name} = {value.number} is outside its speaker's hundred"


def recursive(all_messages):
    """Names of messages that can hold one of their own kind, however deep."""
    holds = {name: {field.type_name for field in message.field if field.type_name in all_messages}
             for name, message in all_messages.items()}
    found = []
    for start in sorted(holds):
        reached, todo = set(), list(holds[start])
        while todo:
            name = todo.pop()
            if name not in reached:
                reached.add(name)
                todo.extend(holds[name])
        if start in reached:
            found.append(start)
    return found


def check(root):
    findings = []
    all_messages = {}
    for file in tidy.descriptor_set(root / "proto").file:
        text = (root / "proto" / file.name).read_text(encoding="utf-8")
        findings += check_file(file, text)
        for name, message in messages(file):
            all_messages[name] = message
            findings += check_message(file.name, name, message)
        nested = [enum for _, message in messages(file) for enum in message.enum_type]
        for enum in [*file.enum_type, *nested]:
            findings += check_enum(file.name, enum)
            if enum.name == "EventType":
                findings += check_event_types(file.name, enum)
    findings += [f"{name} can hold itself" for name in recursive(all_messages)]
    return findings


def self_test():
    options = 'option (pb_c_file).c_package = "x";\noption (pb_c_file).const_strings = true;\n'
    head = 'syntax = "proto3";\npackage wushe.%s;\nimport "protobuf-c/protobuf-c.proto";\n'
    files = {
        "proto/wushe/a/v1/a.proto": head % "a.v1" + options + """
            message Loop { repeated Turn turns = 1; }
            message Turn { Loop loop = 1; }
            message NeedEvent { float Amount = 1; }
            message Table { map<string, int32> cells = 1; optional int32 row = 2; }
            enum Colour { RED = 0; COLOUR_BLUE = 1; }
            enum EventType {
              EVENT_TYPE_UNSPECIFIED = 0; EVENT_TYPE_A_ONE = 100; EVENT_TYPE_B_ONE = 101;
              EVENT_TYPE_A_TWO = 200;
            }""",
        "proto/wushe/b/v1/b.proto": head % "c" + "message Fine { int64 due_at_ms = 1; }",
    }
    with tidy.sample(files) as folder:
        findings = check(tidy.pathlib.Path(folder))
    return tidy.expect(findings, [
        ".wushe.a.v1.Loop can hold itself", ".wushe.a.v1.Turn can hold itself",
        "NeedEvent is not PascalCase, or says Event", "NeedEvent.Amount is a float",
        "NeedEvent.Amount is not lower_snake_case", "is a map", "Table.row is optional",
        "enum Colour does not begin with COLOUR_UNSPECIFIED", "RED does not begin with COLOUR_",
        "EVENT_TYPE_B_ONE = 101 is among those of A",
        "EVENT_TYPE_A_TWO = 200 is outside its speaker's hundred",
        "package wushe.c does not match its folder", "package wushe.c is not a version",
        "option (pb_c_file).c_package is missing", "option (pb_c_file).const_strings is missing",
    ])


if __name__ == "__main__":
    tidy.main(check, self_test)
