"""`whynet train --watch`: is this training stuck?"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from whynet.interfaces.cli.trained import one_of
from whynet.report.wording.problems import cost

if TYPE_CHECKING:
    from whynet.training.history import Epoch
    from whynet.training.run import Run

EPOCHS = 2  # in a row, after which it is stopped
STEPS = 20  # before so many, nothing is concluded
NEAR = 0.02  # so near the floor, relatively, or above it: nothing of the inputs is in the cost
ALIKE = 0.95  # so many equal predictions count as all
ROWS = 1000  # that are looked at


class Watch:
    """Looks after every epoch whether the network predicts the same for everything, at no less than the floor's cost.

    Two such epochs in a row end a training. Of one that ends otherwise without having learned, `why_not` says what
    stood against stopping it.
    """

    def __init__(self, run: Run) -> None:
        self.run = run
        self.said = ""
        self._reasons: list[str] = []
        self._stuck = 0

    def __call__(self, epoch: Epoch) -> bool:
        """Whether to stop; `said` is why."""
        reason = self._not_stuck(epoch)
        self._stuck = 0 if reason else self._stuck + 1
        self._reasons.append(reason)
        if self._stuck < EPOCHS or epoch.epoch + 1 >= self.run.recipe.epochs:
            return False
        self.said = (
            f"Stopped by --watch: after {self._stuck} epochs in a row every {one_of(self.run)} gets the same "
            f"prediction, and the cost, {cost(epoch.cost)}, is no better than the floor, {cost(self.run.floor)}."
        )
        return True

    def why_not(self) -> str:
        """Why it was not stopped; empty where it was, or where there was nothing to stop."""
        if self.said or not any(self._reasons):
            return ""
        reason = next(one for one in reversed(self._reasons) if one)
        return f"Not stopped by --watch: {reason}."

    def _not_stuck(self, epoch: Epoch) -> str:
        run = self.run
        if epoch.steps < STEPS:
            return f"{epoch.steps:,} steps are too few to tell (at least {STEPS})"
        if run.floor <= 0:
            return "the floor is 0: there is nothing to learn"
        if epoch.cost < (1 - NEAR) * run.floor:
            at = f"{cost(epoch.cost)} of {cost(run.floor)} in epoch {epoch.epoch + 1}"
            return f"the cost was below the floor ({at}), so something had been learned"
        alike = self._alike()
        if alike < ALIKE:
            return (
                f"in epoch {epoch.epoch + 1} only {alike:.0%} of the {run.data.word} got the same prediction: it was "
                "still moving"
            )
        if math.isnan(alike) and epoch.cost > (1 + NEAR) * run.floor:
            return f"the cost was above the floor ({cost(epoch.cost)} of {cost(run.floor)}) and may still fall"
        return ""

    def _alike(self) -> float:
        """The fraction of equal predictions; NaN where numbers are predicted."""
        import numpy as np

        from whynet.training.yardstick import scores_of

        prepared, network = self.run.prepared, self.run.network
        held = prepared.validation or prepared.test or prepared.train
        some = held.take(np.linspace(0, len(held) - 1, min(len(held), ROWS)).astype(np.intp))
        return network.problem.one_answer(scores_of(network, some), network.cost.middle)
