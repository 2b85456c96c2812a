"""The kernel's own voice: monitor, panic, keyboard."""

from __future__ import annotations

import re
import time

import gradelib
from harness import Host, system_test
from machine import Machine, Setup

TO_QEMU = "\x01c"                   # Ctrl-a c: the console is QEMU's monitor, and the guest's again
PROMPT = "K> "

# What the monitor answers: each pattern must be in the answer to the command.
FRAME = r"^  ebp [0-9a-f]{8}  eip [0-9a-f]{8}  args( [0-9a-f]{8})+\n +"
ANSWERS = (
    ("help", r"^help +\S", r"^backtrace +\S", r"^envs +\S", r"^kerninfo +\S", r"^mem +\S",
     r"^nic +\S", r"^pci +\S"),
    ("kerninfo", r"^  entry +f0100000 \(virt\)  00100000 \(phys\)$", r"^  end +f0[0-9a-f]{6} "),
    ("backtrace", FRAME + r"kern/debug/monitor\.cc:\d+: monitor\+\d+$",
     FRAME + r"kern/cpu/trap\.cc:\d+: trap\+\d+$"),
    ("envs", r"^0000\S+ 00000000 user +running +breakpoint ", r"^\d+ of 1024$"),
    ("mem", r"^pages: \d+ total, \d+ in use, \d+ free$"),
    ("pci", r"^PCI: 00:03\.0: 8086:100e"),
    ("nic", r"^e1000 82540EM, MAC 52:54:00:12:34:56, link up", r"^receive ring: 256 descriptors"),
    ("mappings", r"^usage: mappings "),
    ("nonsense", r"^Unknown command 'nonsense'"),
    ("x " * 100, r"^Too many words"),
    ("y" * 3000, r"^Unknown command 'y{1000}"),
    ("not this\x03envs", r"^\d+ of 1024$"),
    ("not this\x15mem", r"^pages: \d+ total"),
    ("mex\x7fm", r"^pages: \d+ total"),
)


def ask(machine: Machine, command: str, patterns: tuple[str, ...]) -> None:
    """Types a command into the kernel's monitor; its answer must have the patterns."""
    begin = len(machine.console.text())
    machine.type(command + "\n")
    prompts = 2 if "\x03" in command else 1             # Ctrl-C shows a new one

    def answer(text: str) -> str:
        parts = text[begin:].split(PROMPT)
        return PROMPT.join(parts[:-1]) if len(parts) > prompts and not parts[-1] else ""
    found = str(machine.wait_for(answer, 30, f"the monitor to answer `{command[:40]}`"))
    for pattern in patterns:
        if not re.search(pattern, found, re.MULTILINE):
            raise machine.failure(f"`{pattern}` in the answer to `{command[:40]}`", found[-500:])


@system_test("the kernel's monitor answers")
def monitor_answers(host: Host) -> None:
    setup = Setup(net="user", program="breakpoint", network=False)
    machine = host.boot(setup)
    try:
        machine.wait_for(lambda text: text.endswith(PROMPT), 120, "the monitor's prompt")
        for command, *patterns in ANSWERS:
            ask(machine, command, tuple(patterns))
        machine.type("continue\n")
        machine.wait_for(lambda text: "exiting gracefully" in text, 30, "the program to go on")
    finally:
        machine.stop(keep_capture=False)


BREAK = "\x01b"                     # Ctrl-a b


@system_test("a break opens the monitor of a system that runs, which then goes on")
def break_opens_monitor(host: Host) -> None:
    machine = host.boot(Setup(net="user"))
    try:
        for sent in (6, 7):
            machine.type(BREAK)
            machine.wait_for(lambda text: text.endswith(PROMPT), 30, "the monitor's prompt")
            ask(machine, "envs", (r"^0000\S+ \S+ network +waits", r"^0000\S+ \S+ user +waits +sh "))
            ask(machine, f"nicbench transmit {sent * 10} 1",
                (r"^transmit: (\d+) frames, \d+0 bytes in 1\d{6} us, .*; the card counts \1$",))
            ask(machine, "nicbench receive 1", (r"^receive: \d+ frames, \d+ bytes in 1\d{6} us",))
            ask(machine, "nicbench transmit 1519 1", (r"^nicbench transmit BYTES SECONDS ",))
            machine.type(BREAK)                         # in the monitor it means nothing
            machine.type("continue\n")
            if "still here" not in machine.shell("echo still here"):
                raise machine.failure("the shell to go on after `continue`")
    finally:
        machine.stop(keep_capture=False)


def wait_for_end(machine: Machine, why: str) -> None:
    deadline = time.monotonic() + 60 * machine.scale
    while machine.is_running():
        gradelib.end_if_asked()
        if time.monotonic() > deadline:
            raise machine.failure(f"QEMU to end {why}")
        time.sleep(0.05)


def check_console(machine: Machine, patterns: tuple[str, ...]) -> None:
    for pattern in patterns:
        if not re.search(pattern, machine.console.text(), re.MULTILINE):
            raise machine.failure(f"`{pattern}` on the console")


# QEMU's device that lets a panic end it with a failure.
PANIC_EXIT = "-device isa-debug-exit,iobase=0xf4,iosize=4"


