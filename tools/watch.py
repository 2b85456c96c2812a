"""Watches a guest for tools/run: the first triple fault is reported and is the end; a guest that
asks for a reset gets it.

To QEMU both are a reset. So QEMU stops the machine there (`-action reboot=shutdown,shutdown=pause`)
and says so on a QMP connection; its log tells which of the two it was. The watcher is a child
process of what becomes QEMU, and ends with it.
"""
import collections
import contextlib
import json
import os
import re
import select
import signal
import socket
import subprocess
import sys

LOG_BYTES = 64 << 10                # of QEMU's log that are kept
MOST_FRAMES = 12
TRIPLE_FAULT = "Triple fault"
DOUBLE_FAULT = 8

# Intel SDM volume 3, table 6-1.
EXCEPTIONS = {0: "divide error", 1: "debug", 2: "non-maskable interrupt", 3: "breakpoint",
              4: "overflow", 5: "bound range exceeded", 6: "invalid opcode",
              7: "device not available", 8: "double fault", 10: "invalid TSS",
              11: "segment not present", 12: "stack fault", 13: "general protection",
              14: "page fault", 16: "floating-point error", 17: "alignment check",
              18: "machine check", 19: "SIMD floating-point exception"}


# Options of the user's own that leave nothing to watch: QEMU does as they say.
OWN_OPTIONS = {"-action", "-no-reboot", "-no-shutdown", "-d", "-D"}


def start(symbols, addr2line, memory, exceptions, stay):
    """Starts the watcher; QEMU's options, for this process to become QEMU with.

    `symbols`: the kernel's ELF file. `memory`: the guest's, in bytes. `exceptions`: have QEMU log
    them, which is slow. `stay`: a triple fault leaves QEMU as it is, for a debugger."""
    log_end, qemus_log_end = os.pipe()
    control_end, qemus_control_end = socket.socketpair()
    child = os.fork()
    if child == 0:
        keep = (log_end, control_end.fileno())
        for fd in range(3, max(keep) + 64):           # QEMU's ends too, and the slot's lock
            if fd not in keep:
                with contextlib.suppress(OSError):
                    os.close(fd)
        for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM, signal.SIGQUIT):
            signal.signal(number, signal.SIG_IGN)       # it ends when QEMU does
        status = 1
        try:
            Watcher(log_end, control_end, Kernel(symbols, addr2line), memory,
                    stay).watch()
            status = 0
        except (EOFError, ConnectionError):             # QEMU ended while it was asked
            status = 0
        except (OSError, ValueError) as error:
            print(f"run: cannot watch the guest: {error}", file=sys.stderr)
        finally:
            os._exit(status)
    os.close(log_end)
    control_end.close()
    control = qemus_control_end.detach()
    for fd in (qemus_log_end, control):
        os.set_inheritable(fd, True)
    return ["-action", "reboot=shutdown,shutdown=pause",
            "-chardev", f"socket,id=watch,fd={control}", "-mon", "chardev=watch,mode=control",
            "-d", "cpu_reset,int" if exceptions else "cpu_reset", "-D", f"/dev/fd/{qemus_log_end}"]


class Log:
    """The end of what QEMU has logged."""

    def __init__(self, fd):
        os.set_blocking(fd, False)
        self.fd = fd
        self.kept = b""

    def read(self):
        """Takes what there is; False at the end."""
        while True:
            try:
                data = os.read(self.fd, 1 << 16)
            except BlockingIOError:
                return True
            if not data:
                return False
            self.kept = (self.kept + data)[-LOG_BYTES:]

    def forget(self):
        self.read()
        self.kept = b""

    def text(self):
        return self.kept.decode("ascii", "replace")


