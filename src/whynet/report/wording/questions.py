"""The everyday questions, what their trials came to, and what clears a cause."""

from __future__ import annotations

import math

from whynet.doctor.change import Change
from whynet.doctor.diagnosis import UNKNOWN, Acquittal, Diagnosis, Question
from whynet.report.wording import problems, say
from whynet.report.wording.problems import fewer, words_of

NOUNS = {  # what a change is of, in everyday words
    "rate": "learning rate",
    "epochs": "epochs",
    "batch": "batch size",
    "shuffle": "order of the examples",
    "scale-inputs": "scale of the inputs",
    "scale-targets": "scale of the targets",
    "weights": "initial weights",
    "activation": "activation",
    "output": "output activation",
    "cost": "cost",
    "penalty": "penalty",
    "dropout": "dropout",
    "clip": "clipping",
    "schedule": "schedule",
    "optimizer": "optimizer",
    "width": "width",
    "depth": "depth",
    "biases": "biases",
    "rows": "number of examples",
    "mode": "training mode",
}
ASKED = {
    "epochs": "Are there too few epochs?",
    "weights": "Are the initial weights bad?",
    "width": "Is the network too small?",
    "depth": "Is the network too deep?",
    "rows": "Are there too few examples?",
    "batch": "Is the batch size wrong?",
    "scale-inputs": "Are the inputs badly scaled?",
    "shuffle": "Are the examples in a bad order?",
    "activation": "Is the activation wrong?",
    "cost": "Is the cost wrong?",
    "optimizer": "Is it the optimizer?",
    "penalty": "Is it regularised too much or too little?",
}
POINT = 0.01


def asked(question: Question) -> str:
    """A question as people ask it.

    >>> asked(Question("rate", Change("rate", {"times": 0.1}), False, 0.9, 0.9))
    'Is the learning rate too high?'
    """
    times = question.change.numbers.get("times")
    if question.about.endswith("?"):
        return question.about
    if question.change.kind == "rate" and isinstance(times, (int, float)):
        return f"Is the learning rate too {'high' if times < 1 else 'low'}?"
    return ASKED.get(question.change.kind, f"Is it the {NOUNS.get(question.change.kind, question.about)}?")


def why(question: Question, diagnosis: Diagnosis) -> str:
    """What the trial of a question came to.

    >>> why(Question("epochs", Change("epochs", {"epochs": 9}), False, 0.91, 0.912), Diagnosis("underfits"))
    'epochs = 9: 91 % -> 91.2 %'
    """
    steps = "" if question.equal_steps else ", not at equal steps"
    way = f"{quality(question.before, diagnosis)} -> {quality(question.after, diagnosis)}"
    result = f"{say(question.change, diagnosis)}: {way}{steps}"
    return f"not by itself ({result}), but as a part of the set: {question.of}" if question.of else result


def quality(value: float, diagnosis: Diagnosis) -> str:
    """A quality: per cent right where there are classes.

    >>> quality(0.9, Diagnosis("healthy")), quality(0.9, Diagnosis("healthy", problem="regression"))
    ('90 %', 'R2 0.9')
    """
    return problems.quality(value, words_of(diagnosis))


def cleared(one: Acquittal, diagnosis: Diagnosis) -> str:
    """Why a cause is not the reason.

    >>> cleared(Acquittal("lr-too-low", Change("rate", {"times": 10}), alone=0.002), Diagnosis("underfits"))
    '10 times the learning rate: changes the accuracy by +0.2 points'
    """
    parts = []
    if math.isfinite(one.cost):
        parts.append(f"the cost by {one.cost:+.4f}")
    if math.isfinite(one.alone):
        parts.append(f"{_what(diagnosis)} by {_points(one.alone, diagnosis)}")
    words = " and ".join(parts)
    if math.isfinite(one.beside):
        words += f"{', and ' if words else _what(diagnosis) + ' '}beside the cure by {_points(one.beside, diagnosis)}"
    change = "" if one.change is None else say(one.change, diagnosis)
    shown = ": ".join(part for part in (change, f"changes {words}" if words else "") if part)
    return "; ".join(part for part in (shown, one.text) if part) or "nothing that was measured speaks for it"


def _what(diagnosis: Diagnosis) -> str:
    word = words_of(diagnosis).quality
    return word if word == "R2" else f"the {word}"


def _points(value: float, diagnosis: Diagnosis) -> str:
    return problems.points(value, words_of(diagnosis))


def not_the_reason(diagnosis: Diagnosis) -> str:
    """In one sentence, by everyday names, what was tried alone and is not the reason; empty if nothing was.

    >>> epochs = Question("epochs", Change("epochs", {"times": 3}), False, 0.91, 0.912)
    >>> not_the_reason(Diagnosis("underfits", questions=[epochs]))
    'epochs: tried alone, gains not a point.'
    """
    named: set[str] = {change.kind for one in diagnosis.verdict if (change := one.change) is not None}
    named |= {change.kind for change in (diagnosis.fix.changes if diagnosis.fix is not None else ())}
    named |= {one.change.kind for one in diagnosis.questions if one.answer}
    gains: dict[str, list[float]] = {}
    for question in diagnosis.questions:
        gain = question.after - question.before
        less = fewer(question.change, diagnosis) != (diagnosis.problem == UNKNOWN)  # of a loss, less is a gain
        _note(gains, question.change, -gain if less else gain, named)
    for one in diagnosis.acquitted:
        if one.change is not None:
            _note(gains, one.change, -one.alone if diagnosis.problem == UNKNOWN else one.alone, named)
    if not gains:
        return ""
    every = [gain for found in gains.values() for gain in found]
    many = len(gains) > 1
    known = all(map(math.isfinite, every))
    of_loss = diagnosis.problem == UNKNOWN
    first = next((abs(one.before) for one in diagnosis.questions), 1.0) if of_loss else 1.0
    if known and max(every) < POINT * first:
        points = words_of(diagnosis).percent
        each = f"each tried alone, none gains {'a point' if points else 'anything'}"
        ending = each if many else f"tried alone, gains {'not a point' if points else 'nothing'}"
    elif known and of_loss:
        ending = f"{'each tried alone, the best' if many else 'tried alone, it'} takes {max(every):.3g} off the loss"
    elif known:
        best = _points(max(every), diagnosis)
        ending = f"each tried alone, the best gains {best}" if many else f"tried alone, it gains {best}"
    else:
        ending = "each tried alone" if many else "tried alone"
    return f"{', '.join(gains)}: {ending}."


def _note(gains: dict[str, list[float]], change: Change, gain: float, named: set[str]) -> None:
    noun = NOUNS.get(change.kind)
    if noun is not None and change.kind not in named:
        gains.setdefault(noun, []).append(gain)
