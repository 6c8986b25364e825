"""Questions: a network described in a person's own words, one answer at a time, becomes a recipe.

Every question has a sensible default, and takes free words ("MSE", "random between 0 and 1", "divided by 255"). An
answer that cannot be understood is a `UsageError` that says what would be.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from whynet.aliases import found_in
from whynet.data.sources import NAMES as DATA
from whynet.errors import UsageError
from whynet.training.recipe import LEARNING_RATES, ActivationName, CostName, OptimizerName, Recipe
from whynet.training.values import choices

Edits = dict[str, Any]
UNSURE = re.compile(r"\s*(?:default|usual|no idea|not sure|don'?t know|do not know|unknown)\s*", re.I)
NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?"


@dataclass(frozen=True)
class Question:
    """One question: what is asked, what Enter means, and how an answer becomes fields of a recipe.

    >>> QUESTIONS["cost"].answer("MSE")
    {'cost': 'quadratic'}
    """

    text: str
    default: str
    read: Callable[[str], Edits]

    def answer(self, words: str) -> Edits:
        """The fields that an answer sets; an empty one, or "don't know", is the default.

        Raises
        ------
        UsageError
            The answer makes no sense here; the message says what would.
        """
        words = self.default if not words.strip() or UNSURE.fullmatch(words) else words
        return self.read(words.strip())


def _refused(words: str, expected: str) -> UsageError:
    return UsageError(f"'{words[:60]}' is not understood", expected=expected)


def _numbers(words: str) -> list[float]:
    return [
        float(number)
        for number in re.findall(rf"(?<![\w.]){NUMBER}", words.lower().replace("\u2212", "-").replace("..", " to "))
    ]


def _one_of(words: str, field: str, meanings: Iterable[tuple[str, Any]], expected: str) -> Edits:
    """The first meaning whose words are found."""
    for pattern, value in meanings:
        if re.search(pattern, words, re.I):
            return {field: value}
    raise _refused(words, expected)


def _data(words: str) -> Edits:
    if re.search("fashion", words, re.I):
        return {"data": "fashion-mnist"}
    if re.search("mnist", words, re.I):
        return {"data": "mnist"}
    if words.lower() in DATA or "/" in words or "\\" in words or words.startswith("."):
        return {"data": words.lower() if words.lower() in DATA else words}
    raise _refused(words, f"{', '.join(DATA)}, or the folder of the files")


def _sizes(words: str) -> Edits:
    if re.fullmatch(r"(none|no|0|no hidden.*|without.*)", words, re.I):
        return {"hidden": ()}
    found = [int(number) for number in re.findall(r"(?<![\d.])\d+(?![\d.])", words)]
    if not found or min(found) < 1 or max(found) > 1_000_000:
        raise _refused(
            words, "units of the hidden layers, such as 30 or 16,16; or all sizes, such as 784-30-10; or none"
        )
    whole = len(found) > 1 and found[0] in (784, 64, 2) and found[-1] in (10, 2, 1)
    return {"sizes": tuple(found)} if whole else {"hidden": tuple(found)}


def _named(words: str, field: str, hint: Any, expected: str) -> Edits:
    """What the table of aliases, or whynet itself, calls so."""
    found = found_in(field, words, choices(hint))
    if found is None:
        raise _refused(words, expected)
    return {field: found}


def _activation(words: str) -> Edits:
    expected = "sigmoid, relu, leaky relu, tanh, elu, gelu, softmax or none"
    return _named(words, "activation", ActivationName, expected)


def _init(words: str) -> Edits:
    low = re.sub(r"\b(?:np\.|numpy\.|random\.)*(randn?)\s*\([^)]*\)", r"\1", words.lower())  # shapes say nothing
    shifted = re.search(rf"(?:({NUMBER})\s*\*\s*)?\brand(?:om)?\s*(?:\*\s*({NUMBER}))?\s*-\s*({NUMBER})", low)
    if shifted:
        width, below = float(shifted[1] or shifted[2] or 1), float(shifted[3])
        return {"init": f"uniform({-below:g}, {width - below:g})"}
    found = _numbers(re.sub(r"1\s*/\s*(?:sqrt|√|root)?\s*\(?\s*(?:n|fan)\w*\)?", "", low))
    expected = "normal (N(0,1)), uniform between two numbers, zeros, a constant, Xavier, He, or N(0, 1/sqrt(n))"
    if re.search(r"zero|\bnull", low) or low in ("0", "0.0"):
        return {"init": "zeros"}
    by_name = found_in("init", low, ("glorot", "he", "lecun", "orthogonal"))
    if by_name in ("glorot", "he", "lecun", "orthogonal"):
        return {"init": by_name}
    if re.search(r"sqrt|√|root of|scaled|1\s*/\s*(?:n|fan)", low):
        return {"init": "scaled-normal"}
    times = re.search(rf"(?:\*|times|x)\s*({NUMBER})", low)
    over = re.search(rf"/\s*({NUMBER})", low)
    factor = float(times[1]) if times else 1 / float(over[1]) if over and float(over[1]) else 1.0
    if re.search(r"normal|gauss|randn|\bn\s*\(", low):
        if times or over or not found:
            return {"init": "normal" if factor == 1 else f"normal(0, {factor:g})"}
        mean, sd = found[:2] if len(found) > 1 else (0.0, found[0])
        return {"init": "normal" if (mean, sd) == (0, 1) else f"normal({mean:g}, {abs(sd):g})"}
    if re.search(r"uniform|random|rand\b|between|\.\.|\bto\b|\+-|±|\bu\s*\(", low):
        if times or over or not found:
            return {"init": f"uniform(0, {factor:g})"}
        if len(found) > 1 or re.search(r"\+-|±|\+/-", low):
            bounds = found[:2] if len(found) > 1 else [-abs(found[0]), abs(found[0])]
            return {"init": f"uniform({min(bounds):g}, {max(bounds):g})"}
        return {"init": f"uniform(0, {found[0]:g})"}
    if re.search(r"constant|all|every|same|equal|ones?", low) or re.fullmatch(NUMBER, low):
        return {"init": f"constant({found[0] if found else 1.0:g})"}
    raise _refused(words, expected)


def _cost(words: str) -> Edits:
    expected = "quadratic (MSE), binary cross-entropy, or softmax with cross-entropy"
    for pattern, value in ((r"softmax", "softmax-cross-entropy"), (r"binary|sigmoid", "sigmoid-cross-entropy")):
        if re.search(pattern, words, re.I):
            return {"cost": value}
    return _named(words, "cost", CostName, expected)


def _optimizer(words: str) -> Edits:
    expected = "plain gradient descent (sgd), momentum 0.9, nesterov, adam or rmsprop"
    bare = re.sub(r"momentum", "sgd", words, flags=re.I)  # momentum alone is SGD's
    edits = _named(bare, "optimizer", OptimizerName, expected)
    if "momentum" in words.lower():
        found = _numbers(words)
        edits["momentum"] = found[0] if found else 0.9
    return edits


OF_A_RATE = re.compile(
    r"(?:[-+\d.,e\s=:~]|about|around|learning|rate|step|size|lr|eta|alpha|is|of|was|it|a|the|my)*", re.I
)


def decimal(words: str) -> str:
    """A decimal comma as a point.

    >>> decimal("0,01"), decimal("30,000")
    ('0.01', '30,000')
    """

    def pointed(found: re.Match[str]) -> str:
        return f"{found[1]}.{found[2]}" if found[1] == "0" or len(found[2]) != 3 else found[0]

    return re.sub(r"(?<![\d,])(\d+),(\d+)(?![\d,])", pointed, words)


def _rate(words: str) -> Edits:
    if words.lower() == "usual":
        return {}
    found = _numbers(decimal(words))
    if len(found) != 1 or found[0] <= 0 or not OF_A_RATE.fullmatch(words):
        raise _refused(words, "a number above 0, such as 0.1 or 1e-3")
    return {"learning_rate": found[0]}


def _whole(field: str, expected: str, words_for: tuple[tuple[str, Any], ...] = ()) -> Callable[[str], Edits]:
    def read(words: str) -> Edits:
        for pattern, value in words_for:
            if re.search(pattern, words, re.I):
                return {field: value}
        if "%" in words or re.search(r"per\s?cent", words, re.I):
            raise _refused(words, f"{expected}: a number of examples, not a fraction")
        found = [number for number in _numbers(words.replace(",", "")) if number == int(number) and number >= 1]
        if len(found) != 1:
            raise _refused(words, expected)
        return {field: int(found[0])}

    return read


def _scaling(words: str) -> Edits:
    meanings = (
        (r"-\s*1|minus one", "-1..1"), (r"standard|z.?score|mean|whiten|deviation", "standard"),
        (r"\braw\b|none|\bnot?\b|un(?:scaled|normali)|0\s*(?:\.\.|-|to)\s*255|bytes?\b", "raw"),
        (r"255|0\s*(?:\.\.|-|to)\s*1\b|yes|scal|normali|divid", "0..1"),
    )  # fmt: skip
    return _one_of(words, "scaling", meanings, "0..1 (divided by 255), -1..1, standardised, or raw (0..255)")


BATCH = ((r"full|all|whole|entire|everything", "full"), (r"\bone\b|online|single|each", 1))
QUESTIONS: dict[str, Question] = {
    "data": Question("Which images (mnist, fashion-mnist, digits, or a folder)?", "auto", _data),
    "train_size": Question(
        "How many training examples?",
        "all",
        _whole("train_size", "a whole number, or all", ((r"all|every|full", None),)),
    ),
    "scaling": Question("How are the pixels scaled (0..1, -1..1, standardised, raw)?", "0..1", _scaling),
    "sizes": Question("Units in the hidden layers (30, or 16,16, or all sizes as 784-30-10, or none)?", "30", _sizes),
    "activation": Question("Activation of the hidden layers?", "sigmoid", _activation),
    "init": Question(
        "Initial weights (N(0,1), random 0..1, zeros, Xavier, He, N(0, 1/sqrt(n)))?", "N(0, 1/sqrt(n))", _init
    ),
    "cost": Question(
        "Cost (MSE, binary cross-entropy, softmax with cross-entropy)?", "softmax with cross-entropy", _cost
    ),
    "optimizer": Question("Optimizer (sgd, momentum 0.9, adam)?", "sgd", _optimizer),
    "learning_rate": Question(
        f"Learning rate (usual: {LEARNING_RATES['sgd']:g}, for adam {LEARNING_RATES['adam']:g})?", "usual", _rate
    ),
    "batch_size": Question(
        "Examples in a batch (a number, or full)?", "10", _whole("batch_size", "a whole number, or full", BATCH)
    ),
    "epochs": Question("Epochs?", "5", _whole("epochs", "a whole number, 1 or more")),
}


def recipe_from(answers: Iterable[Edits]) -> Recipe:
    """The recipe that these answers describe.

    >>> recipe_from([QUESTIONS["sizes"].answer("16,16"), QUESTIONS["init"].answer("random between 0 and 1")]).init
    'uniform(0, 1)'

    Raises
    ------
    UsageError
        They do not go together.
    """
    edits: Edits = {}
    for answer in answers:
        edits |= answer
    return Recipe(**edits)
