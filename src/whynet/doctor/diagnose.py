"""A diagnosis from beginning to end: examine, name the state, suspect, try, prove, ask."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from whynet.doctor import questions
from whynet.doctor.agreement import nothing_to_learn
from whynet.doctor.arms import OutOfTime
from whynet.doctor.budget import TIMES, Effort
from whynet.doctor.case import Case
from whynet.doctor.cause import CERTAIN, Suspicion
from whynet.doctor.diagnosis import STATUSES, UNKNOWN, Diagnosis, Finding, Remark
from whynet.doctor.search import Search
from whynet.doctor.states import learns, state_of
from whynet.doctor.subject import Arm, Subject
from whynet.doctor.suspects import WORTH, Suspect, is_measured, suspects_of, unproved
from whynet.doctor.trials import Trials
from whynet.doctor.verdict import MORE, is_of_the_code
from whynet.errors import UsageError

RESERVED = 0.5  # of the seconds that are left when the trials begin: what may be kept for the cured program
OWN = 0.5  # of the cap in seconds: what the patient's own training may take


def examine(
    subject: Subject,
    *,
    effort: float = TIMES,
    budget: float | None = None,
    trials: bool = True,
    say: Callable[[str], None] = lambda _: None,
) -> Diagnosis:
    """Why does this subject not learn? `effort` is how many of its own trainings the trials may cost, `budget` a cap in
    seconds, None for none; without `trials` nothing is proved.

    An interrupt (Ctrl-C) ends the trials; what is known so far is returned.

    >>> examine.__name__  # `subjects/recipe` and its like are what it examines
    'examine'
    """
    if not 0 < effort < math.inf or (budget is not None and not 0 < budget < math.inf):
        raise UsageError(
            "the effort, or the budget, makes no sense", expected="numbers above 0",
            found=f"effort {effort!r}, budget {budget!r}",
        )  # fmt: skip
    started = time.perf_counter()
    say("training it unchanged, and measuring")
    try:
        case = subject.examine(_over(started, budget))
    except KeyboardInterrupt:
        return Diagnosis("not-examined", remarks=[Remark("interrupted")], wording=subject.wording)
    case.state = state_of(case)
    diagnosis = _begun(subject, case)
    suspects = suspects_of(case, diagnosis)
    if case.before is not None:
        quality, yardstick = case.before.quality, case.value("linear-accuracy")
        shown = f"{quality:.1%} right" if case.before.metric is None else f"a quality of {quality:.3f}"
        mark = f"{yardstick:.1%}" if case.before.metric is None else f"{yardstick:.3f}"
        if case.problem == UNKNOWN and case.before.metric is not None:
            say(f"{case.state}: a loss of {case.before.metric.value:.4g} on what is held back")
        else:
            say(f"{case.state}: {shown} on the rows held back; the yardstick has {mark}")
        if not trials or learns(case):
            told = suspects if not learns(case) else [one for one in suspects if is_measured(*one)]
            diagnosis.verdict = [unproved(case, *one) for one in told]
        if trials and not case.ill_data:
            _try(subject, case, suspects, diagnosis, effort, budget, started, say)
        elif case.ill_data:
            diagnosis.verdict = _only_the_data(case, suspects)
        _learns_after_all(diagnosis, case)
    _join(diagnosis, case)
    if not trials:
        diagnosis.remarks.append(Remark("no-trials"))
    diagnosis.seconds = time.perf_counter() - started
    return diagnosis


def _over(started: float, budget: float | None) -> Callable[[], bool]:
    """Whether the patient's own training has had its part of the cap: counted from the first time that it is asked, so
    that what was looked at before leaves it some."""
    end: list[float] = []

    def over() -> bool:
        if budget is None:
            return False
        now = time.perf_counter()
        if not end:
            end.append(now + OWN * max(budget - (now - started), 0.0))
        return now > end[0]

    return over


def _begun(subject: Subject, case: Case) -> Diagnosis:
    taken, of = case.steps
    yardstick = case.value("linear-accuracy")
    return Diagnosis(
        state=case.state,
        floor=case.value("floor"),
        before=case.before,
        remarks=list(case.remarks),
        used=dict(case.used),
        not_examined=list(case.not_examined),
        judged_after=(taken, of)
        if taken < of and case.before is not None and not case.value("stopped-early") > 0
        else None,
        yardstick=yardstick,
        yardstick_name=case.yardstick,
        problem=case.problem,
        symptoms=case.symptoms,
        settings=case.settings,
        lost=case.lost,
        wording=subject.wording,
    )


def _try(
    subject: Subject,
    case: Case,
    suspects: list[Suspect],
    diagnosis: Diagnosis,
    effort: float,
    budget: float | None,
    started: float,
    say: Callable[[str], None],
) -> None:
    left = None
    if budget is not None:
        left = max(budget - (time.perf_counter() - started), 0.0)
        left -= min(getattr(subject, "reserve", 0.0), RESERVED * left)  # for what comes after the trials
    own = subject.work(Arm((), subject.seed, max(subject.steps(()), 1)))
    spent = Effort(own, effort, left, getattr(subject, "pace", math.inf))

    def tell(text: str) -> None:
        say(f"[{spent.spent:.0f} of {effort:g} trainings spent] {text}")

    search = Search(Trials(subject, case, suspects, diagnosis, spent, tell))
    try:
        search.run()
        arms = search.arms
        tell("the everyday questions")
        questions.answer(subject, case, arms, spent, diagnosis)
        questions.compare(subject, case, arms, spent, diagnosis)
    except (KeyboardInterrupt, OutOfTime) as end:
        if isinstance(end, OutOfTime):
            spent.cut.append("the trials that were under way" if diagnosis.fix is None else "the questions, baselines")
        else:
            diagnosis.remarks.append(Remark("interrupted"))
        if not diagnosis.verdict:
            diagnosis.verdict = [unproved(case, *one) for one in suspects if one[1].strength >= WORTH]
        if search.unproved is not None:
            diagnosis.remarks.append(search.unproved)
    if spent.cut:
        diagnosis.remarks.append(Remark("cut", {"what": tuple(dict.fromkeys(spent.cut)), "budget": budget}))
    if spent.left_out:
        diagnosis.remarks.append(Remark("effort", {"what": tuple(spent.left_out), "effort": effort}))
    if any(asked.answer and not asked.of for asked in diagnosis.questions):
        diagnosis.remarks = [one for one in diagnosis.remarks if one.kind != "tried"]
    if search.arms.share < 1:
        diagnosis.remarks.append(Remark("shortened", {"fraction": search.arms.share}))
    diagnosis.effort = spent.spent
    diagnosis.epochs = sum(arm.steps / max(subject.steps(()), 1) for arm in search.arms.known) * (
        case.settings.epochs or 1
    )


def _learns_after_all(diagnosis: Diagnosis, case: Case) -> None:
    """Where a trial restores learning, there is something to learn."""
    if nothing_to_learn(case) and any(one.status == "proved" for one in diagnosis.verdict):
        diagnosis.verdict = [one for one in diagnosis.verdict if one.cause != "useless-target"]
        diagnosis.state = state_of(case.without({"learnable"}))


def _only_the_data(case: Case, suspects: list[Suspect]) -> list[Finding]:
    """Where the data are ill, that comes first, and nothing else is called the cure."""
    ill: dict[str, Suspicion] = {name: one for name, one in suspects if name in case.ill_data}
    first = [replace(unproved(case, name, one), status="found") for name, one in ill.items()]
    rest = [unproved(case, *one) for one in suspects if one[0] not in ill and is_measured(*one)]
    return [*first, *rest] if ill else [unproved(case, *one) for one in suspects if one[1].strength >= CERTAIN]


def _in_order(findings: Sequence[Finding]) -> list[Finding]:
    """The first is what is most likely wrong: what helps has its cause elsewhere, and a defect of the code may be that;
    more steps, or more units, carry a network further whatever is wrong with it.

    >>> [one.cause for one in _in_order([Finding("undertrained", "proved"), Finding("gradient-cut", "found")])]
    ['gradient-cut', 'undertrained']
    """
    defect = any(map(is_of_the_code, findings))

    def rank(finding: Finding) -> float:
        if is_of_the_code(finding) or (defect and finding.cause in MORE):
            return STATUSES.index("helps") - (0.5 if is_of_the_code(finding) else 0.25)
        return STATUSES.index(finding.status)

    return sorted(findings, key=rank)


def _join(diagnosis: Diagnosis, case: Case) -> None:
    """What the subject itself measured, beside what the trials say: a cause that both name keeps its proof and gets
    the details. The strongest status comes first."""
    own = {finding.cause: finding for finding in case.findings}
    joined = []
    for finding in diagnosis.verdict:
        mine = own.pop(finding.cause, None)
        if mine is not None:
            known = {one.name for one in mine.evidence}
            finding = replace(
                finding,
                evidence=(*mine.evidence, *(one for one in finding.evidence if one.name not in known)),
                detail=". ".join(part for part in (mine.detail, finding.detail) if part),
                status=min(finding.status, mine.status, key=STATUSES.index),
                change=finding.change or mine.change,
                where=finding.where or mine.where,
            )
        joined.append(finding)
    joined += own.values()
    diagnosis.verdict = _in_order(joined)
    accused = {finding.cause for finding in diagnosis.verdict if finding.status != "suspected"}
    diagnosis.acquitted = [one for one in diagnosis.acquitted if one.cause not in accused]
