"""Lines: a network in words with something changed: more units, other settings, fewer poolings. What `architectures`
reads is taken apart and put together again here.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Collection, Sequence

from whynet.network.activations import ACTIVATIONS
from whynet.network.architectures import AROUND, numbered, words
from whynet.network.layers import Layer, Shape
from whynet.network.layers.conv2d import PADDINGS

Part = tuple[str, str]
"""What a piece of a line sets, and the piece; the word has no name, and the numbers that every line needs are
`"units"`, the first, and `"size"`."""


def parts(line: str) -> list[Part]:
    """A line in pieces.

    >>> parts("conv 16 5x5 same tanh init he")
    [('', 'conv'), ('units', '16'), ('size', '5x5'), ('padding', 'same'), ('activation', 'tanh'), ('init', 'init he')]
    """
    word, *rest = line.split()
    kind = words()[word]
    fields = {one.name for one in dataclasses.fields(kind)}  # type: ignore[arg-type]
    found, sizes = [("", word)], ["units", "size"] if kind.weight_names else ["size"]
    while rest:
        said = rest.pop(0)
        name = said.replace("-", "_")
        if said == "batch-norm":
            found.append((name, said))
        elif name in fields or said in AROUND:
            found.append((name, f"{said} {rest.pop(0)}" if rest else said))
        elif said in PADDINGS or said in ACTIVATIONS:
            found.append(("padding" if said in PADDINGS else "activation", said))
        else:
            found.append((sizes.pop(0) if sizes else "size", said))
    return found


def without(lines: Sequence[str], names: Collection[str]) -> tuple[str, ...]:
    """The lines without settings of their own of these names, so that those of all layers hold; a line that is such a
    setting goes.

    >>> without(["conv 16 5x5 init zeros dropout 0.5", "dropout 0.5"], ["init", "bias_init"])
    ('conv 16 5x5 dropout 0.5', 'dropout 0.5')
    >>> without(["conv 16 5x5 init zeros dropout 0.5", "dropout 0.5"], ["dropout"])
    ('conv 16 5x5 init zeros',)
    """
    kept = [line for line in lines if line.split()[0].replace("-", "_") not in names]
    return tuple(" ".join(said for name, said in parts(line) if name not in names) for line in kept)


def handed_on(layers: Sequence[Layer]) -> tuple[int, ...]:
    """The numbers that come in, those that each layer with weights is handed, and those that go out: of dense layers
    their units, of a convolution what the poolings after it leave.

    >>> from whynet.network.architectures import convnet
    >>> handed_on(convnet((8, 8, 1), ["conv 4 3x3", "pool 2", "dense 20"], 10))
    (64, 36, 20, 10)
    """
    return (*(layer.inputs for layer in layers if layer.weight_names), layers[-1].outputs)


def wider(in_shape: Shape, lines: Sequence[str], widths: Sequence[int]) -> tuple[str, ...]:
    """The lines with as many filters and units as it takes for each layer with weights to hand on so many numbers;
    `widths` are those of `handed_on`.

    >>> wider((8, 8, 1), ["conv 4 3x3", "pool 2", "dense 20"], (64, 72, 30, 10))
    ('conv 8 3x3', 'pool 2', 'dense 30')
    """
    layers = numbered(in_shape, lines, 1)
    owners = [number for number, layer in layers if layer.weight_names][:-1]
    now, made = handed_on([layer for _, layer in layers]), list(lines)
    for number, old, new in zip(owners, now[1:-1], widths[1:-1], strict=True):
        pieces = [
            (name, str(math.ceil(int(said) * new / old)) if name == "units" else said)
            for name, said in parts(made[number - 1])
        ]
        made[number - 1] = " ".join(said for _, said in pieces)
    return tuple(made)


def shallower(lines: Sequence[str], layers: int) -> tuple[str, ...]:
    """The lines of the first so many layers with weights; poolings and the like stay.

    >>> shallower(["conv 4 3x3", "conv 4 3x3", "pool 2", "dense 20"], 1)
    ('conv 4 3x3', 'pool 2')
    """
    kept = []
    for line in lines:
        weighted = bool(words()[line.split()[0]].weight_names)
        if not weighted or layers > 0:
            kept.append(line)
        layers -= weighted
    return tuple(kept)


def on_one_place(layers: Sequence[Layer]) -> list[int]:
    """Which layers lay a kernel of more than one place on a picture that is a single place.

    >>> from whynet.network.architectures import convnet
    >>> on_one_place(convnet((8, 8, 1), ["conv 4 3x3 same", "pool 8", "conv 4 3x3 same"], 10))
    [2]
    """
    return [
        index
        for index, layer in enumerate(layers)
        if layer.weight_names and len(layer.in_shape) == 3 and layer.in_shape[:2] == (1, 1)
        and layer.fan_in > layer.in_shape[2]
    ]  # fmt: skip


def roomier(in_shape: Shape, lines: Sequence[str]) -> tuple[str, ...] | None:
    """The lines with as few poolings and strides taken out, the last first, as it takes for no kernel to lie on a
    single place; None if none are left to take out.

    >>> roomier((8, 8, 1), ["conv 4 3x3 same", "pool 2", "pool 4", "conv 4 3x3 same", "dense 20"])
    ('conv 4 3x3 same', 'pool 2', 'conv 4 3x3 same', 'dense 20')
    """
    made = list(lines)
    while True:
        layers = numbered(in_shape, made, 1)
        places = on_one_place([layer for _, layer in layers])
        if not places:
            return tuple(made)
        for number, layer in reversed(layers[: places[0]]):
            if layer.in_shape[:2] == layer.out_shape[:2]:
                continue
            left = [] if not layer.weight_names else list(without([made[number - 1]], ["stride"]))
            if left != [made[number - 1]]:
                made[number - 1 : number] = left
                break
        else:
            return None
