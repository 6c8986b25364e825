"""The derivative of each operation, as NumPy computes it: some sixty rules of reverse mode.

A rule gets the adjoint `g` of the result, the result and the arguments, and returns the adjoint of each positional
argument; None where nothing flows. What has no rule is opaque, and said to be.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from whynet.types import Array

Rule = Callable[..., Sequence[Any]]
RULES: dict[str, Rule] = {}
FLAT = {"lt", "le", "gt", "ge", "eq", "noteq", "sign", "argmax", "argmin", "round", "floor", "ceil", "rint", "around",
        "floordiv", "argsort", "bitor", "bitand", "bitxor", "lshift", "rshift", "searchsorted", "logical_and",
        "logical_or", "logical_not", "heaviside", "step", "nonzero", "bincount", "digitize", "mod",
        "trunc"}  # fmt: skip
"""Operations that are flat wherever they are smooth."""
TIED = {"max", "min", "nanmax", "nanmin", "maximum", "minimum", "fmax", "fmin"}
"""Operations that choose the largest or smallest of several."""


def rule(*names: str) -> Callable[[Rule], Rule]:
    """Register a rule.

    >>> "tanh" in RULES and "einsum" in RULES
    True
    """

    def keep(function: Rule) -> Rule:
        RULES.update(dict.fromkeys(names, function))
        return function

    return keep


def fitted(g: Any, like: Any) -> Any:
    """An adjoint summed over what broadcasting repeated.

    >>> fitted(np.ones((4, 3)), np.zeros(3))
    array([4., 4., 4.])
    """
    g, shape = np.asarray(g), np.shape(like)
    if g.shape == shape:
        return g
    g = g.sum(axis=tuple(range(g.ndim - len(shape)))) if g.ndim > len(shape) else g
    repeated = tuple(i for i, n in enumerate(shape) if n == 1 and g.shape[i] != 1)
    g = g.sum(axis=repeated, keepdims=True) if repeated else g
    return np.asarray(np.broadcast_to(g, shape))


def opened(g: Any, shape: tuple[int, ...], axis: Any, keepdims: bool) -> Array:
    """An adjoint of a reduction, put back along the axes that were reduced.

    >>> opened(np.array([1.0, 2.0]), (2, 3), 1, False).shape
    (2, 3)
    """
    g = np.asarray(g)
    if axis is not None and not keepdims:
        axes = axis if isinstance(axis, tuple) else (axis,)
        for one in sorted(int(a) % len(shape) for a in axes):
            g = np.expand_dims(g, one)
    elif axis is None:
        g = g.reshape((1,) * len(shape))
    return np.broadcast_to(g, shape)


def _elementwise(*names: str) -> Callable[[Callable[..., Any]], Any]:
    def keep(slope: Callable[..., Any]) -> Any:
        @rule(*names)
        def one(g: Any, out: Any, a: Any, *rest: Any, **_: Any) -> Sequence[Any]:
            return [fitted(np.multiply(g, slope(np.asarray(a, dtype=float), np.asarray(out))), a), *[None] * len(rest)]

        return slope

    return keep


for _names, _slope in {
    ("exp",): lambda a, y: y, ("expm1",): lambda a, y: y + 1, ("exp2",): lambda a, y: y * np.log(2),
    ("log",): lambda a, y: 1 / a, ("log2",): lambda a, y: 1 / (a * np.log(2)),
    ("log10",): lambda a, y: 1 / (a * np.log(10)), ("log1p",): lambda a, y: 1 / (1 + a),
    ("tanh",): lambda a, y: 1 - y * y, ("sinh",): lambda a, y: np.cosh(a), ("cosh",): lambda a, y: np.sinh(a),
    ("sin",): lambda a, y: np.cos(a), ("cos",): lambda a, y: -np.sin(a), ("tan",): lambda a, y: 1 + y * y,
    ("arctan",): lambda a, y: 1 / (1 + a * a), ("arcsin",): lambda a, y: 1 / np.sqrt(1 - a * a),
    ("arccos",): lambda a, y: -1 / np.sqrt(1 - a * a), ("arctanh",): lambda a, y: 1 / (1 - a * a),
    ("sqrt",): lambda a, y: 0.5 / y, ("cbrt",): lambda a, y: 1 / (3 * y * y), ("square",): lambda a, y: 2 * a,
    ("reciprocal",): lambda a, y: -y * y, ("abs",): lambda a, y: np.sign(a), ("neg",): lambda a, y: -np.ones_like(a),
    ("positive", "copy", "ascontiguousarray"): lambda a, y: np.ones_like(a), ("expit",): lambda a, y: y * (1 - y),
}.items():  # fmt: skip
    _elementwise(*_names)(_slope)


@rule("add")
def _add(g: Any, out: Any, a: Any, b: Any, **_: Any) -> Sequence[Any]:
    return fitted(g, a), fitted(g, b)


@rule("sub")
def _sub(g: Any, out: Any, a: Any, b: Any, **_: Any) -> Sequence[Any]:
    return fitted(g, a), fitted(np.negative(g), b)


@rule("mul")
def _mul(g: Any, out: Any, a: Any, b: Any, **_: Any) -> Sequence[Any]:
    return fitted(np.multiply(g, b), a), fitted(np.multiply(g, a), b)


@rule("div")
def _div(g: Any, out: Any, a: Any, b: Any, **_: Any) -> Sequence[Any]:
    return fitted(np.divide(g, b), a), fitted(-np.multiply(g, out) / b, b)


@rule("pow")
def _pow(g: Any, out: Any, a: Any, b: Any, **_: Any) -> Sequence[Any]:
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    base = np.multiply(g, b) * np.power(a, np.where(b == 0, 1.0, b - 1))
    power = np.multiply(g, out) * np.log(np.where(a > 0, a, 1.0))
    return fitted(base, a), fitted(power, b)


@rule("maximum", "fmax", "minimum", "fmin")
def _maximum(g: Any, out: Any, a: Any, b: Any, ties: str = "share", **_: Any) -> Sequence[Any]:
    first, second = np.not_equal(out, b) * 1.0, np.not_equal(out, a) * 1.0
    if np.shape(a) == np.shape(b) != ():  # of two arrays; at the kink of a ReLU the derivative is 0
        tied = np.equal(a, b)
        first += tied * {"share": 0.5, "last": 0.0}.get(ties, 1.0)
        second += tied * {"share": 0.5, "first": 0.0}.get(ties, 1.0)
    return fitted(np.multiply(g, first), a), fitted(np.multiply(g, second), b)


@rule("larger", "smaller")
def _larger(g: Any, out: Any, *args: Any, **_: Any) -> Sequence[Any]:
    """Python's `max` and `min`, of several numbers or of one list."""
    if len(args) == 1:
        hits = np.equal(args[0], out) * 1.0
        return [np.multiply(g, hits / hits.sum())]
    chosen = next(i for i, one in enumerate(args) if one == out)
    return [g if i == chosen else None for i in range(len(args))]


