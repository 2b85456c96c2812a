"""The table of samples: medians, ratios, verdicts, and how much of the card's limit was used."""

from __future__ import annotations

import statistics
from typing import Dict, List, Optional, Sequence, Tuple

import chart
from guests import Kind, Traffic
from rows import Row, Sample

Results = Dict[str, Dict[str, List[Sample]]]        # by row's and guest's name: one a boot
Limits = Dict[Tuple[str, int], float]               # by direction and frame size: frames a second

# Rows that measure the driver alone.
LIMIT_ROWS = {"limit-tx-64": ("tx", 64), "limit-tx-1500": ("tx", 1500),
              "limit-rx-64": ("rx", 64), "limit-rx-1500": ("rx", 1500)}


def median(samples: Sequence[Sample]) -> float:
    """Of those that are not failures through and through; 0 if there is none."""
    good = [sample.value for sample in samples if sample.value > 0]
    return statistics.median(good) if good else 0.0


def number(value: float) -> str:
    digits = 3 if value < 10 else 1 if value < 1000 else 0
    return f"{value:.{digits}f}"


def cell(samples: Sequence[Sample]) -> str:
    """Median (least to most); `!` if something failed or was lost."""
    if not samples:
        return "-"
    good = [sample.value for sample in samples if sample.value > 0]
    text = f"{number(median(samples))} ({number(min(good))} to {number(max(good))})" if good else ""
    return text + ("!" if any(sample.bad for sample in samples) else "") or "-"


def verdict(row: Row, ratio: float, ours: Sequence[Sample]) -> str:
    """What the row has reached: "goal", "must", "no"; "FAILED" if ours lost or broke anything."""
    if any(sample.bad for sample in ours):
        return "FAILED"
    for name, wanted in (("goal", row.goal), ("must", row.must)):
        if row.is_met(ratio, wanted):
            return name
    return "no"


def limits_of(results: Results, guest: str) -> Limits:
    """What the driver alone has done, as far as it was measured."""
    limits = {}
    for name, key in LIMIT_ROWS.items():
        limit = median(results.get(name, {}).get(guest, []))
        if limit:
            limits[key] = limit
    return limits


def share_of_limit(traffic: Traffic, limits: Limits) -> Optional[float]:
    """The part of the time in which the driver alone would have moved the same frames: those of
    each direction against the limit for the size nearer to theirs. None if that is not known."""
    share = 0.0
    for direction, frames, size in (("tx", traffic.sent_frames, traffic.sent_bytes),
                                    ("rx", traffic.received_frames, traffic.received_bytes)):
        if frames == 0:
            continue
        sizes = [known for where, known in limits if where == direction]
        if not sizes:
            return None
        nearer = min(sizes, key=lambda known, mean=size / frames: abs(known - mean))
        share += frames / traffic.seconds / limits[direction, nearer]
    return share


def shares(samples: Sequence[Sample], limits: Limits) -> List[float]:
    found = (share_of_limit(sample.traffic, limits) for sample in samples
             if sample.traffic is not None and not sample.bad)
    return [share for share in found if share is not None]


def table(chosen: Sequence[Row], kinds: Sequence[Kind], results: Results) -> List[str]:
    """A line per row. Ratios are the first guest's to each other's; verdicts are about the ratio to
    the second, if that one is not ours and the first one is."""
    names = [kind.name for kind in kinds]
    first, others = names[0], names[1:]
    judged = others[0] if others and kinds[0].is_ours and not kinds[1].is_ours else None
    limits = limits_of(results, first)
    head = f"{'row':36} {'unit':5}" + "".join(f" {name:>26}" for name in names)
    head += "".join(f" {first + '/' + other:>18}" for other in others)
    head += "   must   goal        " if judged else ""
    lines = [head + ("  of limit" if limits else "")]
    for row in chosen:
        samples = results[row.name]
        line = f"{row.title:36} {row.unit:5}"
        line += "".join(f" {cell(samples[name]):>26}" for name in names)
        for other in others:
            base = median(samples[other])
            ratio = median(samples[first]) / base if base else 0.0
            line += f" {f'{ratio:.2f}x':>18}" if ratio else f" {'-':>18}"
        line += judgement(row, samples, first, judged) if judged else ""
        found = shares(samples[first], limits) if row.unit.endswith("/s") and limits else []
        if found and not row.only_ours:
            line += f" {statistics.median(found) * 100:8.1f}%"
        lines.append(line.rstrip())
    return lines


def judgement(row: Row, samples: Dict[str, List[Sample]], first: str, judged: str) -> str:
    """The columns must, goal and verdict."""
    base, ours = median(samples[judged]), samples[first]
    if row.only_ours or (not base and not any(sample.bad for sample in ours)):
        return " " * 22
    sign = "<=" if row.less_is_better else ">="
    reached = verdict(row, median(ours) / base if base else 0.0, ours)
    return f"  {sign}{row.must:<4g} {sign}{row.goal:<4g} {reached:7}"


def remarks(chosen: Sequence[Row], names: Sequence[str], results: Results) -> List[str]:
    """What was offered where packets may be dropped; then what failed or was lost."""
    lines = [text for row in chosen for name in names
             for text in offers(row, name, results[row.name][name])]
    bad = failures(chosen, names, results)
    return lines + (["failed or lost:"] + [f"  {line}" for line in bad] if bad else [])


def offers(row: Row, name: str, samples: Sequence[Sample]) -> List[str]:
    """What the host has sent, and what of it has come as far as the card."""
    flooded = [sample for sample in samples if sample.offered and sample.traffic is not None]
    if not flooded:
        return []
    offered = statistics.median(sample.offered for sample in flooded)
    carried = statistics.median(sample.traffic.received_frames / sample.traffic.seconds
                                for sample in flooded if sample.traffic is not None)
    return [f"{row.title}: {name} was offered {number(offered)}{row.unit}, its card took "
            f"{number(carried)}{row.unit}"]


def failures(chosen: Sequence[Row], names: Sequence[str], results: Results) -> List[str]:
    return [f"{row.title}: {name}: {sample.bad}" for row in chosen for name in names
            for sample in results[row.name][name] if sample.bad]


def as_json(chosen: Sequence[Row], names: Sequence[str], results: Results) -> dict:
    """All samples, for programs."""
    def plain(sample: Sample) -> dict:
        values = {key: value for key, value in vars(sample).items() if key != "traffic" and value}
        if sample.traffic is not None:
            values["traffic"] = vars(sample.traffic)
        return {"value": sample.value, **values}
    return {row.name: {"title": row.title, "unit": row.unit, "must": row.must, "goal": row.goal,
                       "less_is_better": row.less_is_better,
                       "guests": {name: [plain(sample) for sample in results[row.name][name]]
                                  for name in names}} for row in chosen}


def picture(chosen: Sequence[Row], names: Sequence[str], results: Results) -> str:
    """How many times as good as the second guest the first one is, row by row, in SVG."""
    bars = []
    for row in chosen:
        ours, theirs = (median(results[row.name][name]) for name in names[:2])
        if ours and theirs:
            bars.append((row.title, theirs / ours if row.less_is_better else ours / theirs))
    return chart.drawing(f"{names[0]}: how many times as good as {names[1]}", bars)
