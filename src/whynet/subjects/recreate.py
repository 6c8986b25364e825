"""A plain multilayer perceptron of another library and its training, said as a recipe: what the doctor can train again.

Nothing is taken on trust: the weights are put into whynet's own network, which must give the scores that theirs gives.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from whynet.data.dataset import Dataset
from whynet.data.problem import Classification
from whynet.data.protocol import Problem
from whynet.errors import NoRecipe, UsageError
from whynet.network.activations import ACTIVATIONS
from whynet.network.network import Network
from whynet.subjects.inputs import Sides, fed
from whynet.training.recipe import Recipe
from whynet.types import Array

OF_NUMBERS = ("quadratic", "absolute", "huber")  # costs under which the outputs are the numbers themselves
ADAPTIVE = ("adam", "adamw", "rmsprop")  # whose steps are as long whatever the cost is multiplied by
ALIKE = 1e-4  # of scores, relative to the largest: float32 in another order of summation
SAMPLING = 4.0  # standard errors by which the spread of drawn numbers may miss the one they were drawn with


@dataclass(frozen=True, kw_only=True)
class Description:
    """Everything that a plain multilayer perceptron and its training are.

    `layers` are `(W (in, out), b (out,))` from input to output, `X (n, features)` the numbers as they are fed to the
    network, `y (n, ...)` what is to be answered, as `problem` keeps it: without one, class numbers. `outputs (m,
    outputs)` is what their network says to the first m rows of `X`, after the activation `last`. Their loss is `factor`
    times `cost` of the last weighted inputs after `output_activation`. `l2` belongs to their loss, `weight_decay` to
    their steps.

    >>> layer = (np.eye(2), np.zeros(2))
    >>> X = np.array([[0.0, 1.0], [1.0, 0.0]])
    >>> described = Description(layers=(layer,), X=X, y=np.array([1, 0]), outputs=X)
    >>> described.sizes
    (2, 2)
    """

    layers: Sequence[tuple[Array, Array]]
    X: Array
    y: Array
    outputs: Array
    problem: Problem | None = None
    last: str = "identity"
    X_test: Array | None = None
    y_test: Array | None = None
    picture: Sides | None = None
    """Rows and columns of an image, where the features are one."""
    activation: str = "identity"
    output_activation: str = "identity"
    cost: str = "softmax-cross-entropy"
    factor: float = 1.0
    optimizer: str = "sgd"
    learning_rate: float = 0.1
    momentum: float = 0.0
    l2: float = 0.0
    weight_decay: float = 0.0
    batch_size: int = 32
    epochs: int = 1
    order: str = "shuffled"
    dropout: float = 0.0
    input_dropout: float = 0.0
    batch_norm: bool = False
    smoothing: float = 0.0
    faults: tuple[str, ...] = ()

    @property
    def sizes(self) -> tuple[int, ...]:
        """Units from input to output."""
        return (self.layers[0][0].shape[0], *(W.shape[1] for W, _ in self.layers))

    @property
    def learned(self) -> Problem:
        """The problem: the one that is given, else so many classes as there are outputs."""
        return self.problem or Classification(tuple(str(label) for label in range(max(self.sizes[-1], 2))))


def recreate(description: Description) -> tuple[Recipe, Dataset]:
    """The recipe and the data set that a description amounts to.

    Initial weights become the distribution that they look drawn from; features stay the numbers that they are.

    >>> from whynet.data.sources import load
    >>> data = load("digits")
    >>> network = Network([64, 20, 10], activation="tanh", init="he")
    >>> X = data.inputs / 255
    >>> layers = [(arrays["W"], arrays["b"]) for arrays in network.params]
    >>> recipe, again = recreate(Description(
    ...     layers=layers, X=X, y=data.labels, outputs=network.scores(X[:50]), activation="tanh"))
    >>> recipe.init, recipe.bias_init, recipe.scaling, bool((again.inputs == data.inputs).all())
    ('he', 'zeros', '0..1', True)

    Raises
    ------
    NoRecipe
        Something that no recipe can say; the message says what.
    UsageError
        Data that do not fit the network.
    """
    d = description
    _check_data(d)
    _check_numbers(d)
    sizes, problem = d.sizes, d.learned
    scaling, features, tested = fed(d.X, d.X_test, d.picture)
    test = None if tested is None or d.y_test is None else Dataset(tested, d.y_test, problem=problem)
    data = Dataset(features, d.y, problem=problem, test=test)
    weights = [W for W, _ in d.layers]
    fans = [W.shape for W in weights]
    hidden = weights[:-1] or weights
    faults = d.faults if math.isfinite(d.learning_rate) else (*d.faults, "undefined-rate")
    if d.factor < 0:
        faults = (*faults, "flipped-gradient")
    size = abs(d.factor)
    rate = d.learning_rate * (1 if d.optimizer in ADAPTIVE else size)
    fields: dict[str, Any] = {
        "sizes": sizes,
        "scaling": scaling,
        "activation": d.activation,
        "output_activation": d.output_activation
        if problem.kind == "regression"
        else _unless_usual(d.output_activation, d.cost),
        "init": fit_init(hidden, fans[: len(hidden)]),
        "bias_init": fit_init([b for _, b in d.layers], fans),
        "output_init": fit_init(weights[-1:], fans[-1:]),
        "cost": d.cost,
        "optimizer": d.optimizer,
        "learning_rate": rate if math.isfinite(rate) and rate > 0 else None,
        "momentum": d.momentum,
        "l2": d.l2 / size,
        "weight_decay": d.weight_decay,
        "batch_size": "full" if d.batch_size >= len(d.X) else d.batch_size,
        "epochs": d.epochs,
        "order": d.order,
        "dropout": d.dropout,
        "input_dropout": d.input_dropout,
        "batch_norm": d.batch_norm,
        "label_smoothing": d.smoothing,
        "faults": faults,
    }
    if rate == 0:
        raise NoRecipe("the learning rate is 0: no step is taken", do="Give the optimizer a rate, such as 0.1 for SGD")
    if fields["output_init"] == fields["init"]:
        fields["output_init"] = None
    recipe = Recipe(**fields)
    compare(d)
    return recipe, data


def _check_data(d: Description) -> None:
    features = d.layers[0][0].shape[0]
    for X, y in ((d.X, d.y), (d.X_test, d.y_test)):
        if X is None or y is None:
            continue
        if X.ndim != 2 or X.shape[1] != features or len(X) != len(y) or not len(X):
            raise UsageError(
                "the examples do not fit the network",
                expected=f"X (n, {features}) and a target for each row",
                found=f"X {X.shape} and {len(y)} targets",
            )
        if not np.isfinite(X).all():
            row = int(np.flatnonzero(~np.isfinite(X).all(axis=1))[0])
            raise NoRecipe("the features hold NaN or infinite numbers", found=f"the first in row {row:,}")
        d.learned.checked(y)


def _check_numbers(d: Description) -> None:
    """Of numbers, a recipe takes the outputs for the answers: so must they."""
    if d.learned.kind == "regression" and (d.cost not in OF_NUMBERS or d.last != d.output_activation):
        raise NoRecipe("a recipe predicts numbers by its outputs as they are, and here the loss squashes them")


def _unless_usual(output_activation: str, cost: str) -> str | None:
    usual = "sigmoid" if cost == "quadratic" else "identity"
    return None if output_activation == usual else output_activation


# ---- initial weights


NAMED: dict[str, Callable[[int, int], float]] = {  # -> standard deviation
    "scaled-normal": lambda fan_in, fan_out: 1 / math.sqrt(fan_in),
    "scaled-uniform": lambda fan_in, fan_out: 1 / math.sqrt(3 * fan_in),
    "he": lambda fan_in, fan_out: math.sqrt(2 / fan_in),
    "glorot": lambda fan_in, fan_out: math.sqrt(2 / (fan_in + fan_out)),
    "normal": lambda fan_in, fan_out: 1.0,
}


def fit_init(arrays: Sequence[Array], fans: Sequence[tuple[int, ...]]) -> str:
    """The initial weights (or biases) that such arrays look drawn with; `fans` are (in, out) of their layers.

    >>> rng = np.random.default_rng(0)
    >>> fit_init([rng.uniform(0, 1, (20, 30))], [(20, 30)])
    'uniform(0, 1)'
    >>> fit_init([rng.normal(0, 0.05, (400, 30)), np.zeros((30, 10)) + rng.normal(0, 0.18, (30, 10))],
    ...          [(400, 30), (30, 10)])
    'scaled-normal'

    Raises
    ------
    NoRecipe
        The layers differ in a way that no initializer has.
    """
    values = np.concatenate([np.asarray(array, dtype=np.float64).ravel() for array in arrays])
    if not np.isfinite(values).all():
        raise NoRecipe("the weights hold NaN or infinite numbers before training begins")
    if not values.any():
        return "zeros"
    alike = all(array.ndim == 2 and array.shape[1] > 1 and not np.ptp(array, axis=1).any() for array in arrays)
    if np.ptp(values) == 0 or alike:  # every unit of a layer has the same weights
        return f"constant({values.mean():.4g})"
    for least in (4, 2):  # the spread of two or three says little, that of one nothing
        enough = [(fan, array) for fan, array in zip(fans, arrays, strict=True) if array.size >= least]
        if enough:
            fans, arrays = [fan for fan, _ in enough], [array for _, array in enough]
            break
    doubts = [SAMPLING / math.sqrt(2 * array.size) + 0.02 for array in arrays]
    spreads = [float(np.std(array)) for array in arrays]
    mean, sd = float(values.mean()), float(values.std())
    centred = abs(mean) <= max(SAMPLING * sd / math.sqrt(values.size), 0.02 * sd)
    rules = {name: [rule(fan[0], fan[1]) for fan in fans] for name, rule in NAMED.items()}
    misses = {name: _miss(spreads, expected, doubts) for name, expected in rules.items()}
    fitting = [name for name, miss in misses.items() if miss <= 1]
    if centred and fitting:
        inside = all(np.abs(array).max() * math.sqrt(fan[0]) <= 1.0001 for array, fan in zip(arrays, fans, strict=True))
        if inside and "scaled-uniform" in fitting:  # of normal numbers a third would lie outside
            return "scaled-uniform"
        return min(fitting, key=lambda name: misses[name])
    if _miss(spreads, [sd] * len(spreads), doubts) <= 1 or len(arrays) == 1:
        flat = values.size >= 20 and float(np.mean(((values - mean) / sd) ** 4)) < 2.2  # uniform 1.8, normal 3
        if flat:
            low, high = float(values.min()), float(values.max())
            digits = 2 - math.floor(math.log10(high - low))
            return f"uniform({round(low, digits):g}, {round(high, digits):g})"
        return f"normal({0.0 if centred else mean:.4g}, {sd:.4g})"
    if centred:
        rough = {name: _miss(spreads, expected, [0.4] * len(fans)) for name, expected in rules.items()}
        nearest = min(rough, key=lambda name: rough[name])
        if rough[nearest] <= 1:
            return nearest
    raise NoRecipe(
        "the initial weights of the layers differ in a way that no recipe can say",
        expected="one rule for all hidden layers, such as He's",
        found="standard deviations " + ", ".join(f"{spread:.3g}" for spread in spreads),
    )


def _miss(spreads: Sequence[float], expected: Sequence[float], doubts: Sequence[float]) -> float:
    """The largest deviation over the layers, in units of what chance allows; infinite where a layer has no spread."""
    if min(spreads) <= 0:
        return math.inf
    return max(abs(math.log(s / e)) / doubt for s, e, doubt in zip(spreads, expected, doubts, strict=True))


# ---- the proof of it


def compare(description: Description) -> None:
    """Their weights in whynet's network must give their outputs.

    >>> X = np.array([[0.0, 1.0]])
    >>> compare(Description(layers=[(np.eye(2), np.zeros(2))], X=X, y=np.array([1]), outputs=X))

    Raises
    ------
    NoRecipe
        They do not.
    """
    d = description
    if d.batch_norm:  # whynet's network holds running statistics of its own
        return
    network = Network(d.sizes, activation=d.activation, output_activation="identity", dtype="float64")
    vector = np.concatenate([np.concatenate([W.ravel(), b.ravel()]) for W, b in d.layers]).astype(np.float64)
    own = network.having(vector, network.statistics.vector).scores(d.X[: len(d.outputs)].astype(np.float64))
    own = squashed(d.last, own)
    with np.errstate(all="ignore"):
        off = float(np.abs(own - d.outputs).max()) / max(float(np.abs(d.outputs).max()), 1e-12)
    if not off <= ALIKE:
        raise NoRecipe(
            "the network does something that was not understood: whynet's own network with the same weights answers "
            "otherwise",
            expected=f"the same outputs to {ALIKE:g}",
            found=f"they differ by {off:.2g} of the largest",
        )


def squashed(name: str, Z: Array) -> Array:
    """An activation, by the name that a description gives it.

    >>> squashed("relu", np.array([[-1.0, 2.0]]))
    array([[0., 2.]])
    """
    with np.errstate(all="ignore"):
        result: Array = _log_softmax(Z) if name == "log-softmax" else ACTIVATIONS[name].forward(Z)[0]
    return result


def _log_softmax(z: Array) -> Array:
    shifted = z - z.max(axis=1, keepdims=True)
    result: Array = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return result
