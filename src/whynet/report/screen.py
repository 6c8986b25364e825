"""A diagnosis on one screen: at most twenty lines, the answer first."""

from __future__ import annotations

import re
import shlex
import shutil
import textwrap
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from whynet.doctor.causes import cause
from whynet.doctor.change import Change
from whynet.doctor.diagnosis import Diagnosis, Finding
from whynet.doctor.symptom import Measured
from whynet.report.wording import lines, say
from whynet.report.wording.outcomes import tested, way
from whynet.report.wording.problems import classes, first_line_of
from whynet.report.wording.problems import fact as fact_of
from whynet.report.wording.questions import not_the_reason
from whynet.report.wording.remarks import all_in_words, in_words
from whynet.report.wording.states import sentence

LINES, COLUMNS, NARROWEST, WIDEST = 20, 80, 40, 120
LABEL, INDENT = 7, 11  # columns


class Block(NamedTuple):
    """Some lines that belong together; of these, `least` stay where there is no room for all of them."""

    rows: list[str]
    rank: int
    """The highest is shortened first."""
    least: int = 0


def width() -> int:
    """Columns to write in: those of the terminal, eighty where there is none."""
    return max(NARROWEST, min(shutil.get_terminal_size((COLUMNS, LINES)).columns, WIDEST))


def wrapped(words: str, wide: int, first: str = "", later: str = "") -> list[str]:
    """Lines of at most so many columns; a number stays with its per cent.

    >>> wrapped("it is 92 % right", 9)
    ['it is', '92 %', 'right']
    """
    kept = re.sub(r"(?<=\d) (?=%)", "\u00a0", words)
    rows = textwrap.wrap(kept, wide, initial_indent=first, subsequent_indent=later)
    return [row.replace("\u00a0", " ") for row in rows]


def first_line(name: str, diagnosis: Diagnosis) -> str:
    """What a cause is, in a sentence: the first line of its page."""
    try:
        page = cause(name).__doc__ or name
    except Exception:  # a cause of somebody's own has no page
        return name.replace("-", " ") + "."
    return first_line_of(name, page.strip().splitlines()[0], diagnosis)


def headline(diagnosis: Diagnosis) -> str:
    """The state of the patient in a sentence."""
    words = sentence(diagnosis)
    patient = f"{diagnosis.patient}: {words}" if diagnosis.patient else words[:1].upper() + words[1:]
    judged = ""
    if diagnosis.judged_after is not None:
        steps, of = diagnosis.judged_after
        judged = f" Judged after {steps:,} of its {of:,} steps."
    return f"{patient}.{judged}"


def on_one_screen(diagnosis: Diagnosis, columns: int | None = None) -> str:
    """The whole screen as text. The diagnosis is one that `checked` has seen."""
    wide = width() if columns is None else columns
    rank = iter(range(100))
    head = Block(_cut(wrapped(headline(diagnosis), wide, later="  "), 3, wide), next(rank), 1)
    blocks = [head, Block([""], next(rank), 1)]
    proved, others = _set_of(diagnosis)
    for place, finding in enumerate(proved):
        blocks.append(Block(_finding(finding, diagnosis, wide, "Why" if not place else "and"), 2, 1))
        facts = [fact for fact in finding.evidence if fact.telling]  # -v has what is as usual too
        blocks.append(Block(evidence_rows(facts[: 3 if not place else 1], diagnosis, wide), 5))
    if not proved:
        blocks.append(Block(_labelled("Why", _nothing_proved(diagnosis), wide, 3), 2, 1))
    blocks.append(Block(change_rows(diagnosis, wide), 3, 1))
    blocks.append(Block(proof_rows(diagnosis, wide), 3, 1))
    rivals = list(dict.fromkeys(name for one in proved for name in one.alternatives))[:2]
    blocks.append(Block(_alternatives(rivals, diagnosis, wide), 6))
    blocks.append(Block(_also([one for one in others if one.cause not in rivals], diagnosis, wide), 6))
    above = {"gain-elsewhere", "" if proved or not _nothing_proved(diagnosis) else "tried"}
    assumed = [one for one in diagnosis.remarks if one.kind == "assumed"]  # what is said stands on it
    blocks.extend(Block(_labelled("Note", in_words(one, diagnosis), wide, 2), 4, 1) for one in assumed)
    told = [one for one in diagnosis.remarks if one.kind not in {*above, "assumed"}]
    notes = all_in_words(replace(diagnosis, remarks=told))
    blocks.append(Block([row for note in notes[:2] for row in _labelled("Note", note, wide, 2)], 8))
    blocks.append(Block(_labelled("Not", not_the_reason(diagnosis), wide, 2), 7))
    used = ", ".join(f"{role}: {what}" for role, what in diagnosis.used.items())
    blocks.append(Block(_labelled("Looked at:", used, wide, 2), 9))
    gaps = "; ".join(f"{gap.what} ({gap.why})" for gap in diagnosis.not_examined)
    blocks.append(Block(_labelled("Not looked at:", gaps, wide, 2), 8))
    blocks.append(Block(_labelled("Next", _next(diagnosis), wide, 2), 0, 2))
    return "\n".join(_fitting(blocks, wide))


