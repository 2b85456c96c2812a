"""The guest's clock against the host's, with any number of CPUs."""

from __future__ import annotations

import os
import re
import time
from typing import List

from harness import Host, system_test
from machine import Machine, Setup

SECONDS = int(os.environ.get("CLOCK_SECONDS", "20"))
PRECISION = 0.01


class Reading:
    """What the guest's clock showed, at some moment of the host's between two."""

    def __init__(self, machine: Machine):
        self.begin = time.monotonic()
        answer = machine.shell("uptime")
        self.end = time.monotonic()
        found = re.search(r"(\d+):(\d+):(\d+\.\d+)", answer)
        if not found:
            raise machine.failure("`uptime` to show a time", answer.strip())
        hours, minutes, seconds = found.groups()
        self.guest = int(hours) * 3600 + int(minutes) * 60 + float(seconds)


def check(machine: Machine, first: Reading, last: Reading) -> None:
    passed = last.guest - first.guest
    least = (last.begin - first.end) * (1 - PRECISION)
    most = (last.end - first.begin) * (1 + PRECISION)
    machine.progress(f"{passed:.3f} s for the guest, {least:.3f} to {most:.3f} allowed")
    if not least <= passed <= most:
        raise machine.failure(f"{least:.3f} to {most:.3f} s to pass in the guest",
                              f"{passed:.3f} s")


@system_test("the clock is right with 1, 2, 4 and 8 CPUs")
def clock(host: Host) -> None:
    """Four guests at once, since all of them wait."""
    guests: List[Machine] = []
    try:
        for cpus in (1, 2, 4, 8):
            setup = Setup(net="user", variables=(f"CPUS={cpus}",))
            guests.append(Machine(host.tree, setup, host.scale, host.progress))
            guests[-1].start()
        first = [Reading(guest) for guest in guests]
        time.sleep(SECONDS)
        for guest, reading in zip(guests, first):
            check(guest, reading, Reading(guest))
    finally:
        for guest in guests:
            guest.stop(keep_capture=False)
