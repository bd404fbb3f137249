#!/usr/bin/python3
"""The catalogue of seeds/catalogue is one that a coordinator would take.

catalogue.py WUSHECTL has it read by `wushectl catalogue check` and looks at what
is not its business: that there are kinds enough, under every heading.
"""

import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

import tidy

KINDS_MIN = 60
HEADINGS = {"poverty-relief", "elderly", "needy", "children", "disability", "disaster-health",
            "fieldwork", "epidemic", "culture-sport", "rural", "neighbours", "wishes",
            "governance", "city-requests"}


def check(wushectl, folder):
    run = subprocess.run([wushectl, "catalogue", "check", str(folder), "--json"],
                         stdout=subprocess.PIPE, check=False)
    found = json.loads(run.stdout)
    findings = [f"{fault['file']}:{fault['line']}: {fault['what']}" for fault in found["faults"]]
    if (run.returncode == 5) != bool(findings):
        findings.append(f"wushectl ended with status {run.returncode}")
    if found["kinds"] < KINDS_MIN:
        findings.append(f"{found['kinds']} kinds, {KINDS_MIN} wanted")
    for heading in sorted(HEADINGS - {path.stem for path in folder.glob("*.yaml")}):
        findings.append(f"no file for {heading}")
    return findings


def self_test(wushectl):
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for path in sorted((tidy.ROOT / "seeds/catalogue").glob("[a-e]*.yaml")):
            shutil.copy(path, folder)
        text = (folder / "elderly.yaml").read_text(encoding="utf-8")
        (folder / "elderly.yaml").write_text(text.replace("class: purchasable", "class: cheap"),
                                             encoding="utf-8")
        findings = check(wushectl, folder)
    missing = [f"no file for {heading}" for heading in HEADINGS if heading[0] > "e"]
    return tidy.expect(findings, ["'cheap' is none of", "kinds, 60 wanted", *missing])


def main():
    if len(sys.argv) == 3 and sys.argv[2] == "--self-test":
        good = self_test(sys.argv[1])
        print("self-test passed" if good else "self-test failed")
        sys.exit(0 if good else 1)
    findings = check(sys.argv[1], tidy.ROOT / "seeds/catalogue")
    print(*findings, f"catalogue.py: {len(findings)} findings", sep="\n")
    sys.exit(1 if findings else 0)


if __name__ == "__main__":
    main()
