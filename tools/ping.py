#!/usr/bin/env python3
"""Pings the running guest: real ICMP echo, over Ethernet frames of its own.

QEMU's user network cannot carry a host's ping. So the guest's card has two sockets on this host
beside it (tools/run): a datagram that goes to one is a frame for the card, and the other has a
copy of each frame that the card sends. This program is a small host on that wire: it has a MAC
address and an IP address, answers ARP requests for it (RFC 826) and sends ICMP echo requests
(RFC 792). No privileges are needed.

usage: ping.py [--count N] [--interval SECONDS] [--size BYTES] [--timeout SECONDS]
Exit status: 0 all answered, 1 some lost, 2 it could not be tried.
"""
import argparse
import contextlib
import fcntl
import json
import os
import select
import signal
import socket
import struct
import sys
import time

sys.dont_write_bytecode = True
import ports                    # noqa: E402

OUR_MAC = bytes.fromhex("5254000a0264")
OUR_IP = socket.inet_aton("10.0.2.100")
GUEST_IP = socket.inet_aton("10.0.2.15")
BROADCAST = b"\xff" * 6
ETHERTYPE_ARP, ETHERTYPE_IP = 0x0806, 0x0800
ARP_REQUEST, ARP_REPLY = 1, 2
ICMP_ECHO_REPLY, ICMP_ECHO_REQUEST = 0, 8
MIN_FRAME = 60
MAX_FRAME = 65536
MAX_SIZE = 1472


def checksum(data):
    """The Internet checksum (RFC 1071)."""
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


def ethernet(destination, ethertype, payload):
    frame = destination + OUR_MAC + struct.pack("!H", ethertype) + payload
    return frame.ljust(MIN_FRAME, b"\0")


def arp(operation, target_mac, target_ip):
    body = struct.pack("!HHBBH", 1, ETHERTYPE_IP, 6, 4, operation)
    body += OUR_MAC + OUR_IP + target_mac + target_ip
    destination = BROADCAST if operation == ARP_REQUEST else target_mac
    return ethernet(destination, ETHERTYPE_ARP, body)


def echo_request(destination, identifier, sequence, size):
    data = bytes(index & 0xFF for index in range(size))
    head = struct.pack("!BBHHH", ICMP_ECHO_REQUEST, 0, 0, identifier, sequence & 0xFFFF)
    head = head[:2] + struct.pack("!H", checksum(head + data)) + head[4:]
    message = head + data
    ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(message), sequence & 0xFFFF, 0x4000, 64,
                     socket.IPPROTO_ICMP, 0) + OUR_IP + GUEST_IP
    ip = ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:]
    return ethernet(destination, ETHERTYPE_IP, ip + message)


class Reply:
    """An ICMP echo reply to us, taken out of a frame; `parse` gives None for anything else."""

    def __init__(self, identifier, sequence, ttl, data, intact):
        self.identifier = identifier
        self.sequence = sequence
        self.ttl = ttl
        self.data = data
        self.intact = intact            # both checksums are right

    @classmethod
    def parse(cls, frame):
        if len(frame) < 42 or frame[:6] != OUR_MAC or frame[12:14] != b"\x08\x00":
            return None
        header = (frame[14] & 0xF) * 4
        length = struct.unpack_from("!H", frame, 16)[0]
        if frame[14] >> 4 != 4 or header < 20 or not header + 8 <= length <= len(frame) - 14:
            return None
        packet = frame[14:14 + length]
        message = packet[header:]
        if (packet[9] != socket.IPPROTO_ICMP or message[0] != ICMP_ECHO_REPLY
                or packet[12:16] != GUEST_IP or packet[16:20] != OUR_IP):
            return None
        identifier, sequence = struct.unpack_from("!HH", message, 4)
        intact = checksum(packet[:header]) == 0 and checksum(message) == 0
        return cls(identifier, sequence, packet[8], message[8:], intact)


