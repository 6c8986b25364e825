"""The scale on which trainings are compared by their loss: 0 untrained, 1 the best of those that fix it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from whynet.doctor.change import Change
from whynet.subjects.inside.loss_arm import Ended, Trainer
from whynet.types import Array

SHORTEST = 0.01  # of the untrained loss: a smaller fall makes no scale
LARGE = 2.0  # times the loss of a sound start: so large a loss falls from a bad start alone


class Start(NamedTuple):
    """The loss before the first step: where the scale begins, and of each piece that is held back.

    >>> Start(2.3, np.array([2.2, 2.4])).zero
    2.3
    """

    zero: float
    pieces: Array


@dataclass
class Scale:
    """Begins at the untrained loss, of each seed its own. Where that is large only because inputs are not scaled, or
    weights not drawn as is usual (`sound`: the changes that would mend that), it begins at what a sound start has: the
    fall down to there is no learning.

    >>> Scale.__name__
    'Scale'
    """

    trainer: Trainer
    sound: Sequence[Sequence[Change]] = ()
    unit: float = math.nan
    most: float = math.inf
    _starts: dict[int, Start] = field(default_factory=dict)

    def start(self, seed: int) -> Start:
        """Of that seed."""
        if seed not in self._starts:
            pieces = self.trainer.untrained((), seed)
            zero = float(np.mean(pieces))
            others = [float(np.mean(self.trainer.untrained(changes, seed))) for changes in self.sound]
            least = min((one for one in others if math.isfinite(one)), default=math.inf)
            self._starts[seed] = Start(min(least if zero > LARGE * least > 0 else zero, self.most), pieces)
        return self._starts[seed]

    def begins_at_most(self, loss: float) -> None:
        """What has learned nothing from its inputs has come to this loss: the fall down to there is no learning."""
        self.most = loss
        self._starts.clear()

    def fixed(self, losses: Sequence[float], seed: int, shortest: float = SHORTEST) -> None:
        """Ends at the least of these; it is no shorter than such a part of the untrained loss."""
        start = self.start(seed)
        size = max(abs(start.zero), 1e-12)
        self.unit = max([start.zero - loss for loss in losses] + [shortest * size])

    def quality(self, ended: Ended, seed: int) -> float:
        """Where a training ended on it; no less than untrained, however badly it ended."""
        if not ended.finite:
            return 0.0
        return max((self.start(seed).zero - ended.loss) / self.unit, 0.0)

    def error(self, ended: Ended, seed: int) -> float:
        """The standard error of that: of how far the loss fell, over the pieces that are held back."""
        start = self.start(seed)
        if not ended.finite or len(ended.pieces) < 2 or not ended.loss < start.zero:
            return 0.0
        fell = start.pieces - ended.pieces
        return float(np.std(fell, ddof=1) / math.sqrt(len(fell)) / self.unit)

    def loss_of(self, quality: float, seed: int = 0) -> float:
        """The loss that a quality stands for."""
        return self.start(seed).zero - quality * self.unit
