"""Kinds: whose labels a text is about, how many classes there are, and which cost its words name."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache

from whynet.doctor.diagnosis import Series
from whynet.logs.facts import clipped
from whynet.logs.roles import table
from whynet.logs.transcript import Transcript

RIGHT = 0.3  # of all examples: no share of numbers is told so exactly
BARE = 15  # different words: with fewer, figures stand alone
SQUARED = 20  # the same of what is called a squared error
DEAR = 1e6  # a cost that is always above it is the square of large numbers


@cache
def _words(of: str) -> dict[str, frozenset[str]]:
    """Words in a text, by what they say of it."""
    return {name: frozenset(words.split()) for name, words in table()[of].items()}


def problem_of(run: Sequence[Series], transcript: Transcript) -> str:
    """What is learned: classification, regression, language (a text's next word), two networks against each other, or a
    policy, by the rewards of episodes.

    >>> problem_of((), Transcript((), frozenset({"val", "rmse"})))
    'regression'
    """
    words = transcript.words
    named = [set(one.name.split()) for one in run]
    if any("d" in name for name in named) and any("g" in name for name in named):
        return "rivals"
    problems = _words("problems")
    told = {"reward", "rewards"} if any("loss" in name for name in named) else problems["rewards"]
    if problems["episodes"] & words and told & words:
        return "episodes"
    shares = [
        one for one in run if one.what == "accuracy" and not one.said and {"acc", "accuracy"} & {*one.name.split()}
    ]
    classes = problems["classification"] & words or any(max(one.finite, default=0) > RIGHT for one in shares)
    for problem in ("rivals", "language", "segmentation", "autoencoding", "regression"):
        if problems[problem] & words and not (problem == "regression" and classes):
            return "regression" if problem == "autoencoding" else problem
    right = any(one.what == "accuracy" and "r2" not in one.name.split() for one in run)
    numbers = bool(problems["numbers"] & words) or any("mae" in name for name in named)
    least = [(min(one.finite), one.name.split()) for one in run if one.what == "cost" and one.finite]
    dear = any(cost > (SQUARED if {"mse", "rmse", "mae"} & {*name} else DEAR) for cost, name in least)
    return "regression" if (numbers or dear) and not right and not classes else "classification"


def speaks_of_classes(transcript: Transcript) -> bool:
    """Whether a text says that classes are to be told apart; of bare figures, with hardly a word, they are taken to be.

    >>> speaks_of_classes(Transcript((), frozenset({"loss", "digits"})))
    True
    """
    return len(transcript.words) < BARE or bool(_words("problems")["classification"] & transcript.words)


def hinted_cost(run: Sequence[Series], transcript: Transcript) -> str | None:
    """The cost that the words name; what is called an error is a squared one.

    >>> hinted_cost((), Transcript((), frozenset({"nll"})))
    'softmax-cross-entropy'
    """
    words = transcript.words
    named = {cost: hints & words for cost, hints in _words("costs").items() if hints & words}
    if len(named) == 1:
        return next(iter(named))
    errors = {"error", "err", "mse"} if not {"entropy", "kreuzentropie", "crossentropy"} & words else {"mse"}
    called = any((words if one.said else set(one.name.split())) & errors for one in run if one.what == "cost")
    return "quadratic" if called else None


def labels_and_classes(transcript: Transcript, labels: str | None, classes: int | None) -> tuple[str, int]:
    """Whose labels, and how many classes: as said, else by the words of the text, else MNIST's.

    >>> labels_and_classes(Transcript(((),), frozenset({"iris"})), None, None)
    ('balanced', 3)
    """
    words = transcript.words
    if labels is None:
        other = {"cifar", "iris", "notmnist", "svhn", "imagenet", "xor", "cats", "dogs"} & words
        labels = "fashion-mnist" if {"fashion", "clothing", "clothes"} & words else "balanced" if other else "mnist"
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
