"""The cost of a network whose loss cannot be asked, told from its steps: each cost has a gradient of its own.

Where the cost enters is the last layer: its gradient is known for every cost, and only that of the owner's cost is the
same multiple of what the owner computes at several places. A cost that is not told is not known: nothing rests on it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from whynet.errors import UsageError
from whynet.mistakes.formulas import LOSSES
from whynet.subjects.own_code.anatomy import PAIRS, Anatomy, Shape, alike, sane, shapes, targets_of
from whynet.subjects.own_code.backward import backward
from whynet.subjects.own_code.code import Code
from whynet.subjects.own_code.updates import one_for_each_row
from whynet.types import Array

PLACES = 4
SAME, SAME_SINGLE = 1e-5, 3e-3
WORDS = {
    "quadratic": "half the squared error", "softmax-cross-entropy": "cross-entropy",
    "sigmoid-cross-entropy": "cross-entropy", "binary cross-entropy of the outputs": "binary cross-entropy",
}  # fmt: skip
SQUASHED = {"softmax": "softmax-cross-entropy", "sigmoid": "sigmoid-cross-entropy"}
"""Outputs that are one with their cost: the cost takes the pre-activations."""


class Told(NamedTuple):
    """A network whose cost was told, from its `steps` or its `gradients`, and by what factor those are its gradient.

    >>> Told(None, "steps", 0.5).ratio
    0.5
    """

    anatomy: Anatomy | None
    source: str
    ratio: float

    @property
    def words(self) -> str:
        """The cost in a word or two."""
        return "" if self.anatomy is None else WORDS.get(self.anatomy.cost, self.anatomy.cost)


def tell(code: Code, anatomy: Anatomy | None, nominal: float | None = None, seed: int = 0) -> Told | None:
    """The one cost that explains the steps, or the gradients, of `code`; None if none does, or several. `anatomy` is
    the network as far as its predictions tell it, `nominal` its learning rate.

    >>> from whynet.subjects.own_code.code import Examples
    >>> rng = np.random.default_rng(0)
    >>> W, X, y = rng.normal(size=(3, 2)), rng.normal(size=(9, 3)), np.eye(2)[[0, 1] * 4 + [0]]
    >>> def predict(X): return 1 / (1 + np.exp(-X @ W))
    >>> def step(X, y): W[...] -= 0.5 * X.T @ (predict(X) - y) / len(X)
    >>> code = Code([W], step=step, predict=predict, examples=Examples((X, y)))
    >>> told = tell(code, None)
    >>> told.words, told.anatomy.output, round(told.ratio, 6)
    ('cross-entropy', 'identity', 0.5)
    """
    for source, function in (("steps", code.step), ("gradients", code.gradients)):
        if function is None:
            continue
        found = _told_from(code, anatomy, source, seed)
        if found is None or found.anatomy is None:
            continue
        unit = 1.0 if source == "gradients" else nominal or abs(found.ratio)
        return found._replace(anatomy=replace(found.anatomy, scale=abs(found.ratio) / unit))
    return None


def _told_from(code: Code, anatomy: Anatomy | None, source: str, seed: int) -> Told | None:
    assert code.examples is not None
    X, y = code.examples.rows([0])
    known = [anatomy.shape] if anatomy is not None else list(shapes(code.arrays, X.shape[1], _outputs(y)))
    fitting: dict[tuple[Any, ...], Told] = {}
    for shape in known:
        try:
            places = _places(code, shape, source, np.random.default_rng([seed, 23]))
        except UsageError:
            continue
        if not places:
            continue
        for candidate in _candidates(anatomy, shape):
            ratio = _explains(candidate, places, code, whole=anatomy is None)
            if ratio is not None:
                key = (shape.sizes, candidate.hidden, candidate.output, candidate.cost)
                fitting.setdefault(key, Told(candidate, source, ratio))
    return next(iter(fitting.values())) if len(fitting) == 1 else None


def _outputs(y: Array) -> int | None:
    return y.shape[1] if y.ndim == 2 and y.shape[1] > 1 else None


def _candidates(anatomy: Anatomy | None, shape: Shape) -> Iterator[Anatomy]:
    """Every cost that goes with the outputs that were seen; every network, where none was told."""
    if anatomy is None:
        for hidden in alike(shape.layers - 1):
            for output, cost in PAIRS:
                for mean in (True, False):
                    yield Anatomy(shape, hidden, output, cost, mean)
        return
    pairs = [(output, cost) for output, cost in PAIRS if output == anatomy.output]
    if anatomy.output in SQUASHED:
        pairs.insert(0, ("identity", SQUASHED[anatomy.output]))
    for output, cost in pairs:
        for mean in (True, False):
            yield replace(anatomy, output=output, cost=cost, mean=mean, scale=1.0, l2=0.0, bias_l2=0.0)


Seen = tuple[list[tuple[Array, Array]], Array, Array, list[tuple[Array, Array]]]
"""Parameters, X, targets, and what the owner takes away there."""


def _places(code: Code, shape: Shape, source: str, rng: np.random.Generator) -> list[Seen]:
    """What one update takes away, or what the gradient is, at several parameters and on several batches."""
    assert code.examples is not None
    count = len(code.examples)
    function = code.step if source == "steps" else code.gradients
    assert function is not None
    every = not code.takes_batch(function) and not code.examples.single
    by_row, found = False, []
    for number in range(PLACES):
        rows = np.sort(rng.choice(count, min((7, 3)[number % 2], count), replace=False))
        layers = sane(shape, code.examples.rows(rows)[0], rng)
        pairs = zip(shape.write(layers, code.arrays), code.arrays, strict=True)
        values = [value.astype(own.dtype) for value, own in pairs]
        if number == 0 and source == "steps":
            by_row = one_for_each_row(code, values, rng)
        rows = np.arange(count) if every else rows[:1] if by_row or code.examples.single else rows
        if source == "steps":
            taken = [-move for move in code.moved(values, [rows])[0]]
        else:
            taken = code.slopes(values, rows)
        if any(
            one.shape != own.shape or not np.isfinite(one).all() for one, own in zip(taken, code.arrays, strict=True)
        ):
            return []
        X, y = code.examples.rows(rows)
        found.append((shape.read(values), X, targets_of(y, shape.sizes[-1]), shape.read(taken)))
    return found


def _explains(candidate: Anatomy, places: Sequence[Seen], code: Code, *, whole: bool) -> float | None:
    """The factor by which the owner's last layer, or all of them, follows the gradient of this cost; None if it does
    not."""
    last = candidate.shape.layers - 1
    with np.errstate(all="ignore"):
        made = [backward(candidate, layers, X, targets) for layers, X, targets, _ in places]
    single = any(array.dtype != np.float64 for array in code.arrays)
    ratios = []
    for layer in range(candidate.shape.layers) if whole else (last,):
        for part in (0, 1):
            theirs = np.concatenate([place[3][layer][part].ravel() for place in places])
            ours = np.concatenate([one[layer][part].ravel() for one in made])
            if not theirs.any() or not np.isfinite(ours).all() or not ours.any():
                continue
            factor = float(theirs @ ours) / float(ours @ ours)
            off = float(np.linalg.norm(theirs - factor * ours)) / float(np.linalg.norm(theirs))
            ratios.append(factor if off < (SAME_SINGLE if single else SAME) else None)
    told = [ratio for ratio in ratios if ratio is not None]
    if not told or (whole and len(told) < len(ratios)):
        return None
    return told[0]


def loss_of(code: Code, anatomy: Anatomy) -> Callable[[Any, Any], float]:
    """The cost that was told, as a loss of the owner's parameters.

    >>> from whynet.subjects.own_code.code import Examples
    >>> from whynet.subjects.own_code.anatomy import Place
    >>> code = Code([np.ones((2, 1))], examples=Examples((np.ones((3, 2)), np.zeros((3, 1)))))
    >>> one = Anatomy(Shape((2, 1), (Place(0, "W"),), False, None), (), "identity", "quadratic", True)
    >>> loss_of(code, one)(np.ones((3, 2)), np.zeros((3, 1)))
    2.0
    """

    def loss(X: Any, y: Any) -> float:
        assert code.examples is not None
        rows, targets = code.examples.as_rows(X, y)
        a = anatomy.forward(anatomy.shape.read(code.arrays), rows)[-1][1]
        said = LOSSES[anatomy.cost].value(a, targets_of(targets, anatomy.shape.sizes[-1]))
        return anatomy.scale * float(said.mean() if anatomy.mean else said.sum())

    return loss
