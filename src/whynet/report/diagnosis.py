"""A diagnosis in words and as HTML."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

from whynet.doctor.states import IN_WORDS
from whynet.doctor.words import in_words
from whynet.report.page import chart, figures, text

if TYPE_CHECKING:
    from whynet.doctor.trials import Outcome
    from whynet.doctor.verdict import Diagnosis, Finding

STATUS = {
    "proved": "proved by training again with it changed",
    "found": "found: measured directly; not shown to be what stops the learning",
    "suspected": "suspected: the evidence points here; no trial has proved it",
}


def _change(before: Outcome, after: Outcome) -> str:
    parts = [f"validation accuracy {before.validation_accuracy:.1%} -> {after.validation_accuracy:.1%}"]
    if before.test_accuracy is not None and after.test_accuracy is not None:
        parts.append(f"test {before.test_accuracy:.1%} -> {after.test_accuracy:.1%}")
    parts.append(f"cost {before.cost:.4g} -> {after.cost:.4g}")
    return ", ".join(parts)


def _wrapped(line: str, indent: str) -> list[str]:
    return textwrap.wrap(line, 110, initial_indent=indent, subsequent_indent=indent + "  ")


def diagnosis_in_words(diagnosis: Diagnosis) -> str:
    """All of it, in plain words: what is wrong, how we know, the proof, what is not the reason, what to change."""
    if diagnosis.series:
        from whynet.report.log import log_in_words  # which speaks of symptoms in the words of this module

        return log_in_words(diagnosis)
    lines = [f"{diagnosis.state}: {IN_WORDS[diagnosis.state]}"]
    before = diagnosis.before
    if before is not None:
        lines.append(
            f"  cost {before.cost:.4g} (the floor, one answer for every image, is {diagnosis.floor:.4g}); "
            f"{before.validation_accuracy:.1%} of the validation images right, a linear classifier has "
            f"{diagnosis.linear:.1%}"
        )
    if diagnosis.case is not None and diagnosis.case.lost:
        lines.append("  never answered: " + ", ".join(diagnosis.case.lost))
    for finding in diagnosis.verdict:
        lines += ["", *_finding_in_words(finding)]
    if not diagnosis.verdict and diagnosis.state != "healthy":
        lines += ["", "Not proved: nothing that was tried makes a difference, and no measurement stands out."]
    if diagnosis.acquitted:
        lines += ["", "Not the reason:"]
        for name, why in diagnosis.acquitted:
            lines += _wrapped(f"{name}: {why}", "  ")
    if diagnosis.questions:
        lines += ["", "The usual questions, each changed alone:"]
        for question, answer, why in diagnosis.questions:
            lines += _wrapped(f"{question} {'Yes' if answer else 'No'}: {why}", "  ")
    for remark in diagnosis.remarks:
        lines += ["", *_wrapped(remark, "")]
    if diagnosis.fix_changes and before is not None and diagnosis.after is not None:
        lines += ["", "What to change:"]
        lines += [f"  {change}" for change in diagnosis.fix_changes]
        lines += [f"  {line}" for line in changed_lines(diagnosis)]
        lines.append(f"  -> {_change(before, diagnosis.after)}")
    if diagnosis.baselines:
        shown = ", ".join(f"{name} {one.validation_accuracy:.1%}" for name, one in diagnosis.baselines.items())
        lines += ["", f"For comparison, in trials of the same length: {shown}"]
    lines += ["", f"{diagnosis.seconds:.0f} seconds, {diagnosis.epochs:.0f} epochs of training in all"]
    lines += [f"note: {crash}" for crash in diagnosis.crashes]
    return "\n".join(lines)


def _finding_in_words(finding: Finding) -> list[str]:
    together = f" (together with {' and '.join(finding.with_)})" if finding.with_ else ""
    lines = [f"{finding.cause}{together}: {STATUS[finding.status]}"]
    if finding.words:
        lines += _wrapped(finding.words, "  ")
    for symptom in finding.evidence:
        lines += _wrapped(in_words(symptom), "  ")
    if finding.change and finding.before is not None and finding.after is not None:
        lines += _wrapped(f"changed: {finding.change}", "  ")
        label = "proof" if finding.status == "proved" else "with that"
        lines += _wrapped(f"{label}: {_change(finding.before, finding.after)}", "  ")
    elif finding.change:
        lines += _wrapped(f"to change: {finding.change}", "  ")
    return lines


def changed_lines(diagnosis: Diagnosis) -> list[str]:
    """The lines of the recipe that the cure changes; none where the patient is written in another library."""
    if diagnosis.case is None or diagnosis.fix_recipe is None or diagnosis.library:
        return []
    old, new = diagnosis.case.recipe.as_dict(), diagnosis.fix_recipe.as_dict()
    lines = []
    for name in sorted(old.keys() | new.keys()):
        if old.get(name) != new.get(name) and name not in ("faults", "hidden", "validation_size", "data"):
            if name == "sizes" and name not in new:
                continue
            lines.append(f"{name} = {new.get(name)!r}    # was {old.get(name)!r}")
    return lines


def diagnosis_html(diagnosis: Diagnosis) -> str:
    """The diagnosis as a part of a page."""
    if diagnosis.series:
        from whynet.report.log import log_html

        return log_html(diagnosis)
    before, after = diagnosis.before, diagnosis.after
    parts = [f"<h2>Diagnosis: {text(diagnosis.state)}</h2><p>{text(IN_WORDS[diagnosis.state])}</p>"]
    items = []
    if before is not None:
        items.append((f"{before.validation_accuracy:.1%}", "of the validation images right"))
    if after is not None:
        items.append((f"{after.validation_accuracy:.1%}", "with the cure"))
    items.append((f"{diagnosis.linear:.1%}", "a linear classifier on the same examples"))
    parts.append(figures(items))
    for finding in diagnosis.verdict:
        first, *rest = _finding_in_words(finding)
        facts = "".join(f"<li>{text(line.strip())}</li>" for line in rest)
        parts.append(f"<h3>{text(first)}</h3><ul>{facts}</ul>")
    if diagnosis.acquitted:
        rows = "".join(f"<li><b>{text(name)}</b>: {text(why)}</li>" for name, why in diagnosis.acquitted)
        parts.append(f"<h3>Not the reason</h3><ul>{rows}</ul>")
    if diagnosis.questions:
        rows = "".join(
            f"<li>{text(q)} <b>{'Yes' if answer else 'No'}</b>: {text(why)}</li>"
            for q, answer, why in diagnosis.questions
        )
        parts.append(f"<h3>The usual questions, each changed alone</h3><ul>{rows}</ul>")
    if diagnosis.remarks:
        parts.append("".join(f"<p>{text(remark)}</p>" for remark in diagnosis.remarks))
    if diagnosis.fix_changes:
        rows = "".join(f"<li>{text(change)}</li>" for change in diagnosis.fix_changes)
        code = "\n".join(changed_lines(diagnosis))
        parts.append(f"<h3>What to change</h3><ul>{rows}</ul><pre>{text(code)}</pre>")
    if before is not None and after is not None and before.curve and after.curve:
        steps = sorted({step for step, _ in (*before.curve, *after.curve)})
        old, new = dict(before.curve), dict(after.curve)
        series: list[tuple[str, str, bool, Sequence[float | None]]] = [
            ("as it was", "--second", False, [_finite(old.get(step)) for step in steps]),
            ("with the cure", "--accent", False, [_finite(new.get(step)) for step in steps]),
            ("floor", "--faint", True, [diagnosis.floor] * len(steps)),
        ]
        if len(steps) > 1:
            parts.append('<div class="charts">' + chart("cure", "cost", steps, series, x_label="step") + "</div>")
    return "".join(parts)


def _finite(value: float | None) -> float | None:
    return value if value is not None and abs(value) < 1e300 else None
