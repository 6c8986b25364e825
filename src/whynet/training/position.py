"""Position: where a training stands, and the best epoch so far."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from whynet.network.network import Network
from whynet.optimizers.optimizers import State
from whynet.training.history import Epoch
from whynet.training.recipe import Recipe
from whynet.types import Array


@dataclass(frozen=True)
class Best:
    """The epoch with the highest validation quality so far (of equal ones, with the lowest cost), and copies of the
    parameters and running statistics it ended with.

    >>> Best(epoch=3, quality=0.97, cost=0.1, params=np.zeros(5), statistics=np.zeros(0)).epoch
    3
    """

    epoch: int
    quality: float
    cost: float
    params: Array
    statistics: Array


@dataclass
class Position:
    """Where a training stands: enough, with the parameters and the recipe, to go on to the very same bits.

    >>> Position().epoch, Position().batch  # before the first step
    (0, 0)
    """

    epoch: int = 0
    batch: int = 0
    costs: Array = field(default_factory=lambda: np.zeros(0))
    """Costs of the batches of the epoch so far, each before its step."""
    state: State = field(default_factory=dict)
    """The optimizer's memory, and the running average of the parameters if there is one."""
    best: Best | None = None
    """What to go back to; kept only if the recipe has patience."""

    def finished(self, recipe: Recipe) -> bool:
        """Whether there is nothing left to do: all epochs are done, or patience has run out."""
        if self.best is not None and recipe.patience is not None and self.batch == 0:
            out_of_patience = self.epoch - 1 - self.best.epoch >= recipe.patience
        else:
            out_of_patience = False
        return self.epoch >= recipe.epochs or out_of_patience

    def took(self, costs: Array) -> None:
        """Go on by as many batches as there are costs."""
        self.batch += len(costs)
        self.costs = np.concatenate([self.costs, costs])

    def mean_cost(self, batch_size: int, examples: int) -> float:
        """The mean cost of an epoch's examples, now that its batches are done; the last may be a shorter one."""
        sizes = np.minimum(batch_size, examples - batch_size * np.arange(len(self.costs)))
        return float(np.dot(self.costs, sizes)) / examples

    def after(self, record: Epoch, evaluated: Network, recipe: Recipe) -> None:
        """Go on to the next epoch, and keep this one's network if it is the best so far."""
        quality, cost, best = record.validation_quality, record.validation_cost, self.best
        if recipe.patience is None or quality is None or cost is None:
            self.best = None
        elif best is None or (quality, -cost) > (best.quality, -best.cost):
            kept = evaluated.params.vector.copy(), evaluated.statistics.vector.copy()
            self.best = Best(record.epoch, quality, cost, *kept)
        self.epoch, self.batch = self.epoch + 1, 0
