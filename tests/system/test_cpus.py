"""The page on one CPU and on several."""

from __future__ import annotations

import threading
from typing import Callable

from harness import system_test
from http_client import BadReply, Connection, fetch, request
from machine import Machine, Setup

LOADS, CLIENTS = 1000, 8


def load_pages(machine: Machine, count: int) -> list[str]:
    """Loads the page `count` times with eight clients, each load on a connection of its own or, for
    every second client, on the same; returns what was wrong with any of them."""
    page = (machine.tree / "fs" / "index.html").read_bytes()
    wrong: list[str] = []

    def check(body: bytes) -> None:
        if body != page:
            wrong.append(f"{len(body)} bytes that are not the page's")

    def load_on_new_connections() -> None:
        for _ in range(count // CLIENTS):
            check(fetch(machine, "/index.html", fields="Connection: close\r\n").body)

    def load_on_one_connection() -> None:
        with Connection(machine) as connection:
            for _ in range(count // CLIENTS):
                connection.send(request("/index.html"))
                check(connection.answer().body)

    def guarded(work: Callable[[], None]) -> None:
        try:
            work()
        except (OSError, BadReply) as error:
            wrong.append(f"{type(error).__name__}: {error}")

    clients = [threading.Thread(target=guarded, args=(
        load_on_one_connection if number % 2 else load_on_new_connections,))
        for number in range(CLIENTS)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    return wrong


def add_test(cpus: int) -> None:
    setup = Setup(net="tap", variables=(f"CPUS={cpus}",))

    @system_test(f"{LOADS} page loads with CPUS={cpus}", setup, leaves_nothing=True)
    def page_loads(machine: Machine) -> None:
        wrong = load_pages(machine, 200 if machine.warming_up else LOADS)
        if wrong:
            raise machine.failure(f"{LOADS} pages", f"{len(wrong)} faults, the first: {wrong[0]}")


for number_of_cpus in (1, 2, 4, 8):
    add_test(number_of_cpus)