@system_test("a panic tells where, and ends QEMU with a failure")
def panic_tells_where(host: Host) -> None:
    """QEMU's `nmi` is a trap that the kernel takes for a reason to panic."""
    setup = Setup(net="user", variables=(f"QEMUEXTRA=-snapshot {PANIC_EXIT}",))
    machine = host.boot(setup)
    try:
        machine.type(f"{TO_QEMU}nmi\n{TO_QEMU}")
        wait_for_end(machine, "after a panic")
        check_console(machine, (r"^kernel panic on CPU \d at \S+:\d+: Non-Maskable Interrupt in ",
                                r"^  trap 0x00000002 Non-Maskable Interrupt$",
                                FRAME + r"kern/cpu/trap_entry\.S:\d+: trap_common\+\d+$",
                                r"Error 3$"))
    finally:
        machine.stop(keep_capture=False)


def crash(host: Host, how: str, variables: tuple[str, ...], patterns: tuple[str, ...]) -> None:
    """Has the monitor bring the kernel down; QEMU must end, with these patterns on the console."""
    setup = Setup(net="user", program="breakpoint", network=False, variables=variables)
    machine = host.boot(setup)
    try:
        machine.wait_for(lambda text: text.endswith(PROMPT), 120, "the monitor's prompt")
        machine.type(f"crash {how}\n")
        wait_for_end(machine, f"after `crash {how}`")
        check_console(machine, patterns)
        if len(gradelib.FIRMWARE_LINE.findall(machine.console.text())) > 1:
            raise machine.failure("a stop at the first fault", "the machine started again")
    finally:
        machine.stop(keep_capture=False)


@system_test("a fault of the kernel is one report")
def kernel_fault(host: Host) -> None:
    crash(host, "fault", (f"QEMUEXTRA=-snapshot {PANIC_EXIT}",),
          (r"^kernel panic on CPU \d at kern/debug/monitor_crash\.cc:\d+: Page Fault in the kernel$",
           r"^  cr2  0x00000000$", r"crash_by_fault", r"Error 3$"))


@system_test("a kernel stack that is used up is one report, on each CPU")
def kernel_stack_used_up(host: Host) -> None:
    patterns = (r"^kernel panic on CPU \d at kern/debug/monitor_crash\.cc:\d+: "
                r"the kernel stack is used up, stack pointer eff\S+$",
                r"^  trap 0x00000008 Double Fault$", r"use_stack.*\n(?s:.*)use_stack", r"Error 3$")
    for cpus in (1, 4):
        crash(host, "stack", (f"QEMUEXTRA=-snapshot {PANIC_EXIT}", f"CPUS={cpus}"), patterns)


@system_test("a triple fault is explained, and the machine does not start again")
def triple_fault(host: Host) -> None:
    place = r"kern/debug/monitor_crash\.cc:\d+$"
    patterns = (r"^\*\*\* Triple fault: ",
                r"eip f01[0-9a-f]{5}  .*crash_by_triple_fault\(\), " + place,
                r"^    wrong: the trap table \(IDT\) ends after 0 entries",
                r"^    called from f01[0-9a-f]{5}  .*monitor_crash\(.*" + place,
                r"^    called from f01[0-9a-f]{5}  trap_common, kern/cpu/trap_entry\.S:\d+$")
    crash(host, "triple", ("CPUS=2",), patterns)
    crash(host, "triple", ("EXCEPTIONS=1",),
          (*patterns, r"^    what happened: invalid opcode, on the way to its handler general "
                      r"protection, on the way to its handler double fault$"))


@system_test("reboot starts again, with the files as they were; halt ends QEMU")
def reboot_and_halt(host: Host) -> None:
    machine = host.boot(Setup(net="user"))
    try:
        machine.shell("echo still there > /kept")
        for boots in (2, 3):
            machine.type("reboot\n")
            machine.wait_for(lambda text, boots=boots: text.count("JOS++ shell.") == boots
                             and text.endswith("$ "), 120, "the shell to come again")
            if "still there" not in machine.shell("cat /kept"):
                raise machine.failure("the file that was written before `reboot`")
        machine.type("halt\n")
        wait_for_end(machine, "after `halt`")
        if machine.exit_status() != 0:
            raise machine.failure("status 0 after `halt`", f"status {machine.exit_status()}")
    finally:
        machine.stop(keep_capture=False)


@system_test("the keyboard types into the shell")
def keyboard_types(host: Host) -> None:
    keys = ("e c h o spc shift-h e l l shift-0 minus shift-minus x backspace ret "
            "up left home delete e end shift-1 ret").split()
    machine = host.boot(Setup(net="user"))
    try:
        machine.type(TO_QEMU + "".join(f"sendkey {key} 20\n" for key in keys) + TO_QEMU)
        machine.wait_for(re.compile(r"^Hell\)-_$", re.MULTILINE).search, 60,
                         "`echo` to print what was typed on the keyboard")
        machine.wait_for(re.compile(r"^Hell\)-_!$", re.MULTILINE).search, 60,
                         "`echo` to print the line before, edited with the keyboard's keys")
        machine.check_alive()
    finally:
        machine.stop(keep_capture=False)
