#!/usr/bin/env python3
"""Runs suites of tests and adds up their results; `make check` calls it.

usage: check.py SUITE...        host, guest, grade, system; guest@4: with 4 CPUs

A suite is a number of programs, each of which leaves JUnit XML in obj/tests/results/ or is a file
of Python unit tests. The last line is `N passed, N failed`. Exit status 0: none failed.
"""
import os
import re
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path

TREE = Path(__file__).resolve().parent.parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(TREE))
import gradelib  # noqa: E402

RESULTS = TREE / "obj" / "tests" / "results"
PYTHON_TESTS = ("bench", "grader", "tools")      # folders in tests/
UNITTEST_LINE = re.compile(r"^(?P<name>\w+ \([\w.]+\))(?:\n.*)? \.\.\. (?:.*\n)*?"
                           r"(?P<verdict>ok|FAIL|ERROR|skipped .*|expected failure)$", re.MULTILINE)


SUITE = re.compile(r"host$|(guest|grade|system)(@[1-8])?$")


class Totals:
    def __init__(self):
        self.passed = 0
        self.failed = []                # (name, reason)
        self.skipped = []

    def line(self):
        skipped = f", {len(self.skipped)} skipped" if self.skipped else ""
        return f"{self.passed} passed, {len(self.failed)} failed{skipped}"

    def add(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped


def run(command, show, limit, variables=()):
    """Runs a command in the tree to its end; its status and, unless it is shown, its output.
    `variables`: for its environment."""
    kept = {} if show else {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    environment = {**gradelib.tool_environment(), "PYTHONDONTWRITEBYTECODE": "1",
                   **dict(variables)}
    with subprocess.Popen(command, cwd=TREE, stdin=subprocess.DEVNULL, text=True,
                          errors="replace", env=environment, **kept) as process:
        try:
            output, _ = process.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            process.terminate()
            try:
                output, _ = process.communicate(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                output, _ = process.communicate()
            return None, output or ""
        except BaseException:
            process.terminate()         # we were told to end: so is it
            process.wait()
            raise
    return process.returncode, output or ""


def read_junit(path, totals, suite):
    """Adds the results in a JUnit file."""
    for case in ElementTree.parse(path).iter("testcase"):
        name = f"{suite}: {case.get('classname', '')}.{case.get('name', '')}"
        bad = case.find("failure")
        bad = case.find("error") if bad is None else bad
        if bad is not None:
            totals.failed.append((name, (bad.get("message") or bad.text or "").strip()))
        elif case.find("skipped") is not None or case.get("status") == "notrun":
            totals.skipped.append(name)
        else:
            totals.passed += 1


def run_reporting(suite, command, report, show, limit, variables=()):
    """A program that writes a JUnit file. One that ends badly without saying which test failed
    counts as a failed test of its own."""
    totals = Totals()
    name = f"{suite}: {Path(command[0]).name}"
    report.unlink(missing_ok=True)
    try:
        status, output = run(command, show, limit, variables)
    except OSError as error:
        totals.failed.append((name, f"cannot be started: {error.strerror}"))
        return totals
    try:
        read_junit(report, totals, suite)
    except (OSError, ElementTree.ParseError):
        totals.failed.append((name, "left no results: it crashed or could not start"))
    if status is None:
        totals.failed.append((name, f"did not end within {limit} s"))
    elif status != 0 and not totals.failed:
        totals.failed.append((name, f"ended with status {status}"))
    elif totals.passed + len(totals.failed) + len(totals.skipped) == 0:
        totals.failed.append((name, "has no tests"))
    if totals.failed and not show:
        print(output)
    return totals


def run_unittest(suite, path):
    """A file of Python unit tests."""
    totals = Totals()
    status, output = run([sys.executable, str(path), "-v"], False, 1200)
    for line in UNITTEST_LINE.finditer(output):
        name, verdict = f"{suite}: {path.stem} {line['name']}", line["verdict"]
        if verdict.startswith("skipped"):
            totals.skipped.append(name)
        elif verdict in ("ok", "expected failure"):
            totals.passed += 1
        else:
            totals.failed.append((name, verdict))
    if status != 0 and not totals.failed:
        totals.failed.append((f"{suite}: {path.name}", f"ended with status {status}"))
    if status == 0 and totals.passed == 0:
        totals.failed.append((f"{suite}: {path.name}", "has no tests"))
    if totals.failed:
        print(output)
    return totals


def make(*arguments):
    """Runs make in the tree; whether it succeeded."""
    return run(["make", "--no-print-directory", *arguments], True, 3600)[0] == 0


def did_not_build(name):
    totals = Totals()
    totals.failed.append((f"host: {name}", "does not build: see the messages above"))
    return totals


def unit_tests():
    """Builds the unit tests; for each its name and the function that runs it. A program that is
    left from an earlier build is not run."""
    built = make("-k", f"-j{os.cpu_count() or 1}", "host-tests")
    for source in sorted((TREE / "tests" / "host").glob("*_test.cc")):
        binary = Path("obj", "tests", "host", source.stem)
        report = RESULTS / f"{source.stem}.xml"
        if built or make("-s", str(binary)):
            command = [str(TREE / binary), f"--gtest_output=xml:{report}"]
            yield source.stem, lambda c=command, r=report: run_reporting("host", c, r, False, 600)
        else:
            yield source.stem, lambda name=source.stem: did_not_build(name)


def parts_of(suite):
    """The suite's programs: (name, function that runs it)."""
    if suite == "host":
        yield from unit_tests()
        for path in sorted(path for folder in PYTHON_TESTS
                           for path in (TREE / "tests" / folder).glob("test_*.py")):
            yield path.stem, lambda p=path: run_unittest(suite, p)
        return
    suite_name, _, cpus = suite.partition("@")
    program = {"guest": "tests/guest/run", "grade": "grade-lab6", "system": "tests/system/run"}
    report = RESULTS / f"{suite}.xml"
    command = [str(TREE / program[suite_name]), "--junit", str(report)]
    command += ["--extended"] * (suite_name == "grade")
    variables = {"CPUS": cpus} if cpus else {}
    yield suite, lambda: run_reporting(suite, command, report, True, 7200, variables)


def run_suite(suite):
    totals = Totals()
    print(f"== {suite}", flush=True)
    for name, function in parts_of(suite):
        begin = time.monotonic()
        part = function()
        totals.add(part)
        print(f"   {name}: {part.line()} ({time.monotonic() - begin:.1f}s)", flush=True)
    return totals


def main(suites):
    if not suites or not all(SUITE.match(suite) for suite in suites):
        sys.exit(__doc__)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(143))
    RESULTS.mkdir(parents=True, exist_ok=True)
    totals = Totals()
    for suite in suites:
        totals.add(run_suite(suite))
    if totals.skipped:
        print("skipped:", *totals.skipped, sep="\n  ")
    if totals.failed:
        print("failed:")
        for name, reason in totals.failed:
            print(f"  {name}: {reason.splitlines()[0] if reason else 'no reason given'}")
    print(totals.line())
    return 1 if totals.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
