#!/usr/bin/env python3
"""Ports on this host for the guests of this tree.

usage: ports.py gdbport        print the debugger port that the next run will use
       ports.py which          say which host ports reach the guest
       ports.py get NAME       print one port of the running guest: gdb, echo, web

A slot is four neighbouring ports from P on: P for the debugger, P + 1 for the guest's port 7 (TCP
and UDP), P + 2 for its port 80. The frames of `make ping` go from UDP P + 2 to UDP P, and come
from a socket beside the slot's file.

Slots are shared out between trees and users by files in one folder, a file per slot, made with
O_EXCL by the tree that takes it and kept for that tree. A running guest holds a lock on its slot's
file: tools/run takes it and QEMU inherits it, so that it ends with QEMU however that ends. Every
port is tried before it is used, in case a stranger has it.
"""
import contextlib
import fcntl
import json
import os
import socket
import stat
import sys
import tempfile
import time

FIRST_PORT = 20000
LAST_PORT = 32000               # below the ports that hosts give to outgoing connections
SLOT_PORTS = 4
TREE = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))


class PortError(Exception):
    """What went wrong with the ports, and what to do."""


def slot_folder():
    """The folder that all users of this host share, or one of this user's own."""
    shared = os.path.join("/tmp" if os.path.isdir("/tmp") else tempfile.gettempdir(), "jos-ports")
    for path, mode in ((shared, 0o1777), (f"{shared}-{os.getuid()}", 0o700)):
        with contextlib.suppress(FileExistsError):
            os.mkdir(path)
            os.chmod(path, mode)
        if os.path.isdir(path) and not os.path.islink(path) and os.access(path, os.W_OK | os.X_OK):
            return path
    raise PortError(f"cannot write to {shared} nor to {shared}-{os.getuid()}: remove them, or make "
                    "them writable")