@rule("hypot")
def _hypot(g: Any, out: Any, a: Any, b: Any, **_: Any) -> Sequence[Any]:
    return fitted(np.multiply(g, a) / out, a), fitted(np.multiply(g, b) / out, b)


@rule("logaddexp")
def _logaddexp(g: Any, out: Any, a: Any, b: Any, **_: Any) -> Sequence[Any]:
    return fitted(np.multiply(g, np.exp(a - out)), a), fitted(np.multiply(g, np.exp(b - out)), b)


@rule("where")
def _where(g: Any, out: Any, test: Any, a: Any = None, b: Any = None, **_: Any) -> Sequence[Any]:
    return None, fitted(np.where(test, g, 0.0), a), fitted(np.where(test, 0.0, g), b)


@rule("clip")
def _clip(g: Any, out: Any, a: Any, low: Any = None, high: Any = None, **rest: Any) -> Sequence[Any]:
    low, high = rest.get("a_min", rest.get("min", low)), rest.get("a_max", rest.get("max", high))
    inside = np.ones(np.shape(a), dtype=bool)
    inside &= np.greater_equal(a, low) if low is not None else True
    inside &= np.less_equal(a, high) if high is not None else True
    return [np.multiply(g, inside), None, None]


@rule("matmul")
def _matmul(g: Any, out: Any, a: Any, b: Any, idle: Sequence[bool] = (), **_: Any) -> Sequence[Any]:
    a, b, g = np.asarray(a), np.asarray(b), np.asarray(g)
    if a.ndim == b.ndim == 2 and any(idle):
        return None if idle[0] else g @ b.T, None if idle[1] else a.T @ g
    if a.ndim == 1 and b.ndim == 1:
        return g * b, g * a
    if a.ndim == 1:
        wide = g[..., None, :]
        return fitted((b @ g[..., None])[..., 0], a), fitted(a[:, None] * wide, b)
    if b.ndim == 1:
        return fitted(g[..., None] * b, a), fitted((np.swapaxes(a, -1, -2) @ g[..., None])[..., 0], b)
    return fitted(g @ np.swapaxes(b, -1, -2), a), fitted(np.swapaxes(a, -1, -2) @ g, b)


