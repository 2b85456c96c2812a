"""What is measured: a row of the table each, with its client and what counts as good."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Dict, List, Optional, Tuple

from guests import ADDRESS, CARD_ADDRESS, TAP, Guest, Traffic

PAGE = "/index.html"
BIG_FILE = "/big.bin"


@dataclass
class Sample:
    """One measurement; `bad` says what failed or was lost, "" if nothing."""
    value: float
    bad: str = ""
    done: float = 0             # how many of what Row.per names
    offered: float = 0          # of what may be dropped: what came to the guest, in the row's unit
    seconds: float = 0          # of work, if the client tells
    traffic: Optional[Traffic] = None       # in these seconds


@dataclass(frozen=True)
class Setting:
    """Where the clients and the files are, and for how long each client works."""
    clients: Path
    web_root: Path
    seconds: float


@dataclass(frozen=True)
class Row:
    name: str
    title: str
    unit: str
    must: float                 # ratio ours/Linux: at least, or at most if less is better
    goal: float
    measure: Callable[[Guest, Setting], Sample]
    less_is_better: bool = False
    needs: Tuple[str, ...] = ()
    per: str = ""               # what the work consists of, for the table of costs
    only_ours: bool = False     # it has no counterpart in other systems

    def is_met(self, ratio: float, wanted: float) -> bool:
        return ratio <= wanted if self.less_is_better else ratio >= wanted


class ClientError(Exception):
    """A client could not do its work: the guest lost or broke something."""


def output_of(*command: str, limit: float, good: Tuple[int, ...] = (0,)) -> str:
    """What the command prints; it has to end with a status that is `good`."""
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              stdin=subprocess.DEVNULL, timeout=limit, check=False,
                              errors="replace")
    except subprocess.TimeoutExpired as error:
        raise ClientError(f"{Path(command[0]).name}: no end within {limit:.0f} s") from error
    if done.returncode not in good:
        lines = done.stdout.strip().splitlines()
        raise ClientError(f"{Path(command[0]).name}: status {done.returncode}: "
                          f"{lines[-1] if lines else 'no word'}")
    return done.stdout


def client(what: str, port: int, *arguments: str,
           scale: float = 1) -> Callable[[Guest, Setting], Sample]:
    """A row that clients.cc measures. `FILE:` before an argument stands for the web root;
    `scale`: from what the client counts to Row.per."""
    def measure(_guest: Guest, setting: Setting) -> Sample:
        resolved = [str(setting.web_root) + argument[5:] if argument.startswith("FILE:")
                    else argument for argument in arguments]
        output = output_of(str(setting.clients), what, ADDRESS, str(port), str(setting.seconds),
                           *resolved, limit=setting.seconds + 60)
        result: Dict[str, float] = json.loads(output.splitlines()[-1])
        faults = [f"{result[kind]:.0f} {kind}" for kind in ("failed", "lost") if result[kind]]
        if not result["done"]:
            faults.append("nothing done")
        return Sample(result["value"], ", ".join(faults), result["done"] * scale,
                      result["offered"], result["seconds"])
    return measure


def boot(guest: Guest, _setting: Setting) -> Sample:
    return Sample(guest.boot_seconds)


def idle(guest: Guest, setting: Setting) -> Sample:
    time.sleep(2)                                       # what the row before left may end
    begin, used = time.monotonic(), guest.cpu_seconds()
    time.sleep(max(setting.seconds, 5))
    return Sample((guest.cpu_seconds() - used) / (time.monotonic() - begin) * 100)


def ping(interval: float, median: bool) -> Callable[[Guest, Setting], Sample]:
    def measure(_guest: Guest, setting: Setting) -> Sample:
        count = max(20, round(setting.seconds / interval))
        output = output_of("ping", "-n", "-i", str(interval), "-c", str(count), ADDRESS,
                           limit=setting.seconds * 5 + 60)
        times = sorted(float(time) for time in re.findall(r"time=([\d.]+)", output))
        lost = count - len(times)
        value = times[len(times) // 2] if median else sum(times) / len(times)
        return Sample(value, f"{lost} lost" if lost else "", len(times))
    return measure


def wrk(clients: int) -> Callable[[Guest, Setting], Sample]:
    def measure(_guest: Guest, setting: Setting) -> Sample:
        output = output_of("wrk", "-t1", f"-c{clients}", f"-d{max(1, round(setting.seconds))}s",
                           "--timeout", "10s", f"http://{ADDRESS}{PAGE}",
                           limit=setting.seconds + 60)
        rate = re.search(r"Requests/sec: +([\d.]+)", output)
        errors = re.search(r"Socket errors: (.*)|Non-2xx or 3xx responses: (.*)", output)
        total = re.search(r"(\d+) requests in", output)
        if not rate or not total:
            raise ClientError("wrk: no rate in its output")
        return Sample(float(rate.group(1)), errors.group(0) if errors else "",
                      int(total.group(1)))
    return measure


def iperf_result(seconds: int, *options: str) -> dict:
    """What iperf3's client tells of a test. Linux's server takes its time over the end of a test,
    and refuses or resets who comes meanwhile: such a client tries again."""
    patience = time.monotonic() + 10
    while True:
        result = json.loads(output_of("iperf3", "-J", "-c", ADDRESS, "-t", str(seconds), *options,
                                      limit=seconds + 60, good=(0, 1)))
        if "error" not in result:
            return result
        if "test_start" in result["start"] or time.monotonic() > patience:
            raise ClientError(f"iperf3: {result['error']}")
        time.sleep(0.1)


def iperf(*options: str) -> Callable[[Guest, Setting], Sample]:
    """What the receiver got of a test of iperf3, in MB/s."""
    def measure(_guest: Guest, setting: Setting) -> Sample:
        seconds = max(1, round(setting.seconds))
        result = iperf_result(seconds, *options)
        received = result["end"]["sum_received"]
        short = received["seconds"] < 0.9 * seconds
        return Sample(received["bytes"] / received["seconds"] / 1e6,
                      f"over after {received['seconds']:.1f} s" if short else "",
                      received["bytes"] / 1e6)
    return measure


DRIVER_LINE = re.compile(r"^(?:transmit|receive): (\d+) frames, \d+ bytes in (\d+) us, ",
                         re.MULTILINE)


def driver_line(answer: str) -> Tuple[int, float]:
    """Frames and seconds, of what the monitor's `nicbench` prints."""
    found = DRIVER_LINE.search(answer)
    if not found:
        raise ClientError(f"the kernel's monitor answers: {answer.strip()[-200:]}")
    return int(found.group(1)), int(found.group(2)) / 1e6


