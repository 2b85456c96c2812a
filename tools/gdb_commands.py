"""Commands for GDB that know what the kernel keeps: environments, page tables, the card's rings.

`make gdb` loads them (tools/gdbinit); `apropos jos-` lists them, docs/debugging.md explains them.
They read the stopped guest's memory and change nothing in it.
"""
import functools
import os
import re
import struct

import gdb

TREE = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
OBJ = os.path.join(TREE, "obj")


def defines_of(*headers):
    """The numbers that C headers of inc/ define, by name."""
    names = {}
    for header in headers:
        with open(os.path.join(TREE, "inc", header), encoding="utf-8") as file:
            found = re.findall(r"^#define\s+(\w+)\s+([^/\n]+)", file.read(), re.MULTILINE)
            for name, text in found:
                try:
                    names[name] = int(eval(text, {"__builtins__": {}}, names))
                except (SyntaxError, NameError, TypeError):
                    pass                # not a number
    return names


MAP = defines_of("layout.h", "mmu.h")
KERNBASE, PGSIZE, ULIM = MAP["KERNBASE"], MAP["PGSIZE"], MAP["ULIM"]
MAX_FRAMES = 40


# The guest

compared = set()                        # connections whose kernel has been looked at


def compare_kernel():
    """Warns, once for a connection, if the guest runs another kernel than obj/kern/kernel."""
    connection = gdb.selected_inferior().connection_num
    if connection in compared:
        return
    compared.add(connection)
    begin, end = (int(gdb.parse_and_eval(f"(unsigned)&{name}")) for name in ("entry", "etext"))
    in_guest = memory(begin, end - begin)
    gdb.execute("set trust-readonly-sections on")       # now GDB reads the code from the file
    in_file = memory(begin, end - begin)
    gdb.execute("set trust-readonly-sections off")
    if in_guest != in_file:
        print("warning: the guest runs another kernel than obj/kern/kernel: what follows may be "
              "wrong (start it again after a build)")


def check_guest():
    """Raises an error that says what to do unless the kernel's memory can be read."""
    thread = gdb.selected_thread()
    if thread is None:
        raise gdb.GdbError("no guest is connected: start one (make qemu), then `make gdb`")
    if thread.is_running():
        raise gdb.GdbError("the guest runs: stop it with Ctrl-C first")
    if not register("cr0") >> 31 & 1:
        raise gdb.GdbError("the kernel does not run yet (paging is off): `break kernel_main`, "
                           "`continue`, then try again")
    try:
        memory(KERNBASE, 4)
    except gdb.MemoryError as error:
        raise gdb.GdbError(f"the kernel is not mapped at {KERNBASE:#x} in the address space that "
                           f"is loaded (cr3 {register('cr3'):#x})") from error
    compare_kernel()


def register(name):
    return int(gdb.parse_and_eval(f"(unsigned)${name}"))


def memory(address, size):
    return bytes(gdb.selected_inferior().read_memory(address, size))


def physical(address, size):
    """Physical memory, through the kernel's map of it."""
    try:
        return memory(KERNBASE + address, size)
    except gdb.MemoryError as error:
        raise gdb.GdbError(f"physical address {address:#x} is not memory that the kernel maps") \
            from error


def variable(file, name):
    """A variable of the kernel's source file `file`, whatever namespace it is in."""
    for full in (f"(anonymous namespace)::{name}", name):
        for symbol in gdb.lookup_static_symbols(full):
            if symbol.symtab.filename.endswith(file):
                return symbol.value()
        symbol = gdb.lookup_global_symbol(full)
        if symbol is not None:
            return symbol.value()
    raise gdb.GdbError(f"the kernel's symbols have no {name} in {file}: is obj/kern/kernel loaded, "
                       "and built from this tree?")


def symbol_at(address):
    """`function + offset` of an address in whatever symbols are loaded; "" if there is none."""
    text = gdb.execute(f"info symbol {address:#x}", to_string=True)
    return "" if text.startswith("No symbol") else text.split(" in section")[0].strip()


def line_of(address):
    """`, file:line` of an address, or nothing."""
    found = gdb.find_pc_line(address)
    if found.symtab is None or not found.line:
        return ""
    return f", {os.path.relpath(found.symtab.fullname(), TREE)}:{found.line}"


