#!/usr/bin/python3
"""Writes Ethernet frames that are wrong in many ways, for the guest to survive: a 2-byte length
(big endian) and the frame, one after the other, on standard output.

usage: malformed_frames.py SEED COUNT

It needs scapy, which Debian's own Python has, and is run by test_frames.py."""

from __future__ import annotations

import logging
import random
import struct
import sys
from typing import Callable

logging.getLogger("scapy").setLevel(logging.ERROR)
from scapy.all import ARP, ICMP, IP, TCP, UDP, Ether, Raw, fragment     # noqa: E402

GUEST_MAC, HOST_MAC = "52:54:00:12:34:56", "02:00:00:00:00:99"
GUEST, HOST = "10.0.2.15", "10.0.2.99"
LARGEST = 1514


def ether(chance: random.Random) -> Ether:
    target = chance.choice([GUEST_MAC, "ff:ff:ff:ff:ff:ff"])
    return Ether(dst=target, src=HOST_MAC)


def ip(chance: random.Random, **changes: object) -> IP:
    return IP(src=HOST, dst=chance.choice([GUEST, GUEST, "10.0.2.255", "255.255.255.255"]),
              id=chance.randrange(65536), **changes)


def payload(chance: random.Random, most: int = 1400) -> Raw:
    return Raw(chance.randbytes(chance.randrange(most)))


def short_frame(chance: random.Random) -> bytes:
    return bytes(ether(chance))[:12] + chance.randbytes(chance.randrange(2, 30))


def short_arp(chance: random.Random) -> bytes:
    whole = bytes(ether(chance) / ARP(op=chance.choice([1, 2]), psrc=HOST, pdst=GUEST))
    return whole[:chance.randrange(14, len(whole))]


def odd_arp(chance: random.Random) -> bytes:
    return bytes(ether(chance) / ARP(
        hwtype=chance.randrange(65536), ptype=chance.randrange(65536),
        hwlen=chance.randrange(256), plen=chance.randrange(256), op=chance.randrange(65536))
        / payload(chance, 200))


def bad_ip_length(chance: random.Random) -> bytes:
    return bytes(ether(chance) / ip(chance, len=chance.randrange(65536))
                 / UDP(sport=9, dport=7) / payload(chance))


def bad_header_length(chance: random.Random) -> bytes:
    return bytes(ether(chance) / ip(chance, ihl=chance.randrange(16)) / ICMP() / payload(chance))


def bad_version(chance: random.Random) -> bytes:
    return bytes(ether(chance) / ip(chance, version=chance.choice([0, 5, 6, 15])) / UDP()
                 / payload(chance))


def bad_checksum(chance: random.Random) -> bytes:
    upper = chance.choice([UDP(sport=9, dport=7, chksum=chance.randrange(1, 65536)),
                           TCP(sport=9, dport=80, chksum=chance.randrange(1, 65536)),
                           ICMP(chksum=chance.randrange(65536))])
    wrong = {"chksum": chance.randrange(65536)} if chance.random() < 0.5 else {}
    return bytes(ether(chance) / ip(chance, **wrong) / upper / payload(chance))


def bad_udp_length(chance: random.Random) -> bytes:
    return bytes(ether(chance) / ip(chance) / UDP(sport=9, dport=7, len=chance.randrange(65536))
                 / payload(chance))


def odd_tcp(chance: random.Random) -> bytes:
    return bytes(ether(chance) / ip(chance) / TCP(
        sport=chance.randrange(65536), dport=chance.choice([7, 80]),
        flags=chance.randrange(256), dataofs=chance.randrange(16),
        seq=chance.randrange(1 << 32), ack=chance.randrange(1 << 32),
        window=chance.randrange(65536)) / payload(chance))


def tcp_options(chance: random.Random) -> bytes:
    segment = TCP(sport=9, dport=80, flags="S", dataofs=chance.randrange(6, 16))
    return bytes(ether(chance) / ip(chance) / segment / Raw(chance.randbytes(44)))


def ip_options(chance: random.Random) -> bytes:
    header = bytearray(bytes(ip(chance, ihl=15, proto=17, len=20 + 40 + 30)))
    return bytes(ether(chance)) + bytes(header[:20]) + chance.randbytes(70)


def fragments(chance: random.Random) -> bytes:
    """A fragment of any place: overlapping others, beyond 64 KiB, never followed by its rest."""
    return bytes(ether(chance) / IP(
        src=HOST, dst=GUEST, id=chance.randrange(20), flags=chance.choice([0, 1]),
        frag=chance.randrange(8192), proto=chance.choice([1, 6, 17])) / payload(chance))


def half_a_datagram(chance: random.Random) -> bytes:
    whole = IP(src=HOST, dst=GUEST, id=chance.randrange(65536)) / UDP(sport=9, dport=7) \
        / Raw(chance.randbytes(3000))
    return bytes(ether(chance) / chance.choice(fragment(whole, 1000)))


def odd_icmp(chance: random.Random) -> bytes:
    return bytes(ether(chance) / ip(chance)
                 / ICMP(type=chance.randrange(256), code=chance.randrange(256)) / payload(chance))


def truncated(chance: random.Random) -> bytes:
    whole = bytes(ether(chance) / ip(chance) / chance.choice([UDP(dport=7), TCP(dport=80), ICMP()])
                  / payload(chance, 100))
    return whole[:chance.randrange(14, len(whole))]


def flipped(chance: random.Random) -> bytes:
    whole = bytearray(bytes(ether(chance) / ip(chance) / TCP(dport=80, flags="S")
                            / payload(chance, 100)))
    for _ in range(chance.randrange(1, 8)):
        whole[chance.randrange(12, len(whole))] ^= 1 << chance.randrange(8)
    return bytes(whole)


def noise(chance: random.Random) -> bytes:
    return bytes(ether(chance))[:12] + chance.randbytes(chance.randrange(2, LARGEST - 12))


KINDS: list[Callable[[random.Random], bytes]] = [
    short_frame, short_arp, odd_arp, bad_ip_length, bad_header_length, bad_version, bad_checksum,
    bad_udp_length, odd_tcp, tcp_options, ip_options, fragments, half_a_datagram, odd_icmp,
    truncated, flipped, noise]


def main() -> None:
    chance = random.Random(int(sys.argv[1]))
    for number in range(int(sys.argv[2])):
        frame = KINDS[number % len(KINDS)](chance)[:LARGEST]
        sys.stdout.buffer.write(struct.pack("!H", len(frame)) + frame)


if __name__ == "__main__":
    main()
