"""The learning-rate finder: a short training in which the rate grows from far too small to far too large (Smith 2017).

While the rate is too small the cost stays, then it falls, and in the end it explodes. A tenth of the rate at which it
is lowest is small enough to be stable and large enough to learn fast.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from threadpoolctl import ThreadpoolController

from whynet.data.dataset import Dataset
from whynet.engines.base import BatchBlewUp
from whynet.engines.choice import choose
from whynet.errors import UsageError
from whynet.training.prepare import prepare
from whynet.training.recipe import Recipe
from whynet.types import Array

LOWEST, HIGHEST = 1e-6, 100.0
STEPS = 400  # 50 for each factor of ten
AT_ONCE = 10
MEMORY = 0.95  # of the smoothed cost, per step
EXPLODED = 2.0  # times the first cost: no need to see more
LEAST_GAIN = 0.02  # share of the first cost by which it must fall, to say anything


@dataclass(frozen=True)
class RateSearch:
    """What was tried: the `rates` step by step, the cost of each step's batch, the same smoothed; and the rate that was
    `chosen`, None where no rate lowers the cost.

    >>> RateSearch((0.1, 0.2), (2.3, 0.5), (2.3, 1.0), chosen=0.02).in_words()
    'learning rate 0.02: a tenth of where the cost is lowest'
    """

    rates: tuple[float, ...]
    costs: tuple[float, ...]
    smooth: tuple[float, ...]
    chosen: float | None

    def in_words(self) -> str:
        """The outcome in a sentence."""
        if self.chosen is None:
            last = f"{self.rates[-1]:.0e}" if self.rates else f"{LOWEST:.0e}"
            return (
                f"no learning rate from {LOWEST:.0e} to {last} lowers the cost: the rate is not the reason; "
                "look at the start and the data"
            )
        return f"learning rate {self.chosen:.2g}: a tenth of where the cost is lowest"


def find_rate(recipe: Recipe, data: Dataset) -> RateSearch:
    """Search for the learning rate of a recipe, with a network of its own that is thrown away.

    >>> from whynet.data.sources import load
    >>> search = find_rate(Recipe(activation="relu", init="he", optimizer="adam"), load("digits"))
    >>> 1e-4 < search.chosen < 0.1
    True

    Raises
    ------
    UsageError
        The recipe does not fit the data.
    """
    if recipe.faults:
        raise UsageError("a recipe with faults has no right learning rate", found=", ".join(recipe.faults))
    prepared = prepare(recipe, data)
    task, state, engine = prepared.task, prepared.task.first_state(), choose(recipe.engine, prepared.task)[0]
    n, size = len(prepared.train), prepared.batch_size
    rng = np.random.default_rng([recipe.seed, 4])
    rows = np.stack([rng.choice(n, size=size, replace=size > n) for _ in range(STEPS)])
    rates = np.geomspace(LOWEST, HIGHEST, STEPS)
    costs: list[float] = []
    with ThreadpoolController().limit(limits=recipe.threads):
        for first in range(0, STEPS, AT_ONCE):
            part = slice(first, first + AT_ONCE)
            try:
                found = engine.advance(task, state, rows[part], rates[part], first)
            except BatchBlewUp as error:
                costs += error.costs.tolist()
                break
            costs += found.tolist()
            if np.mean(costs[-AT_ONCE:]) > EXPLODED * np.mean(costs[:AT_ONCE]):
                break
    return _judged(rates[: len(costs)], np.array(costs))


def _judged(rates: Array, costs: Array) -> RateSearch:
    smooth, mean = np.empty_like(costs), 0.0
    for step, cost in enumerate(costs):
        mean = MEMORY * mean + (1 - MEMORY) * cost
        smooth[step] = mean / (1 - MEMORY ** (step + 1))
    chosen = None
    if len(costs) > AT_ONCE:
        lowest = int(smooth.argmin())
        if smooth[lowest] < (1 - LEAST_GAIN) * float(np.mean(costs[:AT_ONCE])) and math.isfinite(smooth[lowest]):
            chosen = float(f"{rates[lowest] / 10:.2g}")
    return RateSearch(tuple(rates.tolist()), tuple(costs.tolist()), tuple(smooth.tolist()), chosen)