def enumerator(value):
    return str(value).rsplit("::", 1)[-1]


# Environments

class Environment:
    """One environment. `info` is what programs see of it, `own` what the kernel knows."""

    def __init__(self, index, info):
        self.index = index
        self.info = info
        self.id = int(info["env_id"])
        self.parent = int(info["env_parent_id"])
        self.name = info["env_name"].string()
        self.type = enumerator(info["env_type"])
        self.status = enumerator(info["env_status"])

    @functools.cached_property
    def own(self):
        return variable("environment.cc", "environments")["_M_elems"][self.index]

    @property
    def directory(self):
        """The physical address of its page directory."""
        return int(self.own["space"]["directory_"]["number_"]) * PGSIZE

    def cpu(self):
        """The CPU that runs it now, or None."""
        for number, cpu in enumerate(all_cpus()):
            if int(cpu["current"]) == int(self.own.address):
                return number
        return None

    def waits(self):
        """What it waits for, in words; "" if for nothing."""
        kind = enumerator(self.own["wait_kind"])
        if kind == "receive":
            sender = int(self.own["receiving"]["from"])
            return f"a message from {name_of(sender) if sender else 'anybody'}"
        if kind == "send":
            return f"{name_of(int(self.own['sending']['to']))} to take its message"
        if kind == "queue":
            return describe_queue(int(self.own["queue_"]))
        return ""


def all_cpus():
    cpus = variable("segments.cc", "cpus")["_M_elems"]
    return [cpus[number] for number in range(int(variable("segments.cc", "cpu_count")))]


def all_environments():
    """Those that are not free."""
    window = variable("environment.cc", "window")
    if int(window) == 0:
        raise gdb.GdbError("the kernel has no environments yet: `break Scheduler::run`, `continue`")
    kind = window.type.target()
    count = variable("environment.cc", "environments").type.sizeof \
        // gdb.lookup_type("Environment").sizeof
    raw = memory(int(window), count * kind.sizeof)
    found = []
    for index in range(count):
        info = gdb.Value(raw[index * kind.sizeof:(index + 1) * kind.sizeof], kind)
        if enumerator(info["env_status"]) != "free":
            found.append(Environment(index, info))
    return found


def name_of(number):
    for environment in all_environments():
        if environment.id == number:
            return f"{number:08x} {environment.name}".rstrip()
    return f"{number:08x} (ended)"


def find_environment(text):
    """The environment of an id (hexadecimal) or a name; the one that this CPU runs if empty."""
    everybody = all_environments()
    if not text:
        number = gdb.selected_thread().num - 1
        current = int(all_cpus()[number]["current"])
        for environment in everybody:
            if int(environment.own.address) == current:
                return environment
        raise gdb.GdbError(f"CPU {number} runs no environment: name one (jos-envs lists them)")
    found = [each for each in everybody if each.name == text]
    if not found and re.fullmatch(r"(0x)?[0-9a-fA-F]{1,8}", text):
        found = [each for each in everybody if each.id == int(text, 16)]
    if len(found) > 1:
        raise gdb.GdbError(f"{len(found)} environments are named {text}: take one by its id: "
                           + ", ".join(f"{each.id:08x}" for each in found))
    if not found:
        raise gdb.GdbError(f"there is no environment {text}: jos-envs lists them")
    return found[0]


def describe_queue(address):
    """Whose wait queue is at this address."""
    if address == 0:
        return "time"
    everybody = variable("environment.cc", "environments")
    index, offset = divmod(address - int(everybody.address), gdb.lookup_type("Environment").sizeof)
    if 0 <= address - int(everybody.address) < everybody.type.sizeof:
        owner = everybody["_M_elems"][index]
        for field, text in (("exit_queue_", "the end of"), ("senders", "")):
            if int(owner[field].address) == address:
                number = int(variable("environment.cc", "window")[index]["env_id"])
                return f"{text} {name_of(number)}"
        return f"environment slot {index}, offset {offset}"
    card = the_card()
    if card is not None:
        for field, text in (("receive_queue_", "a frame"), ("transmit_queue_", "room to send")):
            if int(card[field].address) == address:
                return f"the card: {text}"
    return symbol_at(address) or f"the queue at {address:#x}"