class Wire:
    """The two sockets. On both, a frame comes after its length in four bytes."""

    def __init__(self, inward, sender, outward):
        self.inward = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.inward.bind(("127.0.0.1", sender))
        self.inward.connect(("127.0.0.1", inward))
        self.outward = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.outward.settimeout(5)      # QEMU accepts us at once, unless it hangs
        self.outward.connect(outward)
        self.stream = bytearray()       # what has come and is not a whole frame yet

    def close(self):
        self.inward.close()
        self.outward.close()

    def send(self, frame):
        try:
            self.inward.send(struct.pack("!I", len(frame)) + frame)
        except OSError:
            raise ports.PortError("the guest has ended") from None

    def receive(self, deadline):
        """The next frame, with ARP requests for us answered on the way; None at the deadline."""
        while True:
            frame = self.next_frame()
            if frame is not None:
                if frame[12:14] == b"\x08\x06" and len(frame) >= 42:
                    self.answer_arp(frame)
                return frame
            wait = max(0, deadline - time.monotonic())
            if not select.select([self.outward], [], [], wait)[0]:
                return None
            try:
                data = self.outward.recv(1 << 20)
            except OSError:
                data = b""
            if not data:
                raise ports.PortError("the guest has ended")
            self.stream += data

    def next_frame(self):
        """Takes a frame from what has come; None if there is no whole one."""
        if len(self.stream) < 4:
            return None
        end = 4 + struct.unpack_from("!I", self.stream)[0]
        if end > 4 + MAX_FRAME:
            raise ports.PortError("QEMU sends what is no frame")
        if len(self.stream) < end:
            return None
        frame = bytes(self.stream[4:end])
        del self.stream[:end]
        return frame

    def answer_arp(self, frame):
        operation = struct.unpack_from("!H", frame, 20)[0]
        if operation == ARP_REQUEST and frame[38:42] == OUR_IP:
            self.send(arp(ARP_REPLY, frame[22:28], frame[28:32]))

    def guest_mac(self, timeout):
        """Asks for the guest's MAC address, several times; None if it does not answer."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            self.send(arp(ARP_REQUEST, bytes(6), GUEST_IP))
            again = min(deadline, time.monotonic() + 0.5)
            while True:
                frame = self.receive(again)
                if frame is None:
                    break
                if (frame[12:14] == b"\x08\x06" and len(frame) >= 42
                        and frame[20:22] == b"\0\2" and frame[28:32] == GUEST_IP):
                    return frame[22:28]
        return None


class Mirror:
    """Has QEMU copy the card's frames to us while we are there: turned on and off in its control
    language, QMP."""

    def __init__(self, path):
        self.control = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.control.settimeout(5)
        self.control.connect(path)
        self.lines = self.control.makefile("r", encoding="utf-8")
        self.order("qmp_capabilities")
        self.turn("on")

    def turn(self, status):
        self.order("qom-set", path="/objects/mirror", property="status", value=status)

    def order(self, name, **arguments):
        """Has a command carried out; events that come in between are passed over."""
        line = json.dumps({"execute": name, "arguments": arguments})
        self.control.sendall(line.encode() + b"\n")
        for answer in map(json.loads, self.lines):
            if "error" in answer:
                raise OSError(0, answer["error"].get("desc", "refused"))
            if "return" in answer:
                return
        raise ConnectionResetError(0, "the guest has ended")

    def close(self):
        with contextlib.suppress(OSError, ValueError):
            self.turn("off")
        self.control.close()


class Pinger:
    """Sends the requests at their times and keeps account of the replies."""

    def __init__(self, wire, mac, settings):
        self.wire = wire
        self.mac = mac
        self.settings = settings
        self.identifier = os.getpid() & 0xFFFF
        self.payload = bytes(index & 0xFF for index in range(settings.size))
        self.sent = {}                  # sequence number: time sent, until it is answered
        self.transmitted = self.duplicates = self.damaged = 0
        self.times = []                 # milliseconds
        self.start = time.monotonic()
        self.stopped = False

    def run(self):
        next_send = self.start
        while not self.stopped and self.transmitted < self.settings.count:
            now = time.monotonic()
            if now >= next_send:
                self.send()
                next_send = max(next_send + self.settings.interval, now)
                if self.settings.interval == 0:
                    self.listen(now + self.settings.timeout, one=True)
                continue
            self.listen(next_send)
        if self.sent and not self.stopped:
            self.listen(time.monotonic() + self.settings.timeout)

    def send(self):
        self.transmitted += 1
        frame = echo_request(self.mac, self.identifier, self.transmitted, self.settings.size)
        self.sent[self.transmitted] = time.monotonic()
        self.wire.send(frame)

    def listen(self, deadline, one=False):
        """Takes replies until the deadline or, once all requests are out, the last reply."""
        while not self.stopped:
            frame = self.wire.receive(deadline)
            if frame is None:
                return
            answered = self.take(frame, time.monotonic())
            if answered and one:
                return
            if not self.sent and self.transmitted == self.settings.count:
                return

    def take(self, frame, now):
        """Whether the frame is a good reply to one of the requests."""
        reply = Reply.parse(frame) if frame[6:12] == self.mac else None
        if reply is None or reply.identifier != self.identifier:
            return False
        # The wire has 16 bits of the number: it is that of the last request with these bits.
        number = self.transmitted - ((self.transmitted - reply.sequence) & 0xFFFF)
        if not reply.intact or reply.data != self.payload:
            self.damaged += 1
            print(f"damaged reply: icmp_seq={number}")
            return False
        if number not in self.sent:
            self.duplicates += 1
            return False
        self.times.append((now - self.sent.pop(number)) * 1000)
        if not self.settings.quiet:
            print(f"{len(reply.data) + 8} bytes from 10.0.2.15: icmp_seq={number} ttl={reply.ttl} "
                  f"time={self.times[-1]:.3f} ms", flush=True)
        return True

    def summary(self):
        lost = self.transmitted - len(self.times)
        percent = 100 * lost / self.transmitted if self.transmitted else 0
        extra = f", +{self.duplicates} duplicates" * bool(self.duplicates)
        extra += f", +{self.damaged} damaged" * bool(self.damaged)
        print("\n--- 10.0.2.15 ping statistics ---")
        print(f"{self.transmitted} packets transmitted, {len(self.times)} received{extra}, "
              f"{percent:.4g}% packet loss, time {(time.monotonic() - self.start) * 1000:.0f}ms")
        if self.times:
            mean = sum(self.times) / len(self.times)
            deviation = (sum((value - mean) ** 2 for value in self.times) / len(self.times)) ** 0.5
            print(f"rtt min/avg/max/mdev = {min(self.times):.3f}/{mean:.3f}/{max(self.times):.3f}/"
                  f"{deviation:.3f} ms")
        return lost


def options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=4)
    parser.add_argument("--interval", type=float, default=1.0,
                        help="seconds between requests; 0: the next one when the last is answered")
    parser.add_argument("--size", type=int, default=56, help="bytes of data")
    parser.add_argument("--timeout", type=float, default=2.0, help="seconds for the last reply")
    parser.add_argument("--quiet", action="store_true", help="only the summary")
    settings = parser.parse_args()
    if settings.count < 1 or settings.interval < 0 or not 0 <= settings.size <= MAX_SIZE:
        parser.error(f"count is 1 or more, interval 0 or more, size 0 to {MAX_SIZE}")
    return settings


def wire_of_guest():
    """The wire to the running guest, for this program alone."""
    guest = ports.running_guest()
    if guest.get("net") != "user":
        raise ports.PortError("the guest is on a tap device: use `ping 10.0.2.15`")
    lock = open(ports.slot_path(guest["slot"]), "r+b")
    try:
        fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise ports.PortError("another `make ping` is running") from None
    try:
        wire = Wire(*ports.wires_of(guest["slot"]))
        return wire, Mirror(ports.control_of(guest["slot"])), lock
    except (OSError, ValueError) as error:
        error = error if isinstance(error, OSError) else OSError(0, "it answers no commands")
        raise ports.PortError(f"QEMU does not take frames: {error.strerror or error}") from None


def main():
    settings = options()
    wire, mirror, _lock = wire_of_guest()
    try:
        return ping(wire, settings)
    finally:
        mirror.close()


def ping(wire, settings):
    """Pings over the wire; the exit status."""
    mac = wire.guest_mac(timeout=5)
    if mac is None:
        print("ping: 10.0.2.15 does not answer ARP requests: is its network server up? (`make "
              "qemu` starts it, and its console says 'NS: TCP/IP initialized.')", file=sys.stderr)
        return 1
    pinger = Pinger(wire, mac, settings)
    # Suspended, it would stop the guest, whose frames it no longer takes: it ends instead.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGTSTP):
        signal.signal(number, lambda *_: setattr(pinger, "stopped", True))
    print(f"PING 10.0.2.15 ({':'.join(f'{byte:02x}' for byte in mac)}) from 10.0.2.100, "
          f"{settings.size} bytes of data")
    try:
        pinger.run()
    except ports.PortError as error:
        print(f"ping: {error}", file=sys.stderr)
    return 1 if pinger.summary() else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except ports.PortError as problem:
        print(f"ping: {problem}", file=sys.stderr)
        sys.exit(2)
    except BrokenPipeError:
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
