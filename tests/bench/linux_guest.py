#!/usr/bin/env python3
"""Builds the Linux guest that the benchmark measures against: Debian's kernel with its e1000 and
virtio-net drivers, busybox, nginx, iperf3 and our small servers (linux_servers.cc), all in an
initramfs. `make bench-guest` calls it.

usage: linux_guest.py FOLDER WEB_ROOT COMPILER

Debian's packages are downloaded with apt-get into FOLDER and unpacked there; nothing is installed.
Leaves FOLDER/vmlinuz and FOLDER/initramfs, and does nothing if they are newer than what they are
made of.
"""
import gzip
import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import Dict, Iterable, List, Tuple

HERE = Path(__file__).resolve().parent
KERNEL = "linux-image-amd64"
PACKAGES = ("busybox-static", "nginx", "nginx-common", "iperf3", "libiperf0", "libsctp1", "libc6",
            "libcrypt1", "libpcre2-8-0", "libssl3", "zlib1g", "libgcc-s1")
# What the guest gets of the packages, by its path there.
FILES = ("bin/busybox", "usr/sbin/nginx", "usr/bin/iperf3", "etc/nginx/mime.types",
         "lib64/ld-linux-x86-64.so.2")
PROGRAMS = ("usr/sbin/nginx", "usr/bin/iperf3")
DRIVERS = ("e1000", "virtio_pci", "virtio_net")
SERVERS = HERE / "linux_servers.cc"
FOLDERS = ("bin", "dev", "etc", "proc", "run", "sys", "tmp", "var/log/nginx", "var/lib/nginx")


class BuildError(Exception):
    """The guest cannot be built; the text says why and what to do."""


def run(*command: str, cwd: Path) -> str:
    try:
        done = subprocess.run(command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              stdin=subprocess.DEVNULL, text=True, errors="replace", check=False)
    except OSError as error:
        raise BuildError(f"cannot run {command[0]}: {error.strerror}") from error
    if done.returncode != 0:
        raise BuildError(f"`{' '.join(command)}` ended with status {done.returncode}: "
                         f"{done.stderr.strip()[-500:]}")
    return done.stdout


def kernel_package(folder: Path) -> str:
    """The package that the newest kernel's metapackage stands for."""
    found = re.search(r"Depends: (linux-image-\S+)",
                      run("apt-cache", "depends", KERNEL, cwd=folder))
    if not found:
        raise BuildError(f"apt knows no {KERNEL}: run apt-get update (on a Debian of kind amd64)")
    return found.group(1)


def download(folder: Path) -> Path:
    """Debian's packages, unpacked: the folder that is the root of what they hold."""
    root, packages = folder / "root", folder / "packages"
    names = [kernel_package(folder), *PACKAGES]
    if (root / "done").is_file() and (root / "done").read_text().split() == names:
        return root
    shutil.rmtree(root, ignore_errors=True)
    shutil.rmtree(packages, ignore_errors=True)
    packages.mkdir(parents=True)
    print(f"Downloading {len(names)} packages for the Linux guest (some 80 MB) ...", flush=True)
    run("apt-get", "download", "-q", *names, cwd=packages)
    for package in sorted(packages.glob("*.deb")):
        run("dpkg-deb", "-x", str(package), str(root), cwd=folder)
    shutil.rmtree(packages)
    (root / "done").write_text("\n".join(names))
    return root


def module_files(root: Path) -> List[Path]:
    """The drivers and what they depend on, in the order in which they must be loaded."""
    all_modules = {path.stem.replace("-", "_"): path for path in root.rglob("*.ko")}
    order: List[str] = []

    def add(name: str) -> None:
        if name in order or name not in all_modules:        # not there: part of the kernel itself
            return
        depends = re.search(rb"\0depends=([^\0]*)\0", all_modules[name].read_bytes())
        for needed in depends.group(1).decode().split(",") if depends else []:
            add(needed)
        order.append(name)

    for driver in DRIVERS:
        if driver not in all_modules:
            raise BuildError(f"{KERNEL} has no module {driver}")
        add(driver)
    return [all_modules[name] for name in order]


