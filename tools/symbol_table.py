#!/usr/bin/env python3
"""Boils a linked kernel's symbols and DWARF line table down to an assembler source.

usage: symbol_table.py KERNEL > symbol_table.S

The source holds `symbol_table` in section .symbols, in the layout of struct SymbolTable
(kern/debug/symbols.hh). nm and objdump are taken with the prefix that GCCPREFIX names.
"""

import os
import re
import subprocess
import sys

MAX_FILE, MAX_LINE = 0xFFFF, 0xFFFF
MAX_LABEL_BYTES = 4096                  # code that an assembler label stands for at most

# "f0100000 00000023 T monitor(Trapframe*)"
NM_LINE = re.compile(r"([0-9a-f]+) ([0-9a-f]+) [tTwW] (.+)")
# "console.cc    12    0xf0100000    x"; a line of "-" ends a sequence.
OBJDUMP_ROW = re.compile(r"(\S.*?)\s+(\d+|-)\s+(0x[0-9a-f]+|0)(\s.*)?$")


def run_tool(name, *arguments):
    """What GCCPREFIX's tool prints; ends the program with a clear message if it fails."""
    command = [os.environ.get("GCCPREFIX", "") + name, *arguments]
    try:
        return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True,
                              errors="replace").stdout
    except FileNotFoundError:
        sys.exit(f"symbol_table.py: there is no {command[0]}: install the compiler's binutils, "
                 "or set GCCPREFIX")
    except subprocess.CalledProcessError as error:
        sys.exit(f"symbol_table.py: '{' '.join(command)}' failed with status {error.returncode}")


def short_name(demangled):
    """The function's qualified name: no parameters, return type, template arguments, anonymous
    namespaces, ABI tags or clone marks.

    >>> short_name("(anonymous namespace)::Words::Words(char*) [clone .constprop.0]")
    'Words::Words'
    >>> short_name("TextScreen::operator()(int) const")
    'TextScreen::operator()'
    >>> short_name("bool wait_until<e1000::reset()::{lambda()#1}>(e1000::reset()::{lambda()#1})")
    'wait_until'
    >>> short_name("std::operator==(int, int)")
    'std::operator=='
    >>> short_name("trap_common")
    'trap_common'
    """
    name = re.sub(r" \[clone [^\]]*\]|\[abi:[^\]]*\]|\(anonymous namespace\)::", "", demangled)
    kept, depth, position = [], 0, 0
    while position < len(name):
        for whole in ("operator()", "operator<<", "operator<=>", "operator<=", "operator<",
                      "operator>>", "operator>=", "operator->", "operator>"):
            if depth == 0 and name.startswith(whole, position):
                kept.append(whole)
                position += len(whole)
                break
        else:
            letter = name[position]
            if letter == "(" and depth == 0 and kept:
                break                                       # the parameters
            if letter in "(<{[":
                depth += 1
                if letter == "{" and depth == 1:
                    kept.append("{lambda}")
            elif letter in ")>}]":
                depth -= 1
            elif depth == 0:
                kept.append(letter)
            position += 1
    name = "".join(kept)
    # A template's return type stands before its name.
    return name if "operator " in name else name.split(" ")[-1]


def read_functions(nm_output):
    """Sorted (begin, size, name); of several names for one address, the first that nm gives.

    Assembler labels have no size: such a function ends where the next one begins.

    >>> read_functions("00001000 t first\\n00001010 00000008 T second(int)\\n")
    [(4096, 16, 'first'), (4112, 8, 'second')]
    """
    found = {}
    for line in nm_output.splitlines():
        match = NM_LINE.fullmatch(line)
        if match is None:                                   # without a size: nm leaves it out
            match = re.fullmatch(r"([0-9a-f]+) ()[tT] (.+)", line)
        if match is not None:
            begin, size = int(match[1], 16), int(match[2] or "0", 16)
            if begin not in found or (found[begin][0] == 0 and size != 0):
                found[begin] = (size, short_name(match[3]))
    begins = sorted(found)
    functions = []
    for index, begin in enumerate(begins):
        size, name = found[begin]
        following = begins[index + 1] if index + 1 < len(begins) else begin + MAX_LABEL_BYTES
        functions.append((begin, size or min(following - begin, MAX_LABEL_BYTES), name))
    return functions


def source_name(path, top):
    """`path` as the tree names it; what is outside the tree by its last two parts."""
    path = os.path.normpath(path)
    if os.path.isabs(path):
        relative = os.path.relpath(path, top)
        path = relative if not relative.startswith("..") else "/".join(path.split("/")[-2:])
    return path


def read_lines(objdump_output, top):
    """Sorted (address, file, line), line 0 where a sequence ends; no two in a row alike."""
    current = ""
    at_address = {}
    for line in objdump_output.splitlines():
        if line.endswith(":") and not line.startswith(("Contents", " ")):
            name = line[:-1]
            current = source_name(name[4:] if name.startswith("CU: ") else name, top)
            continue
        match = OBJDUMP_ROW.match(line)
        if match is None:
            continue
        address = int(match[3], 16)
        if match[2] == "-":
            at_address.setdefault(address, ("", 0))         # the next sequence may begin here
        else:
            at_address[address] = (current, min(int(match[2]), MAX_LINE))
    rows = []
    for address in sorted(at_address):
        name, line = at_address[address]
        if not rows or rows[-1][1:] != (name, line):
            rows.append((address, name, line))
    return rows


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def write_table(functions, rows, out):
    """Writes the assembler source."""
    files = sorted({name for _, name, _ in rows})
    if len(files) > MAX_FILE:
        sys.exit(f"symbol_table.py: {len(files)} source files are more than the table can number")
    number = {name: index for index, name in enumerate(files)}
    names = sorted({name for _, _, name in functions})
    label = {name: index for index, name in enumerate(names)}

    out.write("// Made by tools/symbol_table.py.\n    .section .symbols, \"a\"\n    .balign 4\n"
              "    .globl symbol_table\nsymbol_table:\n"
              f"    .long {len(functions)}, .Lfunctions, {len(rows)}, .Llines, "
              f"{len(files)}, .Lfiles\n")
    out.write(".Lfunctions:\n")
    for begin, size, name in functions:
        out.write(f"    .long {begin:#x}, {size}, .Lname{label[name]}\n")
    out.write(".Llines:\n")
    for address, name, line in rows:
        out.write(f"    .long {address:#x}, {line << 16 | number[name]}\n")
    out.write(".Lfiles:\n")
    for index in range(len(files)):
        out.write(f"    .long .Lfile{index}\n")
    for index, name in enumerate(files):
        out.write(f".Lfile{index}: .asciz {quoted(name)}\n")
    for index, name in enumerate(names):
        out.write(f".Lname{index}: .asciz {quoted(name)}\n")
    out.write("    .section .note.GNU-stack, \"\", @progbits\n")


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    kernel = sys.argv[1]
    functions = read_functions(run_tool("nm", "-n", "-S", "-C", "--defined-only", kernel))
    rows = read_lines(run_tool("objdump", "--dwarf=decodedline", "--wide", kernel), os.getcwd())
    if not functions:
        sys.exit(f"symbol_table.py: {kernel} has no symbols: was it stripped?")
    write_table(functions, rows, sys.stdout)


if __name__ == "__main__":
    main()
