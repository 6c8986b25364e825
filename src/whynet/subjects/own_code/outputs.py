"""What a network puts out, wherever it stands in what its method returns.

Many people's `forward` returns more than the outputs: hidden activations, pre-activations, a cache. Outputs are told by
their shape; who calls decides among several.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

Way = tuple[Any, ...]
"""The keys on the way to the outputs in what a method returned; none if it is all of it."""
DEEP = 2


def ways(found: Any, deep: int = DEEP) -> Iterator[Way]:
    """The way to everything in it that is an array of numbers, the whole first.

    >>> list(ways((np.zeros((3, 1)), {"h": np.zeros((3, 4))})))
    [(0,), (1, 'h')]
    >>> list(ways([0.5, 0.25]))
    [()]
    """
    if _numbers(found):
        yield ()
    if deep and isinstance(found, (dict, list, tuple)) and not all(np.ndim(one) == 0 for one in _values(found)):
        items = found.items() if isinstance(found, dict) else enumerate(found)
        for key, value in items:
            yield from ((key, *way) for way in ways(value, deep - 1))


def at(found: Any, way: Way) -> Any:
    """What stands at the end of a way.

    >>> at((1, {"out": 2}), (1, "out"))
    2
    """
    for key in way:
        found = found[key]
    return found


def size_of(outputs: Any, rows: int | None, *, columns: bool = False) -> int | None:
    """How many outputs there are for each example, if an array may be the outputs of `rows` examples (None: of a single
    one); None if it may not.

    >>> size_of(np.zeros((4, 2)), 4), size_of(np.zeros((2, 4)), 4, columns=True), size_of(np.zeros((2, 4)), 3)
    (2, 2, None)
    """
    shape = np.shape(outputs)
    if rows is None:
        return int(np.prod(shape)) or None
    if len(shape) == 1:
        return 1 if shape[0] == rows else None
    if len(shape) != 2 or shape[1 if columns else 0] != rows:
        return None
    return int(shape[0 if columns else 1])


def suffix(way: Way) -> str:
    """The way as it is written.

    >>> suffix((0, "out"))
    "[0]['out']"
    """
    return "".join(f"[{key!r}]" for key in way)


def _values(found: Any) -> list[Any]:
    return list(found.values() if isinstance(found, dict) else found)


def _numbers(found: Any) -> bool:
    """Whether it is an array of numbers; a tuple of arrays is several things."""
    if isinstance(found, dict) or (isinstance(found, tuple) and any(np.ndim(one) for one in found)):
        return False
    try:
        array = np.asarray(found)
    except (TypeError, ValueError):
        return False
    return array.size > 0 and (np.issubdtype(array.dtype, np.number) or array.dtype == bool)
