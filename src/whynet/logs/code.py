"""Code: what the program text in a question speaks for, by the line that says so."""

from __future__ import annotations

import re
from collections.abc import Sequence

from whynet.logs.clues import ANY, BROKEN, GAP, NOT_LEARNING, SLOW, STILL, Said
from whynet.source.settings import Settled, settings_in

MEANT: dict[
    tuple[str, str], tuple[tuple[str, ...], tuple[str, ...]]
] = {  # what is settled: causes, and in which states
    ("weights", "equal"): (("symmetric-init",), NOT_LEARNING),
    ("weights", "positive"): (("init-positive-saturation",), STILL),
    ("weights", "small"): (("init-too-small",), SLOW),
    ("weights", "wide"): (("init-too-large",), (*NOT_LEARNING, "diverged")),
    ("update", "adds"): (("gradient-sign-flipped",), ("diverged", *STILL)),
    ("gradient", "not reset"): (("gradient-buffer-not-reset",), ANY),
    ("gradient", "frozen"): (("layer-not-updated",), NOT_LEARNING),
    ("gradient", "without a derivative"): (("gradient-missing-derivative",), (*NOT_LEARNING, "diverged")),
    ("optimizer", "part"): (("layer-not-updated",), NOT_LEARNING),
    ("layers", "none bent"): (("missing-activation",), (*NOT_LEARNING, "diverged")),
    ("output", "softmax of one unit"): (("softmax-single-unit",), (*STILL, *BROKEN)),
    ("output", "relu"): (("wrong-output-activation", "dead-relu"), (*STILL, *BROKEN)),
}
CLEARED = {("inputs", "scaled"): ("input-not-scaled",)}
OWN_SOFTMAX = {"CrossEntropyLoss", "cross_entropy"}
SQUARES = {"MSELoss", "mse", "mean_squared_error", "mse_loss"}
TWO = {"binary_crossentropy", "BCELoss"}


def said_in_code(text: str) -> list[Said]:
    """What the program text in a question speaks for and clears, each with its line.

    >>> said_in_code("W1 = np.random.rand(784, 30)\\nepoch 1 loss 0.45")[0].speaks
    ('init-positive-saturation',)
    """
    settled = settings_in(text)
    found = []
    for one in settled:
        if (one.about, one.how) in MEANT:
            causes, states = MEANT[one.about, one.how]
            found.append(Said(_quoted(one), causes, states))
        elif (one.about, one.how) in CLEARED:
            found.append(Said(_quoted(one), clears=CLEARED[one.about, one.how]))
    return found + _together(settled, text)


def _together(settled: Sequence[Settled], text: str) -> list[Said]:
    """What two lines say only together: an output and its loss, a split and an order."""
    losses = {one.how for one in settled if one.about == "loss"}
    found = []
    for one in settled:
        if one.about == "output" and one.how == "softmax" and losses & OWN_SOFTMAX:
            found.append(Said(_quoted(one), ("wrong-output-activation",), (*NOT_LEARNING, *BROKEN)))
        if one.about == "output" and one.how == "softmax" and losses & (SQUARES | TWO):
            found.append(Said(_quoted(one), ("cost-mismatch", "softmax-single-unit"), NOT_LEARNING))
        if one.about == "order" and one.how == "split the last rows" and re.search(r"\bsorted\b|in order", text):
            found.append(Said(_quoted(one), ("validation-unlike-training", "not-shuffled"), GAP))
    return found


def _quoted(one: Settled) -> str:
    return one.text[:70]