def _set_of(diagnosis: Diagnosis) -> tuple[list[Finding], list[Finding]]:
    """The first finding with the others of its set, and the rest."""
    if not diagnosis.verdict:
        return [], []
    first, *rest = diagnosis.verdict
    return [first, *(one for one in rest if one.cause in first.with_)], [
        one for one in rest if one.cause not in first.with_
    ]


def _labelled(label: str, text: str, wide: int, most: int) -> list[str]:
    if not text:
        return []
    start = f"{label:<{LABEL}}" if len(label) < LABEL else f"{label} "
    return _cut(wrapped(text, wide, start, " " * LABEL), most, wide)


def _cut(rows: list[str], most: int, wide: int) -> list[str]:
    """At most so many lines; where some are left out, the last one shows it."""
    if len(rows) <= most:
        return rows
    return [*rows[: most - 1], *([f"{rows[most - 1][: wide - 4].rstrip()} ..."] if most else [])]


def with_status(label: str, text: str, status: str, wide: int, most: int) -> list[str]:
    """Text with the status at the right end of its first line."""
    room = wide - len(status) - 3
    rows = _cut(wrapped(text, room, f"{label:<{LABEL}}", " " * LABEL), most, room)
    return [f"{rows[0]:<{room}}   {status}", *rows[1:]] if rows else []


def _finding(finding: Finding, diagnosis: Diagnosis, wide: int, label: str) -> list[str]:
    where = "" if finding.where is None else f"{finding.where.file}:{finding.where.line}"
    rows = with_status(label, _bracketed(first_line(finding.cause, diagnosis), where), finding.status, wide, 2)
    if finding.detail:
        rows += _cut(wrapped(finding.detail, wide, " " * LABEL, " " * LABEL), 2, wide)
    return rows


def _bracketed(sentence: str, more: str) -> str:
    """A sentence with something in brackets before its full stop."""
    return f"{sentence.rstrip('.')} ({more})." if more else sentence


def evidence_rows(facts: Sequence[Measured], diagnosis: Diagnosis, wide: int) -> list[str]:
    """What was measured, each with its value and what is usual."""
    table = [fact_of(one, diagnosis) for one in facts]
    names = max((len(name) for name, *_ in table), default=0)
    values = max((len(value) for _, value, _ in table), default=0)
    rows = []
    for name, value, normal in table:
        row = f"{'':<{INDENT}}{name:<{names}}  {value:>{values}}" + (f"   usual: {normal}" if normal else "")
        rows.append(row if len(row) <= wide else f"{row[: wide - 4].rstrip()} ...")
    return rows


def _nothing_proved(diagnosis: Diagnosis) -> str:
    if diagnosis.state in ("healthy", "not-examined"):
        return ""
    tried = [one for one in diagnosis.remarks if one.kind == "tried"]
    if tried:
        return in_words(tried[0], diagnosis)
    return "Not known: no measurement stands out, and nothing is proved."


def changes_of(diagnosis: Diagnosis) -> tuple[Change, ...]:
    """What to change: the fix, or the changes of the first finding and of those that go with it; before what only
    helps, what was measured to be wrong."""
    if diagnosis.fix is not None:
        return diagnosis.fix.changes
    first = diagnosis.verdict[:1]
    together = [one for one in diagnosis.verdict if first and one.cause in first[0].with_]
    return tuple(one.change for one in (*_wrong(diagnosis), *first, *together) if one.change is not None)


def _wrong(diagnosis: Diagnosis) -> list[Finding]:
    """What was measured to be wrong, where the first finding only helps."""
    helps = diagnosis.fix is None and bool(diagnosis.verdict) and diagnosis.verdict[0].status == "helps"
    return [one for one in diagnosis.verdict if helps and one.status == "found" and one.change is not None]


