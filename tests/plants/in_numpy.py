"""Networks of a few lines of NumPy, as a probe of a library that nobody has: those who look inside need no other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np

from whynet.subjects.frameworks.keras_words import WORDS
from whynet.subjects.inside.probe import Gradients, Layer, Network, Passage, Probe, ProbeError, arrays_in, is_real
from whynet.types import Array

Run = Callable[["InNumpy", Array, bool], Array]


@dataclass(frozen=True)
class Step:
    """A layer, the weights that it begins with, and what it does."""

    layer: Layer
    run: Run
    weights: Mapping[str, Array] = field(default_factory=dict)
    state: Mapping[str, Array] = field(default_factory=dict)


class InNumpy(Network):
    """A copy: one layer after the other."""

    def __init__(self, steps: Sequence[Step], probe: NumpyProbe) -> None:
        self.steps, self.probe, self.seen, self.rng = steps, probe, [], np.random.default_rng(0)
        self.at = {name: one.copy() for step in steps for name, one in step.weights.items()}
        self.state = {name: one.copy() for step in steps for name, one in step.state.items()}

    @property
    def layers(self) -> Sequence[Layer]:
        return [step.layer for step in self.steps]

    def answers(self, inputs: Any = None, *, training: bool = False, chance: int = 0) -> Array:
        self.seen, self.rng = [], np.random.default_rng(chance)
        x = arrays_in(self.probe.X if inputs is None else inputs)[0]
        for step in self.steps:
            self.seen.append(Passage(step.layer, "in", x.copy()))
            x = step.run(self, x, training)
            self.seen.append(Passage(step.layer, "out", x.copy()))
        if not is_real(x):
            raise ProbeError("the network answers without real numbers")
        return x.astype(np.float64)

    def loss(self, inputs: Any = None, targets: Any = None, *, training: bool = False) -> float:
        y = self.probe.y if targets is None else targets
        return self.probe.value(self.answers(inputs, training=training), y)

    def passed(self, inputs: Any = None, *, training: bool = False) -> Sequence[Passage]:
        self.answers(inputs, training=training)
        return self.seen

    def weights(self) -> dict[str, Array]:
        return {name: one.copy() for name, one in self.at.items()}

    def put(self, weights: Mapping[str, Array]) -> None:
        self.at.update(weights)

    def attends(self) -> bool:
        return any(layer.kind == "attention" for layer in self.layers)

    def remembered(self) -> dict[str, Array]:
        return {name: one.copy() for name, one in self.state.items()}

    def gradients(self) -> Gradients:
        raise NotImplementedError

    def arriving(self) -> Sequence[tuple[Layer, Array]]:
        raise NotImplementedError

    def through_time(self) -> Sequence[tuple[Layer, Array]]:
        raise NotImplementedError

    def rectified(self) -> Sequence[Array]:
        raise NotImplementedError

    def rounds(self) -> bool:
        raise NotImplementedError

    def stepping(self, *, times: float = 1.0) -> Callable[[Any, Any], float] | None:
        return None


@dataclass
class NumpyProbe(Probe):
    """Such layers, a batch, and a loss that is a function of outputs and targets."""

    library: ClassVar[str] = "NumPy"
    words: ClassVar[Mapping[str, str]] = WORDS

    steps: Sequence[Step]
    inputs: Any
    targets: Any = None
    cost: Callable[[Array, Any], float] | None = None
    in_training: bool = True

    @property
    def rows(self) -> int:  # type: ignore[override]
        return len(arrays_in(self.inputs)[0])

    @property
    def X(self) -> Any:  # noqa: N802
        return self.inputs

    @property
    def y(self) -> Any:
        return self.targets

    @property
    def training(self) -> bool:
        return self.in_training

    @property
    def name(self) -> str:
        return "Network"

    @property
    def loss_name(self) -> str:
        return "cost"

    @property
    def held(self) -> frozenset[str]:
        return frozenset(name for step in self.steps for name in step.weights)

    @property
    def optimizer_name(self) -> str:
        return ""

    @property
    def answer_is_plain(self) -> bool:
        return True

    @property
    def Z(self) -> Array:  # noqa: N802
        return self.copy().answers(training=self.in_training)

    def copy(self) -> InNumpy:
        return InNumpy(self.steps, self)

    def part(self, rows: Sequence[int]) -> NumpyProbe:
        inputs, targets = self.take(rows)
        return replace(self, inputs=inputs, targets=targets)

    def value(self, outputs: Array, targets: Any = None) -> float:
        if self.cost is None:
            raise ProbeError("there is no loss")
        return self.cost(outputs, self.targets if targets is None else targets)

    def slope(self, outputs: Array, targets: Any = None) -> Array | None:
        return None

    def refusal(self) -> str:
        return ""

    def terms(self) -> Mapping[str, float]:
        return {}


# ---- layers


def drawn(name: str, **shapes: tuple[int, ...]) -> dict[str, Array]:
    """Weights of these shapes, by the layer's name and their own."""
    rng = np.random.default_rng(sum(map(ord, name)))
    return {
        f"{name}/{own}": rng.standard_normal(shape).astype(np.float32) / shape[0] ** 0.5
        for own, shape in shapes.items()
    }


def function(name: str, run: Callable[[Array], Array], kind: str = "other", **more: Any) -> Step:
    """A layer without weights."""
    return Step(Layer(name, kind, "Lambda", **more), lambda network, x, training: run(x))


