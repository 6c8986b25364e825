"""Plain networks of other libraries as whynet's: from their weights, never from a pickle."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from whynet.errors import BadFile, UsageError
from whynet.network.costs import COSTS
from whynet.network.network import Network
from whynet.network.storage import check_header
from whynet.types import Array

ACTIVATIONS = {  # by the name of a class or a function, in lower case and without underscores
    "identity": "identity", "linear": "identity", "elu": "elu", "leakyrelu": "leaky-relu",
    "logistic": "sigmoid", "relu": "relu", "sigmoid": "sigmoid", "softmax": "softmax", "tanh": "tanh",
}  # fmt: skip
PASSED = ("dropout", "flatten", "inputlayer")  # they compute nothing when predicting on rows
Pair = tuple[Array, Array]


def network_from(model: Any, *, activation: str = "", cost: str = "") -> Network:
    """A network of whynet's with the weights of `model`: a PyTorch state dict, or a `.safetensors` file of one, a
    `Sequential` of PyTorch or Keras, or a fitted `MLPClassifier` or `MLPRegressor`.

    A state dict does not say which activation its hidden layers have: `activation` does. `cost` is what its outputs are
    made for, else `softmax-cross-entropy`, of one output `sigmoid-cross-entropy`; for numbers say `quadratic`.

    >>> state = {"0.weight": np.ones((3, 2)), "0.bias": np.zeros(3), "2.weight": np.ones((2, 3)), "2.bias": np.zeros(2)}
    >>> network_from(state, activation="relu")
    Network(2-3-2, relu, softmax-cross-entropy: 17 parameters, float64)

    Raises
    ------
    UsageError
        A layer that is no plain one, or shapes that do not chain.
    BadFile
        A file that is no `.safetensors` file.
    """
    if isinstance(model, (str, Path)):
        model = _read(Path(model))
    if isinstance(model, Mapping):
        names, pairs = None, _of_state(model)
    elif hasattr(model, "coefs_"):
        return _of_scikit(model)
    elif hasattr(model, "state_dict") and hasattr(model, "children"):
        names = _words([_kind(one) for one in list(model.modules())[1:]])
        pairs = _of_state(model.state_dict())
    elif hasattr(model, "layers") and hasattr(model, "get_weights"):
        pairs, names = _of_keras(model)
    else:
        raise UsageError(
            "this is no model that whynet can take over", found=type(model).__name__,
            expected="a state dict, a .safetensors file, a Sequential of PyTorch or Keras, MLPClassifier, MLPRegressor",
        )  # fmt: skip
    hidden, last = _activations(names, len(pairs), activation)
    return _made(pairs, hidden, last, cost)


def _made(pairs: list[Pair], hidden: str, last: str, cost: str) -> Network:
    sizes = [pairs[0][0].shape[0], *(W.shape[1] for W, _ in pairs)]
    if any(first[0].shape[1] != second[0].shape[0] for first, second in pairwise(pairs)):
        raise UsageError("the layers do not chain", found=", ".join(str(W.shape) for W, _ in pairs))
    cost = cost or ("sigmoid-cross-entropy" if sizes[-1] == 1 else "softmax-cross-entropy")
    if cost not in COSTS:
        raise UsageError(f"there is no cost '{cost}'", expected=", ".join(COSTS), found=cost)
    inside = {"softmax-cross-entropy": "softmax", "sigmoid-cross-entropy": "sigmoid"}.get(cost)
    last = "identity" if last == inside else last  # that cost squashes inside
    dtype = "float64" if pairs[0][0].dtype == np.float64 else "float32"
    network = Network(sizes, activation=hidden, output_activation=last, cost=cost, init="zeros", dtype=dtype)
    vector = np.concatenate([np.concatenate([W.ravel(), b.ravel()]) for W, b in pairs]).astype(dtype)
    if not np.isfinite(vector).all():
        raise UsageError("the weights hold NaN or infinite numbers")
    return network.having(vector, network.statistics.vector)


def _of_state(state: Mapping[str, Any]) -> list[Pair]:
    """Pairs of weights (in, out) and biases, in their order."""
    arrays = {name: _array(value) for name, value in state.items()}
    pairs = []
    for name, W in arrays.items():
        if not name.endswith("weight"):
            if not name.endswith("bias"):
                raise UsageError("this is no array of a plain layer", found=name, expected="weights and biases")
            continue
        if W.ndim != 2:
            raise UsageError("this is no weight of a dense layer", found=f"{name} {W.shape}", expected="(out, in)")
        bias = arrays.get(name.removesuffix("weight") + "bias", np.zeros(len(W), W.dtype))
        if bias.shape != (len(W),):
            raise UsageError("a bias does not fit its weights", found=f"{bias.shape}", expected=f"({len(W)},)")
        pairs.append((W.T, bias))
    if not pairs:
        raise UsageError("there are no weights in it", expected="arrays named *.weight and *.bias")
    return pairs


def _of_scikit(model: Any) -> Network:
    pairs = list(zip(model.coefs_, model.intercepts_, strict=True))
    cost = {"softmax": "softmax-cross-entropy", "logistic": "sigmoid-cross-entropy"}.get(
        model.out_activation_, "quadratic"
    )
    network = _made(pairs, _word(model.activation), "identity", cost)
    if model.out_activation_ == "identity":
        from whynet.data.problem import Regression
        from whynet.data.protocol import names_of

        network.problem = Regression(names_of(network.sizes[-1]))
    elif pairs[-1][0].shape[1] in (1, len(model.classes_)):
        from whynet.data.problem import Classification

        network.problem = Classification(tuple(map(str, model.classes_.tolist())))
    return network


def _of_keras(model: Any) -> tuple[list[Pair], list[str]]:
    pairs, names = [], []
    for layer in model.layers:
        kind, arrays = type(layer).__name__, [np.asarray(one) for one in layer.get_weights()]
        if kind == "Dense":
            W = arrays[0]
            pairs.append((W, arrays[1] if len(arrays) > 1 else np.zeros(W.shape[1], W.dtype)))
            names += ["dense", getattr(layer.activation, "__name__", "linear")]
        elif not arrays:
            own = getattr(layer, "activation", None) if kind == "Activation" else None
            names.append(_kind(layer) if own is None else own.__name__)
        else:
            raise UsageError(f"layers of the kind {kind} cannot be taken over", expected="dense layers and activations")
    if not pairs:
        raise UsageError("there are no dense layers in it")
    return pairs, _words(names)


def _kind(layer: Any) -> str:
    """The name of its class.

    Raises
    ------
    UsageError
        A slope that whynet's activation of that name has not.
    """
    slopes = {"negative_slope": 0.01, "alpha": 1.0}
    for name, usual in slopes.items():
        if abs(float(getattr(layer, name, usual)) - usual) > 1e-6:
            raise UsageError(f"{type(layer).__name__} has {name} {getattr(layer, name)}", expected=str(usual))
    return type(layer).__name__


def _words(names: list[str]) -> list[str]:
    """Layers by their classes' names, as "dense" and activations; what computes nothing is left out."""
    found = []
    for name in names:
        plain = name.lower().replace("_", "")
        if plain in ("dense", "linear") and name != "linear":
            found.append("dense")
        elif plain not in PASSED and plain != "sequential":
            found.append(_word(name))
    return found


