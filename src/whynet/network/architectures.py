"""Architectures: the layers of a network from a few words: `mlp` from the units of each layer, `convnet` from a line
for each layer, such as `conv 16 5x5`, `pool 2`, `dense 128`.
"""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from whynet.aliases import meant
from whynet.errors import UsageError, did_you_mean
from whynet.network.activations import ACTIVATIONS
from whynet.network.layers import LAYERS, BatchNorm, Dense, Dropout, GaussianNoise, Layer, Plain, Shape
from whynet.network.layers.base import named
from whynet.network.layers.conv2d import PADDINGS

AROUND = ("batch-norm", "dropout", "noise")  # what may stand with a layer that has weights
EXAMPLES = "conv 16 5x5 stride 2 same, pool 2, dense 128 batch-norm dropout 0.5"


@dataclass(frozen=True)
class Style:
    """What holds for all layers of a network: the `activation` of the hidden ones and of the output, how weights are
    drawn, and what stands before and after each hidden layer.

    >>> Style("relu").output_activation
    'identity'
    """

    activation: str = "sigmoid"
    output_activation: str = "identity"
    init: str = "scaled-normal"
    bias_init: str = "zeros"
    output_init: str | None = None
    batch_norm: bool = False
    dropout: float = 0.0
    input_dropout: float = 0.0
    noise: float = 0.0
    input_noise: float = 0.0

    def __post_init__(self) -> None:
        named(self, "activation", "output_activation", "init", "bias_init", "output_init")

    def dense(self, inputs: int, outputs: int, *, last: bool) -> Dense:
        """A dense layer of that style."""
        if last:
            return Dense(inputs, outputs, self.output_activation, self.output_init or self.init, self.bias_init)
        return Dense(inputs, outputs, self.activation, self.init, self.bias_init)

    def hidden(self, layer: Any) -> list[Layer]:
        """A hidden layer with what goes with it; under normalisation, the activation comes after it."""
        layers: list[Layer] = [layer]
        if self.batch_norm and layer.activation is not None:
            layers = [replace(layer, activation="identity"), BatchNorm(layer.out_shape, layer.activation)]
        return [*layers, *chance(layer.out_shape, self.dropout, self.noise)]


DEFAULT = Style()


def chance(shape: Shape, dropout: float, noise: float) -> list[Layer]:
    """The layers that add chance where it is wanted.

    >>> chance((30,), dropout=0.5, noise=0.0)
    [Dropout(shape=(30,), rate=0.5)]
    """
    layers: list[Layer] = [GaussianNoise(shape, noise)] if noise else []
    return [*layers, Dropout(shape, dropout)] if dropout else layers


def mlp(sizes: Sequence[int], style: Style = DEFAULT) -> list[Layer]:
    """Dense layers from input to output.

    >>> [layer.kind for layer in mlp([784, 30, 10], Style("relu", dropout=0.5))]
    ['dense', 'dropout', 'dense']

    Raises
    ------
    UsageError
        Fewer than two sizes, or a name or number that makes no sense.
    """
    if len(sizes) < 2:
        raise UsageError(
            "a network needs an input and an output",
            expected="two sizes or more, such as 784,30,10",
            found=",".join(map(str, sizes)) or "none",
        )
    *hidden, last = pairwise(sizes)
    return [
        *chance((sizes[0],), style.input_dropout, style.input_noise),
        *(part for ends in hidden for part in style.hidden(style.dense(*ends, last=False))),
        style.dense(*last, last=True),
    ]


def convnet(in_shape: Shape, lines: Sequence[str], outputs: int, style: Style = DEFAULT) -> list[Layer]:
    """The hidden layers that the `lines` say, for examples of that shape, and the dense output layer after them.

    A line is the word of a layer and its numbers, then in any order: `stride 2`, `same`, an activation of its own, and
    for layers with weights `batch-norm`, `dropout 0.5`, `noise 0.1`. Any other setting is given by its name: `init he`.

    >>> for layer in convnet((28, 28, 1), ["conv 16 5x5", "pool 2", "dense 128 dropout 0.5"], 10, Style("relu")):
    ...     print(layer.kind, layer.out_shape)
    conv2d (24, 24, 16)
    max-pool2d (12, 12, 16)
    dense (128,)
    dropout (128,)
    dense (10,)

    Raises
    ------
    UsageError
        A line that makes no sense, or a layer that does not fit what comes before it.
    """
    return [layer for _, layer in numbered(in_shape, lines, outputs, style)]


