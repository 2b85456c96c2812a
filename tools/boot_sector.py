#!/usr/bin/env python3
"""Makes a boot sector of the boot code: at most 510 bytes, padded, with the BIOS's signature.

usage: boot_sector.py CODE SECTOR
"""
import sys

ROOM = 510
SIGNATURE = b"\x55\xaa"


def main(code_path, sector_path):
    with open(code_path, "rb") as file:
        code = file.read()
    if len(code) > ROOM:
        sys.exit(f"boot sector: the code in boot/ has {len(code)} bytes, {len(code) - ROOM} more "
                 f"than the {ROOM} that fit: make it smaller")
    if not code:
        sys.exit(f"boot sector: {code_path} is empty: boot/ has no code")
    with open(sector_path, "wb") as file:
        file.write(code.ljust(ROOM, b"\0") + SIGNATURE)


if __name__ == "__main__":
    main(*sys.argv[1:])
