"""Plots as SVG: how a cost grows, with the straight line that fits it best."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

WIDTH, HEIGHT = 460, 280
LEFT, RIGHT, TOP, BOTTOM = 64, 16, 34, 44
TICKS = 4
_STEPS = (1, 2, 2.5, 5, 10)
_COLOURS = ("#1f6feb", "#c2410c", "#15803d")


@dataclass(frozen=True)
class Plot:
    """A picture of the report.

    Args:
        name: Of the file, without suffix; unique in the report.
        title: What is shown, and in which unit.
        x: What goes to the right.
        series: Points by the name of what they show, each by growing x; no value is negative.
    """

    name: str
    title: str
    x: str
    series: dict[str, list[tuple[float, float]]]


def line_through(points: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Height at 0 and slope of the straight line that is nearest to the points (least squares)."""
    middle_x = sum(x for x, _ in points) / len(points)
    middle_y = sum(y for _, y in points) / len(points)
    spread = sum((x - middle_x) ** 2 for x, _ in points)
    slope = sum((x - middle_x) * (y - middle_y) for x, y in points) / spread if spread else 0.0
    return middle_y - slope * middle_x, slope


def svg(plot: Plot) -> str:
    """Draw it. Both axes begin at 0."""
    return "\n".join([*_lines(plot), "</svg>", ""])


def _lines(plot: Plot) -> Iterator[str]:
    points = [point for series in plot.series.values() for point in series]
    frame = _Frame(*(_top(max((point[axis] for point in points), default=1.0)) for axis in (0, 1)))
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" '
        f'height="{HEIGHT}" font-family="sans-serif" font-size="11">'
    )
    yield f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>'
    yield f'<text x="{LEFT}" y="18" font-size="13">{escape(plot.title)}</text>'
    yield from _axes(frame, plot.x)
    for number, (name, series) in enumerate(plot.series.items()):
        yield from _series(frame, series, _COLOURS[number % len(_COLOURS)])
        y = TOP + 12 + 14 * number
        colour = _COLOURS[number % len(_COLOURS)]
        yield f'<text x="{LEFT + 8}" y="{y}" fill="{colour}">{escape(name)}</text>'


@dataclass(frozen=True)
class _Frame:
    """Where values lie; ``right`` and ``top`` are those at the ends of the axes."""

    right: float
    top: float

    def x(self, value: float) -> float:
        return LEFT + value / self.right * (WIDTH - LEFT - RIGHT)

    def y(self, value: float) -> float:
        return HEIGHT - BOTTOM - value / self.top * (HEIGHT - TOP - BOTTOM)


def _axes(frame: _Frame, label: str) -> Iterator[str]:
    for number in range(TICKS + 1):
        x, y = frame.right * number / TICKS, frame.top * number / TICKS
        yield (
            f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{frame.y(y):.1f}" y2="{frame.y(y):.1f}" '
            'stroke="#ddd"/>'
        )
        yield f'<text x="{LEFT - 6}" y="{frame.y(y) + 4:.1f}" text-anchor="end">{y:g}</text>'
        yield f'<text x="{frame.x(x):.1f}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{x:g}</text>'
    middle = (LEFT + WIDTH - RIGHT) / 2
    yield f'<text x="{middle}" y="{HEIGHT - 10}" text-anchor="middle">{escape(label)}</text>'


def _series(frame: _Frame, points: Sequence[tuple[float, float]], colour: str) -> Iterator[str]:
    for (x1, y1), (x2, y2) in pairwise(points):
        yield (
            f'<line x1="{frame.x(x1):.1f}" y1="{frame.y(y1):.1f}" x2="{frame.x(x2):.1f}" '
            f'y2="{frame.y(y2):.1f}" stroke="{colour}" stroke-width="1.5"/>'
        )
    for x, y in points:
        yield f'<circle cx="{frame.x(x):.1f}" cy="{frame.y(y):.1f}" r="3.5" fill="{colour}"/>'
    if len(points) > 2:
        start, slope = line_through(points)
        end = points[-1][0]
        yield (
            f'<line x1="{frame.x(0):.1f}" y1="{frame.y(max(start, 0)):.1f}" x2="{frame.x(end):.1f}" '
            f'y2="{frame.y(start + slope * end):.1f}" stroke="{colour}" stroke-dasharray="4 4" '
            'opacity="0.5"/>'
        )


def _top(largest: float) -> float:
    """A round number that is not below the largest value."""
    if largest <= 0:
        return 1.0
    power = 10.0 ** (len(str(int(largest))) - 1) if largest >= 1 else 1.0
    while power > largest:
        power /= 10
    return next(step * power for step in _STEPS if step * power >= largest)
