"""Kind: one row of the catalogue."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Kind:
    """A kind of mistake: the part that it spoils, the cause that it is (of the closed list), its words, and how it is
    made.

        error, W, b        of the gradient of a layer: its delta (and with it all before), its weights, its biases
        forward            what the network computes, or its cost
        convolution, pool  a layer of pictures, forward or back; also max-pool, average-pool, global-pool
        update             how a step is made from the gradient
        train, loader      the training examples; all that a wrong reader of images would read
        test, order        the test examples; the order of an epoch
        count, check       how right answers are counted; a gradient check of the program's own

    >>> Kind("b", "bias-not-updated", "it is 0", lambda p, layer: 0 * p.layers[layer][1]).part
    'b'
    """

    part: str
    cause: str
    words: str
    spoil: Callable[..., Any]
    where: str = "all"
    """Of the gradient: the layers in which it can be made, and in which a recipe makes it, as `layers_in` has them."""
    like: tuple[str, ...] = ()
    """Other kinds that give the same numbers wherever this is a mistake, so that it is taken for them; `"sound"` if the
    numbers are right until something overflows."""


def layers_in(where: str, layers: int) -> range:
    """The layers that are meant, of so many: `"all"`, `"hidden"`, `"later"` (all but the first), `"first"`, `"last"`.

    >>> layers_in("hidden", 3), layers_in("last", 3)
    (range(0, 2), range(2, 3))
    """
    first = {"later": 1, "last": layers - 1}.get(where, 0)
    return range(first, {"hidden": layers - 1, "first": 1}.get(where, layers))