def dense(name: str, n: int, m: int) -> Step:
    kernel = f"{name}/kernel"
    layer = Layer(name, "dense", "Dense", parameters=(kernel,))
    return Step(layer, lambda network, x, training: x @ network.at[kernel], drawn(name, kernel=(n, m)))


def embedding(name: str, words: int, width: int) -> Step:
    table = f"{name}/table"
    layer = Layer(name, "embedding", "Embedding", parameters=(table,))
    return Step(layer, lambda network, x, training: network.at[table][x], drawn(name, table=(words, width)))


def positions(name: str, steps: int, width: int) -> Step:
    table = f"{name}/table"
    layer = Layer(name, "other", "Positions", parameters=(table,))
    run: Run = lambda network, x, training: x + network.at[table][: x.shape[1]]  # noqa: E731
    return Step(layer, run, drawn(name, table=(steps, width)))


def softmax(scores: Array, axis: int = -1) -> Array:
    powers = np.exp(scores - scores.max(axis=axis, keepdims=True))
    return powers / powers.sum(axis=axis, keepdims=True)


def attention(name: str, width: int, *, causal: bool = False) -> Step:
    weights = drawn(name, q=(width, width), k=(width, width), v=(width, width))

    def run(network: InNumpy, x: Array, training: bool) -> Array:
        q, k, v = (x @ network.at[f"{name}/{own}"] for own in "qkv")
        scores = q @ k.swapaxes(1, 2) / width**0.5
        if causal:
            scores = np.where(np.tri(x.shape[1], dtype=bool), scores, -np.inf)
        return x + softmax(scores) @ v

    layer = Layer(name, "attention", "MultiHeadAttention", batch_first=True, parameters=tuple(weights))
    return Step(layer, run, weights)


def recurrent(name: str, width: int, *, both: bool = False, kept: bool = False) -> Step:
    """tanh of the input and of what it was before; `kept`: from call to call too."""
    weights = drawn(name, W=(width, width), U=(width, width))
    state = {f"{name}/state": np.zeros(width, dtype=np.float32)} if kept else {}

    def one_way(network: InNumpy, x: Array) -> Array:
        h, found = network.state.get(f"{name}/state", np.zeros(width, dtype=np.float32)), []
        for step in range(x.shape[1]):
            h = np.tanh(x[:, step] @ network.at[f"{name}/W"] + h @ network.at[f"{name}/U"])
            found.append(h)
        if kept:
            network.state[f"{name}/state"] = h
        return np.stack(found, axis=1)

    def run(network: InNumpy, x: Array, training: bool) -> Array:
        forth = one_way(network, x)
        return np.concatenate([forth, one_way(network, x[:, ::-1])[:, ::-1]], axis=-1) if both else forth

    layer = Layer(name, "recurrent", "RNN", leaf=False, bidirectional=both, batch_first=True, parameters=tuple(weights))
    return Step(layer, run, weights, state)


def convolution(name: str, n: int, m: int, size: tuple[int, ...], *, same: bool = True, own: str = "Conv") -> Step:
    """Channels last; `same` pads both ends, else the beginning alone."""
    kernel = f"{name}/kernel"

    def run(network: InNumpy, x: Array, training: bool) -> Array:
        pads = [(one // 2, one // 2) if same else (one - 1, 0) for one in size]
        wide = np.pad(x, [(0, 0), *pads, (0, 0)])
        windows = np.lib.stride_tricks.sliding_window_view(wide, size, axis=tuple(range(1, 1 + len(size))))
        flat = windows.reshape(*windows.shape[: 1 + len(size)], -1)
        return flat @ network.at[kernel].reshape(-1, m)

    layer = Layer(name, "convolution", own, kernel=size, channels_last=True, pads_both_ends=same, parameters=(kernel,))
    return Step(layer, run, drawn(name, kernel=(n, *size, m)))


def pooled(name: str, by: int) -> Step:
    """The largest of by x by places."""
    return function(
        name,
        lambda x: x.reshape(len(x), x.shape[1] // by, by, x.shape[2] // by, by, -1).max(axis=(2, 4)),
    )


def batch_norm(name: str, width: int, *, frozen: bool = False) -> Step:
    """Channels last, with a shift of its own; `frozen`: by the running numbers in training mode too."""
    weights = {f"{name}/gamma": np.linspace(0.5, 2, width), f"{name}/beta": np.linspace(-1, 1, width)}
    state = {f"{name}/moving_mean": np.zeros(width), f"{name}/moving_variance": np.ones(width)}

    def run(network: InNumpy, x: Array, training: bool) -> Array:
        mean, variance = network.state[f"{name}/moving_mean"], network.state[f"{name}/moving_variance"]
        if training and not frozen:
            flat = x.reshape(-1, width)
            mean, variance = flat.mean(axis=0), flat.var(axis=0)
        scaled = (x - mean) / np.sqrt(variance + 1e-3)
        return scaled * network.at[f"{name}/gamma"] + network.at[f"{name}/beta"]

    layer = Layer(name, "batch-norm", "BatchNormalization", channels_last=True, parameters=tuple(weights))
    return Step(layer, run, weights, state)


def dropout(name: str, rate: float = 0.5) -> Step:
    def run(network: InNumpy, x: Array, training: bool) -> Array:
        return x * (network.rng.random(x.shape) >= rate) / (1 - rate) if training else x

    return Step(Layer(name, "dropout", "Dropout"), run)
