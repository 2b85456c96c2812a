#!/usr/bin/env python3
"""Stands in for make and QEMU when the grader is tested: it answers `print-gdbport` and
`run-X-nox-gdb` and acts like the guest with program X, right or, if FAKE_FAULT names one of the
faults below, wrong in that one way."""

from __future__ import annotations

import os
import re
import socket
import struct
import sys
import threading
import time
from pathlib import Path

FAULT = os.environ.get("FAKE_FAULT", "")
PORT = int(os.environ.get("FAKE_PORT", "0"))
GUEST, GATEWAY = bytes.fromhex("525400123456"), bytes.fromhex("525500000202")
MONITOR = "Welcome to the JOS kernel monitor!\nType 'help' for a list of commands.\n"


def say(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


# The capture file

def packet_file(order: str = "<", nanoseconds: bool = False) -> bytes:
    magic = 0xA1B23C4D if nanoseconds else 0xA1B2C3D4
    return struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 65536, 1)


def packet_record(frame: bytes, order: str = "<") -> bytes:
    return struct.pack(order + "IIII", 1, 500, len(frame), len(frame)) + frame


def write_capture(frames: list[bytes]) -> None:
    content = packet_file() + b"".join(packet_record(frame) for frame in frames)
    if FAULT == "truncated_capture":
        content = content[:-3]
    if FAULT == "garbage_capture":
        content = b"\xff" * len(content)
    if FAULT != "no_capture":
        Path("qemu.pcap").write_bytes(content)


def arp(operation: int) -> bytes:
    ours = operation == 1
    destination, source = (b"\xff" * 6, GUEST) if ours else (GUEST, GATEWAY)
    frame = destination + source + struct.pack("!HHHBBH", 0x0806, 1, 0x0800, 6, 4, operation)
    addresses = [source, bytes([10, 0, 2, 15 if ours else 2]), bytes(6) if ours else GUEST,
                 bytes([10, 0, 2, 2 if ours else 15])]
    return frame + b"".join(addresses)


def udp(payload: bytes) -> bytes:
    datagram = struct.pack("!HHHH", 40000, 7, 8 + len(payload), 0) + payload
    header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(datagram), 1, 0, 64, 17, 0,
                         bytes([10, 0, 2, 2]), bytes([10, 0, 2, 15]))
    return GUEST + GATEWAY + b"\x08\x00" + header + datagram


def dump(frame: bytes) -> None:
    frame = frame.ljust(60, b"\0")
    if FAULT == "unstripped_crc":
        frame += b"\1\2\3\4"
    for offset in range(0, len(frame), 16):
        row = frame[offset:offset + 16]
        groups = " ".join(row[i:i + 2].hex() for i in range(0, len(row), 2))
        say(f"input: {offset:04x}   {groups}\n")


# The debugger port

class Stub:
    """Answers the grader's debugger packets and tells it when the machine stops."""

    def __init__(self) -> None:
        listener = socket.create_server(("127.0.0.1", PORT))
        self._connection, _ = listener.accept()
        while True:
            packet = self._connection.recv(4096)
            if not packet:
                sys.exit(0)
            if b"$c#" in packet:
                break
            if FAULT == "deaf_debugger":
                time.sleep(60)
            self._reply("E01" if FAULT == "refused_breakpoint" else "OK")

    def stopped(self) -> None:
        self._reply("T05thread:01;")

    def _reply(self, text: str) -> None:
        self._connection.sendall(b"+$%s#%02x" % (text.encode(), sum(text.encode()) % 256))


# The programs

def testtime() -> None:
    say("starting count down: 5 4 3 2 1 0 \n")


def hello() -> None:
    say("hello, world\n")


def net_testoutput(count: int) -> None:
    frames = [b"Packet %02d" % number for number in range(count)]
    for number in range(count):
        say(f"Transmitting packet {number}\n")
    changes = {
        "no_frames": [], "padded": [frame.ljust(60, b"\0") for frame in frames],
        "twice": [frame for frame in frames for _ in (0, 1)], "stops": frames[:3],
        "backwards": frames[::-1], "same_buffer": frames[-1:] * count,
        "wrong_length": [frame[:5] for frame in frames]}
    write_capture(changes.get(FAULT, frames))


