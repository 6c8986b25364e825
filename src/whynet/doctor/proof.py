"""Proof: what counts as a gain, as the smallest set of changes, as an acquittal. The only place that says so.

proved     over three seeds or more the gain is larger than two standard errors and in no seed a loss, and it covers
           at least half of the way from the patient to the better of yardstick and best arm
helps      a gain as sure, that stays short of that
           more training proves nothing of a patient that has learned most of what there is to learn
acquitted  the change alters nothing beyond the noise, alone and beside the cure
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from whynet.types import Array

SEEDS = 3
NOISE = 0.01  # qualities this close are alike
WELL = 0.85  # of what there is to learn
CHANCE_LEVEL = 0.2  # below it two points are noise


def standard_error(values: Sequence[float] | Array) -> float:
    """Of a mean over seeds.

    >>> round(standard_error([0.1, 0.2, 0.3]), 4)
    0.0577
    """
    return float(np.std(values, ddof=1)) / math.sqrt(len(values)) if len(values) > 1 else math.inf


def is_sure(gains: Array, least: float) -> bool:
    """Whether gains over seeds (seeds,) are more than noise: two standard errors, in no seed a loss.

    >>> is_sure(np.array([0.5, 0.6, 0.55]), 0.02), is_sure(np.array([0.5, -0.2, 0.6]), 0.02)
    (True, False)
    """
    if len(gains) < SEEDS:
        return False
    return bool(gains.mean() > max(least, 2 * standard_error(gains))) and bool((gains > -NOISE).all())


def restores(before: float, after: float, goal: float) -> bool:
    """Whether at least half of the way from the patient to what can be reached is covered.

    >>> restores(0.1, 0.9, 0.95), restores(0.1, 0.4, 0.95)
    (True, False)
    """
    return after - before >= 0.5 * (goal - before)


def learns_well(quality: float, constant: float, goal: float) -> bool:
    """Whether a patient has most of what there is to learn, from a constant prediction to what can be reached: it is
    not ill for want of training, which nearly always gains a little.

    >>> learns_well(0.88, 0.1, 0.98), learns_well(0.7, 0.1, 0.98)
    (True, False)
    """
    return quality - constant >= WELL * (goal - constant)


def spare(table: Array, gain: float) -> int | None:
    """Of a set of changes, the one that other seeds can do without, None if each is needed.

    `table (seeds, 1 + changes)` holds the quality with all of them, then without each.

    >>> spare(np.array([[0.9, 0.9, 0.1], [0.9, 0.91, 0.2], [0.88, 0.9, 0.1]]), gain=0.8)
    0
    """
    losses = table[:, [0]] - table[:, 1:]
    mean = losses.mean(axis=0)
    error = np.array([2 * standard_error(column) for column in losses.T])
    free = (mean <= np.maximum(error, max(NOISE, 0.1 * gain))) & (mean <= 0.25 * gain)
    return int(np.where(free, mean, np.inf).argmin()) if free.any() else None


def can_go(whole: float, without: Sequence[float], before: float) -> int | None:
    """Of a set, the change that can be left out without loss, from one seed; None if there is none.

    >>> can_go(0.9, [0.2, 0.89], before=0.1)
    1
    """
    best = int(np.argmax(without))
    return best if without[best] >= whole - max(2 * NOISE, 0.1 * (whole - before)) else None


def changes_nothing(alone: float, beside: float, before: float) -> bool:
    """Whether a change alters the quality neither alone nor beside the cure (NaN: there is no cure).

    >>> changes_nothing(0.004, math.nan, before=0.5), changes_nothing(0.004, 0.05, before=0.5)
    (True, False)
    """
    least = 2 * NOISE if before < CHANCE_LEVEL else NOISE
    return abs(alone) <= least and (math.isnan(beside) or abs(beside) <= 2 * NOISE)