class Control:
    """A QMP connection: commands and their answers, and events in between."""

    def __init__(self, connection):
        self.connection = connection
        self.buffer = b""
        self.events = collections.deque()
        self.ask("qmp_capabilities")

    def message(self):
        """The next message; EOFError at the end."""
        while b"\n" not in self.buffer:
            data = self.connection.recv(1 << 16)
            if not data:
                raise EOFError
            self.buffer += data
        line, self.buffer = self.buffer.split(b"\n", 1)
        return json.loads(line)

    def ask(self, command, **arguments):
        """The answer to a command; events that come meanwhile are kept."""
        text = json.dumps({"execute": command, "arguments": arguments})
        self.connection.sendall(text.encode() + b"\n")
        while True:
            message = self.message()
            if "event" in message:
                self.events.append(message)
            elif "error" in message:
                raise ValueError(f"QEMU refuses {command}: {message['error'].get('desc')}")
            elif "return" in message:
                return message["return"]

    def monitor(self, line, cpu=0):
        """What QEMU's own monitor answers to a line."""
        return self.ask("human-monitor-command", **{"command-line": line, "cpu-index": cpu})

    def wait_for(self, name):
        """Waits for an event of this name."""
        while True:
            message = self.events.popleft() if self.events else self.message()
            if message.get("event") == name:
                return

    def take_event(self):
        """The next event; None if the message was none."""
        message = self.events.popleft() if self.events else self.message()
        return message if "event" in message else None


class Kernel:
    """Names for the kernel's addresses."""

    def __init__(self, symbols, addr2line):
        self.command = [addr2line, "-e", symbols, "-f", "-C"]
        self.tree = os.path.dirname(os.path.dirname(os.path.realpath(__file__))) + "/"

    def place(self, address):
        """`function, file:line`, or nothing."""
        try:
            done = subprocess.run(self.command + [f"{address:#x}"], stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, text=True,
                                  check=False)
        except OSError:
            return ""
        function, line = (done.stdout.splitlines() + ["??", "??"])[:2]
        line = line.replace(self.tree, "").split(" (")[0]
        if line.startswith("??"):
            line = ""
        return "" if function == "??" else ", ".join(text for text in (function, line) if text)


class StoppedCpu:
    """One CPU as it was when the machine stopped."""

    def __init__(self, control, number, text):
        self.control = control
        self.number = number
        self.values = {name: int(value, 16)
                       for name, value in re.findall(r"\b(\w+) *=([0-9a-f]+)\b", text)}
        tables = re.findall(r"\b([GI]DT)= +([0-9a-f]+) ([0-9a-f]+)", text)
        self.tables = {name: (int(base, 16), int(limit, 16)) for name, base, limit in tables}
        self.is_paging = bool(self.values.get("CR0", 0) >> 31)

    def __getitem__(self, name):
        return self.values.get(name, 0)

    def is_mapped(self, address):
        if not self.is_paging:
            return True
        return "gpa:" in self.control.monitor(f"gva2gpa {address & 0xFFFFFFFF:#x}", self.number)

    def words(self, address, count):
        """Words of its memory; none where nothing is mapped."""
        if not self.is_mapped(address) or not self.is_mapped(address + 4 * count - 1):
            return []
        text = self.control.monitor(f"x/{count}xw {address:#x}", self.number)
        return [int(word, 16) for word in re.findall(r"0x([0-9a-f]{8})\b", text)][:count]

    def reasons(self):
        """What is wrong with what the CPU needs to deliver an exception."""
        base, limit = self.tables.get("IDT", (0, 0))
        if limit < 8 * DOUBLE_FAULT + 7:
            yield f"the trap table (IDT) ends after {(limit + 1) // 8} entries: it was not " \
                  "loaded yet, or with a wrong limit"
        elif not self.is_mapped(base):
            yield f"the trap table (IDT), at {base:08x}, is not mapped"
        base, _ = self.tables.get("GDT", (0, 0))
        if not self.is_mapped(base):
            yield f"the table of segments (GDT), at {base:08x}, is not mapped"
        if not self.is_mapped(self["EIP"]):
            yield f"eip {self['EIP']:08x} is not mapped: a jump to nowhere, or a page directory " \
                  "without the kernel"
        if self["CPL"] == 0 and not self.is_mapped(self["ESP"] - 4):
            yield f"the stack is not mapped below esp {self['ESP']:08x}: it is used up, or esp " \
                  "is wrong"

    def frames(self):
        """Return addresses, found by frame pointers."""
        ebp = self["EBP"]
        for _ in range(MOST_FRAMES):
            pair = self.words(ebp, 2) if ebp else []
            if len(pair) < 2 or pair[1] == 0:
                return
            yield pair[1]
            if pair[0] <= ebp:
                return
            ebp = pair[0]


