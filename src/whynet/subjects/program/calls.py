"""What a call is to the recorder: the program's own, one that is noted by a name of its own, or opaque."""

from __future__ import annotations

import copy
import functools
import math
import operator
from collections.abc import Callable
from enum import Enum
from types import BuiltinMethodType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np


class Kind(Enum):
    """How a call is recorded.

    >>> kind_of(np.exp, set())
    (<Kind.NOTED: 'noted'>, 'exp', ())
    """

    OWN = "own"
    NOTED = "noted"
    ROWS = "rows"
    OPAQUE = "opaque"
    NONE = "none"


NUMPY = {
    "subtract": "sub", "multiply": "mul", "divide": "div", "true_divide": "div", "power": "pow", "float_power": "pow",
    "absolute": "abs", "fabs": "abs", "negative": "neg", "amax": "max", "amin": "min", "asarray": "copy",
    "array": "copy", "ascontiguousarray": "copy", "asfarray": "copy", "float64": "copy", "float32": "copy",
    "astype": "copy", "flatten": "ravel", "conjugate": "copy", "asanyarray": "copy", "nan_to_num": "copy",
    "greater": "gt", "greater_equal": "ge", "less": "lt", "less_equal": "le", "equal": "eq", "not_equal": "noteq",
    "atleast_2d": "atleast_2d", "item": "item", "permute_dims": "transpose",
    "concat": "concatenate",
}  # fmt: skip
"""NumPy's names by ours, where they differ."""
FRESH = {
    "zeros", "ones", "empty", "full", "eye", "identity", "arange", "linspace", "zeros_like", "ones_like", "empty_like",
    "full_like", "meshgrid", "shape", "size", "ndim", "allclose", "array_equal", "isclose", "errstate",
    "set_printoptions",
    "isnan", "isinf", "isfinite", "all", "any", "savez", "save", "load", "loadtxt", "genfromtxt", "result_type",
    "tolist", "sort", "fill", "seterr",
}  # fmt: skip
"""Calls of which nothing flows on."""
MATH = {"fabs": "abs", "fsum": "total", "pow": "pow", "atan": "arctan", "asin": "arcsin", "acos": "arccos"}
SCIPY = {
    "softmax": "softmax", "log_softmax": "log_softmax", "convolve": "convolve", "convolve2d": "convolve",
    "fftconvolve": "convolve", "oaconvolve": "convolve", "correlate": "correlate", "correlate2d": "correlate",
}  # fmt: skip
"""SciPy's that are written in Python, by our names."""
ADDED_AT = {np.add: "add_at", np.subtract: "sub_at"}
"""Whose `at` adds to an array in place, at an index that may hold a place several times."""
CHANGING = {*ADDED_AT.values(), "put_along_axis", "copyto"}
"""Calls that return nothing and change the first of their arguments."""
BUILTIN = {sum: "total", max: "larger", min: "smaller", abs: "abs", pow: "pow", round: "round", float: "copy"}
CONTAINERS = {zip, enumerate, list, tuple, reversed, map, iter, sorted, filter}
HARMLESS = {len, range, print, isinstance, int, str, bool, type, getattr, setattr, hasattr, id, any, all, open, repr,
            format, dict, set, super, issubclass, callable, next, hash, ord, chr, vars}  # fmt: skip

PLAIN: dict[str, Callable[[Any, Any], Any]] = {
    "add": operator.add, "sub": operator.sub, "mul": operator.mul, "div": operator.truediv,
    "floordiv": operator.floordiv, "mod": operator.mod, "pow": operator.pow, "matmul": operator.matmul,
    "lshift": operator.lshift, "rshift": operator.rshift, "bitor": operator.or_, "bitxor": operator.xor,
    "bitand": operator.and_,
}  # fmt: skip
IN_PLACE: dict[str, Callable[[Any, Any], Any]] = {
    "add": operator.iadd, "sub": operator.isub, "mul": operator.imul, "div": operator.itruediv,
    "floordiv": operator.ifloordiv, "mod": operator.imod, "pow": operator.ipow, "matmul": operator.imatmul,
    "lshift": operator.ilshift, "rshift": operator.irshift, "bitor": operator.ior, "bitxor": operator.ixor,
    "bitand": operator.iand,
}  # fmt: skip
COMPARE = {"lt": operator.lt, "le": operator.le, "gt": operator.gt, "ge": operator.ge, "eq": operator.eq,
           "noteq": operator.ne}  # fmt: skip


