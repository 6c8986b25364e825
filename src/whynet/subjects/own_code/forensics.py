"""Gradient forensics: which array's gradient is wrong, and how.

The owner's gradient is compared with the exact one of the network that was identified. Where they differ, the mistakes
that people make are made on purpose (`mistakes.py`), one at a time and in every layer, until one gives the owner's
numbers: that one it is. A mistake near the outputs spoils everything before it, so the search goes on from the first
that explains something, for up to three mistakes. What equals no known mistake is told by its ratio to the truth alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from whynet.subjects.own_code.anatomy import Anatomy, sane, targets_of
from whynet.subjects.own_code.code import Code, is_vector, ordinary
from whynet.subjects.own_code.mistakes import KINDS, WRONG_TERM, Gradient, Mistake, backward
from whynet.types import Array

SAME = 1e-5  # relative: numbers so close are the same, in float64
SAME_SINGLE = 3e-3
MOST_MISTAKES = 3
ALMOST = 1e-2  # where only differences tell: some leave a small number in the logarithm out of the gradient
ROWS = 7
DRAWS = 3
"""Places, parameters and examples, at which two gradients are compared: one number can equal any other by a factor."""
SAMPLE = 20
LATE = "it depends on the call before: buffers are read before they are filled anew"
PILED = "each call adds its gradient to that of the calls before: the buffers are never cleared"
UNTOLD = "the same parameters and examples give another gradient at every call: what earlier calls left is in it"


@dataclass(frozen=True)
class Findings:
    """What the forensics found: the mistakes (none: the gradient is right), the names of arrays whose gradient is
    wrong, the largest relative error, and how much of it the mistakes explain.

    >>> Findings((), (), 1e-12, True).right
    True
    """

    mistakes: tuple[Mistake, ...]
    wrong: tuple[str, ...]
    error: float
    explained: bool
    rows: int = 1
    stale: str = ""
    """How the gradient depends on earlier calls, if it does."""
    penalty: float = 0.0
    """A weight decay that the gradient has and the loss does not print."""

    @property
    def right(self) -> bool:
        """Whether nothing is wrong."""
        return not self.mistakes and not self.wrong and not self.stale

    @property
    def harmless(self) -> bool:
        """Whether it only makes the gradient that of the cross-entropy: a derivative left out at the outputs."""
        return [(one.kind, one.part) for one in self.mistakes] == [("missing-slope", "error")] and self.output_only

    output_only: bool = False


def examine(code: Code, anatomy: Anatomy, seed: int = 0) -> Findings:
    """Is the owner's gradient right? If not, which array's is wrong, and which mistake gives just these numbers?

    >>> from whynet.subjects.own_code.anatomy import identify
    >>> from whynet.subjects.own_code.code import Examples
    >>> rng = np.random.default_rng(0)
    >>> W, X, y = rng.normal(size=(3, 2)), rng.normal(size=(20, 3)), rng.normal(size=(20, 2))
    >>> def loss(X, y): return 0.5 * np.sum((X @ W - y) ** 2) / len(X)
    >>> code = Code([W], loss, lambda X, y: [X.T @ (X @ W - y)], examples=Examples((X, y)))
    >>> found = examine(code, identify(code))  # the division by the number of rows is missing
    >>> found.mistakes[0].cause, round(found.mistakes[0].factor), found.rows
    ('gradient-not-averaged', 7, 7)
    """
    assert code.examples is not None and code.gradients is not None
    rng = np.random.default_rng([seed, 12])
    count = len(code.examples)
    size = 1 if code.examples.single else min(ROWS, count)
    stale, draws = "", []
    for number in range(DRAWS):
        rows = np.sort(rng.choice(count, size, replace=False))
        if not code.takes_batch(code.gradients):
            rows = np.arange(count)
        layers = sane(anatomy.shape, code.examples.rows(rows)[0], rng)
        values = [
            value.astype(own.dtype)
            for value, own in zip(anatomy.shape.write(layers, code.arrays), code.arrays, strict=True)
        ]
        cost, X, y = code.cost_of(values, rows)
        other = np.sort(rng.choice(count, size, replace=False))
        if number == 0:
            stale, theirs = _state(code, values, rows, other)
        elif stale == UNTOLD:
            break
        else:
            theirs = _fresh(code, values, rows, stale)
        found, turned = _read(anatomy, theirs, code)
        if turned:
            return Findings((turned,), (_name(code, anatomy, turned),), float("nan"), True, len(X), stale)
        finite = np.isfinite(cost) and all(np.isfinite(g).all() for g in theirs)
        draws.append((finite, Draw(anatomy.shape.read(values), X, targets_of(y, anatomy.shape.sizes[-1]), found)))
    good = [draw for finite, draw in draws if finite] or [draws[0][1]]
    return replace(compare(code, anatomy, good), stale=stale)


class Draw(NamedTuple):
    """A place at which two gradients are compared: parameters, examples, targets, and the owner's gradient there.

    >>> Draw([], np.zeros((2, 3)), np.zeros((2, 1)), []).X.shape
    (2, 3)
    """

    layers: Sequence[tuple[Array, Array]]
    X: Array
    targets: Array
    theirs: Gradient


def compare(
    code: Code, anatomy: Anatomy, draws: Sequence[Draw], *, any_scale: bool = False, unknown: Collection[str] = ()
) -> Findings:
    """The owner's gradient at several places against the exact one; `any_scale` if only its direction is known,
    `unknown` are arrays of which it is not known at all.

    >>> from whynet.subjects.own_code.anatomy import identify
    >>> from whynet.subjects.own_code.code import Examples
    >>> rng = np.random.default_rng(0)
    >>> W, X, y = rng.normal(size=(3, 2)), rng.normal(size=(20, 3)), rng.normal(size=(20, 2))
    >>> def loss(X, y): return 0.5 * np.sum((X @ W - y) ** 2) / len(X)
    >>> code = Code([W], loss, examples=Examples((X, y)))
    >>> theirs = [(2 * X.T @ (X @ W - y) / len(X), np.zeros(2))]
    >>> found = compare(code, identify(code), [Draw([(W, np.zeros(2))], X, y, theirs)])
    >>> found.mistakes[0].factor.__round__(6)
    2.0
    """
    tolerance = SAME if code.arrays[0].dtype == np.float64 else SAME_SINGLE
    tolerance = max(tolerance, 30 * anatomy.misfit)
    search = _Search(anatomy, draws, tolerance)
    names = [_array_name(code, anatomy, index) for index in range(len(search.theirs))]
    search.unknown = {index for index, name in enumerate(names) if name in unknown}
    rows = len(draws[0].X)
    if any_scale:
        search.rescale()
    truth = search.made(())
    known = [pair for i, pair in enumerate(zip(search.theirs, truth, strict=True)) if i not in search.unknown]
    error = max((_off(g, t) for g, t in known), default=0.0)
    if search.agree(()) == len(truth):
        return Findings((), (), error, True, rows)
    hidden = search.hidden_penalty()
    truth = search.made(())
    if hidden and search.agree(()) == len(truth):
        return Findings((), (), error, True, rows, penalty=hidden)
    wrong = tuple(name for index, name in enumerate(names) if search.wrong(truth, index))
    mistakes, explained = search.run()
    last = anatomy.shape.layers - 1
    output_only = (
        len(mistakes) == 1 and mistakes[0].layer == last and anatomy.cost == "quadratic" and anatomy.output == "sigmoid"
    )
    return Findings(mistakes, wrong, error, explained, rows, output_only=output_only)


def examine_blindly(code: Code, seed: int = 0) -> Findings:
    """The same for a network that was not identified: some entries of each array against differences of the loss.

    What is wrong is told by its ratio to the numeric gradient alone: its sign, a factor, or no ratio at all.

    >>> w = np.array([2.0, 3.0])
    >>> found = examine_blindly(Code([w], lambda: float(np.sum(w**4)), lambda: [-4 * w**3]))
    >>> found.mistakes[0].cause
    'gradient-sign-flipped'
    """
    assert code.gradients is not None and code.loss is not None
    rng = np.random.default_rng([seed, 13])
    count = 1 if code.examples is None else len(code.examples)
    whole = not code.takes_batch(code.gradients)
    size = 1 if code.examples is None or code.examples.single else min(ROWS, count)
    stale, transposed = "", []
    seen: list[list[tuple[float, float, float]]] = [[] for _ in code.arrays]
    rows = np.arange(count)
    for number in range(DRAWS):
        rows, other = (np.arange(count) if whole else np.sort(rng.choice(count, size, replace=False)) for _ in range(2))
        values = finite(code, rng, rows)
        if number == 0:
            stale, theirs = _state(code, values, rows, other)
        elif stale == UNTOLD:
            break
        else:
            theirs = _fresh(code, values, rows, stale)
        transposed = [i for i, (own, g) in enumerate(zip(code.arrays, theirs, strict=True)) if g.shape != own.shape]
        for index, (own, g) in enumerate(zip(code.arrays, theirs, strict=True)):
            if index not in transposed:
                entries = rng.choice(own.size, min(SAMPLE // DRAWS + 1, own.size), replace=False)
                seen[index] += sampled(code, values, rows, index, entries, g)
    wrong, mistakes, worst = _judge(code, seen, transposed)
    if not any(seen) and not transposed:
        return Findings((), (), float("nan"), False, len(rows), stale)
    factors = [one.factor for one in mistakes if one.kind == "factor"]
    if len(factors) == len(wrong) == len(code.arrays) and np.allclose(factors, factors[0], rtol=1e-2):
        mistakes = [Mistake("factor", -1, "all", factors[0])]
    told = [one for one in mistakes if one.kind != "factor" or len(factors) > 1 or code.arrays[one.layer].size > 1]
    everything = len(told) == len(wrong) or any(one.part == "all" for one in told)
    return Findings(tuple(told), tuple(wrong), worst, bool(told) and everything, len(rows), stale)


def _judge(
    code: Code, seen: Sequence[Sequence[tuple[float, float, float]]], transposed: Sequence[int]
) -> tuple[list[str], list[Mistake], float]:
    """From the entries that were looked at to the arrays that are wrong, and what is wrong with them."""
    single = code.arrays[0].dtype != np.float64
    wrong, mistakes, worst = [], [], 0.0
    for index, (own, known) in enumerate(zip(code.arrays, seen, strict=True)):
        if index in transposed:
            wrong.append(code.names[index])
            mistakes.append(Mistake("transposed-gradient", index, "W"))
        if not known:
            continue
        a, n, doubt = (np.array(column) for column in zip(*known, strict=True))
        large = max(float(np.linalg.norm(a)), float(np.linalg.norm(n)))
        worst = max(worst, _off(a, n))
        allowed = float(np.linalg.norm(doubt)) * 10 + (3e-2 if single else ALMOST) * large
        if np.linalg.norm(a - n) <= allowed or large <= 10 * float(np.linalg.norm(doubt)):
            continue
        wrong.append(code.names[index])
        factor = _ratio(a, n)
        if not a.any():
            mistakes.append(Mistake("bias-zero" if is_vector(own) else "weights-zero", index, "W"))
        elif factor is not None and np.linalg.norm(a - factor * n) <= 3 * allowed and abs(factor) > 1e-3:
            mistakes.append(Mistake("factor", index, "W", factor))
    return wrong, mistakes, worst


def finite(code: Code, rng: np.random.Generator, rows: Array) -> list[Array]:
    """Random parameters at which little is saturated and the loss is a finite number; the owner's if none are found.

    >>> finite(Code([np.zeros(2)], lambda: 0.0), np.random.default_rng(0), np.arange(1))[0].shape
    (2,)
    """
    for _ in range(5):
        values = ordinary(code, rng, rows)
        if np.isfinite(code.cost(values, rows)):
            return values
    return code.values


def sampled(
    code: Code, values: Sequence[Array], rows: Array, index: int, entries: Array, gradient: Array
) -> list[tuple[float, float, float]]:
    """Of some entries of an array: what the gradient says, the difference of the loss, and its doubt.

    >>> w = np.array([2.0, 3.0])
    >>> found = sampled(Code([w], lambda: float(np.sum(w**2))), [w], np.arange(1), 0, np.array([1]), np.zeros(2))
    >>> round(found[0][1], 6)
    6.0
    """
    single = code.arrays[0].dtype != np.float64
    found = []
    for entry in entries:
        derivative, doubt = _difference(code, values, rows, index, entry, single)
        if np.isfinite(doubt) and np.isfinite(derivative):
            found.append((float(gradient.flat[entry]), derivative, doubt))
    return found


def _difference(
    code: Code, values: Sequence[Array], rows: Array, index: int, entry: int, single: bool
) -> tuple[float, float]:
    """The derivative of the loss in one entry by centred differences with two steps, and how far they disagree;
    infinite at a kink."""
    found = []
    scale = max(abs(float(values[index].flat[entry])), float(values[index].std()), 1e-2)
    for step in (3e-3 * scale, 1e-3 * scale) if single else (1e-4 * scale, 3e-5 * scale):
        costs = []
        for sign in (1, -1):
            moved = [value.copy() for value in values]
            moved[index].flat[entry] += sign * step
            costs.append((code.cost(moved, rows), float(moved[index].flat[entry])))
        found.append((costs[0][0] - costs[1][0]) / (costs[0][1] - costs[1][1]))
    round_off = (1e-6 if single else 1e-14) * abs(costs[0][0]) / step
    doubt = abs(found[0] - found[1]) + round_off
    kinked = abs(found[0] - found[1]) > 0.2 * max(abs(found[0]), abs(found[1])) + 10 * round_off
    return found[1], np.inf if kinked else doubt


class _Search:
    """From what the owner computed, at several places, to the mistakes that give the same everywhere."""

    def __init__(self, anatomy: Anatomy, draws: Sequence[Draw], tolerance: float) -> None:
        self.anatomy, self.draws = anatomy, draws
        self.tolerance, self.unknown = tolerance, set[int]()
        self.biased = any(place.part in ("b", "Wb") for place in anatomy.shape.places)
        self.theirs = self.flat([draw.theirs for draw in draws])
        self.penalty: tuple[float, float] | None = None
        self.known: dict[tuple[Mistake, ...], list[Array]] = {}

    def flat(self, gradients: Sequence[Gradient]) -> list[Array]:
        """W and b of each layer from the outputs back, those of all places in one; only W where there are no biases."""
        rows = [
            [array for W, b in reversed(gradient) for array in ((b, W) if self.biased else (W,))]
            for gradient in gradients
        ]
        return [np.concatenate([array.ravel() for array in same]) for same in zip(*rows, strict=True)]

    def numbers(self, index: int) -> int:
        """How many numbers the array has that stands there."""
        return self.theirs[index].size // len(self.draws)

    def made(self, mistakes: tuple[Mistake, ...]) -> list[Array]:
        if mistakes not in self.known:
            with np.errstate(all="ignore"):
                found = [
                    backward(self.anatomy, draw.layers, draw.X, draw.targets, mistakes, self.penalty)
                    for draw in self.draws
                ]
            self.known[mistakes] = self.flat(found)
        return self.known[mistakes]

    def wrong(self, made: Sequence[Array], index: int) -> bool:
        return index not in self.unknown and _off(self.theirs[index], made[index]) > self.tolerance

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
                factor = _ratio(g, m)
                total += 0.6 * (factor is not None and _off(g, factor * m) <= self.tolerance)
        return total

    def rescale(self) -> None:
        """Take the factor of the last layer's gradient for the owner's unit."""
        factors = [_ratio(g, t) for g, t in zip(self.theirs, self.made(()), strict=True)]
        known = [f for f, g, t in zip(factors, self.theirs, self.made(()), strict=True)
                 if f is not None and _off(g, f * t) <= self.tolerance]  # fmt: skip
        if known and known[0] > 0:
            self.theirs = [g / known[0] for g in self.theirs]

    def hidden_penalty(self) -> float:
        """Weight decay in the gradient that the loss does not show: the same multiple of W left over in every layer."""
        truth = self.made(())
        found = []
        for index in range(1 if self.biased else 0, len(truth), 2 if self.biased else 1):
            rest, W = self.theirs[index] - truth[index], self.parameter(index)
            factor = _ratio(rest, W)
            if not self.wrong(truth, index):
                return 0.0
            if factor is not None and _off(rest, factor * W) < 1e-3:
                found.append(factor)
        if not found or found[0] <= 0 or not np.allclose(found, found[0], rtol=1e-3):
            return 0.0
        self.penalty = (self.anatomy.l2 + found[0] / 2, self.anatomy.bias_l2)
        self.known.clear()
        return found[0]

    def parameter(self, index: int) -> Array:
        """The weights or biases whose gradient stands there."""
        return self.flat([list(draw.layers) for draw in self.draws])[index]

    def run(self) -> tuple[tuple[Mistake, ...], bool]:
        """Mistakes that explain the owner's gradient, and whether they explain all of it."""
        mistakes: tuple[Mistake, ...] = ()
        total = len(self.theirs)
        for _ in range(MOST_MISTAKES):
            if self.agree(mistakes) == total:
                break
            best: tuple[Mistake, ...] = ()
            best_score = self.score(mistakes)
            for candidate in self.candidates(mistakes):
                score = self.score((*mistakes, *candidate))
                if score > best_score + 1e-9:
                    best, best_score = candidate, score
            if not best:
                break
            mistakes = (*mistakes, *best)
        for one in mistakes:  # of a group, some may do nothing
            without = tuple(other for other in mistakes if other is not one)
            if self.agree(without) == self.agree(mistakes) and self.score(without) == self.score(mistakes):
                mistakes = without
        if self.agree(mistakes) == total:
            told = tuple(one for one in mistakes if self.supported(one, mistakes))
            return tuple(one for one in told if not self.unit_of_another(one, mistakes)), told == mistakes
        wrong = total - self.agree(())
        return (mistakes if self.agree(mistakes) - self.agree(()) >= wrong / 2 else ()), False

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
        last = self.anatomy.shape.layers - 1
        places = {(one.layer, one.part), (last, "error")} if one.part == "all" else {(one.layer, one.part)}
        return one.kind == "factor" and any(
            other.kind not in ("factor", "decay") and other.cause == WRONG_TERM and (other.layer, other.part) in places
            for other in mistakes
        )

    def candidates(self, mistakes: tuple[Mistake, ...]) -> Iterator[tuple[Mistake, ...]]:
        """What may have gone wrong besides: in one layer, in all hidden ones, or in all, as code in a loop has it."""
        last = self.anatomy.shape.layers - 1
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
            layers = [Mistake(kind, layer, one.part) for layer in reversed(range(last + 1))]
            yield from ((single,) for single in layers)
            if last > 1:
                yield tuple(layers[1:])
            if last > 0:
                yield tuple(layers)

    def fitted(self, mistakes: tuple[Mistake, ...]) -> Iterator[Mistake]:
        """Factors, and multiples of the parameters, fitted to each array that is wrong."""
        made = self.made(mistakes)
        penalties = self.penalties()
        step = 2 if self.biased else 1
        for index, (g, m, pull) in enumerate(zip(self.theirs, made, penalties, strict=True)):
            if not self.wrong(made, index):
                continue
            layer = self.anatomy.shape.layers - 1 - index // step
            part = "b" if self.biased and index % 2 == 0 else "W"
            whole, factor = _ratio(g, m), _ratio(g - pull, m - pull)
            if whole is not None and abs(whole) > 1e-9 and index < step:
                yield Mistake("factor", -1, "all", whole)
            if factor is not None and abs(factor) > 1e-9:
                yield Mistake("factor", layer, "error", factor)
                yield Mistake("factor", layer, part, factor)
            decay = _ratio(g - m, self.parameter(index))
            if decay is not None and abs(decay) > 1e-9:
                yield Mistake("decay", layer, part, decay)

    def penalties(self) -> list[Array]:
        """The part of each array's gradient that is the penalty's."""
        l2, bias_l2 = (self.anatomy.l2, self.anatomy.bias_l2) if self.penalty is None else self.penalty
        return self.flat([[(2 * l2 * W, 2 * bias_l2 * b) for W, b in draw.layers] for draw in self.draws])


