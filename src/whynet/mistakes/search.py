"""Search: from a gradient that is wrong, at several places, to the mistakes that give the same numbers everywhere.

Mistakes are made on purpose, one at a time and in every layer, until one gives these numbers. One near the outputs
spoils everything before it, so the search goes on from the first that explains something, for up to three.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache

import numpy as np

from whynet.mistakes.gradient import KINDS, WRONG_TERM
from whynet.mistakes.kind import layers_in
from whynet.mistakes.mistake import Mistake
from whynet.types import Array

MOST_MISTAKES = 3
STARTS = 5  # mistakes from which the search goes on, where that from the best does not come to an end
ROUNDING = 1e-14  # relative to the largest array of the gradient
KEPT = 8  # gradients made, of those last asked for
Gradient = list[tuple[Array, Array]]
"""(dW, db) of each layer, W as (in, out)."""
Penalty = tuple[float, float]
"""Of weights and of biases: half of what they are multiplied by in the gradient."""


class Search:
    """From `theirs`, the gradients at several places, to the mistakes with which `make` gives the same at all of them.

    `make(mistakes, penalty)` gives the gradients with these mistakes made, `parameters` are `(W, b)` of each layer,
    place by place; `biased` says whether there are biases, `penalty` what is known of weight decay, `exact_unit`
    whether a wrong term must be in the loss's own unit.

    >>> W, x = np.array([[1.0, 2.0]]), np.array([[3.0], [1.0]])
    >>> right = [(np.array([[3.0, 5.0]]), np.array([2.0, 4.0]))]
    >>> def make(mistakes, penalty):
    ...     factor = np.prod([one.factor for one in mistakes])
    ...     return [[(factor * dW, factor * db) for dW, db in right]]
    >>> search = Search(make, [[(-dW, -db) for dW, db in right]], [[(W, np.zeros(2))]], biased=True, tolerance=1e-6)
    >>> [one.cause for one in search.run()[0]]
    ['gradient-sign-flipped']
    """

    def __init__(
        self,
        make: Callable[[tuple[Mistake, ...], Penalty], Sequence[Gradient]],
        theirs: Sequence[Gradient],
        parameters: Sequence[Gradient],
        *,
        biased: bool,
        tolerance: float,
        penalty: Penalty = (0.0, 0.0),
        exact_unit: bool = False,
    ) -> None:
        self.biased, self.tolerance, self.unknown, self.penalty = biased, tolerance, set[int](), penalty
        self.exact_unit = exact_unit
        self.last, self.places = len(parameters[0]) - 1, len(parameters)
        self.theirs, self.parameters = self.flat(theirs), self.flat(parameters)
        self.largest = max(float(np.linalg.norm(array)) for array in self.theirs)
        self.made = lru_cache(KEPT)(lambda mistakes: self._made(make, mistakes))

    def _made(
        self, make: Callable[[tuple[Mistake, ...], Penalty], Sequence[Gradient]], mistakes: tuple[Mistake, ...]
    ) -> list[Array]:
        with np.errstate(all="ignore"):
            return self.flat(make(mistakes, self.penalty))

    def flat(self, gradients: Sequence[Gradient]) -> list[Array]:
        """W and b of each layer from the outputs back, those of all places in one; only W where there are no biases."""
        rows = [
            [array for W, b in reversed(gradient) for array in ((b, W) if self.biased else (W,))]
            for gradient in gradients
        ]
        return [np.concatenate([array.ravel() for array in same]) for same in zip(*rows, strict=True)]

    def numbers(self, index: int) -> int:
        """How many numbers the array has that stands there."""
        return self.theirs[index].size // self.places

    def wrong(self, made: Sequence[Array], index: int) -> bool:
        """Whether an array is another than theirs, by more than the rounding of the largest."""
        g, m = self.theirs[index], made[index]
        return (
            index not in self.unknown
            and off(g, m) > self.tolerance
            and not np.linalg.norm(g - m) <= ROUNDING * self.largest
        )

    def agree(self, mistakes: tuple[Mistake, ...]) -> int:
        """How many arrays are explained."""
        made = self.made(mistakes)
        return sum(not self.wrong(made, index) for index in range(len(made)))

    def score(self, mistakes: tuple[Mistake, ...]) -> float:
        """Arrays explained; one that is right but for a factor counts a little less."""
        made = self.made(mistakes)
        total = 0.0
        for index, (g, m) in enumerate(zip(self.theirs, made, strict=True)):
            if not self.wrong(made, index):
                total += 1
            elif self.numbers(index) > 1:
                factor = ratio(g, m)
                total += 0.6 * (factor is not None and off(g, factor * m) <= self.tolerance)
        return total

    def rescale(self) -> None:
        """Take the factor of the last layer's gradient for the owner's unit."""
        factors = [ratio(g, t) for g, t in zip(self.theirs, self.made(()), strict=True)]
        known = [f for f, g, t in zip(factors, self.theirs, self.made(()), strict=True)
                 if f is not None and off(g, f * t) <= self.tolerance]  # fmt: skip
        if known and known[0] > 0:
            self.theirs = [g / known[0] for g in self.theirs]

    def hidden_penalty(self) -> float:
        """Weight decay in the gradient that the loss does not show: the same multiple of W left over in every layer."""
        truth = self.made(())
        found = []
        for index in range(1 if self.biased else 0, len(truth), 2 if self.biased else 1):
            rest, W = self.theirs[index] - truth[index], self.parameters[index]
            factor = ratio(rest, W)
            if not self.wrong(truth, index):
                return 0.0
            if factor is not None and off(rest, factor * W) < 1e-3:
                found.append(factor)
        if not found or found[0] <= 0 or not np.allclose(found, found[0], rtol=1e-3):
            return 0.0
        self.penalty = (self.penalty[0] + found[0] / 2, self.penalty[1])
        self.made.cache_clear()
        return found[0]

    def run(self) -> tuple[tuple[Mistake, ...], bool]:
        """Mistakes that explain the owner's gradient, and whether they explain all of it."""
        total = len(self.theirs)
        mistakes = self.greedy(())
        if (
            mistakes and self.agree(mistakes) < total
        ):  # what explains most at first need not be part of what explains all
            others = (self.greedy(start) for start in self.best((), STARTS)[1:])
            mistakes = next((one for one in others if self.agree(one) == total), mistakes)
        for one in mistakes:  # of a group, some may do nothing
            without = tuple(other for other in mistakes if other is not one)
            if self.agree(without) == self.agree(mistakes) and self.score(without) == self.score(mistakes):
                mistakes = without
        if self.agree(mistakes) == total:
            told = tuple(one for one in mistakes if self.supported(one, mistakes))
            return tuple(one for one in told if not self.unit_of_another(one, mistakes)), told == mistakes
        wrong = total - self.agree(())
        return (mistakes if self.agree(mistakes) - self.agree(()) >= wrong / 2 else ()), False

    def greedy(self, mistakes: tuple[Mistake, ...]) -> tuple[Mistake, ...]:
        """These, and what explains most besides, again and again."""
        for _ in range(MOST_MISTAKES - bool(mistakes)):
            better = self.best(mistakes, 1)
            if not better:
                break
            mistakes = better[0]
        return mistakes

    def best(self, mistakes: tuple[Mistake, ...], most: int) -> list[tuple[Mistake, ...]]:
        """What explains more than these mistakes, with them, the best first; of equally good ones the first found."""
        found, least, total = list[tuple[float, tuple[Mistake, ...]]](), self.score(mistakes), len(self.theirs)
        if self.agree(mistakes) == total:
            return []
        for candidate in self.candidates(mistakes):
            score = self.score((*mistakes, *candidate))
            if score > least + 1e-9:
                found.append((score, (*mistakes, *candidate)))
            if score == total and most == 1:
                break
        return [one for _, one in sorted(found, key=lambda pair: -round(pair[0], 6))[:most]]

    def supported(self, one: Mistake, mistakes: tuple[Mistake, ...]) -> bool:
        """Whether a factor is seen in more than one number: those that it alone explains, or another array's."""
        if one.kind not in ("factor", "decay"):
            return True
        without = self.made(tuple(other for other in mistakes if other is not one))
        made = self.made(mistakes)
        explained = [i for i in range(len(made)) if self.wrong(without, i) and not self.wrong(made, i)]
        alike = [
            other for other in mistakes if other.kind == one.kind and np.isclose(other.factor, one.factor, rtol=1e-3)
        ]
        return sum(map(self.numbers, explained)) > 1 or len(alike) > 1

    def unit_of_another(self, one: Mistake, mistakes: Sequence[Mistake]) -> bool:
        """Whether a factor is only the unit of a term that is wrong altogether."""
        places = {(one.layer, one.part), (self.last, "error")} if one.part == "all" else {(one.layer, one.part)}
        return (
            one.kind == "factor"
            and not self.exact_unit
            and any(
                other.kind not in ("factor", "decay")
                and other.cause == WRONG_TERM
                and (other.layer, other.part) in places
                for other in mistakes
            )
        )

    def candidates(self, mistakes: tuple[Mistake, ...]) -> Iterator[tuple[Mistake, ...]]:
        """What may have gone wrong besides: in one layer, in all hidden ones, or in all, as code in a loop has it."""
        fitted = list(self.fitted(mistakes))
        yield from ((one,) for one in fitted)
        for kind in ("factor", "decay"):
            for part in ("W", "b"):
                alike = [one for one in fitted if (one.kind, one.part) == (kind, part)]
                if len(alike) > 1 and np.ptp([one.factor for one in alike]) < 1e-3 * abs(alike[0].factor):
                    yield tuple(alike)
        for kind, one in KINDS.items():
            if one.part == "b" and not self.biased:
                continue
            layers = [Mistake(kind, layer, one.part) for layer in reversed(layers_in(one.where, self.last + 1))]
            yield from ((single,) for single in layers)
            hidden = [single for single in layers if single.layer < self.last]
            yield from (tuple(group) for group in (hidden, layers) if len(group) > 1)

    def fitted(self, mistakes: tuple[Mistake, ...]) -> Iterator[Mistake]:
        """Factors, and multiples of the parameters, fitted to each array that is wrong."""
        made = self.made(mistakes)
        l2, bias_l2 = self.penalty
        step = 2 if self.biased else 1
        for index, (g, m, own) in enumerate(zip(self.theirs, made, self.parameters, strict=True)):
            if not self.wrong(made, index):
                continue
            layer = self.last - index // step
            part = "b" if self.biased and index % 2 == 0 else "W"
            pull = 2 * (bias_l2 if part == "b" else l2) * own  # the part of it that is the penalty's
            whole, factor = ratio(g, m), ratio(g - pull, m - pull)
            if whole is not None and abs(whole) > 1e-9 and index < step:
                yield Mistake("factor", -1, "all", whole)
            if factor is not None and abs(factor) > 1e-9:
                yield Mistake("factor", layer, "error", factor)
                yield Mistake("factor", layer, part, factor)
            decay = ratio(g - m, own)
            if decay is not None and abs(decay) > 1e-9:
                yield Mistake("decay", layer, part, decay)


def ratio(g: Array, t: Array) -> float | None:
    """The factor that takes t nearest to g.

    >>> ratio(np.array([2.0, 4.0]), np.array([1.0, 2.0]))
    2.0
    """
    with np.errstate(all="ignore"):
        square = float(np.sum(t * t))
        found = float(np.sum(g * t)) / square if square > 0 else float("nan")
    return found if np.isfinite(found) else None


def off(g: Array, t: Array) -> float:
    """How far g is from t, relative to the larger of the two.

    >>> off(np.array([1.0]), np.array([2.0]))
    0.5
    """
    with np.errstate(all="ignore"):
        size = max(float(np.linalg.norm(g)), float(np.linalg.norm(t)), 1e-300)
        found = float(np.linalg.norm(g - t)) / size
    return found if np.isfinite(found) else float("inf")
