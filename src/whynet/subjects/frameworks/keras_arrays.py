"""Numbers of Keras and of NumPy: batches taken apart, tensors as arrays, and what an exception says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from whynet.subjects.inside.probe import arrays_in, mapped
from whynet.types import Array


class Weighted(NamedTuple):
    """Targets, and how much each of their rows counts.

    >>> Weighted(np.zeros(2), np.ones(2)).sample_weight.shape
    (2,)
    """

    targets: Any
    sample_weight: Any


def sentence(error: BaseException) -> str:
    """What an exception of Keras says, without its frame and its colours.

    >>> sentence(ValueError("Exception encountered when calling Dense.\\n\\n\\x1b[1mToo few.\\x1b[0m\\n\\nArguments"))
    'Too few.'
    """
    lines = [line.strip() for line in re.sub(r"\x1b\[[0-9;]*m", "", str(error)).splitlines() if line.strip()]
    said = [line for line in lines if not line.startswith("Exception encountered")]
    return (said or lines or [type(error).__name__])[0]


def array_of(keras: Any, tensor: Any) -> Array:
    """The numbers of a tensor or a variable, as they are; those of 16 bits as float32.

    >>> import pytest
    >>> keras = pytest.importorskip("keras")
    >>> array_of(keras, keras.ops.ones(2)).dtype.name
    'float32'
    """
    value = getattr(tensor, "value", tensor) if isinstance(tensor, keras.Variable) else tensor
    value = keras.ops.stop_gradient(value) if hasattr(value, "requires_grad") else value
    if "float16" in str(getattr(value, "dtype", "")):
        value = keras.ops.cast(value, "float32")
    return np.array(keras.ops.convert_to_numpy(value))


def is_real_tensor(keras: Any, tensor: Any) -> bool:
    """Whether it is a tensor of floating-point numbers.

    >>> import pytest
    >>> keras = pytest.importorskip("keras")
    >>> is_real_tensor(keras, keras.ops.ones(2)), is_real_tensor(keras, keras.ops.ones(2, dtype="int32"))
    (True, False)
    """
    return bool(keras.ops.is_tensor(tensor)) and "float" in str(tensor.dtype)


def nested(keras: Any, values: Any) -> Any:
    """A batch as nested arrays: real numbers as Keras counts, whole numbers as they are.

    >>> import pytest
    >>> keras = pytest.importorskip("keras")
    >>> {name: one.dtype.name for name, one in nested(keras, {"a": [1, 2], "b": np.ones(2)}).items()}
    {'a': 'int64', 'b': 'float32'}
    """
    if values is None:
        return None
    if isinstance(values, Mapping):
        return {key: nested(keras, one) for key, one in values.items()}
    if isinstance(values, (tuple, list)) and any(hasattr(one, "shape") or isinstance(one, Mapping) for one in values):
        return type(values)(nested(keras, one) for one in values)
    if keras.ops.is_tensor(values) or isinstance(values, keras.Variable):
        return array_of(keras, values)
    array = np.array(values)
    return array.astype(keras.config.floatx()) if array.dtype.kind == "f" else array


def parts_of(batch: Any) -> tuple[Any, Any, Any]:
    """Inputs, targets and the weights of rows, as `fit` takes a batch apart.

    >>> parts_of(("x", "y"))
    ('x', 'y', None)
    """
    if not isinstance(batch, (tuple, list)) or not 1 <= len(batch) <= 3:
        return batch, None, None
    x, y, weight = (*batch, None, None)[:3]
    return (x, *y) if isinstance(y, Weighted) else (x, y, weight)


def rows_of(inputs: Any) -> int:
    """How many examples there are.

    >>> rows_of({"a": np.ones((3, 2))})
    3
    """
    return next((len(one) for one in arrays_in(inputs) if one.ndim), 0)


def tensors_of(keras: Any, values: Any) -> Any:
    """Nested arrays as tensors of Keras.

    >>> import pytest
    >>> keras = pytest.importorskip("keras")
    >>> tensors_of(keras, (np.ones((2, 3)),))[0].shape == (2, 3)
    True
    """
    return mapped(values, keras.ops.convert_to_tensor)


def main_place(keras: Any, model: Any, raw: Any) -> int | None:
    """Which of the tensors of an answer, taken in order, is the main one: the first with a loss.

    >>> main_place.__name__
    'main_place'
    """
    flat = keras.tree.flatten(raw)
    real = [place for place, one in enumerate(flat) if is_real_tensor(keras, one)]
    losses = getattr(getattr(model, "_compile_loss", None), "_flat_losses", None) or []
    for path, *_ in losses:
        inner = raw
        for key in path:
            names = list(getattr(model, "output_names", None) or [])
            if isinstance(inner, (tuple, list)) and not isinstance(key, int):
                key = names.index(key) if key in names else 0
            inner = inner[key] if isinstance(inner, (tuple, list, dict)) else inner
        found = [place for place in real if any(flat[place] is one for one in keras.tree.flatten(inner))]
        if found:
            return found[0]
    return real[0] if real else None


def with_mask(one: Any, like: Any) -> Any:
    """`one` with the mask that Keras hung on `like`: losses and layers after it leave masked steps out.

    >>> with_mask(1, 2)
    1
    """
    mask = getattr(like, "_keras_mask", None)
    try:
        from keras.src.backend.common.masking import get_keras_mask, set_keras_mask
    except ImportError:  # older versions hang it on the tensor itself
        if mask is not None:
            one._keras_mask = mask
        return one
    mask = get_keras_mask(like)
    if mask is not None:
        set_keras_mask(one, mask)
    return one