def exceptions_in(log):
    """The exceptions that QEMU's log ends with, all at one instruction, by number; empty if it
    logs none. A line is `  12: v=0e e=0002 i=0 cpl=0 IP=0008:f0101f09`; i is 1 for INT."""
    found = re.findall(r"^ *\d+: v=([0-9a-f]+) e=[0-9a-f]+ i=0 cpl=\d IP=(\S+) ",
                       log.split(TRIPLE_FAULT)[0], re.MULTILINE)
    chain = []
    for number, place in reversed(found):
        if place != found[-1][1]:
            break
        chain.insert(0, int(number, 16))
    return chain


def describe_chain(chain):
    names = [EXCEPTIONS.get(number, f"exception {number}") for number in chain]
    return ", on the way to its handler ".join(names)


class Watcher:
    """Reads QEMU's log, and acts on its events."""

    def __init__(self, log_fd, connection, kernel, memory, stay):
        self.log = Log(log_fd)
        self.kernel = kernel
        self.memory = memory
        self.stay = stay
        self.control = Control(connection)

    def watch(self):
        """Until QEMU ends."""
        while True:
            while self.control.events or b"\n" in self.control.buffer:
                self.act(self.control.take_event())
            ready, _, _ = select.select([self.log.fd, self.control.connection], [], [])
            if self.log.fd in ready and not self.log.read():
                return
            if self.control.connection in ready:
                self.act(self.control.take_event())

    def act(self, event):
        if not event or event["event"] != "SHUTDOWN":
            return
        self.log.read()                 # QEMU logs first
        if event["data"].get("reason") not in ("guest-reset", "host-qmp-system-reset"):
            self.control.ask("quit")
        elif TRIPLE_FAULT in self.log.text() and not all(map(self.in_firmware, self.cpus())):
            self.report()
            if not self.stay:
                self.control.ask("quit")
        else:
            self.reset()

    def reset(self):
        """Lets the guest start again, as it asked."""
        self.control.ask("set-action", reboot="reset")
        self.control.ask("system_reset")
        self.control.wait_for("RESET")
        self.log.forget()
        self.control.ask("set-action", reboot="shutdown")
        self.control.ask("cont")

    def cpus(self):
        texts = re.split(r"CPU#\d+", self.control.monitor("info registers -a"))[1:]
        return [StoppedCpu(self.control, number, text) for number, text in enumerate(texts)]

    def in_firmware(self, cpu):
        """Whether this CPU runs the BIOS. After a guest's reset it asks for another, and causes a
        triple fault if that takes a while. It is in ROM, or in the last MiB of memory."""
        places = ((0xE0000, 0x100000), (0xFFF00000, 1 << 32),
                  (self.memory - (1 << 20), self.memory))
        return not cpu.is_paging and (cpu["HLT"] or any(
            begin <= (cpu["CS"] * 16 if cpu["CR0"] & 1 == 0 else 0) + cpu["EIP"] < end
            for begin, end in places))

    def report(self):
        cpus = self.cpus()
        lines = ["", "*** Triple fault: the processor could not deliver an exception, nor the "
                     "double fault", "*** that this is, and resets itself."]
        chain = exceptions_in(self.log.text())
        if chain:
            lines.append(f"    what happened: {describe_chain(chain)}")
        for cpu in cpus:
            lines += self.describe(cpu, len(cpus))
        if not chain:
            lines.append("    to see which exceptions it was, run the same with EXCEPTIONS=1")
        lines.append("*** The machine stands still: look at it with `make gdb`."
                     if self.stay else "*** QEMU ends here; with -gdb (make qemu-gdb) it stands "
                                       "still instead, for `make gdb`.")
        print("\n".join(lines), file=sys.stderr, flush=True)

    def describe(self, cpu, count):
        """One CPU in lines; a halted one has not much to say."""
        place = self.kernel.place(cpu["EIP"])
        head = f"    {f'CPU {cpu.number}: ' if count > 1 else ''}eip {cpu['EIP']:08x}  {place}"
        if cpu["HLT"]:
            return [head + " (halted)"]
        lines = [head, f"    esp {cpu['ESP']:08x}  ebp {cpu['EBP']:08x}  cr2 {cpu['CR2']:08x} "
                       f"(the last page fault's address)  cr3 {cpu['CR3']:08x}",
                 f"    in {'the kernel' if cpu['CPL'] == 0 else 'a program'}, paging is "
                 f"{'on' if cpu.is_paging else 'off'}"]
        lines += [f"    wrong: {reason}" for reason in cpu.reasons()]
        for address in cpu.frames():
            lines.append(f"    called from {address:08x}  {self.kernel.place(address - 1)}")
        return lines
