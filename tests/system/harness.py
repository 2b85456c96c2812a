"""What system tests are made of: a list of tests, the machine that each wants, skipping, reports.

A test is a function of a Machine that raises Failure when something is not as it should be.
Tests that want the same machine get the same boot, one after the other, as long as they pass."""

from __future__ import annotations

import argparse
import contextlib
import shutil
import signal
import subprocess
import time
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Optional

import gradelib
from gradelib import Failure, Item, Outcome, Screen
from machine import Machine, Setup


class Skip(Exception):
    """The test cannot run on this host; the text says what it lacks."""


@dataclass
class SystemTest:
    """A test, the machine it wants (none: it boots its own) and the host programs it needs."""
    title: str
    function: Callable[..., None]
    setup: Optional[Setup]
    needs: tuple[str, ...]
    leaves_nothing: bool
    group: str


TESTS: list[SystemTest] = []


def system_test(title: str, setup: Optional[Setup] = None, needs: tuple[str, ...] = (),
                leaves_nothing: bool = False) -> Callable[[Any], Any]:
    """Makes the function below it a test; with `leaves_nothing` it is done several times, and no
    pages may be lost by it."""
    def add(function: Callable[..., None]) -> Callable[..., None]:
        TESTS.append(SystemTest(title, function, setup, needs, leaves_nothing,
                                function.__module__))
        return function
    return add


@dataclass
class Host:
    """What tests know of the host."""
    tree: Path
    scale: float
    progress: Callable[[str], None]
    no_tap: str                     # why there is no tap device; "" if there is

    def boot(self, setup: Setup) -> Machine:
        """A machine of the test's own, started; the test stops it."""
        machine = Machine(self.tree, setup, self.scale, self.progress)
        try:
            machine.start()
        except BaseException:
            machine.stop()
            raise
        return machine

    def need(self, program: str) -> None:
        """Raises Skip if the host lacks this program."""
        if program == "scapy":
            if not has_scapy():
                raise Skip("scapy is not installed for /usr/bin/python3 (python3-scapy)")
        elif shutil.which(program) is None:
            raise Skip(f"{program} is not installed")


def has_scapy() -> bool:
    with contextlib.suppress(OSError):
        return subprocess.run(["/usr/bin/python3", "-c", "import scapy"], check=False,
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL).returncode == 0
    return False


class Session:
    """Runs tests, and keeps the machine that the last one left for the next that wants it."""

    def __init__(self, host: Host, screen: Screen, verbose: bool):
        self._host = host
        self._screen = screen
        self._verbose = verbose
        self._machine: Optional[Machine] = None
        self.outcomes: list[Outcome] = []

    def run(self, test: SystemTest) -> None:
        self._screen.begin(test.title)
        begin = time.monotonic()
        outcome = Outcome(Item(test.title, 0, file_name(test.title), test.function, test.group),
                          test.title, 0)
        try:
            for program in test.needs:
                self._host.need(program)
            if test.setup is None:
                test.function(self._host)
            else:
                self._run_on(self._machine_for(test.setup), test)
        except Skip as skip:
            outcome.skipped = str(skip)
        except Failure as failure:
            outcome.failure = failure
        except gradelib.Interrupted:
            self.end()
            raise
        except Exception as error:      # a test's own fault is a failure like any other
            outcome.failure = Failure("the test to run to its end",
                                      f"{type(error).__name__}: {error}",
                                      "a fault of the test, or something it did not expect",
                                      details=traceback.format_exc().splitlines()[-8:],
                                      details_title="where")
        outcome.seconds = time.monotonic() - begin
        self.outcomes.append(outcome)
        self._show(outcome)

    def _run_on(self, machine: Machine, test: SystemTest) -> None:
        if test.leaves_nothing:
            machine.check_no_leak(lambda: test.function(machine))
        else:
            machine.round = 1
            test.function(machine)
            machine.check_alive()

    def _machine_for(self, setup: Setup) -> Machine:
        if setup.net == "tap" and self._host.no_tap:
            raise Skip(self._host.no_tap)
        if self._machine is None or self._machine.setup != setup or not self._machine.is_running():
            self.end()
            self._machine = Machine(self._host.tree, setup, self._host.scale, self._host.progress)
            self._machine.start()
        return self._machine

    def _show(self, outcome: Outcome) -> None:
        verdict = "SKIP" if outcome.skipped else "FAIL" if outcome.failure else "OK"
        self._screen.end(verdict, verdict == "OK")
        if outcome.skipped:
            self._screen.line(f"    {outcome.skipped}")
        if outcome.failure is not None:
            self._keep_console(outcome)
            for line in outcome.failure.lines():
                self._screen.line("    " + line)
            self.end(keep_capture=True)

    def _keep_console(self, outcome: Outcome) -> None:
        """Leaves the console of a failed test's machine in jos.out.NAME."""
        assert outcome.failure is not None
        if self._machine is None or not self._machine.was_started:
            return
        if not outcome.failure.details:
            outcome.failure.details = self._machine.console_lines()
            outcome.failure.details_title = "console, last lines"
        path = self._host.tree / f"jos.out.{outcome.item.name}"
        path.write_bytes(self._machine.console.raw())
        outcome.failure.kept += [path.name, self._machine.capture_name]

    def end(self, keep_capture: bool = False) -> None:
        if self._machine is not None:
            if self._verbose and self._machine.was_started:
                for line in self._machine.console.text().splitlines():
                    self._screen.line(f"  | {gradelib.printable(line)}")
            self._machine.stop(keep_capture)
            self._machine = None


