"""A running guest: booted through make, driven through its shell on the serial console."""

from __future__ import annotations

import contextlib
import functools
import itertools
import os
import re
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Optional

import gradelib
from gradelib import Failure, OwnProcess, make_command

GUEST = "10.0.2.15"
READY_LINES = ("Waiting for http connections", "bound")
PROMPT = "$ "
DISK_BLOCKS = "32768"               # of 4 KiB
WEB_ROOT = "www"
BIG_FILE = "big.bin"
BIG_FILE_BYTES = 5 << 20


BOOT_NUMBERS = itertools.count(1)


@dataclass(frozen=True)
class Setup:
    """What a test wants the machine to be like."""
    net: str = "tap"                        # or user: forwarded ports
    program: str = ""                       # "": the whole system, with its shell
    variables: tuple[str, ...] = ()         # for make: MEMORY=64
    network: bool = True                    # wait for the servers

    def command(self, image: Path, capture: str) -> list[str]:
        target = f"run-{self.program}-nox" if self.program else "qemu-nox"
        return make_command(target, f"NET={self.net}", f"FS_IMG={image}", f"CAPTURE={capture}",
                            "QEMUEXTRA+=-snapshot", *self.variables)


class Machine:
    """One guest. start() waits until its shell and servers are there."""

    def __init__(self, tree: Path, setup: Setup, scale: float, progress: Callable[[str], None]):
        self.tree = tree
        self.setup = setup
        self.scale = scale
        self.progress = progress
        self.folder = tree / "obj" / "system"
        self.capture_name = f"obj/system/{os.getpid()}.{next(BOOT_NUMBERS)}.pcap"
        self._own: Optional[OwnProcess] = None
        self._web: tuple[str, int] = (GUEST, 80)
        self._echo: tuple[str, int] = (GUEST, 7)
        self.round = 0                      # of a test that is done several times

    def start(self) -> None:
        self.progress("building and booting")
        image = disk_image(self.tree, self.scale)
        with contextlib.suppress(FileNotFoundError):
            self.capture.unlink()
        self._own = OwnProcess(self.setup.command(image, self.capture_name), self.tree,
                               with_input=True)
        self.wait_for(lambda text: "quit      Ctrl-a x" in text, 900,
                      "the build to end and QEMU to run")
        if self.setup.net == "user" and self.setup.network:
            self._web = ("127.0.0.1", self._port(r"localhost:(\d+)/"))
            self._echo = ("127.0.0.1", self._port(r"echo +localhost port (\d+)"))
        if not self.setup.program:
            self.wait_for(lambda text: PROMPT in text, 120, "the shell's prompt")
        if self.setup.network:
            for line in READY_LINES:
                self.wait_for(lambda text, line=line: line in text, 120, f'a line "{line}"')

    def _port(self, pattern: str) -> int:
        found = re.search(pattern, self.console.text())
        if not found:
            raise self.failure(f"the run to say its ports ({pattern})")
        return int(found.group(1))

    @property
    def web(self) -> tuple[str, int]:
        return self._web

    @property
    def echo(self) -> tuple[str, int]:
        return self._echo

    @property
    def url(self) -> str:
        return f"http://{self._web[0]}:{self._web[1]}"

    @property
    def capture(self) -> Path:
        return self.tree / self.capture_name

    @property
    def was_started(self) -> bool:
        """Whether QEMU was called at all: its console is there then."""
        return self._own is not None

    @property
    def console(self) -> gradelib.Console:
        assert self._own is not None
        return self._own.console

    def console_lines(self) -> list[str]:
        return self.console.last_lines() if self._own is not None else []

    @property
    def warming_up(self) -> bool:
        """Whether this round only warms caches and heaps up: a test may do less."""
        return self.round == 0

    def is_running(self) -> bool:
        return self._own is not None and not self._own.ended()

    def exit_status(self) -> Optional[int]:
        return self._own.process.returncode if self._own is not None else None

    def process_group(self) -> int:
        """Of everything that was started for this machine, QEMU with it."""
        assert self._own is not None
        return self._own.process.pid

    def stop(self, keep_capture: bool = True) -> None:
        if self._own is not None:
            self._own.stop()
        if not keep_capture:
            with contextlib.suppress(FileNotFoundError):
                self.capture.unlink()

    # Waiting

    def wait_for(self, look: Callable[[str], object], limit: float, what: str) -> object:
        """Waits until `look(console text)` is true. Raises Failure if the machine ends, panics or
        takes more than `limit` seconds (on an ordinary host)."""
        deadline = time.monotonic() + limit * self.scale
        while True:
            gradelib.end_if_asked()
            ended = not self.is_running()
            text = self.console.text()
            found = look(text)
            if found:
                return found
            if ended:
                raise self.failure(what, f"the machine ended (status {self.exit_status()})")
            if gradelib.PANIC_LINE.search(text):
                raise self.failure(what, "a panic")
            if time.monotonic() > deadline:
                raise self.failure(what, f"nothing like it within {limit * self.scale:.0f} s")
            self.progress(f"waiting for {what}")
            with self.console.changed:
                self.console.changed.wait(0.1)
            time.sleep(0.01)

    def failure(self, expected: str, got: str = "") -> Failure:
        return Failure(expected, got or "the console below", "", "", self.console_lines(),
                       "console, last lines")

    def check_alive(self) -> None:
        """Raises Failure if the machine ended, panicked or fell into its monitor."""
        text = self.console.text()
        if not self.is_running():
            raise self.failure("a running machine", f"it ended (status {self.exit_status()})")
        for pattern in (gradelib.PANIC_LINE, gradelib.MONITOR_LINE, gradelib.FAULT_LINE):
            found = pattern.search(text)
            if found:
                raise self.failure("a machine without trouble", found.group(0).strip())

    # The shell

    def type(self, text: str) -> None:
        assert self._own is not None
        self._own.type(text)

    def shell(self, command: str, limit: float = 60) -> str:
        """What `command` prints in the guest's shell (and what others print meanwhile)."""
        begin = len(self.console.text())
        self.type(command + "\n")
        # A server's line may come behind the prompt, so the prompt need not be the end.
        run = re.compile(re.escape(command) + r"\n(?s:(.*?))^\$ ", re.MULTILINE)
        found = self.wait_for(lambda text: run.search(text, begin), limit,
                              f"the shell to run `{command}`")
        assert isinstance(found, re.Match)
        return str(found.group(1))

    def pages_in_use(self) -> int:
        """Physical pages in use, as the guest counts them."""
        answer = self.shell("free")
        found = re.search(r"(\d+) in use", answer)
        if not found:
            raise self.failure("`free` to say how many pages are in use", answer.strip())
        return int(found.group(1))

    def check_no_leak(self, work: Callable[[], None]) -> None:
        """Does `work` again and again: at the latest in the fourth round no more pages may be in
        use than after the round before. (Caches and heaps grow for a while; a leak grows each
        time.) What is on its way out, such as a dead client's sockets, gets time to go."""
        self.round = 0
        work()
        counts = [self.pages_in_use()]
        for self.round in range(1, 5):
            work()
            counts.append(self._settled_pages(counts[-1]))
            self.check_alive()
            if counts[-1] <= counts[-2]:
                return
        raise self.failure("no more pages in use after a round of the test than before it",
                           f"pages in use after each round: {', '.join(map(str, counts))}")

    def _settled_pages(self, wanted: int) -> int:
        """Pages in use, as soon as they are no more than `wanted`, or after a while."""
        deadline = time.monotonic() + 15 * self.scale
        while True:
            now = self.pages_in_use()
            if now <= wanted or time.monotonic() > deadline:
                return now
            self.progress(f"waiting for {now - wanted} pages to come back")
            time.sleep(0.5)


