"""The ratios of a run as a picture: a bar for each row, in SVG."""

from __future__ import annotations

from typing import List, Sequence, Tuple
from xml.sax.saxutils import escape

Bar = Tuple[str, float]                 # a row's title, and how many times as good we are

ROW, TOP, LEFT, WIDTH = 22, 34, 270, 860        # pixels
RIGHT = 60                                      # for the figure behind the longest bar
GOOD, BAD = "#4878a8", "#b85450"


def text(x: float, y: float, words: str, anchor: str = "start", weight: str = "normal") -> str:
    return (f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-weight="{weight}">'
            f"{escape(words)}</text>")


def drawing(title: str, bars: Sequence[Bar]) -> str:
    """The bars, from top to bottom; a line marks "as good as"."""
    height = TOP + ROW * len(bars) + 12
    scale = (WIDTH - LEFT - RIGHT) / max([1.0, *(ratio for _, ratio in bars)])
    parts: List[str] = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        f'width="{WIDTH}" height="{height}" font-family="sans-serif" font-size="13">',
        f'<rect width="{WIDTH}" height="{height}" fill="white"/>',
        text(10, 20, title, weight="bold")]
    for number, (name, ratio) in enumerate(bars):
        y = TOP + ROW * number
        parts += [text(LEFT - 8, y + 14, name, "end"),
                  f'<rect x="{LEFT}" y="{y + 2}" width="{ratio * scale:.1f}" height="{ROW - 6}" '
                  f'fill="{GOOD if ratio >= 1 else BAD}"/>',
                  text(LEFT + ratio * scale + 5, y + 14, f"{ratio:.2f}x")]
    x = LEFT + scale
    parts += [f'<line x1="{x:.1f}" y1="{TOP - 4}" x2="{x:.1f}" y2="{height - 8}" stroke="black"/>',
              "</svg>"]
    return "\n".join(parts) + "\n"
