#!/usr/bin/env python3
"""Checks that what users read agrees with the code.

Usage: check_docs.py ROOT BINARY [--write]   (prints each problem as file:line; exits 1 if there is one)

--write puts the tables of keys that BINARY prints into docs/configuration.md.
"""

import pathlib
import re
import subprocess
import sys

KEY_TABLE = re.compile(r"(<!-- keys: (gateway|engine) -->\n)(.*?)(<!-- end of keys -->)", re.S)
METRIC = re.compile(r'"((?:ringmaster|vllm)[_:][a-z0-9_:]{3,})"')
LINK = re.compile(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)")


def run(binary, *arguments):
    return subprocess.run([binary, *arguments], capture_output=True, text=True, timeout=60, check=False)


def key_table(binary, kind):
    arguments = ["config", "explain", "--markdown"] + (["--engine"] if kind == "engine" else [])
    return run(binary, *arguments).stdout


def write_key_tables(root, binary):
    path = root / "docs/configuration.md"
    text = KEY_TABLE.sub(lambda m: m[1] + key_table(binary, m[2]) + m[4], path.read_text())
    path.write_text(text)


def check_key_tables(root, binary):
    text = (root / "docs/configuration.md").read_text()
    tables = {m[2]: m[3] for m in KEY_TABLE.finditer(text)}
    for kind in ("gateway", "engine"):
        if tables.get(kind) != key_table(binary, kind):
            yield f"docs/configuration.md: the keys of the {kind} differ from the code; run check_docs.py --write"


def check_examples(root, binary):
    for path in sorted((root / "config").glob("*.yaml")):
        kind = ["--engine"] if path.name.startswith("engine") else []
        result = run(binary, "config", "check", *kind, str(path))
        if result.returncode:
            yield from result.stderr.splitlines()
    for kind in ("gateway", "engine"):
        text = (root / f"config/{kind}.yaml").read_text()
        for key in re.findall(r"^\| `([^`]+)`", key_table(binary, kind), re.M):
            name = key.split(".")[-1]
            if name != "*" and not re.search(rf"\b{name}:", text):
                yield f"config/{kind}.yaml: the complete example lacks {key}"


def check_metrics(root):
    documented = (root / "docs/metrics.md").read_text() if (root / "docs/metrics.md").exists() else ""
    for folder in ("router", "engine/server"):
        for path in sorted((root / folder).glob("*.[ch]*")):
            for number, line in enumerate(path.read_text().splitlines(), 1):
                for name in METRIC.findall(line):
                    if name not in documented:
                        yield f"{path.relative_to(root)}:{number}: metric {name} is not in docs/metrics.md"


def check_policies(root):
    registry = root / "policies/policy_registry.cc"
    if not registry.exists():
        return
    table = re.search(r"kPolicies = (.*?)\n\}", registry.read_text(), re.S)
    path = root / "docs/policies.md"
    documented = path.read_text() if path.exists() else ""
    for name in re.findall(r'\{"(\w+)"', table[1]) if table else ["(none found in the registry)"]:
        if f"`{name}`" not in documented:
            yield f"policies/policy_registry.cc: policy {name} is not in docs/policies.md"


def check_reasons(root):
    path = root / "policies/reason_text.cc"
    known = set(re.findall(r'\{"(\w+)",', path.read_text())) if path.exists() else set()
    for source in sorted([*root.glob("policies/*.cc"), *root.glob("scheduler/*.cc")]):
        for number, line in enumerate(source.read_text().splitlines(), 1):
            stated = re.search(r"\breason = (.*)", line)
            for reason in re.findall(r'"(\w+)"', stated[1]) if stated else []:
                if reason not in known:
                    yield f"{source.relative_to(root)}:{number}: reason {reason} has no sentence in policies/reason_text.cc"


def commands_of(binary):
    listing = run(binary, "--help").stdout.split("Subcommands:")[1]
    return set(re.findall(r"^  (\w+)", listing, re.M))


def check_texts(root, binary):
    commands = commands_of(binary)
    pages = [root / "README.md", root / "CONTRIBUTING.md", *sorted((root / "docs").rglob("*.md"))]
    for path in pages:
        for number, line in enumerate(path.read_text().splitlines(), 1):
            where = f"{path.relative_to(root)}:{number}"
            for target in LINK.findall(line):
                if not (path.parent / target).exists():
                    yield f"{where}: the link to {target} leads nowhere"
            for script in re.findall(r"\bscripts/([\w-]+)", line):
                if not (root / "scripts" / script).exists():
                    yield f"{where}: there is no scripts/{script}"
            for command in re.findall(r"(?:^|`|/)ringmaster ([a-z]+)\b", line):
                if command not in commands:
                    yield f"{where}: there is no command ringmaster {command}"
    if "## Unreleased" not in (root / "CHANGELOG.md").read_text():
        yield "CHANGELOG.md: there is no section Unreleased"


def main():
    root, binary = pathlib.Path(sys.argv[1]), sys.argv[2]
    if "--write" in sys.argv[3:]:
        write_key_tables(root, binary)
    problems = [*check_key_tables(root, binary), *check_examples(root, binary), *check_metrics(root),
                *check_policies(root), *check_reasons(root), *check_texts(root, binary)]
    print("\n".join(problems) or "docs: ok")
    sys.exit(bool(problems))


main()
