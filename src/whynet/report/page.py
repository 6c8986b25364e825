"""The frame of every page: style, charts, and escaping."""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

STYLE = """
:root { --ink: #1c1e21; --paper: #ffffff; --faint: #6b7280; --line: #e3e5e8; --card: #f7f8f9; --accent: #1d6fb8;
  --second: #c2410c; --good: #15803d; --bad: #b91c1c; color-scheme: light dark; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e8eb; --paper: #15171a; --faint: #9aa3ae; --line: #2c3036;
  --card: #1d2024; --accent: #6cb2f0; --second: #fb923c; --good: #4ade80; --bad: #f87171; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 68rem; background: var(--paper); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
h1 { font-size: 1.6rem; margin: 0 0 .25rem; } h2 { font-size: 1.15rem; margin: 2.5rem 0 .6rem; }
h3 { font-size: 1rem; margin: 1.4rem 0 .3rem; }
p { margin: .4rem 0; max-width: 46rem; } .faint { color: var(--faint); } .bad, td.unusual { color: var(--bad); }
.figures { display: flex; flex-wrap: wrap; gap: .75rem; margin: 1.25rem 0; }
.figure { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: .7rem 1rem;
  min-width: 9rem; } .figure b { display: block; font-size: 1.5rem; font-weight: 650; line-height: 1.3; }
.figure span { color: var(--faint); font-size: .85rem; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(20rem, 1fr)); gap: 1.5rem; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .9rem; }
th, td { padding: .25rem .55rem; text-align: right; border-bottom: 1px solid var(--line); vertical-align: top; }
th { font-weight: 600; color: var(--faint); } th.text, td.text { text-align: left; } td.short { white-space: nowrap; }
.scroll { overflow-x: auto; } .confusion td { min-width: 2.6rem; border: 1px solid var(--paper); }
.confusion td.right { font-weight: 650; } .bar { display: inline-block; height: .7rem; background: var(--accent);
  border-radius: .2rem; vertical-align: baseline; }
img.pixels { image-rendering: pixelated; background: #fff; border-radius: .4rem; max-width: 100%; }
.mistakes { display: flex; flex-wrap: wrap; gap: .8rem; } .mistakes figure { margin: 0; width: 6rem; font-size: .8rem;
  color: var(--faint); text-align: center; } .mistakes img { width: 5rem; height: 5rem; }
figure { margin: 0; } figcaption { color: var(--faint); font-size: .8rem; }
.filters { display: grid; grid-template-columns: repeat(auto-fill, minmax(6.6rem, 1fr)); gap: .9rem; margin: .6rem 0; }
.filters.pairs { grid-template-columns: repeat(auto-fill, minmax(13rem, 1fr)); }
.filters figure, .sources figure, .maps figure { background: var(--card); border: 1px solid var(--line);
  border-radius: .6rem; padding: .5rem .5rem .3rem; text-align: center; }
.filters img { width: 100%; aspect-ratio: 1; display: block; border-radius: .3rem; }
.pairs figure { display: grid; grid-template-columns: 1fr 1fr; gap: .4rem; } .pairs figcaption { grid-column: 1 / 3; }
.sources { display: grid; grid-template-columns: repeat(auto-fill, minmax(11rem, 1fr)); gap: .9rem; margin: .6rem 0; }
.sources.wide { grid-template-columns: repeat(auto-fill, minmax(17rem, 1fr)); }
.sources .row { display: flex; gap: .4rem; } .sources img { flex: 1; min-width: 0; border-radius: .3rem; }
.maps { display: grid; gap: .9rem; grid-template-columns: minmax(7rem, 1fr) 4fr; align-items: start; margin: .6rem 0; }
.stages { display: grid; gap: .9rem; } .maps img { width: 100%; display: block; border-radius: .3rem; }
.u-legend { font-size: .8rem; } .uplot { max-width: 100%; }
"""

