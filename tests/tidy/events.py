#!/usr/bin/python3
"""services/README.md tells the truth: every EventType, its number, and who folds it."""

import re

import tidy

ROW = re.compile(r"^\| (\d+) \| `(\w+)` \| [^|]+ \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
VALUE = re.compile(r"^  EVENT_TYPE_(\w+) = (\d+)", re.MULTILINE)
ROUTE = re.compile(r"\{\s*WU_TYPE\((\w+)\),\s*WU_ORIGIN_(\w+)")
NODE_MAX = 99  # the framework's own: folded by the loop, they have no routes
ENVELOPE = "proto/wushe/envelope/v1/envelope.proto"


def routes(root):
    """Event name to (folder of services, origin)."""
    found = {}
    for file in tidy.sources(root, "services", endings=(".c",)):
        if file.parts[1] != "ctl":
            for name, origin in ROUTE.findall((root / file).read_text(encoding="utf-8")):
                found.setdefault(name, set()).add((file.parts[1], origin.lower()))
    return found


def check(root):
    findings = []
    values = {name: int(number) for name, number in
              VALUE.findall((root / ENVELOPE).read_text(encoding="utf-8")) if name != "UNSPECIFIED"}
    rows = {name: (int(number), goes_to, folded_by.strip()) for number, name, goes_to, folded_by in
            ROW.findall((root / "services/README.md").read_text(encoding="utf-8"))}
    folded = routes(root)
    for name in sorted(values.keys() - rows.keys()):
        findings.append(f"services/README.md: {name} is missing")
    for name in sorted(rows.keys() - values.keys()):
        findings.append(f"services/README.md: {name} is no EventType")
    for name, (number, goes_to, folded_by) in rows.items():
        if values.get(name, number) != number:
            findings.append(f"services/README.md: {name} has the number {values[name]}")
        if number <= NODE_MAX:
            continue
        told = set() if folded_by == "whoever follows" else set(folded_by.split(", "))
        if {role for role, _ in folded.get(name, ())} != told:
            real = ", ".join(sorted(role for role, _ in folded.get(name, ()))) or "nobody"
            findings.append(f"services/README.md: {name} is folded by {real}")
        for _, origin in folded.get(name, ()):
            if not goes_to.startswith(origin):
                findings.append(f"services/README.md: {name} comes as {origin}")
    return findings


def self_test():
    head = "| number | event | said by | goes to | folded by |\n|---|---|---|---|---|\n"
    files = {
        ENVELOPE: "enum EventType {\n  EVENT_TYPE_UNSPECIFIED = 0;\n  EVENT_TYPE_A_FINE = 100;\n"
                  "  EVENT_TYPE_A_MOVED = 101;\n  EVENT_TYPE_A_NEW = 102;\n"
                  "  EVENT_TYPE_A_WRONG = 103; // mail\n}\n",
        "services/README.md": head + "| 100 | `A_FINE` | x | mail | a |\n"
                                     "| 111 | `A_MOVED` | x | public | whoever follows |\n"
                                     "| 103 | `A_WRONG` | x | command | b |\n"
                                     "| 104 | `A_GONE` | x | mail | whoever follows |\n",
        "services/a/core/core.c": "{WU_TYPE(A_FINE), WU_ORIGIN_MAIL, x},\n"
                                  "{WU_TYPE(A_WRONG), WU_ORIGIN_MAIL,\n x},\n",
    }
    with tidy.sample(files) as folder:
        findings = check(tidy.pathlib.Path(folder))
    return tidy.expect(findings, ["A_NEW is missing", "A_GONE is no EventType",
                                  "A_MOVED has the number 101", "A_WRONG is folded by a",
                                  "A_WRONG comes as mail"])


if __name__ == "__main__":
    tidy.main(check, self_test)
