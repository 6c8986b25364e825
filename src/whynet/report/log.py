"""The diagnosis of a log as plain values, in words and as HTML."""

from __future__ import annotations

import math
import textwrap
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from whynet.doctor.causes import cause
from whynet.doctor.diagnosis import Diagnosis
from whynet.report.page import chart, figures, text
from whynet.report.wording.states import what
from whynet.report.wording.symptoms import in_words

if TYPE_CHECKING:
    from whynet.doctor.diagnosis import Finding, LogDiagnosis, Remark, Series
    from whynet.doctor.floors import Reading

LEFT = "Causes that are commonly behind such figures, the likeliest first (suspected: a log proves none)"


def log_as_dict(diagnosis: LogDiagnosis) -> dict[str, Any]:
    """The JSON of `whynet diagnose --log`; what only trials can fill is empty."""
    return {
        "state": diagnosis.state,
        "verdict": [_finding_as_dict(one) for one in diagnosis.verdict],
        "acquitted": [{"cause": one.cause, "why": one.text} for one in diagnosis.acquitted],
        "fix": None,
        "floor": diagnosis.floor,
        "baselines": {},
        "questions": [],
        "remarks": [_remark(one) for one in diagnosis.remarks],
        "linear_accuracy": diagnosis.yardstick,
        "yardstick": diagnosis.yardstick,
        "seconds": diagnosis.seconds,
        "epochs": 0.0,
        "series": [one.as_dict() for one in diagnosis.series],
        "readings": [asdict(one) for one in diagnosis.readings],
        "separate": diagnosis.separate,
    }


OF_ONE = "only one number is there, so how it came to it, and whether it still gets better, cannot be said"
OF_A_COURSE = ("underfits", "undertrained", "stalled")
"""States that one number alone does not show."""


def _headline(diagnosis: LogDiagnosis) -> tuple[str, str]:
    """The state and its sentence; of one number nothing that only a course shows."""
    one = all(len(series.values) == 1 for series in diagnosis.series) and diagnosis.state in OF_A_COURSE
    words = OF_ONE if one else what(Diagnosis(diagnosis.state))
    return "one number" if one else diagnosis.state, f"{words[:1].upper()}{words[1:]}."


def log_in_words(diagnosis: LogDiagnosis) -> str:
    """What was read, what the numbers prove, which causes they leave, and what would tell these apart."""
    lines = [": ".join(_headline(diagnosis)), "", "Read:"]
    lines += [f"  {_series_in_words(one)}" for one in diagnosis.series]
    if diagnosis.readings:
        lines += ["", "What these numbers are:"]
        for reading in diagnosis.readings:
            lines += _wrapped(_reading_in_words(reading))
    if diagnosis.verdict:
        lines += ["", "Evidence:"]
        for symptom in diagnosis.verdict[0].evidence:
            lines += _wrapped(in_words(symptom))
        lines += ["", f"{LEFT}:"]
        for finding in diagnosis.verdict:
            lines += _wrapped(_finding_in_words(finding))
        for cleared in diagnosis.acquitted:
            lines += _wrapped(f"not {cleared.cause}: {cleared.text}")
        lines += ["", "To tell them apart:", *_wrapped(diagnosis.separate)]
    for remark in diagnosis.remarks:
        lines += ["", *textwrap.wrap(_remark(remark), 110)]
    return "\n".join(lines)


