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
from whynet.logs.cleaning import thinned
from whynet.logs.clues import Said, clues_in, weighed
from whynet.logs.course import Course, course_of, share_of
from whynet.logs.facts import Facts, clipped
from whynet.logs.matching import pattern_of
from whynet.logs.patterns import PATTERNS
from whynet.logs.scales import Scale
from whynet.logs.states import state_of_log
from whynet.logs.transcript import Transcript, read

COSTS = ("quadratic", "sigmoid-cross-entropy", "softmax-cross-entropy")
LABELS = (*SHARES, "balanced")
LINEAR = {"mnist": 0.92, "fashion-mnist": 0.845}  # share right, a linear classifier on all training images
ELSEWHERE = 0.9  # the same where the data are not known
HINTS = {  # words in a text that say which cost it is about
    "quadratic": {"mse", "quadratic", "squares", "mean_squared_error", "squared", "mseloss"},
    "sigmoid-cross-entropy": {"bce", "bceloss", "binary"},
    "softmax-cross-entropy": {"categorical", "softmax", "crossentropyloss", "nll", "nllloss", "logsoftmax"},
}


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
    transcript = read(text)
    if not transcript.runs:
        raise BadFile(
            "there are no costs and no accuracies in this text",
            where=where,
            expected="lines such as 'epoch 1 loss 2.30 accuracy 0.11', a table, or a sentence with its numbers",
            do="Paste what the training printed; a bare column of costs will do",
        )
    hinted = cost or _hinted(transcript)
    names, K = _data(transcript, labels, classes)
    linear = LINEAR.get(names, ELSEWHERE)
    clues = clues_in(thinned(text))
    diagnoses = [_one(run, transcript, cost, hinted, names, K, linear, clues) for run in transcript.runs]
    diagnosis = diagnoses[-1]
    if len(diagnoses) > 1:
        told = ", ".join(f"{number}. {one.state}" for number, one in enumerate(diagnoses, 1))
        several = f"There are {len(diagnoses)} trainings in this text ({told}); this is about the last."
        diagnosis.remarks.append(said(several))
    diagnosis.seconds = time.perf_counter() - started
    return diagnosis


def _check(what: str, value: str | None, allowed: Sequence[str]) -> None:
    if value is not None and value not in allowed:
        raise UsageError(f"there is no {what} '{value}'", do=did_you_mean(value, allowed))


def _hinted(transcript: Transcript) -> str | None:
    """The cost that the words name; a softmax beside another cost is the activation of the outputs."""
    named = {cost: hints & transcript.words for cost, hints in HINTS.items() if hints & transcript.words}
    if len(named) > 1 and named.get("softmax-cross-entropy") == {"softmax"}:
        del named["softmax-cross-entropy"]
    return next(iter(named)) if len(named) == 1 else None


def _said_error(run: Sequence[Series], words: frozenset[str]) -> bool:
    """Whether the cost is called an error, as people call a squared one."""
    errors = {"error", "err", "mse"} if not {"entropy", "kreuzentropie", "crossentropy"} & words else {"mse"}
    return any((words if one.said else set(one.name.split())) & errors for one in run if one.what == "cost")


def _data(transcript: Transcript, labels: str | None, classes: int | None) -> tuple[str, int]:
    """Whose labels, and how many classes: as said, else by the words of the text, else MNIST's."""
    words = transcript.words
    if labels is None:
        other = {"cifar", "iris", "notmnist", "svhn", "imagenet", "xor", "cats", "dogs"} & words
        labels = "fashion-mnist" if "fashion" in words else "balanced" if other else "mnist"
    if classes is None:
        classes = _counted(transcript)
    if classes is None:
        classes = (
            3
            if "iris" in words
            else 2
            if ("xor" in words and not {"mnist", "digits", "digit", "images", "pictures"} & words)
            or ("binary" in words and not {"mnist", "cpu"} & words)
            else 10
        )
        if classes == 10 and "mnist" not in words and _halves(transcript.runs[-1]):
            classes = 2
    return (labels if classes == 10 else "balanced"), max(2, classes)


