#!/usr/bin/python3
"""Checks the shape of the house (README.md, "Where things are"):

  includes     who may include whom, directly or through other headers; each library only in its one folder
  namespaces   one folder is one namespace
  top_level    nothing at the top that does not belong there
  error_codes  every error code has a row in deploy/errors.md, and every row a code
  log_events   every event of the log has a row in deploy/operating.md, and every row an event
  fail_points  each is named once, has a row in tests/crash/README.md, and a released program holds none of them

Usage: layering.py CHECK ROOT [PROGRAM]. Prints every offence; exit status 1 if there is one.
"""
import re
import sys
from pathlib import Path

OWN = {
    "config": {"config"},
    "pipeline": {"pipeline"},
    "dicom": {"dicom", "pipeline"},
    "service": {"service", "dicom", "pipeline", "config"},
}
LIBRARIES = {
    "config": {"yaml-cpp"},
    "pipeline": {"torch", "ATen", "c10", "opencv2", "openssl", "nlohmann"},
    "dicom": {"dcmtk", "openjpeg.h", "openssl", "zlib.h"},
    "service": {"boost", "soci", "spdlog", "CLI", "opencv2", "openssl", "nlohmann", "zlib.h"},
}
SYSTEM_FOLDERS = {"sys", "arpa", "netinet", "net", "linux"}
TOP_LEVEL = {
    "CMakeLists.txt", "service", "dicom", "pipeline", "config", "deploy", "tests", "README.md",
    "CMakePresets.json", "CHANGELOG.md", "LICENSE",
    ".ci", ".clang-format", ".clang-tidy", ".gitignore", ".dockerignore", ".git",
}
INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]', re.MULTILINE)


def sources(root, folder, *endings):
    return sorted(p for p in (root / folder).rglob("*") if p.suffix in endings)


def includes_of(path):
    text = path.read_text(encoding="utf-8")
    return [(quote == '"', name) for quote, name in INCLUDE.findall(text)]


def library_of(name):
    """The library that <name> belongs to; None for the standard library, C and POSIX."""
    first = name.split("/")[0]
    if "/" not in name:
        own_name = name in {"openjpeg.h", "zlib.h", "zconf.h"}
        return name if own_name else None
    return None if first in SYSTEM_FOLDERS else first


def reach(root, path, seen):
    """Every own header that `path` sees, with the chain that leads to it."""
    for own, name in includes_of(path):
        target = root / name
        if own and target.is_file() and name not in seen:
            seen[name] = path
            reach(root, target, seen)
    return seen


def check_includes(root):
    faults = []
    for folder in OWN:
        for path in sources(root, folder, ".h", ".cpp"):
            where = path.relative_to(root)
            for own, name in includes_of(path):
                if own and not (root / name).is_file():
                    faults.append(f'{where}: "{name}" is not written from the root, or does not exist')
                elif own and name.split("/")[0] not in OWN[folder]:
                    faults.append(f'{where}: {folder}/ must not include "{name}"')
                elif not own and library_of(name) is not None and library_of(name) not in LIBRARIES[folder]:
                    faults.append(f"{where}: <{name}> does not belong in {folder}/")
            for header, includer in reach(root, path, {}).items():
                for own, name in includes_of(root / header):
                    library = None if own else library_of(name)
                    if library is not None and library not in LIBRARIES[folder]:
                        via = f"{header} (included by {includer.relative_to(root)})"
                        faults.append(f"{where}: sees <{name}> through {via}")
    return faults


def check_namespaces(root):
    faults = []
    for folder in OWN:
        for path in sources(root, folder, ".h"):
            if not re.search(rf"namespace calcnode::{folder}\b", path.read_text(encoding="utf-8")):
                faults.append(f"{path.relative_to(root)}: is not in namespace calcnode::{folder}")
    return faults


