"""Remarks in sentences. To teach it a new kind, write a line in `SENTENCES`; an unknown one is shown bare."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from whynet.doctor.change import Change
from whynet.doctor.diagnosis import UNKNOWN, Diagnosis, Outcome, Remark
from whynet.report.wording import say
from whynet.report.wording.base import is_number, number
from whynet.report.wording.problems import WORDS, quality, words_of
from whynet.report.wording.symptoms import percent

Numbers = Mapping[str, Any]


def in_words(remark: Remark, diagnosis: Diagnosis) -> str:
    """A remark as a sentence.

    >>> in_words(Remark("cut", {"what": "the questions", "budget": 30}), Diagnosis("healthy"))
    'Cut short by the budget of 30 seconds: the questions.'
    >>> in_words(Remark("new", {"height": 3}), Diagnosis("healthy"))
    'new: height 3'
    """
    if remark.kind in SENTENCES:
        try:
            return SENTENCES[remark.kind](remark.numbers, diagnosis)
        except KeyError:  # a number is missing: what there is, is shown
            pass
    shown = ", ".join(f"{name} {_shown(value, diagnosis)}" for name, value in remark.numbers.items())
    return f"{remark.kind}: {shown}" if shown else remark.kind


def _shown(value: Any, diagnosis: Diagnosis) -> str:
    if isinstance(value, Change):
        return say(value, diagnosis)
    if isinstance(value, Outcome):
        return _fraction(value, diagnosis)
    if isinstance(value, (list, tuple)):
        return ", ".join(_shown(one, diagnosis) for one in value)
    return number(value)


def _fraction(value: Any, diagnosis: Diagnosis) -> str:
    """A quality: per cent where it is an accuracy."""
    value = value.quality if isinstance(value, Outcome) else value
    return quality(value, words_of(diagnosis)) if is_number(value) else "no number"


def _reached(value: Any, diagnosis: Diagnosis) -> str:
    return _fraction(value, diagnosis) + (" right" if words_of(diagnosis) is WORDS["classification"] else "")


def _points(value: Any, diagnosis: Diagnosis) -> str:
    """A difference of qualities, given as a fraction."""
    if not is_number(value):
        return "an unknown amount"
    words = words_of(diagnosis)
    if diagnosis.problem == UNKNOWN:
        return f"{value:.3g} off the loss"
    return f"{100 * value:.1f} points" if words.percent else f"{value:.3g} of {words.quality}"


def _changes(numbers: Numbers, diagnosis: Diagnosis) -> str:
    listed = numbers.get("changes", ())
    listed = (listed,) if isinstance(listed, (Change, str)) else listed
    return " and ".join(_shown(one, diagnosis) for one in listed)


def _chaotic(numbers: Numbers, diagnosis: Diagnosis) -> str:
    costs = " and ".join(number(cost) for cost in numbers.get("costs", ()))
    spread = _points(numbers["spread"], diagnosis) + (f" (costs {costs})" if costs else "")
    return (
        f"It is chaotic: with its initial weights moved by a millionth, the same training ends {spread} apart. Another "
        "engine or machine may come to another diagnosis."
    )


def _judged_after(numbers: Numbers, diagnosis: Diagnosis) -> str:
    steps, of = numbers.get("steps"), numbers.get("of")
    if steps is None and diagnosis.judged_after is not None:
        steps, of = diagnosis.judged_after
    many = (
        f" {number(steps)} of its {number(of)} steps" if is_number(steps) and is_number(of) else " a part of its steps"
    )
    return f"Judged after{many}, not at its end."


def _best_tried(numbers: Numbers, diagnosis: Diagnosis) -> str:
    before, after = (_fraction(numbers[name], diagnosis) for name in ("before", "after"))
    return f"The best that was tried: {_changes(numbers, diagnosis)}: {before} -> {after}; not proved over seeds."


def _beside(numbers: Numbers, diagnosis: Diagnosis) -> str:
    change = numbers.get("change")
    what = f", {_shown(change, diagnosis)}" if change else ""
    way = ""
    if "before" in numbers and "after" in numbers:
        way = f" ({_fraction(numbers['before'], diagnosis)} -> {_fraction(numbers['after'], diagnosis)})"
    gain = _points(numbers["points"], diagnosis)
    if diagnosis.problem == UNKNOWN:
        return (
            f"Beside the cure{what} takes another {gain}{way}: {numbers['cause']}, a limit of its own, not the reason."
        )
    return f"Beside the cure{what} gains another {gain}{way}: {numbers['cause']}, a limit of its own, not the reason."


def _lays_bare(numbers: Numbers, diagnosis: Diagnosis) -> str:
    rate, real = (number(numbers[name] * diagnosis.wording.rate) for name in ("rate", "real"))
    bare, whole = (_fraction(numbers[name], diagnosis) for name in ("bare", "whole"))
    return (
        f"Mended alone, it lays bare a rate of {rate} that was never in effect and is too low: {bare}; "
        f"with the rate that was in effect, {real}: {whole}."
    )


def _tried(numbers: Numbers, diagnosis: Diagnosis) -> str:
    listed = numbers["changes"]
    return "Nothing that was tried makes a difference: " + ", ".join(_shown(one, diagnosis) for one in listed) + "."


def _cut(numbers: Numbers, diagnosis: Diagnosis) -> str:
    budget = numbers.get("budget")
    by = f"the budget of {number(budget)} seconds" if is_number(budget) else "the budget"
    return f"Cut short by {by}: {_shown(numbers['what'], diagnosis)}."


def _unequal(numbers: Numbers, diagnosis: Diagnosis) -> str:
    return "Not at equal steps: trainings that are compared here took different numbers of steps."


def _recorded(numbers: Numbers, diagnosis: Diagnosis) -> str:
    then, now = (number(numbers[name]) for name in ("then", "now"))
    return (
        f"Training it again does not give what was recorded: its first epoch's cost was {then}, and is now {now}. "
        "What is said here is about the training that was made now."
    )


def _several(numbers: Numbers, diagnosis: Diagnosis) -> str:
    return f"{number(numbers['count'])} updates were made for each batch; the trials make one for each."


def _loses(numbers: Numbers, diagnosis: Diagnosis) -> str:
    if diagnosis.problem == UNKNOWN:
        return f"Its loss falls, but {numbers['cause']} keeps it {number(numbers['points'])} higher than it could be."
    return f"It learns, but loses {_points(numbers['points'], diagnosis)} to {numbers['cause']}."


def _set_aside(numbers: Numbers, diagnosis: Diagnosis) -> str:
    first, second = (_fraction(value, diagnosis) for value in numbers["quality"])
    costs = " and ".join(number(value) for value in numbers["cost"])
    return (
        f"With this mended it ends just the same ({first} and {second}, costs {costs}), so it is not what stops the "
        f"learning, and the other trials are made with it mended: {_changes(numbers, diagnosis)}."
    )


def _shortened(numbers: Numbers, diagnosis: Diagnosis) -> str:
    return f"Each trial takes {percent(numbers['fraction'])} of its own steps; the cure is trained to its end."


def _schedule(numbers: Numbers, diagnosis: Diagnosis) -> str:
    first, last = numbers.get("first"), numbers.get("last")
    way = f" from {number(first)} to {number(last)}" if is_number(first) and is_number(last) else ""
    return f"Its learning rate follows a schedule{way}; in the trials it is constant."


def _could_be_better(numbers: Numbers, diagnosis: Diagnosis) -> str:
    by = _changes(numbers, diagnosis)
    return "It is healthy, and could still be better" + (f": {by}." if by else ".")


def _crash(numbers: Numbers, diagnosis: Diagnosis) -> str:
    return f"{numbers['what']} could not be judged: {numbers['why']}."


def _by_loss(numbers: Numbers, diagnosis: Diagnosis) -> str:
    way = f"of {number(numbers['first'])} to {number(numbers['last'])} in {number(numbers['steps'])} steps"
    return f"It is judged by its loss alone, {way}: no yardstick fits."


def _assumed(numbers: Numbers, diagnosis: Diagnosis) -> str:
    settings = ", ".join(f"{name}={number(value)}" for name, value in numbers.items())
    return f"Not handed over, so assumed: {settings}. Hand over what your program has."


SENTENCES: dict[str, Callable[[Numbers, Diagnosis], str]] = {
    "said": lambda numbers, diagnosis: str(numbers["text"]),
    "assumed": _assumed,
    "chaotic": _chaotic,
    "judged-after": _judged_after,
    "gain-elsewhere": lambda numbers, diagnosis: (
        "The change helps, but it does not restore learning: the cause is elsewhere."
    ),
    "best-tried": _best_tried,
    "loses": _loses,
    "effort": lambda numbers, diagnosis: (
        f"The effort of {number(numbers['effort'])} was spent before: {_shown(numbers['what'], diagnosis)}."
    ),
    "set-aside": _set_aside,
    "shortened": _shortened,
    "no-trials": lambda numbers, diagnosis: "No trials were made, so nothing is proved.",
    "interrupted": lambda numbers, diagnosis: (
        f"{'The trials were' if diagnosis.xray is None else 'It was'} interrupted: this is what was known by then."
    ),
    "not-on-fresh-seeds": lambda numbers, diagnosis: (
        f"On seeds that had no part in finding it, this is no better than nothing, so it is no cure: "
        f"{_changes(numbers, diagnosis)}."
    ),
    "catches-up": lambda numbers, diagnosis: (
        f"Trained to its end, it does as well without the change ({_reached(numbers['quality'], diagnosis)}): the "
        "trials judged it too early."
    ),
    "makes-no-difference": lambda numbers, diagnosis: (
        f"Mended, it makes no difference in this run: {_changes(numbers, diagnosis)}."
    ),
    "beside": _beside,
    "lays-bare": _lays_bare,
    "tried": _tried,
    "cut": _cut,
    "unequal-steps": _unequal,
    "recorded": _recorded,
    "several-updates": _several,
    "schedule": _schedule,
    "crash": _crash,
    "by-loss": _by_loss,
    "could-be-better": _could_be_better,
}


def all_in_words(diagnosis: Diagnosis) -> list[str]:
    """All remarks, none twice.

    >>> all_in_words(Diagnosis("healthy", remarks=[Remark("said", {"text": "overflow"})] * 2))
    ['overflow']
    """
    return list(dict.fromkeys(in_words(one, diagnosis) for one in diagnosis.remarks))