def file_name(title: str) -> str:
    return "".join(char if char.isalnum() else "_" for char in title)[:60].strip("_")


def main(tree: Path, no_tap: str) -> int:
    options = parse_options()
    chosen = [test for test in TESTS
              if not options.titles or any(text in test.title for text in options.titles)]
    if options.list:
        for test in chosen:
            print(f"{test.group.replace('test_', '')}: {test.title}")
        return 0
    if not chosen:
        print("No test's title contains that; see --list.")
        return 2
    screen = Screen(options.color)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, gradelib.ask_to_end)
    host = Host(tree, options.timeout_scale or gradelib.host_slowness(), screen.progress, no_tap)
    session = Session(host, screen, options.verbose)
    interrupted = False
    try:
        with gradelib.sole_grader(tree):
            for test in sorted(chosen, key=lambda test: str(test.setup)):
                session.run(test)
    except gradelib.Interrupted:
        interrupted = True
    except Failure as failure:
        print("\n".join(failure.lines()))
        return 2
    finally:
        session.end()
    return report(session.outcomes, options, screen, interrupted)


def report(outcomes: list[Outcome], options: argparse.Namespace, screen: Screen,
           interrupted: bool) -> int:
    failed = sum(outcome.failure is not None for outcome in outcomes)
    skipped = sum(bool(outcome.skipped) for outcome in outcomes)
    screen.line(f"System tests: {len(outcomes) - failed - skipped} passed, {failed} failed, "
                f"{skipped} skipped" + (", ended early" if interrupted else ""))
    if options.junit:
        Path(options.junit).write_text(gradelib.junit_report("system", outcomes),
                                       encoding="utf-8")
    return 1 if failed or interrupted else 0


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="tests/system/run", description="Boots the system and talks to it with real clients.")
    parser.add_argument("titles", nargs="*", metavar="TITLE",
                        help="run only tests whose title contains this text")
    parser.add_argument("-v", "--verbose", action="store_true", help="print the guests' consoles")
    parser.add_argument("--color", choices=("never", "always", "auto"), default="auto")
    parser.add_argument("--timeout-scale", type=gradelib.positive, metavar="FACTOR",
                        help="multiply all time limits (default: measured on this host)")
    parser.add_argument("--junit", metavar="FILE", help="write results as JUnit XML")
    parser.add_argument("--list", action="store_true", help="list the tests and end")
    return parser.parse_args()
