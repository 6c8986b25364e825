"""Likeness: which mistake in a convolution or a pool gives a gradient that is wrong, to the last digits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from whynet.mistakes.pictures import PICTURES, makers, spoilt_pictures
from whynet.mistakes.search import off
from whynet.network.network import Network
from whynet.params import Params

ROUNDING = 1e-14  # of the largest array: a difference below it is one of rounding


class Alike(NamedTuple):
    """A mistake, and the layers that it is in; `others` give the same numbers in this network.

    >>> Alike("pool-to-all", (1,)).others
    ()
    """

    name: str
    layers: tuple[int, ...]
    others: tuple[str, ...] = ()


def pictures_like(
    theirs: Sequence[Params], places: Sequence[Network], gradient: Callable[[Network], Params], tolerance: float = 1e-6
) -> Alike | None:
    """The mistake of `PICTURES` with which the sound networks in `places` have these gradients; None if there is none.
    A layer is named where it would not do without the mistake in it.

    >>> from whynet.network.layers import Conv2D, Dense, MaxPool2D
    >>> layers = [Conv2D((6, 6, 1), 2, 3), MaxPool2D((4, 4, 2), 2), Dense(8, 2)]
    >>> sound = Network(layers=layers, dtype="float64")
    >>> X, targets = np.random.default_rng(0).normal(size=(4, 36)), np.eye(2)[[0, 1, 1, 0]]
    >>> wrong = spoilt_pictures("pool-to-all", sound).gradients(X, targets)
    >>> pictures_like([wrong], [sound], lambda network: network.gradients(X, targets))
    Alike(name='pool-to-all', layers=(1,), others=())
    """

    def explains(name: str, layers: Sequence[int]) -> bool:
        return all(
            same(their, gradient(spoilt_pictures(name, network, layers)), tolerance)
            for their, network in zip(theirs, places, strict=True)
        )

    found = []
    with np.errstate(all="ignore"):
        for name in PICTURES:
            able = makers(name, places[0])
            for layers in (able, *([index] for index in able if len(able) > 1)):
                if layers and explains(name, layers):
                    needed = [one for one in layers if not explains(name, [other for other in layers if other != one])]
                    found.append((name, tuple(needed)))
                    break
    if not found:
        return None
    first, where = found[0]
    return Alike(first, where, tuple(name for name, _ in found[1:]))


def same(theirs: Params, ours: Params, tolerance: float = 1e-6) -> bool:
    """Whether two gradients are the same, array by array, but for rounding.

    >>> one = Params(({"W": (2, 1)},), np.array([1.0, 2.0]))
    >>> same(one, one.copy())
    True
    """
    largest = float(np.abs(theirs.vector).max(initial=0))
    return all(
        off(a, b) <= tolerance or float(np.abs(a - b).max(initial=0)) <= ROUNDING * largest
        for (_, a), (_, b) in zip(theirs.named(), ours.named(), strict=True)
    )
