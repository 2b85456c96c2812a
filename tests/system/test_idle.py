"""A guest that has nothing to do leaves the host alone."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

from harness import Host, system_test
from machine import Machine, Setup

MOST_WAKES = 40                     # a second; the timer environment and the file server need 6
WINDOW = 3.0
LIMIT = 60.0


def qemu_of(machine: Machine) -> int:
    """QEMU's process id: the one in the process group that the machine was started as."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            name, fields = (folder / "stat").read_text().rsplit(")", 1)
        except OSError:
            continue                # it has ended meanwhile
        if "(qemu-system" in name and int(fields.split()[2]) == machine.process_group():
            return int(folder.name)
    raise machine.failure("a process of QEMU")


def sleeps(qemu: int) -> int:
    """How often the threads that run the guest's CPUs went to sleep so far: a halt each. QEMU's
    first thread serves devices; its helpers hardly run."""
    total = 0
    for task in Path(f"/proc/{qemu}/task").iterdir():
        if int(task.name) != qemu:
            try:
                status = (task / "status").read_text()
            except OSError:
                continue
            found = re.search(r"^voluntary_ctxt_switches:\s*(\d+)", status, re.MULTILINE)
            total += int(found.group(1)) if found else 0
    return total


def add_test(cpus: int) -> None:
    @system_test(f"an idle guest wakes less than {MOST_WAKES} times a second, CPUS={cpus}")
    def idle(host: Host) -> None:
        """Some seconds must be quiet: what follows the boot may take a while."""
        setup = Setup(net="user", variables=(f"CPUS={cpus}",))
        machine = host.boot(setup)
        try:
            qemu = qemu_of(machine)
            deadline = time.monotonic() + LIMIT * host.scale
            rate = float("inf")
            while rate >= MOST_WAKES:
                if time.monotonic() > deadline:
                    raise machine.failure(f"less than {MOST_WAKES} wakes a second",
                                          f"{rate:.0f}")
                before, begin = sleeps(qemu), time.monotonic()
                time.sleep(WINDOW)
                machine.check_alive()
                rate = (sleeps(qemu) - before) / (time.monotonic() - begin)
                host.progress(f"{rate:.0f} wakes a second")
        finally:
            machine.stop(keep_capture=False)


for number_of_cpus in (1, 4):
    if os.path.isdir("/proc/self/task"):
        add_test(number_of_cpus)