def driver_sends(size: int) -> Callable[[Guest, Setting], Sample]:
    """Frames that have really come out of the card's other end, while the kernel's monitor queues
    as many as it can."""
    def measure(guest: Guest, setting: Setting) -> Sample:
        seconds = max(1, round(setting.seconds))
        with guest.monitor() as ask:
            before = Traffic.so_far()
            queued, took = driver_line(ask(f"nicbench transmit {size} {seconds}", seconds + 30))
            sent = Traffic.so_far().since(before).sent_frames
        return Sample(sent / took, f"{queued - sent} lost" if sent < queued else "", sent)
    return measure


def driver_receives(size: int) -> Callable[[Guest, Setting], Sample]:
    """Frames that the kernel's monitor takes from the card, while the host sends as many as it
    can."""
    def measure(guest: Guest, setting: Setting) -> Sample:
        seconds = max(1, round(setting.seconds))
        with guest.monitor() as ask:
            with subprocess.Popen([str(setting.clients), "frames", TAP, "0", str(seconds + 60),
                                   str(size), CARD_ADDRESS], stdin=subprocess.DEVNULL,
                                  stdout=subprocess.DEVNULL) as sender:
                try:
                    taken, took = driver_line(ask(f"nicbench receive {seconds}", seconds + 30))
                    if sender.poll() is not None:
                        raise ClientError("the host's sender of frames has ended")
                finally:
                    sender.terminate()
        return Sample(taken / took, "" if taken else "nothing received", taken)
    return measure