CHART_SCRIPT = """
const color = name => !name.startsWith("--") ? name
  : getComputedStyle(document.documentElement).getPropertyValue(name).trim();
for (const holder of document.querySelectorAll("[data-chart]")) {
  const chart = JSON.parse(document.getElementById(holder.dataset.chart).textContent);
  const axis = { stroke: color("--faint"), grid: { stroke: color("--line"), width: 1 },
                 ticks: { stroke: color("--line"), width: 1 } };
  const shown = v => v == null ? "-" : chart.percent ? (100 * v).toFixed(2) + " %" : +v.toPrecision(5);
  const powers = (u, ticks) => ticks.map(t =>
    Math.abs(Math.log10(t) - Math.round(Math.log10(t))) < 1e-9 ? "" + t : null);
  const plot = new uPlot({
    width: Math.max(280, holder.clientWidth), height: 260, title: chart.title, legend: { live: false },
    scales: { x: { time: false, distr: chart.log ? 3 : 1 }, y: chart.logY ? { distr: 3 } : { range: (u, lo, hi) => {
      const pad = (hi - lo || Math.abs(hi) || 1) * 0.08; return [lo - pad, hi + pad]; } } },
    series: [{ label: chart.x }].concat(chart.series.map(s => ({ label: s.label, stroke: color(s.color), width: 2,
      dash: s.dash ? [6, 4] : undefined, points: { show: chart.columns[0].length < 40 && !s.dash },
      value: (u, v) => shown(v) }))),
    axes: [chart.log ? { ...axis, values: powers }
           : { ...axis, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000, 10000] },
           { ...axis, size: 78, values: chart.logY ? powers : (u, ticks) => ticks.map(shown) }],
  }, chart.columns, holder);
  addEventListener("resize", () => plot.setSize({ width: Math.max(280, holder.clientWidth), height: 260 }));
}
"""


def text(value: object) -> str:
    """Anything as HTML text.

    >>> text("a < b")
    'a &lt; b'
    """
    return html.escape(str(value))


def chart(
    name: str,
    title: str,
    x: Sequence[float],
    series: Sequence[tuple[str, str, bool, Sequence[float | None]]],
    *,
    x_label: str = "epoch",
    percent: bool = False,
    log_x: bool = False,
    log_y: bool = False,
) -> str:
    """A chart: `series` are (label, CSS colour variable, dashed?, values), all as long as `x`."""
    content = {
        "title": title,
        "x": x_label,
        "percent": percent,
        "log": log_x,
        "logY": log_y,
        "series": [{"label": label, "color": color, "dash": dash} for label, color, dash, _ in series],
        "columns": [list(x), *(list(values) for *_, values in series)],
    }
    return (
        f'<div data-chart="{text(name)}"></div>'
        f'<script type="application/json" id="{text(name)}">{script_json(content)}</script>'
    )


def script_json(value: Any) -> str:
    """JSON that may stand inside a script element: `</` cannot end it.

    >>> script_json("</script>")
    '"\\\\u003c/script>"'
    """
    return json.dumps(value, allow_nan=False).replace("<", "\\u003c")


def page(title: str, body: str, *, charts: bool) -> str:
    """A whole page."""
    vendor = files("whynet.report") / "vendor" / "uplot"
    style, scripts = STYLE, ""
    if charts:
        style += (vendor / "uPlot.min.css").read_text("utf-8")
        library = (vendor / "uPlot.iife.min.js").read_text("utf-8")
        scripts = f"<script>{library}</script><script>{CHART_SCRIPT}</script>"
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{text(title)}</title><style>{style}</style></head><body>{body}{scripts}</body></html>\n"
    )


def figures(items: Sequence[tuple[str, str]]) -> str:
    """A row of large figures, each (value, what it is).

    >>> figures([("98 %", "right")])
    '<div class="figures"><div class="figure"><b>98 %</b> <span>right</span></div></div>'
    """
    cards = "".join(
        f'<div class="figure"><b>{text(value)}</b> <span>{text(name)}</span></div>' for value, name in items
    )
    return f'<div class="figures">{cards}</div>'
