#!/usr/bin/env python3
"""What graders of this tree are made of: items with points, boots that items watch, packet
captures, clients for the guest's ports, and reports.

An item is a function that boots the system through make, waits for events (a console line, the
kernel falling into its monitor, QEMU's end) and raises Failure when something is not as it
should be. A Failure says what was expected, what came, the likely cause and the next command;
whatever else goes wrong in an item becomes a Failure too. docs/grading.md is the manual.

Python 3.9 or newer, standard library only.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import json
import os
import re
import shlex
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
import traceback
import xml.etree.ElementTree
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, Iterator, Optional

if sys.version_info < (3, 9):
    sys.exit("The grader needs Python 3.9 or newer; this is Python "
             f"{sys.version_info[0]}.{sys.version_info[1]}.")

LOG_NAME = "grade.log"
CONSOLE_LINES_SHOWN = 15
COMPILER_LINES_SHOWN = 12


# Failures

class Failure(Exception):
    """Why an item failed, in the words that the user will read. Parts that are left empty are
    filled in by whoever knows: the boot its diagnosis, the item its hint and next command."""

    def __init__(self, expected: str = "", got: str = "", cause: str = "", next_step: str = "",
                 details: Optional[list[str]] = None, details_title: str = ""):
        super().__init__(expected or got)
        self.expected = expected
        self.got = got
        self.cause = cause
        self.next_step = next_step
        self.details = details or []
        self.details_title = details_title
        self.kept: list[str] = []

    def lines(self) -> list[str]:
        """The reason as it is shown below the item's title."""
        shown = []
        for label, text in (("expected", self.expected), ("got", self.got)):
            if text:
                shown += labelled(label, text)
        if self.details:
            shown.append(f"{self.details_title}:")
            shown += [f"  | {line}" for line in self.details]
        for label, text in (("likely cause", self.cause), ("next", self.next_step)):
            if text:
                shown += labelled(label, text)
        if self.kept:
            shown.append("kept: " + ", ".join(self.kept))
        return shown


def labelled(label: str, text: str) -> list[str]:
    """`label: text`, further lines of the text aligned below its first."""
    first, *rest = text.splitlines() or [""]
    return [f"{label}: {first}"] + [" " * (len(label) + 2) + line for line in rest]


class BuildFailure(Failure):
    """make ended before there was a QEMU to talk to."""


class Interrupted(Exception):
    """The user or the system asked the grader to end."""


interruption = threading.Event()


def ask_to_end(*_: object) -> None:
    """The handler of signals: the next wait ends the grader. (An exception out of a handler would
    come anywhere, in the middle of starting or ending a process too.)"""
    interruption.set()


def end_if_asked() -> None:
    if interruption.is_set():
        raise Interrupted


# Packet captures

@dataclass
class Packet:
    """One captured frame: its bytes, its length on the wire and when it passed, in seconds."""
    data: bytes
    wire_length: int
    seconds: float


ETHERNET_LINK_TYPE = 1
CAPTURE_LIMIT = 1 << 20     # no frame is longer; a length beyond it is a damaged file

# The file's first four bytes: byte order of the rest, and units of the second time field.
CAPTURE_MAGICS = {
    b"\xa1\xb2\xc3\xd4": (">", 1e-6), b"\xd4\xc3\xb2\xa1": ("<", 1e-6),
    b"\xa1\xb2\x3c\x4d": (">", 1e-9), b"\x4d\x3c\xb2\xa1": ("<", 1e-9),
}


def read_capture(path: Path) -> list[Packet]:
    """The frames of a pcap file of either byte order, with micro- or nanoseconds.
    Raises Failure if the file is missing, cut off, damaged or not of Ethernet frames."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise Failure(f"a packet capture {path.name}", f"{error.strerror} ({path})",
                      "QEMU did not get as far as opening its capture, or the QEMU options "
                      "have no filter-dump", "make print-qemu; make qemu-nox V=1") from error
    if len(content) < 24:
        raise damaged_capture(path, f"{len(content)} bytes, but the file header alone has 24")
    if content[:4] not in CAPTURE_MAGICS:
        raise damaged_capture(path, f"the first four bytes are {content[:4].hex(' ')}, which is "
                              "no pcap file's")
    order, unit = CAPTURE_MAGICS[content[:4]]
    link_type = struct.unpack_from(order + "I", content, 20)[0] & 0x0FFFFFFF
    if link_type != ETHERNET_LINK_TYPE:
        raise damaged_capture(path, f"link type {link_type} where Ethernet is "
                              f"{ETHERNET_LINK_TYPE}")
    return list(read_packets(path, content, order, unit))


def read_packets(path: Path, content: bytes, order: str, unit: float) -> Iterator[Packet]:
    """The packet records that follow a capture's file header."""
    offset = 24
    while offset < len(content):
        if len(content) - offset < 16:
            raise damaged_capture(path, f"the last record's header is cut off at byte {offset}")
        seconds, fraction, kept, wire = struct.unpack_from(order + "IIII", content, offset)
        offset += 16
        if kept > CAPTURE_LIMIT:
            raise damaged_capture(path, f"a record at byte {offset - 16} claims {kept} bytes")
        if len(content) - offset < kept:
            raise damaged_capture(path, f"the last record has {len(content) - offset} of its "
                                  f"{kept} bytes")
        yield Packet(content[offset:offset + kept], wire, seconds + fraction * unit)
        offset += kept


