"""iperf3's server in the guest against the real client, and against clients that are none."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import struct
import subprocess
import time
import urllib.request
from typing import Any, Callable, Iterator

from harness import system_test
from machine import GUEST, Machine, Setup
from test_network import LINK_LOCAL, TAP_DEVICE, wait_for_address

# A machine of its own: the server is started by the first test, and serves all of them.
TAP = Setup(net="tap", variables=("MEMORY=192",))
PORT = 5201
LIMIT = 60.0
COOKIE = b"abcdefghijklmnopqrstuvwxyz0123456789\0"
PARAMETERS: dict[str, Any] = {"tcp": True, "omit": 0, "time": 10, "parallel": 1, "len": 131072}
TEST_END, PARAM_EXCHANGE, CREATE_STREAMS, SERVER_ERROR, ACCESS_DENIED = 4, 9, 10, 0xFE, 0xFF
TEST_START, TEST_RUNNING, EXCHANGE_RESULTS = 1, 2, 13
ANNOUNCED = re.compile(r"Server listening on 5201 \(test #(\d+)\)\r?\n-+\r?\n")


def tests_announced(machine: Machine) -> int:
    """How many tests the server has made itself ready for, the one to come included."""
    return len(ANNOUNCED.findall(machine.console.text()))


def start_server(machine: Machine) -> None:
    if tests_announced(machine) == 0:
        machine.type("iperf3 -s &\n")
        machine.wait_for(lambda _: tests_announced(machine) == 1, LIMIT, "the server to listen")


@contextlib.contextmanager
def one_test(machine: Machine) -> Iterator[None]:
    """Something that is a test for the server; afterwards it is ready for the next one."""
    start_server(machine)
    before = tests_announced(machine)
    yield
    machine.wait_for(lambda _: tests_announced(machine) > before, LIMIT,
                     "the server to be ready for another test")


def wait_for_line(machine: Machine, begin: int, text: str) -> None:
    machine.wait_for(lambda console: text in console[begin:], LIMIT, f'"{text}" from the server')


def client_command(*options: str, host: str = GUEST) -> list[str]:
    return ["iperf3", "-c", host, "-J", *options]


def run_client(machine: Machine, *options: str, host: str = GUEST) -> dict[str, Any]:
    """What the client says of a test."""
    done = subprocess.run(client_command(*options, host=host), stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
                          timeout=LIMIT * machine.scale)
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def measure(machine: Machine, *options: str, host: str = GUEST) -> dict[str, Any]:
    """A test that must succeed; its `end`."""
    with one_test(machine):
        result = run_client(machine, *options, host=host)
    if "error" in result:
        raise machine.failure(f"`iperf3 {' '.join(options)}` to succeed", result["error"])
    end: dict[str, Any] = result["end"]
    return end


def expect_tcp(machine: Machine, options: tuple[str, ...], streams: int, host: str = GUEST) -> None:
    """Each stream has moved bytes, and no more have been received than sent."""
    end = measure(machine, *options, host=host)
    if len(end["streams"]) != streams:
        raise machine.failure(f"{streams} streams with {options}", str(len(end["streams"])))
    for stream in end["streams"]:
        if not 0 < stream["receiver"]["bytes"] <= stream["sender"]["bytes"]:
            raise machine.failure(f"bytes to arrive with {options}", json.dumps(stream))


def expect_udp(machine: Machine, options: tuple[str, ...], streams: int) -> None:
    """All that was sent has arrived, in its order."""
    end = measure(machine, "-u", *options)
    if len(end["streams"]) != streams:
        raise machine.failure(f"{streams} streams with {options}", str(len(end["streams"])))
    for stream in end["streams"]:
        udp = stream["udp"]
        if udp["packets"] == 0 or udp["lost_packets"] != 0 or udp["out_of_order"] != 0:
            raise machine.failure(f"0 datagrams lost with {options}", json.dumps(udp))


@system_test("iperf3: TCP in both directions", TAP, needs=("iperf3",), leaves_nothing=True)
def tcp(machine: Machine) -> None:
    expect_tcp(machine, ("-t", "1"), 1)
    expect_tcp(machine, ("-t", "1", "-R"), 1)
    expect_tcp(machine, ("-t", "1", "-P", "4"), 4)
    expect_tcp(machine, ("-t", "1", "-P", "4", "-R"), 4)
    expect_tcp(machine, ("-t", "1", "-P", "2", "--bidir"), 4)


@system_test("iperf3: UDP in both directions, 0 lost", TAP, needs=("iperf3",),
             leaves_nothing=True)
def udp(machine: Machine) -> None:
    expect_udp(machine, ("-t", "1", "-b", "2M"), 1)
    expect_udp(machine, ("-t", "1", "-b", "2M", "-R"), 1)
    expect_udp(machine, ("-t", "1", "-b", "1M", "-P", "3", "--udp-counters-64bit"), 3)
    expect_udp(machine, ("-t", "1", "-b", "500K", "-l", "200", "-P", "2", "--bidir"), 4)


@system_test("iperf3: over IPv6", TAP, needs=("iperf3",))
def ipv6(machine: Machine) -> None:
    wait_for_address(machine)
    address = f"{LINK_LOCAL}%{TAP_DEVICE}"
    expect_tcp(machine, ("-t", "1"), 1, address)
    expect_tcp(machine, ("-t", "1", "-R"), 1, address)
    end = measure(machine, "-u", "-t", "1", "-b", "1M", host=address)
    if end["sum"]["lost_packets"] != 0 or end["sum"]["packets"] == 0:
        raise machine.failure("0 datagrams lost over IPv6", json.dumps(end["sum"]))


@system_test("iperf3: sizes, rates, and the server's own report", TAP, needs=("iperf3",))
def options(machine: Machine) -> None:
    megabyte = 1 << 20
    for size in (("-n", "4M"), ("-k", "32")):
        end = measure(machine, *size)
        if end["sum_sent"]["bytes"] < 4 * megabyte:
            raise machine.failure(f"4 MiB sent with {size}", str(end["sum_sent"]["bytes"]))
    end = measure(machine, "-n", "4M", "-R", "-l", "1K")
    if end["sum_received"]["bytes"] < 4 * megabyte:
        raise machine.failure("4 MiB received", str(end["sum_received"]["bytes"]))
    # The rate is ours to keep: it is right on average, however slow the host is.
    for kind in (("-u",), ()):
        end = measure(machine, *kind, "-R", "-b", "4M", "-t", "2", "-l", "1000")
        rate = end["sum" if kind else "sum_sent"]["bits_per_second"]
        if not 3.2e6 < rate < 4.4e6:
            raise machine.failure("some 4 Mbit/s from the server", f"{rate / 1e6:.2f} {kind}")
    with one_test(machine):
        result = run_client(machine, "-t", "1", "-O", "1", "--get-server-output")
    report = result.get("server_output_text", "")
    if "Accepted connection from 10.0.2.2" not in report or "receiver" not in report:
        raise machine.failure("the server's report from the client", report or str(result))


def start_client(*options: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(client_command(*options), stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


@system_test("iperf3: a second client is told that the server is busy", TAP, needs=("iperf3",))
def second_client(machine: Machine) -> None:
    with one_test(machine):
        begin = len(machine.console.text())
        first = start_client("-n", "1G", "-b", "40M")
        try:
            wait_for_line(machine, begin, "connected to")
            for _ in range(3):
                error = run_client(machine, "-t", "1").get("error", "none")
                if "the server is busy running a test" not in error:
                    raise machine.failure("the second client to be refused", error)
            if first.poll() is not None:
                raise machine.failure("the first client to go on")
        finally:
            first.send_signal(signal.SIGINT)        # it says that it ends the test
            first.communicate(timeout=LIMIT * machine.scale)
        wait_for_line(machine, begin, "the client has ended the test")


@system_test("iperf3: clients killed in the middle of a test", TAP, needs=("iperf3",),
             leaves_nothing=True)
def killed_clients(machine: Machine) -> None:
    for kind in ((), ("-R",), ("-P", "4", "--bidir"), ("-u", "-b", "2M"),
                 ("-u", "-b", "2M", "-R"), ("-R", "-b", "1M")):
        with one_test(machine):
            begin = len(machine.console.text())
            client = start_client("-t", "600", *kind)
            try:
                wait_for_line(machine, begin, "connected to")
            finally:
                client.kill()
                client.communicate()
            wait_for_line(machine, begin, "iperf3: 10.0.2.2: the client has gone")
        expect_tcp(machine, ("-n", "1M"), 1)


class Imposter:
    """A connection to the server that says what it likes."""

    def __init__(self, machine: Machine, cookie: bytes = COOKIE):
        self._socket = socket.create_connection((GUEST, PORT), LIMIT * machine.scale)
        self._socket.settimeout(LIMIT * machine.scale)
        self._machine = machine
        self.send(cookie)

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def send_text(self, text: bytes) -> None:
        self.send(struct.pack(">I", len(text)) + text)

    def receive(self, count: int) -> bytes:
        got = b""
        while len(got) < count and (piece := self._socket.recv(count - len(got))):
            got += piece
        return got

    def expect(self, *states: int) -> None:
        """The server says these states."""
        for state in states:
            got = self._socket.recv(1)
            if got != bytes([state]):
                raise self._machine.failure(f"state {state} from the server", repr(got))

    def expect_error(self, code: int) -> None:
        self.expect(SERVER_ERROR)
        got = self.receive(8)
        if got != struct.pack(">II", code, 0):
            raise self._machine.failure(f"error {code} from the server", repr(got))

    def expect_end(self) -> None:
        with contextlib.suppress(ConnectionResetError):
            if self._socket.recv(1):
                raise self._machine.failure("the server to close the connection")

    def reset(self) -> None:
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()

    def close(self) -> None:
        self._socket.close()


def parameters(**changes: Any) -> bytes:
    return json.dumps({**PARAMETERS, **changes}).encode()


def vanish_at_once(_: Machine, __: Imposter) -> None:
    pass


def vanish_in_size(_: Machine, client: Imposter) -> None:
    client.expect(PARAM_EXCHANGE)
    client.send(b"\0\0")


def vanish_in_text(_: Machine, client: Imposter) -> None:
    client.send(struct.pack(">I", 500) + b'{"tcp":')


def vanish_before_streams(_: Machine, client: Imposter) -> None:
    client.send_text(parameters(parallel=8))
    client.expect(PARAM_EXCHANGE, CREATE_STREAMS)


def huge_size(_: Machine, client: Imposter) -> None:
    client.expect(PARAM_EXCHANGE)
    client.send(b"\xff\xff\xff\xff")
    client.expect_error(114)


def no_size(_: Machine, client: Imposter) -> None:
    client.expect(PARAM_EXCHANGE)
    client.send(b"\0\0\0\0")
    client.expect_error(114)


def nonsense(_: Machine, client: Imposter) -> None:
    client.expect(PARAM_EXCHANGE)
    client.send_text(os.urandom(300))
    client.expect_error(114)


def nested(_: Machine, client: Imposter) -> None:
    client.expect(PARAM_EXCHANGE)
    client.send_text(b"[" * 60000)
    client.expect_error(114)


def many_streams(_: Machine, client: Imposter) -> None:
    client.expect(PARAM_EXCHANGE)
    client.send_text(parameters(parallel=1000000))
    client.expect_error(6)


def early_end(_: Machine, client: Imposter) -> None:
    client.send_text(parameters())
    client.expect(PARAM_EXCHANGE, CREATE_STREAMS)
    client.send(bytes([TEST_END]))
    client.expect_error(110)


def bad_results(machine: Machine, client: Imposter) -> None:
    """Streams of others are refused; with its own the test runs, up to results that are none."""
    client.send_text(parameters())
    client.expect(PARAM_EXCHANGE, CREATE_STREAMS)
    for cookie in (COOKIE[::-1], b"\0" * 37):
        stranger = Imposter(machine, cookie)
        stranger.expect(ACCESS_DENIED)
        stranger.expect_end()
        stranger.close()
    stream = Imposter(machine)
    client.expect(TEST_START, TEST_RUNNING)
    surplus = Imposter(machine)
    surplus.expect(ACCESS_DENIED)
    surplus.close()
    stream.send(b"x" * 100000)
    client.send(bytes([TEST_END]))
    client.expect(EXCHANGE_RESULTS)
    client.send_text(b'{"streams":[{"id":1e9')
    client.expect_error(117)
    stream.close()


def messages_of_server(machine: Machine) -> int:
    with urllib.request.urlopen(f"{machine.url}/status.json", timeout=60 * machine.scale) as page:
        environments = json.load(page)["environments"]
    return int(next(env["sent"] for env in environments if env["name"] == "iperf3"))


def reset_stream(machine: Machine, client: Imposter) -> None:
    """A stream on which nothing is due for a day is reset: the server must not go round in
    circles over it."""
    client.send_text(parameters(reverse=True, bandwidth=1))
    client.expect(PARAM_EXCHANGE, CREATE_STREAMS)
    stream = Imposter(machine)
    client.expect(TEST_START, TEST_RUNNING)
    stream.receive(PARAMETERS["len"])
    stream.reset()
    before = messages_of_server(machine)
    time.sleep(2)
    messages = messages_of_server(machine) - before
    if messages > 100:
        raise machine.failure("a server that waits", f"{messages} messages of it in 2 s")


ATTACKS: tuple[tuple[Callable[[Machine, Imposter], None], str], ...] = (
    (vanish_at_once, "has gone before it sent its parameters"),
    (vanish_in_size, "has gone before it sent its parameters"),
    (vanish_in_text, "has gone before it sent its parameters"),
    (vanish_before_streams, "has gone before all streams were there"),
    (huge_size, "the client's parameters are empty, or longer than 64 KiB"),
    (no_size, "the client's parameters are empty, or longer than 64 KiB"),
    (nonsense, "the client's parameters are not a JSON object"),
    (nested, "the client's parameters are not a JSON object"),
    (many_streams, "the number of streams is beyond 1 to 128"),
    (early_end, "the client has sent what it must not send now"),
    (reset_stream, "has gone in the middle of the test"),
    (bad_results, "the client's results are not a JSON object"),
)


@system_test("iperf3: clients that are none end their test with a line, and not the server", TAP,
             needs=("iperf3",), leaves_nothing=True)
def imposters(machine: Machine) -> None:
    for attack, line in ATTACKS:
        with one_test(machine):
            begin = len(machine.console.text())
            client = Imposter(machine)
            attack(machine, client)
            client.close()
            wait_for_line(machine, begin, f"iperf3: 10.0.2.2: {line}"
                          if line.startswith("the ") else f"iperf3: 10.0.2.2: the client {line}")
    for length in (0, 1, 36):                   # nobody knows what these are for: not even a test
        Imposter(machine, COOKIE[:length]).close()
    expect_tcp(machine, ("-n", "1M"), 1)


@system_test("iperf3: callers without a cookie make room for others in time", TAP,
             needs=("iperf3",))
def silent_callers(machine: Machine) -> None:
    places = 16
    start_server(machine)
    begin = len(machine.console.text())
    callers = [Imposter(machine, COOKIE[:20]) for _ in range(places + 4)]
    try:
        expect_tcp(machine, ("-n", "1M"), 1)
    finally:
        for caller in callers:
            caller.close()
    wait_for_line(machine, begin, "iperf3: 10.0.2.2: no cookie for 10 s")
