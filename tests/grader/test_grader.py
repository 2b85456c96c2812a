#!/usr/bin/env python3
"""Tests of the grader: a fake make and machine (fake_make.py) behaves rightly or wrongly in one
way, and the grader must give the right verdict, say something helpful, leave nothing running,
and never end in a traceback."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import unittest
import xml.etree.ElementTree
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Optional

HERE = Path(__file__).resolve().parent
TREE = HERE.parent.parent
sys.dont_write_bytecode = True
sys.path[:0] = [str(HERE), str(TREE)]

import fake_make  # noqa: E402
import gradelib  # noqa: E402


def three_free_ports() -> int:
    """A port that is free with its next two neighbours."""
    while True:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            first = probe.getsockname()[1]
        try:
            for port in range(first, first + 3):
                socket.create_server(("127.0.0.1", port)).close()
            return first
        except (OSError, OverflowError):
            continue


# Answers the commonest question itself, which saves the start of a Python.
MAKE = """#!/bin/sh
case "$*,$FAKE_FAULT" in *print-gdbport,*_port) ;; *print-gdbport,*) echo $FAKE_PORT; exit ;; esac
exec "{python}" -S "{fake}" "$@"
"""


class FakeTree:
    """A tree with the grader, a kernel symbol, a page, and the fake make in front of the path."""

    def __init__(self, folder: Path):
        self.folder = folder
        for name in ("grade-lab6", "gradelib.py"):
            shutil.copy(TREE / name, folder)
        (folder / "obj" / "kern").mkdir(parents=True)
        self.symbols = folder / "obj" / "kern" / "kernel.sym"
        self.symbols.write_text("f0100000 T entry\nf0101234 T readline\nf0105678 T readline_more\n")
        (folder / "fs").mkdir()
        self.page = folder / "fs" / "index.html"
        self.page.write_text("<h1>Cheese</h1>\n" * 20)
        (folder / "bin").mkdir()
        make = folder / "bin" / "make"
        make.write_text(MAKE.format(python=sys.executable, fake=HERE / "fake_make.py"))
        make.chmod(0o755)
        self.machine_pid = folder / "machine.pid"
        self.port = three_free_ports()

    def environment(self, fault: str) -> dict[str, str]:
        return dict(os.environ, PATH=f"{self.folder / 'bin'}:{os.environ['PATH']}",
                    FAKE_FAULT=fault, FAKE_PORT=str(self.port), PYTHONDONTWRITEBYTECODE="1")


class GraderTest(unittest.TestCase):
    """A test that grades a fake tree, or several at once."""

    def setUp(self) -> None:
        self.tree = self.new_tree()

    def new_tree(self) -> FakeTree:
        folder = tempfile.TemporaryDirectory(prefix="grader-test-")
        self.addCleanup(folder.cleanup)
        return FakeTree(Path(folder.name))

    def grade(self, *arguments: str, fault: str = "", scale: str = "1",
              tree: Optional[FakeTree] = None) -> tuple[int, str]:
        """The grader's exit status and output, which never holds a traceback."""
        tree = tree or self.tree
        done = subprocess.run(
            [sys.executable, str(tree.folder / "grade-lab6"), "--timeout-scale", scale,
             *arguments],
            env=tree.environment(fault), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, timeout=120, check=False)
        output = done.stdout.decode()
        self.assertNotIn("Traceback", output)
        self.assert_nothing_runs(tree)
        return done.returncode, output

    def assert_nothing_runs(self, tree: FakeTree) -> None:
        if tree.machine_pid.exists():
            with self.assertRaises(ProcessLookupError):
                os.kill(int(tree.machine_pid.read_text()), 0)

    def assert_fails(self, title: str, fault: str, *wanted: str,
                     tree: Optional[FakeTree] = None) -> str:
        """The item must fail, with these texts in its reason."""
        status, output = self.grade(title, fault=fault, scale="0.05", tree=tree)
        self.assertEqual(status, 1, output)
        self.assertRegex(output, r"(?m)FAIL \(\d+\.\d+s\)$")
        for text in (*wanted, "expected: ", "got: ", "likely cause: ", "next: "):
            self.assertIn(text, output)
        return output

    def assert_all_fail(self, title: str, faults: dict[str, str]) -> None:
        """The item must fail with each of these faults, and say the text beside it. Several run
        at once, each in a tree of its own."""
        with ThreadPoolExecutor(4) as pool:
            runs = {fault: pool.submit(self.assert_fails, title, fault, wanted,
                                       tree=self.new_tree())
                    for fault, wanted in faults.items()}
        for fault, run in runs.items():
            with self.subTest(fault):
                run.result()


