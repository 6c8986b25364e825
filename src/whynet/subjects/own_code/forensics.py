"""Gradient forensics: which array's gradient is wrong, and how.

The owner's gradient is compared with the exact one of the network that was identified. Where they differ, the mistakes
that people make are made on purpose (`mistakes.py`), one at a time and in every layer, until one gives the owner's
numbers: that one it is. A mistake near the outputs spoils everything before it, so the search goes on from the first
that explains something, for up to three mistakes. What equals no known mistake is told by its ratio to the truth alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from whynet.subjects.own_code.anatomy import Anatomy, sane, targets_of
from whynet.subjects.own_code.code import Code, is_vector
from whynet.subjects.own_code.mistakes import KINDS, WRONG_TERM, Gradient, Mistake, backward
from whynet.types import Array

SAME = 1e-5  # relative: numbers so close are the same, in float64
SAME_SINGLE = 3e-3
MOST_MISTAKES = 3
ALMOST = 1e-2  # where only differences tell: some leave a small number in the logarithm out of the gradient
ROWS = 7
SAMPLE = 20


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
        """Whether it only makes the gradient that of the cross-entropy: a slope left out at the outputs."""
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
    rows = np.sort(rng.choice(count, size, replace=False))
    if not code.takes_batch(code.gradients):
        rows = np.arange(count)
    layers = sane(anatomy.shape, code.examples.rows(rows)[0], rng)
    values = [
        value.astype(own.dtype)
        for value, own in zip(anatomy.shape.write(layers, code.arrays), code.arrays, strict=True)
    ]
    layers = anatomy.shape.read(values)
    _, X, y = code.cost_of(values, rows)
    targets = targets_of(y, anatomy.shape.sizes[-1])
    other = np.sort(rng.choice(count, size, replace=False))
    stale, theirs = _state(code, values, rows, other)
    found, turned = _read(anatomy, theirs, code)
    if turned:
        return Findings((turned,), (_name(code, anatomy, turned),), float("nan"), True, len(X), stale)
    return replace(compare(code, anatomy, layers, X, targets, found), stale=stale)


def compare(
    code: Code,
    anatomy: Anatomy,
    layers: Sequence[tuple[Array, Array]],
    X: Array,
    targets: Array,
    theirs: Gradient,
    *,
    any_scale: bool = False,
) -> Findings:
    """The owner's gradient at one place against the exact one; `any_scale` if only its direction is known.

    >>> from whynet.subjects.own_code.anatomy import identify
    >>> from whynet.subjects.own_code.code import Examples
    >>> rng = np.random.default_rng(0)
    >>> W, X, y = rng.normal(size=(3, 2)), rng.normal(size=(20, 3)), rng.normal(size=(20, 2))
    >>> def loss(X, y): return 0.5 * np.sum((X @ W - y) ** 2) / len(X)
    >>> code = Code([W], loss, examples=Examples((X, y)))
    >>> theirs = [(2 * X.T @ (X @ W - y) / len(X), np.zeros(2))]
    >>> compare(code, identify(code), [(W, np.zeros(2))], X, y, theirs).mistakes[0].factor.__round__(6)
    2.0
    """
    tolerance = SAME if code.arrays[0].dtype == np.float64 else SAME_SINGLE
    tolerance = max(tolerance, 30 * anatomy.misfit)
    search = _Search(anatomy, layers, X, targets, theirs, tolerance)
    if any_scale:
        search.rescale()
    truth = search.made(())
    error = max(_off(g, t) for g, t in zip(search.theirs, truth, strict=True))
    if search.agree(()) == len(truth):
        return Findings((), (), error, True, len(X))
    hidden = search.hidden_penalty()
    truth = search.made(())
    if hidden and search.agree(()) == len(truth):
        return Findings((), (), error, True, len(X), penalty=hidden)
    wrong = tuple(_array_name(code, anatomy, index) for index in range(len(truth)) if search.wrong(truth, index))
    mistakes, explained = search.run()
    last = anatomy.shape.layers - 1
    output_only = (
        len(mistakes) == 1 and mistakes[0].layer == last and anatomy.cost == "quadratic" and anatomy.output == "sigmoid"
    )
    return Findings(mistakes, wrong, error, explained, len(X), output_only=output_only)


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
    size = 1 if code.examples is None or code.examples.single else min(ROWS, count)
    rows = np.arange(count) if not code.takes_batch(code.gradients) else np.sort(rng.choice(count, size, replace=False))
    other = rows if not code.takes_batch(code.gradients) else np.sort(rng.choice(count, size, replace=False))
    values = _ordinary(code, rng, rows)
    stale, theirs = _state(code, values, rows, other)
    single = code.arrays[0].dtype != np.float64
    wrong, mistakes, worst, asked = [], [], 0.0, 0
    for index, (own, g) in enumerate(zip(code.arrays, theirs, strict=True)):
        if g.shape != own.shape:
            wrong.append(code.names[index])
            mistakes.append(Mistake("transposed-gradient", index, "W"))
            continue
        entries = rng.choice(own.size, min(SAMPLE, own.size), replace=False)
        slopes = [_difference(code, values, rows, index, entry, single) for entry in entries]
        known = [(float(g.flat[e]), n, doubt) for e, (n, doubt) in zip(entries, slopes, strict=True) if doubt < np.inf]
        if not known:
            continue
        asked += 1
        a, n, doubt = (np.array(column) for column in zip(*known, strict=True))
        large = max(float(np.linalg.norm(a)), float(np.linalg.norm(n)))
        worst = max(worst, _off(a, n))
        allowed = float(np.linalg.norm(doubt)) * 10 + (3e-2 if single else ALMOST) * large
        if np.linalg.norm(a - n) <= allowed or large <= 10 * float(np.linalg.norm(doubt)):
            continue
        wrong.append(code.names[index])
        factor = _ratio(a, n)
        if not g.any():
            mistakes.append(Mistake("bias-zero" if is_vector(own) else "weights-zero", index, "W"))
        elif factor is not None and np.linalg.norm(a - factor * n) <= 10 * allowed and abs(factor) > 1e-3:
            mistakes.append(Mistake("factor", index, "W", factor))
    if not asked:
        return Findings((), (), float("nan"), False, len(rows), stale)
    factors = [one.factor for one in mistakes if one.kind == "factor"]
    if len(factors) == len(wrong) == len(code.arrays) and np.allclose(factors, factors[0], rtol=1e-2):
        mistakes = [Mistake("factor", -1, "all", factors[0])]
    return Findings(tuple(mistakes), tuple(wrong), worst, bool(mistakes), len(rows), stale)


def _ordinary(code: Code, rng: np.random.Generator, rows: Array) -> list[Array]:
    """Random parameters at which little is saturated, as far as that can be had without knowing the network; the
    owner's if the loss is no number there."""
    X = np.ones((1, 1)) if code.examples is None else code.examples.rows(rows)[0]
    size = max(float(np.sqrt(np.mean(X * X))), 1e-12)
    values = []
    for own in code.arrays:
        first = own.ndim == 2 and any(side - X.shape[1] in (0, 1) for side in own.shape)
        sd = 0.3 if is_vector(own) else 1 / (np.sqrt(X.shape[1] if first else own.size**0.5) * (size if first else 0.7))
        values.append(rng.normal(0, sd, own.shape).astype(own.dtype))
    return values if np.isfinite(code.cost(values, rows)) else code.values


