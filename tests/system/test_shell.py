"""A person at the shell: pipes, files, jobs, keys, the network's tools, reboot and halt."""

from __future__ import annotations

import re
import time

import gradelib
from harness import Host, Skip, system_test
from hosts import name_server, web_server
from machine import Machine, Setup

TRANSCRIPT = "obj/system/shell_session.txt"
ID = r"[0-9a-f]{8}"

# Commands, and what each must print: patterns of lines, in this order.
FILES = (
    ("echo one two three | wc", r"^ +1 +3 +14$"),
    ("cat /lorem | grep card | num", r"^ +1 .*card", r"^ +2 .*card"),
    ("cat < /motd" + " | cat" * 100 + " | wc -l", r"^ +4$"),
    ("echo" + " | cat" * 128, r"^sh: syntax: too many commands in a pipeline \(128 at most\)$"),
    ("cat /lorem | grep card | num > /numbered; wc -l /numbered", r"^ +2 /numbered$"),
    ("cat /motd >> /numbered && wc -l < /numbered", r"^ +6$"),
    ("cat /nowhere 2> /errors; echo status $?", r"^status 1$"),
    ("cat /errors", r"^cat: /nowhere: file or block not found$"),
    ("cat /nowhere 2>&1 | wc -l", r"^ +1$"),
    ("mkdir /notes; cp /motd /notes; mv /notes/motd /notes/day; ls -l /notes", r" 167 .*day$"),
    ("rm -r /notes; ls /notes", r"^ls: /notes: file or block not found$"),
    ("nosuchprogram; echo $?", r"^sh: nosuchprogram: no such program$", r"^127$"),
    ("divzero; echo $?", r"^  trap 0x00000000 Divide error$",
     r"^sh: divzero ended with status 128$", r"^128$"),
    ("echo 'a  b' \"c  $?\" d\\ e # comment", r"^a  b c  0 d e$"),
)
JOBS = (
    ("sleep 1000 &", rf"^\[1\] {ID}$"),
    ("cat /motd | sleep 1000 &", rf"^\[2\] {ID}$"),
    ("jobs", rf"^\[1\] {ID} sleep 1000$", rf"^\[2\] {ID} cat /motd \| sleep 1000$"),
    ("ps", r"^ID +PARENT +STATUS", r" waiting +file server .* fs$", r" waiting .* sh$",
     r" waiting .* sleep$", r" waiting .* sleep$", r" running .* ps$"),
    ("kill %1", r"^\[1\] sleep 1000: done, status 137$"),
    ("kill %2", r"^\[2\] cat /motd \| sleep 1000: done, status 137$"),
    ("ps | grep -c sleep", r"^0$"),
    ("sleep 1 & wait %1; echo $?", r"^0$"),
    ("kill %1", r"^sh: %1: no such job"),
    ("kill 1000; kill x", r"^sh: kill: ", r"^sh: kill: wants "),
    ("uptime; free", r"^\d+:\d\d:\d\d", r"\d+ in use"),
)
NETWORK = (
    ("ifconfig", r"52:54:00:12:34:56", r"10\.0\.2\.15"),
    ("netstat", r":80\b.*(?i:listen)"),
    ("ping -c 3 10.0.2.2", r"\b0% packet loss"),
    ("nslookup host.example", r"^host\.example has address 10\.0\.2\.2$"),
    ("nslookup nobody.example; echo $?", r"nobody\.example: no such host", r"^1$"),
    ("wget -O /page http://host.example:8080/motd", r"^Connecting to host\.example"),
    ("cat /page", r"^This is /motd, the message of the day\.$"),
    ("wget -q -O - http://10.0.2.2:8080/lorem | wc", r"^ +10 +141 +780$"),
    ("wget -q -O - http://10.0.2.2:8080/nowhere; echo $?", r"404", r"^1$"),
)


def run(machine: Machine, command: str, *patterns: str) -> None:
    """Has the shell run a command; the answer must have lines like the patterns, in their order."""
    answer = machine.shell(command)
    position = 0
    for pattern in patterns:
        found = re.compile(pattern, re.MULTILINE).search(answer, position)
        if not found:
            raise machine.failure(f"`{pattern}` in the answer to `{command}`", answer[-500:])
        position = found.end()


def wait_for_prompt(machine: Machine, begin: int, what: str) -> str:
    """Waits until the console, from `begin` on, ends with the prompt again; what came before it."""
    machine.wait_for(lambda text: text[begin:].endswith("\n$ "), 60, what)
    return machine.console.text()[begin:]