def _word(name: str) -> str:
    plain = name.lower().replace("_", "")
    if plain not in ACTIVATIONS:
        raise UsageError(f"the layer or activation '{name}' cannot be taken over", expected=", ".join(ACTIVATIONS))
    return ACTIVATIONS[plain]


def _activations(names: list[str] | None, layers: int, given: str) -> tuple[str, str]:
    """That of the hidden layers, and that of the last."""
    if names is None:
        if not given and layers > 1:
            raise UsageError("a state dict does not say which activation the layers have", do='Give activation="relu"')
        return given or "identity", "identity"
    after: list[str] = []
    for name in names:
        if name == "dense":
            after.append("identity")
        elif after and name != "identity":
            if after[-1] != "identity":
                raise UsageError("two activations follow each other", found=f"{after[-1]}, {name}")
            after[-1] = name
    if len(set(after[:-1])) > 1:
        raise UsageError("the hidden layers have several activations", found=", ".join(after[:-1]), expected="one")
    return after[0] if len(after) > 1 else "identity", after[-1]


def _array(value: Any) -> Array:
    if hasattr(value, "detach"):
        value = value.detach().cpu().numpy()
    return np.asarray(value)


def _read(path: Path) -> dict[str, Array]:
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    check_header(path)
    try:
        found: dict[str, Array] = load_file(str(path))
    except SafetensorError as error:
        raise BadFile(f"this is no readable .safetensors file: {error}", where=str(path)) from None
    order = sorted(found, key=lambda name: [int(part) if part.isdigit() else part for part in name.split(".")[:-1]])
    return {name: found[name] for name in order}
