#!/usr/bin/env python3
"""Says what is missing on this host, and how to get it; `make doctor` calls it.

usage: doctor.py [--build] [--lwip FOLDER] [--qemu NAME] [--compiler NAME] [--host-compiler NAME]
With --build: only what building needs, and only what is wrong with it.
Exit status: 0 building and booting work, 1 something required is missing.
"""
import argparse
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

if sys.version_info < (3, 9):
    sys.exit("This is Python " + ".".join(map(str, sys.version_info[:2]))
             + "; 3.9 is the oldest that works: install a newer one, or set PYTHON= in conf/env.mk")

TREE = Path(__file__).resolve().parent.parent
MIN_FREE_MIB = 1024
PROGRAM = "#include <expected>\nint main() {}\n"


class Report:
    """Prints a line for each thing, and remembers whether a required one is missing."""

    def __init__(self, only_bad=False):
        self.only_bad = only_bad
        self.missing = {"required": 0, "test": 0, "optional": 0}

    def good(self, what, detail=""):
        if not self.only_bad:
            print(f"  ok        {what}{': ' + detail if detail else ''}")

    def bad(self, need, what, problem, fix):
        self.missing[need] += 1
        mark = {"required": "MISSING", "test": "no tests", "optional": "optional"}[need]
        print(f"  {mark:<9} {what}: {problem}\n            fix: {fix}")


def output_of(command, text=""):
    """A command's output, whatever it says; None if it cannot run or fails."""
    try:
        done = subprocess.run(command, input=text, stdout=subprocess.PIPE, text=True, timeout=60,
                              stderr=subprocess.STDOUT, check=False, errors="replace")
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None


def version_of(command):
    """The first number with a dot that `command --version` prints, as text; None if none."""
    found = re.search(r"\d+\.\d+(\.\d+)?", output_of([command, "--version"]) or "")
    return found.group() if found else None


def at_least(version, oldest):
    numbers = [int(number) for number in version.split(".")]
    return numbers >= [int(number) for number in oldest.split(".")]


def tools():
    """The rows of conf/host_tools.txt: need, probe, oldest version, package, purpose."""
    with open(TREE / "conf" / "host_tools.txt", encoding="utf-8") as file:
        for line in file:
            if line.strip() and not line.startswith("#"):
                yield [column.strip() for column in line.split("|")]


def how_to_install(package):
    if shutil.which("apt-get"):
        return f"./bootstrap, or as root: apt-get install --no-remove {package}"
    return f"install it with this host's package manager (Debian's package is {package})"


def check_compiler(report, need, command, flags, package, oldest):
    """A compiler is good if it compiles C++23 with these flags."""
    if shutil.which(command) is None:
        report.bad(need, command, "not installed", how_to_install(package))
        return
    arguments = [command, *flags, "-std=gnu++23", "-x", "c++", "-c", "-", "-o", os.devnull]
    version = output_of([command, "-dumpfullversion"])
    is_old = version and not at_least(version.strip(), oldest)
    if not is_old and output_of(arguments, PROGRAM) is not None:
        report.good(" ".join([command, *flags]), version.strip() if version else "")
    elif is_old:
        report.bad(need, command,
                   f"is version {version.strip()}; {oldest} is the oldest that works",
                   f"install GCC {oldest} or newer and set GCCPREFIX in conf/env.mk")
    else:
        report.bad(need, " ".join([command, *flags]), "does not compile C++23 for this target",
                   how_to_install(package))


def check_tool(report, row, settings):
    need, probe, oldest, package, purpose = row
    if probe == "guest-compiler":
        check_compiler(report, need, settings.compiler, ["-m32", "-ffreestanding"], package, oldest)
        return
    if probe == "g++":
        check_compiler(report, need, settings.host_compiler, [], package, oldest)
        return
    if probe.startswith("/"):
        if os.path.exists(probe):
            report.good(package)
        else:
            report.bad(need, package, f"not installed ({purpose})", how_to_install(package))
        return
    command = settings.qemu if probe.startswith("qemu-") else probe
    path = shutil.which(command, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if path is None:
        report.bad(need, command, f"not installed ({purpose})", how_to_install(package))
        return
    version = version_of(path) if oldest else ""
    if probe == "make" and settings.make_version:
        version = settings.make_version
    if version and not at_least(version, oldest):
        report.bad(need, command, f"is version {version}; {oldest} is the oldest that works",
                   f"install {command} {oldest} or newer")
    else:
        report.good(command, version or "")


def oldest_of(tool):
    """The oldest version of a tool that works, as conf/host_tools.txt has it."""
    return next(row[2] for row in tools() if row[1] == tool)


def check_build(settings):
    """What the first compilation needs; says what is wrong, and nothing otherwise."""
    report = Report(only_bad=True)
    for row in tools():
        if row[1] in ("guest-compiler", "g++"):
            check_tool(report, row, settings)
    if report.missing["required"]:
        print("make doctor: looks at everything else, too")
    return 1 if report.missing["required"] else 0


def check_lwip(report, folder):
    if os.path.exists(os.path.join(folder, "src", "include", "lwip", "init.h")):
        report.good("lwIP", folder)
    else:
        report.bad("required", "lwIP", f"not in {folder}",
                   "./bootstrap, or LWIP_DIR= in conf/env.mk names a tree of it")


def check_host(report):
    free = shutil.disk_usage(TREE).free >> 20
    if free < MIN_FREE_MIB:
        report.bad("required", "disk", f"{free} MiB free here; a build takes some hundred",
                   "make room")
    else:
        report.good("disk", f"{free} MiB free")
    if not os.access(TREE, os.W_OK):
        report.bad("required", "this folder", f"{TREE} is not yours to write to",
                   "clone the tree to where you may write")


def check_tun(report):
    if not os.access("/dev/net/tun", os.R_OK | os.W_OK):
        report.bad("optional", "/dev/net/tun", "not there, or not open to you (make qemu NET=tap)",
                   "as root: modprobe tun; chmod a+rw /dev/net/tun")
    else:
        report.good("/dev/net/tun")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", action="store_true", help="only what building needs")
    parser.add_argument("--make-version", default="", help="of the make that calls")
    parser.add_argument("--lwip", default=".deps/lwip-2.1.3")
    parser.add_argument("--qemu", default="qemu-system-i386")
    parser.add_argument("--compiler", default="i686-linux-gnu-g++")
    parser.add_argument("--host-compiler", default="g++")
    settings = parser.parse_args()
    if settings.build:
        return check_build(settings)
    report = Report()
    for need, title in (("required", "To build and boot:"), ("test", "For make check:"),
                        ("optional", "Optional:")):
        print(title)
        for row in tools():
            if row[0] == need:
                check_tool(report, row, settings)
        if need == "required":
            check_lwip(report, settings.lwip)
            check_host(report)
        elif need == "optional":
            check_tun(report)
    missing = report.missing
    if missing["required"]:
        print(f"{missing['required']} required: fix what is MISSING above, then `make qemu`")
    elif missing["test"]:
        print(f"All that is required is there; {missing['test']} missing for make check")
    else:
        print("All that is required is there")
    return 1 if missing["required"] else 0


if __name__ == "__main__":
    sys.exit(main())
