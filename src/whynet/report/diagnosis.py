"""A diagnosis as plain values, in words and as HTML: all three the same, and nothing that its numbers contradict."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Sequence
from typing import Any, NamedTuple

from whynet.doctor.change import Change
from whynet.doctor.diagnosis import Diagnosis, Finding, Fix
from whynet.doctor.symptom import Measured
from whynet.report.lines import program_on_one_screen, table_of
from whynet.report.page import chart, figures, text
from whynet.report.screen import changes_of, first_line, headline, on_one_screen, unequal, width, wrapped
from whynet.report.wording import lines, say
from whynet.report.wording.contradictions import checked
from whynet.report.wording.outcomes import end, tested, whole_way
from whynet.report.wording.problems import bare, classes, fact, words_of, yardstick
from whynet.report.wording.questions import asked, cleared, quality, why
from whynet.report.wording.remarks import all_in_words
from whynet.report.wording.states import what
from whynet.report.wording.symptoms import mark_of

STATUS = {
    "proved": "proved by training again with it changed",
    "helps": "helps, but does not restore learning: the cause is elsewhere",
    "found": "found: measured directly; not shown to be what stops the learning",
    "suspected": "suspected: the evidence points here; no trial has proved it",
}
Row = tuple[str, str, str, str]
"""The name of what was measured, its value, a mark where that is out of what is normal, and what is normal."""


class Section(NamedTuple):
    """A heading, a table of what was measured, and lines of text; `code` are lines that are shown as they are."""

    title: str
    items: list[str]
    table: Sequence[Row] = ()
    code: Sequence[str] = ()


# ---- in words


def diagnosis_in_words(diagnosis: Diagnosis, verbose: bool = False) -> str:
    """On one screen what is wrong, how that is known, what to change; with `verbose` everything."""
    diagnosis = checked(diagnosis)
    if not verbose:
        return on_one_screen(diagnosis) if diagnosis.xray is None else program_on_one_screen(diagnosis)
    wide = width()
    rows = wrapped(headline(diagnosis), wide, later="  ")
    for section in sections(diagnosis):
        rows += ["", *wrapped(section.title, wide)]
        for item in section.items:
            rows += wrapped(item, wide, "  ", "    ")
        rows += _columns(section.table)
        rows += [f"    {line}" for line in section.code]
    return "\n".join(rows)


def _columns(table: Sequence[Row]) -> list[str]:
    names, values = (max((len(row[place]) for row in table), default=0) for place in (0, 1))
    return [
        f"    {name:<{names}}  {value:>{values}} {mark:<1} {f'usual: {normal}' if normal else ''}".rstrip()
        for name, value, mark, normal in table
    ]


def sections(diagnosis: Diagnosis) -> list[Section]:
    """Everything that a diagnosis says, in order; sections that are empty are left out."""
    found = [_finding(one, diagnosis) for one in diagnosis.verdict]
    fix = diagnosis.fix
    todo = [
        f"{words}  # {was}" if was else words for one in changes_of(diagnosis) for words, was in lines(one, diagnosis)
    ]
    ended = [] if fix is None else [f"To the end: {whole_way(fix.before, fix.after)}."]
    measured = [_row(one, diagnosis) for one in diagnosis.symptoms.values()]
    compared = [f"{name}: {end(outcome)}" for name, outcome in diagnosis.baselines.items()]
    tried = [f"{name}: {say(change, diagnosis)}: {quality(to, diagnosis)}" for name, change, to in diagnosis.tried]
    usual = [
        f"{asked(one)} {'Yes' if one.answer else 'No'}: {why(one, diagnosis)}"
        + (" (at equal steps)" if one.equal_steps else "")
        for one in diagnosis.questions
    ]
    rest = [
        Section("What to change", ended, (), todo),
        Section("The patch", [], (), diagnosis.patch.split("\n") if diagnosis.patch else ()),
        Section("Not the reason", [f"{one.cause}: {cleared(one, diagnosis)}" for one in diagnosis.acquitted]),
        Section("The usual questions, each changed alone", usual),
        Section("Worth knowing", all_in_words(diagnosis)),
        Section("For comparison", compared),
        Section("Everything that was changed alone", tried),
        Section("What the program computes, line by line", [], (), table_of(diagnosis.xray)),
        Section("Looked at", [f"{role}: {name}" for role, name in diagnosis.used.items()]),
        Section("Not looked at", [f"{gap.what}: {gap.why}" for gap in diagnosis.not_examined]),
        Section("Measured", [], measured),
        Section("Spent", [_spent(diagnosis)]),
    ]
    return found + [one for one in rest if one.items or one.table or one.code]


def _finding(finding: Finding, diagnosis: Diagnosis) -> Section:
    items = [first_line(finding.cause, diagnosis)]
    if finding.detail:
        items.append(finding.detail)
    if finding.where is not None:
        text = f": {finding.where.text}" if finding.where.text else ""
        items.append(f"Where: {finding.where.file}, line {finding.where.line}{text}")
    if finding.with_:
        items.append(f"Together with {' and '.join(finding.with_)}: each is needed.")
    if finding.alternatives:
        items.append(f"As good, changed alone: {', '.join(finding.alternatives)}.")
    if finding.change is not None:
        changed = finding.before is not None and finding.after is not None
        items.append(f"{'Changed' if changed else 'To change'}: {say(finding.change, diagnosis)}")
    if finding.before is not None and finding.after is not None:
        label = f"Proof, over {finding.seeds} seeds" if finding.status == "proved" else "With that"
        items.append(f"{label}: {whole_way(finding.before, finding.after)}{unequal(finding)}")
    table = [_row(one, diagnosis) for one in finding.evidence]
    return Section(f"{finding.cause}: {STATUS[finding.status]}", items, table)


def _row(one: Measured, diagnosis: Diagnosis) -> Row:
    name, value, normal = fact(one, diagnosis)
    return name, value, mark_of(one), normal


def _spent(diagnosis: Diagnosis) -> str:
    if diagnosis.xray is not None:
        return f"{diagnosis.seconds:.0f} seconds of watching"
    effort = f"the work of {diagnosis.effort:.1f} trainings of the patient, " if diagnosis.effort else ""
    return f"{effort}{diagnosis.epochs:.0f} epochs in all, {diagnosis.seconds:.0f} seconds"


# ---- as plain values


def diagnosis_as_dict(diagnosis: Diagnosis) -> dict[str, Any]:
    """The JSON of a diagnosis, but for its `schema`."""
    diagnosis = checked(diagnosis)
    values = {
        "state": diagnosis.state,
        "verdict": [_finding_as_dict(one, diagnosis) for one in diagnosis.verdict],
        "acquitted": [{"cause": one.cause, "why": cleared(one, diagnosis)} for one in diagnosis.acquitted],
        "fix": None if diagnosis.fix is None else _fix_as_dict(diagnosis.fix, diagnosis),
        "patch": diagnosis.patch or None,
        "used": dict(diagnosis.used),
        "not_examined": [gap._asdict() for gap in diagnosis.not_examined],
        "judged_after": _judged(diagnosis),
        "floor": diagnosis.floor,
        "baselines": {name: outcome.as_dict() for name, outcome in diagnosis.baselines.items()},
        "questions": [
            {"question": asked(one), "answer": one.answer, "why": why(one, diagnosis), "equal_steps": one.equal_steps}
            for one in diagnosis.questions
        ],
        "remarks": all_in_words(diagnosis),
        "xray": None if diagnosis.xray is None else dict(diagnosis.xray),
        "problem": diagnosis.problem,
        "yardstick": diagnosis.yardstick,
        "linear_accuracy": diagnosis.yardstick if classes(diagnosis) else None,
        "effort": diagnosis.effort,
        "epochs": diagnosis.epochs,
        "seconds": diagnosis.seconds,
    }
    plain: dict[str, Any] = _plain(values)
    return plain


def _judged(diagnosis: Diagnosis) -> dict[str, int] | None:
    return None if diagnosis.judged_after is None else dict(zip(("steps", "of"), diagnosis.judged_after, strict=True))


def _finding_as_dict(finding: Finding, diagnosis: Diagnosis) -> dict[str, Any]:
    return {
        "cause": finding.cause,
        "status": finding.status,
        "with": finding.with_,
        "alternatives": finding.alternatives,
        "where": None if finding.where is None else finding.where._asdict(),
        "evidence": [one.as_dict() for one in finding.evidence],
        "change": None if finding.change is None else _change_as_dict(finding.change, diagnosis),
        "before": None if finding.before is None else finding.before.as_dict(),
        "after": None if finding.after is None else finding.after.as_dict(),
        "detail": finding.detail,
    }


def _change_as_dict(change: Change, diagnosis: Diagnosis) -> dict[str, Any]:
    return {"kind": change.kind, "numbers": dict(change.numbers), "words": say(change, diagnosis)}


def _fix_as_dict(fix: Fix, diagnosis: Diagnosis) -> dict[str, Any]:
    return {
        "changes": [_change_as_dict(change, diagnosis) for change in fix.changes],
        "recipe": None if fix.recipe is None else _recipe(fix.recipe),
        "before": fix.before.as_dict(),
        "after": fix.after.as_dict(),
    }


def _recipe(toml: str) -> dict[str, Any] | None:
    try:
        return tomllib.loads(toml)
    except tomllib.TOMLDecodeError:
        return None


def _plain(value: Any) -> Any:
    """The same value made of what JSON has: numbers of arrays become Python's."""
    if isinstance(value, dict):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(one) for one in value]
    if value is None or isinstance(value, bool):
        return value
    for kind in (int, float, str):  # numbers of NumPy are of these too
        if isinstance(value, kind):
            return kind(value)
    return _plain(value.tolist()) if callable(getattr(value, "tolist", None)) else str(value)