def log_html(diagnosis: LogDiagnosis) -> str:
    """The same as a part of a page, with the costs as a curve."""
    state, words = _headline(diagnosis)
    parts = [f"<h2>Diagnosis: {text(state)}</h2><p>{text(words)}</p>"]
    items = [(f"{one.values[-1]:.1%}" if one.what == "accuracy" else f"{one.values[-1]:.4g}", f"{one.name}, at the end")
             for one in diagnosis.series]  # fmt: skip
    parts.append(figures(items))
    if diagnosis.readings:
        rows = "".join(f"<li>{text(_reading_in_words(one))}</li>" for one in diagnosis.readings)
        parts.append(f"<h3>What these numbers are</h3><ul>{rows}</ul>")
    if diagnosis.verdict:
        rows = "".join(f"<li>{text(in_words(one))}</li>" for one in diagnosis.verdict[0].evidence)
        parts.append(f"<h3>Evidence</h3><ul>{rows}</ul>")
        rows = "".join(f"<li>{text(_finding_in_words(one))}</li>" for one in diagnosis.verdict)
        parts.append(f"<h3>{text(LEFT)}</h3><ol>{rows}</ol>")
        parts += [f"<p>not {text(one.cause)}: {text(one.text)}</p>" for one in diagnosis.acquitted]
        parts.append(f"<h3>To tell them apart</h3><p>{text(diagnosis.separate)}</p>")
    parts += [f"<p>{text(_remark(remark))}</p>" for remark in diagnosis.remarks]
    costs = next((one for one in diagnosis.series if one.what == "cost" and len(one.values) > 1), None)
    if costs is not None:
        places = list(range(1, len(costs.values) + 1))
        shown = [("cost", "--accent", False, [_finite(value) for value in costs.values])]
        if math.isfinite(diagnosis.floor):
            shown.append(("floor", "--faint", True, [diagnosis.floor] * len(places)))
        drawn = chart("log", costs.name, places, shown, x_label="figure in the log")
        parts.append(f'<div class="charts">{drawn}</div>')
    return "".join(parts)


def _finding_as_dict(finding: Finding) -> dict[str, Any]:
    """One cause, under the same keys as one that trials have judged; its `share` is how likely it is."""
    return {
        "cause": finding.cause,
        "status": finding.status,
        "with": list(finding.with_),
        "alternatives": list(finding.alternatives),
        "where": None if finding.where is None else finding.where._asdict(),
        "evidence": [one.as_dict() for one in finding.evidence],
        "change": None,
        "before": None,
        "after": None,
        "detail": finding.detail,
        "share": finding.share,
    }


def _remark(remark: Remark) -> str:
    return str(remark.numbers["text"])


def _series_in_words(one: Series) -> str:
    agrees = {"r2", "mcc", "dice", "iou", "miou"} & {*one.name.split()}  # no share of right answers
    what = next(iter(agrees), one.what)
    kind = f"{one.split} {what}" if one.split else what
    shares = one.what == "accuracy" and not agrees
    shown = [f"{value:.2%}" if shares else f"{value:.5g}" for value in (one.values[0], one.values[-1])]
    many = len(one.values)
    span = f"{many} figures, from {shown[0]} to {shown[1]}" if many > 1 else shown[0]
    counted = f" (right answers of {one.total:,})" if one.total else ""
    return f"{kind}: {span}{counted}" + (f"   named '{one.name}'" if one.name not in (what, "numbers", "right") else "")


def _reading_in_words(reading: Reading) -> str:
    if reading.cost == "count":
        return f"{reading.exact:,.0f} ({reading.averaging}): {reading.meaning}"
    if reading.cost == "accuracy":
        return f"{reading.exact:.2%} right: {reading.meaning}"
    return f"{reading.exact:.4g} ({reading.cost} cost, {reading.averaging}): {reading.meaning}"


def _finding_in_words(finding: Finding) -> str:
    clue = f" ({finding.detail})" if finding.detail else ""
    return f"{finding.cause} ({finding.share:.0%}): {_first_line(finding.cause)}{clue}"


def _first_line(name: str) -> str:
    return (cause(name).__doc__ or "").strip().splitlines()[0]


def _wrapped(line: str) -> list[str]:
    return textwrap.wrap(line, 110, initial_indent="  ", subsequent_indent="    ")


def _finite(value: float) -> float | None:
    return value if abs(value) < 1e300 else None
