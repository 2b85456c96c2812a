"""Clients of ping and of the echo server, on the tap device and on forwarded ports."""

from __future__ import annotations

import re
import select
import socket
import subprocess
import time

import gradelib
from gradelib import Failure, make_command
from harness import system_test
from machine import GUEST, Machine, Setup

TAP = Setup(net="tap")
FORWARDED = Setup(net="user")
RECEIVE_SLOTS = 256
UDP_LARGEST = 1472                  # payload of a frame of 1514 bytes


def connect(machine: Machine, limit: float = 30) -> socket.socket:
    connection = socket.create_connection(machine.echo, limit * machine.scale)
    connection.settimeout(limit * machine.scale)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def receive_all(connection: socket.socket, size: int) -> bytes:
    """`size` bytes, or what came before the connection ended."""
    received = bytearray()
    while len(received) < size:
        piece = connection.recv(size - len(received))
        if not piece:
            break
        received += piece
    return bytes(received)


@system_test("ping(8) without loss", TAP, needs=("ping",), leaves_nothing=True)
def ping(machine: Machine) -> None:
    done = subprocess.run(["ping", "-n", "-q", "-c", "1000", "-i", "0.005", GUEST],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          stdin=subprocess.DEVNULL, check=False,
                          timeout=120 * machine.scale)
    output = done.stdout.decode(errors="replace")
    if " 0% packet loss" not in output:
        raise machine.failure("1000 answers to 1000 pings", output.strip()[-200:])


@system_test("large pings, in fragments too", TAP, needs=("ping",))
def large_ping(machine: Machine) -> None:
    for size in (0, 1, 17, 18, 1471, 1472, 1473, 4000):
        done = subprocess.run(["ping", "-n", "-q", "-c", "5", "-i", "0.01", "-s", str(size), GUEST],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              stdin=subprocess.DEVNULL, check=False, timeout=60 * machine.scale)
        if " 0% packet loss" not in done.stdout.decode(errors="replace"):
            raise machine.failure(f"answers to pings with {size} bytes",
                                  done.stdout.decode(errors="replace").strip()[-200:])


@system_test("make ping without loss", FORWARDED, leaves_nothing=True)
def make_ping(machine: Machine) -> None:
    # INTERVAL=0: each request waits for the answer before it, so that a busy host loses none in
    # the queues of its own sockets.
    process = gradelib.OwnProcess(make_command("ping", "COUNT=1000", "INTERVAL=0"), machine.tree)
    process.finish(180 * machine.scale)
    output = process.console.text()
    if process.process.returncode != 0 or not re.search(r"\b0(\.0+)?% packet loss", output):
        raise machine.failure("1000 answers to `make ping COUNT=1000`, status 0",
                              f"status {process.process.returncode}: {output.strip()[-300:]}")


def echo_round_trips(machine: Machine, count: int) -> None:
    with connect(machine) as connection:
        for number in range(count):
            line = b"round trip %d\n" % number
            connection.sendall(line)
            answer = receive_all(connection, len(line))
            if answer != line:
                raise machine.failure(f"round trip {number} of {count} to return its line",
                                      repr(answer))


@system_test("10,000 tcp round trips", TAP, leaves_nothing=True)
def round_trips(machine: Machine) -> None:
    echo_round_trips(machine, 100 if machine.warming_up else 10_000)


def one_sized_echo(machine: Machine, connection: socket.socket, payload: bytes) -> None:
    """Sends a datagram until its answer comes; on a tap device the first should do."""
    for _ in range(5):
        connection.send(payload)
        try:
            answer = connection.recv(65536)
        except socket.timeout:
            continue
        if answer != payload:
            raise machine.failure(f"the datagram of {len(payload)} bytes back",
                                  f"another one of {len(answer)} bytes")
        return
    raise machine.failure(f"the datagram of {len(payload)} bytes back", "no answer")


@system_test("udp echo of every size", TAP, leaves_nothing=True)
def udp_sizes(machine: Machine) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as connection:
        connection.connect(machine.echo)
        connection.settimeout(5 * machine.scale)
        for size in range(1, UDP_LARGEST + 1):
            one_sized_echo(machine, connection, bytes((size + i) % 256 for i in range(size)))


@system_test("rings wrap 20 times over", TAP, leaves_nothing=True)
def rings_wrap(machine: Machine) -> None:
    """Datagrams in bursts, more than 20 rings full: each must come back, once and unchanged."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as connection:
        connection.connect(machine.echo)
        connection.settimeout(10 * machine.scale)
        burst, count = 16, 20 * RECEIVE_SLOTS
        for first in range(0, count, burst):
            wanted = {b"%08d" % number * 30 for number in range(first, first + burst)}
            for payload in wanted:
                connection.send(payload)
            for _ in range(burst):
                try:
                    answer = connection.recv(65536)
                except socket.timeout as error:
                    raise machine.failure(f"all datagrams back ({first} to {first + burst})",
                                          f"{len(wanted)} are missing") from error
                if answer not in wanted:
                    raise machine.failure("each datagram back once", f"{answer[:40]!r} too often")
                wanted.remove(answer)


@system_test("1,000 connections, one after the other", TAP, leaves_nothing=True)
def sequential_connections(machine: Machine) -> None:
    for number in range(200 if machine.warming_up else 1000):
        with connect(machine) as connection:
            line = b"%d\n" % number
            connection.sendall(line)
            if receive_all(connection, len(line)) != line:
                raise machine.failure(f"connection {number} to return its line", "it did not")


@system_test("connections that are reset, or never say a word", TAP, leaves_nothing=True)
def rude_connections(machine: Machine) -> None:
    """Half of the clients reset, half say nothing and stay: others must still be served."""
    silent = [connect(machine) for _ in range(8)]
    for _ in range(50):
        with connect(machine) as connection:
            connection.sendall(b"x" * 1000)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    echo_round_trips(machine, 10)
    for connection in silent:
        connection.close()


@system_test("4 MiB through the tcp echo", TAP)
def bulk_echo(machine: Machine) -> None:
    data = bytes(range(256)) * (4 * 4096)
    with connect(machine, 60) as connection:
        connection.setblocking(False)
        received, sent = bytearray(), 0
        deadline = time.monotonic() + 120 * machine.scale
        while len(received) < len(data):
            if time.monotonic() > deadline:
                raise machine.failure(f"{len(data)} bytes back", f"{len(received)} in time")
            moved = False
            try:
                sent += connection.send(data[sent:sent + 65536])
                moved = sent < len(data)
            except BlockingIOError:
                pass
            try:
                piece = connection.recv(65536)
                if not piece:
                    raise machine.failure(f"{len(data)} bytes back", f"closed at {len(received)}")
                received += piece
                moved = True
            except BlockingIOError:
                pass
            if not moved:
                wait_for_either(connection, sent < len(data))
    if received != data:
        raise Failure(f"the {len(data)} bytes that were sent", "others")


def wait_for_either(connection: socket.socket, to_send: bool) -> None:
    select.select([connection], [connection] if to_send else [], [], 0.5)
