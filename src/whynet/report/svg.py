"""Small pictures drawn as inline SVG: points, and a histogram. They take their colours from the page."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from whynet.report.page import text
from whynet.types import Array

WIDTH, HEIGHT = 360, 270
LEFT, RIGHT, TOP, BOTTOM = 76, 20, 12, 42
POINTS = 1_000  # more are thinned out
BARS = 24


def ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Round numbers from low to high.

    >>> ticks(0.0, 1.0), ticks(-30.0, 395.0)
    ([0.0, 0.2, 0.4, 0.6, 0.8, 1.0], [0.0, 100.0, 200.0, 300.0])
    """
    spread = high - low
    if not (math.isfinite(spread) and spread > 0):
        return [low]
    rough = spread / (most - 1)
    size = 10.0 ** math.floor(math.log10(rough))
    step = size * next(factor for factor in (1, 2, 5, 10) if factor * size >= rough * (1 - 1e-9))
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [round(place * step, 12) for place in range(first, last + 1)]


def thinned(count: int) -> Array:
    """Which of so many points are drawn: all, or so many at equal distances.

    >>> len(thinned(7)), len(thinned(5_000))
    (7, 1000)
    """
    return np.linspace(0, count - 1, min(count, POINTS)).astype(np.intp)


class _Frame:
    """Axes, and where a pair of numbers lies in the picture."""

    def __init__(self, x: tuple[float, float], y: tuple[float, float]) -> None:
        self.x, self.y = _widened(*x), _widened(*y)

    def across(self, value: float) -> float:
        low, high = self.x
        return LEFT + (value - low) / (high - low) * (WIDTH - LEFT - RIGHT)

    def up(self, value: float) -> float:
        low, high = self.y
        return HEIGHT - BOTTOM - (value - low) / (high - low) * (HEIGHT - BOTTOM - TOP)

    def axes(self, x_label: str, y_label: str) -> str:
        parts = []
        for value in ticks(*self.x):
            at = self.across(value)
            parts.append(
                f'<line x1="{at:.1f}" y1="{TOP}" x2="{at:.1f}" y2="{HEIGHT - BOTTOM}" stroke="var(--line)"/>'
                f'<text x="{at:.1f}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{_short(value)}</text>'
            )
        for value in ticks(*self.y):
            at = self.up(value)
            parts.append(
                f'<line x1="{LEFT}" y1="{at:.1f}" x2="{WIDTH - RIGHT}" y2="{at:.1f}" stroke="var(--line)"/>'
                f'<text x="{LEFT - 6}" y="{at + 4:.1f}" text-anchor="end">{_short(value)}</text>'
            )
        middle = (HEIGHT - BOTTOM + TOP) / 2
        parts.append(
            f'<text x="{(LEFT + WIDTH - RIGHT) / 2:.1f}" y="{HEIGHT - 8}" text-anchor="middle">{text(x_label)}</text>'
            f'<text x="14" y="{middle:.1f}" text-anchor="middle" transform="rotate(-90 14 {middle:.1f})">'
            f"{text(y_label)}</text>"
        )
        return "".join(parts)

    def line(self, x: tuple[float, float], y: tuple[float, float]) -> str:
        ends = f'x1="{self.across(x[0]):.1f}" y1="{self.up(y[0]):.1f}" x2="{self.across(x[1]):.1f}"'
        return (
            f'<line {ends} y2="{self.up(y[1]):.1f}" stroke="var(--second)" stroke-width="1.5" stroke-dasharray="6 4"/>'
        )


def scatter(
    x: Array, y: Array, *, x_label: str, y_label: str, titles: Sequence[str] = (), diagonal: bool = False
) -> str:
    """Points (x, y); a dashed line where both are equal, or where y is 0. `titles` are shown under the mouse.

    >>> scatter(np.array([0.0, 1.0]), np.array([0.5, 1.0]), x_label="true", y_label="predicted").count("<circle")
    2
    """
    if diagonal:
        both = min(x.min(), y.min()), max(x.max(), y.max())
        frame = _Frame(both, both)
        line = frame.line(both, both)
    else:
        frame = _Frame((x.min(), x.max()), (min(y.min(), 0.0), max(y.max(), 0.0)))
        line = frame.line(frame.x, (0.0, 0.0))
    points = []
    for row in thinned(len(x)):
        at = f'cx="{frame.across(x[row]):.1f}" cy="{frame.up(y[row]):.1f}"'
        title = f"<title>{text(titles[row])}</title>" if titles else ""
        points.append(f'<circle {at} r="3">{title}</circle>')
    drawn = f'<g fill="var(--accent)" fill-opacity="0.55">{"".join(points)}</g>'
    return _picture(frame.axes(x_label, y_label) + drawn + line, f"{y_label} against {x_label}")


def histogram(values: Array, *, x_label: str, y_label: str = "rows") -> str:
    """How often numbers fall into ranges of equal width.

    >>> histogram(np.array([0.0, 0.1, 1.0]), x_label="residual").count("<rect")
    5
    """
    if values.min() == values.max():
        counts, edges = np.array([len(values)]), np.array([values.min() - 0.5, values.min() + 0.5])
    else:
        counts, edges = np.histogram(values, bins=min(BARS, max(5, round(math.sqrt(len(values))))))
    frame = _Frame((edges[0], edges[-1]), (0.0, float(counts.max())))
    frame.y = (0.0, 1.05 * float(counts.max()))
    bars = []
    for count, low, high in zip(counts.tolist(), edges[:-1], edges[1:], strict=True):
        left, right, top = frame.across(low), frame.across(high), frame.up(count)
        bars.append(
            f'<rect x="{left + 0.5:.1f}" y="{top:.1f}" width="{max(right - left - 1, 0.5):.1f}" '
            f'height="{HEIGHT - BOTTOM - top:.1f}"><title>{_short(low)} to {_short(high)}: {count:,}</title></rect>'
        )
    drawn = f'<g fill="var(--accent)">{"".join(bars)}</g>'
    return _picture(frame.axes(x_label, y_label) + drawn, f"histogram of {x_label}")


def _picture(drawn: str, what: str) -> str:
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{text(what)}" font-size="12" fill="var(--faint)" '
        f'style="width:100%;max-width:30rem">{drawn}</svg>'
    )


def _widened(low: float, high: float) -> tuple[float, float]:
    """A little more than the numbers need; of a single number, some room."""
    room = 0.04 * (high - low) or 0.5 * abs(high) or 1.0
    return low - room, high + room


def _short(value: float) -> str:
    if value == 0:
        return "0"
    if not 1e-3 <= abs(value) < 1e6:
        return f"{value:.3g}".replace("e+0", "e").replace("e-0", "e-")
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:.4g}"
