"""Boots: memory sizes, card models, no card, and captures without a fault."""

from __future__ import annotations

import re
import subprocess
import urllib.request

from gradelib import Failure, read_capture
from harness import Host, Skip, system_test
from machine import Machine, Setup

GUEST_MAC = bytes.fromhex("525400123456")


def serves_its_page(machine: Machine) -> None:
    """The page must come, byte for byte."""
    wanted = (machine.tree / "fs" / "index.html").read_bytes()
    with urllib.request.urlopen(f"{machine.url}/index.html", timeout=60 * machine.scale) as reply:
        if reply.read() != wanted:
            raise machine.failure("index.html as it is in the tree", "other bytes")
    machine.check_alive()


def add_boot(title: str, variables: tuple[str, ...]) -> None:
    """A test that this machine boots and serves its page."""
    def test(host: Host) -> None:
        machine = host.boot(Setup(net="user", variables=variables))
        try:
            serves_its_page(machine)
        finally:
            machine.stop(keep_capture=False)
    test.__module__ = __name__
    system_test(title)(test)


for mebibytes in (32, 64, 512, 2048):
    add_boot(f"boots with {mebibytes} MiB", (f"MEMORY={mebibytes}",))
for model in ("e1000", "e1000-82544gc", "e1000-82545em"):
    add_boot(f"serves with {model}", (f"NIC={model}",))


@system_test("boots without a card, and says so")
def no_card(host: Host) -> None:
    machine = host.boot(Setup(net="user", variables=("NIC=none",), network=False))
    try:
        machine.wait_for(re.compile(r"(?im)^.*\bno\b.*(network card|NIC|device).*$").search, 60,
                         "a line that says that there is no network card")
        answer = machine.shell("ls /www")
        if "index.html" not in answer:
            raise machine.failure("a shell that works without a network", answer.strip())
        machine.check_alive()
    finally:
        machine.stop(keep_capture=False)


# What tshark must not find. Checksums are looked at in the guest's frames only: the host leaves
# its own to a card that it does not have. QEMU's card writes 0xFFFF where a checksum is 0, which is
# the same number in ones' complement (RFC 1624) and right for whoever receives it.
WRONG = ("_ws.malformed || (eth.src == 52:54:00:12:34:56 && (ip.checksum.status == 0 || "
         "(tcp.checksum.status == 0 && tcp.checksum != 0xffff) || udp.checksum.status == 0 || "
         "icmpv6.checksum.status == 0 || frame.len < 60))")
# When both sides close at once, QEMU's user network answers the other's FIN with its own again.
CLOSE_OF_HOST = "(eth.dst == 52:54:00:12:34:56 && tcp.flags.fin == 1 && tcp.len == 0)"
LOSS = ("((tcp.analysis.retransmission || tcp.analysis.fast_retransmission || "
        f"tcp.analysis.lost_segment || tcp.analysis.out_of_order) && !{CLOSE_OF_HOST})")


# A card that cuts segments badly sends headers alone after the last.
EMPTY = "(eth.src == 52:54:00:12:34:56 && tcp.flags.push == 1 && tcp.len == 0)"


def add_capture(title: str, offload: str) -> None:
    """A test that pages on an undisturbed link leave a capture without a malformed frame, a wrong
    checksum, or a retransmission, whoever makes checksums and segments."""
    def test(host: Host) -> None:
        machine = host.boot(Setup(net="user", variables=(f"OFFLOAD={offload}",)))
        try:
            for path in ("index.html", "big.bin", "65537.bin", "nothing.here"):
                subprocess.run(["curl", "-s", "-o", "/dev/null", f"{machine.url}/{path}"],
                               check=True, timeout=120 * machine.scale)
            serves_its_page(machine)
        finally:
            machine.stop()
        check_capture(machine, f"{WRONG} || {LOSS} || {EMPTY}",
                      "retransmissions: a frame was lost or late between card and lwIP")
    test.__module__ = __name__
    system_test(title, needs=("tshark", "curl"))(test)


add_capture("a clean link's capture has no fault", "1")
add_capture("a clean link's capture has no fault when the card sums alone", "checksum")
add_capture("a clean link's capture has no fault without the card's help", "0")


def check_capture(machine: Machine, trouble: str, cause: str) -> None:
    """The capture of a machine that has ended: frames of the guest, and none that tshark's filter
    `trouble` finds."""
    frames = read_capture(machine.capture)
    if not any(frame.data[6:12] == GUEST_MAC for frame in frames):
        raise Failure("frames of the guest in the capture", f"{len(frames)} frames, none its")
    found = subprocess.run(
        ["tshark", "-r", str(machine.capture), "-Y", trouble, "-o", "ip.check_checksum:TRUE",
         "-o", "tcp.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, check=False,
        timeout=300 * machine.scale)
    if found.returncode != 0:
        raise Skip(f"tshark failed: {found.stderr.decode(errors='replace').strip()[-200:]}")
    lines = found.stdout.decode(errors="replace").splitlines()
    if lines:
        raise Failure(f"{len(frames)} frames without fault", f"{len(lines)} with",
                      cause, f"tshark -r {machine.capture_name}", lines[:12],
                      "the first of them")