def net_testinput() -> None:
    receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    receiver.bind(("127.0.0.1", PORT + 1))
    frames = [arp(1), arp(2)]
    say("Sending ARP announcement...\n")
    dump(frames[1])
    say("\nWaiting for packets...\n")
    while True:
        frames.append(udp(receiver.recv(2048)))
        if FAULT == "extra_frame" and len(frames) == 4:
            frames.append(arp(1))
        write_capture(frames[1:] if FAULT == "no_announcement" else frames)
        if FAULT == "reception_stops" and len(frames) > 4:
            continue
        dump(frames[-2] if FAULT == "filled_early" and len(frames) == 5 else frames[-1])
        say("\n")


def echosrv() -> None:
    listener = socket.create_server(("127.0.0.1", PORT + 1))
    say("opened socket\ntrying to bind\nbound\n")
    if FAULT == "panic_later":
        say("kernel panic on CPU 0 at net/core.cc:12: slot leaked\n")
    while True:
        connection, _ = listener.accept()
        if FAULT == "echo_closes":
            connection.close()
            continue
        data = connection.recv(2048)
        if FAULT == "echo_silent":
            time.sleep(60)
        connection.sendall(data[:-1] + b"?" if FAULT == "echo_wrong" else data)


def httpd() -> None:
    listener = socket.create_server(("127.0.0.1", PORT + 2))
    say("Waiting for http connections...\n")
    while True:
        connection, _ = listener.accept()
        path = connection.recv(2048).split()[1].decode()
        status, body = "404 Not Found", b"<p>No such page.</p>\n"
        if path == "/index.html":
            status, body = "200 OK", Path("fs/index.html").read_bytes()
        if FAULT == "http_status":
            status = "500 Oops"
        if FAULT == "http_body":
            body = body[::-1]
        head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        reply = {"http_garbage": b"\xff\x00\xfe" * 50, "http_empty": b"",
                 "http_truncated": head.encode() + body[:-5],
                 "http_no_end": head.encode()[:-2]}.get(FAULT, head.encode() + body)
        if FAULT == "http_silent":
            time.sleep(60)
        connection.sendall(reply)
        connection.close()


def run(program: str, arguments: list[str]) -> None:
    if FAULT == "build_error":
        say("kern/dev/e1000.cc:12:5: error: 'tail' was not declared in this scope\n"
            "make: *** [kern/Makefrag:77: obj/kern/dev/e1000.o] Error 1\n")
        sys.exit(2)
    if FAULT == "qemu_missing":
        say("qemu-system-i386: not found\n")
        sys.exit(127)
    say("***\n*** Use Ctrl-a x to exit qemu\n***\n")
    stub = Stub()
    early = {
        "silent": "", "garbage": "\x00\x07\x1b[2J\ufffd" * 50,
        "reboots": "SeaBIOS (version 1)\nBooting from Hard Disk..\n" * 3,
        "panic": "kernel panic on CPU 0 at kern/init.cc:3: no memory\n" + MONITOR,
        "fault": "[00001000] user fault va 00000000 ip 00800039\nTRAP frame at 0xf02be000\n"
                 + MONITOR}
    if FAULT in early:
        say(early[FAULT])
        if "monitor" in early[FAULT]:
            stub.stopped()
        time.sleep(60)
    if FAULT == "ends":
        say("SeaBIOS (version 1)\n")
        sys.exit(3)
    say("SeaBIOS (version 1)\nPCI function 00:03.0 (8086:100e) enabled\n"
        if FAULT != "no_card" else "SeaBIOS (version 1)\nPCI: no network card\n")
    if program == "net_testoutput":
        definition = next(word for word in arguments if "TESTOUTPUT_COUNT" in word)
        net_testoutput(int(definition.rsplit("=", 1)[1]))
    elif FAULT != "wrong_line":
        globals()[program]()
    say(MONITOR)
    stub.stopped()
    time.sleep(60)


def leave_a_child() -> None:
    """A child in another process group, as a careless tool might leave it."""
    if os.fork() == 0:
        os.setsid()
        time.sleep(1)
        os._exit(0)


def main() -> None:
    words = sys.argv[1:]
    if "print-gdbport" in words:
        if FAULT == "no_port":
            say("make: *** No rule to make target 'print-gdbport'.  Stop.\n")
            sys.exit(2)
        say("not a number\n" if FAULT == "odd_port" else f"{PORT}\n")
        return
    for word in words:
        target = re.fullmatch(r"run-(\w+)-nox-gdb", word)
        if target:
            if FAULT == "stray_child":
                leave_a_child()
            # The pid shows the tests that the grader left nothing running.
            Path("machine.pid").write_text(str(os.getpid()))
            watchdog = threading.Timer(90, lambda: os._exit(1))
            watchdog.daemon = True
            watchdog.start()
            run(target.group(1), words)
    sys.exit(0)


if __name__ == "__main__":
    main()
