"""Features: what a network is shown. Bytes of images, or floating-point numbers of any shape.

    ByteImages      (n, rows, columns) or (n, rows, columns, channels) uint8; a byte becomes a feature by one table
    FloatFeatures   (n, ...) float32 or float64; each feature may have a scaling of its own, fitted on training rows

Both lie in memory as rows: `rows (n, features)`, without a copy.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from math import prod
from typing import Any

import numpy as np

from whynet.errors import BadFile, UsageError, did_you_mean
from whynet.types import Array, Images, Scaling


@dataclass(frozen=True, eq=False)
class ByteImages:
    """Images (n, rows, columns) or, with colours, (n, rows, columns, channels), uint8; made read-only.

    >>> images = ByteImages(np.zeros((5, 4, 3), np.uint8))
    >>> images.rows.shape, images.shape, images.scaling("0..1").divisor
    ((5, 12), (4, 3), 255.0)

    Raises
    ------
    UsageError
        They are no bytes of three or four dimensions, or there is not one.
    """

    array: Images = field(repr=False)

    def __post_init__(self) -> None:
        array = np.asarray(self.array)
        if array.dtype != np.uint8 or array.ndim not in (3, 4):
            raise UsageError(
                "images are arrays of bytes",
                expected="uint8 (n, rows, columns)",
                found=f"{array.dtype} {array.shape}",
            )
        object.__setattr__(self, "array", sealed(_not_empty(array, "image of one pixel")))

    def __len__(self) -> int:
        return len(self.array)

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one image."""
        return self.array.shape[1:]

    @cached_property
    def rows(self) -> Array:
        """One image a row, (n, features) uint8; the same array every time."""
        return self.array.reshape(len(self), -1)

    @property
    def names(self) -> tuple[str, ...]:
        """Pixels have no names."""
        return ()

    @property
    def encoding(self) -> None:
        """Nothing was made into bytes."""
        return None

    def with_rows(self, rows: Array) -> ByteImages:
        """Other images of the same shape."""
        return ByteImages(rows.reshape(-1, *self.shape))

    def take(self, rows: Array | slice) -> ByteImages:
        """These, in this order."""
        return ByteImages(self.array[rows])

    @cached_property
    def histogram(self) -> Array:
        """How often each of 0..255 occurs, (256,); piece by piece, as `bincount` copies bytes into 8-byte integers."""
        pixels, piece = self.rows.reshape(-1), 1 << 17
        histogram = np.zeros(256, dtype=np.intp)
        for start in range(0, len(pixels), piece):
            histogram += np.bincount(pixels[start : start + piece], minlength=256)
        return histogram

    def moments(self) -> tuple[float, float]:
        """Mean and standard deviation of all pixels together."""
        values = np.arange(256)
        share = self.histogram / self.histogram.sum()
        mean = float(values @ share)
        return mean, float(np.sqrt((values - mean) ** 2 @ share))

    def scaling(self, name: str) -> Scaling:
        """The scaling of that name; one mean and one sd over all pixels, so that pixels that are always 0 do no harm.

        Raises
        ------
        UsageError
            There is none of that name, or all pixels are equal.
        """
        if name == "standard":
            mean, sd = self.moments()
            if sd == 0:
                raise UsageError(
                    "all pixels are equal: there is no standard deviation to divide by", do="Choose another scaling"
                )
            return Scaling(name, mean, sd)
        return Scaling(name, *_known(name, OF_BYTES))

    def summary(self) -> dict[str, Any]:
        """What there is, as plain values."""
        mean, sd = self.moments()
        return {
            "rows": self.shape[0],
            "columns": self.shape[1],
            "zero_share": float(self.histogram[0] / self.histogram.sum()),
            "pixel_mean": mean,
            "pixel_sd": sd,
        }


