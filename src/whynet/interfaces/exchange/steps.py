"""What a network does to predict, as a list of steps that any other library can be told."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import numpy as np

from whynet.errors import UsageError
from whynet.network.network import Network
from whynet.types import Array

Kind = Literal[
    "scale", "dense", "convolve", "pool", "flatten", "normalise", "activation", "chance", "output", "unscale"
]
POOLS = {"max-pool2d": "max", "average-pool2d": "mean", "global-average-pool": "all"}
CHANCE = {"dropout": "dropout", "gaussian-noise": "noise"}
OUTPUTS = {"softmax-cross-entropy": "softmax", "sigmoid-cross-entropy": "sigmoid"}  # else shares of the scores


class View(NamedTuple):
    """How a step looks at a picture: its shape (rows, columns, channels), the window that is laid on it, how far it is
    from one place to the next, and the zeros before and after its rows and columns.

    >>> View((8, 8, 1), (3, 3), (1, 1)).zeros
    ((0, 0), (0, 0))
    """

    shape: tuple[int, ...]
    size: tuple[int, int] = (1, 1)
    stride: tuple[int, int] = (1, 1)
    zeros: tuple[tuple[int, int], tuple[int, int]] = ((0, 0), (0, 0))


class Step(NamedTuple):
    """One step: its kind, its arrays, the name of an activation or of a kind of output, and its numbers.

        scale       offset, divisor: `(x - offset) / divisor`
        dense       W (in, out), b
        convolve    W (kernel rows x columns x channels, filters), b; `view`
        pool        max, mean, or the mean of all pixels; `view`
        flatten     nothing: between steps an example is a row, its pixels row by row, the channels of each side by side
        normalise   scale, shift, mean, variance, and the number epsilon; of a picture for each channel, see `view`
        activation  a name of whynet's
        chance      dropout or noise: nothing, when predicting; its place counts in the names of a model file
        output      softmax, sigmoid or shares: from scores to probabilities
        unscale     offset, divisor: `x * divisor + offset`

    >>> [step.kind for step in steps_of(Network([4, 3, 2], activation="relu"))]
    ['dense', 'activation', 'dense', 'output']
    """

    kind: Kind
    arrays: dict[str, Array]
    name: str = ""
    number: float = 0.0
    view: View | None = None


def steps_of(network: Network) -> list[Step]:
    """The steps of a network from examples as they are handed over to probabilities, or to numbers in their own units.

    Raises
    ------
    UsageError
        It has a layer that cannot be told.
    """
    steps: list[Step] = []
    scaling = network.scaling
    if scaling is not None:
        steps.append(Step("scale", {"offset": np.array(scaling.offset), "divisor": np.array(scaling.divisor)}))
    for index, layer in enumerate(network.layers):
        arrays = dict(network.arrays(index))
        if layer.kind == "dense":
            steps.append(Step("dense", arrays))
        elif layer.kind == "batch-norm":
            view = View(layer.in_shape) if len(layer.in_shape) == 3 else None
            steps.append(Step("normalise", arrays, number=float(layer.as_dict()["epsilon"]), view=view))
        elif layer.kind == "conv2d":
            told: Any = layer
            view = View(layer.in_shape, told.kernel, told.stride, told.geometry.padding)
            steps.append(Step("convolve", arrays, view=view))
        elif layer.kind in POOLS:
            told = layer
            whole = layer.kind == "global-average-pool"
            view = View(layer.in_shape) if whole else View(layer.in_shape, told.size, told.stride)
            steps.append(Step("pool", {}, POOLS[layer.kind], view=view))
        elif layer.kind == "flatten":
            steps.append(Step("flatten", {}))
        elif layer.kind in CHANCE:
            steps.append(Step("chance", {}, CHANCE[layer.kind]))
            continue
        else:
            raise UsageError(
                f"layers of the kind {layer.kind} cannot be exported",
                do="Hand over the model.safetensors of the run",
            )
        if layer.activation not in (None, "identity"):
            steps.append(Step("activation", {}, layer.activation))
    problem = network.problem
    if problem.kind != "regression":
        return [*steps, Step("output", {}, OUTPUTS.get(network.cost_name, "shares"))]
    offset, divisor = getattr(problem, "offset", None), getattr(problem, "divisor", None)
    if offset is not None and divisor is not None:
        steps.append(Step("unscale", {"offset": np.array(offset), "divisor": np.array(divisor)}))
    return steps


def outputs_of(network: Network, X: Array) -> Array:
    """What an exported file should put out: probabilities, or numbers.

    >>> outputs_of(Network([4, 2], init="zeros"), np.zeros((1, 4)))
    array([[0.5, 0.5]], dtype=float32)
    """
    if network.problem.kind == "regression":
        return network.problem.predictions(network.scores(X))
    return network.probabilities(X)
