"""Log: what the numbers that a training printed prove by themselves, and which causes they leave.

A log cannot prove a cause, because nothing is trained again. It proves a state (one answer for every image, NaN, a gap
between training and held-out examples), and names the plateau that a cost is at. The causes are those that are commonly
behind such figures, the likeliest first, with one further measurement that would tell them apart.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from pathlib import Path

from whynet.doctor.diagnosis import Acquittal, Finding, LogDiagnosis, Remark, Series, said
from whynet.doctor.floors import SHARES, Reading, explain
from whynet.doctor.symptom import Measured
from whynet.doctor.symptoms.outcome import (
    ACCURACY,
    FIRST_BROKEN_COST,
    FIRST_COST,
    GAP,
    LAST_COST,
    STILL_FALLING,
    TRAIN_ACCURACY,
)
from whynet.errors import BadFile, UsageError, did_you_mean
from whynet.logs.checks import next_step
from whynet.logs.clues import clues_in, clues_in_rates
from whynet.logs.code import said_in_code
from whynet.logs.course import Course, share_of
from whynet.logs.evidence import SUREST, named, shares_of
from whynet.logs.facts import Facts
from whynet.logs.plausible import implausible, of_others
from whynet.logs.scales import Scale
from whynet.logs.seen import Seen, seen_in
from whynet.logs.tokens import thinned
from whynet.logs.transcript import read
from whynet.source.settings import is_whole

SHARE_RIGHT = ACCURACY.unjudged()  # where no linear model is known
UNCOUNTED = 1e12  # a cost or a count beyond it is none that could be explained
COSTS = ("quadratic", "sigmoid-cross-entropy", "softmax-cross-entropy")
OF_NUMBERS = ("target-not-scaled", "outliers-dominate", "loss-broadcast", "output-range-mismatch")  # as targets
OF_CLASSES = ("class-imbalance", "class-weights-inverted", "label-encoding-mismatch", "softmax-single-unit")
LABELS = (*SHARES, "balanced")
EXPECTED = "lines such as 'epoch 1 loss 2.30 accuracy 0.11', a table, or a sentence with its numbers"


LARGEST = 5_000_000  # bytes; a log is shorter


def read_log(source: Path | bytes, where: str) -> str:
    """The text of a log, from its file or its bytes, in whichever of the usual encodings it is.

    >>> read_log("Coût 0,45".encode("latin-1"), "a log")
    'Coût 0,45'

    Raises
    ------
    BadFile
        There is no such file, or it is no text.
    """
    try:
        content = source if isinstance(source, bytes) else _bytes(source)
    except OSError as error:
        raise BadFile(f"the log cannot be read: {error.strerror}", where=where, expected="a text file") from None
    if len(content) > LARGEST:
        raise BadFile("this is too large to be a log", where=where, expected="5 MB at most", do="Give its last part")
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", "replace")
    if b"\0" in content:
        raise BadFile("this is not a text file", where=where, expected="what a training printed")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _bytes(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(LARGEST + 1)


def diagnose_log(
    text: str, *, cost: str | None = None, classes: int | None = None, labels: str | None = None, where: str = "the log"
) -> LogDiagnosis:
    """What the numbers in a log say: the state, the plateau by its name, and the causes that remain.

    `text` is anything with a training's numbers in it. What the text does not tell can be said: which `cost` it is, how
    many `classes` there are, and whose `labels` (`mnist`, `fashion-mnist`, `balanced`). Nothing is proved by a log:
    every finding is `suspected`, and `separate` is the measurement to make next.

    >>> found = diagnose_log("0 Error: 4.3739\\n10000 Error: 0.4876\\n20000 Error: 0.4612\\n30000 Error: 0.4581")
    >>> found.state, found.verdict[0].cause, round(found.floor, 2)
    ('constant-answer', 'init-positive-saturation', 0.45)

    Raises
    ------
    BadFile
        There is no cost and no accuracy in the text.
    UsageError
        A cost or labels that do not exist.
    """
    started = time.perf_counter()
    _check("cost", cost, COSTS)
    _check("labels", labels, LABELS)
    if classes is not None and not 2 <= classes <= 100_000:
        raise UsageError("a classifier has two classes or more", expected="2 to 100,000", found=str(classes))
    text = thinned(text)
    transcript = read(text)
    if not transcript.runs:
        raise BadFile(
            "there are no costs and no accuracies in this text",
            where=where,
            expected=EXPECTED,
            do="Paste what the training printed; a bare column of costs will do. `whynet explain NUMBER` says what one "
            "number alone may be",
        )
    clues = clues_in(text) + said_in_code(text) + clues_in_rates(transcript.rates)
    every = [seen_in(run, transcript, clues, cost, classes, labels) for run in transcript.runs]
    if why := implausible(every[-1].run, text, every[-1].problem):
        raise BadFile(f"there are no training figures here that can be judged: {why}", where=where, expected=EXPECTED)
    diagnoses = [_one(seen) for seen in every]
    diagnosis = diagnoses[-1]
    for words in of_others(text):
        diagnosis.remarks.append(said(f'Left out, as it is said of another network or model: "{words}".'))
    if diagnosis.state != "healthy" and is_whole(text):
        program = "whynet diagnose FILE runs the program and puts the causes to the proof"
        diagnosis.remarks.append(said(f"The text holds a whole program. Saved in a file, it can tell more: {program}."))
    if len(diagnoses) > 1:
        told = ", ".join(f"{number}. {one.state}" for number, one in enumerate(diagnoses, 1))
        several = f"There are {len(diagnoses)} trainings in this text ({told}); this is about the last."
        diagnosis.remarks.append(said(several))
    diagnosis.seconds = time.perf_counter() - started
    return diagnosis


def _check(what: str, value: str | None, allowed: Sequence[str]) -> None:
    if value is not None and value not in allowed:
        raise UsageError(f"there is no {what} '{value}'", do=did_you_mean(value, allowed))


def _one(seen: Seen) -> LogDiagnosis:
    """What is said of one training."""
    course, state = seen.course, seen.state
    diagnosis = LogDiagnosis(state=state, floor=course.floor, series=seen.run, yardstick=course.facts.linear)
    diagnosis.readings = _readings(course, state, seen.labels, seen.run)
    if state == "classes-missing" and not course.facts.answers.missing:
        at = f"an accuracy that stays at {course.facts.accuracy:.1%} is what is reached where a class is never answered"
        diagnosis.remarks.append(said(f"The figures only suggest it: {at}. Count the answers of each class."))
    if all(len(one.values) == 1 for one in seen.run):
        diagnosis.remarks.append(said("One number is no course: paste what was printed before it too."))
    if state == "healthy":
        diagnosis.remarks += _could_be_better(course.facts)
        return diagnosis
    heard = [one for one in reversed(seen.said) if state in one.states]
    spoken = {cause: one.words for one in heard for cause in one.speaks}
    hinted = {cause: one.words for one in heard for cause in one.hints}
    cleared = {cause: one.words for one in seen.said for cause in one.clears if cause not in spoken}
    elsewhere = OF_CLASSES if seen.problem == "regression" else OF_NUMBERS
    left = named(shares_of(seen.features, spoken, {*cleared, *elsewhere}, hinted))
    evidence = _evidence(course, linear=seen.data_known)
    told = hinted | spoken
    diagnosis.verdict = [
        Finding(cause, "suspected", evidence, detail=_quoted(told.get(cause, "")), share=min(share, SUREST))
        for cause, share in left.items()
    ]
    likely = named(shares_of(seen.features, spoken, (), hinted))
    diagnosis.acquitted = [Acquittal(one, text=_quoted(words)) for one, words in cleared.items() if one in likely]
    diagnosis.separate = next_step(list(left), seen.transcript.words)
    return diagnosis


def _quoted(quote: str) -> str:
    return f'the text says "{quote}"' if quote else ""


def _evidence(course: Course, *, linear: bool) -> tuple[Measured, ...]:
    facts, scale = course.facts, course.scale
    start, floor = (math.nan, math.nan) if scale is None else (scale.start, scale.floor)
    found: list[Measured] = []
    if len(facts.costs) > 1 and math.isfinite(facts.start):
        found.append(FIRST_COST.measured(facts.start, at=start))
    if math.isfinite(facts.end) and not facts.broken:
        found.append(LAST_COST.measured(course.finite[-1], at=floor))
    if not math.isnan(facts.falling):
        found.append(STILL_FALLING.measured(facts.falling))
    shares = course.problem != "regression" or not facts.costs  # there it is an R2
    if not math.isnan(facts.held) and shares:
        found.append((ACCURACY if linear else SHARE_RIGHT).measured(facts.held, at=facts.linear if linear else None))
    if not math.isnan(facts.train) and shares:
        found.append(TRAIN_ACCURACY.measured(facts.train))
    if not math.isnan(facts.gap):
        found.append(GAP.measured(facts.gap))
    if facts.broken:
        broken = [index for index, value in enumerate(facts.costs) if not math.isfinite(value)]
        found.append(FIRST_BROKEN_COST.measured(broken[0] + 1 if broken else 1))
    return tuple(found)


def _readings(course: Course, state: str, labels: str, run: Sequence[Series]) -> tuple[Reading, ...]:
    """The names of the plateau at the end, of the start, and of an accuracy that is one class's share."""
    facts, scale = course.facts, course.scale
    found: list[Reading] = []
    K = facts.classes
    known = labels if labels != "balanced" else None
    if scale is not None and state in ("constant-answer", "not-started", "stalled", "diverged"):
        found += _explained(scale.floor if course.at_floor else facts.end, scale, K, known)[:1]
    if scale is not None and len(facts.costs) > 1 and facts.start > 1.3 * scale.floor:
        found += _explained(facts.start, scale, K, known)[:1]
        if scale.cost == "quadratic" and course.high_start:
            found += [one for one in _explained(scale.high, scale, K, known) if "at 1" in one.meaning][:1]
    found = list(dict.fromkeys(found))
    if course.chance and labels == "mnist":
        totals = [one.total for one in run if one.what == "accuracy" and one.total]
        counted = next((total for total in totals if total < UNCOUNTED), None)
        for share in list(dict.fromkeys(facts.accuracies))[:12]:
            number = f"{round(share * counted)} of {counted}" if counted else f"{100 * share:.4g}%"
            exact = [r for r in explain(number, classes=K, labels=known) if r.cost in ("accuracy", "count")][:1]
            found += [r for r in exact if share_of(share) is not None and r not in found]
        found = found[:6]
    return tuple(found)


def _explained(value: float, scale: Scale, classes: int, labels: str | None) -> list[Reading]:
    """What a cost is the plateau of, computed in this way."""
    if not math.isfinite(value) or abs(value) > UNCOUNTED:
        return []
    readings = explain(f"{value:.5g}", classes=classes, labels=labels)
    return [one for one in readings if (one.cost, one.averaging) == (scale.cost, scale.averaging)]


def _could_be_better(facts: Facts) -> list[Remark]:
    if facts.accuracy < 0.5 * facts.linear:
        return [said("The accuracy does not go with these costs: see how it is counted (whynet explain metric-wrong).")]
    if facts.val_end > 1.3 * facts.val_least and facts.falling > 0.01:
        return [said("The held-out cost rises again while the training cost falls: it could be stopped earlier.")]
    if abs(facts.accuracy - facts.linear) < 0.02 and facts.rising < 0.003:
        level = f"It stands still at {facts.accuracy:.1%}, about what a linear classifier reaches: "
        return [said(f"{level}see whether its hidden layers have an activation (whynet explain missing-activation).")]
    return []
