"""Small log-log charts as SVG text: a grid of panels, four in a row."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT, COLUMNS = 330, 250, 4
LEFT, RIGHT, TOP, BOTTOM = 46, 22, 26, 34
COLOURS = ("#b2182b", "#2166ac", "#4d9221", "#7b3294", "#e08214")
FLOOR = 0.1  # smaller figures are drawn here: there is no zero on such a scale


@dataclass(frozen=True)
class Series:
    name: str
    points: list[tuple[float, float]]


@dataclass(frozen=True)
class Panel:
    title: str
    unit: str
    series: list[Series]


def plot(panels: list[Panel]) -> str:
    rows = math.ceil(len(panels) / COLUMNS)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH * COLUMNS} {HEIGHT * rows}" '
        'font-family="sans-serif" font-size="11">',
        '<rect width="100%" height="100%" fill="white"/>',
    ]
    for index, panel in enumerate(panels):
        x, y = index % COLUMNS * WIDTH, index // COLUMNS * HEIGHT
        lines.append(f'<g transform="translate({x} {y})">')
        lines += _panel(panel)
        lines.append("</g>")
    return "\n".join([*lines, "</svg>", ""])


def _panel(panel: Panel) -> Iterator[str]:
    xs = [math.log10(x) for one in panel.series for x, _ in one.points]
    ys = [math.log10(max(y, FLOOR)) for one in panel.series for _, y in one.points]
    low_x, high_x = min(xs), max(xs)
    low_y, high_y = math.floor(min(ys)), math.ceil(max(ys) + 0.001)
    wide, high = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM

    def at(x: float, y: float) -> tuple[float, float]:
        across = (math.log10(x) - low_x) / (high_x - low_x)
        up = (math.log10(max(y, FLOOR)) - low_y) / (high_y - low_y)
        return round(LEFT + wide * across, 1), round(TOP + high * (1 - up), 1)

    yield f'<text x="{LEFT}" y="16" font-weight="bold">{escape(panel.unit)} over {escape(panel.title)}</text>'
    for power in range(low_y, high_y + 1):
        _, y = at(10**low_x, 10**power)
        yield f'<path d="M{LEFT} {y}h{wide}" stroke="#ddd"/>'
        yield f'<text x="{LEFT - 5}" y="{y + 4}" text-anchor="end">{10.0**power:g}</text>'
    for x in sorted({x for one in panel.series for x, _ in one.points}):
        across, _ = at(x, 1)
        yield f'<text x="{across}" y="{HEIGHT - 16}" text-anchor="middle">{x:g}</text>'
    for index, (one, colour) in enumerate(zip(panel.series, COLOURS, strict=False)):
        places = [at(x, y) for x, y in one.points]
        path = "M" + "L".join(f"{x} {y}" for x, y in places)
        yield f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="2"/>'
        yield from (f'<circle cx="{x}" cy="{y}" r="2.5" fill="{colour}"/>' for x, y in places)
        yield f'<text x="{LEFT + 6}" y="{TOP + 12 + 13 * index}" fill="{colour}">{escape(one.name)}</text>'
