"""Code: what the program text in a question speaks for, by the line that says so."""

from __future__ import annotations

import re
from collections.abc import Sequence

from whynet.logs.clues import Said, said_by, states_of, table
from whynet.source.settings import Settled, settings_in

LONGEST = 70  # characters that are quoted
OWN_SOFTMAX = {"CrossEntropyLoss", "cross_entropy"}
SQUARES = {"MSELoss", "mse", "mean_squared_error", "mse_loss"}
TWO = {"binary_crossentropy", "BCELoss"}


def said_in_code(text: str) -> list[Said]:
    """What the program text in a question speaks for and clears, each with its line.

    >>> said_in_code("W1 = np.random.rand(784, 30)\\nepoch 1 loss 0.45")[0].speaks
    ('init-positive-saturation',)
    """
    settled = settings_in(text)
    rows = [(one, table()["code"].get(f"{one.about}: {one.how}")) for one in settled]
    found = [said_by(row, one.text[:LONGEST]) for one, row in rows if row is not None]
    return found + _together(settled, text)


def _together(settled: Sequence[Settled], text: str) -> list[Said]:
    """What two lines say only together: an output and its loss, a split and an order."""
    losses = {one.how for one in settled if one.about == "loss"}
    found = []
    for one in settled:
        if one.about == "output" and one.how == "softmax" and losses & OWN_SOFTMAX:
            found.append(Said(one.text[:LONGEST], ("wrong-output-activation",), states_of("not-learning broken")))
        if one.about == "output" and one.how == "softmax" and losses & (SQUARES | TWO):
            found.append(Said(one.text[:LONGEST], ("cost-mismatch", "softmax-single-unit"), states_of("not-learning")))
        if one.about == "order" and one.how == "split the last rows" and re.search(r"\bsorted\b|in order", text):
            found.append(Said(one.text[:LONGEST], ("validation-unlike-training", "not-shuffled"), states_of("gap")))
    return found