# Page tables

FLAGS = tuple((MAP[name], text) for name, text in (
    ("PTE_W", "writable"), ("PTE_PCD", "uncached"), ("PTE_PS", "large"),
    ("PTE_COW", "copy-on-write"), ("PTE_SHARE", "shared")))
PRESENT, LARGE, LARGE_SIZE = MAP["PTE_P"], MAP["PTE_PS"], MAP["PTSIZE"]


def flags_of(entry):
    names = [text for flag, text in FLAGS if entry & flag]
    return ("user" if entry & MAP["PTE_U"] else "kernel") + " " + " ".join(names or ["read-only"])


class AddressSpace:
    """Page tables, by the physical address of their directory."""

    def __init__(self, directory):
        self.base = directory & ~(PGSIZE - 1)
        self.directory = struct.unpack("<1024I", physical(self.base, PGSIZE))

    @functools.lru_cache(maxsize=None)
    def table(self, index):
        return struct.unpack("<1024I", physical(self.directory[index] & ~0xFFF, PGSIZE))

    def entry(self, address):
        """(directory entry, table entry, physical address); what is not there is None."""
        first = self.directory[address >> 22]
        if not first & PRESENT:
            return first, None, None
        if first & LARGE:
            return first, None, (first & ~(LARGE_SIZE - 1)) + address % LARGE_SIZE
        second = self.table(address >> 22)[address >> 12 & 0x3FF]
        if not second & PRESENT:
            return first, second, None
        return first, second, (second & ~0xFFF) + address % PGSIZE

    def read(self, address, size):
        """Bytes as a program sees them; None if they are not all mapped."""
        data = b""
        while len(data) < size:
            here = address + len(data)
            where = self.entry(here)[2] if here < 1 << 32 else None
            if where is None:
                return None
            data += physical(where, min(size - len(data), PGSIZE - here % PGSIZE))
        return data

    def pages(self):
        """(address, size, entry, physical address) of each mapped page."""
        for index, first in enumerate(self.directory):
            if not first & PRESENT or index == MAP["UVPT"] >> 22:
                continue
            if first & LARGE:
                yield index << 22, LARGE_SIZE, first, first & ~(LARGE_SIZE - 1)
                continue
            for slot, second in enumerate(self.table(index)):
                if second & PRESENT:
                    yield index << 22 | slot << 12, PGSIZE, second, second & ~0xFFF


def print_runs(space):
    """The mapped pages; neighbours with the same rights are one line."""
    runs = []
    for address, size, entry, where in space.pages():
        last = runs[-1] if runs else None
        if last and last["end"] == address and last["flags"] == flags_of(entry):
            last["together"] &= where == last["where"] + address - last["begin"]
            last["end"] += size
        else:
            runs.append({"begin": address, "end": address + size, "where": where,
                         "flags": flags_of(entry), "together": True})
    for run in runs:
        kibibytes = (run["end"] - run["begin"]) // 1024
        frames = f"at {run['where']:08x}" if run["together"] else "scattered  "
        print(f"{run['begin']:08x}-{run['end'] - 1:08x} {kibibytes:7} KiB  {frames}  "
              f"{run['flags']}")
    print(f"{len(runs)} runs of pages; the page tables themselves are at {MAP['UVPT']:08x}")


