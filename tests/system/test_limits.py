"""A program that takes all it can get, of memory, of environments or of the disk: it gets an error,
the page is served meanwhile, and everything is back when it has ended."""

from __future__ import annotations

import gradelib
from harness import system_test
from machine import Machine, Setup
from test_web import ask, request

# So much memory that a program without end of forks meets the limit of environments first.
LARGE = Setup(net="user", variables=("MEMORY=256",))


def exhaust(machine: Machine, what: str, error: str) -> None:
    serve_page(machine, "before")
    begin = len(machine.console.text())
    machine.type(f"exhaust {what}\n")
    machine.wait_for(lambda text: error in text[begin:], 240, f'"{error}" from `exhaust {what}`')
    serve_page(machine, "during")
    machine.type("\x03")
    if "130" not in machine.shell("echo $?"):
        raise machine.failure("Ctrl-C to end it, status 130")
    serve_page(machine, "after")


def serve_page(machine: Machine, when: str) -> None:
    reply: gradelib.Reply = ask(machine, request("/index.html"))
    if reply.status != 200:
        raise machine.failure(f"the page {when} it", f"{reply.status} {reply.fault}")


@system_test("a program that eats memory gets an error, others go on", LARGE, leaves_nothing=True)
def memory(machine: Machine) -> None:
    exhaust(machine, "memory", "pages, then: out of memory")


@system_test("a program that forks without end gets an error, others go on", LARGE,
             leaves_nothing=True)
def environments(machine: Machine) -> None:
    exhaust(machine, "environments", "exhaust: out of environments")


@system_test("a program that fills the disk gets an error, others go on", LARGE,
             leaves_nothing=True)
def disk(machine: Machine) -> None:
    exhaust(machine, "disk", "bytes, then: no free space on disk")
    full = machine.shell("echo words > /more; echo status $?")
    if "status 0" in full:
        raise machine.failure("no file on a full disk", full.strip())
    machine.shell("rm /exhaust; rm /more")
    again = machine.shell("echo words > /more; cat /more; rm /more")
    if "words" not in again:
        raise machine.failure("a file on the disk that has space again", again.strip())
    machine.shell("sync")