class RightSystem(GraderTest):
    def test_full_marks(self) -> None:
        status, output = self.grade()
        self.assertEqual(status, 0, output)
        for line in (r"testtime: OK \(\d+\.\ds\)", r"testoutput \[100 packets\]: OK \(.*\)",
                     r"tcp echo server \[echosrv\]: OK \(.*\)",
                     rf"  http://localhost:{self.tree.port + 2}/index\.html: OK \(.*\)",
                     r"Part A score: 35/35", r"Part B score: 70/70", r"Score: 105/105"):
            self.assertRegex(output, rf"(?m)^{line}$")
        self.assertEqual(list(self.tree.folder.glob("jos.out.*")), [])

    def test_the_list_shows_all_points(self) -> None:
        _, output = self.grade("--list")
        points = [int(number) for number in re.findall(r"\((\d+)\)$", output, re.MULTILINE)]
        self.assertEqual(points, [5, 5, 15, 10, 15, 10, 15, 0, 10, 10, 10])
        self.assertIn("http://localhost:PORT/random_file.txt (10)", output)

    def test_filters(self) -> None:
        status, output = self.grade("index.html", "pci")
        self.assertEqual((status, output.count(": OK (")), (0, 2), output)
        self.assertIn("Score: 15/15 (2 of 11 items)", output)
        status, output = self.grade("no such title")
        self.assertEqual(status, 2)
        self.assertIn("--list", output)

    def test_reports(self) -> None:
        junit, scope = self.tree.folder / "j.xml", self.tree.folder / "results.json"
        status, _ = self.grade("test", "--junit", str(junit), "--gradescope", str(scope),
                               fault="padded")
        self.assertEqual(status, 1)
        suite = xml.etree.ElementTree.parse(junit).getroot()[0]
        self.assertEqual((suite.get("tests"), suite.get("failures")), ("5", "2"))
        results = json.loads(scope.read_text())
        self.assertEqual(results["score"], 30)
        self.assertEqual(sum(test["max_score"] for test in results["tests"]), 55)

    def test_colors_and_console(self) -> None:
        _, output = self.grade("pci", "--color", "always", "-v")
        self.assertIn("\x1b[32mOK\x1b[0m", output)
        self.assertIn("| hello, world", output)
        self.assertIn("run-hello-nox-gdb INIT_CFLAGS=-DTEST_NO_NS QEMUEXTRA+=-snapshot", output)

    def test_a_pass_deletes_what_a_failure_left(self) -> None:
        self.assert_fails("pci attach", "no_card", "kept: jos.out.pci_attach")
        self.assertIn("no network card", (self.tree.folder / "jos.out.pci_attach").read_text())
        self.grade("pci attach")
        self.assertFalse((self.tree.folder / "jos.out.pci_attach").exists())


class WrongSystem(GraderTest):
    def test_broken_build(self) -> None:
        output = self.assert_fails("test", "build_error", "'tail' was not declared", "first errors",
                                   "the same build failure as above")
        self.assertEqual(output.count("'tail' was not declared"), 1)
        self.assert_fails("pci", "qemu_missing", "qemu-system-i386: not found")

    def test_ports(self) -> None:
        self.assert_fails("pci", "no_port", "print-gdbport", "No rule to make target")
        self.assert_fails("pci", "odd_port", "print-gdbport")
        with socket.create_server(("127.0.0.1", self.tree.port)):
            self.assert_fails("pci", "", "a program listens there already")

    def test_machines_that_do_not_get_far(self) -> None:
        self.assert_all_fail("testtime", {
            "silent": "not one character", "reboots": "triple fault", "panic": "kern/init.cc:3",
            "fault": "user fault va 00000000", "ends": "status 3", "garbage": "still going",
            "deaf_debugger": "no answer", "refused_breakpoint": "E01",
            "wrong_line": "fell into its monitor"})

    def test_missing_symbol(self) -> None:
        self.tree.symbols.write_text("f0100000 T entry\n")
        self.assert_fails("testtime", "", 'extern "C"')
        self.tree.symbols.write_bytes(b"\xff\xfe\n")
        self.assert_fails("testtime", "", "readline")

    def test_transmit(self) -> None:
        self.assert_all_fail("testoutput [5", {
            "no_frames": "TCTL.EN", "padded": "padded", "twice": "twice", "stops": "full ring",
            "backwards": "wrong order", "same_buffer": "buffer of its own",
            "wrong_length": "length", "truncated_capture": "the last record has",
            "garbage_capture": "no pcap file", "no_capture": "filter-dump"})

    def test_receive(self) -> None:
        self.assert_all_fail("testinput [5", {
            "unstripped_crc": "SECRC", "filled_early": "filled again",
            "reception_stops": "the tail does not move", "extra_frame": "8 frames in all",
            "no_announcement": "ARP request", "truncated_capture": "the last record has"})

    def test_a_failure_keeps_console_and_capture(self) -> None:
        self.assert_fails("testinput [5", "unstripped_crc")
        for prefix in ("jos.out", "qemu.pcap"):
            self.assertTrue((self.tree.folder / f"{prefix}.testinput_5").exists())

    def test_echo(self) -> None:
        self.assert_all_fail("echo", {
            "echo_wrong": "first difference at byte", "echo_closes": "0 bytes, then",
            "echo_silent": "timeout", "panic_later": "panic"})

    def test_web(self) -> None:
        self.assert_all_fail("index.html", {
            "http_status": "status 500", "http_body": "different from byte 0",
            "http_garbage": "no status line", "http_empty": "not one byte",
            "http_truncated": "cut-off body", "http_no_end": "never end",
            "http_silent": "timeout"})
        output = self.assert_fails("web server", "wrong_line")
        self.assertEqual(output.count("FAIL"), 4)

    def test_a_fault_of_the_grader_is_a_failed_item(self) -> None:
        self.tree.page.unlink()
        self.assert_fails("index.html", "", "FileNotFoundError", "grade.log")
        self.assertIn("Traceback", (self.tree.folder / "grade.log").read_text())

    def test_processes_of_others_are_left_alone(self) -> None:
        with subprocess.Popen(["sleep", "60"]) as other:
            self.grade("pci", fault="stray_child")
            self.assertIsNone(other.poll())
            other.kill()


