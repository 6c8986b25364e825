"""Proof on the program itself: it is run again with one thing changed, and judged by what it then predicts."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from whynet.doctor.budget import Effort
from whynet.doctor.causes import cause
from whynet.doctor.change import Change
from whynet.doctor.diagnose import examine as tried
from whynet.doctor.diagnosis import Diagnosis, Finding, Fix, Gap, Outcome, Status, said
from whynet.doctor.proof import NOISE, SEEDS, is_sure, restores
from whynet.doctor.states import learns, state_of
from whynet.doctor.subject import Arm
from whynet.doctor.symptom import Measured
from whynet.subjects.program.evaluation import SAID
from whynet.subjects.program.patient import Program
from whynet.subjects.program.subject import ProgramSubject
from whynet.subjects.program.xray import Xray

TEXTS = 0.5
"""Of that, until when changed texts are looked at."""
Mended = tuple[str, Xray]
"""A text without the wrong lines, and what was seen of it."""


def subject_of(
    seen: Xray,
    program: Program,
    health: Sequence[Measured],
    seconds: float,
    edit: Callable[[Change], tuple[str, Any] | None] = lambda change: None,
) -> ProgramSubject | None:
    """A program as a patient; None where no trial can be judged.

    >>> from pathlib import Path
    >>> subject_of(Xray("ended"), Program(Path("train.py")), [], 60) is None
    True
    """
    if seen.plan is None or seen.settings is None or not (seen.right or seen.findings or not seen.parameters):
        return None  # a cost that explains no step is not known to be the program's
    return ProgramSubject(
        program, seen.plan, cost=seen.cost, settings=seen.settings, health=health, seconds=seconds,
        batch=seen.settings.batch or 1, edit=edit, looked=seen.seconds,
    )  # fmt: skip


def of_settings(
    found: Diagnosis, subject: ProgramSubject, effort: float, budget: float, say: Callable[[str], None]
) -> Diagnosis:
    """The diagnosis with what trials of the settings say; its own findings come first.

    >>> of_settings.__annotations__["subject"]
    'ProgramSubject'
    """
    subject.until = time.monotonic() + TEXTS * budget
    told = joined(found, tried(subject, effort=effort, budget=budget, say=say))
    if any(one.status == "found" for one in told.verdict):  # more steps are no cure for data in the wrong order
        longer = [one for one in told.verdict if one.status == "proved" and cause(one.cause).FAMILY == "steps"]
        told.verdict = [replace(one, status="helps") if one in longer else one for one in told.verdict]
        told.verdict.sort(key=lambda one: ORDER.index(one.status))
        told.fix = None if longer else told.fix
    return told


def joined(found: Diagnosis, told: Diagnosis) -> Diagnosis:
    """What was seen of a program, and what its trials say.

    >>> joined(Diagnosis("diverged", patient="train.py"), Diagnosis("healthy")).patient
    'train.py'
    """
    own: dict[str, list[Finding]] = {}
    for one in found.verdict:  # several lines may have one cause
        own.setdefault(one.cause, []).append(one)
    verdict = []
    for finding in told.verdict:
        more = [one for mine in own.pop(finding.cause, []) for one in mine.evidence]
        names = {one.name for one in finding.evidence}
        verdict.append(replace(finding, evidence=(*finding.evidence, *(one for one in more if one.name not in names))))
    settled = {one.cause for one in told.acquitted} | ({one.cause for one in found.verdict} if told.fix else set())
    if told.state == "healthy":
        settled |= {one.cause for mine in own.values() for one in mine if one.status == "suspected"}
    rest = [one for mine in own.values() for one in mine if one.status == "found" or one.cause not in settled]
    told.verdict = sorted([*(one for one in rest if one.status == "found"), *verdict, *(
        one for one in rest if one.status != "found")], key=lambda one: ORDER.index(one.status))  # fmt: skip
    told.patient, told.xray, told.patch = found.patient, found.xray, found.patch
    told.used = {**found.used, **told.used}
    told.symptoms = {**found.symptoms, **told.symptoms}
    told.remarks = [*found.remarks, *told.remarks]
    told.not_examined = [*(gap for gap in found.not_examined if gap.what not in TRIED), *told.not_examined]
    told.seconds += found.seconds
    return told


TRIED = ("trials", "its quality")
BESIDE = {"momentum-unscaled", "gradient-check-invalid", "metric-wrong"}
"""Mistakes beside a network and a gradient that are right: what a setting does then is no doing of theirs."""
ORDER = ("proved", "found", "helps", "suspected")
"""What was seen to be wrong comes before what only helps."""


def of_lines(
    found: Diagnosis,
    sick: ProgramSubject,
    mended: ProgramSubject | None,
    effort: float,
    budget: float,
    say: Callable[[str], None],
) -> Diagnosis:
    """The diagnosis of a program with wrong lines: it is run as it is and with these lines mended, from several seeds;
    what still ails it then is sought in the mended one.

    >>> of_lines.__annotations__["mended"]
    'ProgramSubject | None'
    """
    apart = {one.cause for one in found.verdict if one.status == "found"} <= BESIDE
    if mended is None and apart:
        told = of_settings(found, sick, effort, budget, say)
        told.not_examined.append(Gap("the wrong line mended", "it could not be mended by itself"))
        return told
    spent = Effort(1e10, effort, budget)
    say("running it to its end, unchanged")
    case = sick.examine(spent.over)
    told = Diagnosis(
        state_of(case) if case.before is not None else found.state, before=case.before, used=case.used,
        yardstick=case.value("linear-accuracy"), yardstick_name=case.yardstick, problem=case.problem,
        symptoms=case.symptoms, settings=case.settings, not_examined=case.not_examined, remarks=case.remarks,
        wording=sick.wording, lost=case.lost,
    )  # fmt: skip
    told = joined(found, told)
    if mended is None:
        told.not_examined.append(Gap("trials", "the wrong line could not be mended by itself, so nothing was repeated"))
        return told
    say("running it to its end with the wrong lines mended")
    other = mended.examine(spent.over)
    if case.before is None or other.before is None:
        told.not_examined.append(Gap("trials", "what it predicts could not be laid beside its targets"))
        return told
    steps = min(sick.total, mended.total)
    mended.answers = sick.answers or mended.answers
    sick.answers = mended.answers
    ends = [(case.before, other.before)]
    other.state = state_of(other)
    if apart and not learns(other):
        told = of_settings(found, sick, effort, max(spent.deadline - time.perf_counter(), 1.0), say)
        words = "With the wrong line mended it does not learn either: what else was tried, was tried with it as it is."
        told.remarks.append(said(words))
        return told
    say("proving it with other seeds")
    for seed in range(1, SEEDS):
        if spent.over():
            break
        pair = [Arm((), seed, steps), Arm((), seed, steps)]
        ends.append((sick.run(pair[:1], spent.over)[0], mended.run(pair[1:], spent.over)[0]))
    status, text = _status(ends, other.value("linear-accuracy"), other.value("standard-error"))
    change = Change("mend", {"mistakes": ("wrong-line",)})
    own = [one for one in told.verdict if one.status == "found" and one.cause not in SAID]
    whole = own if status == "proved" else []
    told.verdict = [
        replace(
            one, status=status, change=change if status != "found" else None, before=case.before, after=other.before,
            seeds=len(ends), with_=tuple(two.cause for two in whole if two is not one),
        )
        if one in own
        else one
        for one in told.verdict
    ]  # fmt: skip
    if text:
        told.remarks.append(said(text))
    if status == "proved":
        told.fix = Fix((change,), case.before, other.before)
        told.verdict = [one for one in told.verdict if one.status != "suspected"]
    if learns(other) or spent.over():
        return told
    more = tried(mended, effort=effort, budget=max(spent.deadline - time.perf_counter(), 1.0), say=say)
    return beside(told, more, change)


def beside(told: Diagnosis, more: Diagnosis, change: Change) -> Diagnosis:
    """What still ails the mended program.

    >>> beside(Diagnosis("stalled"), Diagnosis("healthy"), Change("mend")).state
    'stalled'
    """
    proved = [one for one in more.verdict if one.status in ("proved", "helps")]
    if more.fix is not None and told.before is not None and proved:
        told.fix = Fix((change, *more.fix.changes), told.before, more.fix.after)
        words = "With the wrong line mended, it does not yet learn; what is said after it was tried with it mended."
        told.remarks.append(said(words))
        told.verdict = [*(one for one in told.verdict if one.status != "suspected"), *proved]
        told.verdict.sort(key=lambda one: ORDER.index(one.status))
    told.remarks += [one for one in more.remarks if one.kind not in ("shortened", "no-trials")]
    return told


def _status(ends: Sequence[tuple[Outcome, Outcome]], yardstick: float, error: float) -> tuple[Status, str]:
    """How far the gains from several seeds prove the wrong line to be the cause, and what else is to be said."""
    table = np.array([[_score(before), _score(after)] for before, after in ends])
    gains = table[:, 1] - table[:, 0]
    least = max(2 * NOISE, 3 * (0.0 if error != error else error) / max(len(ends), 1) ** 0.5)
    goal = max([one for one in (yardstick, float(table.max())) if one == one])
    if is_sure(gains, least):
        status: Status = "proved" if restores(float(table[:, 0].mean()), float(table[:, 1].mean()), goal) else "helps"
        return status, ""
    if abs(float(gains.mean())) <= least:
        words = "With the wrong line mended it does about as well here"
        costs = np.array([[before.cost, after.cost] for before, after in ends])
        if np.isfinite(costs).all() and (costs[:, 1] < 0.9 * costs[:, 0]).all() and len(costs) >= SEEDS:
            first, second = costs.mean(axis=0)
            return "helps", f"{words}; its cost comes down to {second:.3g} in place of {first:.3g}."
        return "found", f"{words}: the line is wrong, and learning does not hang on it."
    return "found", "Mended, it does not do better from every seed: no proof."


def _score(outcome: Outcome) -> float:
    return outcome.quality if outcome.finite else 0.0