def joining(whose: Any, parts: Any) -> str:
    """Of `np.r_[...]` and `np.c_[...]`: the function that does the same; empty if they do something else.

    >>> joining(np.r_, (np.zeros(2), np.ones(3))), joining(np.r_, (slice(0, 3),)), joining([1], 0)
    ('concatenate', '', '')
    """
    name = "concatenate" if whose is np.r_ else "column_stack" if whose is np.c_ else ""
    flat = isinstance(parts, tuple) and all(isinstance(one, np.ndarray) for one in parts)
    return name if flat and (name == "column_stack" or all(one.ndim == 1 for one in parts)) else ""


def kind_of(function: Any, files: set[str]) -> tuple[Kind, str, tuple[Any, ...]]:
    """How a call of `function` is recorded, by which name, and the array whose method it is.

    >>> kind_of(max, set())[:2], kind_of(np.zeros(2).sum, set())[:2], kind_of(len, set())[0]
    ((<Kind.NOTED: 'noted'>, 'larger'), (<Kind.NOTED: 'noted'>, 'sum'), <Kind.NONE: 'none'>)
    """
    try:
        if function in BUILTIN:
            return Kind.NOTED, BUILTIN[function], ()
        if function in CONTAINERS:
            return Kind.ROWS, "", ()
        if function in HARMLESS:
            return Kind.NONE, "", ()
    except TypeError:  # it cannot be hashed
        return Kind.OPAQUE, "", ()
    if isinstance(function, MethodType):
        return _written(function.__func__, files)
    if isinstance(function, FunctionType):
        return _written(function, files)
    if isinstance(function, np.ufunc):
        return Kind.NOTED, NUMPY.get(function.__name__, function.__name__), ()
    if isinstance(function, functools.partial):  # its function is written in Python, or it is opaque
        return _written(function.func, files)
    if isinstance(function, type):
        return _made(function)
    owner = getattr(function, "__self__", None)
    name = getattr(function, "__name__", "")
    if isinstance(owner, (np.ndarray, np.generic)):
        return (Kind.NONE, "", ()) if name in FRESH else (Kind.NOTED, NUMPY.get(name, name), (owner,))
    if isinstance(owner, np.ufunc) and name == "at" and owner in ADDED_AT:
        return Kind.NOTED, ADDED_AT[owner], ()
    module = getattr(function, "__module__", None) or ""
    if isinstance(function, BuiltinMethodType) and isinstance(owner, ModuleType) and owner is math:
        return Kind.NOTED, MATH.get(name, name), ()
    if module.startswith("numpy.random") or type(owner).__module__.startswith("numpy.random"):
        return Kind.OPAQUE, name, ()
    if module.startswith("numpy") and not isinstance(function, np.vectorize):
        return (Kind.NONE, "", ()) if name in FRESH else (Kind.NOTED, NUMPY.get(name, name), ())
    if isinstance(owner, (list, dict, str, set, tuple)):
        return Kind.NONE, "", ()
    if type(function).__module__ == "__main__" or getattr(type(function).__call__, "__code__", None):
        return _written(type(function).__call__, files)
    return Kind.OPAQUE, name, ()


def _written(function: Any, files: set[str]) -> tuple[Kind, str, tuple[Any, ...]]:
    """A function in Python."""
    code = getattr(function, "__code__", None)
    if code is not None and code.co_filename in files:
        return Kind.OWN, "", ()
    module = getattr(function, "__module__", "") or ""
    name = getattr(function, "__name__", "")
    if module.startswith(("scipy.special", "scipy.signal", "scipy.ndimage")) and name in SCIPY:
        return Kind.NOTED, SCIPY[name], ()
    if function in (copy.copy, copy.deepcopy):
        return Kind.NOTED, "copy", ()
    if module.startswith("numpy") and not module.startswith("numpy.random"):
        return (Kind.NONE, "", ()) if name in FRESH else (Kind.NOTED, NUMPY.get(name, name), ())
    return Kind.OPAQUE, name, ()


def _made(kind: type) -> tuple[Kind, str, tuple[Any, ...]]:
    """A class that is called."""
    if issubclass(kind, np.generic):
        return Kind.NOTED, "copy", ()
    return (Kind.NONE, "", ()) if kind.__module__ == "builtins" else (Kind.OWN, "", ())
