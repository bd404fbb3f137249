"""What the checks of this folder share: findings, self-tests, the schemas' descriptors."""

import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]


def sources(root, *folders, endings=(".c", ".h")):
    """Every C file below those folders of root, as paths relative to it, sorted."""
    found = []
    for folder in folders:
        for path in (root / folder).rglob("*"):
            if path.suffix in endings and path.is_file():
                found.append(path.relative_to(root))
    return sorted(found)


def descriptor_set(proto_root):
    """All schemas below proto_root, compiled; imports of other people's are left out."""
    from google.protobuf import descriptor_pb2  # Debian: python3-protobuf

    names = sorted(str(path.relative_to(proto_root)) for path in proto_root.rglob("*.proto"))
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "set"
        command = ["protoc", f"--proto_path={proto_root}", "--proto_path=/usr/include",
                   "--include_source_info", f"--descriptor_set_out={out}", *names]
        subprocess.run(command, check=True)
        return descriptor_pb2.FileDescriptorSet.FromString(out.read_bytes())


def sample(files):
    """A temporary folder holding those files, for a self-test; a context manager."""
    folder = tempfile.TemporaryDirectory()
    for name, text in files.items():
        path = pathlib.Path(folder.name) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def expect(findings, words):
    """A self-test: each word must be in a finding of its own, and nothing else be found."""
    left = list(findings)
    missing = []
    for word in words:
        hit = next((finding for finding in left if word in finding), None)
        if hit is None:
            missing.append(word)
        else:
            left.remove(hit)
    for word in missing:
        print(f"self-test: nothing found for: {word}")
    for finding in left:
        print(f"self-test: found without cause: {finding}")
    return not missing and not left


def main(check, self_test):
    """Runs the check, or with --self-test shows that it can fail. Exit status 0 or 1."""
    if sys.argv[1:] == ["--self-test"]:
        good = self_test()
        print("self-test passed" if good else "self-test failed")
        sys.exit(0 if good else 1)
    findings = check(ROOT)
    for finding in findings:
        print(finding)
    print(f"{pathlib.Path(sys.argv[0]).name}: {len(findings)} findings")
    sys.exit(1 if findings else 0)