@rule("dot")
def _dot(g: Any, out: Any, a: Any, b: Any, idle: Sequence[bool] = (), **_: Any) -> Sequence[Any]:
    if np.ndim(a) == 0 or np.ndim(b) == 0:
        return fitted(np.multiply(g, b), a), fitted(np.multiply(g, a), b)
    if np.ndim(a) <= 2 and np.ndim(b) <= 2:
        return _matmul(g, out, a, b, idle)
    a, b = np.asarray(a), np.asarray(b)
    axis = b.ndim - 2 if b.ndim > 1 else 0
    return _tensordot(g, out, a, b, axes=((a.ndim - 1,), (axis,)))


@rule("inner")
def _inner(g: Any, out: Any, a: Any, b: Any, **_: Any) -> Sequence[Any]:
    if np.ndim(a) == 0 or np.ndim(b) == 0:
        return fitted(np.multiply(g, b), a), fitted(np.multiply(g, a), b)
    return _tensordot(g, out, a, b, axes=((np.ndim(a) - 1,), (np.ndim(b) - 1,)))


@rule("vdot")
def _vdot(g: Any, out: Any, a: Any, b: Any, **_: Any) -> Sequence[Any]:
    return np.reshape(np.multiply(g, np.ravel(b)), np.shape(a)), np.reshape(np.multiply(g, np.ravel(a)), np.shape(b))


@rule("outer")
def _outer(g: Any, out: Any, a: Any, b: Any, **_: Any) -> Sequence[Any]:
    g = np.asarray(g)
    return (g @ np.ravel(b)).reshape(np.shape(a)), (np.ravel(a) @ g).reshape(np.shape(b))


@rule("tensordot")
def _tensordot(g: Any, out: Any, a: Any, b: Any, axes: Any = 2, **_: Any) -> Sequence[Any]:
    a, b, g = np.asarray(a), np.asarray(b), np.asarray(g)
    if isinstance(axes, int):
        pair = list(range(a.ndim - axes, a.ndim)), list(range(axes))
    else:
        pair = tuple([one] if isinstance(one, int) else list(one) for one in axes)  # type: ignore[assignment]
    left = [i % a.ndim for i in pair[0]]
    right = [i % b.ndim for i in pair[1]]
    free_a, free_b = [i for i in range(a.ndim) if i not in left], [i for i in range(b.ndim) if i not in right]
    ga = np.tensordot(g, b, axes=(list(range(len(free_a), g.ndim)), free_b))
    order = np.argsort(free_a + [left[i] for i in np.argsort(right)])
    gb = np.tensordot(a, g, axes=(free_a, list(range(len(free_a)))))
    other = np.argsort([right[i] for i in np.argsort(left)] + free_b)
    return ga.transpose(order), gb.transpose(other)


@rule("einsum")
def _einsum(g: Any, out: Any, how: str, *args: Any, **_: Any) -> Sequence[Any]:
    terms, _arrow, result = how.replace(" ", "").partition("->")
    parts = terms.split(",")
    if not _arrow:
        result = "".join(sorted(one for one in set(terms) if one != "," and terms.count(one) == 1))
    found: list[Any] = [None]
    for i, part in enumerate(parts):
        others = [(p, a) for j, (p, a) in enumerate(zip(parts, args, strict=True)) if j != i]
        there = set(result).union(*[set(p) for p, _ in others]) if others else set(result)
        ones = "".join(one for one in part if one not in there)
        spread = [np.ones([np.shape(args[i])[part.index(one)] for one in ones])] if ones else []
        said = ",".join([result, *[p for p, _ in others], *([ones] if ones else [])])
        found.append(np.einsum(f"{said}->{part}", g, *[a for _, a in others], *spread))
    return found


@rule("sum")
def _sum(g: Any, out: Any, a: Any, axis: Any = None, *rest: Any, keepdims: bool = False, **_: Any) -> Sequence[Any]:
    return [opened(g, np.shape(a), axis, keepdims), *[None] * (1 + len(rest))]


@rule("total")
def _total(g: Any, out: Any, a: Any, start: Any = None, **_: Any) -> Sequence[Any]:
    """Python's `sum`: of a list of numbers, or of arrays."""
    return [np.broadcast_to(g, np.shape(a)), None if start is None else fitted(g, start)]


@rule("mean", "average")
def _mean(g: Any, out: Any, a: Any, axis: Any = None, *rest: Any, keepdims: bool = False, **_: Any) -> Sequence[Any]:
    share = np.size(a) / max(1, np.size(out))
    return [opened(g, np.shape(a), axis, keepdims) / share, *[None] * (1 + len(rest))]


@rule("prod")
def _prod(g: Any, out: Any, a: Any, axis: Any = None, *rest: Any, keepdims: bool = False, **_: Any) -> Sequence[Any]:
    whole = opened(np.multiply(g, out), np.shape(a), axis, keepdims)
    return [whole / np.asarray(a, dtype=float), *[None] * (1 + len(rest))]