def _ratio(g: Array, t: Array) -> float | None:
    """The factor that takes t nearest to g."""
    with np.errstate(all="ignore"):
        square = float(np.sum(t * t))
        found = float(np.sum(g * t)) / square if square > 0 else float("nan")
    return found if np.isfinite(found) else None


def _off(g: Array, t: Array) -> float:
    """How far g is from t, relative to the larger of the two."""
    with np.errstate(all="ignore"):
        size = max(float(np.linalg.norm(g)), float(np.linalg.norm(t)), 1e-300)
        off = float(np.linalg.norm(g - t)) / size
    return off if np.isfinite(off) else float("inf")


def _state(code: Code, values: list[Array], rows: Array, other: Array) -> tuple[str, list[Array]]:
    """Whether a gradient depends on the calls before: asked for A, something else, A, A. Returns how, and the gradient
    of A as far as it can be told."""
    elsewhere = [0.9 * value for value in values]
    calls = [(values, rows), (elsewhere, other), (values, rows), (values, rows)]
    first, second, third, fourth = [code.slopes(*call) for call in calls]
    if _same(first, third):
        return "", first
    if _same(fourth, first) or _same(fourth, second):
        return LATE, fourth
    grown = [d - c for c, d in zip(third, fourth, strict=True)]
    if _same(grown, [c - b for b, c in zip(second, third, strict=True)]):
        return PILED, grown
    return UNTOLD, first


