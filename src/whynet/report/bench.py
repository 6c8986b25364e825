"""The page of a benchmark: a bar for each system, and how the cost grows."""

from __future__ import annotations

import math
from collections.abc import Sequence

from whynet.benchmark.machine import Machine
from whynet.benchmark.race import Lane
from whynet.benchmark.scaling import Growth
from whynet.benchmark.works import Work
from whynet.report.page import chart, figures, page, text


def bench_page(
    work: Work, data: str, lanes: Sequence[Lane], machine: Machine | None = None, growing: Sequence[Growth] = ()
) -> str:
    """The race as one HTML page; bars are on a logarithmic scale, a factor of ten is as long anywhere. What was
    measured of the machine and of growing networks is drawn below."""
    ran = sorted((lane for lane in lanes if lane.seconds), key=lambda lane: lane.median)
    left_out = [lane for lane in lanes if not lane.seconds]
    shortest, longest = ran[0].median, ran[-1].median
    decades = max(math.log10(longest / shortest), 0.3)
    rows = []
    for lane in ran:
        length = 4 + 20 * math.log10(lane.median / shortest) / decades
        rows.append(
            f'<tr><td class="text short">{text(lane.name)} {text(lane.version)}</td>'
            f"<td>{lane.median:.3g}</td><td>{min(lane.seconds):.3g} .. {max(lane.seconds):.3g}</td>"
            f'<td>{lane.median / shortest:.1f}</td><td class="text"><span class="bar" style="width:{length:.1f}rem">'
            f"</span></td><td>{'' if lane.accuracy is None else format(lane.accuracy, '.2%')}</td></tr>"
        )
    body = (
        f"<h1>One epoch of {len(ran)} systems</h1><p>{text(work)}; data: {text(data)}. Every system took the same "
        f"number of steps over the same images, in turn, {len(ran[0].seconds)} times.</p>"
        + figures([(f"{shortest:.3g} s", f"an epoch in {ran[0].name}")])
        + '<div class="scroll"><table><tr><th class="text">system</th><th>median, s</th><th>min .. max</th><th>times'
        ' the fastest</th><th class="text">logarithmic scale</th><th>test accuracy</th></tr>' + "".join(rows)
    )
    body += "</table></div>"
    if left_out:
        names = "".join(f"<li>{text(lane.name)}: {text(lane.why_not)}</li>" for lane in left_out)
        body += f"<h2>Left out</h2><ul>{names}</ul>"
    body += (
        '<p class="faint">Accuracies differ a little: each system draws its own initial weights and order, and '
        "scikit-learn knows no quadratic cost.</p>"
    )
    if machine is not None:
        body += _growing(machine, growing)
    return page("whynet: benchmark", body, charts=bool(growing))


def _growing(machine: Machine, growing: Sequence[Growth]) -> str:
    charts = "".join(_growth(growth) for growth in growing)
    return (
        "<h2>How the cost grows</h2><p>The same network with one thing changed at a time, by one thread; logarithmic "
        "scales. The floor is computed: the operations that a step cannot do without, at "
        f"{machine.peak / 1e9:.3g} billion a second, the rate of a large matrix product here; or the numbers that it "
        "must read and write, at the rate of adding one vector to another over and over; whichever takes longer."
        f'</p><div class="charts">{charts}</div>'
    )


def _growth(growth: Growth) -> str:
    x = [float(point.x) for point in growth.points]
    scale, unit = (1e6, "microseconds a step") if growth.unit == "step" else (1e3, "milliseconds an epoch")
    series: list[tuple[str, str, bool, list[float | None]]] = [
        (name, color, False, [scale * point.seconds[name] for point in growth.points])
        for name, color in zip(growth.points[0].seconds, ("--accent", "--second"), strict=False)
    ]
    series.append(("floor", "--faint", True, [scale * point.floor for point in growth.points]))
    title = f"{growth.quantity}: {unit}"
    return chart(growth.quantity, title, x, series, x_label=growth.quantity, log_x=True, log_y=True)