def damaged_capture(path: Path, what: str) -> Failure:
    return Failure(f"a whole packet capture in {path.name}", what,
                   "QEMU was ended while it wrote, or another program wrote the file",
                   f"run the item again; then: tcpdump -nr {path.name}")


def hex_dump(data: bytes, limit: int = 64) -> list[str]:
    """`0000  5254 0012 ...  text` lines of the first `limit` bytes."""
    shown = []
    for offset in range(0, min(len(data), limit), 16):
        row = data[offset:min(offset + 16, limit)]
        groups = " ".join(row[i:i + 2].hex() for i in range(0, len(row), 2))
        text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
        shown.append(f"{offset:04x}  {groups:<39}  {text}")
    if len(data) > limit:
        shown.append(f"... {len(data) - limit} more bytes")
    return shown


# The console

ESCAPE_SEQUENCE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[@-Z\\-_c])")


class Console:
    """What the machine printed, filled by a reader thread, and who waits for more of it."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self._bytes = bytearray()
        self._arrivals: list[tuple[float, int]] = []    # time, bytes there were then
        self.closed = False

    def feed(self, data: bytes) -> None:
        with self.changed:
            self._bytes += data
            self._arrivals.append((time.monotonic(), len(self._bytes)))
            self.changed.notify_all()

    def close(self) -> None:
        with self.changed:
            self.closed = True
            self.changed.notify_all()

    def raw(self) -> bytes:
        with self.changed:
            return bytes(self._bytes)

    def text(self) -> str:
        """All of it as text: no carriage returns, no terminal control sequences."""
        text = self.raw().decode("utf-8", "replace").replace("\r", "")
        return ESCAPE_SEQUENCE.sub("", text)

    def arrival_of(self, text: bytes, after: int = 0) -> tuple[float, int]:
        """When `text` had arrived whole, in monotonic seconds, and the offset behind it.
        The text must be there at or behind offset `after`."""
        with self.changed:
            end = self._bytes.index(text, after) + len(text)
            return next(at for at, count in self._arrivals if count >= end), end

    def last_lines(self, count: int = CONSOLE_LINES_SHOWN) -> list[str]:
        lines = [line.rstrip() for line in self.text().splitlines() if line.strip()]
        return [printable(line)[:160] for line in lines[-count:]]


def printable(text: str) -> str:
    return "".join(char if char.isprintable() or char == "\t" else f"\\x{ord(char):02x}"
                   for char in text)


# QEMU's debugger port

class StubError(Exception):
    """The debugger port said something that it should not have, or nothing in time."""


class DebuggerStub:
    """As much of GDB's remote protocol as setting a breakpoint and going on takes."""

    def __init__(self, connection: socket.socket, limit: float):
        self._connection = connection
        self._buffer = b""
        self._connection.settimeout(limit)

    def break_at(self, address: int) -> None:
        answer = self._ask(f"Z0,{address:x},1")
        if answer != "OK":
            raise StubError(f"the breakpoint at {address:#x} was answered with {answer!r}")

    def go(self) -> None:
        """Lets the machine run. The next packet comes when it stops."""
        self._send("c")
        self._connection.settimeout(None)

    def wait_for_stop(self) -> bool:
        """Waits until the machine stops; False if the connection ended instead."""
        try:
            return self._receive()[:1] in ("T", "S")
        except (OSError, StubError):
            return False

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)
        self._connection.close()

    def _ask(self, packet: str) -> str:
        self._send(packet)
        return self._receive()

    def _send(self, packet: str) -> None:
        body = packet.encode("ascii")
        try:
            self._connection.sendall(b"$%s#%02x" % (body, sum(body) % 256))
        except OSError as error:
            raise StubError(f"could not be written: {error}") from error

    def _receive(self) -> str:
        """The next packet's content, acknowledged."""
        while True:
            start = self._buffer.find(b"$")
            end = self._buffer.find(b"#", start + 1) if start >= 0 else -1
            if end >= 0 and len(self._buffer) >= end + 3:
                break
            try:
                data = self._connection.recv(4096)
            except socket.timeout as error:
                raise StubError("no answer") from error
            if not data:
                raise StubError("the connection was closed")
            self._buffer += data
        content = self._buffer[start + 1:end].decode("ascii", "replace")
        self._buffer = self._buffer[end + 3:]
        self._connection.sendall(b"+")
        return content


# Processes

def tool_environment() -> dict[str, str]:
    """The environment for the grader's own runs of make: the variables that a calling make was
    given stay, its job server and flags do not."""
    environment = dict(os.environ)
    for name in ("MFLAGS", "MAKELEVEL", "GNUMAKEFLAGS"):
        environment.pop(name, None)
    flags = environment.pop("MAKEFLAGS", "")
    _, separator, variables = (" " + flags).partition(" -- ")
    if separator:
        environment["MAKEFLAGS"] = " -- " + variables
    return environment


def make_command(*arguments: str) -> list[str]:
    return ["make", "-s", "--no-print-directory", *arguments]


