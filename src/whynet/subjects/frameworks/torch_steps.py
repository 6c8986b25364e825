"""What the steps of somebody's loop look like from the optimizer: their gradients, and the rate."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from whynet.doctor.diagnosis import Finding
from whynet.doctor.symptoms.inside import GRADIENT_TO_CLIPPED, GRADIENTS_CUT, RATE_GONE, STEPS_WITHOUT_GRADIENT
from whynet.subjects.inside.how import CLIPPED, FADED, IDLE, mending

FEWEST = 10  # steps looked at
EQUAL = 0.01  # relative: lengths so near are the same
CUT = 20.0
GONE = 1e-3  # of the largest rate
MINDING = ("SGD", "Adagrad")
"""Optimizers whose steps are the shorter, the shorter the gradient is."""


@dataclass
class Steps:
    """Looked at right before each step; `raw` is how many times as long the gradient was before it was clipped.

    >>> Steps(None, None).findings()
    []
    """

    torch: Any
    optimizer: Any
    lengths: list[float] = field(default_factory=list)
    raw: list[float] = field(default_factory=list)
    closure: bool = False
    _steps: int = 0
    _low: int = 0
    """Steps since the largest rate that were taken with a rate brought to nothing."""
    _most: float = -math.inf
    _rate: float = math.nan
    _is_low: bool = False

    def look(self, *, closure: bool = False) -> None:
        """At the gradients of the step that comes."""
        self.closure |= closure
        given = [one.grad for group in self.optimizer.param_groups for one in group["params"] if one.grad is not None]
        with self.torch.no_grad():
            lengths = [self.torch.linalg.vector_norm(one.float()) for one in given]
            self.lengths.append(float(self.torch.stack(lengths).norm()) if lengths else 0.0)

    def passed(self) -> None:
        """After a step: its rate."""
        groups = self.optimizer.param_groups
        rate = groups[0].get("lr", math.nan) if len(groups) == 1 else max(one.get("lr", math.nan) for one in groups)
        self._steps += 1
        if rate != self._rate:
            self._rate = float(rate)
            self._is_low = self._rate < GONE * self._most
            if self._rate > self._most:
                self._most, self._low = self._rate, 0
        self._low += self._is_low

    def findings(self, cut: str = "") -> list[Finding]:
        """What is amiss with them; `cut` is why the loss has no gradient to give, if it has none."""
        first = self._cut(cut) if cut else self._order()
        return [one for one in (first, self._clipped(), self._gone()) if one is not None]

    def _cut(self, why: str) -> Finding | None:
        """No step with a gradient, as the loss has none."""
        if len(self.lengths) < 2 or self.closure or any(self.lengths):
            return None
        held = sum(len(group["params"]) for group in self.optimizer.param_groups)
        return Finding("gradient-cut", "found", (GRADIENTS_CUT.measured(held),), detail=why)

    def _order(self) -> Finding | None:
        """The first step, or all of them, without a gradient; a closure computes it within the step."""
        if not self.lengths or self.closure or self.lengths[0] > 0:
            return None
        without = sum(length == 0 for length in self.lengths)
        if without not in (1, len(self.lengths)) or len(self.lengths) < 2:
            return None
        never = without == len(self.lengths)
        words = "never is a gradient there at `optimizer.step()`" if never else "the first step comes before a gradient"
        fact = STEPS_WITHOUT_GRADIENT.measured(without)
        order = "`optimizer.zero_grad()`, `loss.backward()`, `optimizer.step()`, in this order"
        change = mending(IDLE) if never else None
        return Finding("update-order-wrong", "found", (fact,), change, detail=f"{words}: {order}")

    def _clipped(self) -> Finding | None:
        lengths = self.lengths
        if type(self.optimizer).__name__ not in MINDING or len(lengths) < FEWEST or not self.raw or not lengths[0] > 0:
            return None
        alike = max(lengths) - min(lengths) <= EQUAL * max(lengths)
        if not alike or not min(self.raw) > CUT:
            return None
        fact = GRADIENT_TO_CLIPPED.measured(min(self.raw))
        words = f"at every step the gradient is cut to a length of {lengths[0]:.3g}: a limit that bites now and then"
        return Finding("clipping-too-strong", "found", (fact,), mending(CLIPPED), detail=words)

    def _gone(self) -> Finding | None:
        if self._steps < FEWEST or not 0 < self._most < math.inf:
            return None
        share = self._low / self._steps
        if not share > 0.5:
            return None
        words = f"the rate goes from {self._most:.3g} to {self._rate:.3g}: `scheduler.step()` once an epoch"
        return Finding("schedule-exhausted", "found", (RATE_GONE.measured(share),), mending(FADED), detail=words)