def libraries(root: Path) -> List[Path]:
    """The shared libraries that the programs want, found by the packages' own loader."""
    loader = root / "lib64" / "ld-linux-x86-64.so.2"
    path = ":".join(str(root / folder) for folder in ("lib/x86_64-linux-gnu",
                                                       "usr/lib/x86_64-linux-gnu"))
    found = set()
    for program in PROGRAMS:
        listing = run(str(root / "lib/x86_64-linux-gnu" / os.path.basename(os.readlink(loader))),
                      "--library-path", path, "--list", str(root / program), cwd=root)
        if "not found" in listing:
            raise BuildError(f"{program} wants a library that is missing:\n{listing}")
        found |= {Path(line) for line in re.findall(r"=> (/\S+)", listing)}
    return sorted(found)


class Archive:
    """An initramfs: entries of a cpio archive in the "new" format
    (Documentation/driver-api/early-userspace/buffer-format.rst in the kernel's source)."""

    def __init__(self) -> None:
        self._parts: List[bytes] = []
        self._number = 0
        self._folders: Dict[str, bool] = {}

    def add(self, name: str, content: bytes, mode: int, device: Tuple[int, int] = (0, 0)) -> None:
        self._number += 1
        fields = (self._number, mode, 0, 0, 1, 0, len(content), 0, 0, *device, len(name) + 1, 0)
        head = b"070701" + b"".join(b"%08x" % field for field in fields) + name.encode() + b"\0"
        for part in (head, content):
            self._parts.append(part + b"\0" * (-len(part) % 4))

    def folder(self, name: str) -> None:
        parent = os.path.dirname(name)
        if parent:
            self.folder(parent)
        if name not in self._folders:
            self._folders[name] = True
            self.add(name, b"", stat.S_IFDIR | 0o755)

    def file(self, name: str, content: bytes, rights: int = 0o755) -> None:
        self.folder(os.path.dirname(name))
        self.add(name, content, stat.S_IFREG | rights)

    def bytes(self) -> bytes:
        self.add("TRAILER!!!", b"", 0)
        return b"".join(self._parts)


def compile_servers(folder: Path, compiler: str) -> bytes:
    program = folder / "servers"
    run(compiler, "-std=c++17", "-O2", "-Wall", "-Wextra", "-static", "-o", str(program),
        str(SERVERS), cwd=folder)
    return program.read_bytes()


def make_initramfs(folder: Path, root: Path, web_root: Path, compiler: str) -> bytes:
    archive = Archive()
    for name in FOLDERS:
        archive.folder(name)
    archive.add("dev/console", b"", stat.S_IFCHR | 0o600, device=(5, 1))
    for name in FILES:
        archive.file(name, (root / name).read_bytes())
    for library in libraries(root):
        archive.file(str(library.relative_to(root)), library.read_bytes())
    modules = module_files(root)
    for number, module in enumerate(modules):
        archive.file(f"modules/{number:02}-{module.name}", module.read_bytes())
    archive.file("bin/servers", compile_servers(folder, compiler))
    archive.file("init", (HERE / "linux_init.sh").read_bytes())
    archive.file("etc/nginx/nginx.conf", (HERE / "nginx.conf").read_bytes())
    archive.file("etc/passwd", b"root:x:0:0::/:/bin/sh\nnobody:x:99:99::/:/bin/sh\n")
    archive.file("etc/group", b"root:x:0:\nnogroup:x:99:\n")
    for path in sorted(web_root.rglob("*")):
        if path.is_file():
            archive.file(f"www/{path.relative_to(web_root)}", path.read_bytes(), 0o644)
    return gzip.compress(archive.bytes(), 1)


def is_newer(targets: Iterable[Path], sources: Iterable[Path]) -> bool:
    oldest = min((path.stat().st_mtime if path.is_file() else 0) for path in targets)
    return oldest > max(path.stat().st_mtime for path in sources)


def build(folder: Path, web_root: Path, compiler: str) -> None:
    kernel, initramfs = folder / "vmlinuz", folder / "initramfs"
    sources = [*HERE.glob("linux_*"), HERE / "nginx.conf",
               *(path for path in web_root.rglob("*") if path.is_file())]
    if is_newer((kernel, initramfs), sources):
        return
    folder.mkdir(parents=True, exist_ok=True)
    root = download(folder)
    content = make_initramfs(folder, root, web_root, compiler)
    shutil.copyfile(next(root.glob("boot/vmlinuz-*")), kernel)
    initramfs.write_bytes(content)
    print(f"Linux guest: {kernel.stat().st_size >> 20} MiB kernel, {len(content) >> 20} MiB "
          f"initramfs in {folder}")


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    try:
        build(Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve(), sys.argv[3])
    except (BuildError, OSError, StopIteration) as problem:
        sys.exit(f"linux_guest: {problem}")
