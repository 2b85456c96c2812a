#!/usr/bin/env python3
"""Tests of tools/ping.py against a guest that is a thread here: replies, loss, hostile frames."""
import contextlib
import io
import json
import socket
import struct
import sys
import tempfile
import threading
import time
import types
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))
import ping  # noqa: E402

GUEST_MAC = bytes.fromhex("525400123456")


def sockets(folder):
    """QEMU's ends of the wire, and where they are."""
    inward = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    inward.bind(("127.0.0.1", 0))
    listener = socket.socket(socket.AF_UNIX)
    path = str(Path(folder, "frames"))
    listener.bind(path)
    listener.listen()
    return inward, listener, (inward.getsockname()[1], 0, path)


class Guest(threading.Thread):
    """Answers ARP and echo requests; `change` may turn a reply into other frames."""

    def __init__(self, change=lambda frame, number: [frame], arp=True):
        super().__init__(daemon=True)
        self.folder = tempfile.TemporaryDirectory(prefix="jos-ping-test-")
        self.inward, self.listener, self.ends = sockets(self.folder.name)
        self.change = change
        self.arp = arp
        self.seen = []

    def run(self):
        outward, _ = self.listener.accept()
        number = 0
        while True:
            datagram = self.inward.recv(2048)
            if not datagram:
                outward.close()
                return
            frame = datagram[4:]
            assert struct.unpack("!I", datagram[:4])[0] == len(frame)
            self.seen.append(frame)
            replies = []
            if frame[12:14] == b"\x08\x06" and self.arp:
                replies = [self.arp_reply(frame)]
            elif frame[12:14] == b"\x08\x00":
                number += 1
                replies = self.change(self.echo_reply(frame), number)
            for reply in replies:
                for part in (struct.pack("!I", len(reply)), reply[:20], reply[20:]):
                    outward.sendall(part)

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
        if self.is_alive():
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as teller:
                teller.sendto(b"", self.inward.getsockname())
            self.join()
        self.inward.close()
        self.listener.close()
        self.folder.cleanup()


class PingTest(unittest.TestCase):
    def ping(self, guest, count=5, size=56, interval=0.0):
        """Pings the guest; what was lost, the pinger, and what was printed."""
        guest.start()
        wire = ping.Wire(*guest.ends)
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
            wire.close()
            guest.end()

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
        with tempfile.TemporaryDirectory() as folder:
            inward, listener, ends = sockets(folder)
            wire = ping.Wire(*ends)
            outward, _ = listener.accept()
            request = (b"\xff" * 6 + GUEST_MAC + b"\x08\x06\0\1\x08\0\6\4\0\1" + GUEST_MAC
                       + ping.GUEST_IP + bytes(6) + ping.OUR_IP).ljust(60, b"\0")
            outward.sendall(struct.pack("!I", 60) + request)
            self.assertEqual(wire.receive(time.monotonic() + 5), request)
            reply = inward.recv(2048)
            outward.close()
            with self.assertRaisesRegex(ping.ports.PortError, "the guest has ended"):
                wire.receive(time.monotonic() + 5)
            for connection in (inward, wire, listener):
                connection.close()
        self.assertEqual(reply[:10], b"\0\0\0\x3c" + GUEST_MAC)
        self.assertEqual(reply[24:36], b"\0\2" + ping.OUR_MAC + ping.OUR_IP)

    def test_sequence_numbers_beyond_16_bits(self):
        wire = types.SimpleNamespace(sent=[], send=lambda frame: None)
        settings = types.SimpleNamespace(count=70000, size=8, interval=0, timeout=1, quiet=True)
        pinger = ping.Pinger(wire, GUEST_MAC, settings)
        guest = Guest()
        for pinger.transmitted in (65534, 65535, 65536, 65537):
            frames = []
            wire.send = frames.append
            pinger.send()
            self.assertTrue(pinger.take(guest.echo_reply(frames[0]), time.monotonic()))
        guest.end()
        self.assertFalse(pinger.sent)


class Control(threading.Thread):
    """QEMU's end of the control socket: greets, and answers each command with `answers`."""

    def __init__(self, path, *answers):
        super().__init__(daemon=True)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen()
        self.answers = answers
        self.orders = []

    def run(self):
        with self.listener, self.listener.accept()[0] as peer, peer.makefile("rw") as lines:
            lines.write('{"QMP": {"capabilities": []}}\n')
            lines.flush()
            for line in lines:
                self.orders.append(json.loads(line))
                lines.write("".join(f"{answer}\n" for answer in self.answers))
                lines.flush()


class Mirroring(unittest.TestCase):
    def control(self, *answers):
        folder = tempfile.TemporaryDirectory(prefix="jos-ping-test-")
        self.addCleanup(folder.cleanup)
        path = str(Path(folder.name, "control"))
        control = Control(path, *answers)
        control.start()
        return control, path

    def test_frames_are_copied_only_while_somebody_pings(self):
        control, path = self.control('{"event": "STOP"}', '{"return": {}}')
        ping.Mirror(path).close()
        control.join(5)
        self.assertEqual([order["execute"] for order in control.orders],
                         ["qmp_capabilities", "qom-set", "qom-set"])
        self.assertEqual([order["arguments"]["value"] for order in control.orders[1:]],
                         ["on", "off"])

    def test_a_refusal_and_nonsense_are_errors(self):
        _, path = self.control('{"error": {"desc": "no such object"}}')
        with self.assertRaisesRegex(OSError, "no such object"):
            ping.Mirror(path)
        _, path = self.control("nonsense")
        with self.assertRaises(ValueError):
            ping.Mirror(path)


if __name__ == "__main__":
    unittest.main()
