"""`nc` of the guest's shell against sockets of the host."""

from __future__ import annotations

import contextlib
import socket
import time
from typing import Iterator

from harness import system_test
from hosts import HOST
from machine import GUEST, Machine, Setup, pattern

TAP = Setup(net="tap")
PORT = 5000
LIMIT = 60.0


def file_of_guest(machine: Machine, path: str) -> bytes:
    return (machine.tree / "fs" / "root" / path).read_bytes()


def call(machine: Machine, port: int) -> socket.socket:
    """A connection to a program that the guest is about to start: tries until it listens."""
    deadline = time.monotonic() + LIMIT * machine.scale
    while True:
        try:
            connection = socket.create_connection((GUEST, port), LIMIT * machine.scale)
            connection.settimeout(LIMIT * machine.scale)
            return connection
        except ConnectionRefusedError as error:
            if time.monotonic() > deadline:
                raise machine.failure(f"a program that listens on port {port}") from error
            machine.check_alive()
            time.sleep(0.05)


@contextlib.contextmanager
def listening(machine: Machine, kind: socket.SocketKind) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, kind) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.settimeout(LIMIT * machine.scale)
        listener.bind((HOST, PORT))
        if kind == socket.SOCK_STREAM:
            listener.listen(1)
        yield listener


def take_all(connection: socket.socket) -> bytes:
    received = bytearray()
    while piece := connection.recv(65536):
        received += piece
    return bytes(received)


def expect_bytes(machine: Machine, what: str, got: bytes, wanted: bytes) -> None:
    if got != wanted:
        raise machine.failure(what, f"{len(got)} bytes: {got[:60]!r}")


def prompt_after(machine: Machine, begin: int, what: str) -> None:
    machine.wait_for(lambda text: text[begin:].endswith("\n$ "), LIMIT, what)


@system_test("nc -l: lines of either side, and the end of a stream", TAP, leaves_nothing=True)
def listens(machine: Machine) -> None:
    begin = len(machine.console.text())
    machine.type(f"nc -l {PORT}\n")
    with call(machine, PORT) as connection:
        connection.sendall(b"from the host\n")
        machine.wait_for(lambda text: "\nfrom the host\n" in text[begin:], LIMIT, "the host's line")
        machine.type("from the guest\n")
        with connection.makefile("rb") as lines:
            expect_bytes(machine, "the guest's line", lines.readline(), b"from the guest\n")
        connection.shutdown(socket.SHUT_WR)
        expect_bytes(machine, "nothing but the end", take_all(connection), b"")
    prompt_after(machine, begin, "the prompt after the end of the stream")


@system_test("nc -l takes a file, nc sends one", TAP)
def carries_files(machine: Machine) -> None:
    """A megabyte into the guest and out of it again."""
    data = pattern(1 << 20)
    begin = len(machine.console.text())
    machine.type(f"nc -l {PORT} > /received < /motd\n")
    with call(machine, PORT) as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        expect_bytes(machine, "what nc reads", take_all(connection), file_of_guest(machine, "motd"))
    prompt_after(machine, begin, "the prompt after the file")
    with listening(machine, socket.SOCK_STREAM) as listener:
        begin = len(machine.console.text())
        machine.type(f"nc {HOST} {PORT} < /received\n")
        connection, _ = listener.accept()
        with connection:
            connection.settimeout(LIMIT * machine.scale)
            expect_bytes(machine, "the megabyte as it was sent", take_all(connection), data)
            connection.sendall(b"thank you\n")
        machine.wait_for(lambda text: "\nthank you\n" in text[begin:], LIMIT, "the host's thanks")
        prompt_after(machine, begin, "the prompt after the file")
    machine.shell("rm /received")


@system_test("nc -u: datagrams to and from the host", TAP, leaves_nothing=True)
def datagrams(machine: Machine) -> None:
    with listening(machine, socket.SOCK_DGRAM) as host:
        begin = len(machine.console.text())
        machine.type(f"nc -u {HOST} {PORT}\nfrom the guest\n")
        line, guest = host.recvfrom(2048)
        expect_bytes(machine, "the guest's datagram", line, b"from the guest\n")
        host.sendto(b"answered\n", guest)
        machine.wait_for(lambda text: "\nanswered\n" in text[begin:], LIMIT, "the host's answer")
        machine.type("\x03")
        prompt_after(machine, begin, "the prompt after Ctrl-C")


@system_test("nc -u -l: the first sender is the one it talks to", TAP, leaves_nothing=True)
def listens_for_datagrams(machine: Machine) -> None:
    begin = len(machine.console.text())
    machine.type(f"nc -u -l {PORT}\n")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as host:
        host.connect((GUEST, PORT))
        send_until_taken(machine, host, begin)
        machine.type("from the guest\n")
        expect_bytes(machine, "the guest's datagram", host.recv(2048), b"from the guest\n")
    machine.type("\x03")
    prompt_after(machine, begin, "the prompt after Ctrl-C")


def send_until_taken(machine: Machine, host: socket.socket, begin: int) -> None:
    """While nobody has the port, the guest says so (ICMP), and the datagram is sent again."""
    def arrived(text: str) -> bool:
        try:
            host.recv(2048)
        except ConnectionRefusedError:
            host.send(b"from the host\n")
        except BlockingIOError:
            pass
        return "\nfrom the host\n" in text[begin:]
    host.setblocking(False)
    host.send(b"from the host\n")
    machine.wait_for(arrived, LIMIT, "the host's datagram")
    host.settimeout(LIMIT * machine.scale)
