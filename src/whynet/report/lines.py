"""A program's diagnosis: its wrong lines on one screen, and all that it computes as a table."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from whynet.doctor.diagnosis import Diagnosis, Finding
from whynet.report.screen import (
    LABEL,
    change_rows,
    evidence_rows,
    first_line,
    headline,
    proof_rows,
    width,
    with_status,
    wrapped,
)
from whynet.report.wording.problems import fact
from whynet.report.wording.remarks import all_in_words

MOST = 4
"""Wrong places on one screen; -v has all."""
LONGEST = 12
"""Lines of a patch on one screen; -v has all."""
MEANINGS = {
    "z": "weighted sum",
    "a": "value on the way forward",
    "output": "output",
    "error": "error",
    "delta": "delta",
    "gradient": "gradient",
    "step": "step",
    "value": "",
}
VERDICTS = {
    "right": "right",
    "wrong": "WRONG",
    "follows": "spoiled by a wrong line before it",
    "untold": "could not be told",
}


def table_of(xray: Mapping[str, Any] | None) -> list[str]:
    """Every value that has a name: its line, what it is, and whether it is right.

    >>> row = {"name": "dW", "line": 7, "file": "f.py", "meaning": "gradient", "verdict": "right", "words": ""}
    >>> table_of({"rows": [row]})
    ['f.py:7  dW  gradient  right']
    """
    rows = [] if xray is None else xray["rows"]
    cells = [
        (
            f"{row['file']}:{row['line']}",
            row["name"],
            MEANINGS.get(row["meaning"], row["meaning"]),
            VERDICTS.get(row["verdict"], "") + (f": {row['words']}" if row["words"] else ""),
        )
        for row in rows
    ]
    wide = [max((len(cell[place]) for cell in cells), default=0) for place in range(3)]
    return [
        "  ".join([*(f"{one:<{w}}" for one, w in zip(cell, wide, strict=False)), cell[3]]).rstrip() for cell in cells
    ]


def program_on_one_screen(diagnosis: Diagnosis) -> str:
    """The wrong lines, the first one first; what is right, what is suspected, what was not looked at."""
    wide = width()
    rows = [*wrapped(headline(diagnosis), wide, later="  "), ""]
    places = _alike([one for one in diagnosis.verdict if one.where is not None])
    for group in places[:MOST]:
        rows += _wrong(group, wide)
    if len(places) > MOST:
        rows += wrapped(f"and {len(places) - MOST} more: -v shows all", wide, " " * LABEL)
    rows += _patch(diagnosis.patch)
    for one in diagnosis.verdict:
        if one.where is None:
            tried = one.status in ("proved", "helps")
            rows += _tried(one, diagnosis, wide) if tried else _suspected(one, diagnosis, wide)
    if diagnosis.before is not None and diagnosis.verdict and diagnosis.verdict[0].after is not None:
        patched = bool(diagnosis.patch) and diagnosis.fix is not None  # it says the change in the program's own words
        rows += [*([] if patched else change_rows(diagnosis, wide)), *proof_rows(diagnosis, wide)]
    rows += _labelled("Right", _right(diagnosis), wide)
    for note in all_in_words(diagnosis)[:3]:
        rows += _labelled("Note", note, wide)
    rows += _labelled("Looked at:", "; ".join(f"{role}: {what}" for role, what in diagnosis.used.items()), wide)
    gaps = "; ".join(f"{gap.what} ({gap.why})" for gap in diagnosis.not_examined[:4])
    more = f"; and {len(diagnosis.not_examined) - 4} more" if len(diagnosis.not_examined) > 4 else ""
    rows += _labelled("Not looked at:", gaps + more, wide)
    rows += _labelled("Next", _next(diagnosis), wide)
    return "\n".join(rows)


def _patch(patch: str) -> list[str]:
    """A patch as it is, without the names that stand above it; of a long one the beginning."""
    rows = patch.split("\n") if patch else []
    shown = [row for row in rows if not row.startswith(("+++ ", "@@"))]
    if len({row for row in rows if row.startswith("--- ")}) == 1:
        shown = [row for row in shown if not row.startswith("--- ")]
    cut = shown[:LONGEST] + ([f"and {len(shown) - LONGEST} lines more: -v shows all"] if len(shown) > LONGEST else [])
    return [f"{'Patch' if not place else '':<{LABEL}}{row}" for place, row in enumerate(cut)]


def _alike(findings: Sequence[Finding]) -> list[list[Finding]]:
    """Findings that say the same of several lines, together; the order stays."""
    groups: dict[tuple[str, str], list[Finding]] = {}
    for one in findings:
        assert one.where is not None
        said = one.detail.partition(": ")[2] or one.detail
        groups.setdefault((one.cause, said), []).append(one)
    return list(groups.values())


def _wrong(group: Sequence[Finding], wide: int) -> list[str]:
    first = group[0]
    assert first.where is not None
    files = dict.fromkeys(one.where.file for one in group if one.where is not None)
    parts = []
    for file in files:
        lines = sorted({one.where.line for one in group if one.where is not None and one.where.file == file})
        parts.append(f"{file}:{', '.join(map(str, lines))}")
    place, status = "; ".join(parts), first.status
    head = f"{'Wrong':<{LABEL}}{place}"
    rows = [f"{head:<{wide - len(status) - 3}}   {status}"]
    if first.where.text:
        rows += [f"{'':<{LABEL + 4}}{first.where.text}"[: max(wide, 80)]]
    said = first.detail
    if len(group) > 1:
        names = dict.fromkeys(one.detail.partition(": ")[0] for one in group if ": " in one.detail)
        said = f"{', '.join(names)}: {first.detail.partition(': ')[2]}" if names else said
    rows += wrapped(f"{said} ({first.cause})", wide, " " * LABEL, " " * LABEL)
    return rows


def _tried(one: Finding, diagnosis: Diagnosis, wide: int) -> list[str]:
    rows = with_status("Why", first_line(one.cause, diagnosis), one.status, wide, 2)
    return rows + evidence_rows([fact_ for fact_ in one.evidence if fact_.telling][:2], diagnosis, wide)


def _suspected(one: Finding, diagnosis: Diagnosis, wide: int) -> list[str]:
    table = [fact(fact_, diagnosis) for fact_ in one.evidence if fact_.telling]
    numbers = "; ".join(f"{name} {value}" + (f", usual: {normal}" if normal else "") for name, value, normal in table)
    sentence = one.detail or first_line(one.cause, diagnosis)
    text = f"{sentence[:1].upper()}{sentence[1:].rstrip('.')}" + (f" ({numbers})" if numbers else "")
    label = "Maybe" if one.status == "suspected" else "Why"
    rows = wrapped(f"{text}: {one.cause}", wide - len(one.status) - 3, f"{label:<{LABEL}}", " " * LABEL)
    return [f"{rows[0]:<{wide - len(one.status) - 3}}   {one.status}", *rows[1:]]


def _right(diagnosis: Diagnosis) -> str:
    """What was seen to be right; where nothing is wrong, that this is no proof."""
    seen = diagnosis.xray or {}
    names = list(seen.get("right", ()))
    wrong = any(one.where is not None for one in diagnosis.verdict)
    if not names:
        return ""
    shown = ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
    each = "each goes" if len(names) > 1 else "it goes"
    told = f"the steps of {shown}: {each} down the exact slope of the cost"
    return told + (
        "." if wrong else ". So the gradients that were looked at are right; that it learns is not proved by that."
    )


def _labelled(label: str, text: str, wide: int) -> list[str]:
    start = f"{label:<{LABEL}}" if len(label) < LABEL else f"{label} "
    return wrapped(text, wide, start, " " * LABEL) if text else []


def _next(diagnosis: Diagnosis) -> str:
    called = shlex.join([diagnosis.patient, *(diagnosis.xray or {}).get("arguments", ())])
    own = f"whynet diagnose -v {called}" if diagnosis.patient else ""
    if not (diagnosis.xray or {}).get("loop_line"):
        return "whynet diagnose --help" if own else ""
    first = f"whynet explain {diagnosis.verdict[0].cause}" if diagnosis.verdict else ""
    if diagnosis.patch and not diagnosis.patient.endswith(".ipynb"):
        first = f"whynet diagnose --in-place {called}"
    return " | ".join(one for one in (first, own) if one)
