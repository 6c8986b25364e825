"""States as sentences that fit the numbers: nothing is said that was not measured."""

from __future__ import annotations

import math

from whynet.doctor.diagnosis import UNKNOWN, Diagnosis, Outcome
from whynet.report.wording import problems
from whynet.report.wording.base import number, one_of
from whynet.report.wording.problems import WORDS, words_of, yardstick
from whynet.report.wording.symptoms import percent

AT_FLOOR = 0.02  # so near the cost of the best constant prediction counts as the same
ALIKE = 0.95  # so many equal predictions count as all
SAME = 1.02  # times its own loss, with the inputs of other rows
FAR = 0.05  # so far above the largest class's fraction, predictions cannot all be the same


def sentence(diagnosis: Diagnosis) -> str:
    """The state in a sentence, without a capital and a full stop, its numbers in brackets.

    >>> from whynet.doctor.change import Wording
    >>> before = Outcome(cost=2.3, quality=0.099, one_answer=1.0)
    >>> images = Wording(examples="images")
    >>> sentence(Diagnosis("constant-answer", before=before, yardstick=0.92, floor=2.3, wording=images))
    'every image gets the same prediction (9.9 % right; a linear classifier reaches 92 %)'
    """
    numbers = figures_of(diagnosis)
    return what(diagnosis) + (f" ({numbers})" if numbers else "")


def what(diagnosis: Diagnosis) -> str:
    """The same without its numbers.

    >>> what(Diagnosis("not-examined"))
    'nothing of it could be run, so nothing is said about its learning'
    """
    if diagnosis.xray is not None:
        return looked_at(diagnosis)
    say = SENTENCES.get(diagnosis.state)
    return diagnosis.state.replace("-", " ") if say is None else say(diagnosis)


def quality_of(outcome: Outcome) -> str:
    """How good it is, as people say it; empty where it was not measured.

    >>> quality_of(Outcome(0.1, 0.99)), quality_of(Outcome(0.1, math.nan))
    ('99 %', '')
    """
    if outcome.metric is not None:
        value = outcome.metric.value
        return f"{outcome.metric.name} {value:.4g}" if math.isfinite(value) else ""
    return percent(outcome.quality) if math.isfinite(outcome.quality) else ""


def figures_of(diagnosis: Diagnosis) -> str:
    """How good it is, and how good the yardstick.

    >>> from whynet.doctor.diagnosis import Metric
    >>> figures_of(Diagnosis("healthy", before=Outcome(0.1, 0.8, Metric("R2", 0.8)), yardstick=0.7))
    'R2 0.8; a linear regression reaches 0.7'
    >>> figures_of(Diagnosis("healthy", problem="labels", before=Outcome(0.1, 0.8, Metric("F1", 0.7)), yardstick=0.9))
    'F1 0.7; balanced accuracy 80 %, a linear classifier 90 %'
    """
    before, words = diagnosis.before, words_of(diagnosis)
    if before is None:
        return ""
    shown, known = quality_of(before), math.isfinite(diagnosis.yardstick) and math.isfinite(before.quality)
    if before.metric is None and shown:
        shown = f"{shown} right"
    reached = problems.bare(diagnosis.yardstick, words) if known else ""
    if known and shown and (before.metric is None or before.metric.name == words.quality):
        return f"{shown}; {yardstick(diagnosis)} reaches {reached}"
    if known:
        compared = f"{words.quality} {problems.bare(before.quality, words)}, {yardstick(diagnosis)} {reached}"
        return f"{shown}; {compared}" if shown else compared
    return shown or (f"cost {before.cost:.4g}" if math.isfinite(before.cost) else "")


def alike(diagnosis: Diagnosis) -> bool:
    """Whether all rows get the same prediction, as far as how many are right allows that.

    >>> alike(Diagnosis("constant-answer", before=Outcome(2.3, 0.1, one_answer=1.0))), alike(Diagnosis("healthy"))
    (True, False)
    """
    before, largest = diagnosis.before, diagnosis.value("largest-class")
    if before is None or not before.one_answer >= ALIKE:
        return False
    return not (math.isfinite(largest) and before.quality > largest + min(FAR, (1 - largest) / 2))


def at_floor(diagnosis: Diagnosis) -> bool:
    """Whether the cost is that of the best constant prediction.

    >>> at_floor(Diagnosis("constant-answer", floor=2.3, before=Outcome(2.31, 0.1)))
    True
    """
    floor, before = diagnosis.floor, diagnosis.before
    return before is not None and math.isfinite(floor) and abs(before.cost - floor) <= AT_FLOOR * abs(floor)


def ignores_inputs(diagnosis: Diagnosis) -> bool:
    """Whether a loss, where no more is known, is as low with the inputs of other rows.

    >>> ignores_inputs(Diagnosis("healthy"))
    False
    """
    return diagnosis.problem == UNKNOWN and diagnosis.value("exchanged-inputs") <= SAME


def worse(diagnosis: Diagnosis) -> bool:
    """Whether it is shown to be worse than the yardstick.

    >>> worse(Diagnosis("underfits", before=Outcome(1.0, 0.5), yardstick=0.9)), worse(Diagnosis("underfits"))
    (True, False)
    """
    before = diagnosis.before
    return before is not None and before.quality < diagnosis.yardstick < math.inf