def _counted(transcript: Transcript) -> int | None:
    """How many classes there are: as counted in the text, or where the cost stays at their logarithm."""
    answers = transcript.answers
    if transcript.classes or answers.recalls or len(answers.answered) == 2 or len(answers.answered) >= 10:
        return transcript.classes or len(answers.recalls or answers.answered)
    run = transcript.runs[-1]
    costs = next((one.finite for one in run if one.what == "cost" and len(one.finite) > 1), ())
    shares = [one.finite[-1] for one in run if one.what == "accuracy" and one.finite]
    if not costs or max(costs) > 1.01 * min(costs) or min(costs) < 1.05:
        return None
    for K in (3, 4, 5, 6, 7, 8, 9, 20, 26, 47, 62, 100, 200, 1000):
        fits = all(abs(share - 1 / K) < 0.3 / K for share in shares) and (shares or K not in (26, 47))
        if fits and abs(costs[-1] / math.log(K) - 1) < 0.003:
            return K
    return None


def _halves(run: Sequence[Series]) -> bool:
    """Whether it looks like two classes: costs that stay at ln 2 or 1/4, beside accuracies near one half if any."""
    costs = [one.finite for one in run if one.what == "cost" and one.finite]
    shares = [one.finite for one in run if one.what == "accuracy" and one.finite]
    half = all(0.4 <= sum(values[-5:]) / len(values[-5:]) <= 0.6 for values in shares)
    if not shares:
        stay = [
            values for values in costs if values[0] < 1.3 * values[-1] or len(set(values[-4:])) == 1 < len(values[3:])
        ]
        return any(abs(values[-1] / floor - 1) < 0.02 for values in stay for floor in (math.log(2), 0.25))
    floors = (math.log(2), 0.25, 0.5)
    if half and any(abs(values[-1] / floor - 1) < 0.02 for values in costs for floor in floors):
        return True
    # the logarithm of a clipped 0, for every wrong answer, in more right answers than one of ten classes gives
    return any(share[-1] > 0.3 and clipped(cost[-1], share[-1]) for cost in costs for share in shares)


def _one(
    run: Sequence[Series],
    transcript: Transcript,
    cost: str | None,
    hinted: str | None,
    labels: str,
    K: int,
    linear: float,
    clues: Sequence[Said],
) -> LogDiagnosis:
    answers = transcript.answers if run is transcript.runs[-1] else None
    hinted = hinted or ("quadratic" if _said_error(run, transcript.words) else None)
    course = course_of(run, labels=labels, classes=K, linear=linear, cost=cost, hinted=hinted, answers=answers)
    state = state_of_log(course)
    name = pattern_of(course, state, transcript)
    pattern = PATTERNS[name] if name else None
    evidence = _evidence(course)
    diagnosis = LogDiagnosis(state=state, floor=course.floor, series=tuple(run), yardstick=linear)
    if pattern:
        left, cleared = weighed(pattern.causes, state, clues)
        diagnosis.verdict = [Finding(one, "suspected", evidence, detail=_quoted(left[one])) for one in left]
        diagnosis.acquitted = [Acquittal(one, text=_quoted(quote)) for one, quote in cleared.items()]
        diagnosis.separate = pattern.separate
    diagnosis.readings = _readings(course, state, labels, run)
    if state == "healthy":
        diagnosis.remarks += _could_be_better(course.facts)
    return diagnosis


def _quoted(quote: str) -> str:
    return f'the text says "{quote}"' if quote else ""


def _evidence(course: Course) -> tuple[Measured, ...]:
    facts, scale = course.facts, course.scale
    start, floor = (math.nan, math.nan) if scale is None else (scale.start, scale.floor)
    found: list[Measured] = []
    if len(facts.costs) > 1 and math.isfinite(facts.start):
        found.append(FIRST_COST.measured(facts.start, at=start))
    if math.isfinite(facts.end):
        found.append(LAST_COST.measured(facts.end, at=floor))
    if not math.isnan(facts.falling):
        found.append(STILL_FALLING.measured(facts.falling))
    if not math.isnan(facts.held):
        found.append(ACCURACY.measured(facts.held, at=facts.linear))
    if not math.isnan(facts.train):
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
        counted = next((one.total for one in run if one.what == "accuracy" and one.total), None)
        for share in list(dict.fromkeys(facts.accuracies))[:12]:
            number = f"{round(share * counted)} of {counted}" if counted else f"{100 * share:.4g}%"
            exact = [r for r in explain(number, classes=K, labels=known) if r.cost in ("accuracy", "count")][:1]
            found += [r for r in exact if share_of(share) is not None and r not in found]
        found = found[:6]
    return tuple(found)


def _explained(value: float, scale: Scale, classes: int, labels: str | None) -> list[Reading]:
    """What a cost is the plateau of, computed in this way."""
    if not math.isfinite(value) or abs(value) > 1e12:
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