class Slot:
    """One slot's file. `record` is what it says: the tree, and the guest that runs or ran."""

    def __init__(self, port, fd):
        self.port = port
        self.fd = fd
        self.record = read_record(fd)

    def close(self):
        os.close(self.fd)

    def lock(self):
        """Takes the slot's lock without waiting; False if a guest or another process has it, or
        the file has been replaced meanwhile."""
        for _ in range(5):
            try:
                fcntl.flock(self.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if self.running_pid():
                    return False
                time.sleep(0.01)        # somebody is only looking
        else:
            return False
        with contextlib.suppress(OSError):
            if os.stat(slot_path(self.port)).st_ino == os.fstat(self.fd).st_ino:
                self.record = read_record(self.fd)
                return True
        return False

    def unlock(self):
        fcntl.flock(self.fd, fcntl.LOCK_UN)

    def running_pid(self):
        """The process that holds the slot's ports, 0 if none does."""
        pid = self.record.get("pid")
        if not isinstance(pid, int) or pid <= 0:
            return 0
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return 0
        except PermissionError:
            pass
        return pid

    def runs(self):
        """Whether a guest of this slot runs now."""
        if not self.running_pid():
            return False
        try:
            fcntl.flock(self.fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        self.unlock()
        return False

    def write(self, **changes):
        """Changes the record; only for who holds the lock."""
        self.record = {**self.record, "tree": TREE, "used": time.time(), **changes}
        text = json.dumps(self.record).encode() + b"\n"
        os.pwrite(self.fd, text, 0)
        os.ftruncate(self.fd, len(text))

    def wires(self):
        """For raw frames: QEMU's UDP port, the only one that it takes them from, and the socket
        with the card's."""
        return wires_of(self.port)

    def mine(self):
        return os.fstat(self.fd).st_uid == os.getuid() and self.record.get("tree") == TREE

    def abandoned(self):
        """Whether this user made it for a tree that is no more."""
        information = os.fstat(self.fd)
        if information.st_uid != os.getuid():
            return False
        tree = self.record.get("tree")
        if not isinstance(tree, str):
            return time.time() - information.st_mtime > 60
        return not os.path.isdir(tree)


def slot_path(port):
    return os.path.join(slot_folder(), str(port))


def wires_of(port):
    return port, port + 2, f"{slot_path(port)}.frames"


def control_of(port):
    """The socket where QEMU takes commands in QMP."""
    return f"{slot_path(port)}.control"


def read_record(fd):
    try:
        record = json.loads(os.pread(fd, 4096, 0).decode())
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


def open_slot(port):
    """The slot if its file exists and is a file, else None. Others' files are opened to read."""
    for mode in (os.O_RDWR, os.O_RDONLY):
        with contextlib.suppress(OSError):
            fd = os.open(slot_path(port), mode | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            if stat.S_ISREG(os.fstat(fd).st_mode):
                return Slot(port, fd)
            os.close(fd)
    return None


def create_slot(port):
    """The slot, new and locked; None if it exists."""
    try:
        fd = os.open(slot_path(port), os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
    except FileExistsError:
        return None
    slot = Slot(port, fd)
    if not slot.lock():
        slot.close()
        return None
    slot.write()
    return slot


def my_slots():
    """This tree's slots, the one used last first."""
    slots = []
    for name in os.listdir(slot_folder()):
        slot = open_slot(int(name)) if name.isascii() and name.isdigit() else None
        if slot and slot.mine():
            slots.append(slot)
        elif slot:
            slot.close()
    return sorted(slots, key=lambda slot: -float(slot.record.get("used") or 0))


def port_is_free(port, kind):
    """Whether a server could listen there on any address of this host."""
    if not 0 < port < 65536:
        return False
    with socket.socket(socket.AF_INET, kind) as probe:
        if kind == socket.SOCK_STREAM:      # connections that are only fading away do no harm
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("0.0.0.0", port))
            if kind == socket.SOCK_STREAM:
                probe.listen(1)
        except OSError:
            return False
    return True


def slot_is_free(port):
    return all(port_is_free(port + offset, kind) for offset in range(3)
               for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM))


def take_slot():
    """A slot for one run, locked: the one this tree used last if it is free, else another."""
    for slot in my_slots():
        if slot.lock() and slot_is_free(slot.port):
            return slot
        slot.close()
    slots = (LAST_PORT - FIRST_PORT) // SLOT_PORTS
    start = sum(byte * 31 ** index for index, byte in enumerate(TREE.encode())) + os.getuid()
    for offset in range(slots):
        port = FIRST_PORT + (start + offset) % slots * SLOT_PORTS
        slot = create_slot(port)
        if slot is None:
            slot = open_slot(port)
            if slot is None:
                continue
            if not (slot.abandoned() and slot.lock() and slot.abandoned()):
                slot.close()
                continue
            slot.write(pid=0)
        if slot_is_free(port):
            return slot
        os.unlink(slot_path(port))
        slot.close()
    raise PortError(f"no three free ports in a row between {FIRST_PORT} and {LAST_PORT}: end other "
                    f"guests, remove old files in {slot_folder()}, or set GDBPORT=, PORT7=, "
                    "PORT80=")


def chosen_ports(slot, gdb=0, echo=0, web=0):
    """The ports of a run in this slot. The user's choice wins; a port of it that is taken is an
    error."""
    base = gdb or slot.port
    ports = {"gdb": base, "echo": echo or base + 1, "web": web or base + 2}
    for name, given, variable in (("gdb", gdb, "GDBPORT"), ("echo", gdb or echo, "PORT7"),
                                  ("web", gdb or web, "PORT80")):
        kinds = [socket.SOCK_STREAM] + [socket.SOCK_DGRAM] * (name == "echo")
        if given and not all(port_is_free(ports[name], kind) for kind in kinds):
            raise PortError(f"port {ports[name]} ({variable}) is in use: choose another, or leave "
                            f"{variable}= out and a free one is found")
    if len({ports[name] for name in ("gdb", "echo", "web")}) < 3:
        raise PortError("GDBPORT, PORT7 and PORT80 must differ")
    return ports


def running_guests():
    """The records of this tree's running guests, the last started first."""
    slots = my_slots()
    try:
        records = [slot.record for slot in slots if slot.runs()]
    finally:
        for slot in slots:
            slot.close()
    return sorted(records, key=lambda record: -float(record.get("started") or 0))


def running_guest():
    """The guest to talk to: the one last started; GDBPORT= names another."""
    guests = running_guests()
    if not guests:
        raise PortError("no guest of this tree is running: start one with `make qemu`")
    wanted = number("GDBPORT")
    if wanted:
        guests = [guest for guest in guests if guest["ports"]["gdb"] == wanted]
        if not guests:
            raise PortError(f"no guest of this tree has debugger port {wanted}: "
                            "`make which-ports` lists them")
    elif len(guests) > 1:
        print(f"{len(guests)} guests of this tree are running; this is the one started last "
              "(GDBPORT= names another)", file=sys.stderr)
    return guests[0]


def number(variable):
    """A port from the environment, 0 if the variable is not set."""
    text = os.environ.get(variable, "").strip()
    if not text:
        return 0
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise PortError(f"{variable}={text} is not a port number")
    return int(text)


def describe(ports, net):
    """Lines that say how to reach a guest."""
    if net == "tap":
        return ["guest 10.0.2.15 on the tap device: echo on port 7, web on port 80",
                f"debugger: localhost:{ports['gdb']}"]
    return [f"guest port 7 (echo, tcp and udp): localhost:{ports['echo']}",
            f"guest port 80 (web): localhost:{ports['web']}",
            f"debugger: localhost:{ports['gdb']}"]


def print_gdbport():
    if number("GDBPORT"):
        print(number("GDBPORT"))
        return
    slot = take_slot()
    slot.write(pid=0)               # the one used last: the next run takes it
    print(slot.port)
    slot.close()


def print_which():
    guests = running_guests()
    for guest in guests:
        print(f"running: {guest.get('program', 'a guest')} (process {guest['pid']})")
        for line in describe(guest["ports"], guest.get("net")):
            print(f"  {line}")
    if guests:
        return
    slot = take_slot()
    ports = chosen_ports(slot, number("GDBPORT"), number("PORT7"), number("PORT80"))
    slot.write(pid=0)
    slot.close()
    print("no guest of this tree is running; the next one gets")
    for line in describe(ports, os.environ.get("NET")):
        print(f"  {line}")


def print_one(name):
    guest = running_guest()
    if guest.get("net") == "tap" and name != "gdb":
        print("10.0.2.15", {"echo": 7, "web": 80}[name])
    else:
        print("127.0.0.1", guest["ports"][name])


def main(arguments):
    if arguments == ["gdbport"]:
        print_gdbport()
    elif arguments == ["which"]:
        print_which()
    elif len(arguments) == 2 and arguments[0] == "get" and arguments[1] in ("gdb", "echo", "web"):
        print_one(arguments[1])
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except PortError as error:
        sys.exit(f"ports: {error}")
