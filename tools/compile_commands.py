#!/usr/bin/env python3
"""Writes compile_commands.json, from which editors and clang-tidy learn how each source is compiled.

usage: compile_commands.py [--clang FOLDER] [NAME=VALUE...]    variables for make, as for a build

With --clang it is written to that folder, without the flags that Clang's tools do not take.
The commands are the ones that make itself would run to build everything anew, unit tests too.
"""
import argparse
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

TREE = Path(__file__).resolve().parent.parent
TARGETS = ("all", "host-tests", "obj/fs/fstool")
GCC_ONLY = ("-mgeneral-regs-only", "-fno-tree-loop-distribute-patterns", "-Werror")
COMPILER = re.compile(r"(^|[-/])(g\+\+|gcc|clang|clang\+\+)(-\d+)?$")
SOURCES = (".cc", ".c", ".S")


def planned_commands(variables):
    """What make would run; nothing is run."""
    environment = {name: value for name, value in os.environ.items()
                   if name not in ("MAKELEVEL", "MFLAGS")}
    flags = environment.pop("MAKEFLAGS", "")
    if " -- " in f" {flags}":               # variables of the make that called us
        environment["MAKEFLAGS"] = " -- " + f" {flags}".split(" -- ", 1)[1]
    done = subprocess.run(["make", "--dry-run", "--always-make", "--no-print-directory", "V=1",
                           *TARGETS, *variables], cwd=TREE, env=environment, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if done.returncode != 0:
        sys.exit(f"make could not say what it would do:\n{done.stderr.strip()}")
    return re.sub(r"\\\n", " ", done.stdout).splitlines()


def entries_of(line):
    """An entry for each source that a command compiles; one that compiles several and links them
    is taken apart."""
    try:
        words = shlex.split(line)
    except ValueError:
        return
    if not words or not COMPILER.search(words[0]) or "-o" not in words:
        return
    sources = [word for word in words if word.endswith(SOURCES)]
    flags = [word for word in words if word not in sources]
    for source in sources:
        command = words if "-c" in words else [*flags, "-c", source]
        yield {"directory": str(TREE), "file": source, "arguments": command}


def for_clang(entry):
    """The entry without what only GCC knows. Without floating point Clang refuses the C++ library's
    headers, where GCC refuses only code that uses it."""
    entry["arguments"] = [word for word in entry["arguments"] if word not in GCC_ONLY]
    return entry


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clang", metavar="FOLDER", type=Path)
    parser.add_argument("variables", nargs="*", metavar="NAME=VALUE")
    settings = parser.parse_args()
    entries = [entry for line in planned_commands(settings.variables)
               for entry in entries_of(line)]
    folder = settings.clang or TREE
    if settings.clang:
        folder.mkdir(parents=True, exist_ok=True)
        first = {entry["file"]: entry for entry in reversed(entries)}   # of several, the guest's
        entries = list(map(for_clang, first.values()))
    if not entries:
        sys.exit("make names no command that compiles a source")
    with open(folder / "compile_commands.json", "w", encoding="utf-8") as file:
        json.dump(entries, file, indent=1)
    print(f"compile_commands.json: {len(entries)} commands")


if __name__ == "__main__":
    main()
