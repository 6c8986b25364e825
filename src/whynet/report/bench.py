"""The page of a benchmark: a bar for each system."""

from __future__ import annotations

import math
from collections.abc import Sequence

from whynet.benchmark.race import Lane
from whynet.benchmark.works import Work
from whynet.report.page import figures, page, text


def bench_page(work: Work, data: str, lanes: Sequence[Lane]) -> str:
    """The race as one HTML page; bars are on a logarithmic scale, a factor of ten is as long anywhere."""
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
    return page("whynet: benchmark", body, charts=False)
