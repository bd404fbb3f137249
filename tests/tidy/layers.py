#!/usr/bin/python3
"""Who may include whom: the table of common/README.md as a check on the text.

Every include of ours is written from the root. A layer lists the folders it
may include; outside libraries each have their few places.
"""

import re

import tidy

INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]', re.MULTILINE)
ROLES = "community|socialorg|socialworker|volunteer|charity|coordinator"
PUBLIC = r"wushe/\w+/v1/"

# First match wins: files of a layer, and what of ours they may include.
# {role} is what the first group of the layer's pattern matched.
LAYERS = [
    (r"common/base/", [r"common/base/"]),
    (r"common/fold/", [r"common/(base|fold)/", r"wushe/(envelope|seal)/v1/"]),
    (r"common/store/", [r"common/(base|fold|store)/", r"wushe/"]),
    (r"common/journal/", [r"common/(base|fold|store|journal)/", r"wushe/"]),
    (r"common/seal/", [r"common/(base|fold|store|journal|seal)/", r"wushe/"]),
    (r"common/bus/", [r"common/(base|fold|store|journal|bus)/", r"wushe/"]),
    (r"common/daemon/", [r"common/", r"wushe/"]),
    (r"services/provider/",
     [r"common/(base|fold)/", r"services/provider/", PUBLIC, r"wushe/linkage/state/v1/"]),
    (r"services/(\w+)/core/",
     [r"common/(base|fold)/", r"services/provider/", r"services/{role}/core/", PUBLIC,
      r"wushe/({role}|linkage)/state/v1/"]),
    (r"services/ctl/", [r"common/", r"services/", r"wushe/"]),
    (r"services/(\w+)/main\.c$", [r"common/daemon/", r"services/{role}/core/core\.h$"]),
    (r"services/", []),
    (r"seeds/", [r"common/base/", r"seeds/"]),
    (r"tests/", [r"common/", r"services/", r"wushe/", r"seeds/", r"tests/"]),
]

# An outside library's header: the only places it may be included from. The
# doctor asks each library for its version.
LIBRARIES = [
    (r"lmdb\.h", r"common/store/|services/ctl/cmd_doctor\.c$"),
    (r"zmq\.h", r"common/(bus|daemon)/|services/ctl/cmd_doctor\.c$"),
    (r"sodium(\.h|/.*)", r"common/(journal|seal|bus)/|services/ctl/cmd_(doctor|resident)\.c$"),
    (r"yaml\.h", r"common/daemon/|services/ctl/"),
    (r"systemd/.*", r"common/daemon/"),
    (r"libsmartcols.*|csv\.h", r"services/ctl/"),
    (r"nats.*", r"common/bus/"),
    (r"criterion/.*", r"(?!)"),
]

# The pure layers speak to nobody: no clock, no files, no system.
PURE = re.compile(rf"common/(base|fold)/|services/provider/|services/({ROLES})/core/")
PURE_HEADERS = {"assert.h", "errno.h", "inttypes.h", "limits.h", "stdalign.h", "stdarg.h",
                "stdbool.h", "stddef.h", "stdint.h", "string.h", "protobuf-c/protobuf-c.h"}
CORE = re.compile(rf"services/(provider|({ROLES})/core)/")
CORE_NEVER = {"assert.h", "errno.h", "stdarg.h"}
BASE_MAY_TOO = {"setjmp.h", "stdio.h", "stdlib.h"}  # sentences and assertions, below the cores


def layer_of(path):
    for pattern, allowed in LAYERS:
        match = re.match(pattern, path)
        if match:
            role = match.group(1) if match.groups() else ""
            return [entry.replace("{role}", role) for entry in allowed]
    return None


def ours(root, path, name, allowed):
    """What is wrong with an include in double quotes, or None."""
    generated = name.startswith("wushe/") and name.endswith(".pb-c.h")
    if name.startswith(("./", "../")) or not (generated or (root / name).is_file()):
        return f"{path}: includes \"{name}\", which is not a path from the root"
    if not any(re.match(entry, name) for entry in allowed):
        return f"{path}: may not include \"{name}\""
    return None


def outside(path, name):
    """What is wrong with an include in angle brackets, or None."""
    if path.startswith("tests/"):
        return None
    for library, places in LIBRARIES:
        if re.fullmatch(library, name) and not re.match(places, path):
            return f"{path}: <{name}> does not belong here"
    if PURE.match(path):
        may = PURE_HEADERS - CORE_NEVER if CORE.match(path) else PURE_HEADERS | BASE_MAY_TOO
        if name not in may:
            return f"{path}: <{name}> in a pure layer"
    return None


def check(root):
    findings = []
    for file in tidy.sources(root, "common", "services", "seeds", "tests"):
        path = file.as_posix()
        allowed = layer_of(path)
        if allowed is None:
            findings.append(f"{path}: belongs to no layer; add it to the table in layers.py")
            continue
        for quote, name in INCLUDE.findall((root / file).read_text(encoding="utf-8")):
            wrong = ours(root, path, name, allowed) if quote == '"' else outside(path, name)
            if wrong:
                findings.append(wrong)
    return findings


def self_test():
    files = {
        "common/base/a.h": '#include "common/fold/b.h"\n#include <time.h>\n#include <stdio.h>\n',
        "common/fold/b.h": '#include "common/base/a.h"\n#include <lmdb.h>\n',
        "common/store/c.c": '#include <lmdb.h>\n#include "common/journal/d.h"\n',
        "common/journal/d.h": '#include "common/store/c.c"\n',
        "services/charity/core/e.c": '#include <stdio.h>\n#include "services/community/core/f.h"\n'
                                     '#include "wushe/community/state/v1/need_row.pb-c.h"\n'
                                     '#include "wushe/community/v1/need.pb-c.h"\n',
        "services/community/core/f.h": '#include "f.h"\n',
        "services/community/main.c": '#include "services/charity/core/e.c"\n',
        "services/ctl/g.c": '#include "services/charity/core/e.c"\n#include "tests/h.h"\n',
        "tests/h.h": '#include "services/ctl/g.c"\n#include <lmdb.h>\n',
        "services/strange.c": '#include "common/base/a.h"\n',
    }
    with tidy.sample(files) as folder:
        findings = check(tidy.pathlib.Path(folder))
    return tidy.expect(findings, [
        'common/base/a.h: may not include "common/fold/b.h"',
        "common/base/a.h: <time.h>",
        "common/fold/b.h: <lmdb.h> does not belong here",
        'common/store/c.c: may not include "common/journal/d.h"',
        "services/charity/core/e.c: <stdio.h> in a pure layer",
        'services/charity/core/e.c: may not include "services/community/core/f.h"',
        'may not include "wushe/community/state/v1/need_row.pb-c.h"',
        'services/community/core/f.h: includes "f.h"',
        'services/community/main.c: may not include "services/charity/core/e.c"',
        'services/ctl/g.c: may not include "tests/h.h"',
        'services/strange.c: may not include "common/base/a.h"',
    ])


if __name__ == "__main__":
    tidy.main(check, self_test)