def print_walk(space, address):
    first, second, where = space.entry(address)
    print(f"page directory at {space.base:08x}")
    print(f"  entry {address >> 22:4} = {first:08x}  "
          + (flags_of(first) if first & PRESENT else "not present"))
    if second is not None:
        print(f"  table {address >> 12 & 0x3FF:4} = {second:08x}  "
              + (flags_of(second) if second & PRESENT else "not present"))
    if where is None:
        print(f"  {address:08x} is not mapped")
        return
    print(f"  {address:08x} is physical {where:08x}")
    try:
        count, = struct.unpack("<H", memory(MAP["UPAGES"] + where // PGSIZE * 2, 2))
        print(f"  its frame has {count} references")
    except gdb.MemoryError:
        pass                            # above the kernel's reach: a device's


# Programs

class Program:
    """The program whose symbols are loaded beside the kernel's: all are linked at one address."""
    loaded = ""

    @staticmethod
    def file_of(environment):
        """The ELF file of an environment's program; "" if nothing is known."""
        if environment.type == "fs":
            return os.path.join(OBJ, "fs", "fs")
        if environment.name.startswith("ns"):
            return os.path.join(OBJ, "net", "ns")
        longest = len(environment.name) == int(environment.info["env_name"].type.sizeof) - 1
        for folder in ("user", "net", "fs"):
            path = os.path.join(OBJ, folder)
            for name in sorted(os.listdir(path)) if os.path.isdir(path) else ():
                same = name == environment.name or longest and name.startswith(environment.name)
                if environment.name and same and is_elf(os.path.join(path, name)):
                    return os.path.join(path, name)
        return ""

    @classmethod
    def load(cls, path):
        """Loads a program's symbols in place of the last one's."""
        if path == cls.loaded:
            return
        if cls.loaded:
            gdb.execute(f"remove-symbol-file {cls.loaded}", to_string=True)
            cls.loaded = ""
        gdb.execute(f"add-symbol-file {path}", to_string=True)
        cls.loaded = path

    @classmethod
    def load_for(cls, environment):
        path = cls.file_of(environment)
        if not path or not os.path.exists(path):
            raise gdb.GdbError(
                f"no program in obj/ is named {environment.name or 'like this environment'}: "
                "load its file with `jos-symbols user/NAME`")
        cls.load(path)
        return path


def is_elf(path):
    if not os.path.isfile(path) or path.endswith((".o", ".a")):
        return False
    with open(path, "rb") as file:
        return file.read(4) == b"\x7fELF"


def print_frame(number, eip, inside):
    """`inside`: an address within the instruction, or within the call before it."""
    place = symbol_at(inside)
    print(f"#{number:<2} {eip:08x} {place or '(no symbol)'}{line_of(inside) if place else ''}")


def print_program_frames(space, eip, ebp):
    """Follows a program's frame pointers."""
    print_frame(0, eip, eip)
    for number in range(1, MAX_FRAMES):
        pair = space.read(ebp, 8) if ebp else None
        if pair is None:
            if ebp:
                print(f"    the frame pointer {ebp:08x} is not mapped: the stack ends, or is "
                      "damaged")
            return
        caller, eip = struct.unpack("<2I", pair)
        if eip == 0:
            return
        print_frame(number, eip, eip - 1)
        if caller and caller <= ebp:
            print(f"    the next frame pointer, {caller:08x}, is not above {ebp:08x}: the stack is "
                  "damaged")
            return
        ebp = caller
    print("    ...")


def print_backtrace(environment):
    try:
        Program.load_for(environment)
    except gdb.GdbError as error:
        print(error)
    state = f"waits for {environment.waits()}" if environment.waits() else environment.status
    print(f"environment {environment.id:08x} {environment.name}: {state}")
    cpu = environment.cpu()
    frame = environment.own["frame"]
    eip, ebp = int(frame["tf_eip"]), int(frame["tf_regs"]["reg_ebp"])
    if cpu is not None:
        before = gdb.selected_thread()
        next(each for each in gdb.selected_inferior().threads() if each.num == cpu + 1).switch()
        if register("cs") & 3:
            eip, ebp = register("eip"), register("ebp")
            print(f"in the program, on CPU {cpu}:")
        else:
            print(f"in the kernel, on CPU {cpu}:")
            gdb.execute("backtrace")
            print("which it entered from:")
        before.switch()
    print_program_frames(AddressSpace(environment.directory), eip, ebp)


# The network card

RECEIVE_RING, TRANSMIT_RING = 0x2800, 0x3800    # register blocks; SDM table 13-2
HEAD, TAIL = 0x10, 0x18
CARD_REGISTERS = (("CTRL", 0x0), ("STATUS", 0x8), ("RCTL", 0x100), ("TCTL", 0x400), ("IMS", 0xD0))
DONE, END_OF_PACKET = 1, 2


def the_card():
    """The kernel's object for the network card, or None."""
    card = variable("nic.cc", "the_card")
    return card.dereference().cast(card.dereference().dynamic_type) if int(card) else None


def frame_text(data):
    """A frame's headers in a few words."""
    if len(data) < 14:
        return f"{len(data)} bytes"
    addresses = f"{data[6:12].hex(':')} > {data[0:6].hex(':')}"
    kind, = struct.unpack(">H", data[12:14])
    if kind != 0x800 or len(data) < 34:
        return f"{addresses} " + {0x806: "ARP", 0x86DD: "IPv6"}.get(kind, f"type {kind:#06x}")
    protocol = {1: "ICMP", 6: "TCP", 17: "UDP"}.get(data[23], f"protocol {data[23]}")
    header = 14 + (data[14] & 15) * 4
    ports = ["", ""]
    if data[23] in (6, 17) and len(data) >= header + 4:
        ports = [f":{port}" for port in struct.unpack(">2H", data[header:header + 4])]
    source, target = (".".join(map(str, data[at:at + 4])) for at in (26, 30))
    return f"{protocol} {source}{ports[0]} > {target}{ports[1]}"


class Ring:
    """A ring of descriptors: SDM 3.2.3 (receive), 3.3.3 (transmit)."""

    def __init__(self, value, registers, block, transmits):
        self.transmits = transmits
        self.slots = int(gdb.parse_and_eval(f"{value.type.name}::slots"))
        self.address = int(value["ring_"]["number_"]) * PGSIZE
        self.next = int(value["tail_" if transmits else "next_"])
        self.head, self.tail = registers(block + HEAD), registers(block + TAIL)
        raw = physical(self.address, self.slots * 16)
        layout = "<QHBBBBH" if transmits else "<QHHBBH"
        self.descriptors = list(struct.iter_unpack(layout, raw))

    def describe(self, slot):
        """(what is equal in a run of slots, whether the slot's buffer holds a frame)."""
        fields = self.descriptors[slot]
        length = fields[1]
        if self.transmits:
            command, status = fields[3], fields[4]
            done = status & DONE
            names = [name for bit, name in ((1, "EOP"), (2, "IFCS"), (8, "RS")) if command & bit]
            owner = "ours, sent" if done and length else "ours" if done else "the card's"
            return f"{owner:<11} length {length:4} command {' '.join(names) or '-'}", length > 0
        status, errors = fields[3], fields[4]
        done = status & DONE
        names = [name for bit, name in ((DONE, "DD"), (END_OF_PACKET, "EOP")) if status & bit]
        text = f"{'a frame' if done else 'empty':<11} length {length:4} status " \
               f"{' '.join(names) or '-'}" + (f" ERRORS {errors:02x}" if errors else "")
        return text, bool(done)

    def show(self, with_frames):
        kind = "transmit" if self.transmits else "receive"
        print(f"{kind} ring: {self.slots} descriptors at {self.address:08x}; the card's head "
              f"{self.head}, tail {self.tail}; next of ours {self.next}")
        first = 0
        while first < self.slots:
            text, holds_frame = self.describe(first)
            last = first
            while not (with_frames and holds_frame) and last + 1 < self.slots \
                    and self.describe(last + 1)[0] == text:
                last += 1
            slots = f"{first}..{last}" if last > first else f"{first}"
            frame = ""
            if with_frames and holds_frame:
                buffer, length = self.descriptors[first][:2]
                frame = "  " + frame_text(physical(buffer, min(length, 64)))
            print(f"  {slots:>8}  {text}{frame}")
            first = last + 1


def print_rings(with_frames):
    card = the_card()
    if card is None:
        print("the kernel has no network card (NIC=none), or has not found it yet")
        return
    base = int(card["registers_"]["base_"])

    def registers(offset):
        return struct.unpack("<I", memory(base + offset, 4))[0]
    print(f"{card['model_']['name'].string()}: "
          + " ".join(f"{name} {registers(offset):08x}" for name, offset in CARD_REGISTERS))
    Ring(card["transmit_"], registers, TRANSMIT_RING, True).show(with_frames)
    Ring(card["receive_"], registers, RECEIVE_RING, False).show(with_frames)


# The commands

def words_of(text, most):
    words = gdb.string_to_argv(text)
    if len(words) > most:
        raise gdb.GdbError(f"at most {most} words: see `help`")
    return words + [""] * (most - len(words))


def command(name):
    """Makes the function below it a GDB command; its docstring is the help."""
    def add(function):
        class Added(gdb.Command):
            __doc__ = function.__doc__

            def __init__(self):
                super().__init__(name, gdb.COMMAND_DATA)

            def invoke(self, argument, _from_tty):
                """Runs it on a guest whose memory can be read."""
                try:
                    check_guest()
                    function(argument)
                except gdb.MemoryError as error:
                    raise gdb.GdbError(f"the guest's memory could not be read: {error}") from error
        Added()
        return function
    return add


@command("jos-envs")
def jos_envs(_argument):
    """List the environments: id, parent, type, status, CPU, name, and what each waits for."""
    print("ID       PARENT   TYPE STATUS        CPU     RUNS  NAME")
    everybody = all_environments()
    for each in everybody:
        waits = each.waits()
        status = "waits" if waits else each.status
        print(f"{each.id:08x} {each.parent:08x} {each.type:<4} {status:<13} "
              f"{int(each.info['env_cpunum']):3} {int(each.info['env_runs']):8}  "
              f"{each.name:<15}  {'waits for ' + waits if waits else ''}".rstrip())
    print(f"{len(everybody)} environments")


@command("jos-cpus")
def jos_cpus(_argument):
    """Show what each CPU does, and which locks are held."""
    before = gdb.selected_thread()
    for number, cpu in enumerate(all_cpus()):
        current = int(cpu["current"])
        name = next((f"{each.id:08x} {each.name}" for each in all_environments()
                     if int(each.own.address) == current), "no environment")
        next(each for each in gdb.selected_inferior().threads() if each.num == number + 1).switch()
        mode = "in the program" if register("cs") & 3 else \
            "idle" if bool(cpu["is_halted"]) else "in the kernel"
        eip = register("eip")
        place = "" if register("cs") & 3 else symbol_at(eip)
        print(f"CPU {number}: {name}, {mode}, eip {eip:08x} {place}".rstrip())
    before.switch()
    locks = [("kernel", variable("scheduler.cc", "kernel_lock"))]
    card = the_card()
    if card is not None:
        locks += [("transmit", card["transmit_lock_"]), ("receive", card["receive_lock_"])]
    for name, lock in locks:
        held = bool(lock["held_"]["_M_base"]["_M_i"])
        print(f"{name} lock: {'held' if held else 'free'}")


@command("jos-pages")
def jos_pages(argument):
    """Show page tables: jos-pages ENV [ADDRESS], jos-pages cr3 [ADDRESS].

    ENV is an id or a name; `cr3` stands for what this CPU has loaded. With an address, the way
    through directory and table to the frame; without, all that is mapped."""
    which, address = words_of(argument, 2)
    base = register("cr3") if which == "cr3" else find_environment(which).directory
    space = AddressSpace(base)
    if address:
        print_walk(space, int(gdb.parse_and_eval(address)) & 0xFFFFFFFF)
    else:
        print_runs(space)


@command("jos-bt")
def jos_bt(argument):
    """Show where an environment is: jos-bt [ENV], the calls in its program, and in the kernel.

    ENV is an id or a name; without one, the environment that this CPU runs. Loads the symbols of
    its program (jos-symbols)."""
    print_backtrace(find_environment(words_of(argument, 1)[0]))


@command("jos-symbols")
def jos_symbols(argument):
    """Load a program's symbols beside the kernel's: jos-symbols ENV, or jos-symbols user/httpd.

    All programs are linked at the same address, so they take the place of those loaded before."""
    which, = words_of(argument, 1)
    path = os.path.join(OBJ, which)
    if "/" in which:
        if not os.path.exists(path) or not is_elf(path):
            raise gdb.GdbError(f"{path} is no program: there are user/NAME, net/NAME and fs/fs")
        Program.load(path)
    else:
        path = Program.load_for(find_environment(which))
    print(f"symbols of {os.path.relpath(path, TREE)}")


@command("jos-rings")
def jos_rings(argument):
    """Show the network card's rings, decoded: jos-rings [frames].

    With `frames`, each descriptor whose buffer holds a frame, and what the frame is."""
    which, = words_of(argument, 1)
    if which not in ("", "frames"):
        raise gdb.GdbError("jos-rings, or jos-rings frames")
    print_rings(which == "frames")
