"""Examples out of a PyTorch loader, without a trace in it."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from whynet.errors import UsageError
from whynet.types import Array

MOST_ROWS = 100_000


class Loaded(NamedTuple):
    """What a loader gives: all examples in the order of its data set, and how it hands them out.

    >>> Loaded(np.zeros((2, 3)), np.zeros(2), 32, "file", np.arange(2)).order
    'file'
    """

    X: Any
    y: Any
    batch_size: int
    order: str
    visited: Array
    """Rows in the order of an epoch; none if that is not known."""


def read_data(torch: Any, data: Any, batch_size: int, shuffle: bool) -> Loaded:
    """The examples of a loader or of `(X, y)`, as tensors.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> loaded = read_data(torch, (np.zeros((3, 2)), np.array([0, 1, 1])), 2, True)
    >>> loaded.X.dtype, loaded.y.dtype, loaded.order
    (torch.float32, torch.int64, 'shuffled')

    Raises
    ------
    UsageError
        It is neither, or X and y do not agree in number.
    """
    if isinstance(data, torch.utils.data.DataLoader):
        try:
            X, y, batch_size, order, visited = _from_loader(torch, data)
        except UsageError:
            raise
        except Exception as error:
            raise UsageError(f"the loader cannot be read: {type(error).__name__}: {error}") from error
    elif isinstance(data, (tuple, list)) and len(data) == 2:
        X, y, order, visited = data[0], data[1], "shuffled" if shuffle else "file", np.arange(0)
    else:
        raise UsageError("these are no data", expected="a DataLoader, or (X, y)", found=type(data).__name__)
    X, y = _tensor(torch, X), _tensor(torch, y)
    if X.is_complex() or y.is_complex():
        raise UsageError("these values are complex", expected="real numbers", found=f"X {X.dtype} and y {y.dtype}")
    X = X.to(torch.get_default_dtype()) if X.dtype != torch.float64 else X
    if X.ndim < 2 or len(X) != len(y) or not len(X):
        raise UsageError(
            "X and y do not fit together",
            expected="X (n, features) or (n, channels, rows, columns), and n targets",
            found=f"X {tuple(X.shape)} and y {tuple(y.shape)}",
        )
    return Loaded(X, y, max(1, min(batch_size, len(X))), order, visited)


def _tensor(torch: Any, values: Any) -> Any:
    if isinstance(values, torch.Tensor):
        return values.detach().to("cpu")
    try:
        array = np.array(values)
        kind = array.dtype.kind
        return torch.from_numpy(array.astype({"i": np.int64, "u": np.int64, "b": np.int64, "f": np.float32}[kind]))
    except (KeyError, TypeError, ValueError):
        raise UsageError("these values make no tensor", expected="numbers", found=type(values).__name__) from None


def _from_loader(torch: Any, loader: Any) -> tuple[Any, Any, int, str, Array]:
    """Rows in the order of the data set, and how the sampler goes through them; its own generator is put back."""
    generator = loader.generator
    state = None if generator is None else generator.get_state()
    try:
        sampler, n = loader.sampler, len(loader.dataset)
        rows = np.array([int(row) for row in sampler])
    except TypeError:  # an iterable data set, or batches from a sampler of the user's: what comes is what there is
        rows, n = np.arange(0), 0
    finally:
        if generator is not None:
            generator.set_state(state)
    order = "file" if not len(rows) or np.array_equal(rows, np.arange(len(rows))) else "shuffled"
    if len(np.unique(rows)) < 0.9 * len(rows):
        order = "random"
    if len(rows):
        known = np.sort(rows) if len(np.unique(rows)) == len(rows) else np.arange(n)
        batches = [known[start : start + 512].tolist() for start in range(0, min(len(known), MOST_ROWS), 512)]
        collate = loader.collate_fn
        read = [collate([loader.dataset[row] for row in batch]) for batch in batches]
    else:
        read = [batch for batch, _ in zip(loader, range(MOST_ROWS // 32), strict=False)]
        if generator is not None:
            generator.set_state(state)
    if not read or not isinstance(read[0], (tuple, list)) or len(read[0]) != 2:
        raise UsageError(
            "the loader does not give pairs", expected="batches (X, y)", found=_kind(read[0]) if read else "nothing",
            do="Give it a collate_fn that leaves X and y, or hand over (X, y)",
        )  # fmt: skip
    X = torch.cat([_tensor(torch, batch[0]) for batch in read])
    y = torch.cat([_tensor(torch, batch[1]) for batch in read])
    return X, y, loader.batch_size or len(read[0][0]), order, rows


def _kind(batch: Any) -> str:
    if isinstance(batch, (tuple, list)):
        return f"{len(batch)} things in each"
    return f"a dict of {', '.join(map(str, batch))}" if isinstance(batch, dict) else type(batch).__name__
