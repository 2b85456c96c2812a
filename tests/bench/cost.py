"""What a request costs inside our kernel: its counters (kern/debug/counters.hh) before and after
many of them, less what the idle system does in that time, divided by how many there were."""

from __future__ import annotations

import re
import time
from typing import Dict, List, Sequence, Tuple

from guests import Guest
from rows import ClientError, Row, Setting

Counters = Dict[str, int]

# The table's columns: a counter's name in the kernel's monitor, and a short one.
COLUMNS = {"system_calls": "syscalls", "page_faults": "faults", "interrupts": "interrupts",
           "messages": "messages", "pages_sent": "pages", "address_spaces": "spaces",
           "environments": "switches", "halts": "halts", "mmio": "MMIO", "bytes_copied": "bytes"}
TRAPS = ("system_calls", "page_faults", "interrupts")
LINE = re.compile(r"^(\w+) +(\d+)\r?$", re.MULTILINE)


def parse(answer: str) -> Counters:
    """What the monitor's `counters` prints."""
    counters = {name: int(value) for name, value in LINE.findall(answer)}
    missing = [name for name in COLUMNS if name not in counters]
    if missing:
        raise ClientError(f"the kernel's monitor does not tell of {', '.join(missing)}: "
                          "build with COUNTERS=1")
    return counters


def read(guest: Guest) -> Counters:
    with guest.monitor() as ask:
        return parse(ask("counters", 30))


def difference(before: Counters, after: Counters) -> Counters:
    """The kernel's counters have 32 bits."""
    return {name: (after[name] - before[name]) % (1 << 32) for name in COLUMNS}


def idle_rate(guest: Guest, seconds: float) -> Dict[str, float]:
    """Each counter's growth a second while nobody asks for anything."""
    begin, before = time.monotonic(), read(guest)
    time.sleep(seconds)
    after, took = read(guest), time.monotonic() - begin
    return {name: value / took for name, value in difference(before, after).items()}


def of_one(grown: Counters, idle: Dict[str, float], seconds: float,
           done: float) -> Dict[str, float]:
    """The cost of one of `done` that have made the counters grow like that in that time. More
    than nothing is left of what the idle system does only if the work did not keep it from that."""
    return {name: max(0.0, grown[name] - idle[name] * seconds) / done for name in COLUMNS}


def measure(guest: Guest, chosen: Sequence[Row], setting: Setting) -> Tuple[
        Dict[str, float], Dict[str, Tuple[float, Dict[str, float]]], List[str]]:
    """The idle system a second; by row's name how many were done and the cost of one; failures."""
    costs, bad = {}, []
    idle = idle_rate(guest, max(setting.seconds, 2))
    for row in chosen:
        try:
            begin, before = time.monotonic(), read(guest)
            sample = row.measure(guest, setting)
            grown, took = difference(before, read(guest)), time.monotonic() - begin
        except ClientError as error:
            bad.append(f"{row.title}: {error}")
            continue
        if sample.bad:
            bad.append(f"{row.title}: {sample.bad}")
        if sample.done:
            costs[row.name] = (sample.done, of_one(grown, idle, took, sample.done))
    return idle, costs, bad


def line(title: str, per: str, done: str, values: Dict[str, float]) -> str:
    traps = sum(values[name] for name in TRAPS)
    cells = [traps, *(values[name] for name in COLUMNS)]
    return f"{title:36} {per:>11} {done:>8}" + "".join(f" {cell:10.2f}" for cell in cells)


def table(chosen: Sequence[Row], idle: Dict[str, float],
          costs: Dict[str, Tuple[float, Dict[str, float]]]) -> List[str]:
    lines = [f"{'row':36} {'cost of one':>11} {'of':>8}"
             + "".join(f" {name:>10}" for name in ("traps", *COLUMNS.values()))]
    lines.append(line("idle, not part of the rest", "second", "", idle))
    for row in chosen:
        if row.name in costs:
            done, values = costs[row.name]
            lines.append(line(row.title, row.per, f"{done:.0f}", values))
    return lines
