"""What network is this? Layers from the shapes of the arrays; activations and cost from what the loss answers.

A hand-written network gives arrays and a loss, no description. The shapes say how the arrays chain; then the loss is
asked for its value at a few random parameters, where every candidate network (activation of hidden units, of outputs,
cost) answers differently. The one that gives the same numbers, up to the constants by which people average and
penalise, is the network: from then on its exact gradient is known.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations, product

import numpy as np

from whynet.mistakes.formulas import ACTS, LOSSES
from whynet.subjects.own_code.code import Code
from whynet.types import Array

AGREES = 5e-4  # relative: the largest misfit of a loss that is taken for the candidate's, in float64 (1e-5 in its log)
AGREES_SINGLE = 2e-3
EXACT = 1e-9  # no other candidate is looked at
POINTS, BATCHES = 5, (1, 3, 6)
MOST_TRIES, ENOUGH = 3, 8  # where the loss is no finite number at some points
MOST_MIXED = 4  # hidden layers
MOST_SHUFFLED = 6  # arrays that are tried in every order, where their own gives no network
BROKEN = (ValueError, IndexError, TypeError, ArithmeticError, np.linalg.LinAlgError)
"""What arithmetic raises on arrays whose shapes nobody thought of."""
MIXED = ("sigmoid", "tanh", "relu", "leaky-relu")  # tried in every combination, where no single one fits
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

    >>> Anatomy(Shape((3, 2), (Place(0, "W"),), False, None), (), "sigmoid", "quadratic", True).scale
    1.0
    """

    shape: Shape
    hidden: tuple[str, ...]
    output: str
    cost: str
    mean: bool
    scale: float = 1.0
    l2: float = 0.0
    bias_l2: float = 0.0
    misfit: float = 0.0

    def act(self, layer: int) -> str:
        """The activation of a layer."""
        return (*self.hidden, self.output)[layer]

    def forward(self, layers: Sequence[tuple[Array, Array]], X: Array) -> list[tuple[Array, Array]]:
        """`(z, a)` for each layer, (rows, units)."""
        found, a = [], X
        for layer, (W, b) in enumerate(layers):
            z = a @ W + b
            a = ACTS[self.act(layer)].forward(z)[0]
            found.append((z, a))
        return found

    @property
    def words(self) -> str:
        """In one line, for people."""
        sizes = "-".join(map(str, self.shape.sizes))
        kind = "(out, in)" if self.shape.columns else "(in, out)"
        acts = self.hidden[:1] if len(set(self.hidden)) == 1 else self.hidden
        hidden = [f"{', then '.join(acts)} hidden units"] if acts else []
        output = [f"{self.output} outputs"] if self.output != "identity" else []
        return ", ".join([sizes, *hidden, *output, self.cost, f"weights {kind}"])


def identify(code: Code, seed: int = 0) -> Anatomy | None:
    """Which network the arrays and the loss are; None if it is none that is known here.

    >>> rng = np.random.default_rng(0)
    >>> W, b, X, y = rng.normal(size=(3, 2)), np.zeros(2), rng.normal(size=(9, 3)), np.eye(2)[[0, 1] * 4 + [0]]
    >>> def loss(X, y):
    ...     return 0.5 * np.mean(np.sum((1 / (1 + np.exp(-(X @ W + b))) - y) ** 2, axis=1))
    >>> from whynet.subjects.own_code.code import Examples
    >>> found = identify(Code([W, b], loss=loss, examples=Examples((X, y))))
    >>> found.output, found.cost, found.mean, round(found.scale, 6)
    ('sigmoid', 'quadratic', True, 1.0)
    """
    if code.examples is None or code.loss is None:
        return None
    X, y = code.examples.rows([0])
    outputs = y.shape[1] if y.ndim == 2 and not are_labels(y) else None
    candidates = [(shape, _answers(code, shape, seed)) for shape in shapes(code.arrays, X.shape[1], outputs)]
    exact = all(array.dtype == np.float64 for array in code.arrays)
    best: Anatomy | None = None
    for choose in (alike, _mixed):
        for shape, answers in candidates:
            for found in _fits(shape, answers, choose(shape.layers - 1)):
                if best is None or found.misfit < 0.1 * best.misfit:
                    best = found
                if best.misfit < EXACT:
                    return best
        if best is not None and best.misfit < (AGREES if exact else AGREES_SINGLE):
            return best
    return None


def alike(layers: int) -> Iterator[tuple[str, ...]]:
    """The same activation in every hidden layer.

    >>> next(alike(2))
    ('sigmoid', 'sigmoid')
    """
    yield from ((name,) * layers for name in (ACTS if layers else ("identity",)))


