"""What every layer says of one picture, and what each unit adds to an answer: its value times the slope of the answer
in it, as for pixels in `network/attribution.py`."""

from __future__ import annotations

from typing import Any

import numpy as np

from whynet.data.dataset import Dataset
from whynet.errors import UsageError
from whynet.interfaces.web.pixels import activity, ink, signed
from whynet.network.attribution import before_activation
from whynet.network.excitation import exciting_inputs, linear, masks
from whynet.network.network import Network
from whynet.network.patches import cut, strongest
from whynet.network.stages import stages
from whynet.types import Array

FILTERS, UNITS, PATCHES, SEEN = 32, 400, 9, 500


def shown_layers(network: Network) -> list[int]:
    """The numbers of the layers that are shown: each with weights, with what follows it up to the next of its size."""
    found: list[int] = []
    for index, layer in enumerate(network.layers[:-1]):
        same = index and layer.out_shape == layer.in_shape and not layer.weight_names
        if same and found:
            found[-1] = index
        elif layer.kind != "flatten":
            found.append(index)
    return found


def look(network: Network, x: Array, about: int) -> tuple[list[dict[str, Any]], Array]:
    """The layers that are shown, of one example `x (1, features)` that is scaled; and what each feature adds to the
    answer `about`, (features,)."""
    layers = before_activation(network.layers)
    y, memos, values = x, [], []
    for index, layer in enumerate(layers):
        y, memo = layer.forward(network.arrays(index), y)
        memos.append(memo)
        values.append(y)
    slope = np.zeros_like(y)
    slope[0, about] = 1
    slopes: list[Array] = [slope] * len(layers)
    for index in reversed(range(len(layers))):
        slopes[index] = slope
        found, _ = layers[index].backward(network.arrays(index), memos[index], slope)
        if found is None:
            raise UsageError("a layer of this network hands no gradient on to its inputs")
        slope = found
    told = []
    for index in shown_layers(network):
        shape = network.layers[index].out_shape
        value, adds = values[index][0], values[index][0] * slopes[index][0]
        if len(shape) == 3:
            value = np.moveaxis(value.reshape(shape), 2, 0)[:FILTERS]
            adds = adds.reshape(shape).sum(axis=(0, 1))[:FILTERS]
        else:
            value, adds = value[:UNITS], adds[:UNITS]
        name = next((one.text for one in reversed(network.layers[: index + 1]) if one.weight_names), "")
        if not network.layers[index].weight_names and len(shape) == 3:
            name = network.layers[index].text
        told.append({
            "index": index, "name": name or network.layers[index].text, "units": shape[-1],
            "shape": list(value.shape), "adds": np.nan_to_num(adds).astype(float).round(4).tolist(), **activity(value),
        })  # fmt: skip
    return told, np.asarray((x * slope)[0])


def unit(network: Network, data: Dataset, layer: int, number: int) -> dict[str, Any]:
    """What one unit or filter looks for.

    Raises
    ------
    UsageError
        There is no such unit.
    """
    if layer not in shown_layers(network) or not 0 <= number < network.layers[layer].out_shape[-1]:
        raise UsageError("there is no such unit", found=f"unit {number} of layer {layer}")
    images = data.images[:SEEN]
    X = network._features(data.inputs[:SEEN])
    stage = next((one for one in stages(network) if one.first <= layer <= one.last), None)
    if stage is not None:
        seen = strongest(network, X, stage, PATCHES)
        return {"what": "filter", "parts": ink(cut(images, seen, stage.window)[number]),
                "sees": list(stage.window.size), "never": bool(seen.dead[number])}  # fmt: skip
    dense = [index for index, one in enumerate(network.layers) if one.kind == "dense"]
    ordinal = max((place for place, index in enumerate(dense) if index <= layer), default=None)
    shape = data.images.shape[1:]
    if not linear(network) or ordinal is None:
        y = X
        for index, one in enumerate(network.layers[: layer + 1]):
            y, _ = one.forward(network.arrays(index), y)
        flat = y.reshape(len(X), -1, network.layers[layer].out_shape[-1]).max(axis=1)[:, number]
        best = np.argsort(-flat, kind="stable")[:PATCHES]
        return {"what": "examples", "parts": ink(images[best]), "never": bool(flat.max() <= flat.min())}
    low, high = float(X.min()), float(X.max())
    exciting = exciting_inputs(network, ordinal, np.array([number]), X, low, high)[0]
    share = np.round(255 * (exciting - low) / max(high - low, 1e-12)).astype(np.uint8)
    return {"what": "unit", "mask": signed(masks(network, ordinal)[:, number].reshape(1, *shape)),
            "exciting": ink(share.reshape(1, *shape))}  # fmt: skip