def interrupt(machine: Machine) -> None:
    """Ctrl-C ends the program in the foreground, and only that."""
    begin = len(machine.console.text())
    machine.type("cat | cat\nfirst line\n")
    machine.wait_for(lambda text: text[begin:].count("first line\n") == 2, 60, "`cat` to answer")
    machine.type("\x03")
    ended = wait_for_prompt(machine, begin, "the prompt after Ctrl-C")
    if not re.search(r"^\^C$", ended, re.MULTILINE):
        raise machine.failure("^C on a line of its own", ended[-200:])
    run(machine, "echo $?", r"^130$")


def restart(machine: Machine) -> None:
    """What was written before `reboot` is there after it."""
    run(machine, "echo written before the reboot > /kept; cat /kept", r"^written before")
    starts = machine.console.text().count("JOS++ shell.")
    machine.type("reboot\n")
    machine.wait_for(lambda text: text.count("JOS++ shell.") > starts and text.endswith("\n$ "),
                     120, "the shell's prompt after `reboot`")
    run(machine, "cat /kept", r"^written before the reboot$")
    run(machine, "uptime", r"^0:0\d:\d\d")


def halt(machine: Machine) -> None:
    """`halt` ends QEMU, which says that all was well."""
    machine.type("halt\n")
    deadline = time.monotonic() + 60 * machine.scale
    while machine.is_running():
        gradelib.end_if_asked()
        if time.monotonic() > deadline:
            raise machine.failure("QEMU to end after `halt`")
        time.sleep(0.05)
    if machine.exit_status() != 0:
        raise machine.failure("status 0 of `make qemu-nox`", f"{machine.exit_status()}")


@system_test("a session at the shell")
def session(host: Host) -> None:
    """Keeps what was on the console in obj/system/shell_session.txt."""
    if host.no_tap:
        raise Skip(host.no_tap)
    machine = host.boot(Setup(net="tap"))
    try:
        for command, *patterns in FILES + JOBS:
            run(machine, command, *patterns)
        interrupt(machine)
        with web_server(host.tree / "fs" / "root"), name_server():
            for command, *patterns in NETWORK:
                run(machine, command, *patterns)
        restart(machine)
        halt(machine)
    finally:
        machine.stop(keep_capture=False)
        text = machine.console.text()
        begin = max(text.find("JOS++ shell."), 0)
        (host.tree / TRANSCRIPT).write_text(text[begin:], encoding="utf-8")


UP, DOWN, RIGHT, LEFT = "\x1b[A", "\x1b[B", "\x1b[C", "\x1b[D"
CTRL_A = "\x01\x01"                  # QEMU takes the first for itself
HOME, END, DELETE = "\x1b[H", "\x1b[F", "\x1b[3~"
CTRL_E, CTRL_K, CTRL_L, CTRL_U, CTRL_W = "\x05", "\x0b", "\x0c", "\x15", "\x17"

# What is typed, and the line that comes out of it.
EDITED = (
    ("ech" + LEFT + LEFT + "XX" + "\x7f\x7f" + END + "o moved", "moved"),
    ("cho home" + HOME + "e", "home"),
    ("eecho deleted" + CTRL_A + DELETE, "deleted"),
    ("echo cut and more" + LEFT * 9 + CTRL_K, "cut"),
    ("echo wrong words" + CTRL_W + CTRL_W + "right", "right"),
    ("all of it" + CTRL_U + "echo anew", "anew"),
    (UP, "anew"),
    (UP + UP + UP + DOWN, "right"),
    ("half" + UP + DOWN + CTRL_A + "echo " + CTRL_E + " a line", "half a line"),
    ("echo cleared" + CTRL_L, "cleared"),
    ("false; sh" + CTRL_U + "echo over " + "x" * 200 + LEFT * 200 + CTRL_K + "the edge",
     "over the edge"),
    ("exit\x03echo dropped", "dropped"),
)


@system_test("lines are edited at the shell, and come back", Setup(net="user"))
def editing(machine: Machine) -> None:
    for keys, line in EDITED:
        begin = len(machine.console.text())
        machine.type(keys + "\n")
        answer = wait_for_prompt(machine, begin, f"the answer to {keys!r}")
        if not answer.endswith(f"\n{line}\n$ "):
            raise machine.failure(f"`{line}` after the keys {keys!r}", repr(answer[-300:]))