# The disk

def disk_image(tree: Path, scale: float) -> Path:
    """An image of the tree's own disk with more files on it, made when it is missing or old."""
    folder = tree / "obj" / "system"
    image = folder / "fs.img"
    run_command(tree, make_command("all", "obj/fs/fsformat", "obj/fs/fstool"), 900 * scale)
    built = (tree / "obj" / "fs" / "fs.img").stat().st_mtime
    if not image.exists() or image.stat().st_mtime < built:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(tree / "obj" / "fs" / "root", folder / "root")
        (folder / "root" / WEB_ROOT).mkdir(exist_ok=True)
        for name, content in extra_files().items():
            (folder / "root" / WEB_ROOT / name).write_bytes(content)
        (folder / "root" / WEB_ROOT / "list" / "sub").mkdir(parents=True)
        for name, content in listed_files().items():
            (folder / "root" / WEB_ROOT / "list" / name).write_bytes(content)
        run_command(tree, ["obj/fs/fsformat", str(image), DISK_BLOCKS, str(folder / "root")],
                    60 * scale)
    return image.relative_to(tree)


@functools.lru_cache(maxsize=None)
def extra_files() -> dict[str, bytes]:
    """Files for clients to fetch: a big one, and sizes around what buffers hold."""
    sizes = (0, 1, 511, 512, 513, 1459, 1460, 1461, 4095, 4096, 4097, 65535, 65536, 65537)
    files = {f"{size}.bin": pattern(size) for size in sizes}
    files[BIG_FILE] = pattern(BIG_FILE_BYTES)
    return files


def listed_files() -> dict[str, bytes]:
    """Files of a directory of their own, with names that have to be written with care."""
    names = ("x.TXT", "x.css", "x.svg", "png", "a b", "a%41", "a?b#c", "<b>&\"'\\", "q:r",
             "\u00e4\u20ac", "-", "~", "Z", "z" * 120)
    return {name: pattern(number) for number, name in enumerate(names)}


def pattern(size: int) -> bytes:
    """`size` bytes in which no two pages are alike, the same each time."""
    words = b"".join(number.to_bytes(4, "little") for number in range((size + 7) // 8))
    return (words + words[::-1])[:size]


def run_command(tree: Path, command: list[str], limit: float) -> str:
    """Runs a host command; its output. Raises Failure if it fails or takes too long."""
    process = OwnProcess(command, tree)
    ended = process.finish(limit)
    if not ended or process.process.returncode != 0:
        raise Failure(f"`{' '.join(command)}` to work",
                      f"status {process.process.returncode}" if ended
                      else f"no end within {limit:.0f} s", "", " ".join(command),
                      process.console.last_lines(), "its output")
    return process.console.text()
