"""More connections than there are places for, and the ones that wait meanwhile."""

from __future__ import annotations

import errno
import resource
import select
import socket
import struct
import time
from typing import Callable

from harness import system_test
from http_client import expect, fetch
from machine import Machine, Setup, extra_files

TAP = Setup(net="tap")
ECHO_PLACES = 100                   # clients that the echo server serves at the same time
BACKLOG = 255                       # connections that wait until a program accepts them
TABLE = 1024                        # TCP connections that the network server has in all
TOO_MANY = 10
LINE = b"is anybody there?\n"
RESET_AT_CLOSE = struct.pack("ii", 1, 0)        # SO_LINGER, no time


class Callers:
    """Connections that are opened all at once, each with a line to send if there is one."""

    def __init__(self, machine: Machine, address: tuple[str, int], count: int, line: bytes = b""):
        allow_descriptors()
        self._machine = machine
        self._line = line
        self._poll = select.poll()
        self._sockets: dict[int, socket.socket] = {}
        self.count = count
        self.waiting: set[int] = set()          # for the answer to their SYN
        self.connected: set[int] = set()
        self.answered: set[int] = set()         # have their line back
        self.ended: set[int] = set()            # closed by the guest, and then by the caller
        self.failed: dict[int, str] = {}
        for _ in range(count):
            self._call(address)

    def _call(self, address: tuple[str, int]) -> None:
        caller = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        caller.setblocking(False)
        caller.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_AT_CLOSE)
        caller.connect_ex(address)
        self._sockets[caller.fileno()] = caller
        self.waiting.add(caller.fileno())
        self._poll.register(caller, select.POLLOUT)

    def __enter__(self) -> "Callers":
        return self

    def __exit__(self, *_: object) -> None:
        for caller in self._sockets.values():
            caller.close()

    def wait(self, what: str, done: Callable[[], bool], limit: float = 240) -> None:
        """Until `done()`; meanwhile takes note of what happens to each caller."""
        deadline = time.monotonic() + limit * self._machine.scale
        while not done():
            if time.monotonic() > deadline:
                raise self._machine.failure(what, self.summary())
            self._machine.check_alive()
            self._machine.progress(f"waiting for {what}: {self.summary()}")
            for number, _ in self._poll.poll(500):
                self._look_at(number)

    def summary(self) -> str:
        return (f"of {self.count}: {len(self.waiting)} wait, {len(self.connected)} were connected, "
                f"{len(self.answered)} answered, {len(self.ended)} closed, {len(self.failed)} "
                f"failed {sorted(set(self.failed.values()))}")

    def _look_at(self, number: int) -> None:
        caller = self._sockets[number]
        try:
            if number in self.waiting:
                self._finish_call(number, caller)
            elif piece := caller.recv(len(LINE)):
                if piece != self._line:
                    raise self._machine.failure("a caller's own line", repr(piece))
                self.answered.add(number)
            else:
                self.ended.add(number)
                self._hang_up(number)
        except OSError as error:
            self.failed[number] = errno.errorcode.get(error.errno or 0, str(error))
            self.waiting.discard(number)
            self._poll.unregister(number)

    def _finish_call(self, number: int, caller: socket.socket) -> None:
        if error := caller.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            raise OSError(error, "connect")
        if self._line:
            caller.send(self._line)
        self.waiting.remove(number)
        self.connected.add(number)
        self._poll.modify(number, select.POLLIN)

    def hang_up_answered(self) -> bool:
        """Those with an answer make room; whether all have had theirs."""
        for number in self.answered & set(self._sockets):
            self._hang_up(number)
        return len(self.answered) == self.count

    def _hang_up(self, number: int) -> None:
        self._poll.unregister(number)
        self._sockets.pop(number).close()


def allow_descriptors() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < 2 * TABLE:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def serve_page(machine: Machine, when: str) -> None:
    answer = expect(machine, f"a page {when}", fetch(machine, "/4097.bin"), 200)
    if answer.body != extra_files()["4097.bin"]:
        raise machine.failure("the file as on the disk", repr(answer.body[:60]))


@system_test("no place for more connections: they wait, and are served in the end", TAP,
             leaves_nothing=True)
def no_place(machine: Machine) -> None:
    """First the echo server's places and its queue are taken, then all that the network server
    has. A caller without a place gets no answer to its SYN, which it repeats; none is refused."""
    serve_page(machine, "before")
    queued = ECHO_PLACES + BACKLOG
    with Callers(machine, machine.echo, queued + TOO_MANY, LINE) as callers:
        callers.wait(f"{ECHO_PLACES} callers served and {BACKLOG} in the queue", lambda: len(
            callers.connected) >= queued and len(callers.answered) >= ECHO_PLACES)
        serve_page(machine, "while the echo server has no place")
        with Callers(machine, machine.web, TABLE - queued + TOO_MANY) as others:
            others.wait("all connections taken",
                        lambda: len(others.connected) >= TABLE - queued)
            others.wait("idle clients to be closed, which makes room for all",
                        lambda: len(others.connected) == others.count)
            serve_page(machine, "while the echo server has no place, nor the web server")
            check_none_failed(machine, others)
        if len(callers.connected) != queued or len(callers.answered) != ECHO_PLACES:
            raise machine.failure(f"{queued} connected and {ECHO_PLACES} served, no more",
                                  callers.summary())
        callers.wait("all callers to be served, as others hang up", callers.hang_up_answered)
        check_none_failed(machine, callers)
    serve_page(machine, "after")


def check_none_failed(machine: Machine, callers: Callers) -> None:
    if callers.failed:
        raise machine.failure("no caller refused, reset or timed out", callers.summary())