def looked_at(diagnosis: Diagnosis) -> str:
    """What came of looking into a program that was run, and of its trials.

    >>> looked_at(Diagnosis("not-examined", xray={"loop_line": 7}))
    'no wrong line was found in it; whether it learns was not judged'
    >>> looked_at(Diagnosis("undertrained", xray={"loop_line": 7}, before=Outcome(0.5, 0.6)))
    'no wrong line was found in it; its cost was still falling'
    """
    seen = diagnosis.xray or {}
    judged = OF_PROGRAMS.get(diagnosis.state, "whether it learns was not judged")
    if diagnosis.before is not None and diagnosis.state in SENTENCES and diagnosis.state != "not-examined":
        judged = SENTENCES[diagnosis.state](diagnosis)
    if not seen.get("loop_line"):
        return "no training written by hand was seen in it, so nothing is said about its learning"
    lines = {one.where for one in diagnosis.verdict if one.where is not None}
    if not lines:
        return f"no wrong line was found in it; {judged}"
    return f"{'one line is' if len(lines) == 1 else f'{len(lines)} lines are'} wrong; {judged}"


OF_PROGRAMS = {
    "diverged": "its error rose while it was watched",
    "non-finite": "a number became NaN or infinite while it was watched",
}


def _constant(diagnosis: Diagnosis) -> str:
    before, row = diagnosis.before, one_of(diagnosis.wording)
    if before is not None and alike(diagnosis):
        return f"{'' if before.one_answer >= 0.999 else 'almost '}every {row} gets the same prediction"
    if words_of(diagnosis) is WORDS["regression"] and at_floor(diagnosis):
        answer, what = OF_FLOOR.get(diagnosis.settings.cost or "", ("mean", ""))
        least = f"{what}, {number(diagnosis.floor)}" if what and diagnosis.wording.library == "whynet" else ""
        cost = f"its cost is {least}" if least else f"its cost is {number(diagnosis.floor)}, which is what that costs"
        return f"the {answer} of the targets is predicted for every {row}: {cost}"
    if ignores_inputs(diagnosis):
        return "it has learned nothing from its inputs: with those of other rows its loss is as low"
    return "it has learned nothing from its inputs: its cost is that of the best constant prediction"


def _missing(diagnosis: Diagnosis) -> str:
    names = ", ".join(diagnosis.lost[:6]) + (" ..." if len(diagnosis.lost) > 6 else "")
    return f"it learns, but some classes are never predicted: {names}" if names else "some classes are hardly predicted"


def _than(diagnosis: Diagnosis) -> str:
    return f"it is worse than {yardstick(diagnosis)}"


def _undertrained(diagnosis: Diagnosis) -> str:
    if diagnosis.judged_after is not None:
        return "it had not finished when it was judged"
    if worse(diagnosis):
        return f"{_than(diagnosis)}, and still getting better"
    return f"its cost was still falling{_lower(diagnosis)}"


def _lower(diagnosis: Diagnosis) -> str:
    """What a lower rate comes to, where that is far less."""
    metric, part = None if diagnosis.before is None else diagnosis.before.metric, diagnosis.value("lower-rate")
    if metric is None or not part < 1:
        return ""
    return f", and with a lower rate its loss comes to {number(part * metric.value)}, not to {number(metric.value)}"


def _underfits(diagnosis: Diagnosis) -> str:
    if worse(diagnosis) and diagnosis.before is not None and math.isnan(diagnosis.before.cost):
        return _than(diagnosis)  # no loss can be asked: whether it still gets better is not known
    if worse(diagnosis):
        return f"{_than(diagnosis)}, and no longer getting better"
    return f"it no longer gets better{_lower(diagnosis)}"


def _stalled(diagnosis: Diagnosis) -> str:
    return f"it has stopped learning, and {_than(diagnosis)[3:]}" if worse(diagnosis) else "its cost is flat"


def _healthy(diagnosis: Diagnosis) -> str:
    before = diagnosis.before
    if before is not None and math.inf > before.quality >= diagnosis.yardstick:
        return f"it learns, and is at least as good as {yardstick(diagnosis)}"
    if diagnosis.problem == UNKNOWN:
        return "its loss falls, which is all that it can be judged by"
    return "it learns" if before is None or math.isnan(diagnosis.yardstick) else _about(diagnosis)


def _about(diagnosis: Diagnosis) -> str:
    before = diagnosis.before
    if before is not None and diagnosis.yardstick - before.quality > FAR:
        held = diagnosis.wording.examples
        return f"it learns; with so few {held} held back, it cannot be told from {yardstick(diagnosis)}"
    return f"it learns, and is about as good as {yardstick(diagnosis)}"


OF_FLOOR = {  # the best constant prediction under a cost of whynet's, and what it costs
    "quadratic": ("mean", "half the variance of what is trained on"),
    "absolute": ("median", "the mean distance from it"),
}


def _bad_data(diagnosis: Diagnosis) -> str:
    if any(one.cause == "useless-target" for one in diagnosis.verdict):
        return "its inputs seem to tell nothing about what it is to predict: there may be nothing to learn"
    return "the data themselves are not in order"


SENTENCES = {
    "not-examined": lambda diagnosis: (
        "as it is, it cannot be trained"
        if diagnosis.fix is not None
        else "nothing of it could be run, so nothing is said about its learning"
    ),
    "bad-data": _bad_data,
    "non-finite": lambda diagnosis: "a number became NaN or infinite",
    "diverged": lambda diagnosis: (
        "its cost rose again after it had fallen"
        if diagnosis.value("risen-again") > 0.5
        else "its cost ended above where it began"
    ),
    "constant-answer": _constant,
    "classes-missing": _missing,
    "not-started": lambda diagnosis: "it has hardly begun to learn: its cost has moved by less than 1 %",
    "stalled": _stalled,
    "overfits": lambda diagnosis: (
        f"it knows its training {diagnosis.wording.examples} much better than others of their kind"
    ),
    "undertrained": _undertrained,
    "underfits": _underfits,
    "healthy": _healthy,
}