# ---- as HTML


def diagnosis_html(diagnosis: Diagnosis) -> str:
    """The diagnosis as a part of a page."""
    diagnosis = checked(diagnosis)
    words = what(diagnosis)
    told = f"{words[:1].upper()}{words[1:]}.{_late(diagnosis)}"
    parts = [
        f"<h2>Diagnosis: {text(diagnosis.state)}</h2><p>{text(told)}</p>",
        figures(_large(diagnosis)),
    ]
    for section in sections(diagnosis):
        parts.append(f"<h3>{text(section.title)}</h3>")
        if section.items:
            parts.append("<ul>" + "".join(f"<li>{text(item)}</li>" for item in section.items) + "</ul>")
        if section.table:
            rows = "".join(_html_row(*row) for row in section.table)
            parts.append(f'<div class="scroll"><table>{HEAD}{rows}</table></div>')
        if section.code:
            shown = "\n".join(section.code)
            parts.append(f"<pre>{text(shown)}</pre>")
    parts.append(_costs(diagnosis))
    return "".join(parts)


HEAD = '<tr><th class="text">measured</th><th>value</th><th class="text">usual</th></tr>'


def _html_row(name: str, value: str, mark: str, normal: str) -> str:
    shown = f'<td class="unusual" title="out of what is usual">{text(mark)} {text(value)}</td>' if mark else ""
    cells = shown or f"<td>{text(value)}</td>"
    return f'<tr><td class="text">{text(name)}</td>{cells}<td class="text">{text(normal)}</td></tr>'


