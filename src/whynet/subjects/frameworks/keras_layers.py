"""The layers of Keras, in the words that every library shares, and what is called inside of them."""

from __future__ import annotations

import functools
import importlib
import inspect
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, NamedTuple

import numpy as np

from whynet.subjects.frameworks.keras_arrays import array_of
from whynet.subjects.inside.probe import Layer, ProbeError
from whynet.types import Array

KINDS = {
    "dense": ("Dense", "EinsumDense"),
    "convolution": (
        *(f"{own}{size}D" for own in ("Conv", "SeparableConv", "DepthwiseConv") for size in (1, 2, 3)),
        *(f"Conv{size}DTranspose" for size in (1, 2, 3)),
    ),
    "recurrent": ("RNN", "Bidirectional", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"),
    "embedding": ("Embedding",),
    "attention": ("MultiHeadAttention", "GroupQueryAttention", "Attention", "AdditiveAttention"),
    "batch-norm": ("BatchNormalization",),
    "dropout": (
        "Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", "AlphaDropout", "GaussianDropout",
    ),
    "softmax": ("Softmax",),
}  # fmt: skip
SEALED = ("RNN", "Bidirectional", "TimeDistributed", "MultiHeadAttention", "GroupQueryAttention", "ConvLSTM1D",
          "ConvLSTM2D", "ConvLSTM3D")  # fmt: skip
"""What is one layer to whoever uses it, although Keras makes it of several, called once for every step."""


class Part(NamedTuple):
    """A layer of a model, with the path by which one comes to it.

    >>> Part("encoder/dense", None).name
    'encoder/dense'
    """

    name: str
    own: Any


def _are(keras: Any, layer: Any, names: Sequence[str]) -> bool:
    known = tuple(one for one in (getattr(keras.layers, name, None) for name in names) if one is not None)
    return isinstance(layer, known)


def parts_of(keras: Any, model: Any) -> list[Part]:
    """All layers of a model, those inside of others too, each once, in the order in which they are defined.

    >>> import pytest
    >>> keras = pytest.importorskip("keras")
    >>> inner = keras.Sequential([keras.layers.Dense(2, name="a")], name="inner")
    >>> [one.name for one in parts_of(keras, keras.Sequential([keras.Input((3,)), inner]))]
    ['inner', 'inner/a']
    """
    found: list[Part] = []
    seen: set[int] = set()
    names: set[str] = set()

    def walk(owner: Any, prefix: str) -> None:
        for layer in list(getattr(owner, "_layers", [])):
            if id(layer) in seen or isinstance(layer, keras.layers.InputLayer):
                continue
            seen.add(id(layer))
            name = base = f"{prefix}{layer.name}"
            while name in names:
                name = f"{base}_{len(names)}"
            names.add(name)
            found.append(Part(name, layer))
            if not _are(keras, layer, SEALED):
                walk(layer, f"{name}/")

    walk(model, "")
    return found or [Part(model.name, model)]


def drawn(layer: Any) -> list[Any]:
    """The variables that a layer itself was made to train, frozen or not.

    >>> import pytest
    >>> keras = pytest.importorskip("keras")
    >>> layer = keras.layers.BatchNormalization()
    >>> layer.build((None, 3))
    >>> [one.name for one in drawn(layer)]
    ['gamma', 'beta']
    """
    return list(layer._trainable_variables)


def all_drawn(layer: Any) -> list[Any]:
    """The same with those of all layers inside of it.

    >>> import pytest
    >>> keras = pytest.importorskip("keras")
    >>> len(all_drawn(keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])))
    2
    """
    found = {id(one): one for one in drawn(layer)}
    for inner in layer._flatten_layers(include_self=False):
        found.update({id(one): one for one in drawn(inner)})
    return list(found.values())


def layer_of(keras: Any, part: Part, names: Mapping[int, str]) -> Layer:
    """What a layer is; `names` says how its variables are called, by their place in memory.

    >>> import pytest
    >>> keras = pytest.importorskip("keras")
    >>> layer = layer_of(keras, Part("c", keras.layers.Conv2D(2, 3, padding="same", activation="relu")), {})
    >>> layer.kind, layer.kernel, layer.channels_last, layer.pads_both_ends, layer.activation
    ('convolution', (3, 3), True, True, 'relu')
    """
    own = part.own
    inner = own.layer if _are(keras, own, ("TimeDistributed",)) and _are(keras, own.layer, KINDS["dense"]) else own
    kind = next((kind for kind, known in KINDS.items() if _are(keras, inner, known)), "other")
    activation = _activation(keras, own)
    more: dict[str, Any] = {}
    if kind == "other" and type(own).__name__ == "Activation" and activation in ("softmax", "log_softmax"):
        kind, more = "softmax", {"axis": -1}
    elif kind == "softmax":
        axes = own.axis if isinstance(own.axis, (tuple, list)) else [own.axis]
        more = {"axis": int(axes[-1])}
    elif kind == "convolution":
        kernel = tuple(int(size) for size in own.kernel_size)
        more = {
            "kernel": kernel,
            "channels_last": own.data_format == "channels_last",
            "pads_both_ends": str(own.padding).lower() == "same" and max(kernel) > 1,
        }
    elif kind == "recurrent":
        more = {"bidirectional": _are(keras, own, ("Bidirectional",)), "batch_first": True}
    elif kind == "attention":
        more = {"batch_first": True}
    elif kind == "dropout":
        more = {"rate": float(own.rate)}
    sealed = _are(keras, own, SEALED)
    return Layer(
        part.name,
        kind,
        type(own).__name__,
        leaf=sealed or not getattr(own, "_layers", []),
        activation=activation,
        parameters=tuple(names.get(id(one), one.path) for one in (all_drawn(own) if sealed else drawn(own))),
        trained=looks_trained(keras, own),
        **more,
    )


def _activation(keras: Any, layer: Any) -> str:
    """The activation that a layer applies; empty where it applies none."""
    if _are(keras, layer, ("ReLU", "LeakyReLU", "PReLU", "ELU", "Softmax")):
        return {"LeakyReLU": "leaky_relu", "PReLU": "prelu"}.get(type(layer).__name__, type(layer).__name__.lower())
    own = getattr(layer, "activation", None)
    if own is None or not callable(own):
        return ""
    name = str(getattr(own, "__name__", None) or getattr(own, "name", None) or type(own).__name__)
    return "" if name == "linear" else name


def looks_trained(keras: Any, layer: Any) -> bool:
    """Whether weights are others than their initializers draw them.

    >>> import pytest
    >>> keras = pytest.importorskip("keras")
    >>> fresh, trained = keras.layers.Dense(9), keras.layers.Dense(9)
    >>> for layer in (fresh, trained):
    ...     layer.build((None, 9))
    >>> trained.kernel.assign(trained.kernel * 3) is trained
    False
    >>> looks_trained(keras, fresh), looks_trained(keras, trained)
    (False, True)
    >>> recurrent = keras.layers.GRU(4)
    >>> recurrent.build((None, 5, 3)); looks_trained(keras, recurrent)
    False
    >>> _ = recurrent.cell.recurrent_kernel.assign(recurrent.cell.recurrent_kernel + 0.1)
    >>> looks_trained(keras, recurrent)
    True
    """
    names = ["kernel", "embeddings", "gamma", "beta", "moving_mean"]
    if _are(keras, layer, KINDS["recurrent"]):  # some of their biases begin with 1
        layer = getattr(layer, "cell", layer)
        names.append("recurrent_kernel")
    else:
        names.append("bias")
    for name in names:
        weight, initializer = (
            getattr(layer, name, None),
            getattr(layer, f"{name.removesuffix('_kernel')}_initializer", None),
        )
        if isinstance(weight, keras.Variable) and initializer is not None:
            values = array_of(keras, weight)
            if values.size and _is_beyond(keras, initializer, values):
                return True
    return False


def _is_beyond(keras: Any, initializer: Any, values: Array) -> bool:
    """Whether that initializer cannot have drawn these numbers."""
    known = keras.initializers
    if isinstance(initializer, (known.Zeros, known.Ones)):
        return bool((values != (1 if isinstance(initializer, known.Ones) else 0)).any())
    if isinstance(initializer, known.OrthogonalInitializer):
        flat = values.reshape(-1, values.shape[-1]).astype(np.float64) / initializer.gain
        short = flat if flat.shape[0] <= flat.shape[1] else flat.T
        return bool(np.abs(short @ short.T - np.eye(len(short))).max() > 0.01)
    if isinstance(initializer, known.RandomUniform):
        low, high = float(initializer.minval), float(initializer.maxval)
        room = 0.01 * (high - low)
        return bool(values.min() < low - room or values.max() > high + room)
    if isinstance(initializer, known.VarianceScaling):
        around = math.prod(values.shape[:-2])
        fans = (values.shape[-2] if values.ndim > 1 else values.shape[-1]) * around, values.shape[-1] * around
        size = {"fan_in": fans[0], "fan_out": fans[1]}.get(initializer.mode, sum(fans) / 2)
        sd = math.sqrt(initializer.scale / max(1.0, size))
        if initializer.distribution == "untruncated_normal":
            return False
        most = sd * math.sqrt(3) if initializer.distribution == "uniform" else 2 * sd / 0.8796
        return bool(abs(values).max() > 1.01 * most)
    return False


Told = Callable[[int, tuple[Any, ...], dict[str, Any]], tuple[tuple[Any, ...], dict[str, Any]]]
Made = Callable[[int, Any], Any]


@contextmanager
def listening(parts: Sequence[Part], before: Told, after: Made) -> Iterator[None]:
    """Meanwhile, each call of those layers goes through `before(place, args, kwargs)`, which says what it is
    called with, and `after(place, made)`, which says what comes out of it.

    >>> import pytest
    >>> keras = pytest.importorskip("keras")
    >>> layer, seen = keras.layers.Dense(3), []
    >>> with listening([Part("a", layer)], lambda place, args, kwargs: (args, kwargs), lambda place, made: seen.append(
    ...     (place, tuple(made.shape))) or made):
    ...     _ = layer(keras.ops.ones((4, 2)))
    >>> seen
    [(0, (4, 3))]
    """
    changed: list[tuple[Any, Any]] = []

    def watched(place: int, layer: Any) -> Any:
        own = layer.call

        @functools.wraps(own)
        def call(*args: Any, **kwargs: Any) -> Any:
            args, kwargs = before(place, args, kwargs)
            return after(place, own(*args, **kwargs))

        call.__signature__ = inspect.signature(own)  # type: ignore[attr-defined]  # Keras asks for it in its messages
        return call

    try:
        for place, part in enumerate(parts):
            call = watched(place, part.own)
            changed.append((part.own, vars(part.own).get("call")))
            vars(part.own)["call"] = call
        yield
    finally:
        for layer, own in changed:
            if own is None:
                del vars(layer)["call"]
            else:
                vars(layer)["call"] = own


@contextmanager
def watching(keras: Any, *, relu: Callable[[Any], None], pairs: Callable[[bool], None]) -> Iterator[None]:
    """Meanwhile, `relu` is told what each call of a ReLU makes, and `pairs` whether each softmax, or attention, goes
    over all pairs of steps.

    >>> import pytest
    >>> keras = pytest.importorskip("keras")
    >>> seen = []
    >>> with watching(keras, relu=lambda made: seen.append(tuple(made.shape)), pairs=seen.append):
    ...     _ = keras.ops.relu(keras.ops.ones((4, 2)))
    >>> seen
    [(4, 2)]
    """
    backend = keras.backend.backend()
    with ExitStack() as stack:
        if backend == "torch":
            stack.enter_context(_in_torch(relu, pairs))
        elif backend == "jax":
            import jax

            stack.enter_context(_in_functions(jax.nn, relu, pairs))
        elif backend == "tensorflow":
            tf: Any = importlib.import_module("tensorflow")  # which has no types

            stack.enter_context(_in_functions(tf.nn, relu, pairs))
        else:
            raise ProbeError(f"Keras on {backend} cannot be looked into", do="Run it with KERAS_BACKEND=jax")
        yield


def _over_pairs(made: Any) -> bool:
    shape = tuple(getattr(made, "shape", ()))
    return len(shape) > 2 and shape[-1] == shape[-2] > 1


@contextmanager
def _in_functions(module: Any, relu: Callable[[Any], None], pairs: Callable[[bool], None]) -> Iterator[None]:
    """In the functions of a module, which Keras calls by their names in it."""
    tell: dict[str, Callable[[Any], None]] = {
        "relu": relu,
        "softmax": lambda made: pairs(_over_pairs(made)),
        "dot_product_attention": lambda made: pairs(True),
    }
    own = {name: getattr(module, name) for name in tell if hasattr(module, name)}

    def told(name: str) -> Any:
        @functools.wraps(own[name])
        def function(*args: Any, **kwargs: Any) -> Any:
            made = own[name](*args, **kwargs)
            tell[name](made)
            return made

        return function

    try:
        for name in own:
            setattr(module, name, told(name))
        yield
    finally:
        for name, function in own.items():
            setattr(module, name, function)


@contextmanager
def _in_torch(relu: Callable[[Any], None], pairs: Callable[[bool], None]) -> Iterator[None]:
    import torch

    class Listening(torch.overrides.TorchFunctionMode):  # type: ignore[misc]
        def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            made = function(*args, **(kwargs or {}))
            name = getattr(function, "__name__", "")
            if isinstance(made, torch.Tensor):
                if name in ("relu", "relu_"):
                    relu(made)
                if name in ("softmax", "scaled_dot_product_attention"):
                    pairs(name != "softmax" or _over_pairs(made))
            return made

    with Listening():
        yield
