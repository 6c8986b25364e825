"""What network is this? Layers from the shapes of the arrays; activations and cost from what the loss answers.

A hand-written network gives arrays and a loss, no description. The shapes say how the arrays chain; then the loss is
asked for its value at a few random parameters, where every candidate network (activation of hidden units, of outputs,
cost) answers differently. The one that gives the same numbers, up to the constants by which people average and
penalise, is the network: from then on its exact gradient is known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import permutations

import numpy as np

from whynet.network.activations import ACTIVATIONS, activation
from whynet.network.costs import cost as cost_named
from whynet.patients.own_code.code import Code
from whynet.types import Array

AGREES = 1e-6  # relative: the largest misfit of a loss that is taken for the candidate's, in float64
AGREES_SINGLE = 2e-3
POINTS, BATCHES = 5, (1, 3, 6)
MOST_SHUFFLED = 6  # arrays that are tried in every order, where their own gives no network
OUTPUTS = ("sigmoid", "identity", "softmax", "tanh", "relu", "scaled-tanh", "leaky-relu")


@dataclass(frozen=True)
class Place:
    """Where an array stands: the layer (0 is the first with weights), and `"W"`, `"b"`, or `"Wb"` for weights with the
    biases in a further first or last row.

    >>> Place(0, "b").part
    'b'
    """

    layer: int
    part: str


@dataclass(frozen=True)
class Shape:
    """How the arrays chain up to a network: a place for each, whether matrices are (out, in), where a bias row is.

    >>> Shape((3, 2), (Place(0, "W"), Place(0, "b")), columns=True, bias_row=None).layers
    1
    """

    sizes: tuple[int, ...]
    places: tuple[Place, ...]
    columns: bool
    bias_row: str | None

    @property
    def layers(self) -> int:
        """How many layers have weights."""
        return len(self.sizes) - 1

    def read(self, values: Sequence[Array]) -> list[tuple[Array, Array]]:
        """The owner's arrays as (W (in, out), b (out,)) for each layer, in float64; biases that are not there are 0."""
        Ws: list[Array | None] = [None] * self.layers
        bs = [np.zeros(size) for size in self.sizes[1:]]
        for place, value in zip(self.places, values, strict=True):
            value = np.asarray(value, dtype=np.float64)
            if place.part == "b":
                bs[place.layer] = value.ravel()
                continue
            W = value.T if self.columns else value
            if place.part == "Wb":
                W, bs[place.layer] = (W[1:], W[0]) if self.bias_row == "first" else (W[:-1], W[-1])
            Ws[place.layer] = W
        return [(W, b) for W, b in zip(Ws, bs, strict=True) if W is not None]

    def write(self, layers: Sequence[tuple[Array, Array]], like: Sequence[Array]) -> list[Array]:
        """Back into arrays shaped as the owner's."""
        found = []
        for place, value in zip(self.places, like, strict=True):
            W, b = layers[place.layer]
            if place.part == "b":
                found.append(b.reshape(value.shape))
                continue
            if place.part == "Wb":
                W = np.concatenate([b[None], W] if self.bias_row == "first" else [W, b[None]])
            found.append(np.ascontiguousarray(W.T if self.columns else W).reshape(value.shape))
        return found


def shapes(arrays: Sequence[Array], inputs: int, outputs: int | None) -> Iterator[Shape]:
    """Every way in which the arrays chain up from `inputs` to `outputs`.

    >>> found = list(shapes([np.zeros((4, 3)), np.zeros((4, 1)), np.zeros((2, 4)), np.zeros((2, 1))], 3, 2))
    >>> [(shape.sizes, shape.columns) for shape in found]
    [((3, 4, 2), True)]
    """
    found = list(_in_order(arrays, range(len(arrays)), inputs, outputs))
    if not found and len(arrays) <= MOST_SHUFFLED:
        for order in permutations(range(len(arrays))):
            found += _in_order(arrays, order, inputs, outputs)
    yield from found


def _in_order(arrays: Sequence[Array], order: Sequence[int], inputs: int, outputs: int | None) -> Iterator[Shape]:
    """The shapes that come of taking the arrays in this order."""
    for columns in (False, True):
        for bias_row in (None, "first", "last"):
            for sizes, ordered in _chains([arrays[i] for i in order], inputs, columns, bias_row is not None):
                places = tuple(ordered[list(order).index(i)] for i in range(len(arrays)))
                widths = list(sizes[1:])
                biases = [place for place in ordered if place.part == "b"]
                whole = not biases or [place.layer for place in biases] == list(range(len(widths)))
                fits = outputs is None or widths[-1:] == [outputs]
                if widths and whole and fits and not (biases and bias_row):
                    yield Shape(sizes, places, columns, bias_row)


