"""The derivatives of what moves numbers and computes nothing: reshape, transpose, index, join, repeat, pad."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from whynet.subjects.program.rules import RULES, fitted, rule
from whynet.types import Array

__all__ = ["RULES"]


@rule("reshape", "ravel", "squeeze", "expand_dims", "atleast_2d", "atleast_1d", "item")
def _reshape(g: Any, out: Any, a: Any, *rest: Any, **_: Any) -> Sequence[Any]:
    order: Any = next((one for one in rest if isinstance(one, str)), _.get("order", "C"))
    if np.size(g) != np.size(a):
        raise NotImplementedError
    return [np.reshape(np.ravel(np.asarray(g), order), np.shape(a), order), *[None] * len(rest)]


@rule("T")
def _T(g: Any, out: Any, a: Any) -> Sequence[Any]:  # noqa: N802
    return [np.asarray(g).T]


@rule("transpose")
def _transpose(g: Any, out: Any, a: Any, *axes: Any, **rest: Any) -> Sequence[Any]:
    given = rest.get("axes", axes[0] if len(axes) == 1 else axes or None)
    turned = np.asarray(g).T if given is None else np.transpose(g, np.argsort(given))
    return [turned, *[None] * len(axes)]


@rule("swapaxes")
def _swapaxes(g: Any, out: Any, a: Any, first: int, second: int) -> Sequence[Any]:
    return [np.swapaxes(np.asarray(g), first, second), None, None]


@rule("moveaxis")
def _moveaxis(g: Any, out: Any, a: Any, source: Any, target: Any) -> Sequence[Any]:
    return [np.moveaxis(np.asarray(g), target, source), None, None]


@rule("roll")
def _roll(g: Any, out: Any, a: Any, shift: Any, axis: Any = None, **_: Any) -> Sequence[Any]:
    return [np.roll(g, np.negative(shift), axis), None, None]


@rule("getitem")
def _getitem(g: Any, out: Any, a: Any, index: Any) -> Sequence[Any]:
    whole = np.zeros(np.shape(a))
    np.add.at(whole, whole_index(index), g)
    return [whole, None]


@rule("take")
def _take(g: Any, out: Any, a: Any, index: Any, axis: Any = None, **_: Any) -> Sequence[Any]:
    whole = np.zeros(np.shape(a))
    if axis is None:
        np.add.at(whole.reshape(-1), np.asarray(index, dtype=int), g)
    else:
        np.add.at(np.moveaxis(whole, axis, 0), np.asarray(index, dtype=int), np.moveaxis(np.asarray(g), axis, 0))
    return [whole, None, None]


@rule("setitem")
def _setitem(g: Any, out: Any, a: Any, index: Any, value: Any) -> Sequence[Any]:
    kept = np.array(g, dtype=float)
    taken = kept[whole_index(index)].copy() if np.ndim(kept[whole_index(index)]) else kept[whole_index(index)]
    kept[whole_index(index)] = 0.0
    return [kept, None, fitted(taken, value)]


def whole_index(index: Any) -> Any:
    """An index as NumPy wants it: numbers that were noted as floats are whole ones.

    >>> whole_index((slice(2), 1.0))
    (slice(None, 2, None), array(1))
    """
    if isinstance(index, tuple):
        return tuple(whole_index(one) for one in index)
    if isinstance(index, (float, list)) or (isinstance(index, np.ndarray) and index.dtype.kind == "f"):
        return np.asarray(index).astype(int)
    return index


def _parts(g: Any, sizes: list[int], axis: int) -> list[Array]:
    return np.split(np.asarray(g), np.cumsum(sizes)[:-1], axis=axis)


@rule("concatenate", "append")
def _concatenate(g: Any, out: Any, first: Any, *rest: Any, axis: Any = 0, **_: Any) -> Sequence[Any]:
    arrays, axis = (first, rest[0] if rest else axis) if isinstance(first, (list, tuple)) else ([first, rest[0]], axis)
    if axis is None or (not isinstance(first, (list, tuple)) and np.ndim(out) == 1):
        parts = _parts(g, [np.size(one) for one in arrays], 0)
        parts = [part.reshape(np.shape(one)) for part, one in zip(parts, arrays, strict=True)]
    else:
        parts = _parts(g, [np.shape(one)[axis] for one in arrays], axis)
    return [parts, None] if isinstance(first, (list, tuple)) else [*parts, None]


@rule("hstack")
def _hstack(g: Any, out: Any, arrays: Any) -> Sequence[Any]:
    parts = _parts(g, [max(1, np.shape(one)[min(1, np.ndim(one) - 1)] if np.ndim(one) else 1) for one in arrays],
                   min(1, np.ndim(g) - 1))  # fmt: skip
    return [[part.reshape(np.shape(one)) for part, one in zip(parts, arrays, strict=True)]]


@rule("vstack")
def _vstack(g: Any, out: Any, arrays: Any) -> Sequence[Any]:
    parts = _parts(g, [np.shape(one)[0] if np.ndim(one) > 1 else 1 for one in arrays], 0)
    return [[part.reshape(np.shape(one)) for part, one in zip(parts, arrays, strict=True)]]


@rule("column_stack")
def _column_stack(g: Any, out: Any, arrays: Any) -> Sequence[Any]:
    parts = _parts(g, [np.shape(one)[1] if np.ndim(one) > 1 else 1 for one in arrays], 1)
    return [[part.reshape(np.shape(one)) for part, one in zip(parts, arrays, strict=True)]]


@rule("stack")
def _stack(g: Any, out: Any, arrays: Any, axis: int = 0, **_: Any) -> Sequence[Any]:
    return [list(np.moveaxis(np.asarray(g), axis, 0)), None]


@rule("broadcast_to")
def _broadcast_to(g: Any, out: Any, a: Any, *rest: Any, **_: Any) -> Sequence[Any]:
    return [fitted(g, a), *[None] * len(rest)]


@rule("repeat")
def _repeat(g: Any, out: Any, a: Any, count: Any, axis: Any = None, **_: Any) -> Sequence[Any]:
    if not isinstance(count, int):
        raise NotImplementedError
    shape = np.shape(a) if axis is not None else (np.size(a),)
    axis = 0 if axis is None else int(axis) % len(shape)
    split = np.reshape(g, (*shape[: axis + 1], count, *shape[axis + 1 :])).sum(axis=axis + 1)
    return [split.reshape(np.shape(a)), None, None]


@rule("tile")
def _tile(g: Any, out: Any, a: Any, reps: Any) -> Sequence[Any]:
    reps = (reps,) if isinstance(reps, int) else tuple(reps)
    wide = max(len(reps), np.ndim(a))
    reps, shape = (1,) * (wide - len(reps)) + reps, (1,) * (wide - np.ndim(a)) + np.shape(a)
    pairs = [n for pair in zip(reps, shape, strict=True) for n in pair]
    return [np.reshape(g, pairs).sum(axis=tuple(range(0, 2 * wide, 2))).reshape(np.shape(a)), None]


@rule("pad")
def _pad(g: Any, out: Any, a: Any, width: Any, *rest: Any, **said: Any) -> Sequence[Any]:
    if (rest or [said.get("mode", "constant")])[0] != "constant":
        raise NotImplementedError
    pairs = np.broadcast_to(np.asarray(width), (np.ndim(a), 2))
    inner = tuple(slice(int(low), int(low) + n) for (low, _), n in zip(pairs, np.shape(a), strict=True))
    return [np.asarray(g)[inner], *[None] * (1 + len(rest))]


@rule("diag")
def _diag(g: Any, out: Any, a: Any, **_: Any) -> Sequence[Any]:
    return [np.diag(g)] if np.ndim(a) == 1 or np.shape(a)[0] == np.shape(a)[1] else [None]