def _difference(
    code: Code, values: Sequence[Array], rows: Array, index: int, entry: int, single: bool
) -> tuple[float, float]:
    """The slope of the loss in one entry by centred differences with two steps, and how far they disagree; infinite at
    a kink."""
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
    """From what the owner computed to the mistakes that give the same."""

    def __init__(
        self,
        anatomy: Anatomy,
        layers: Sequence[tuple[Array, Array]],
        X: Array,
        targets: Array,
        theirs: Gradient,
        tolerance: float,
    ) -> None:
        self.anatomy, self.layers, self.X, self.targets = anatomy, layers, X, targets
        self.tolerance = tolerance
        self.biased = any(place.part in ("b", "Wb") for place in anatomy.shape.places)
        self.theirs = self.flat(theirs)
        self.penalty: tuple[float, float] | None = None
        self.known: dict[tuple[Mistake, ...], list[Array]] = {}

    def flat(self, gradient: Gradient) -> list[Array]:
        """W and b of each layer from the outputs back; only W where there are no biases."""
        return [array for W, b in reversed(gradient) for array in ((b, W) if self.biased else (W,))]

    def made(self, mistakes: tuple[Mistake, ...]) -> list[Array]:
        if mistakes not in self.known:
            with np.errstate(all="ignore"):
                found = backward(self.anatomy, self.layers, self.X, self.targets, mistakes, self.penalty)
            self.known[mistakes] = self.flat(found)
        return self.known[mistakes]

    def wrong(self, made: Sequence[Array], index: int) -> bool:
        return _off(self.theirs[index], made[index]) > self.tolerance

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
            elif m.size > 1:
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
        return self.flat(list(self.layers))[index]

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
            return tuple(one for one in mistakes if not self.unit_of_another(one, mistakes)), True
        wrong = total - self.agree(())
        return (mistakes if self.agree(mistakes) - self.agree(()) >= wrong / 2 else ()), False

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
            decay = _ratio(g - m, self.layers[layer][part == "b"])
            if decay is not None and abs(decay) > 1e-9:
                yield Mistake("decay", layer, part, decay)

    def penalties(self) -> list[Array]:
        """The part of each array's gradient that is the penalty's."""
        l2, bias_l2 = (self.anatomy.l2, self.anatomy.bias_l2) if self.penalty is None else self.penalty
        return self.flat([(2 * l2 * W, 2 * bias_l2 * b) for W, b in self.layers])


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
        return "it depends on the call before: buffers are read before they are filled anew", fourth
    grown = [d - c for c, d in zip(third, fourth, strict=True)]
    if _same(grown, [c - b for b, c in zip(second, third, strict=True)]):
        return "each call adds its gradient to that of the calls before: the buffers are never cleared", grown
    return (
        "the same parameters and examples give another gradient at every call: what earlier calls left is in it",
        first,
    )


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
