"""Load: ab and wrk against the page."""

from __future__ import annotations

import re
import subprocess

from harness import system_test
from machine import Machine, Setup

TAP = Setup(net="tap")


def run(machine: Machine, *command: str) -> str:
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
                          stdin=subprocess.DEVNULL, timeout=300 * machine.scale)
    output = done.stdout.decode(errors="replace")
    if done.returncode != 0:
        raise machine.failure(f"`{' '.join(command)}` to get through", output.strip()[-300:])
    return output


def ab(machine: Machine, count: int) -> None:
    output = run(machine, "ab", "-q", "-r", "-n", str(count), "-c", "32",
                 f"{machine.url}/index.html")
    complete = re.search(r"Complete requests: +(\d+)", output)
    failed = re.search(r"Failed requests: +(\d+)", output)
    if (not complete or not failed or int(complete.group(1)) != count or int(failed.group(1)) != 0
            or "Non-2xx" in output):
        raise machine.failure(f"{count} requests, 0 failed", output.strip()[-600:])


@system_test("ab -n 2000 -c 32: 0 failed", TAP, needs=("ab",), leaves_nothing=True)
def ab_2000(machine: Machine) -> None:
    ab(machine, 400 if machine.warming_up else 2000)


@system_test("ab -k -n 2000 -c 32: 0 failed", TAP, needs=("ab",), leaves_nothing=True)
def ab_keep_alive(machine: Machine) -> None:
    output = run(machine, "ab", "-q", "-k", "-n", "2000", "-c", "32",
                 f"{machine.url}/index.html")
    if not re.search(r"Failed requests: +0\b", output) or "Non-2xx" in output:
        raise machine.failure("2000 requests, 0 failed", output.strip()[-600:])


def wrk(machine: Machine, clients: int, seconds: int) -> None:
    output = run(machine, "wrk", "-t2", f"-c{clients}", f"-d{seconds}s", "--timeout", "30s",
                 f"{machine.url}/index.html")
    requests = re.search(r"(\d+) requests in", output)
    if "Socket errors" in output or "Non-2xx" in output or not requests \
            or int(requests.group(1)) == 0:
        raise machine.failure("many requests, 0 failed", output.strip()[-600:])


@system_test("wrk -c32: 0 failed", TAP, needs=("wrk",), leaves_nothing=True)
def wrk_32(machine: Machine) -> None:
    wrk(machine, 32, 1 if machine.warming_up else 5)


@system_test("wrk -c256: 0 failed", TAP, needs=("wrk",), leaves_nothing=True)
def wrk_256(machine: Machine) -> None:
    wrk(machine, 256, 2 if machine.warming_up else 5)
