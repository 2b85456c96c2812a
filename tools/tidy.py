#!/usr/bin/env python3
"""Runs clang-tidy over the guest's sources, or some of them; `make tidy` calls it.

usage: tidy.py [FILE...]

The checks are in .clang-tidy. Exit status: 0 nothing found, 1 something, 2 it cannot run.
"""
import concurrent.futures
import os
import re
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True
import doctor                       # noqa: E402

TREE = doctor.TREE
DATABASE = TREE / "obj" / "tidy"
OLDEST = "19"                       # Clang does not understand <expected> before
FOLDERS = ("kern", "lib", "net", "fs", "user")


def find_clang_tidy():
    """A clang-tidy that is new enough."""
    seen = []
    for name in ["clang-tidy"] + [f"clang-tidy-{number}" for number in range(40, 18, -1)]:
        version = doctor.version_of(name) if shutil.which(name) else None
        if version and doctor.at_least(version, OLDEST):
            return name
        seen += [f"{name} is version {version}"] if version else []
    print(f"make tidy needs clang-tidy {OLDEST} or newer "
          f"({'; '.join(seen) or 'there is none'}): install clang-tidy-{OLDEST}", file=sys.stderr)
    sys.exit(2)


def sources(wanted):
    """The files to look at, as the tree names them."""
    if wanted:
        return wanted
    return sorted(str(path.relative_to(TREE)) for folder in FOLDERS
                  for path in (TREE / folder).rglob("*.cc"))


def main(wanted):
    program = find_clang_tidy()
    made = subprocess.run([sys.executable, str(TREE / "tools" / "compile_commands.py"),
                           "--clang", str(DATABASE)], cwd=TREE, check=False,
                          stdout=subprocess.DEVNULL)
    if made.returncode != 0:
        return 2

    def look_at(source):
        return source, subprocess.run([program, "--quiet", "-p", str(DATABASE), source], cwd=TREE,
                                      stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                      check=False, errors="replace")
    files = sources(wanted)
    found = set()                       # a header's findings come with each source
    broken = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for source, done in pool.map(look_at, files):
            for finding in re.split(r"^(?=\S+:\d+:\d+: (?:warning|error))", done.stdout,
                                    flags=re.MULTILINE):
                if ": warning: " in finding or ": error: " in finding:
                    if finding not in found:
                        print(finding, end="", flush=True)
                    found.add(finding)
            if done.returncode < 0:
                broken += 1
                print(f"{source}: {program} ended with signal {-done.returncode}")
    print(f"clang-tidy: {len(files)} files, {len(found)} findings")
    return 1 if found or broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