def _mixed(layers: int) -> Iterator[tuple[str, ...]]:
    """Different ones."""
    yield from (names for names in product(MIXED, repeat=min(layers, MOST_MIXED)) if len(set(names)) > 1)


def sane(shape: Shape, X: Array, rng: np.random.Generator) -> list[tuple[Array, Array]]:
    """Random parameters, (W, b) of each layer, at which nothing is saturated: pre-activations of about 1.

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
    if outputs == 1:
        return y.reshape(len(y), -1).astype(np.float64)
    if y.ndim == 1 or are_labels(y):
        return np.eye(outputs)[np.clip(y.ravel().astype(np.intp), 0, outputs - 1)]
    return y.astype(np.float64)


def are_labels(y: Array) -> bool:
    """Whether targets in one column may be the numbers of classes.

    >>> are_labels(np.array([[2.0], [0.0]])), are_labels(np.array([[0.5], [0.0]]))
    (True, False)
    """
    return y.ndim == 2 and y.shape[1] == 1 and bool(np.all(y == np.rint(y)) and y.min() >= 0)


Answer = tuple[list[tuple[Array, Array]], Array, Array, float]
"""Parameters, X, targets, and what the loss said there."""


def _answers(code: Code, shape: Shape, seed: int) -> list[Answer]:
    assert code.examples is not None and code.loss is not None
    rng = np.random.default_rng([seed, 11])
    everything = np.arange(len(code.examples))
    sizes = BATCHES * POINTS
    if code.examples.single or not code.takes_batch(code.loss):
        sizes = (1 if code.examples.single else len(everything),) * 2 * POINTS
    found: list[Answer] = []
    for size in sizes * MOST_TRIES:
        if len(found) == len(sizes):
            break
        rows = np.sort(rng.choice(everything, min(size, len(everything)), replace=False))
        values = shape.write(sane(shape, code.examples.rows(rows)[0], rng), code.arrays)
        values = [value.astype(own.dtype) for value, own in zip(values, code.arrays, strict=True)]
        said, X, y = code.cost_of(values, rows)
        if np.isfinite(said):  # the logarithm of 0, at some of them, ends nothing
            found.append((shape.read(values), X, targets_of(y, shape.sizes[-1]), said))
    return found


def _fits(shape: Shape, answers: Sequence[Answer], choices: Iterator[tuple[str, ...]]) -> Iterator[Anatomy]:
    """Every candidate with the constants that fit its answers best."""
    if len(answers) < ENOUGH:
        return
    said = np.array([answer[3] for answer in answers])
    weights = np.array([sum(float(np.sum(W * W)) for W, _ in layers) for layers, *_ in answers])
    biases = np.array([sum(float(np.sum(b * b)) for _, b in layers) for layers, *_ in answers])
    spread = float(np.linalg.norm(said - said.mean())) + 1e-9 * float(np.abs(said).max()) + 1e-300
    rows = np.array([len(X) for _, X, _, _ in answers])
    first = [X @ layers[0][0] + layers[0][1] for layers, X, _, _ in answers]
    ends = np.cumsum(rows)[:-1]
    targets = np.concatenate([t for _, _, t, _ in answers])
    for hidden in choices:
        with np.errstate(all="ignore"):
            z = np.concatenate([_through(hidden, layers, z) for z, (layers, *_) in zip(first, answers, strict=True)])
            outputs = {name: ACTS[name].forward(z)[0] for name in OUTPUTS}
        for output, cost in PAIRS:
            with np.errstate(all="ignore"):
                sums = np.array([part.sum() for part in np.split(LOSSES[cost].value(outputs[output], targets), ends)])
            if not np.isfinite(sums).all():
                continue
            for mean in (True, False):
                ours = sums / rows if mean else sums
                for columns in ((ours,), (ours, weights), (ours, weights, biases)):
                    basis = np.stack(columns, axis=1)
                    size = np.linalg.norm(basis, axis=0) + 1e-300
                    found = np.linalg.lstsq(basis / size, said, rcond=None)[0] / size
                    misfit = float(np.linalg.norm(basis @ found - said)) / spread
                    if found[0] <= 0:
                        continue
                    scale, l2, bias_l2 = (*(float(one) for one in found), 0.0, 0.0)[:3]
                    yield Anatomy(shape, hidden, output, cost, mean, scale, l2, bias_l2, misfit)
                    if misfit < EXACT:
                        break


def _through(hidden: Sequence[str], layers: Sequence[tuple[Array, Array]], z: Array) -> Array:
    """From the pre-activations of the first layer to those of the last."""
    for name, (W, b) in zip(hidden, layers[1:], strict=True):
        z = ACTS[name].forward(z)[0] @ W + b
    return z
