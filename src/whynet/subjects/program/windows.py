"""The derivatives of windows and convolutions: what lies under a kernel, laid on every place."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from whynet.subjects.program.layout import RULES
from whynet.subjects.program.rules import fitted, rule
from whynet.types import Array

__all__ = ["RULES"]


def _gathers(name: str, function: Callable[..., Any]) -> None:
    """What only picks numbers says of an array of positions which ones: each gets the sum of where it was put."""

    @rule(name)
    def one(g: Any, out: Any, a: Any, *rest: Any, **said: Any) -> Sequence[Any]:
        said = {key: value for key, value in said.items() if key not in ("subok", "writeable")}
        picked = function(np.arange(np.size(a)).reshape(np.shape(a)), *rest, **said)
        return [_put_back(g, picked, np.shape(a)), *[None] * len(rest)]


PICKING: dict[str, Callable[..., Any]] = {
    "sliding_window_view": sliding_window_view, "rot90": np.rot90, "flip": np.flip, "flipud": np.flipud,
    "fliplr": np.fliplr,
}  # fmt: skip
for _name, _function in PICKING.items():
    _gathers(_name, _function)


def _put_back(g: Any, picked: Array, shape: tuple[int, ...]) -> Array:
    whole = np.zeros(int(np.prod(shape)))
    np.add.at(whole, np.ravel(picked), np.ravel(np.asarray(g, dtype=float)))
    return whole.reshape(shape)


@rule("as_strided")
def _as_strided(g: Any, out: Any, a: Any, shape: Any = None, strides: Any = None, **_: Any) -> Sequence[Any]:
    """The memory is not read again: whether the positions are the right ones is seen by what came out."""
    a, out = np.asarray(a), np.asarray(out)
    steps = strides if strides is not None else a.strides[-out.ndim :]
    picked = np.zeros(out.shape, dtype=int)
    for axis, (n, step) in enumerate(zip(out.shape, steps, strict=True)):
        bytes_on = np.arange(n) * int(step)
        picked += bytes_on.reshape((-1,) + (1,) * (out.ndim - 1 - axis))
    picked //= a.itemsize
    if picked.min() < 0 or picked.max() >= a.size or not np.array_equal(np.ravel(a)[picked], out, equal_nan=True):
        raise NotImplementedError
    return [_put_back(g, picked, a.shape), None, None]


@rule("add_at")
def _add_at(g: Any, out: Any, a: Any, index: Any, value: Any) -> Sequence[Any]:
    """`np.add.at(a, index, value)`: the index may hold a place several times, and all of it adds up."""
    return [g, None, RULES["setitem"](g, out, a, index, value)[2]]


@rule("sub_at")
def _sub_at(g: Any, out: Any, a: Any, index: Any, value: Any) -> Sequence[Any]:
    return [g, None, np.negative(_add_at(g, out, a, index, value)[2])]


@rule("take_along_axis")
def _take_along_axis(g: Any, out: Any, a: Any, index: Any, axis: Any = -1) -> Sequence[Any]:
    places = np.arange(np.size(a)).reshape(np.shape(a))
    return [_put_back(g, np.take_along_axis(places, np.asarray(index, dtype=int), axis), np.shape(a)), None, None]


@rule("put_along_axis")
def _put_along_axis(g: Any, out: Any, a: Any, index: Any, values: Any, axis: Any) -> Sequence[Any]:
    index, kept = np.asarray(index, dtype=int), np.array(g, dtype=float)
    taken = np.take_along_axis(kept, index, axis)
    np.put_along_axis(kept, index, 0.0, axis)
    return [kept, None, fitted(taken, values), None]


@rule("copyto")
def _copyto(g: Any, out: Any, a: Any, b: Any) -> Sequence[Any]:
    return [None, fitted(g, b)]


def correlated(a: Array, kernel: Array) -> Array:
    """The kernel laid on every place where all of it fits.

    >>> correlated(np.array([1.0, 2.0, 4.0]), np.array([1.0, 10.0]))
    array([21., 42.])
    """
    places = sliding_window_view(a, kernel.shape)
    return np.tensordot(places, kernel, axes=kernel.ndim)


def convolved(a: Array, b: Array) -> Array:
    """The whole convolution, with zeros round the array.

    >>> convolved(np.array([1.0, 2.0]), np.array([1.0, 10.0]))
    array([ 1., 12., 20.])
    """
    return correlated(np.pad(a, [(n - 1, n - 1) for n in b.shape]), np.flip(b))


def _cuts(whole: tuple[int, ...], b: tuple[int, ...], shape: tuple[int, ...]) -> Iterator[tuple[slice, ...]]:
    """What a mode may have kept of the whole convolution: all, what needs no zeros, or as much as went in."""
    starts = []
    for n, k, kept in zip(whole, b, shape, strict=True):
        if kept == n:
            starts.append([0])
        elif kept == n - 2 * (k - 1):
            starts.append([k - 1])
        elif kept == n - (k - 1):
            starts.append(sorted({(k - 1) // 2, k // 2}))
        else:
            return
    for chosen in itertools.product(*starts):
        yield tuple(slice(start, start + kept) for start, kept in zip(chosen, shape, strict=True))


@rule("convolve")
def _convolve(g: Any, out: Any, a: Any, b: Any, *rest: Any, **_: Any) -> Sequence[Any]:
    """NumPy's and SciPy's, whatever the mode is called: it is seen by what came out."""
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    whole = convolved(a, b)
    for cut in _cuts(whole.shape, b.shape, np.shape(out)):
        if np.allclose(whole[cut], out, rtol=1e-6, atol=1e-6 * float(np.max(np.abs(out), initial=0))):
            spread = np.zeros(whole.shape)
            spread[cut] = g
            return [correlated(spread, b), correlated(spread, a), *[None] * len(rest)]
    raise NotImplementedError  # another rim than zeros, or the two exchanged


@rule("correlate")
def _correlate(g: Any, out: Any, a: Any, b: Any, *rest: Any, **said: Any) -> Sequence[Any]:
    of_a, of_b, *others = _convolve(g, out, a, np.flip(np.asarray(b)), *rest, **said)
    return [of_a, np.flip(of_b), *others]