def _chains(
    arrays: Sequence[Array], inputs: int, columns: bool, extra: bool
) -> Iterator[tuple[tuple[int, ...], tuple[Place, ...]]]:
    """Walk the arrays in order; each is the next matrix or the next bias."""

    def walk(index: int, sizes: tuple[int, ...], biases: tuple[int, ...], places: tuple[Place, ...]):  # type: ignore[no-untyped-def]
        if index == len(arrays):
            if biases[: len(sizes) - 1] == sizes[1:][: len(biases)] and len(biases) in (0, len(sizes) - 1):
                yield sizes, places
            return
        array = arrays[index]
        if array.ndim == 2:
            fan_in, fan_out = array.shape[::-1] if columns else array.shape
            if fan_in == sizes[-1] + extra:
                part = "Wb" if extra else "W"
                yield from walk(index + 1, (*sizes, fan_out), biases, (*places, Place(len(sizes) - 1, part)))
        if array.ndim <= 1 or 1 in array.shape:
            yield from walk(index + 1, sizes, (*biases, array.size), (*places, Place(len(biases), "b")))

    yield from walk(0, (inputs,), (), ())


# ---- costs as people write them


def _log(p: Array) -> Array:
    return np.log(np.maximum(p, 1e-300))


@dataclass(frozen=True)
class Loss:
    """A cost of outputs `a` against targets `t`, per row, and its slope in `a`.

    >>> LOSSES["quadratic"].value(np.array([[1.0, 0.0]]), np.array([[0.0, 0.0]]))
    array([0.5])
    """

    value: Callable[[Array, Array], Array]
    slope: Callable[[Array, Array], Array]


def _of_cost(name: str) -> Loss:
    """One of whynet's own costs, row by row."""
    one = cost_named(name)
    return Loss(
        lambda a, t: np.array([one.value(a[i : i + 1], t[i : i + 1]) for i in range(len(a))]),
        lambda a, t: one.gradient(a, t) * len(a),
    )


LOSSES: dict[str, Loss] = {
    "quadratic": _of_cost("quadratic"),
    "sigmoid-cross-entropy": _of_cost("sigmoid-cross-entropy"),
    "softmax-cross-entropy": _of_cost("softmax-cross-entropy"),
    "binary cross-entropy of the outputs": Loss(
        lambda a, t: -np.sum(t * _log(a) + (1 - t) * _log(1 - a), axis=1), lambda a, t: (a - t) / (a * (1 - a))
    ),
    "minus the log of the right output": Loss(lambda a, t: -np.sum(t * _log(a), axis=1), lambda a, t: -t / a),
    "absolute error": Loss(lambda a, t: np.abs(a - t).sum(axis=1), lambda a, t: np.sign(a - t)),
}
PAIRS = [  # what the outputs apply, and the cost that is written for that
    *((output, "quadratic") for output in OUTPUTS),
    ("identity", "sigmoid-cross-entropy"),
    ("identity", "softmax-cross-entropy"),
    ("softmax", "binary cross-entropy of the outputs"),
    ("sigmoid", "minus the log of the right output"),
    ("sigmoid", "softmax-cross-entropy"),
    ("softmax", "softmax-cross-entropy"),
    ("relu", "softmax-cross-entropy"),
    ("tanh", "softmax-cross-entropy"),
    *((output, "absolute error") for output in ("sigmoid", "identity", "softmax")),
]


@dataclass(frozen=True)
class Anatomy:
    """A network as identified: its shape, activations, cost, and the constants of its loss,

        loss = scale * (mean or sum over rows of the cost) + l2 * sum of W^2 + bias_l2 * sum of b^2

    `misfit` is how far that is from what the loss answered, relatively.

    >>> Anatomy(Shape((3, 2), (Place(0, "W"),), False, None), "sigmoid", "sigmoid", "quadratic", True).scale
    1.0
    """

    shape: Shape
    hidden: str
    output: str
    cost: str
    mean: bool
    scale: float = 1.0
    l2: float = 0.0
    bias_l2: float = 0.0
    misfit: float = 0.0

    def act(self, layer: int) -> str:
        """The activation of a layer."""
        return self.output if layer == self.shape.layers - 1 else self.hidden

    def forward(self, layers: Sequence[tuple[Array, Array]], X: Array) -> list[tuple[Array, Array]]:
        """`(z, a)` for each layer, (rows, units)."""
        found, a = [], X
        for layer, (W, b) in enumerate(layers):
            z = a @ W + b
            a = activation(self.act(layer)).forward(z)[0]
            found.append((z, a))
        return found

    @property
    def words(self) -> str:
        """In one line, for people."""
        sizes = "-".join(map(str, self.shape.sizes))
        kind = "columns" if self.shape.columns else "rows"
        output = f", {self.output} outputs" if self.output != "identity" else ""
        return f"{sizes}, {self.hidden} hidden units{output}, {self.cost}, examples as {kind}"


