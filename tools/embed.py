#!/usr/bin/env python3
"""Writes the assembler file that links programs into the kernel, and their table.

usage: embed.py FOLDER NAME...     FOLDER/NAME is the ELF file; kern/env/embedded.hh the table
"""
import sys


def assembler(folder, names):
    yield '    .section .embedded, "a"'
    yield "    .globl embedded_programs, embedded_program_count"
    yield "    .balign 4"
    yield "embedded_programs:"
    for number in range(len(names)):
        yield f"    .long name_{number}, begin_{number}, end_{number}"
    yield f"embedded_program_count: .long {len(names)}"
    for number, name in enumerate(names):
        yield f'name_{number}: .asciz "{name}"'
        yield "    .balign 16"
        yield f'begin_{number}: .incbin "{folder}/{name}"'
        yield f"end_{number}:"
    yield '    .section .note.GNU-stack, "", @progbits'


if __name__ == "__main__":
    print("\n".join(assembler(sys.argv[1], sys.argv[2:])))
