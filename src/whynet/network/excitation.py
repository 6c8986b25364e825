"""What the units of a layer respond to: their masks, and the input that excites each most.

A mask is the unit's weights, seen from the input: exactly so in the first layer; further up, as if all layers before
were linear. The exciting input is found by gradient ascent through the network as it is (Erhan et al. 2009).
"""

from __future__ import annotations

import numpy as np

from whynet.errors import UsageError
from whynet.network.attribution import before_activation, slopes
from whynet.network.layers import BatchNorm, Dense, Dropout, GaussianNoise
from whynet.network.network import Network
from whynet.types import Array

STEPS = 80
FLAT = (BatchNorm.kind, Dense.kind, Dropout.kind, GaussianNoise.kind)


def linear(network: Network) -> bool:
    """Whether its units have masks: its layers are dense, and those that go with dense ones.

    >>> linear(Network([4, 3, 2], batch_norm=True, dropout=0.5))
    True
    """
    return all(len(one.out_shape) == 1 and one.kind in FLAT for one in network.layers)


def masks(network: Network, layer: int) -> Array:
    """The masks of the units of the Dense layer number `layer` (0 = first), (features, units).

    >>> network = Network([4, 3, 2])
    >>> masks(network, 0).shape, masks(network, 1).shape
    ((4, 3), (4, 2))

    Raises
    ------
    UsageError
        There is no such layer, or its units have no masks.
    """
    if not linear(network):
        raise UsageError("units have masks where all layers are dense", found=repr(network))
    seen = np.eye(network.sizes[0], dtype=network.dtype)
    for index in range(_end(network, layer)):
        one, arrays = network.layers[index], network.arrays(index)
        if isinstance(one, Dense):
            seen = seen @ arrays["W"]
        elif isinstance(one, BatchNorm):
            seen = seen * (arrays["scale"] / np.sqrt(arrays["variance"] + one.epsilon))
    return seen


def exciting_inputs(network: Network, layer: int, units: Array, examples: Array, low: float, high: float) -> Array:
    """For each of these units of Dense layer number `layer`, the features that excite it most, (units, features).

    Among inputs like the `examples (n, features)`: every feature lies between `low` (no ink) and `high` (full ink), the
    ink `x - low` is at most as long as theirs on the average, else every unit would simply ask for more; and features
    are moved in proportion to their spread, so that what is never inked stays blank.

    >>> network = Network([3, 2, 2], dtype="float64")
    >>> np.copyto(network.params[0]["W"], [[1, -1], [0, 1], [-1, 0]])
    >>> examples = np.array([[0, 0.5, 0], [0.5, 0, 0], [0, 0, 0.5]])
    >>> exciting_inputs(network, 0, np.array([0, 1]), examples, low=0, high=1).round(2)
    array([[0.5, 0. , 0. ],
           [0. , 0.5, 0. ]])

    Raises
    ------
    UsageError
        There is no such layer, or a layer in between cannot hand a gradient on.
    """
    end = _end(network, layer)
    layers = before_activation(network.layers[:end])
    length = float(np.linalg.norm(examples - low, axis=1).mean())
    spread = examples.std(axis=0).astype(network.dtype)
    ink = np.tile((examples.mean(axis=0) - low).astype(network.dtype), (len(units), 1))
    dy = np.zeros((len(units), layers[-1].outputs), dtype=network.dtype)
    dy[np.arange(len(units)), units] = 1
    straight = all(isinstance(one, Dense) and one.activation == "identity" for one in layers)
    for step in range(STEPS):
        if step == 0 or not straight:  # of a linear function the slope is the same everywhere
            slope = slopes(network, layers, ink + low, dy) * spread
        size = np.linalg.norm(slope, axis=1, keepdims=True)
        ink = ink + length * (1 - step / STEPS) * slope / np.maximum(size, np.finfo(ink.dtype).tiny)
        ink = np.clip(ink, 0, high - low)
        ink *= np.minimum(1, length / np.maximum(np.linalg.norm(ink, axis=1, keepdims=True), 1e-30))
    return ink + low


def _end(network: Network, layer: int) -> int:
    """How many layers it takes to get the weighted inputs of Dense layer number `layer`, normalisation included."""
    dense = [index for index, one in enumerate(network.layers) if isinstance(one, Dense)]
    if not 0 <= layer < len(dense):
        raise UsageError("there is no such layer", expected=f"0 to {len(dense) - 1}", found=str(layer))
    at = dense[layer]
    after = network.layers[at + 1] if at + 1 < len(network.layers) else None
    return at + 2 if isinstance(after, BatchNorm) else at + 1