def _fresh(code: Code, values: list[Array], rows: Array, stale: str) -> list[Array]:
    """The gradient at a place by itself, where it depends on the calls before in a known way."""
    first = code.slopes(values, rows)
    if not stale:
        return first
    second = code.slopes(values, rows)
    return second if stale == LATE else [b - a for a, b in zip(first, second, strict=True)]


def _same(a: Sequence[Array], b: Sequence[Array]) -> bool:
    return all(np.array_equal(x, y, equal_nan=True) or _off(x, y) < 1e-6 for x, y in zip(a, b, strict=True))


def _read(anatomy: Anatomy, theirs: list[Array], code: Code) -> tuple[Gradient, Mistake | None]:
    """The owner's gradient layer by layer; a mistake if an array has the shape of the transpose."""
    for place, g, own in zip(anatomy.shape.places, theirs, code.arrays, strict=True):
        if g.shape != own.shape:
            return [], Mistake("transposed-gradient", place.layer, "W")
    return anatomy.shape.read(theirs), None


def _array_name(code: Code, anatomy: Anatomy, index: int) -> str:
    """The owner's name of the array that stands at this place of `_Search.flat`."""
    biased = any(place.part in ("b", "Wb") for place in anatomy.shape.places)
    layer = anatomy.shape.layers - 1 - (index // 2 if biased else index)
    part = "b" if biased and index % 2 == 0 else "W"
    return _named(code, anatomy, layer, part)


def _named(code: Code, anatomy: Anatomy, layer: int, part: str) -> str:
    for name, place in zip(code.names, anatomy.shape.places, strict=True):
        if place.layer == layer and part in place.part:
            return name
    return f"layer {layer + 1}"


def _name(code: Code, anatomy: Anatomy, mistake: Mistake) -> str:
    if mistake.part == "all":
        return "every array"
    return _named(code, anatomy, mistake.layer, "b" if mistake.part == "b" else "W")


def where(code: Code, anatomy: Anatomy, mistake: Mistake) -> str:
    """The owner's name for what a mistake spoils.

    >>> from whynet.subjects.own_code.anatomy import Place, Shape
    >>> shape = Shape((2, 1), (Place(0, "W"), Place(0, "b")), False, None)
    >>> one = Anatomy(shape, (), "identity", "quadratic", True)
    >>> where(Code({"W1": np.zeros((2, 1)), "b1": np.zeros(1)}), one, Mistake("bias-zero", 0, "b"))
    "parameters['b1']"
    """
    return _name(code, anatomy, mistake)