def identify(code: Code, seed: int = 0) -> Anatomy | None:
    """Which network the arrays and the loss are; None if it is none that is known here.

    >>> rng = np.random.default_rng(0)
    >>> W, b, X, y = rng.normal(size=(3, 2)), np.zeros(2), rng.normal(size=(9, 3)), np.eye(2)[[0, 1] * 4 + [0]]
    >>> def loss(X, y):
    ...     return 0.5 * np.mean(np.sum((1 / (1 + np.exp(-(X @ W + b))) - y) ** 2, axis=1))
    >>> from whynet.patients.own_code.code import Examples
    >>> found = identify(Code([W, b], loss=loss, examples=Examples((X, y))))
    >>> found.output, found.cost, found.mean, round(found.scale, 6)
    ('sigmoid', 'quadratic', True, 1.0)
    """
    if code.examples is None or code.loss is None:
        return None
    X, y = code.examples.rows([0])
    outputs = y.shape[1] if y.ndim == 2 else None
    candidates = list(shapes(code.arrays, X.shape[1], outputs))
    asked = [_answers(code, shape, seed) for shape in candidates]
    best: Anatomy | None = None
    for shape, answers in zip(candidates, asked, strict=True):
        for found in _fits(shape, *answers):
            if best is None or found.misfit < 0.1 * best.misfit:
                best = found
    exact = code.arrays[0].dtype == np.float64
    return best if best is not None and best.misfit < (AGREES if exact else AGREES_SINGLE) else None


def sane(shape: Shape, X: Array, rng: np.random.Generator) -> list[tuple[Array, Array]]:
    """Random parameters, (W, b) of each layer, at which nothing is saturated: weighted inputs of about 1.

    >>> shape = Shape((3, 2), (Place(0, "W"), Place(0, "b")), columns=False, bias_row=None)
    >>> [(W.shape, b.shape) for W, b in sane(shape, np.ones((4, 3)), np.random.default_rng(0))]
    [((3, 2), (2,))]
    """
    size = max(float(np.sqrt(np.mean(X * X))), 1e-12)
    layers = []
    for layer, (fan_in, fan_out) in enumerate(zip(shape.sizes, shape.sizes[1:], strict=False)):
        sd = 1 / (np.sqrt(fan_in) * (size if layer == 0 else 0.7))
        layers.append((rng.normal(0, sd, (fan_in, fan_out)), rng.normal(0, 0.3, fan_out)))
    if not any(place.part in ("b", "Wb") for place in shape.places):
        layers = [(W, 0 * b) for W, b in layers]
    return layers


def targets_of(y: Array, outputs: int) -> Array:
    """Targets (rows, outputs) from labels or targets.

    >>> targets_of(np.array([1, 0]), 2).tolist()
    [[0.0, 1.0], [1.0, 0.0]]
    """
    if y.ndim == 2:
        return y.astype(np.float64)
    if outputs == 1:
        return y[:, None].astype(np.float64)
    return np.eye(outputs)[np.clip(y.astype(np.intp), 0, outputs - 1)]


Answer = tuple[list[tuple[Array, Array]], Array, Array, float]
"""Parameters, X, targets, and what the loss said there."""


def _answers(code: Code, shape: Shape, seed: int) -> tuple[list[Answer]]:
    assert code.examples is not None
    rng = np.random.default_rng([seed, 11])
    everything = np.arange(len(code.examples))
    found = []
    for _ in range(POINTS):
        for size in BATCHES if not code.examples.single else (1,) * 3:
            rows = np.sort(rng.choice(everything, min(size, len(everything)), replace=False))
            X, y = code.examples.rows(rows)
            layers = sane(shape, X, rng)
            values = shape.write(layers, code.arrays)
            values = [value.astype(own.dtype) for value, own in zip(values, code.arrays, strict=True)]
            try:
                said = code.cost(values, rows)
            except FloatingPointError:
                said = float("nan")
            found.append((shape.read(values), X, targets_of(y, shape.sizes[-1]), said))
    return (found,)


def _fits(shape: Shape, answers: Sequence[Answer]) -> Iterator[Anatomy]:
    """Every candidate with the constants that fit its answers best."""
    said = np.array([answer[3] for answer in answers])
    if not np.isfinite(said).all():
        return
    weights = np.array([sum(float(np.sum(W * W)) for W, _ in layers) for layers, *_ in answers])
    biases = np.array([sum(float(np.sum(b * b)) for _, b in layers) for layers, *_ in answers])
    spread = float(np.linalg.norm(said - said.mean())) + 1e-9 * float(np.abs(said).max()) + 1e-300
    for hidden in ACTIVATIONS if shape.layers > 1 else ("sigmoid",):
        for output, cost in PAIRS:
            anatomy = Anatomy(shape, hidden, output, cost, True)
            with np.errstate(all="ignore"):
                rows = [LOSSES[cost].value(anatomy.forward(ls, X)[-1][1], t) for ls, X, t, _ in answers]
            for mean in (True, False):
                ours = np.array([row.mean() if mean else row.sum() for row in rows])
                if not np.isfinite(ours).all():
                    continue
                for columns in ((ours,), (ours, weights), (ours, weights, biases)):
                    basis = np.stack(columns, axis=1)
                    found, *_ = np.linalg.lstsq(basis, said, rcond=None)
                    misfit = float(np.linalg.norm(basis @ found - said)) / spread
                    if found[0] <= 0:
                        continue
                    constants = (*(float(one) for one in found), 0.0, 0.0)[:3]
                    yield replace(anatomy, mean=mean, scale=constants[0], l2=constants[1], bias_l2=constants[2],
                                  misfit=misfit)  # fmt: skip
                    if misfit < 1e-9:
                        break
