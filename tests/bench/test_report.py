#!/usr/bin/env python3
"""Tests of the benchmark's table, verdicts and costs, with samples that are made up."""
import json
import sys
import unittest
import xml.etree.ElementTree as ElementTree
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))
import chart                                        # noqa: E402
import cost                                         # noqa: E402
import report                                       # noqa: E402
import rows                                         # noqa: E402
from guests import Kind, Traffic                    # noqa: E402
from rows import Row, Sample                        # noqa: E402

JOS = Kind("jos", "qemu", [], is_ours=True)
LINUX = Kind("linux", "qemu", [])
VIRTIO = Kind("virtio", "qemu", [])


def row(name="pages", less_is_better=False, must=1.0, goal=2.0, unit="/s", only_ours=False):
    return Row(name, f"row {name}", unit, must, goal, lambda guest, setting: Sample(0),
               less_is_better, only_ours=only_ours)


def samples(*values, bad=""):
    return [Sample(value, bad) for value in values]


def line_of(kinds, results, of=None, chosen=None):
    """The table's line for the only row."""
    chosen = chosen or [of or row()]
    return report.table(chosen, kinds, results)[1]


class Median(unittest.TestCase):
    def test_of_good_samples_only(self):
        self.assertEqual(report.median(samples(3, 1, 2)), 2)
        self.assertEqual(report.median(samples(3, 0, 1)), 2)
        self.assertEqual(report.median(samples(0, 0)), 0)
        self.assertEqual(report.median([]), 0)

    def test_cell_says_what_is_missing(self):
        self.assertEqual(report.cell(samples(3, 1, 2)), "2.000 (1.000 to 3.000)")
        self.assertEqual(report.cell(samples(2000, 1000)), "1500 (1000 to 2000)")
        self.assertEqual(report.cell([Sample(20), Sample(0, "died")]), "20.0 (20.0 to 20.0)!")
        self.assertEqual(report.cell([Sample(0, "died")]), "!")
        self.assertEqual(report.cell([]), "-")


class Verdict(unittest.TestCase):
    def test_more_is_better(self):
        for ratio, wanted in ((2.0, "goal"), (1.99, "must"), (1.0, "must"), (0.99, "no")):
            self.assertEqual(report.verdict(row(), ratio, samples(1)), wanted)

    def test_less_is_better(self):
        faster = row(less_is_better=True, must=1.0, goal=0.5)
        for ratio, wanted in ((0.5, "goal"), (0.51, "must"), (1.0, "must"), (1.01, "no")):
            self.assertEqual(report.verdict(faster, ratio, samples(1)), wanted)

    def test_what_lost_or_broke_something_has_failed_however_fast(self):
        self.assertEqual(report.verdict(row(), 9, [Sample(9), Sample(9, "1 lost")]), "FAILED")


class Table(unittest.TestCase):
    def test_ratios_and_verdict(self):
        results = {"pages": {"jos": samples(300, 100, 200), "linux": samples(100),
                             "virtio": samples(400)}}
        line = line_of([JOS, LINUX, VIRTIO], results)
        self.assertRegex(line, r"200\.0 \(100\.0 to 300\.0\) .* 2\.00x +0\.50x  >=1 +>=2 +goal$")

    def test_dead_guest_of_ours_fails_without_a_ratio(self):
        results = {"pages": {"jos": samples(0, bad="jos has ended"), "linux": samples(100)}}
        self.assertRegex(line_of([JOS, LINUX], results), r" ! .* -  >=1 +>=2 +FAILED$")

    def test_dead_yardstick_gives_no_verdict(self):
        results = {"pages": {"jos": samples(100), "linux": samples(0, bad="linux has ended")}}
        self.assertRegex(line_of([JOS, LINUX], results), r" ! +-$")

    def test_verdicts_need_ours_first_and_another_second(self):
        results = {"pages": {"jos": samples(100), "linux": samples(100)}}
        for kinds in ([LINUX, JOS], [JOS], [LINUX]):
            self.assertNotRegex(line_of(kinds, results), "must|goal|no$|>=")

    def test_limits_have_no_verdict_and_the_other_rows_a_share(self):
        limit = row("limit-tx-64", only_ours=True)
        busy = Sample(100, traffic=Traffic(2.0, 1000, 64000, 0, 0))
        results = {"pages": {"jos": [busy], "linux": samples(100)},
                   "limit-tx-64": {"jos": samples(5000), "linux": []}}
        lines = report.table([row(), limit], [JOS, LINUX], results)
        self.assertTrue(lines[0].endswith("of limit"))
        self.assertRegex(lines[1], r" must +10\.0%$")
        self.assertRegex(lines[2], r"5000 \(5000 to 5000\) +- +-$")


