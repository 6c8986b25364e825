"""What `fit` may be given, as batches of arrays: `(x, y)`, a `PyDataset`, a `tf.data.Dataset`, a loader."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from whynet.errors import UsageError
from whynet.subjects.frameworks.keras_arrays import Weighted
from whynet.subjects.inside.probe import arrays_in, mapped

PARTS = 3  # x, y, sample weights
MOST_BYTES = 1e9


def arrays_of(values: Any) -> Any:
    """`values` with arrays in the place of anything that can be one: tensors of every backend, data frames.

    >>> arrays_of({"a": [1, 2], "b": (np.ones(1), 3.0)})
    {'a': array([1, 2]), 'b': (array([1.]), array(3.))}

    Raises
    ------
    UsageError
        Something in it is no array of numbers.
    """
    if isinstance(values, Mapping):
        return {key: arrays_of(one) for key, one in values.items()}
    if isinstance(values, tuple) or (isinstance(values, list) and any(np.ndim(one) for one in values[:1])):
        return type(values)(arrays_of(one) for one in values)
    try:
        own = values.detach().cpu() if hasattr(values, "detach") else values
        made = np.asarray(own)
    except (TypeError, ValueError):
        raise UsageError("these values make no array", expected="arrays of rows of one length") from None
    if made.dtype.kind not in "iufb":
        raise UsageError("these values are no numbers", expected="numbers", found=str(made.dtype))
    return made


class Feed:
    """The batches of an epoch, again and again: `(x, y)`, each nested arrays; `y` as `Weighted` where rows have
    weights.

    >>> feed = Feed((np.zeros((5, 2)), np.zeros(5)), batch_size=2)
    >>> [len(x) for x, y in feed], feed.per_epoch
    ([2, 2, 1], 3)

    Raises
    ------
    UsageError
        These are no data.
    """

    def __init__(self, data: Any, *, batch_size: int = 32, shuffle: bool = False) -> None:
        self.batch_size, self.shuffle = batch_size, shuffle
        self.whole: tuple[Any, Any] | None = None
        """All rows, where they lie in memory: `(x, y)`."""
        self.data = data
        if isinstance(data, tuple):
            self.whole = _pair(data)
        elif isinstance(data, (list, str, bytes, Mapping)) or not (hasattr(data, "__iter__") or _is_indexed(data)):
            raise UsageError("these are no data", expected="(X, y) as arrays, or a dataset", found=type(data).__name__)
        elif iter(data) is data if hasattr(data, "__iter__") else False:
            raise UsageError(
                "a generator can be read once only", expected="(X, y), or a dataset that begins anew",
                found=type(data).__name__,
            )  # fmt: skip

    @property
    def per_epoch(self) -> int | None:
        """Batches in an epoch; None where the data do not say."""
        if self.whole is not None:
            return -(-len(arrays_in(self.whole[0])[0]) // self.batch_size)
        try:
            return max(len(self.data), 1)
        except TypeError:
            return None

    def first(self) -> tuple[Any, Any]:
        """The first batch, of rows as they lie.

        Raises
        ------
        UsageError
            There is none.
        """
        for batch in Feed(self.data, batch_size=self.batch_size):
            return batch
        raise UsageError("these are no data", expected="rows", found="none")

    def some(self, most: float = MOST_BYTES) -> list[tuple[Any, Any]]:
        """The batches of an epoch, as far as so many bytes go.

        Raises
        ------
        UsageError
            There are none.
        """
        found, size = [], 0
        for batch in self:
            found.append(batch)
            size += sum(one.nbytes for one in arrays_in(batch))
            if size > most:
                break
        if not found:
            raise UsageError("these are no data", expected="rows", found="none")
        return found

    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        if self.whole is not None:
            x, y = self.whole
            n = len(arrays_in(x)[0])
            order = np.random.permutation(n) if self.shuffle else np.arange(n)  # noqa: NPY002 - whoever asks puts it back
            for start in range(0, n, self.batch_size):
                rows = order[start : start + self.batch_size]
                yield mapped(x, lambda one: one[rows]), mapped(y, lambda one: one[rows])  # noqa: B023 - used at once
            return
        batches = (self.data[place] for place in range(len(self.data))) if _is_indexed(self.data) else iter(self.data)
        try:
            for batch in batches:
                yield _pair(tuple(batch) if isinstance(batch, list) else batch)
        except UsageError:
            raise
        except Exception as error:
            raise UsageError(f"the dataset cannot be read: {type(error).__name__}: {error}") from None


def _is_indexed(data: Any) -> bool:
    """Whether batches are asked for by their number, as those of a `PyDataset` are."""
    return hasattr(data, "__getitem__") and hasattr(data, "__len__") and not hasattr(data, "element_spec")


def _pair(batch: Any) -> tuple[Any, Any]:
    if not isinstance(batch, tuple) or not 1 <= len(batch) <= PARTS:
        found = f"{len(batch)} things" if isinstance(batch, (tuple, list)) else type(batch).__name__
        raise UsageError("these are no data", expected="(X, y) as arrays", found=found)
    x = arrays_of(batch[0])
    y = arrays_of(batch[1]) if len(batch) > 1 and batch[1] is not None else x
    if len(batch) == PARTS and batch[2] is not None:
        y = Weighted(y, arrays_of(batch[2]))
    sizes = {len(one) for one in (*arrays_in(x), *arrays_in(y)) if one.ndim}
    if len(sizes) != 1 or not next(iter(sizes)):
        shapes = ", ".join(str(one.shape) for one in (*arrays_in(x), *arrays_in(y)))
        raise UsageError("X and y do not fit together", expected="as many rows in each, one at least", found=shapes)
    return x, y