def check_top_level(root):
    ignored = {line.strip("/ \n") for line in (root / ".gitignore").read_text().splitlines()}
    present = {p.name for p in root.iterdir()} - ignored
    faults = [f"{name}: does not belong at the top" for name in sorted(present - TOP_LEVEL)]
    needed = TOP_LEVEL - {".git", ".clang-tidy", ".dockerignore"}
    return faults + [f"{name}: is missing at the top" for name in sorted(needed - present)]


def check_error_codes(root):
    codes = set()
    for folder in OWN:
        for path in sources(root, folder, ".h"):
            for body in re.findall(r"enum class ErrorCode\s*\{(.*?)\};", path.read_text(encoding="utf-8"), re.DOTALL):
                names = re.sub(r"//.*", "", body).split(",")
                codes |= {f"{folder}.{name.strip()}" for name in names if name.strip()}
    if not codes:
        return ["no error codes were found: has the form of their enums changed?"]
    text = (root / "deploy/errors.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([a-z]+\.[a-z_]+)` \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", text, re.MULTILINE)
    documented = [row[0] for row in rows]
    faults = [f"{code}: has no whole row in deploy/errors.md" for code in sorted(codes - set(documented))]
    faults += [f"{code}: deploy/errors.md describes a code that does not exist"
               for code in sorted(set(documented) - codes)]
    return faults + [f"{code}: stands twice in deploy/errors.md"
                     for code in sorted({c for c in documented if documented.count(c) > 1})]


def check_log_events(root):
    events = set()
    for path in sources(root, "service", ".cpp"):
        # The event is the first argument, or one of two: log_info(recorded ? "job_done" : "job_lease_lost", ...
        for argument in re.findall(r"log_(?:debug|info|warn|error)\(([^,{)]*)", path.read_text(encoding="utf-8")):
            events |= set(re.findall(r'"([a-z_]+)"', argument))
    if not events:
        return ["no events were found: has the way to log changed?"]
    text = (root / "deploy/operating.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`[a-z_`, ]+`) \| (?:debug|info|warning|error) \| [^|]+ \|$", text, re.MULTILINE)
    documented = {event for row in rows for event in re.findall(r"`([a-z_]+)`", row)}
    faults = [f"{event}: has no row in deploy/operating.md" for event in sorted(events - documented)]
    return faults + [f"{event}: deploy/operating.md describes an event that nobody logs"
                     for event in sorted(documented - events)]


def check_fail_points(root, program=None):
    names, faults = [], []
    for folder in OWN:
        for path in sources(root, folder, ".h", ".cpp"):
            text = path.read_text(encoding="utf-8")
            names += re.findall(r'fail_point\("([a-z_.]+)"', text)
            if path.suffix == ".h" and '#include "dicom/fail_point.h"' in text:
                faults.append(f"{path.relative_to(root)}: a header must not include dicom/fail_point.h")
    if not names:
        return ["no fail points were found: has their form changed?"]
    faults += [f"{name}: stands twice in the sources" for name in sorted({n for n in names if names.count(n) > 1})]
    text = (root / "tests/crash/README.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"^\| `([a-z_.]+)` \|", text, re.MULTILINE))
    faults += [f"{name}: has no row in tests/crash/README.md" for name in sorted(set(names) - documented)]
    faults += [f"{name}: tests/crash/README.md describes a fail point that does not exist"
               for name in sorted(documented - set(names))]
    content = program.read_bytes() if program else b""
    return faults + [f"{program.name}: holds the fail point {name}" for name in [*sorted(set(names)), "CALCNODE_FAIL_POINT"]
                     if name.encode() in content]


CHECKS = {
    "includes": check_includes,
    "namespaces": check_namespaces,
    "top_level": check_top_level,
    "error_codes": check_error_codes,
    "log_events": check_log_events,
    "fail_points": check_fail_points,
}


def main():
    check, root, *rest = sys.argv[1], *map(Path, sys.argv[2:])
    faults = CHECKS[check](root, *rest)
    for fault in faults:
        print(fault)
    print(f"{check}: {len(faults) or 'no'} offence{'' if len(faults) == 1 else 's'}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