class Share(unittest.TestCase):
    limits = {("tx", 64): 1000.0, ("tx", 1500): 500.0, ("rx", 64): 100.0, ("rx", 1500): 100.0}

    def test_is_the_time_that_the_driver_alone_would_take(self):
        traffic = Traffic(2.0, sent_frames=100, sent_bytes=100 * 1400, received_frames=20,
                          received_bytes=20 * 60)
        self.assertAlmostEqual(report.share_of_limit(traffic, self.limits), 50 / 500 + 10 / 100)

    def test_takes_the_nearer_size(self):
        small, large = Traffic(1.0, 100, 78100, 0, 0), Traffic(1.0, 100, 78300, 0, 0)
        self.assertAlmostEqual(report.share_of_limit(small, self.limits), 0.1)
        self.assertAlmostEqual(report.share_of_limit(large, self.limits), 0.2)

    def test_is_unknown_without_the_limit(self):
        self.assertIsNone(report.share_of_limit(Traffic(1.0, 1, 64, 1, 64), {("tx", 64): 1.0}))
        self.assertEqual(report.shares([Sample(1)], self.limits), [])


class Remarks(unittest.TestCase):
    def test_offered_and_failures(self):
        carried = Traffic(2.0, 0, 0, 24, 1536)
        results = {"pages": {"jos": [Sample(5, "", offered=20, traffic=carried),
                                     Sample(5, "1 lost", offered=10, traffic=carried)],
                             "linux": samples(5)}}
        self.assertEqual(report.remarks([row()], ["jos", "linux"], results),
                         ["row pages: jos was offered 15.0/s, its card took 12.0/s",
                          "failed or lost:", "  row pages: jos: 1 lost"])

    def test_json_has_every_sample(self):
        results = {"pages": {"jos": [Sample(5, traffic=Traffic(1.0, 2, 3, 4, 5)), Sample(0, "x")]}}
        found = json.loads(json.dumps(report.as_json([row()], ["jos"], results)))
        first, second = found["pages"]["guests"]["jos"]
        self.assertEqual((first["value"], first["traffic"]["sent_frames"]), (5, 2))
        self.assertEqual((second["value"], second["bad"]), (0, "x"))


class Chart(unittest.TestCase):
    def test_bars_are_as_long_as_ratios_and_names_are_escaped(self):
        results = {"pages": {"jos": samples(300), "linux": samples(100)},
                   "idle": {"jos": samples(4), "linux": samples(2)},
                   "dead": {"jos": samples(0), "linux": samples(2)}}
        chosen = [row(), row("idle", less_is_better=True), row("dead")]
        chosen[0] = Row("pages", "pages < 1 & more", "/s", 1, 2, chosen[0].measure)
        root = ElementTree.fromstring(report.picture(chosen, ["jos", "linux"], results))
        bars = [element for element in root if element.get("x") == str(chart.LEFT)]
        self.assertEqual([bar.get("fill") for bar in bars], [chart.GOOD, chart.BAD])
        longer, shorter = (float(bar.get("width")) for bar in bars)
        self.assertAlmostEqual(longer / shorter, 3 / 0.5, places=2)
        self.assertIn("pages < 1 & more", [element.text for element in root])

    def test_nothing_to_show_is_a_picture_too(self):
        ElementTree.fromstring(chart.drawing("nothing", []))


class Cost(unittest.TestCase):
    @staticmethod
    def counters(value):
        return "counters\n" + "".join(f"{name:15} {value}\r\n" for name in cost.COLUMNS) + "K> "

    def test_reads_the_monitors_answer(self):
        self.assertEqual(cost.parse(self.counters(7)), dict.fromkeys(cost.COLUMNS, 7))
        with self.assertRaisesRegex(rows.ClientError, "COUNTERS=1"):
            cost.parse("counters\nUnknown command 'counters'\nK> ")

    def test_difference_survives_the_wrap(self):
        before, after = (dict.fromkeys(cost.COLUMNS, value) for value in ((1 << 32) - 3, 4))
        self.assertEqual(cost.difference(before, after), dict.fromkeys(cost.COLUMNS, 7))

    def test_idle_work_is_taken_off(self):
        grown, idle = dict.fromkeys(cost.COLUMNS, 100), dict.fromkeys(cost.COLUMNS, 10.0)
        self.assertEqual(cost.of_one(grown, idle, 2.0, 40)["mmio"], 2.0)
        self.assertEqual(cost.of_one(grown, idle, 20.0, 40)["mmio"], 0.0)

    def test_traps_are_the_sum_of_their_kinds(self):
        values = dict.fromkeys(cost.COLUMNS, 1.0)
        lines = cost.table([row()], values, {"pages": (5, values)})
        self.assertEqual(lines[2].split()[3:5], ["3.00", "1.00"])


class DriverLine(unittest.TestCase):
    def test_is_read_or_refused(self):
        answer = ("nicbench receive 1\r\nreceive: 500 frames, 32000 bytes in 1000001 us, "
                  "499 frames/s; the card counts 500\r\nK> ")
        self.assertEqual(rows.driver_line(answer), (500, 1.000001))
        with self.assertRaisesRegex(rows.ClientError, "no network card"):
            rows.driver_line("nicbench receive 1\r\nno network card\r\nK> ")


if __name__ == "__main__":
    unittest.main()