class OwnProcess:
    """A process that this one started, with all that it starts in turn: they are a process group
    of their own, and only that group is ever signalled."""

    def __init__(self, command: list[str], folder: Path, with_input: bool = False):
        self.command = command
        self.console = Console()
        self.process = subprocess.Popen(
            command, cwd=folder, env=tool_environment(), start_new_session=True,
            stdin=subprocess.PIPE if with_input else subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        while True:
            try:
                data = os.read(self.process.stdout.fileno(), 65536)
            except OSError:
                break
            if not data:
                break
            self.console.feed(data)
        self.console.close()

    def type(self, text: str) -> None:
        """Types `text` on the process's input."""
        assert self.process.stdin is not None
        self.process.stdin.write(text.encode())
        self.process.stdin.flush()

    def ended(self) -> bool:
        return self.process.poll() is not None

    def finish(self, limit: float) -> bool:
        """Waits for its end, at most `limit` seconds, and ends it then; whether it ended itself."""
        deadline = time.monotonic() + limit
        try:
            while not self.ended() and time.monotonic() < deadline:
                end_if_asked()
                time.sleep(0.005)
            return self.ended()
        finally:
            self.stop()

    def stop(self, patience: float = 5.0) -> None:
        """Ends the process group: politely, then not, and collects the rest of its output."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            if not self._group_lives():
                break
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, number)
            deadline = time.monotonic() + patience
            while self._group_lives() and time.monotonic() < deadline:
                time.sleep(0.01)
        self._reader.join(patience)
        for stream in (self.process.stdin, None if self._reader.is_alive()
                       else self.process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()

    def _group_lives(self) -> bool:
        self.process.poll()
        try:
            os.killpg(self.process.pid, 0)
            return True
        except (ProcessLookupError, PermissionError):
            return False


# How long to wait at most

REFERENCE_LOOP_SECONDS = 0.010      # the loop below, on an unhurried machine of 2020


def host_slowness() -> float:
    """How many times slower than an ordinary machine this one is now: 1 to 10."""
    best = min(timed_loop() for _ in range(3))
    load = os.getloadavg()[0] / (os.cpu_count() or 1)
    return min(10.0, max(1.0, best / REFERENCE_LOOP_SECONDS) * max(1.0, load))


def timed_loop() -> float:
    begin = time.perf_counter()
    total = 0
    for number in range(200_000):
        total += number
    return time.perf_counter() - begin


# Booting

MONITOR_LINE = re.compile(r"Welcome to the JOS kernel monitor!")
PANIC_LINE = re.compile(r"^.*\bpanic\b.*$", re.IGNORECASE | re.MULTILINE)
FAULT_LINE = re.compile(r"^.*(?:user fault va|TRAP frame at|user_mem_check assertion).*$",
                        re.MULTILINE)
TRIPLE_FAULT_LINE = re.compile(r"^\*\*\* Triple fault", re.MULTILINE)
FIRMWARE_LINE = re.compile(r"SeaBIOS \(version")
COMPILER_ERROR = re.compile(
    r"error:|undefined reference|cannot find|multiple definition|No such file|not found|"
    r"\*\*\* |overflow|No rule to make|Permission denied|No space left", re.IGNORECASE)


@dataclass
class Ports:
    """The host's ports of one run: the debugger's, and those that reach the guest's 7 and 80."""
    debugger: int

    @property
    def echo(self) -> int:
        return self.debugger + 1

    @property
    def web(self) -> int:
        return self.debugger + 2


class Boot:
    """One run of the system with one program: make builds what is missing and starts QEMU
    stopped; a breakpoint at the kernel's `readline` tells when the kernel falls into its monitor.
    """

    def __init__(self, tree: Path, program: str, variables: list[str], scale: float,
                 progress: Callable[[str], None]):
        self.tree = tree
        self.program = program
        self.variables = variables
        self._scale = scale
        self._progress = progress
        self._own: Optional[OwnProcess] = None
        self._stub: Optional[DebuggerStub] = None
        self._in_monitor = threading.Event()
        self._begin = time.monotonic()
        self._console_begin = 0     # what came before is make's
        self.ports = Ports(0)

    # Starting

    def start(self) -> None:
        """Builds and boots. Raises Failure if there is no running machine afterwards."""
        self._progress("building and booting")
        self.ports = Ports(self._ask_port())
        refuse_port_in_use(self.ports.debugger)
        for path in self._capture_paths():
            with contextlib.suppress(FileNotFoundError):
                path.unlink()
        self._own = OwnProcess(self.command(), self.tree)
        self._stub = DebuggerStub(self._connect(), 30 * self._scale)
        try:
            self._stub.break_at(self.kernel_symbol("readline"))
            self._begin = time.monotonic()
            self._console_begin = len(self.console.text())
            self._stub.go()
        except StubError as error:
            raise Failure("QEMU's debugger port to take a breakpoint and start the machine",
                          f"port {self.ports.debugger}: {error}",
                          "QEMU ended at once, or another debugger is attached to it",
                          "make print-qemu; see the console below", self.console_lines(),
                          "console, last lines") from error
        threading.Thread(target=self._watch_stub, args=(self._stub,), daemon=True).start()

    def command(self) -> list[str]:
        return make_command(f"run-{self.program}-nox-gdb", *self.variables,
                            "QEMUEXTRA+=-snapshot")

    def manual_command(self) -> str:
        """The command with which a user gets the same run on a terminal."""
        variables = " ".join(shlex.quote(variable) for variable in self.variables)
        return f"make run-{self.program}-nox {variables}".rstrip()

    def _ask_port(self) -> int:
        asked = OwnProcess(make_command("print-gdbport", *self.variables), self.tree)
        if not asked.finish(120 * self._scale):
            raise Failure("`make print-gdbport` to print a port", "it did not end",
                          "a makefile that builds something before it answers",
                          "make print-gdbport")
        lines = asked.console.text().split()
        if asked.process.returncode != 0 or not lines or not lines[-1].isdigit():
            raise BuildFailure("`make print-gdbport` to print a port", "it printed no number",
                               "a makefile that does not work, or a tool that is missing",
                               "make print-gdbport; make doctor",
                               asked.console.last_lines(), "its output")
        return int(lines[-1])

    def _connect(self) -> socket.socket:
        """The connection to the debugger port, once QEMU listens there."""
        assert self._own is not None
        deadline = time.monotonic() + 900 * self._scale
        while time.monotonic() < deadline:
            end_if_asked()
            try:
                return socket.create_connection(("127.0.0.1", self.ports.debugger), 5)
            except OSError:
                if self._own.ended():
                    raise self._build_failure() from None
            time.sleep(0.02)
        raise Failure("QEMU to listen on its debugger port", f"nothing on port "
                      f"{self.ports.debugger} after {900 * self._scale:.0f} s",
                      "a build that hangs, or QEMU options without the port",
                      f"make V=1 run-{self.program}-nox-gdb", self.console_lines(),
                      "console, last lines")

    def _build_failure(self) -> BuildFailure:
        assert self._own is not None
        self._own.stop()
        status = self._own.process.returncode
        lines = self.console.text().splitlines()
        errors = [line for line in lines if COMPILER_ERROR.search(line)]
        shown = (errors or [line for line in lines if line.strip()])[:COMPILER_LINES_SHOWN]
        return BuildFailure(
            "the tree to build and QEMU to start", f"make ended with status {status}",
            "the first error below" if shown else "make said nothing: try it by hand",
            f"{self.manual_command()} V=1", [printable(line)[:160] for line in shown],
            "first errors" if errors else "what make printed")

    def kernel_symbol(self, name: str) -> int:
        """A kernel symbol's address. Raises Failure if the kernel has none of that name."""
        path = self.tree / "obj" / "kern" / "kernel.sym"
        try:
            for line in path.read_text("utf-8", "replace").splitlines():
                if line[11:].strip() == name:
                    return int(line[:8], 16)
            problem = f"{path.relative_to(self.tree)} has no line for it"
        except (OSError, ValueError) as error:
            problem = str(error)
        raise Failure(f"the kernel symbol `{name}` (unmangled: extern \"C\")", problem,
                      "the kernel monitor's line reader is where runs end; the grader stops there",
                      f"grep {name} obj/kern/kernel.sym")

    def _watch_stub(self, stub: DebuggerStub) -> None:
        if stub.wait_for_stop():
            self._in_monitor.set()
        with self.console.changed:
            self.console.changed.notify_all()

    # Waiting

    @property
    def console(self) -> Console:
        assert self._own is not None
        return self._own.console

    def console_lines(self) -> list[str]:
        return self.console.last_lines() if self._own else []

    def seconds(self) -> float:
        return time.monotonic() - self._begin

    def wait_for(self, look: Callable[[str], Any], limit: float, what: str) -> Any:
        """Waits until `look(console text)` gives something true, and returns that. Raises
        Failure when the run ends or `limit` seconds (on an ordinary host) pass before."""
        found = self.has_come(look, limit, what)
        if found:
            return found
        raise self.failure(f"{what} within {limit * self._scale:.0f} s of the boot's start")

    def line(self, pattern: str, limit: float = 20) -> "re.Match[str]":
        """Waits for a console line that begins with `pattern`, a regular expression."""
        compiled = re.compile("^" + pattern, re.MULTILINE)
        return self.wait_for(compiled.search, limit, f'a console line "{plain(pattern)}"')

    def until_end(self, limit: float = 30) -> bool:
        """Waits until the kernel is in its monitor or QEMU has ended; whether that happened."""
        self.has_come(lambda text: False, limit, "the end of the run")
        return self.has_ended()

    def has_come(self, look: Callable[[str], Any], limit: float, what: str) -> Any:
        """As wait_for, but gives something false where that raises."""
        deadline = self._begin + limit * self._scale
        seen = -1
        while True:
            end_if_asked()
            ended = self.has_ended()
            length = len(self.console.raw())
            if ended:
                self._settle()
            if length != seen or ended:
                found = look(self.console.text())
                if found or ended:
                    return found
            seen = length
            if time.monotonic() > deadline:
                return None
            self._progress(f"waiting for {what}")
            with self.console.changed:
                self.console.changed.wait(0.1)
            time.sleep(0.01)        # let a burst of output come together before looking again

    def has_ended(self) -> bool:
        assert self._own is not None
        return (self._in_monitor.is_set() or self.console.closed or self._own.ended()
                or MONITOR_LINE.search(self.console.text()) is not None)

    def _settle(self) -> None:
        """Lets what the machine printed before it stopped arrive."""
        before = -1
        while before != len(self.console.raw()) and not self.console.closed:
            before = len(self.console.raw())
            time.sleep(0.1)

    # The end

    def stop(self) -> None:
        """Ends the machine and everything that the run started."""
        if self._stub is not None:
            self._stub.close()
        if self._own is not None:
            self._own.stop()

    def capture(self) -> list[Packet]:
        """Ends the machine; the frames that went through its network card."""
        self.stop()
        return read_capture(self.capture_path())

    def capture_path(self) -> Path:
        """Where this run's capture is."""
        return next((path for path in self._capture_paths() if path.exists()),
                    self.tree / "qemu.pcap")

    def _capture_paths(self) -> list[Path]:
        """The capture's places: beside another guest of this tree it has the port's number."""
        return [self.tree / f"qemu.pcap.{self.ports.debugger}", self.tree / "qemu.pcap"]

    def check_no_panic(self) -> None:
        if PANIC_LINE.search(self.console.text()):
            raise self.failure("a run without a panic")

    def failure(self, expected: str, got: str = "") -> Failure:
        """A Failure with this boot's diagnosis and the console's last lines."""
        state, cause, next_step = self.diagnose()
        return Failure(expected, got or state, cause, next_step, self.console_lines(),
                       "console, last lines")

    def diagnose(self) -> tuple[str, str, str]:
        """What became of the run, its likely cause and the next command; "" where unknown."""
        text = self.console.text()
        panic, fault = PANIC_LINE.search(text), FAULT_LINE.search(text)
        after = f"after {self.seconds():.1f} s"
        if panic:
            return (f"a panic {after}", f"`{panic.group(0).strip()}`: the backtrace names the "
                    "place", f"{self.manual_command()}; set a breakpoint there: make gdb")
        if TRIPLE_FAULT_LINE.search(text):
            return (f"a triple fault {after}", "what the lines after `*** Triple fault` name",
                    f"{self.manual_command()} EXCEPTIONS=1")
        if len(FIRMWARE_LINE.findall(text)) > 1:
            return ("the machine starts again and again", "a triple fault: an exception before "
                    "the trap table works, or a bad stack or page table",
                    f"{self.manual_command()} QEMUEXTRA='-d int,cpu_reset -no-reboot -D qemu.log'")
        if fault:
            return (f"an environment ended by a fault ({after})",
                    f"`{fault.group(0).strip()}`: an address that the program should not use",
                    "grep the eip in obj/user/*.asm or obj/net/*.asm, or: make gdb")
        if self._in_monitor.is_set() or MONITOR_LINE.search(text):
            return (f"the kernel fell into its monitor {after}, nothing was left to run",
                    "a program ended or waits for something that never comes",
                    self.manual_command())
        if self._own is not None and self._own.ended():
            status = self._own.process.returncode
            return (f"QEMU ended by itself {after} with status {status}",
                    "a QEMU option that does not exist here" if status else
                    "a triple fault, which resets the machine: an exception before the trap "
                    "table works, or a bad stack or page table",
                    f"{self.manual_command()} V=1; make print-qemu")
        if not text[self._console_begin:].strip():
            return (f"not one character on the console {after}", "the boot sector does not find "
                    "or start the kernel, or the serial port is not set up", "make qemu-nox-gdb, "
                    "and in a second terminal: make gdb")
        return f"the run still going {after}", "", self.manual_command()


def plain(pattern: str) -> str:
    """A regular expression as the text that it mostly is."""
    return re.sub(r"\\(.)", r"\1", pattern).strip()


def refuse_port_in_use(port: int) -> None:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return
    raise Failure(f"port {port}, which `make print-gdbport` gave, to be free",
                  "a program listens there already",
                  "another run of this tree is going on, in a window of its own perhaps",
                  f"end it, or see whose it is: ss -ltnp 'sport = :{port}'")


# Clients of the guest

class Client:
    """A TCP connection to one of the guest's forwarded ports."""

    def __init__(self, port: int, limit: float):
        self._limit = limit
        try:
            self._socket = socket.create_connection(("127.0.0.1", port), limit)
        except OSError as error:
            raise Failure(f"a TCP connection to forwarded port {port}", str(error),
                          "QEMU was started without the port's hostfwd",
                          "make which-ports; make print-qemu") from error

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._socket.close()

    def fileno(self) -> int:
        return self._socket.fileno()

    def set_blocking(self, blocking: bool) -> None:
        self._socket.setblocking(blocking)

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def send_some(self, data: bytes) -> int:
        return self._socket.send(data)

    def receive_some(self) -> bytes:
        return self._socket.recv(65536)

    def finish(self) -> None:
        """Sends the end of our side's data."""
        self._socket.shutdown(socket.SHUT_WR)

    def receive_until(self, enough: Callable[[bytes], bool]) -> tuple[bytes, str]:
        """What arrives until it is `enough`, and why it ended: "enough", "closed", "reset" or
        "timeout"."""
        received = bytearray()
        deadline = time.monotonic() + self._limit
        while not enough(bytes(received) if len(received) < 65536 else received):
            end_if_asked()
            if time.monotonic() > deadline:
                return bytes(received), "timeout"
            self._socket.settimeout(0.2)
            try:
                data = self._socket.recv(65536)
            except socket.timeout:
                continue
            except OSError:
                return bytes(received), "reset"
            if not data:
                return bytes(received), "closed"
            received += data
        return bytes(received), "enough"


@dataclass
class Reply:
    """An HTTP reply, taken apart; `fault` says what is wrong with its form."""
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    raw: bytes = b""
    fault: str = ""


def parse_reply(raw: bytes, end: str) -> Reply:
    """Takes an HTTP reply apart; `end` is how the connection came to its end."""
    reply = Reply(raw=raw)
    head, separator, reply.body = raw.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    status = re.match(r"HTTP/\d\.\d (\d{3})(?: |$)", lines[0])
    if status:
        reply.status = int(status.group(1))
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if colon:
            reply.headers[name.strip().lower()] = value.strip()
        elif separator and not reply.fault:
            reply.fault = f"a header line without a colon: {printable(line)!r}"
    if not raw:
        reply.fault = f"not one byte of a reply (connection: {end})"
    elif not status:
        reply.fault = f"the first line is no status line: {printable(lines[0])[:80]!r}"
    elif not separator:
        reply.fault = "the headers never end: no empty line"
    elif len(reply.body) < wanted_length(reply):
        reply.fault = (f"a cut-off body: {len(reply.body)} of the {wanted_length(reply)} bytes "
                       f"that Content-Length announces (connection: {end})")
    return reply


def wanted_length(reply: Reply) -> int:
    text = reply.headers.get("content-length", "")
    return int(text) if text.isdigit() else 0


def reply_is_whole(raw: bytes) -> bool:
    head, separator, body = raw.partition(b"\r\n\r\n")
    length = re.search(rb"(?im)^content-length:[ \t]*(\d+)", head)
    return bool(separator and length) and len(body) >= int(length.group(1))


def http_get(port: int, path: str, limit: float) -> Reply:
    """Asks the guest's web server for `path` and takes the reply apart."""
    with Client(port, limit) as client:
        request = f"GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n"
        try:
            client.send(request.encode())
        except OSError:
            pass                    # the reply, or that there is none, says more
        return parse_reply(*client.receive_until(reply_is_whole))


# Items and their scores

@dataclass
class Item:
    """One thing that is graded."""
    title: str
    points: int
    name: str                   # of the files that a failure leaves: jos.out.NAME
    function: Callable[["Run"], None]
    part: str = ""
    parent: Optional[str] = None
    hint: str = ""
    extended: bool = False


@dataclass
class Outcome:
    """What became of an item."""
    item: Item
    title: str
    seconds: float
    failure: Optional[Failure] = None
    skipped: str = ""               # why it was not run

    @property
    def points(self) -> int:
        return 0 if self.failure else self.item.points


class Run:
    """What an item's function gets to work with: boots, limits, the tree."""

    def __init__(self, tree: Path, item: Item, scale: float, progress: Callable[[str], None]):
        self.tree = tree
        self.item = item
        self.scale = scale
        self.progress = progress
        self.boot_now: Optional[Boot] = None

    def boot(self, program: str, *variables: str) -> Boot:
        """Boots `program`, with variables for make; the item has this one boot."""
        assert self.boot_now is None, "an item boots once"
        self.boot_now = Boot(self.tree, program, list(variables), self.scale, self.progress)
        self.boot_now.start()
        return self.boot_now

    def command(self, command: list[str], what: str, limit: float = 600) -> str:
        """Runs a host command to its end; its output. Raises Failure if it fails."""
        process = OwnProcess(command, self.tree)
        process.finish(limit * self.scale)
        status = process.process.returncode
        if status != 0:
            raise Failure(what, f"status {status} of: {shlex.join(command)}", "see its output",
                          shlex.join(command), process.console.last_lines(), "its output")
        return process.console.text()

    def end(self) -> None:
        if self.boot_now is not None:
            self.boot_now.stop()

    def keep(self, failure: Failure) -> None:
        """Keeps console and capture of a failed item."""
        if self.boot_now is None or self.boot_now._own is None:
            return
        kept = self.tree / f"jos.out.{self.item.name}"
        kept.write_bytes(self.boot_now.console.raw())
        failure.kept.append(kept.name)
        with contextlib.suppress(OSError):
            capture = self.tree / f"qemu.pcap.{self.item.name}"
            os.replace(self.boot_now.capture_path(), capture)
            failure.kept.append(capture.name)

    def forget(self) -> None:
        """Deletes what an earlier failure of the item left."""
        for prefix in ("jos.out", "qemu.pcap"):
            with contextlib.suppress(FileNotFoundError):
                (self.tree / f"{prefix}.{self.item.name}").unlink()


class Screen:
    """Where results go: colours if wanted, and on a terminal a line that shows what goes on."""

    def __init__(self, color: str):
        self._terminal = sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
        self._color = color == "always" or (color == "auto" and self._terminal)
        self._head = ""
        self._begin = 0.0
        self._shown = ""

    def begin(self, head: str) -> None:
        self._head, self._begin, self._shown = head, time.monotonic(), ""
        self.progress("")

    def progress(self, what: str) -> None:
        if not self._terminal:
            return
        shown = f"{self._head}: {what} ({time.monotonic() - self._begin:.0f}s)"
        if shown != self._shown:
            self._shown = shown
            width = max(20, terminal_width() - 1)
            self._put(f"\r\x1b[K{shown[:width]}")

    def end(self, verdict: str, good: bool) -> None:
        if self._terminal:
            self._put("\r\x1b[K")
        self.line(f"{self._head}: {self.paint(verdict, '32' if good else '31')} "
                  f"({time.monotonic() - self._begin:.1f}s)")

    def line(self, text: str) -> None:
        self._put(text + "\n")

    def paint(self, text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self._color else text

    def _put(self, text: str) -> None:
        try:
            sys.stdout.write(text)
        except UnicodeEncodeError:
            sys.stdout.write(text.encode("ascii", "replace").decode())
        sys.stdout.flush()


def terminal_width() -> int:
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or 80
    except OSError:
        return 80


class Grader:
    """The items of one lab, and the program that runs them."""

    def __init__(self, lab: str, tree: Path):
        self.lab = lab
        self.tree = tree
        self.items: list[Item] = []
        self.outcomes: list[Outcome] = []
        self._parts: list[str] = []
        self._build_failure: Optional[str] = None

    def item(self, title: str, points: int, name: str, parent: Optional[str] = None,
             hint: str = "", extended: bool = False) -> Callable[[Any], Any]:
        """Makes the function below it an item. PORT in a title stands for the web port."""
        def add(function: Callable[[Run], None]) -> Callable[[Run], None]:
            self.items.append(Item(title, points, name, function, "", parent, hint, extended))
            return function
        return add

    def end_part(self, name: str) -> None:
        """All items since the last part are this part's."""
        for item in self.items:
            item.part = item.part or name
        self._parts.append(name)

    # The program

    def main(self, arguments: Optional[list[str]] = None) -> int:
        """Runs the items that the command line asks for; 0 if all of them passed."""
        options = self._options(arguments)
        chosen = self._chosen(options)
        if options.list:
            for item in chosen:
                print(f"{'  ' if item.parent else ''}{item.title} ({item.points})")
            return 0
        if not chosen:
            print(f"No item's title contains {' or '.join(map(repr, options.titles))}. "
                  "See ./grade-" + self.lab + " --list.", file=sys.stderr)
            return 2
        screen = Screen(options.color)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, ask_to_end)
        try:
            with sole_grader(self.tree):
                self._grade_all(chosen, options, screen)
        except Interrupted:
            screen.line("\nEnded before all items were graded; the scores are of those that were.")
            self._finish(chosen, options, screen)
            return 130
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 1
        except Failure as failure:
            print("\n".join(failure.lines()), file=sys.stderr)
            return 2
        return self._finish(chosen, options, screen)

    def _options(self, arguments: Optional[list[str]]) -> argparse.Namespace:
        parser = argparse.ArgumentParser(
            prog=f"grade-{self.lab}",
            description="Grades this tree. Exit status 0: full marks for what was graded.")
        parser.add_argument("titles", nargs="*", metavar="TITLE",
                            help="grade only items whose title contains this text")
        parser.add_argument("-v", "--verbose", action="store_true",
                            help="print commands and the whole console")
        parser.add_argument("--color", choices=("never", "always", "auto"), default="auto")
        parser.add_argument("--timeout-scale", type=positive, metavar="FACTOR",
                            help="multiply all time limits (default: measured on this host)")
        parser.add_argument("--extended", action="store_true",
                            help="grade the extended set too, scored apart")
        parser.add_argument("--junit", metavar="FILE", help="write results as JUnit XML")
        parser.add_argument("--gradescope", metavar="FILE",
                            help="write results as Gradescope's results.json")
        parser.add_argument("--list", action="store_true", help="list the items and end")
        return parser.parse_intermixed_args(arguments)

    def _chosen(self, options: argparse.Namespace) -> list[Item]:
        """The items to run: those whose title, or whose parent's, contains a given text."""
        def matches(item: Item) -> bool:
            port = r"localhost:(?:PORT|\d+)"
            return any(re.sub(port, "localhost", title) in re.sub(port, "localhost", text)
                       for title in options.titles
                       for text in (item.title, item.parent or ""))
        available = [item for item in self.items if options.extended or not item.extended]
        return [item for item in available if not options.titles or matches(item)]

    def _grade_all(self, chosen: list[Item], options: argparse.Namespace,
                   screen: Screen) -> None:
        for part in dict.fromkeys(item.part for item in chosen):
            for item in chosen:
                if item.part == part:
                    self._grade(item, options, screen)
            if not options.titles:
                self._show_part(part, chosen, screen)

    def _grade(self, item: Item, options: argparse.Namespace, screen: Screen) -> None:
        scale = options.timeout_scale or host_slowness()
        title = self._title(item)
        screen.begin(("  " if item.parent else "") + title)
        run = Run(self.tree, item, scale, screen.progress)
        begin = time.monotonic()
        failure = None
        try:
            item.function(run)
        except Interrupted:
            run.end()
            raise
        except Failure as raised:
            failure = raised
        except Exception as error:      # a fault of the grader's own is shown like any other
            failure = self._unexpected(item, error)
        run.end()
        if failure is None:
            run.forget()
        else:
            self._complete(failure, run)
            run.keep(failure)
        self.outcomes.append(Outcome(item, title, time.monotonic() - begin, failure))
        self._show(run, failure, options, screen)

    def _title(self, item: Item) -> str:
        """The item's title, with the real web port in it."""
        if "PORT" not in item.title:
            return item.title
        asked = OwnProcess(make_command("print-gdbport"), self.tree)
        asked.finish(60)
        words = asked.console.text().split()
        port = str(Ports(int(words[-1])).web) if words and words[-1].isdigit() else "PORT"
        return item.title.replace("PORT", port)

    def _unexpected(self, item: Item, error: Exception) -> Failure:
        with contextlib.suppress(OSError), open(self.tree / LOG_NAME, "a", encoding="utf-8") as log:
            log.write(f"{time.strftime('%F %T')} {item.title}\n{traceback.format_exc()}\n")
        return Failure("the grader to get through this item",
                       f"{type(error).__name__}: {printable(str(error))}",
                       "something that the grader was not prepared for: a missing tool, a full "
                       "disk, a fault of its own",
                       f"see {LOG_NAME} for where it happened; ./grade-{self.lab} -v "
                       f"{shlex.quote(item.title)}")

    def _complete(self, failure: Failure, run: Run) -> None:
        """Fills what the failure leaves open from what item and boot know."""
        boot = run.boot_now
        if isinstance(failure, BuildFailure):
            text = "\n".join(failure.details)
            if text and text == self._build_failure:
                failure.details, failure.details_title = [], ""
                failure.cause = "the same build failure as above"
            self._build_failure = text
            return
        if not failure.cause:
            failure.cause = run.item.hint
        if boot is not None and not failure.next_step:
            failure.next_step = boot.manual_command()

    def _show(self, run: Run, failure: Optional[Failure], options: argparse.Namespace,
              screen: Screen) -> None:
        indent = "    " + ("  " if run.item.parent else "")
        screen.end("FAIL" if failure else "OK", failure is None)
        if failure is not None:
            for line in failure.lines():
                screen.line(indent + line)
        boot = run.boot_now
        if options.verbose and boot is not None and boot._own is not None:
            screen.line(f"{indent}ran: {shlex.join(boot.command())}")
            screen.line(f"{indent}limits scaled by {run.scale:.1f}; console:")
            for line in boot.console.text().splitlines():
                screen.line(f"{indent}  | {printable(line)}")

    # Scores

    def _score(self, chosen: list[Item]) -> tuple[int, int]:
        mine = {id(item) for item in chosen}
        return (sum(outcome.points for outcome in self.outcomes if id(outcome.item) in mine),
                sum(item.points for item in chosen))

    def _show_part(self, part: str, chosen: list[Item], screen: Screen) -> None:
        of_part = [item for item in chosen if item.part == part]
        name = f"{part} score" if of_part[0].extended else f"Part {part} score"
        reached, possible = self._score(of_part)
        screen.line(f"{name}: {reached}/{possible}")

    def _finish(self, chosen: list[Item], options: argparse.Namespace, screen: Screen) -> int:
        course = [item for item in chosen if not item.extended]
        reached, possible = self._score(course)
        if course:
            note = "" if not options.titles else (
                f" ({len(course)} of {sum(not item.extended for item in self.items)} items)")
            screen.line(f"Score: {reached}/{possible}{note}")
        failed = len(self.outcomes) < len(chosen) or any(o.failure for o in self.outcomes)
        for path, content in ((options.junit, self.junit), (options.gradescope, self.gradescope)):
            if path:
                try:
                    Path(path).write_text(content(), encoding="utf-8")
                except OSError as error:
                    screen.line(f"{path} could not be written: {error.strerror}.")
                    failed = True
        return 1 if failed else 0

    # Reports

    def junit(self) -> str:
        """The outcomes as JUnit XML."""
        return junit_report(f"grade-{self.lab}", self.outcomes)

    def gradescope(self) -> str:
        """The outcomes as Gradescope's results.json; the extended set earns no points there."""
        tests = []
        for outcome in self.outcomes:
            lines = outcome.failure.lines() if outcome.failure else []
            tests.append({
                "name": outcome.item.title,
                "number": str(len(tests) + 1),
                "score": 0 if outcome.item.extended else outcome.points,
                "max_score": 0 if outcome.item.extended else outcome.item.points,
                "status": "failed" if outcome.failure else "passed",
                "output": "\n".join(lines) or f"OK ({outcome.seconds:.1f}s)"})
        total = sum(test["score"] for test in tests)
        return json.dumps({"score": total, "tests": tests, "execution_time":
                           round(sum(outcome.seconds for outcome in self.outcomes))},
                          indent=2) + "\n"


def junit_report(name: str, outcomes: list[Outcome]) -> str:
    """Outcomes as JUnit XML, in a test suite of this name."""
    suite = xml.etree.ElementTree.Element("testsuite", {
        "name": name, "tests": str(len(outcomes)), "errors": "0",
        "failures": str(sum(outcome.failure is not None for outcome in outcomes)),
        "skipped": str(sum(bool(outcome.skipped) for outcome in outcomes)),
        "time": f"{sum(outcome.seconds for outcome in outcomes):.3f}"})
    for outcome in outcomes:
        case = xml.etree.ElementTree.SubElement(suite, "testcase", {
            "classname": f"{name}.{outcome.item.part}", "name": outcome.item.title,
            "time": f"{outcome.seconds:.3f}"})
        if outcome.skipped:
            xml.etree.ElementTree.SubElement(case, "skipped",
                                             {"message": xml_text(outcome.skipped)})
        if outcome.failure is not None:
            element = xml.etree.ElementTree.SubElement(case, "failure", {
                "message": xml_text(outcome.failure.got or outcome.failure.expected)})
            element.text = xml_text("\n".join(outcome.failure.lines()))
    root = xml.etree.ElementTree.Element("testsuites")
    root.append(suite)
    return ('<?xml version="1.0" encoding="utf-8"?>\n'
            + xml.etree.ElementTree.tostring(root, encoding="unicode") + "\n")


def xml_text(text: str) -> str:
    """`text` without the characters that XML cannot carry."""
    return "".join(char if char in "\t\n" or char.isprintable() else "?" for char in text)


def positive(text: str) -> float:
    value = float(text)
    if not 0 < value <= 1000:
        raise argparse.ArgumentTypeError("must be above 0, and 1000 at most")
    return value


@contextlib.contextmanager
def sole_grader(tree: Path) -> Iterator[None]:
    """Holds the tree for one grader at a time: they would build over each other."""
    folder = tree / "obj"
    try:
        folder.mkdir(exist_ok=True)
        lock = open(folder / ".grade.lock", "w", encoding="utf-8")
    except OSError as error:
        raise Failure(f"a folder {folder} to build in", error.strerror or str(error),
                      "the tree is not writable for you", f"ls -ld {tree} {folder}") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise Failure("to be the only grader of this tree", "another one is at work here",
                          "make grade runs in another window",
                          "wait for it, or grade a second clone") from error
        yield