def numbered(in_shape: Shape, lines: Sequence[str], outputs: int, style: Style = DEFAULT) -> list[tuple[int, Layer]]:
    """The layers of `convnet`, each with the number of its line; those before the first have 0, the output layer that
    of the next line.

    >>> [(number, layer.kind) for number, layer in numbered((8, 8, 1), ["conv 4 3x3 batch-norm", "pool 2"], 10)]
    [(1, 'conv2d'), (1, 'batch-norm'), (2, 'max-pool2d'), (3, 'dense')]
    """
    layers = [(0, layer) for layer in chance(in_shape, style.input_dropout, style.input_noise)]
    shape = in_shape
    for number, line in enumerate(lines, 1):
        try:
            layers += [(number, layer) for layer in _said(line, shape, style)]
        except UsageError as error:
            raise UsageError(
                f"layer {number} ({line.strip()}): {error.message}",
                where=f"a network for inputs of {'x'.join(map(str, in_shape))}",
                expected=error.expected, found=error.found, do=error.do,
            ) from None  # fmt: skip
        shape = layers[-1][1].out_shape
    return [*layers, (len(lines) + 1, style.dense(math.prod(shape), outputs, last=True))]


def words() -> dict[str, type[Plain]]:
    """The word that begins a line, and the layer that it means.

    >>> words()["pool"].kind
    'max-pool2d'
    """
    return {layer.written.split()[0] if layer.written else kind: layer for kind, layer in LAYERS.items()}


def _said(line: str, in_shape: Shape, style: Style) -> list[Layer]:
    """The layers of one line."""
    word, *rest = line.split() or [""]
    if word not in words():
        raise UsageError("there is no such layer", expected=f"lines such as {EXAMPLES}", do=did_you_mean(word, words()))
    kind = words()[word]
    _, *fields = (field.name for field in dataclasses.fields(kind))  # type: ignore[arg-type]
    values = {one.name: one.default for one in dataclasses.fields(kind) if one.default is not dataclasses.MISSING}  # type: ignore[arg-type]
    after: dict[str, Any] = {}
    if kind.weight_names:
        values |= {name: getattr(style, name) for name in ("activation", "init", "bias_init") if name in fields}
    such = f"something such as {kind.written or word}"
    needed = [name for name in fields if name not in values]
    while rest:
        said = rest.pop(0)
        name = said.replace("-", "_")
        if kind.weight_names and said in AROUND:
            after[name] = True if said == "batch-norm" else _value(rest.pop(0) if rest else "")
        elif name in fields:
            values[name] = _value(rest.pop(0) if rest else "")
        elif said in PADDINGS and "padding" in fields:
            values["padding"] = said
        elif meant("activation", said) in ACTIVATIONS and "activation" in fields:
            values["activation"] = meant("activation", said)
        elif re.match(r"[-+.\d]", said):
            values[next((one for one in needed if one not in values), "")] = _value(said)
        else:
            known = {one.replace("_", "-") for one in fields} | ({*PADDINGS} if "padding" in fields else set())
            known |= {*AROUND} if kind.weight_names else set()
            known |= {*ACTIVATIONS} if "activation" in fields else set()
            raise UsageError(f"'{said}' means nothing here", expected=such, do=did_you_mean(said, sorted(known)))
    if "" in values or not values.keys() >= {*needed}:
        raise UsageError("these are not the numbers that it needs", expected=such)
    try:
        layer: Any = kind.from_dict(values, in_shape)
    except (TypeError, OverflowError) as error:
        raise UsageError(str(error), expected=such) from None
    if not kind.weight_names:
        return [layer]
    for name in ("dropout", "noise"):
        if name in after and not isinstance(after[name], (int, float)):
            raise UsageError(f"{name} needs a number", expected=f"{name} 0.5", found=str(after[name]) or "none")
    return replace(style, **after).hidden(layer)


def _value(said: str) -> Any:
    """A number, numbers with an x between, or a word."""
    if re.fullmatch(r"[-+]?\d+(x\d+)*", said) and len(said) < 100:
        numbers = tuple(int(part) for part in said.split("x"))
        return numbers[0] if len(numbers) == 1 else numbers
    try:
        return float(said)
    except ValueError:
        return said
