#!/usr/bin/env python3
"""Checks the structure of the tree: floors, banned includes, file names and sizes.

Usage: check_floors.py ROOT   (prints each problem as file:line; exits 1 if there is one)
"""

import pathlib
import re
import sys

BANNED_NAMES = {"util", "utils", "helper", "helpers", "common", "misc", "manager", "impl"}
HEADER_LINES_MAX, SOURCE_LINES_MAX = 149, 499
# What the deterministic core may not touch: sockets, files, threads, wall clock, global random.
CORE = ["base", "tokens", "fleet", "policies", "scheduler", "engine", "sim"]
CORE_EXCEPT = ("engine/server/", "engine/cpu/", "engine/cuda/", "engine/loaders/")
BANNED_IN_CORE = re.compile(
    r"#include <(boost/(asio|beast)|thread|mutex|condition_variable|fstream|filesystem|future|sys/|unistd|"
    r"yaml-cpp|prometheus|spdlog)|std::random_device|(steady|system|high_resolution)_clock::now|\bgetenv\b|sleep_for|sleep_until")
INCLUDE = re.compile(r'\s*#include "([\w/]+)/[\w.]+"')


def read_floors(root):
    cmake = (root / "CMakeLists.txt").read_text()
    table = {}
    pattern = r"ringmaster_(?:library|program)\(([\w/]+)\s+(?:NAME \w+ )?FLOOR (\d+)([^)]*)\)"
    for name, floor, rest in re.findall(pattern, cmake):
        uses = re.search(r"USES ([\w/\s]+?)(?:PRIVATE|PUBLIC|$)", rest.strip())
        table[name] = (int(floor), set(uses[1].split()) if uses else set())
    return table


def library_of(path, libraries):
    parts = path.split("/")
    for depth in range(len(parts), 0, -1):
        name = "/".join(parts[:depth])
        if name in libraries:
            return name
    return None


def check_file(root, path, libraries):
    relative = path.relative_to(root).as_posix()
    library = library_of(relative.rsplit("/", 1)[0], libraries)
    floor, uses = libraries[library]
    lines = path.read_text().splitlines()
    in_core = library.split("/")[0] in CORE and not relative.startswith(CORE_EXCEPT)
    problems = []
    for number, line in enumerate(lines, 1):
        where = f"{relative}:{number}"
        match = INCLUDE.match(line)
        used = match and library_of(match[1], libraries)
        if used and used != library and (used not in uses or libraries[used][0] >= floor):
            problems.append(f"{where}: {library} (floor {floor}) may not include {used}/")
        if in_core and BANNED_IN_CORE.search(line) and not line.lstrip().startswith("//"):
            problems.append(f"{where}: not allowed in the deterministic core: {line.strip()}")
    limit = HEADER_LINES_MAX if path.suffix in {".h", ".cuh"} else SOURCE_LINES_MAX
    if len(lines) > limit:
        problems.append(f"{relative}: {len(lines)} lines, at most {limit}")
    if path.suffix in {".h", ".cuh"} and not any(line == "#pragma once" for line in lines[:3]):
        problems.append(f"{relative}:1: a header starts with #pragma once")
    return problems


def main():
    root = pathlib.Path(sys.argv[1])
    libraries = read_floors(root)
    problems = []
    if len(libraries) < 13:
        problems.append(f"CMakeLists.txt: only {len(libraries)} libraries found in the floor table")
    for name, (floor, uses) in libraries.items():
        problems += [f"CMakeLists.txt: {name} may not use {u}" for u in uses if libraries[u][0] >= floor]
    tops = sorted({name.split("/")[0] for name in libraries})
    for path in sorted(p for top in tops for p in (root / top).rglob("*") if p.suffix in {".h", ".cc", ".cu", ".cuh"}):
        problems += check_file(root, path, libraries)
    for path in sorted(p for top in tops + ["tests", "bench", "scripts"] for p in (root / top).rglob("*")):
        if "node_modules" in path.parts or not path.is_file():
            continue
        words = set(re.split(r"[_.\-]", path.name.lower()))
        if words & BANNED_NAMES:
            problems.append(f"{path.relative_to(root)}: the name says nothing; name the concept")
    print("\n".join(problems) or f"floors: ok ({len(libraries)} libraries)")
    sys.exit(bool(problems))


main()