def change_rows(diagnosis: Diagnosis, wide: int) -> list[str]:
    """What to change, or to try."""
    shown = diagnosis.fix is not None or (bool(diagnosis.verdict) and diagnosis.verdict[0].status == "proved")
    label, rows = "Change" if shown else "Try", []
    for change in changes_of(diagnosis):
        for words, was in lines(change, diagnosis):
            start = f"{label:<{LABEL}}"
            comment = f"# {was}" if was else ""
            row = f"{start}{words:<{max(len(words), 37)}}  {comment}".rstrip()
            more = wrapped(f"{words}  {comment}", wide, start, " " * LABEL)
            rows += [row] if len(row) <= wide else _cut(more, 3, wide)
            label = ""
    return _cut(rows, 6, wide)


def proof_rows(diagnosis: Diagnosis, wide: int) -> list[str]:
    """What came of the change."""
    finding = diagnosis.verdict[0] if diagnosis.verdict else None
    if finding is None or finding.before is None or finding.after is None:
        return []
    result = way(finding.before, finding.after)
    if finding.status == "proved":
        only = "only these changed" if finding.with_ else "only that changed"
        own = {one.change for one in diagnosis.verdict if one.cause in (finding.cause, *finding.with_)}
        if diagnosis.fix is not None and finding.change is not None and not set(diagnosis.fix.changes) <= own:
            only = f"of these only {say(finding.change, diagnosis)}" if not finding.with_ else "only the proved changed"
        text = f"same seeds, same order, {only}: {result} ({finding.seeds} seeds{unequal(finding)})"
        if diagnosis.fix is not None and tested(diagnosis.fix.after):
            of = "of" if classes(diagnosis) else "on"
            whole = "with all, to the end" if len(diagnosis.fix.changes) > 1 else "to the end"
            text += f"; {whole}, {tested(diagnosis.fix.after)} {of} the test set"
        return _labelled("Proof", text, wide, 2)
    if finding.status == "helps":
        alone = f"{say(finding.change, diagnosis)}: " if finding.change is not None and _wrong(diagnosis) else ""
        return _labelled("Gain", f"{alone}{result}: it helps, but the cause is elsewhere", wide, 2)
    return _labelled("Tried", f"{result}: no proof", wide, 2)


def unequal(finding: Finding) -> str:
    """Where both trainings took different numbers of steps, that is said.

    >>> from whynet.doctor.diagnosis import Outcome
    >>> unequal(Finding("lr-too-low", "proved", before=Outcome(2.3, 0.1, steps=10), after=Outcome(1, 0.5, steps=1300)))
    ', not at equal steps: 10 and 1,300'
    """
    if finding.before is None or finding.after is None or finding.before.steps == finding.after.steps:
        return ""
    return f", not at equal steps: {finding.before.steps:,} and {finding.after.steps:,}"


def _alternatives(names: Sequence[str], diagnosis: Diagnosis, wide: int) -> list[str]:
    return [
        row
        for name in names
        for row in _labelled("Or", f"{first_line(name, diagnosis)} Changed alone, that does as well.", wide, 1)
    ]


def _also(findings: Sequence[Finding], diagnosis: Diagnosis, wide: int) -> list[str]:
    rows = []
    for place, one in enumerate(findings[:3]):
        text = one.detail or first_line(one.cause, diagnosis)
        if one.where is not None:
            text = _bracketed(text, f"{one.where.file}:{one.where.line}")
        elif not one.detail:
            fact = next((fact for fact in one.evidence if fact.telling), None)
            text = text if fact is None else _bracketed(text, ": ".join(fact_of(fact, diagnosis)[:2]))
        status = one.status + (f" (+{len(findings) - 3})" if place == 2 and len(findings) > 3 else "")
        rows += with_status("Also" if not place else "", text, status, wide, 2 if len(findings) == 1 else 1)
    return rows


def _next(diagnosis: Diagnosis) -> str:
    if not diagnosis.patient:
        return f"whynet explain {diagnosis.verdict[0].cause}" if diagnosis.verdict else ""
    mended = diagnosis.fix is not None and diagnosis.fix.recipe is not None
    return f"whynet diagnose {shlex.quote(diagnosis.patient)} -v | --page FILE" + (" | --apply FILE" if mended else "")


def _fitting(blocks: Sequence[Block], wide: int) -> list[str]:
    """Twenty lines: the blocks of the highest rank are shortened first, then dropped."""
    kept = list(blocks)

    def count() -> int:
        return sum(len(block.rows) for block in kept)

    while count() > LINES:
        able = [index for index, block in enumerate(kept) if len(block.rows) > block.least]
        if not able:
            break
        worst = max(able, key=lambda index: (kept[index].rank, index))
        block = kept[worst]
        kept[worst] = block._replace(rows=_cut(block.rows, max(len(block.rows) - 1, block.least), wide))
    return [row for block in kept for row in block.rows][:LINES]
