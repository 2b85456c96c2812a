"""`make gdb`: the debugger's commands on a running guest."""

from __future__ import annotations

import re
import shutil
import urllib.request

import gradelib
from gradelib import Failure
from harness import Host, Skip, system_test
from machine import Setup, run_command

ID = r"0000[0-9a-f]{4}"
FRAME = r"^#\d+ +[0-9a-f]{8} "

# Each command of a session, and what its answer must have.
SESSION = (
    ("jos-envs", rf"^{ID} 00000000 fs +waits .* fs +waits for a message from anybody$",
     rf"^{ID} {ID} ns +waits .* ns_input +waits for the card: a frame$",
     rf"^{ID} {ID} user .* httpd +waits for a message from {ID} ns$",
     rf"^{ID} {ID} user .* echosrv +waits ", r"^\d+ environments$"),
    ("jos-cpus", r"^CPU 0: .*idle, eip f01", r"^CPU 1: ", r"^kernel lock: (free|held)$",
     r"^receive lock: free$"),
    ("jos-bt httpd", rf"^environment {ID} httpd: waits for a message from {ID} ns$",
     FRAME + r"SocketBatch::submit\(int\) \+ \d+, lib/socket_batch\.cc:\d+$",
     FRAME + r"umain\(int, char\*\*\) \+ \d+, user/httpd\.cc:\d+$",
     FRAME + r"_start \+ \d+, lib/entry\.S:\d+$"),
    ("jos-bt ns_timer", FRAME + r"timer\(.*net/|" + FRAME + r"timer\(.*lib/syscall\.hh:\d+$",
     FRAME + r"umain\(int, char\*\*\) \+ \d+, net/main\.cc:\d+$"),
    ("jos-bt nobody", r"there is no environment nobody: jos-envs lists them"),
    ("jos-pages httpd", r"^00800000-\S+ +\d+ KiB .* user read-only$",
     r"^eebee000-eebfdfff +64 KiB .* user writable$", r"^\d+ runs of pages"),
    ("jos-pages httpd 0x800020", r"^  entry    2 = \S+  user writable$",
     r"^  table    0 = \S+  user read-only$", r"^  00800020 is physical [0-9a-f]{5}[0-9a-f]*020$",
     r"^  its frame has \d+ references$"),
    ("jos-pages httpd 0", r"^  00000000 is not mapped$"),
    ("jos-pages cr3 0xf0100000", r"kernel writable large$", r"^  f0100000 is physical 00100000$"),
    ("jos-rings frames", r"^82540EM: CTRL ",
     r"^transmit ring: 64 descriptors at \S+; the card's head",
     r"  52:54:00:12:34:56 > ff:ff:ff:ff:ff:ff ARP$|TCP 10\.0\.2\.15:80 > ",
     r"^receive ring: 256 descriptors at ", r"empty +length"),
    ("jos-rings no", r"^jos-rings, or jos-rings frames$"),
    ("jos-symbols sh", r"^symbols of obj/user/sh$"),
    ("info line umain", r'"user/sh\.cc"'),
    ("jos-symbols user/nothing", r"user/nothing is no program"),
    # Stopped in the kernel, on the way of a system call: its program's calls are known too.
    ("break dispatch_syscall", r"^Breakpoint 1 at 0xf01"),
    ("continue", r"hit Breakpoint 1, dispatch_syscall"),
    ("jos-bt", r"^in the kernel, on CPU [01]:$", r"^#0  dispatch_syscall ",
     r"^which it entered from:$", FRAME + r"_start \+ \d+, lib/entry\.S:\d+$"),
    ("delete", ""),
)


def gdb_program() -> str:
    found = shutil.which("gdb") or shutil.which("gdb-multiarch")
    if not found:
        raise Skip("neither gdb nor gdb-multiarch is installed")
    return found


def run_gdb(host: Host, port: int, commands: list[str]) -> list[str]:
    """Runs a debugger session; the answer to each command."""
    mark = "---answer---"
    arguments = [gdb_program(), "-n", "-q", "-batch", "-ex", f"set $jos_port = {port}",
                 "-x", "tools/gdbinit"]
    for command in commands:
        arguments += ["-ex", f"echo {mark}\\n", "-ex", command]
    answers = run_command(host.tree, arguments, 120 * host.scale).split(f"{mark}\n")[1:]
    if len(answers) != len(commands):
        raise Failure(f"{len(commands)} answers from the debugger", f"{len(answers)}", "",
                      "", answers[-1:], "the last")
    return answers


@system_test("a trace has the system calls of chosen environments, decoded")
def trace_shows(host: Host) -> None:
    log = host.tree / "obj" / "system" / "trace.log"
    log.unlink(missing_ok=True)
    variables = ("TRACE=httpd,sh,hello", f"TRACE_FILE={log.relative_to(host.tree)}")
    machine = host.boot(Setup(net="user", variables=variables))
    head = rf"^ *\d+\.\d{{6}} {ID} "
    try:
        if urllib.request.urlopen(f"{machine.url}/index.html", timeout=60 * host.scale).status != 200:
            raise machine.failure("the page")
        machine.shell("hello")
        machine.shell("no_such_program")
    finally:
        machine.stop(keep_capture=False)
    text = log.read_text(encoding="utf-8", errors="replace")
    for pattern in (
            head + rf"httpd: ipc_call\(to {ID}:ns, value 0x\S+, pages 0x\S+\+\d+ rw, window \S+.*, "
                   r"timeout_ms \S+\) \.\.\.$",
            head + rf"httpd: \.\.\. ipc_call = from {ID}:ns, value 0x\S+, pages \d+$",
            head + rf"sh: getenvid\(\) = {ID}:sh$",
            head + rf"sh: exofork\(\) = {ID}:sh$",
            head + r"sh: console_read\(buffer 0x\S+, length \d+, timeout_ms forever\) \.\.\.$",
            head + r"sh: \.\.\. console_read = \d+$",
            head + r"sh: page_map\(src_env itself, src_va 0x\S+, dst_env \S+, dst_va 0x\S+, perm pu",
            head + r'hello: cputs\(text ".*hello.*\\n"',
            head + r"hello: (exit\(status 0\)|env_destroy\(env itself\))$"):
        if not re.search(pattern, text, re.MULTILINE):
            raise Failure(f"`{pattern}` in the trace", "", "", "make trace ENVS=httpd,sh",
                          text.splitlines()[-20:], "its end")
    strangers = set(re.findall(rf"^ *\d+\.\d+ {ID} (\w+):", text, re.MULTILINE)) \
        - {"httpd", "sh", "hello"}
    if strangers:
        raise Failure("a trace of the chosen environments alone", ", ".join(strangers))


@system_test("the debugger's commands show environments, pages, rings and calls")
def debugger_shows(host: Host) -> None:
    gdb_program()
    machine = host.boot(Setup(net="user", variables=("CPUS=2",)))
    try:
        found = re.search(r"make gdb, in a second terminal \(port (\d+)\)", machine.console.text())
        if not found:
            raise machine.failure("the run to say the debugger's port")
        gradelib.end_if_asked()
        answers = run_gdb(host, int(found.group(1)), [command for command, *_ in SESSION])
        for (command, *patterns), answer in zip(SESSION, answers):
            for pattern in patterns:
                if not re.search(pattern, answer, re.MULTILINE):
                    raise Failure(f"`{pattern}` in the debugger's answer to `{command}`", "", "",
                                  "make gdb", answer.splitlines()[-20:], "its answer")
        machine.shell("echo still here")            # it goes on once the debugger has left
        machine.check_alive()
    finally:
        machine.stop(keep_capture=False)
