#!/usr/bin/env python3
"""Tests of tools/ping.py against a guest that is a thread here: replies, loss, hostile frames."""
import contextlib
import io
import socket
import struct
import sys
import threading
import types
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))
import ping  # noqa: E402

GUEST_MAC = bytes.fromhex("525400123456")


class Guest(threading.Thread):
    """Answers ARP and echo requests; `change` may turn a reply into other frames."""

    def __init__(self, change=lambda frame, number: [frame], arp=True):
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.change = change
        self.arp = arp
        self.seen = []

    def run(self):
        number = 0
        while True:
            frame, sender = self.socket.recvfrom(2048)
            if frame == b"end":
                return
            self.seen.append(frame)
            if frame[12:14] == b"\x08\x06" and self.arp:
                self.socket.sendto(self.arp_reply(frame), sender)
            elif frame[12:14] == b"\x08\x00":
                number += 1
                for reply in self.change(self.echo_reply(frame), number):
                    self.socket.sendto(reply, sender)

    def arp_reply(self, frame):
        return (frame[6:12] + GUEST_MAC + b"\x08\x06" + frame[14:20] + b"\0\2" + GUEST_MAC
                + ping.GUEST_IP + frame[22:32] + bytes(18))

    def echo_reply(self, frame):
        length = struct.unpack_from("!H", frame, 16)[0]
        packet = bytearray(frame[14:14 + length])
        packet[12:16], packet[16:20] = packet[16:20], packet[12:16]
        packet[10:12] = b"\0\0"
        packet[10:12] = struct.pack("!H", ping.checksum(bytes(packet[:20])))
        packet[20], packet[22:24] = 0, b"\0\0"
        packet[22:24] = struct.pack("!H", ping.checksum(bytes(packet[20:])))
        return frame[6:12] + GUEST_MAC + b"\x08\x00" + bytes(packet)

    def end(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as teller:
            teller.sendto(b"end", self.socket.getsockname())
        self.join()
        self.socket.close()


class PingTest(unittest.TestCase):
    def ping(self, guest, count=5, size=56, interval=0.0):
        """Pings the guest; what was lost, the pinger, and what was printed."""
        guest.start()
        wire = ping.Wire(0, guest.socket.getsockname()[1])
        settings = types.SimpleNamespace(count=count, size=size, interval=interval, timeout=0.3,
                                         quiet=False)
        printed = io.StringIO()
        try:
            mac = wire.guest_mac(timeout=0.6)
            if mac is None:
                return None, None, ""
            pinger = ping.Pinger(wire, mac, settings)
            with contextlib.redirect_stdout(printed):
                pinger.run()
                lost = pinger.summary()
            return lost, pinger, printed.getvalue()
        finally:
            guest.end()
            wire.socket.close()

    def test_all_answered(self):
        for size in (0, 1, 17, 18, 56, 1472):
            with self.subTest(size=size):
                lost, pinger, printed = self.ping(Guest(), size=size)
                self.assertEqual((lost, pinger.damaged, pinger.duplicates), (0, 0, 0))
                self.assertIn("5 packets transmitted, 5 received, 0% packet loss", printed)
                self.assertEqual(printed.count("icmp_seq="), 5)
                self.assertIn("rtt min/avg/max/mdev", printed)

    def test_frames_are_whole(self):
        guest = Guest()
        self.ping(guest, size=0)
        for frame in guest.seen:
            self.assertGreaterEqual(len(frame), 60)

    def test_loss_is_counted(self):
        lost, _, printed = self.ping(Guest(lambda frame, number: [frame] * (number % 2)), count=4)
        self.assertEqual(lost, 2)
        self.assertIn("4 packets transmitted, 2 received, 50% packet loss", printed)

    def test_a_late_reply_counts(self):
        kept = []

        def late(frame, _):
            kept.append(frame)
            return kept[-2:-1] if len(kept) < 4 else kept[-2:]
        lost, _, _ = self.ping(Guest(late), count=4)
        self.assertEqual(lost, 0)

    def test_duplicates_count_once(self):
        lost, pinger, printed = self.ping(Guest(lambda frame, _: [frame, frame]), count=3,
                                          interval=0.05)
        self.assertEqual(lost, 0)
        self.assertGreaterEqual(pinger.duplicates, 2)       # it ends with the last first reply
        self.assertIn("duplicates", printed)

    def test_damage_is_loss(self):
        def flip(at):
            return lambda frame, _: [frame[:at] + bytes([frame[at] ^ 1]) + frame[at + 1:]]
        for at in (24, 36, 50):         # a checksum, a checksum, data
            with self.subTest(at=at):
                lost, pinger, _ = self.ping(Guest(flip(at)), count=2)
                self.assertEqual((lost, pinger.damaged), (2, 2))

    def test_replies_of_others_do_not_count(self):
        def faked(frame, _):
            return [frame[:6] + bytes.fromhex("52550a000202") + frame[12:]]
        lost, _, _ = self.ping(Guest(faked), count=2)
        self.assertEqual(lost, 2)

    def test_odd_frames_are_ignored(self):
        def odd(frame, _):
            return [b"", b"x", frame[:20], frame[:30], frame[:41], bytes(60),
                    frame[:14] + b"\x4f" + frame[15:], frame[:14] + b"\x41" + frame[15:],
                    frame[:16] + b"\xff\xff" + frame[18:], frame[:16] + b"\0\0" + frame[18:], frame]
        lost, _, _ = self.ping(Guest(odd), count=3)
        self.assertEqual(lost, 0)

    def test_no_answer_to_arp(self):
        lost, _, _ = self.ping(Guest(arp=False))
        self.assertIsNone(lost)

    def test_it_answers_arp_requests(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as guest:
            guest.bind(("127.0.0.1", 0))
            guest.settimeout(5)
            wire = ping.Wire(0, guest.getsockname()[1])
            request = (b"\xff" * 6 + GUEST_MAC + b"\x08\x06\0\1\x08\0\6\4\0\1" + GUEST_MAC
                       + ping.GUEST_IP + bytes(6) + ping.OUR_IP)
            guest.sendto(request.ljust(60, b"\0"), wire.socket.getsockname())
            self.assertIsNotNone(wire.receive(ping.time.monotonic() + 5))
            reply = guest.recv(2048)
            wire.socket.close()
        self.assertEqual(reply[:6], GUEST_MAC)
        self.assertEqual(reply[20:32], b"\0\2" + ping.OUR_MAC + ping.OUR_IP)

    def test_sequence_numbers_beyond_16_bits(self):
        wire = types.SimpleNamespace(sent=[], send=lambda frame: None)
        settings = types.SimpleNamespace(count=70000, size=8, interval=0, timeout=1, quiet=True)
        pinger = ping.Pinger(wire, GUEST_MAC, settings)
        guest = Guest()
        for pinger.transmitted in (65534, 65535, 65536, 65537):
            frames = []
            wire.send = frames.append
            pinger.send()
            self.assertTrue(pinger.take(guest.echo_reply(frames[0]), ping.time.monotonic()))
        guest.socket.close()
        self.assertFalse(pinger.sent)


if __name__ == "__main__":
    unittest.main()
