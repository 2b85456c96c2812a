"""A flood of malformed frames, after which all must be as before."""

from __future__ import annotations

import socket
import struct
import subprocess
from pathlib import Path

from harness import system_test
from machine import GUEST, Machine, Setup
from test_clients import echo_round_trips
from test_web import ask, expect, request

TAP = Setup(net="tap")
TAP_DEVICE = "tap0"
COUNT = 6000
BURST = 64
GENERATOR = Path(__file__).resolve().parent / "malformed_frames.py"


def malformed_frames(seed: int, count: int) -> list[bytes]:
    content = subprocess.run(["/usr/bin/python3", str(GENERATOR), str(seed), str(count)],
                             stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, check=True).stdout
    frames, offset = [], 0
    while offset < len(content):
        size = struct.unpack_from("!H", content, offset)[0]
        frames.append(content[offset + 2:offset + 2 + size])
        offset += 2 + size
    return frames


def answers_ping(machine: Machine) -> None:
    """The guest must answer. What waits in its queues may cost a ping or two, not all of them."""
    done = subprocess.run(["ping", "-n", "-q", "-c", "1", "-w", str(int(30 * machine.scale)),
                           GUEST], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                          stdin=subprocess.DEVNULL, check=False)
    if done.returncode != 0:
        raise machine.failure("an answer to a ping", "none")


def flood(machine: Machine, frames: list[bytes]) -> None:
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as raw:
        raw.bind((TAP_DEVICE, 0))
        for number, frame in enumerate(frames):
            raw.send(frame)
            if number % BURST == BURST - 1:
                answers_ping(machine)       # keeps pace, and finds the guest dead at once
    answers_ping(machine)


@system_test("a flood of malformed frames", TAP, needs=("scapy", "ping"), leaves_nothing=True)
def malformed(machine: Machine) -> None:
    machine.progress("sending frames")
    flood(machine, malformed_frames(machine.round, COUNT // 4 if machine.warming_up else COUNT))
    expect(machine, "the page after the flood", ask(machine, request("/index.html")), 200)
    echo_round_trips(machine, 100)