@rule("max", "min", "nanmax", "nanmin")
def _max(
    g: Any, out: Any, a: Any, axis: Any = None, *rest: Any, keepdims: bool = False, ties: str = "share", **_: Any
) -> Sequence[Any]:
    hits = np.equal(a, opened(out, np.shape(a), axis, keepdims)) * 1.0
    hits = chosen(hits, tuple(range(hits.ndim)) if axis is None else axis, ties)
    return [opened(g, np.shape(a), axis, keepdims) * hits, *[None] * (1 + len(rest))]


def chosen(hits: Array, axis: Any, ties: str) -> Array:
    """The part of a derivative that each of several largest numbers gets, (1 of a single one), along some axes.

    >>> hits = np.array([[1.0, 0.0, 1.0]])
    >>> chosen(hits, 1, "share"), chosen(hits, 1, "first"), chosen(hits, 1, "all")
    (array([[0.5, 0. , 0.5]]), array([[1., 0., 0.]]), array([[1., 0., 1.]]))
    """
    axes = [int(one) % hits.ndim for one in (axis if isinstance(axis, (tuple, list)) else [axis])]
    if ties == "share":
        return np.asarray(hits / hits.sum(axis=tuple(axes), keepdims=True))
    if ties == "all":
        return hits
    order = [*(one for one in range(hits.ndim) if one not in axes), *axes]
    turned = hits.transpose(order)
    rows = turned.reshape(-1, int(np.prod([hits.shape[one] for one in axes])))
    step = 1 if ties == "first" else -1
    rows = rows * (np.cumsum(rows[:, ::step], axis=1)[:, ::step] == 1)
    return np.asarray(rows.reshape(turned.shape).transpose(np.argsort(order)))


@rule("var")
def _var(
    g: Any, out: Any, a: Any, axis: Any = None, *rest: Any, keepdims: bool = False, ddof: int = 0, **_: Any
) -> Any:
    a = np.asarray(a, dtype=float)
    count = a.size / max(1, np.size(out)) - ddof
    centred = a - a.mean(axis=axis, keepdims=True)
    return [opened(g, a.shape, axis, keepdims) * 2 * centred / count, *[None] * (1 + len(rest))]


@rule("std")
def _std(
    g: Any, out: Any, a: Any, axis: Any = None, *rest: Any, keepdims: bool = False, ddof: int = 0, **_: Any
) -> Any:
    found: Any = _var(np.divide(g, 2 * np.asarray(out)), out, a, axis, *rest, keepdims=keepdims, ddof=ddof)
    return found


@rule("norm")
def _norm(g: Any, out: Any, a: Any, order: Any = None, axis: Any = None, keepdims: bool = False, **_: Any) -> Any:
    if order not in (None, 2, "fro") or (order == 2 and np.ndim(a) > 1 and axis is None):
        raise NotImplementedError
    return [np.asarray(a) * opened(np.divide(g, out), np.shape(a), axis, keepdims), None, None, None]


@rule("softmax")
def _softmax(g: Any, out: Any, a: Any, axis: Any = None, **_: Any) -> Sequence[Any]:
    g, out = np.asarray(g), np.asarray(out)
    return [out * (g - np.sum(g * out, axis=axis, keepdims=True)), None]


@rule("log_softmax")
def _log_softmax(g: Any, out: Any, a: Any, axis: Any = None, **_: Any) -> Sequence[Any]:
    return [np.asarray(g) - np.exp(out) * np.sum(g, axis=axis, keepdims=True), None]


@rule("cumsum")
def _cumsum(g: Any, out: Any, a: Any, axis: Any = None, **_: Any) -> Sequence[Any]:
    g = np.asarray(g)
    turned = np.flip(np.cumsum(np.flip(g, axis or 0), axis or 0), axis or 0)
    return [turned.reshape(np.shape(a)), None]


@rule("trace")
def _trace(g: Any, out: Any, a: Any, **_: Any) -> Sequence[Any]:
    return [np.multiply(g, np.eye(*np.shape(a)))]


@rule("insert")
def _insert(g: Any, out: Any, a: Any, where: Any, values: Any = None, axis: Any = None, **_: Any) -> Sequence[Any]:
    """A column of ones for the biases, most often."""
    new = np.insert(np.zeros(np.shape(a), dtype=bool), where, True, axis=axis)
    if new.shape != np.shape(g):
        raise NotImplementedError
    given = np.asarray(g)[new]
    if np.ndim(values) and np.size(values) != given.size:
        raise NotImplementedError
    of_values = np.sum(given) if np.ndim(values) == 0 else given.reshape(np.shape(values))
    return [np.asarray(g)[~new].reshape(np.shape(a)), None, of_values]
