"""IPv6, DHCP, and what programs are told when a peer cannot be reached."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import time

from gradelib import Failure, read_capture
from harness import Host, Skip, system_test
from machine import Machine, Setup
from test_boots import WRONG, check_capture

TAP = Setup(net="tap")
DHCP = Setup(net="user", variables=("NET_DHCP=1",))
TAP_DEVICE = "tap0"
LINK_LOCAL = "fe80::5054:ff:fe12:3456"      # made of the card's address, RFC 4291 appendix A
IPV6 = b"\x86\xdd"                         # its type in Ethernet's header
MESSAGE = bytes(range(256)) * 4


def run(machine: Machine, command: list[str], limit: float = 60) -> str:
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False, timeout=limit * machine.scale)
    return done.stdout.decode(errors="replace")


def guest_address(port: int) -> tuple[str, int, int, int]:
    return LINK_LOCAL, port, 0, socket.if_nametoindex(TAP_DEVICE)


def wait_for_address(machine: Machine) -> None:
    """Until the guest has made sure that no other station has its address (RFC 4862, 5.4)."""
    end = time.monotonic() + 60 * machine.scale
    while time.monotonic() < end:
        if f"{LINK_LOCAL}\r" in machine.shell("ifconfig").replace("\n", "\r"):
            return
    raise machine.failure("ifconfig to show the IPv6 address as more than tentative")


@system_test("ping over IPv6", TAP, needs=("ping",))
def ping6(machine: Machine) -> None:
    wait_for_address(machine)
    for size in ("56", "1452", "3000"):
        output = run(machine, ["ping", "-6", "-n", "-q", "-c", "20", "-i", "0.05", "-s", size,
                               f"{LINK_LOCAL}%{TAP_DEVICE}"])
        if " 0% packet loss" not in output:
            raise machine.failure(f"20 answers to 20 pings with {size} bytes",
                                  output.strip()[-200:])


@system_test("the page and the echo server over IPv6", TAP, needs=("curl",), leaves_nothing=True)
def services6(machine: Machine) -> None:
    url = f"http://[{LINK_LOCAL}%{TAP_DEVICE}]/index.html"
    for _ in range(20):
        page = run(machine, ["curl", "-sS", "-g", "--max-time", "30", url])
        if page != run(machine, ["curl", "-sS", "--max-time", "30", f"{machine.url}/index.html"]):
            raise machine.failure("the page that IPv4 brings", page[:200])
    with contextlib.closing(socket.socket(socket.AF_INET6, socket.SOCK_STREAM)) as stream:
        stream.settimeout(30 * machine.scale)
        stream.connect(guest_address(7))
        stream.sendall(MESSAGE)
        received = b""
        while len(received) < len(MESSAGE):
            piece = stream.recv(4096)
            if not piece:
                break
            received += piece
        if received != MESSAGE:
            raise machine.failure("the bytes back", f"{len(received)} bytes")
    with contextlib.closing(socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)) as datagrams:
        datagrams.settimeout(30 * machine.scale)
        datagrams.sendto(MESSAGE, guest_address(7))
        if datagrams.recv(4096) != MESSAGE:
            raise machine.failure("the datagram back")


@system_test("the shell's programs show IPv6", TAP)
def programs6(machine: Machine) -> None:
    for command, wanted in (("ifconfig", f"IPv6 address {LINK_LOCAL}"),
                            ("netstat", "tcp46"),
                            (f"ping -c 2 -i 10 {LINK_LOCAL}", "0% packet loss"),
                            ("nslookup localhost", "has IPv6 address ::1")):
        output = machine.shell(command)
        if wanted not in output:
            raise machine.failure(f'"{wanted}" from {command}', output[-200:])


@system_test("IPv6 leaves a capture without a malformed frame", needs=("tshark", "ping", "curl"))
def capture6(host: Host) -> None:
    """From the first router solicitation to pings in fragments, the page and the echo server."""
    if host.no_tap:
        raise Skip(host.no_tap)
    machine = host.boot(TAP)
    try:
        ping6(machine)
        services6(machine)
        programs6(machine)
    finally:
        machine.stop()
    if not any(frame.data[12:14] == IPV6 for frame in read_capture(machine.capture)):
        raise Failure("IPv6 in the capture", "none")
    check_capture(machine, WRONG, "a header that lwIP or the guest's programs made wrongly")


@system_test("a peer that refuses, is not there, or cannot be reached", TAP)
def unreachable(machine: Machine) -> None:
    for command, wanted in (("nc 10.0.2.2 9", "connection refused"),
                            ("wget -q http://10.0.2.201/", "no route to host"),
                            ("nc 2001:db8::1 80", "network is unreachable")):
        output = machine.shell(command, 120)
        if wanted not in output:
            raise machine.failure(f'"{wanted}" from {command}', output[-200:])


@system_test("addresses by DHCP", DHCP)
def dhcp(machine: Machine) -> None:
    machine.wait_for(lambda text: "bound to IP 10.0.2.15 by DHCP, lent by 10.0.2.2" in text, 60,
                     "a lease of QEMU's DHCP server")
    output = machine.shell("ifconfig")
    for wanted in ("by DHCP from 10.0.2.2", "gateway 10.0.2.2", "name server 10.0.2.3"):
        if wanted not in output:
            raise machine.failure(f'"{wanted}" from ifconfig', output[-300:])


@system_test("the built-in address when no DHCP server answers",
             Setup(net="tap", variables=("NET_DHCP=1",)), needs=("ping",))
def no_dhcp_server(machine: Machine) -> None:
    machine.wait_for(lambda text: "no DHCP server answers: using IP 10.0.2.15" in text, 60,
                     "the built-in address")
    if "built in, as no DHCP server answers" not in machine.shell("ifconfig"):
        raise machine.failure("ifconfig to say where the address comes from")