def _late(diagnosis: Diagnosis) -> str:
    if diagnosis.judged_after is None:
        return ""
    steps, of = diagnosis.judged_after
    return f" Judged after {steps:,} of its {of:,} steps."


def _large(diagnosis: Diagnosis) -> list[tuple[str, str]]:
    """The figures that stand out."""
    before, after, found = diagnosis.before, diagnosis.after, []
    right = f"of the validation {diagnosis.wording.examples} right" if classes(diagnosis) else "on validation data"
    if before is not None:
        found.append((end(before), right))
    if after is not None:
        found.append((end(after), "with the cure"))
        if tested(after):
            found.append((tested(after), "with the cure, on the test set"))
    if math.isfinite(diagnosis.yardstick):
        found.append((bare(diagnosis.yardstick, words_of(diagnosis)), _compared(diagnosis)))
    return found


def _compared(diagnosis: Diagnosis) -> str:
    """What the figure of the yardstick is."""
    of = "" if classes(diagnosis) else f"{words_of(diagnosis).quality} of "
    return f"{of}{yardstick(diagnosis)} on the same {diagnosis.wording.examples}"


def _costs(diagnosis: Diagnosis) -> str:
    """The cost on the way, as it was and with the fix."""
    before = diagnosis.before if diagnosis.fix is None else diagnosis.fix.before
    curves = {"as it was": before, "with the cure": diagnosis.after}
    drawn = {name: dict(one.curve) for name, one in curves.items() if one is not None and len(one.curve) > 1}
    steps = sorted({step for curve in drawn.values() for step in curve})
    if len(steps) < 2:
        return ""
    colors = {"as it was": "--second", "with the cure": "--accent"}
    series: list[tuple[str, str, bool, Sequence[float | None]]] = [
        (name, colors[name], False, [_drawable(curve.get(step)) for step in steps]) for name, curve in drawn.items()
    ]
    if math.isfinite(diagnosis.floor):
        series.append(("floor", "--faint", True, [diagnosis.floor] * len(steps)))
    return '<div class="charts">' + chart("cure", "cost", steps, series, x_label="step") + "</div>"


def _drawable(value: float | None) -> float | None:
    return value if value is not None and abs(value) < 1e300 else None
