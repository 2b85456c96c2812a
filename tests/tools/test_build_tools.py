#!/usr/bin/env python3
"""Tests of the small tools that the build calls."""
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
TOOLS = Path(__file__).resolve().parents[2] / "tools"
sys.path.insert(0, str(TOOLS))
import e1000_debug  # noqa: E402


class BootSector(unittest.TestCase):
    def make(self, code):
        """Runs the tool on the code: its status, errors, and the sector or None."""
        with tempfile.TemporaryDirectory() as folder:
            source, sector = Path(folder, "code"), Path(folder, "sector")
            source.write_bytes(code)
            done = subprocess.run([sys.executable, TOOLS / "boot_sector.py", source, sector],
                                  stderr=subprocess.PIPE, text=True, check=False)
            return done.returncode, done.stderr, sector.read_bytes() if sector.exists() else None

    def test_pads_and_signs(self):
        for size in (1, 509, 510):
            status, _, sector = self.make(b"\x90" * size)
            self.assertEqual(status, 0)
            self.assertEqual(sector, b"\x90" * size + bytes(510 - size) + b"\x55\xaa")

    def test_refuses_too_much(self):
        status, errors, sector = self.make(b"\x90" * 511)
        self.assertNotEqual(status, 0)
        self.assertIn("511 bytes, 1 more than the 510", errors)
        self.assertIsNone(sector)

    def test_refuses_nothing(self):
        self.assertNotEqual(self.make(b"")[0], 0)


class E1000Debug(unittest.TestCase):
    def test_options_are_for_the_names_that_only_the_card_knows(self):
        self.assertEqual(e1000_debug.qemu_options("TX,RX"), [])
        self.assertEqual(e1000_debug.qemu_options(""), [])
        options = e1000_debug.qemu_options("TX,rxfilter")
        self.assertEqual(options[::2], ["-trace"] * 3)
        self.assertIn("e1000x_rx_flt_ucast_mismatch", options)

    def test_unknown_names_are_found(self):
        self.assertEqual(e1000_debug.unknown_names("TX,RXERR,BOGUS"), ["BOGUS"])

    def test_lines(self):
        cases = {
            "e1000x_rx_oversized Received packet dropped because it was oversized (9 bytes)":
                "e1000: received packet dropped because it was oversized (9 bytes)",
            "77@1699.000001:e1000_receiver_overrun Receiver overrun: dropped packet":
                "e1000: receiver overrun: dropped packet",
            "qemu-system-i386: terminating on signal 15":
                "qemu-system-i386: terminating on signal 15",
            "": ""}
        for line, shown in cases.items():
            self.assertEqual(e1000_debug.translated(line), shown)


class UndefinedBehaviour(unittest.TestCase):
    """`make SAN=1` is not what the other tests build: what it adds must compile, for the kernel and
    for programs."""

    def test_handlers_compile_by_the_names_that_the_compiler_calls(self):
        with tempfile.TemporaryDirectory() as folder:
            objects = [Path(folder, part, "lib/undefined_behaviour.o") for part in ("", "kern")]
            subprocess.run(["make", "-s", "SAN=1", f"OBJDIR={folder}", *map(str, objects)],
                           cwd=TOOLS.parent, check=True)
            for path in objects:
                self.assertIn(b"\0__ubsan_handle_add_overflow\0", path.read_bytes())


class CheckTotals(unittest.TestCase):
    """tools/check.py must not take a crash for success."""

    def totals_of(self, script):
        import check
        with tempfile.TemporaryDirectory() as folder:
            program, report = Path(folder, "test"), Path(folder, "report.xml")
            program.write_text(f"#!/bin/sh\nreport='{report}'\n{script}\n")
            program.chmod(0o755)
            return check.run_reporting("suite", [str(program)], report, True, 5)

    def test_verdicts(self):
        case = '<testsuite><testcase classname="A" name="{}">{}</testcase></testsuite>'
        good = case.format("good", "")
        bad = case.format("bad", '<failure message="because"/>')
        skipped = case.format("later", "<skipped/>")
        cases = (
            (f"echo '{good}' > $report", (1, 0, 0)),
            (f"echo '{bad}' > $report; exit 1", (0, 1, 0)),
            (f"echo '{skipped}' > $report", (0, 0, 1)),
            (f"echo '{good}' > $report; exit 3", (1, 1, 0)),
            ("exit 0", (0, 1, 0)),
            ("kill -SEGV $$", (0, 1, 0)),
            ("echo '<testsuite' > $report", (0, 1, 0)),
            ("echo '<testsuite/>' > $report", (0, 1, 0)))
        for script, wanted in cases:
            with self.subTest(script=script):
                totals = self.totals_of(script)
                self.assertEqual((totals.passed, len(totals.failed), len(totals.skipped)), wanted)


if __name__ == "__main__":
    unittest.main()
