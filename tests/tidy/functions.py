#!/usr/bin/python3
"""Long functions: more than 70 lines are noticed, and never grow.

functions.txt lists the few that are longer, each with its length and why; a
function outside the list, or longer than its line says, is a finding, and so is
a line that no longer describes anything.
"""

import re

import tidy

LINES_MAX = 70
NAME = re.compile(r"(\w+)\s*\(")


def functions(text):
    """(name, lines) of each function: from the first line of its declaration to its brace."""
    lines = text.splitlines()
    start = None
    for number, line in enumerate(lines):
        if line == "{":
            start = number
            while start > 0 and lines[start - 1] and not lines[start - 1].endswith(("*/", "}", ";")):
                start -= 1
        elif line == "}" and start is not None:
            match = NAME.search(" ".join(lines[start:]))
            yield (match.group(1) if match else "?", number - start + 1)
            start = None


def ratchet(root):
    listed = {}
    path = root / "tests/tidy/functions.txt"
    for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else []:
        if line and not line.startswith("#"):
            file, name, lines, _ = line.split(maxsplit=3)
            listed[(file, name)] = int(lines)
    return listed


def check(root):
    findings = []
    listed = ratchet(root)
    seen = set()
    for file in tidy.sources(root, "common", "services", "seeds"):
        for name, lines in functions((root / file).read_text(encoding="utf-8")):
            key = (file.as_posix(), name)
            seen.add(key)
            allowed = max(LINES_MAX, listed.get(key, 0))
            if lines > allowed:
                findings.append(f"{file}: {name} has {lines} lines, {allowed} are allowed")
            elif key in listed and lines <= LINES_MAX:
                findings.append(f"{file}: {name} is short now; take it out of functions.txt")
    for file, name in sorted(set(listed) - seen):
        findings.append(f"functions.txt: there is no {name} in {file}")
    return findings


def self_test():
    body = "\n".join("    x++;" for _ in range(70))
    files = {
        "common/long.c": f"int y;\n\nstatic void\nlong_one(int x)\n{{\n{body}\n}}\n",
        "common/fine.c": "static void fine(int x)\n{\n    x++;\n}\n",
        "common/listed.c": f"static void listed(int x)\n{{\n{body}\n    x++;\n}}\n",
        "common/grown.c": f"static void grown(int x)\n{{\n{body}\n    x++;\n}}\n",
        "services/short.c": "static void short_one(void)\n{\n}\n",
        "seeds/none.c": "",
        "tests/tidy/functions.txt": "# file name lines why\n"
                                    "common/listed.c listed 74 a table in a switch\n"
                                    "common/grown.c grown 72 was so once\n"
                                    "services/short.c short_one 90 was so once\n"
                                    "common/gone.c gone 90 was so once\n",
    }
    with tidy.sample(files) as folder:
        findings = check(tidy.pathlib.Path(folder))
    return tidy.expect(findings, ["long_one has 74 lines, 70", "grown has 74 lines, 72",
                                  "short_one is short now", "there is no gone"])


if __name__ == "__main__":
    tidy.main(check, self_test)
