#!/usr/bin/env python3
"""Checks that every C++ file is as clang-format leaves it.

Usage: check_format.py ROOT CLANG_FORMAT [--write]
"""

import pathlib
import subprocess
import sys

FOLDERS = ("base tokens http charts fleet policies scheduler settings engine_adapters engine sim router cli "
           "tests bench").split()


def main():
    root, clang_format = pathlib.Path(sys.argv[1]), sys.argv[2]
    files = sorted(str(path) for folder in FOLDERS for path in (root / folder).rglob("*")
                   if path.suffix in {".h", ".cc", ".cu", ".cuh"} and "node_modules" not in path.parts)
    if "--write" in sys.argv[3:]:
        subprocess.run([clang_format, "-i", *files], check=True)
    result = subprocess.run([clang_format, "--dry-run", "-Werror", "-ferror-limit=1", *files],
                            capture_output=True, text=True, check=False)
    print(result.stderr or f"format: ok ({len(files)} files)")
    sys.exit(result.returncode != 0)


main()
