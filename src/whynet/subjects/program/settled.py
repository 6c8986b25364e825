"""A program's text with its settings changed as the trials say, run before it is shown."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from whynet.doctor.change import Change
from whynet.doctor.diagnosis import Outcome
from whynet.subjects.program.edits.settings import edited
from whynet.subjects.program.notebook import read_source
from whynet.subjects.program.patient import Program
from whynet.subjects.program.plan import Plan
from whynet.subjects.program.subject import ProgramSubject
from whynet.subjects.program.xray import Xray, examine

LOOKED = 30.0
"""Seconds in which a changed text must come to its steps."""
MOVING = ("batch", "shuffle")
"""Changes that may put lines in: they are made last."""
PART, FALLEN = 0.5, 0.9
"""A training still gets better if its cost is less than so much of that at this part of it."""
NEAR = 0.75
"""Of the way from the patient to the cure, as the trials have it: so far a patch must come."""


def text_of(program: Program) -> str:
    """The text that is run.

    >>> from pathlib import Path
    >>> text_of(Program(Path("somewhere.py"), text="x = 1"))
    'x = 1'
    """
    return read_source(program.path).text if program.text is None else program.text


def in_the_text(program: Program, seen: Xray) -> Callable[[Change], tuple[str, Plan] | None]:
    """Makes a change in a program's text, and looks where its outputs meet their targets then.

    >>> from pathlib import Path
    >>> in_the_text(Program(Path("somewhere.py"), text="x = 1"), Xray("ended"))(Change("shuffle")) is None
    True
    """

    def make(change: Change) -> tuple[str, Plan] | None:
        text = edited(text_of(program), change, seen)
        return None if text is None else _looked_at(program, text, len(seen.findings))

    return make


def _looked_at(program: Program, text: str, known: int) -> tuple[str, Plan] | None:
    new = _seen(program, text)
    if new.plan is None or new.spoiling or new.how in ("crashed", "exited", "killed"):
        return None
    return text, new.plan


def still_falls(end: Outcome) -> bool:
    """Whether the cost still came down in the second half of a training.

    >>> still_falls(Outcome(0.2, 0.8, curve=((0, 1.0), (50, 0.4), (100, 0.2))))
    True
    """
    if not end.curve or not math.isfinite(end.cost):
        return False
    half = PART * end.curve[-1][0]
    first = [cost for at, cost in end.curve if at <= half]
    second = [cost for at, cost in end.curve if at > half]
    return bool(first and second) and float(np.mean(second[-3:])) < FALLEN * float(np.mean(first[-3:]))


def _seen(program: Program, text: str) -> Xray:
    return examine(program.path, program.args, LOOKED, echo=False, text=text, beside=program.beside, twice=False)


def settled(
    program: Program, seen: Xray, subject: ProgramSubject, changes: Sequence[Change], before: float, after: float
) -> tuple[str, float] | None:
    """The text with these changes, and the quality that it comes to; None where one of them cannot be written, or does
    not do what the trials say: `before` and `after` are their qualities.

    >>> settled.__annotations__["subject"]
    'ProgramSubject'
    """
    text, facts = text_of(program), seen
    for change in sorted(changes, key=lambda one: MOVING.index(one.kind) if one.kind in MOVING else -1):
        if len(text.split("\n")) != len(text_of(program).split("\n")):  # its lines are no longer those that were seen
            facts = _seen(program, text)
        new = edited(text, change, facts)
        if new is None:
            return None
        text = new
    facts = _seen(program, text)
    made = facts.plan
    if made is None or facts.how in ("crashed", "exited", "killed"):
        return None
    other = ProgramSubject(
        replace(program, text=text), made, cost=subject.cost, settings=subject.settings, seconds=subject.seconds,
        batch=(facts.settings.batch if facts.settings is not None else None) or subject.batch,
    )  # fmt: skip
    try:
        other.answers = subject.answers
        end = other.like(subject, subject.steps(changes))
    finally:
        other.close()
    reached = end.quality if end is not None and end.finite else 0.0
    return (text, reached) if reached >= before + NEAR * (after - before) else None
