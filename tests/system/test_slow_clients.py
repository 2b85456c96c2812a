"""Clients that take their time on purpose, and the others that must not suffer from it."""

from __future__ import annotations

import re
import time

from harness import system_test
from http_client import Connection, expect, fetch, request
from machine import BIG_FILE, Machine, Setup, extra_files

TAP = Setup(net="tap")
SERVER_PLACES = 100                 # connections that httpd has at the same time


def serve_others(machine: Machine, what: str) -> None:
    """Ten requests on connections of their own, each answered while the slow ones are there."""
    for _ in range(10):
        answer = expect(machine, f"a client beside {what}", fetch(machine, "/4097.bin"), 200)
        if answer.body != extra_files()["4097.bin"]:
            raise machine.failure("the file as on the disk", repr(answer.body[:60]))


def connections_of_guest(machine: Machine) -> int:
    """TCP connections that the guest still has, TIME-WAIT aside."""
    listed = machine.shell("netstat | grep -v TIME_WAIT")    # of those there are very many
    states = "ESTABLISHED|CLOSE_WAIT|FIN_WAIT_1|FIN_WAIT_2|LAST_ACK|CLOSING"
    return len(re.findall(rf"^tcp.* (?:{states})\b", listed, re.MULTILINE))


@system_test("slow clients are closed in time, and others served meanwhile", TAP)
def slow_clients(machine: Machine) -> None:
    """More connections than the server has places: some say nothing, some send a header a second,
    and some never read the big file that they asked for, nor the end of their connection."""
    silent = [Connection(machine) for _ in range(10)]
    readers = [Connection(machine) for _ in range(SERVER_PLACES - 10)]
    for client in readers:
        client.send(request(f"/{BIG_FILE}"))
    serve_others(machine, "files that nobody reads")
    senders = [Connection(machine) for _ in range(SERVER_PLACES)]
    for client in senders:
        client.send(b"GET /1.bin HTTP/1.1\r\nHost: guest\r\n")
    serve_others(machine, "headers that never end")

    deadline = time.monotonic() + 240 * machine.scale
    while left := connections_of_guest(machine):
        if time.monotonic() > deadline:
            raise machine.failure("all slow connections to be gone", f"{left} are there")
        for client in list(senders):
            try:
                client.send(b"X: y\r\n")
            except OSError:
                senders.remove(client)
        time.sleep(1)
    serve_others(machine, "none")
    for client in silent + readers + senders:
        client.socket.close()