PAGES = (PAGE, f"FILE:{PAGE}")
ROWS: List[Row] = [
    Row("boot", "boot: QEMU's start to the first page", "s", 0.3, 0.2, boot, True),
    Row("idle", "idle: host CPU of QEMU", "%", 1.0, 1.0, idle, True),
    Row("ping-500", "ping at 500/s, average", "ms", 1.0, 0.6,
        ping(0.002, False), True, ("ping",), per="ping"),
    Row("ping-20", "ping at 20/s, median", "ms", 0.7, 0.4,
        ping(0.05, True), True, ("ping",), per="ping"),
    Row("ping-flood", "flood ping, replies", "/s", 1.0, 2.0, client("ping", 0, "1"), per="reply"),
    Row("ping-64", "flood ping, 64 in flight", "/s", 1.0, 2.0,
        client("ping", 0, "64"), per="reply"),
    Row("tcp-echo", "TCP echo, round trips of 1 byte", "/s", 1.0, 2.0,
        client("tcp-echo", 7), per="round trip"),
    Row("connect", "TCP connect and close", "/s", 1.2, 3.0,
        client("connect", 80), per="connection"),
    Row("page-1", "HTTP, a connection each, 1 client", "/s", 1.0, 2.0,
        client("pages", 80, "1", *PAGES), per="page"),
    Row("page-8", "HTTP, a connection each, 8 clients", "/s", 1.0, 2.0,
        client("pages", 80, "8", *PAGES), per="page"),
    Row("page-32", "HTTP, a connection each, 32 clients", "/s", 1.0, 2.0,
        client("pages", 80, "32", *PAGES), per="page"),
    Row("wrk-1", "HTTP keep-alive, 1 client", "/s", 1.0, 2.0,
        wrk(1), needs=("wrk",), per="request"),
    Row("wrk-8", "HTTP keep-alive, 8 clients", "/s", 1.0, 2.0,
        wrk(8), needs=("wrk",), per="request"),
    Row("wrk-32", "HTTP keep-alive, 32 clients", "/s", 1.0, 2.0,
        wrk(32), needs=("wrk",), per="request"),
    Row("udp-echo", "UDP echo, 64 B, 16 on the way", "/s", 1.0, 3.0,
        client("udp-echo", 7, "64", "16"), per="datagram"),
    Row("stream", "TCP echo stream, each way", "MB/s", 0.5, 1.5,
        client("stream", 7, scale=1e-6), per="MB"),
    Row("download", "HTTP download of 8 MiB", "MB/s", 0.5, 2.0,
        client("download", 80, BIG_FILE, f"FILE:{BIG_FILE}"), per="download"),
    Row("iperf-tx", "iperf3 TCP, guest to host", "MB/s", 0.7, 2.0,
        iperf("-R"), needs=("iperf3",), per="MB"),
    Row("iperf-rx", "iperf3 TCP, host to guest", "MB/s", 0.5, 1.5,
        iperf(), needs=("iperf3",), per="MB"),
    Row("udp-sink", "UDP sink, 64 B, taken", "/s", 3.0, 10.0,
        client("sink", 9, "64"), per="datagram"),
    Row("limit-tx-64", "driver alone, sends 64 B", "/s", 0, 0, driver_sends(64), only_ours=True),
    Row("limit-tx-1500", "driver alone, sends 1500 B", "/s", 0, 0, driver_sends(1500),
        only_ours=True),
    Row("limit-rx-64", "driver alone, takes 64 B", "/s", 0, 0, driver_receives(64),
        only_ours=True),
    Row("limit-rx-1500", "driver alone, takes 1500 B", "/s", 0, 0, driver_receives(1500),
        only_ours=True),
]


def missing_programs(row: Row) -> List[str]:
    return [name for name in row.needs if shutil.which(name) is None]
