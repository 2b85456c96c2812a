"""The guests that are measured: how each is started, and what it costs the host."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Iterator, List, Optional

ADDRESS = "10.0.2.15"
HOST_ADDRESS = "10.0.2.2/24"
CARD_ADDRESS = "52:54:00:12:34:56"
TAP = "tap0"
MEMORY = "256"                  # MiB
BOOT_LIMIT = 180.0              # seconds
MONITOR_PROMPT = "K> "
BREAK = b"\x01b"                # Ctrl-a b: QEMU sends a break on the serial line
TICKS = os.sysconf("SC_CLK_TCK")


class GuestError(Exception):
    """The guest cannot be started, or it has ended."""


@dataclass(frozen=True)
class Kind:
    """A system, a card and a number of CPUs."""
    name: str
    qemu: str
    machine: List[str]
    card: str = "e1000"
    cpus: int = 1
    is_ours: bool = False

    def command(self) -> List[str]:
        return [self.qemu, "-machine", "pc", "-accel", "tcg", "-smp", str(self.cpus),
                "-m", MEMORY, "-nographic", "-no-reboot", *self.machine,
                "-netdev", f"tap,id=net0,ifname={TAP},script=no,downscript=no",
                "-device", f"{self.card},netdev=net0,mac={CARD_ADDRESS},romfile="]


def jos(tree: Path, disk: Path, name: str = "jos", cpus: int = 1, offload: str = "") -> Kind:
    """`offload`: what the card may do to frames, as make's OFFLOAD=; "" is all that it can."""
    drives = [f"file={tree / 'obj/kern/kernel.img'},index=0,media=disk,format=raw,snapshot=on",
              f"file={disk},index=1,media=disk,format=raw,snapshot=on"]
    options = ["-fw_cfg", f"name=opt/jos/offload,string={offload}"] if offload else []
    return Kind(name, "qemu-system-i386",
                [part for drive in drives for part in ("-drive", drive)] + options, cpus=cpus,
                is_ours=True)


def linux(folder: Path, name: str, options: str, card: str = "e1000", cpus: int = 1) -> Kind:
    return Kind(name, "qemu-system-x86_64",
                ["-kernel", str(folder / "vmlinuz"), "-initrd", str(folder / "initramfs"),
                 "-append", f"console=ttyS0 quiet panic=-1 {options}".strip()], card, cpus)


def make_tap() -> None:
    """The tap device that all guests are plugged into, in this network namespace."""
    for command in (("tuntap", "add", "dev", TAP, "mode", "tap"),
                    ("addr", "add", HOST_ADDRESS, "dev", TAP), ("link", "set", TAP, "up")):
        subprocess.run([shutil.which("ip") or "/sbin/ip", *command], check=True,
                       stdin=subprocess.DEVNULL)


@dataclass(frozen=True)
class Traffic:
    """What the tap device has carried, as the guest sees it, and in how many seconds."""
    seconds: float
    sent_frames: int
    sent_bytes: int
    received_frames: int
    received_bytes: int

    @classmethod
    def so_far(cls) -> Traffic:
        # Not from /sys, which shows the namespace that it was mounted in. proc(5): /proc/net/dev;
        # what the tap device has received, the guest has sent.
        for line in Path("/proc/self/net/dev").read_text(encoding="ascii").splitlines():
            name, _, fields = line.partition(":")
            if name.strip() == TAP:
                numbers = [int(field) for field in fields.split()]
                return cls(time.monotonic(), numbers[1], numbers[0], numbers[9], numbers[8])
        raise GuestError(f"there is no {TAP}")

    def since(self, before: Traffic) -> Traffic:
        return Traffic(self.seconds - before.seconds, self.sent_frames - before.sent_frames,
                       self.sent_bytes - before.sent_bytes,
                       self.received_frames - before.received_frames,
                       self.received_bytes - before.received_bytes)


class Guest:
    """A running guest; its console is kept in a file."""

    def __init__(self, kind: Kind, console: Path):
        self.kind = kind
        self.console = console
        # Another guest of the same address may have had another card's address.
        subprocess.run([shutil.which("ip") or "/sbin/ip", "neigh", "flush", "dev", TAP],
                       check=True, stdin=subprocess.DEVNULL)
        self._output = console.open("wb")
        self.started = time.monotonic()
        try:
            self._process = subprocess.Popen(kind.command(), stdin=subprocess.PIPE,
                                             stdout=self._output, stderr=subprocess.STDOUT)
        except OSError as error:
            raise GuestError(f"cannot start {kind.qemu}: {error.strerror}") from error
        try:
            self.boot_seconds = self._wait_for_page()
            self._wait_for_servers()
        except BaseException:
            self.stop()
            raise

    def _wait_for_page(self) -> float:
        """Seconds from the start of QEMU to the first answer with status 200."""
        while True:
            self.check_alive()
            answer = self._ask_once()
            if answer is not None and b" 200 " in answer[:16]:
                return time.monotonic() - self.started
            if time.monotonic() - self.started > BOOT_LIMIT:
                raise GuestError(f"{self.kind.name} serves no page after {BOOT_LIMIT:.0f} s: "
                                 f"its console is in {self.console}")
            time.sleep(0.02)

    @staticmethod
    def _ask_once() -> Optional[bytes]:
        try:
            with socket.create_connection((ADDRESS, 80), 1) as connection:
                connection.sendall(b"GET /index.html HTTP/1.0\r\n\r\n")
                return connection.recv(64)
        except OSError:
            return None

    def _wait_for_servers(self) -> None:
        while time.monotonic() - self.started < BOOT_LIMIT:
            self.check_alive()
            try:
                with socket.create_connection((ADDRESS, 7), 1):
                    return
            except OSError:
                time.sleep(0.05)
        raise GuestError(f"{self.kind.name} has no echo server")

    @contextmanager
    def monitor(self) -> Iterator[Callable[[str, float], str]]:
        """Our kernel's monitor, while the guest stands still: a function that takes a command and
        the seconds that it may take, and returns what it prints."""
        self._converse(BREAK, MONITOR_PROMPT, 30)
        try:
            yield lambda command, limit: self._converse(f"{command}\n".encode(), MONITOR_PROMPT,
                                                        limit)
        finally:
            self._converse(b"continue\n", "continue\n", 30)     # the next break comes after that

    def _type(self, keys: bytes) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(keys)
            self._process.stdin.flush()
        except BrokenPipeError:
            self.check_alive()

    def _converse(self, keys: bytes, answer: str, limit: float) -> str:
        """Types something, and returns what is printed up to `answer`."""
        begin = self.console.stat().st_size
        self._type(keys)
        deadline = time.monotonic() + limit
        while time.monotonic() < deadline:
            with self.console.open("rb") as file:
                file.seek(begin)
                text = file.read().decode("utf-8", "replace").replace("\r", "")
            if answer in text:
                return text
            self.check_alive()
            time.sleep(0.01)
        raise GuestError(f"{self.kind.name}: the kernel's monitor does not answer: "
                         f"its console is in {self.console}")

    def check_alive(self) -> None:
        if self._process.poll() is not None:
            raise GuestError(f"{self.kind.name} has ended (status {self._process.returncode}): "
                             f"its console is in {self.console}")

    def cpu_seconds(self) -> float:
        """CPU time of the host that QEMU has used so far."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._output.close()
