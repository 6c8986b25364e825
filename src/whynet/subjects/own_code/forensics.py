"""Gradient forensics: which array's gradient is wrong, and how.

The owner's gradient is compared with the exact one of the network that was identified. Where they differ, the mistakes
that people make are made on purpose (`whynet/mistakes`), one at a time and in every layer, until one gives the owner's
numbers: that one it is. A mistake near the outputs spoils everything before it, so the search goes on from the first
that explains something, for up to three mistakes. What equals no known mistake is told by its ratio to the truth alone.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from whynet.mistakes.mistake import Mistake
from whynet.mistakes.search import Gradient, Penalty, Search, off, ratio
from whynet.subjects.own_code.anatomy import Anatomy, sane, targets_of
from whynet.subjects.own_code.backward import backward
from whynet.subjects.own_code.code import Code, is_vector, ordinary
from whynet.types import Array

SAME = 1e-5  # relative: numbers so close are the same, in float64
SAME_SINGLE = 3e-3
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

    def make(mistakes: tuple[Mistake, ...], penalty: Penalty) -> list[Gradient]:
        return [backward(anatomy, draw.layers, draw.X, draw.targets, mistakes, penalty) for draw in draws]

    search = Search(
        make, [draw.theirs for draw in draws], [list(draw.layers) for draw in draws],
        biased=any(place.part in ("b", "Wb") for place in anatomy.shape.places), tolerance=tolerance,
        penalty=(anatomy.l2, anatomy.bias_l2),
    )  # fmt: skip
    names = [_array_name(code, anatomy, index) for index in range(len(search.theirs))]
    search.unknown = {index for index, name in enumerate(names) if name in unknown}
    rows = len(draws[0].X)
    if any_scale:
        search.rescale()
    truth = search.made(())
    known = [pair for i, pair in enumerate(zip(search.theirs, truth, strict=True)) if i not in search.unknown]
    error = max((off(g, t) for g, t in known), default=0.0)
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
        worst = max(worst, off(a, n))
        allowed = float(np.linalg.norm(doubt)) * 10 + (3e-2 if single else ALMOST) * large
        if np.linalg.norm(a - n) <= allowed or large <= 10 * float(np.linalg.norm(doubt)):
            continue
        wrong.append(code.names[index])
        factor = ratio(a, n)
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
    return all(np.array_equal(x, y, equal_nan=True) or off(x, y) < 1e-6 for x, y in zip(a, b, strict=True))


def _read(anatomy: Anatomy, theirs: list[Array], code: Code) -> tuple[Gradient, Mistake | None]:
    """The owner's gradient layer by layer; a mistake if an array has the shape of the transpose."""
    for place, g, own in zip(anatomy.shape.places, theirs, code.arrays, strict=True):
        if g.shape != own.shape:
            return [], Mistake("transposed-gradient", place.layer, "W")
    return anatomy.shape.read(theirs), None


def _array_name(code: Code, anatomy: Anatomy, index: int) -> str:
    """The owner's name of the array that stands at this place of `Search.flat`."""
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