class Interruptions(GraderTest):
    def interrupt(self, number: int) -> None:
        """A signal in the middle of an item ends grader and machine, without a traceback."""
        with subprocess.Popen(
                [sys.executable, str(self.tree.folder / "grade-lab6"), "testtime"],
                env=self.tree.environment("silent"), stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT) as grader:
            deadline = time.monotonic() + 20
            while not self.tree.machine_pid.exists() and time.monotonic() < deadline:
                time.sleep(0.02)
            grader.send_signal(number)
            output = grader.communicate(timeout=20)[0].decode()
        self.assertNotIn("Traceback", output)
        self.assertIn("Score: 0/5", output)
        self.assertEqual(grader.returncode, 130)
        self.assert_nothing_runs(self.tree)

    def test_interrupt(self) -> None:
        self.interrupt(signal.SIGINT)

    def test_termination(self) -> None:
        self.interrupt(signal.SIGTERM)

    def test_one_grader_a_tree(self) -> None:
        with gradelib.sole_grader(self.tree.folder):
            status, output = self.grade("pci")
        self.assertEqual(status, 2)
        self.assertIn("another one is at work", output)


class Captures(unittest.TestCase):
    def read(self, content: bytes) -> list[gradelib.Packet]:
        with tempfile.NamedTemporaryFile() as file:
            file.write(content)
            file.flush()
            return gradelib.read_capture(Path(file.name))

    def test_byte_orders_and_units(self) -> None:
        for order in "<>":
            for nanoseconds, seconds in ((False, 1.0005), (True, 1.0000005)):
                with self.subTest(order=order, nanoseconds=nanoseconds):
                    packets = self.read(fake_make.packet_file(order, nanoseconds)
                                        + fake_make.packet_record(b"abc", order))
                    self.assertEqual([packet.data for packet in packets], [b"abc"])
                    self.assertAlmostEqual(packets[0].seconds, seconds, 9)

    def test_every_truncation_is_a_clear_failure(self) -> None:
        whole = fake_make.packet_file() + fake_make.packet_record(b"abc" * 10)
        for length in range(len(whole)):
            if length == 24:
                self.assertEqual(self.read(whole[:length]), [])
            else:
                with self.assertRaises(gradelib.Failure, msg=f"{length} bytes"):
                    self.read(whole[:length])

    def test_damage(self) -> None:
        whole = bytearray(fake_make.packet_file() + fake_make.packet_record(b"abc"))
        for offset, value in ((0, 0), (20, 113), (24 + 8, 0xFFFFFFFF)):
            damaged = bytearray(whole)
            struct.pack_into("<I", damaged, offset, value)
            with self.assertRaises(gradelib.Failure):
                self.read(bytes(damaged))


class Replies(unittest.TestCase):
    def test_forms(self) -> None:
        head = b"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n"
        self.assertEqual(gradelib.parse_reply(head + b"\r\nabc", "enough").fault, "")
        self.assertIn("cut-off", gradelib.parse_reply(head + b"\r\nab", "reset").fault)
        self.assertIn("never end", gradelib.parse_reply(head, "closed").fault)
        self.assertIn("colon", gradelib.parse_reply(
            b"HTTP/1.0 404 Not Found\r\nConnection\r\n\r\n", "closed").fault)
        for junk in (b"", b"\r\n\r\n", b"\xff\xff", b"HTTP/1.1 abc\r\n\r\n"):
            self.assertTrue(gradelib.parse_reply(junk, "closed").fault)


class Environment(unittest.TestCase):
    def test_variables_of_a_calling_make_stay_and_its_job_server_does_not(self) -> None:
        saved = os.environ.get("MAKEFLAGS")
        os.environ["MAKEFLAGS"] = " -j2 --jobserver-auth=3,4 -- GCCPREFIX=i686-"
        try:
            self.assertEqual(gradelib.tool_environment()["MAKEFLAGS"], " -- GCCPREFIX=i686-")
            os.environ["MAKEFLAGS"] = "w -j2"
            self.assertNotIn("MAKEFLAGS", gradelib.tool_environment())
        finally:
            os.environ.pop("MAKEFLAGS")
            if saved is not None:
                os.environ["MAKEFLAGS"] = saved


if __name__ == "__main__":
    unittest.main()
