"""A rate that falls in each batch, where an epoch was meant: the steps are nothing before the data were seen twice."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from whynet.subjects.program.judgement import Judged
from whynet.subjects.program.text import Text
from whynet.subjects.program.unmoved import Blame
from whynet.types import Array

GONE = 0.01
EARLY = 3
"""Rounds of the loop around it; by then the data were seen a few times."""
SAME = 1e-3
LEAST = 5


def faded(one: Judged, rounds: int, text: Text) -> list[Blame]:
    """Where the rate is made smaller, if it has become nothing; `rounds`: of the loop around, 0 if there is none.

    >>> from whynet.subjects.program.loop import Flow
    >>> from whynet.subjects.program.tape import Tape
    >>> faded(Judged(Flow([Tape(0, 1)]), [], [], []), 1, Text([]))
    []
    """
    lengths, at = np.abs(one.lengths), [tape.iteration for tape in one.flow.tapes]
    if not 0 < rounds <= EARLY or len(lengths) < LEAST or not np.all(lengths > 0) or lengths[-1] > GONE * lengths[0]:
        return []
    falls = np.log(lengths[1:] / lengths[0]) / (np.array(at[1:]) - at[0])
    if np.ptp(falls) > SAME * abs(float(np.mean(falls))):
        return []
    for node, name, site in one.tape.names:
        values = [tape.value(node) for tape in one.flow.tapes] if node >= 0 else []
        if values and all(np.size(value) == 1 for value in values) and _falls_alike(values, lengths):
            place, share = text.sites[site], math.exp(float(np.mean(falls)))
            words = (
                f"the rate is multiplied by {share:.4g} in each of these iterations, not in each round around them: "
                f"after {at[-1]} of them it is {lengths[-1] / lengths[0]:.2g} of what it was"
            )
            return [Blame("schedule", place.file, place.line, name.removeprefix("= "), "", words, node)]
    return []


def _falls_alike(values: Sequence[Any], lengths: Array) -> bool:
    """Whether a number is a multiple of how far the steps go."""
    shares = np.array([float(np.max(value)) for value in values]) / lengths
    return bool(shares[0] and np.ptp(shares) < SAME * abs(shares[0]))