@dataclass(frozen=True, eq=False)
class FloatFeatures:
    """Numbers (n, ...) float32 or float64; made read-only. `names` are those of the columns of a table, `encoding` how
    its columns were made into numbers, which a model keeps.

    >>> table = FloatFeatures(np.array([[1.0, 50.0], [3.0, 50.0]]), ("age", "height"))
    >>> table.scaling("standard").offset, table.scaling("standard").divisor  # a column that is constant stays apart
    ((2.0, 50.0), (1.0, 1.0))

    Raises
    ------
    UsageError
        They are no numbers, or there is not one.
    BadFile
        One of them is NaN or infinite.
    """

    array: Array = field(repr=False)
    names: tuple[str, ...] = ()
    encoding: Any = field(default=None, repr=False)

    def __post_init__(self) -> None:
        array = np.asarray(self.array)
        if array.ndim < 2 or not (np.issubdtype(array.dtype, np.number) or array.dtype == bool):
            raise UsageError(
                "features are arrays of numbers", expected="float32 or float64 (n, features)",
                found=f"{array.dtype} {array.shape}",
            )  # fmt: skip
        if array.dtype not in (np.float32, np.float64):
            array = array.astype(np.float64)
        _not_empty(array, "row of one feature")
        if self.names and len(self.names) != prod(array.shape[1:]):
            raise UsageError(
                "the columns' names do not fit the features", expected=f"{prod(array.shape[1:])} names",
                found=f"{len(self.names)}",
            )  # fmt: skip
        object.__setattr__(self, "array", sealed(np.ascontiguousarray(array)))

    def __len__(self) -> int:
        return len(self.array)

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one row."""
        return self.array.shape[1:]

    @cached_property
    def rows(self) -> Array:
        """(n, features) float; the same array every time."""
        return self.array.reshape(len(self), -1)

    def with_rows(self, rows: Array) -> FloatFeatures:
        """Other rows of the same shape."""
        return FloatFeatures(rows.reshape(-1, *self.shape), self.names, self.encoding)

    def take(self, rows: Array | slice) -> FloatFeatures:
        """These, in this order."""
        return FloatFeatures(self.array[rows], self.names, self.encoding)

    def checked(self, where: str = "") -> FloatFeatures:
        """The same, if all numbers are finite.

        Raises
        ------
        BadFile
            One is not; the row and the column are named.
        """
        wrong = np.argwhere(~np.isfinite(self.rows))
        if len(wrong):
            row, column = wrong[0]
            name = f'"{self.names[column]}"' if self.names else f"{column}"
            raise BadFile(
                "a feature is NaN or infinite", where=where or None, expected="finite numbers",
                found=f"{self.rows[row, column]} in row {row:,}, column {name}",
                do="Leave the row out, or mend it; of a table: --missing median",
            )  # fmt: skip
        return self

    def scaling(self, name: str) -> Scaling:
        """The scaling of that name, fitted to these rows: each feature for itself, one for all of pictures.

        Raises
        ------
        UsageError
            There is none of that name.
        """
        table = self.array.ndim == 2
        given = (self.rows if table else self.rows.reshape(-1, 1)).astype(np.float64)
        offset, divisor = _known(name, OF_FLOATS)(given)
        divisor = np.where(divisor > 1e-9 * np.abs(offset), divisor, 1.0)  # a column that never changes stays as it is
        divisor = np.where(divisor > 0, divisor, 1.0)
        return Scaling(name, tuple(offset.tolist()), tuple(divisor.tolist()))

    def summary(self) -> dict[str, Any]:
        """What there is, as plain values."""
        return {
            "features": self.rows.shape[1],
            "names": list(self.names) or None,
            "least": self.rows.min(axis=0).tolist() if self.names else float(self.rows.min()),
            "largest": self.rows.max(axis=0).tolist() if self.names else float(self.rows.max()),
        }


def features_of(X: Any) -> ByteImages | FloatFeatures:
    """An array as features: bytes of three or four dimensions are images, all else are numbers.

    >>> type(features_of(np.zeros((2, 3, 3), np.uint8))).__name__, type(features_of(np.zeros((2, 3)))).__name__
    ('ByteImages', 'FloatFeatures')
    """
    if isinstance(X, (ByteImages, FloatFeatures)):
        return X
    array = np.asarray(X)
    return ByteImages(array) if array.dtype == np.uint8 and array.ndim > 2 else FloatFeatures(array)


OF_BYTES = {"-1..1": (127.5, 127.5), "0..1": (0.0, 255.0), "raw": (0.0, 1.0), "standard": (0.0, 0.0)}


def _raw(X: Array) -> tuple[Array, Array]:
    return np.zeros(X.shape[1]), np.ones(X.shape[1])


def _zero_to_one(X: Array) -> tuple[Array, Array]:
    low = X.min(axis=0)
    return low, X.max(axis=0) - low


def _minus_one_to_one(X: Array) -> tuple[Array, Array]:
    low, high = X.min(axis=0), X.max(axis=0)
    return (low + high) / 2, (high - low) / 2


def _standard(X: Array) -> tuple[Array, Array]:
    return X.mean(axis=0), X.std(axis=0)


OF_FLOATS: dict[str, Callable[[Array], tuple[Array, Array]]] = {
    "-1..1": _minus_one_to_one, "0..1": _zero_to_one, "raw": _raw, "standard": _standard,
}  # fmt: skip


def _known(name: str, scalings: dict[str, Any]) -> Any:
    if name not in scalings:
        raise UsageError(f"there is no scaling '{name}'", do=did_you_mean(name, scalings))
    return scalings[name]


def _not_empty(array: Array, what: str) -> Array:
    if array.size == 0:
        raise UsageError(
            f"a data set holds at least one {what}", expected="no size of 0", found=" x ".join(map(str, array.shape))
        )
    return array


def sealed(array: Array) -> Array:
    """The same numbers, not to be changed.

    >>> sealed(np.zeros(2)).flags.writeable
    False
    """
    array = array.view()
    array.flags.writeable = False
    return array
