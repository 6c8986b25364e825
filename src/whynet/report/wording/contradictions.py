"""The one place that looks at a diagnosis before it is shown: what its own numbers contradict is not said.

A rule takes a diagnosis and gives one that says less. Nothing is added, and nothing raises: a number that is missing
contradicts nothing (only `healthy`, `constant-answer` and a proof need theirs). To add a rule, write it and add it to
`RULES`; they are applied in that order.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import replace

from whynet.doctor.diagnosis import (
    STATUSES,
    UNKNOWN,
    Diagnosis,
    Finding,
    Outcome,
    Question,
    Remark,
    State,
    Status,
)
from whynet.report.wording.outcomes import never_ran
from whynet.report.wording.problems import fewer, of_loss
from whynet.report.wording.states import alike, at_floor, ignores_inputs

AS_GOOD = 0.015  # so far below the yardstick still counts as being as good
SEEDS = 3  # fewer prove nothing
MOVED = 0.01  # of the first cost
GAIN = 0.05  # a change that gains so much is no change without effect
RECALL = 0.5  # a healthy network predicts each class right more often

Rule = Callable[[Diagnosis], Diagnosis]


def checked(diagnosis: Diagnosis) -> Diagnosis:
    """The diagnosis without what its numbers contradict.

    >>> checked(Diagnosis("healthy", before=Outcome(2.3, 0.1), yardstick=0.9, floor=2.3)).state
    'constant-answer'
    """
    for rule in RULES:
        diagnosis = rule(diagnosis)
    return diagnosis


# ---- what the numbers are


def better(before: Outcome | None, after: Outcome | None) -> bool:
    """Whether the second is shown to be better: by quality, where there is none by cost.

    >>> better(Outcome(2.3, 0.1), Outcome(0.1, 0.9)), better(Outcome(2.3, 0.1), None)
    (True, False)
    """
    if before is None or after is None or not after.finite:
        return False
    if of_loss(before) and of_loss(after):  # of what is held back
        first, last = (one.metric.value for one in (before, after) if one.metric is not None)
        return math.isfinite(last) and (last < first if math.isfinite(first) else not before.finite)
    if math.isfinite(after.quality):
        if math.isfinite(before.quality):
            return after.quality > before.quality
        return not before.finite
    if math.isfinite(before.quality) or not math.isfinite(after.cost):
        return False
    return after.cost < before.cost if math.isfinite(before.cost) else not before.finite


def progress(diagnosis: Diagnosis) -> float:
    """How much of its first cost it has come down; NaN if that is not known."""
    known = diagnosis.value("progress")
    start, before = diagnosis.value("start-cost"), diagnosis.before
    if math.isfinite(known) or before is None or not math.isfinite(start):
        return known
    return (start - before.cost) / max(abs(start), 1e-12)


def good(diagnosis: Diagnosis) -> bool:
    """Whether it is about as good as the yardstick; not if either number is missing."""
    own, apart = diagnosis.value("standard-error"), diagnosis.value("yardstick-error")  # the latter is of the same rows
    error = apart if math.isfinite(apart) else own
    least = diagnosis.yardstick - AS_GOOD - (2 * error if math.isfinite(error) else 0.0)
    before = diagnosis.before
    return before is not None and math.isfinite(before.quality) and before.uncut >= least


def finite(diagnosis: Diagnosis) -> bool:
    """Whether all that was measured are finite numbers; NaN for a cost is what is left of one that blew up, unless
    there was none at the start either: no loss can be asked."""
    before = diagnosis.before
    stopped = any(diagnosis.value(name) == 0 for name in ("gradient-finite", "update-finite"))
    if before is None or not before.finite or stopped:
        return False
    return math.isfinite(before.cost) or (math.isnan(before.cost) and math.isnan(diagnosis.value("start-cost")))


def constant(diagnosis: Diagnosis) -> bool:
    """Whether one prediction for all fits the numbers, or a cost at the floor of a network that is not good."""
    before, best = diagnosis.before, diagnosis.value("constant-accuracy")
    learned = before is not None and before.quality > best + FAR_ABOVE
    return (
        alike(diagnosis) or ignores_inputs(diagnosis) or (at_floor(diagnosis) and not good(diagnosis) and not learned)
    )


def diverged(diagnosis: Diagnosis) -> bool:
    """Whether the cost ended above where it began."""
    before, start = diagnosis.before, diagnosis.value("start-cost")
    return before is not None and before.cost > start


def _weak_class(diagnosis: Diagnosis) -> bool:
    recalls = diagnosis.before.recalls if diagnosis.before is not None else ()
    return any(recall < RECALL for recall in recalls) or bool(diagnosis.lost)


def _hardly_moved(diagnosis: Diagnosis) -> bool:
    return abs(progress(diagnosis)) < MOVED


def _fell(diagnosis: Diagnosis) -> bool:
    """Whether a cost came down that is all there is to judge by."""
    return diagnosis.problem == UNKNOWN and progress(diagnosis) >= MOVED


def _falling(diagnosis: Diagnosis) -> bool:
    return diagnosis.value("still-falling") > MOVED


def allowed(diagnosis: Diagnosis) -> State:
    """The state that the numbers themselves allow: the first that they show.

    Judged before its end, a training cannot have stopped short or missed a class: where its cost has moved by less
    than 1 % it has not started, else it is undertrained, which `states` then says as "it had not finished".

    >>> allowed(Diagnosis("underfits", before=Outcome(0.1, 0.95), yardstick=0.92)), allowed(Diagnosis("healthy"))
    ('healthy', 'not-examined')
    """
    before, early = diagnosis.before, diagnosis.judged_after is not None
    if before is None:
        return "not-examined"
    if not finite(diagnosis):
        return "non-finite"
    if early and diagnosis.judged_after is not None and diagnosis.judged_after[0] == 0:
        return "undertrained"  # which is said as "it had not finished"
    well = good(diagnosis) and not _weak_class(diagnosis)
    if before.cost > 1.02 * diagnosis.value("start-cost") and not well:
        return "diverged"
    if constant(diagnosis):
        return "constant-answer"
    if diagnosis.lost and not early:
        return "classes-missing"
    if well:
        return "overfits" if diagnosis.value("gap") > GAIN else "healthy"
    if _hardly_moved(diagnosis):
        return "not-started"
    return "undertrained" if early or _falling(diagnosis) or math.isnan(diagnosis.yardstick) else "underfits"


# ---- the rules


def judged_early(diagnosis: Diagnosis) -> Diagnosis:
    """A training is only judged before its end where it took fewer steps than it was to take."""
    if diagnosis.judged_after is not None:
        steps, of = diagnosis.judged_after
        if not 0 <= steps < of:
            return replace(diagnosis, judged_after=None)
    return diagnosis


def tried_at_all(diagnosis: Diagnosis) -> Diagnosis:
    """Of what was never run nothing is said about learning: neither a state nor a proof."""
    if diagnosis.before is not None or diagnosis.state == "bad-data":
        return diagnosis
    measured = diagnosis.xray is not None or any(finding.status == "found" for finding in diagnosis.verdict)
    if measured and diagnosis.state in ("non-finite", "diverged"):
        return diagnosis
    return replace(diagnosis, state="not-examined")


def of_the_set(diagnosis: Diagnosis) -> Diagnosis:
    """A proof, or a help, is over three seeds, from an outcome to a better one, with finite numbers."""
    return replace(diagnosis, verdict=[_as_far_as_shown(diagnosis, one) for one in diagnosis.verdict])


def _as_far_as_shown(diagnosis: Diagnosis, finding: Finding) -> Finding:
    if finding.status not in ("proved", "helps"):
        return finding
    enough = finding.status == "helps" or finding.seeds >= SEEDS
    examined = diagnosis.state != "not-examined" or never_ran(finding.before)
    if enough and better(finding.before, finding.after) and examined:
        return finding
    measured: Status = "found" if finding.change is not None and finding.change.kind == "mend" else "suspected"
    weaker = STATUSES.index(finding.status) < STATUSES.index(measured)
    return replace(finding, status=measured) if weaker else finding


def a_rate_that_is_one(diagnosis: Diagnosis) -> Diagnosis:
    """A rate that is a finite number is not told to be a number, unless its updates are not finite."""
    rate = diagnosis.settings.rate
    if rate is None or not math.isfinite(rate) or diagnosis.value("update-finite") == 0:  # even at a tiny rate
        return diagnosis
    verdict = [finding for finding in diagnosis.verdict if finding.cause != "nan-hyperparameter"]
    fix = diagnosis.fix
    if fix is not None and any("undefined-rate" in change.mistakes for change in fix.changes):
        fix = None
    acquitted = [one for one in diagnosis.acquitted if one.cause != "nan-hyperparameter"]
    return replace(diagnosis, verdict=verdict, fix=fix, acquitted=acquitted)


def no_effect(diagnosis: Diagnosis) -> Diagnosis:
    """A cause whose change gains is not cleared; one that is cleared by a trial is no longer suspected."""
    shown = {finding.cause for finding in diagnosis.verdict if finding.status in ("proved", "helps")}
    shown |= {name for finding in diagnosis.verdict for name in finding.alternatives if finding.status == "proved"}
    acquitted = [
        one for one in diagnosis.acquitted if one.cause not in shown and not (one.alone > GAIN or one.beside > GAIN)
    ]
    cleared = {one.cause for one in acquitted}
    verdict = [one for one in diagnosis.verdict if not (one.status == "suspected" and one.cause in cleared)]
    return replace(diagnosis, acquitted=acquitted, verdict=verdict)


def strongest_first(diagnosis: Diagnosis) -> Diagnosis:
    """No suspicion stands above a proof, nor beside a stronger line of the same cause."""
    verdict = sorted(diagnosis.verdict, key=lambda one: STATUSES.index(one.status))
    strong = {one.cause for one in verdict if one.status != "suspected"}
    return replace(diagnosis, verdict=[one for one in verdict if one.status != "suspected" or one.cause not in strong])


def the_others(diagnosis: Diagnosis) -> Diagnosis:
    """The other causes of a set stand in the verdict as firmly; an alternative is another cause, and not of the set."""
    status = {one.cause: one.status for one in reversed(diagnosis.verdict)}

    def kept(one: Finding) -> Finding:
        names = (name for name in one.with_ if name != one.cause and name in status)
        with_ = tuple(name for name in names if one.status != "proved" or status[name] == "proved")
        others = tuple(name for name in one.alternatives if name != one.cause and name not in with_)
        return replace(one, with_=with_, alternatives=others if one.status in ("proved", "helps") else ())

    return replace(diagnosis, verdict=[kept(one) for one in diagnosis.verdict])


def a_fix_that_mends(diagnosis: Diagnosis) -> Diagnosis:
    """A fix ends better than the patient, and something of it is proved or helps."""
    fix = diagnosis.fix
    if fix is None:
        return diagnosis
    shown = any(one.status in ("proved", "helps") for one in diagnosis.verdict)
    return diagnosis if shown and fix.changes and better(fix.before, fix.after) else replace(diagnosis, fix=None)


def the_state(diagnosis: Diagnosis) -> Diagnosis:
    """A state fits the numbers, or it is the one that they allow."""
    fits = CONDITIONS.get(diagnosis.state)
    if fits is None or fits(diagnosis):
        return diagnosis
    return replace(diagnosis, state=allowed(diagnosis))


def _fits_end(diagnosis: Diagnosis) -> bool:
    """What only the end of a training can show; `undertrained` may be said early, as it is then said otherwise."""
    return diagnosis.judged_after is None


def _fits_yardstick(diagnosis: Diagnosis) -> bool:
    """Worse than the yardstick, or with a class that is hardly predicted."""
    before = diagnosis.before
    as_good = before is not None and math.inf > before.quality >= diagnosis.yardstick
    return finite(diagnosis) and not (as_good and not _weak_class(diagnosis))


def _fits_not_examined(diagnosis: Diagnosis) -> bool:
    return diagnosis.before is None


def _or_nothing_known(fits: Callable[[Diagnosis], bool]) -> Callable[[Diagnosis], bool]:
    """Where nothing was run, a state rests on what was found."""
    return lambda diagnosis: diagnosis.before is None or fits(diagnosis)


def _fits_diverged(diagnosis: Diagnosis) -> bool:
    above = diagnosis.before is None or not diagnosis.before.cost <= diagnosis.value("start-cost")
    return finite(diagnosis) and (above or diagnosis.value("risen-again") > 0.5)


def _fits_overfits(diagnosis: Diagnosis) -> bool:
    return finite(diagnosis) and not diagnosis.value("gap") <= 0


CONDITIONS: dict[str, Callable[[Diagnosis], bool]] = {
    "not-examined": _fits_not_examined,
    "non-finite": _or_nothing_known(lambda diagnosis: not finite(diagnosis)),
    "diverged": _or_nothing_known(_fits_diverged),
    "constant-answer": lambda diagnosis: finite(diagnosis) and constant(diagnosis),
    "classes-missing": lambda diagnosis: finite(diagnosis) and bool(diagnosis.lost) and _fits_end(diagnosis),
    "not-started": lambda diagnosis: finite(diagnosis) and not abs(progress(diagnosis)) >= 2 * MOVED,
    "stalled": lambda diagnosis: (
        _fits_yardstick(diagnosis) and not _falling(diagnosis) and (_fits_end(diagnosis) or _hardly_moved(diagnosis))
    ),
    "overfits": _fits_overfits,
    "undertrained": _fits_yardstick,
    "underfits": lambda diagnosis: _fits_yardstick(diagnosis) and not _falling(diagnosis) and _fits_end(diagnosis),
    "healthy": lambda diagnosis: (
        finite(diagnosis) and (_fell(diagnosis) or (good(diagnosis) and not _weak_class(diagnosis)))
    ),
}


def yes_and_no(diagnosis: Diagnosis) -> Diagnosis:
    """A question is answered yes where its change gains, or where a proved cause of the verdict answers it."""
    proved = {one.cause for one in diagnosis.verdict if one.status == "proved"}
    kept = []
    for one in diagnosis.questions:
        of = one.of if one.of in proved else ""
        if not one.answer or of or _gains(one, diagnosis):
            kept.append(replace(one, of=of))
    return replace(diagnosis, questions=kept)


def _gains(one: Question, diagnosis: Diagnosis) -> bool:
    if not (math.isfinite(one.before) and math.isfinite(one.after)):
        return False
    less = fewer(one.change, diagnosis) != (diagnosis.problem == UNKNOWN)  # of a loss, less is a gain
    return one.after < one.before if less else one.after > one.before


def remarks(diagnosis: Diagnosis) -> Diagnosis:
    """No remark says what the verdict, or its own numbers, do not."""
    return replace(diagnosis, remarks=[one for one in diagnosis.remarks if _holds(one, diagnosis)])


def _holds(remark: Remark, diagnosis: Diagnosis) -> bool:
    numbers, verdict = remark.numbers, diagnosis.verdict
    statuses = {one.status for one in verdict}
    kind = remark.kind
    if kind == "tried":
        return not statuses & {"proved", "helps"} and bool(numbers.get("changes")) and not _gained(diagnosis)
    if kind == "gain-elsewhere":
        return "helps" in statuses
    if kind == "judged-after":
        return diagnosis.judged_after is not None
    if kind in ("best-tried", "beside") and "before" in numbers and "after" in numbers:
        gain = _number(numbers["after"]) - _number(numbers["before"])
        return (-gain if diagnosis.problem == UNKNOWN else gain) > 0
    if kind in ("beside", "loses"):
        return _number(numbers.get("points")) > 0
    if kind == "lays-bare":
        return _number(numbers.get("bare")) < _number(numbers.get("whole"))
    return kind != "could-be-better" or diagnosis.state == "healthy"


def _gained(diagnosis: Diagnosis) -> bool:
    """Whether a change that was made alone came to more than the patient."""
    before = diagnosis.before
    return before is not None and any(to > before.quality + GAIN for _, _, to in diagnosis.tried)


def _number(value: object) -> float:
    if isinstance(value, Outcome):
        return value.quality
    return float(value) if isinstance(value, (int, float)) else math.nan


def rows_of_their_kind(diagnosis: Diagnosis) -> Diagnosis:
    """Nothing is said of images where the rows are none."""
    if diagnosis.wording.examples == "images" or diagnosis.xray is not None:  # a program's names are its own
        return diagnosis

    def kept(text: str) -> str:
        return "" if re.search(r"\b[Ii]mages?\b", text) else text

    verdict = [replace(one, detail=kept(one.detail)) for one in diagnosis.verdict]
    acquitted = [replace(one, text=kept(one.text)) for one in diagnosis.acquitted]
    return replace(diagnosis, verdict=verdict, acquitted=acquitted)


FAR_ABOVE = 0.1  # so far above the best constant prediction, something has been learned
RULES: tuple[Rule, ...] = (
    judged_early,
    tried_at_all,
    the_state,
    of_the_set,
    a_rate_that_is_one,
    no_effect,
    strongest_first,
    the_others,
    a_fix_that_mends,
    yes_and_no,
    remarks,
    rows_of_their_kind,
)
