"""Mistake: one that was made, in one place."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from whynet.mistakes.gradient import KINDS, WRONG_TERM


@dataclass(frozen=True)
class Mistake:
    """One mistake in a gradient: the kind (a key of `KINDS`; `"factor"`; `"summed"`: times the number of rows; or
    `"decay"`: a multiple of the parameters added), the layer (0 is the first with weights; -1 all of them), the part
    that it spoils: `"error"` (the layer's delta, and with it all before), `"W"`, `"b"` or `"all"`.

    >>> Mistake("missing-slope", 1, "error").cause
    'gradient-missing-derivative'
    """

    kind: str
    layer: int
    part: str
    factor: float = 1.0

    @property
    def cause(self) -> str:
        """The cause, of the closed list."""
        if self.kind in ("factor", "summed"):
            return "gradient-sign-flipped" if self.factor < 0 else "gradient-not-averaged"
        return WRONG_TERM if self.kind == "decay" else KINDS[self.kind].cause

    @property
    def words(self) -> str:
        """What was done wrong."""
        if self.kind == "decay":
            what = "the biases" if self.part == "b" else "the weights"
            return f"it has {self.factor:+.4g} times {what} themselves in it, a penalty that the loss has not"
        return KINDS[self.kind].words if self.kind in KINDS else factor_in_words(self.factor)


def factor_in_words(factor: float, rows: int | None = None) -> str:
    """What a factor between two gradients means.

    >>> factor_in_words(-1.0)
    'it has the wrong sign: it points uphill'
    >>> factor_in_words(7.0, rows=7)
    'it is 7 times too large: summed over the batch of 7 where the loss takes the mean'
    """
    if np.isclose(factor, -1, rtol=1e-3):
        return "it has the wrong sign: it points uphill"
    sign = "it has the wrong sign, and " if factor < 0 else "it "
    size = abs(factor)
    if rows and rows > 1 and np.isclose(size, rows, rtol=1e-3):
        return f"{sign}is {size:g} times too large: summed over the batch of {rows} where the loss takes the mean"
    if rows and rows > 1 and np.isclose(size, 1 / rows, rtol=1e-3):
        return f"{sign}is {rows} times too small: averaged over the batch of {rows} where the loss takes the sum"
    if np.isclose(size, 2, rtol=1e-3):
        return f"{sign}is twice the true one: the loss has a factor 1/2 that the gradient leaves out"
    if np.isclose(size, 0.5, rtol=1e-3):
        return f"{sign}is half the true one: the gradient is that of a loss with a factor 1/2"
    return f"{sign}is {size:.4g} times the true one"
