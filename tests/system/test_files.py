"""Files: damaged images, and a guest that loses its power."""

from __future__ import annotations

import re
import shutil
import struct
from pathlib import Path

from gradelib import Failure
from harness import Host, system_test
from machine import Machine, Setup, disk_image, run_command
from test_boots import serves_its_page
from test_monitor import TO_QEMU, wait_for_end

# Of a file's record (fs/layout.hh): where its parts are.
RECORD_BYTES, SIZE_AT, FIRST_BLOCK_AT, INDIRECT_AT = 256, 128, 152, 192
BLOCK_BYTES = 4096
DAMAGED = "file system is damaged"


def private_image(host: Host, name: str) -> Path:
    """A copy of the tests' disk, for one test."""
    image = host.tree / disk_image(host.tree, host.scale)
    copy = image.parent / f"{name}.img"
    shutil.copyfile(image, copy)
    return copy


def boot(host: Host, image: Path, options: str, network: bool = True,
         program: str = "") -> Machine:
    setup = Setup(net="user", network=network, program=program,
                  variables=(f"FS_IMG={image.relative_to(host.tree)}", f"QEMUEXTRA={options}"))
    return host.boot(setup)


def damage(image: Path, name: str, offset: int, value: bytes) -> None:
    """Overwrites a part of the record of the file of this name."""
    with image.open("r+b") as file:
        contents = file.read()
        at = contents.find(name.encode() + b"\0")
        while at >= 0 and at % RECORD_BYTES != 0:
            at = contents.find(name.encode() + b"\0", at + 1)
        assert at >= 0, name
        file.seek(at + offset)
        file.write(value)


@system_test("a damaged file is refused, the others are served")
def damaged_files(host: Host) -> None:
    image = private_image(host, "damaged")
    damage(image, "4096.bin", FIRST_BLOCK_AT, struct.pack("<I", 0xFFFFFFFF))
    damage(image, "65537.bin", INDIRECT_AT, struct.pack("<I", 1))
    damage(image, "512.bin", SIZE_AT, struct.pack("<Q", 1 << 40))
    machine = boot(host, image, "-snapshot")
    try:
        for name in ("4096.bin", "65537.bin", "512.bin"):
            answer = machine.shell(f"cat /www/{name} | wc")
            if DAMAGED not in answer:
                raise machine.failure(f"`cat` of a damaged {name} to say \"{DAMAGED}\"",
                                      answer.strip())
        answer = machine.shell("cat /www/4095.bin | wc")
        if "4095" not in answer:
            raise machine.failure("the file beside them as it was", answer.strip())
        answer = machine.shell("echo new > /new; cat /new")
        if "new" not in answer.split("/new")[-1]:
            raise machine.failure("a new file beside damaged ones", answer.strip())
        serves_its_page(machine)
    finally:
        machine.stop(keep_capture=False)
        image.unlink()


@system_test("an image that holds no file system is refused")
def no_file_system(host: Host) -> None:
    image = private_image(host, "empty")
    with image.open("r+b") as file:
        file.seek(BLOCK_BYTES)
        file.write(bytes(BLOCK_BYTES))              # the superblock
    machine = boot(host, image, "-snapshot", network=False, program="init")
    try:
        machine.wait_for(re.compile(rf"^fs: the disk holds no file system of ours.*{DAMAGED}",
                                    re.MULTILINE).search, 60, "the file server to refuse the disk")
        machine.wait_for(re.compile(rf"^init: cannot start /bin/sh: {DAMAGED}",
                                    re.MULTILINE).search, 60, "the first program to be told why")
        machine.check_alive()
    finally:
        machine.stop(keep_capture=False)
        image.unlink()


@system_test("the power goes while files are written")
def power_cut(host: Host) -> None:
    """What was written before `sync` must be there afterwards, and the image in order. QEMU's
    `quit` stops the guest wherever it is."""
    image = private_image(host, "power")
    try:
        for cut in range(2):
            machine = boot(host, image, "", network=False)
            try:
                for earlier in range(cut):
                    if f"kept {earlier}." not in machine.shell(f"cat /kept{earlier}"):
                        raise machine.failure(f"what was synced before cut {earlier}")
                machine.shell(f"echo kept {cut}. > /kept{cut}; sync")
                machine.type("cp /www/big.bin /a; mv /a /b; cp /www/65537.bin /a; rm /b; "
                             "cp /www/big.bin /b\n" * 20)
                machine.wait_for(lambda text: text.count("rm /b; cp") > 1 + cut, 60,
                                 "the shell to copy files")
                machine.type(TO_QEMU + "quit\n")
                wait_for_end(machine, "after QEMU's `quit`")
            finally:
                machine.stop(keep_capture=False)
            report = run_command(host.tree, ["obj/fs/fstool", "check", str(image)],
                                 60 * host.scale)
            if " 0 errors" not in report:
                raise Failure("an image without errors after a power cut", report.strip())
    finally:
        image.unlink()
