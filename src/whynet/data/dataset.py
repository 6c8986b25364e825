"""Dataset: images and their labels, frozen. Images stay uint8 until they are used."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from whynet.errors import BadFile, UsageError, did_you_mean
from whynet.types import Array, Images, Labels, Rows, Scaling
from whynet.views import view

DIGITS = tuple("0123456789")


@dataclass(frozen=True, eq=False)
class Dataset:
    """Images (n, rows, columns) uint8 and their labels (n,), which lie in 0 .. classes - 1.

    `classes` are the classes' names, `test` is the official test set if there is one, `source` says where all this
    came from. `weights (n,)`, if given, say how much each example counts in training. The arrays are made read-only.

    >>> data = Dataset(np.zeros((4, 2, 2), np.uint8), np.array([0, 1, 1, 1]), classes=("no", "yes"))
    >>> len(data), data.features, data.prior
    (4, 4, array([0.25, 0.75]))

    Raises
    ------
    BadFile
        Images and labels do not agree in number, or a label is out of range.
    UsageError
        Images that are not uint8 of three dimensions, or no images at all.
    """

    images: Images = field(repr=False)
    labels: Labels = field(repr=False)
    name: str = ""
    classes: tuple[str, ...] = DIGITS
    test: Dataset | None = field(default=None, repr=False)
    source: str = ""
    weights: Array | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        images, labels = np.asarray(self.images), np.asarray(self.labels)
        if images.dtype != np.uint8 or images.ndim != 3:
            raise UsageError(
                "images are arrays of bytes",
                expected="uint8 (n, rows, columns)",
                found=f"{images.dtype} {images.shape}",
            )
        if images.size == 0:
            raise UsageError(
                "a data set holds at least one image of one pixel",
                expected="no size of 0",
                found=" x ".join(map(str, images.shape)),
            )
        if labels.ndim != 1 or not np.issubdtype(labels.dtype, np.integer):
            raise UsageError(
                "labels are whole numbers", expected="integers (n,)", found=f"{labels.dtype} {labels.shape}"
            )
        if len(images) != len(labels):
            raise BadFile(
                "images and labels do not agree in number",
                where=self.source or None,
                expected=f"{len(images):,} labels for {len(images):,} images",
                found=f"{len(labels):,} labels",
                do="Do both files come from the same set?",
            )
        wrong = np.flatnonzero((labels < 0) | (labels >= len(self.classes)))
        if len(wrong):
            raise BadFile(
                "a label is out of range",
                where=self.source or None,
                expected=f"0 to {len(self.classes) - 1}",
                found=f"{labels[wrong[0]]} at row {wrong[0]:,}",
            )
        frozen: dict[str, Array] = {"images": images, "labels": labels.astype(np.intp)}
        if self.weights is not None:
            frozen["weights"] = _checked_weights(np.asarray(self.weights, dtype=np.float64), len(labels))
        for name, array in frozen.items():
            array = array.view()
            array.flags.writeable = False
            object.__setattr__(self, name, array)

    def __len__(self) -> int:
        return len(self.labels)

    def _repr_html_(self) -> str:
        return str(view(self, "html"))

    @cached_property
    def pixels(self) -> Images:
        """The images as rows, (n, features) uint8; the same array every time."""
        return self.images.reshape(len(self), -1)

    @property
    def features(self) -> int:
        """Pixels of an image."""
        return int(self.images.shape[1] * self.images.shape[2])

    @property
    def counts(self) -> Array:
        """Examples of each class, (classes,)."""
        return np.bincount(self.labels, minlength=len(self.classes))

    @property
    def prior(self) -> Array:
        """Share of each class, (classes,) float64."""
        return self.counts / len(self)

    def take(self, rows: Array | slice) -> Dataset:
        """These rows, in this order; the test set stays."""
        weights = None if self.weights is None else self.weights[rows]
        return replace(self, images=self.images[rows], labels=self.labels[rows], weights=weights)

    def subset(self, size: int, *, seed: int, balanced: bool = True) -> Dataset:
        """`size` examples in the order of the file: as many of each class (to within one), or simply the first.

        Which ones is drawn with `default_rng([seed, 1])`.

        Raises
        ------
        UsageError
            There are not that many, or not that many of a class.
        """
        if not 1 <= size <= len(self):
            raise UsageError("that many examples are not there", expected=f"1 to {len(self):,}", found=f"{size:,}")
        if not balanced:
            return self.take(slice(0, size))
        share, extra = divmod(size, len(self.classes))
        quotas = np.full(len(self.classes), share)
        quotas[np.argsort(self.counts <= share, kind="stable")[:extra]] += 1  # the first classes that have one more
        short = np.flatnonzero(self.counts < quotas)
        if len(short):
            label = int(short[0])
            raise UsageError(
                f"class {self.classes[label]} is too small for a balanced subset of {size:,}",
                expected=f"{quotas[label]:,} examples of it",
                found=f"{self.counts[label]:,}",
                do="Take fewer, or the first in the file: --subset first",
            )
        return self.take(self._draw(quotas, seed))

    def split(self, size: int, *, seed: int) -> tuple[Dataset, Dataset]:
        """`(rest, held back)`: `size` examples are held back, each class by its share, drawn with
        `default_rng([seed, 1])`. Both keep the order of the file; what is held back has no test set.

        Raises
        ------
        UsageError
            Nothing would be left, or nothing held back.
        """
        if not 1 <= size < len(self):
            raise UsageError(
                "that many examples cannot be held back",
                expected=f"1 to {len(self) - 1:,}",
                found=f"{size:,}",
            )
        exact = self.prior * size
        quotas = np.floor(exact).astype(int)
        largest_rests = np.argsort(quotas - exact, kind="stable")[: size - quotas.sum()]
        quotas[largest_rests] += 1
        held = self._draw(quotas, seed)
        rest = np.setdiff1d(np.arange(len(self)), held)
        return self.take(rest), replace(self.take(held), test=None)

    def _draw(self, quotas: Array, seed: int) -> Rows:
        """Row numbers, sorted: `quotas[c]` of each class c."""
        rng = np.random.default_rng([seed, 1])
        order = rng.permutation(len(self))
        by_class = [order[self.labels[order] == label][:quota] for label, quota in enumerate(quotas)]
        return np.sort(np.concatenate(by_class))

    def summary(self) -> dict[str, Any]:
        """What there is, as plain values."""
        histogram = _histogram(self.images)
        mean, sd = _moments(histogram)
        return {
            "name": self.name,
            "source": self.source,
            "examples": len(self),
            "test_examples": None if self.test is None else len(self.test),
            "rows": self.images.shape[1],
            "columns": self.images.shape[2],
            "classes": list(self.classes),
            "counts": self.counts.tolist(),
            "shares": self.prior.tolist(),
            "zero_share": float(histogram[0] / histogram.sum()),
            "pixel_mean": mean,
            "pixel_sd": sd,
        }

    def fingerprint(self) -> str:
        """SHA-256 of shapes, images and labels, the test set included, as hexadecimal digits."""
        digest = hashlib.sha256()
        for part in (self, self.test):
            if part is not None:
                digest.update(f"{part.images.shape} {part.classes}".encode())
                digest.update(np.ascontiguousarray(part.images).data)
                digest.update(part.labels.astype("<i8").tobytes())
                if part.weights is not None:
                    digest.update(part.weights.astype("<f8").tobytes())
        return digest.hexdigest()


def _checked_weights(weights: Array, n: int) -> Array:
    if weights.shape != (n,) or not np.isfinite(weights).all() or (weights < 0).any() or not weights.any():
        raise UsageError(
            "these weights make no sense",
            expected=f"{n:,} finite numbers of 0 or more, not all 0",
            found=f"shape {weights.shape}"
            if weights.shape != (n,)
            else f"numbers from {weights.min()} to {weights.max()}",
        )
    return weights


def _raw(images: Images) -> tuple[float, float]:
    return 0.0, 1.0


def _zero_to_one(images: Images) -> tuple[float, float]:
    return 0.0, 255.0


def _minus_one_to_one(images: Images) -> tuple[float, float]:
    return 127.5, 127.5


def _standard(images: Images) -> tuple[float, float]:
    """One mean and one sd over all pixels, so that pixels that are always 0 do no harm."""
    mean, sd = _moments(_histogram(images))
    if sd == 0:
        raise UsageError(
            "all pixels are equal: there is no standard deviation to divide by", do="Choose another scaling"
        )
    return mean, sd


SCALINGS = {"-1..1": _minus_one_to_one, "0..1": _zero_to_one, "raw": _raw, "standard": _standard}


def fit_scaling(name: str, images: Images) -> Scaling:
    """The scaling of that name, fitted to the training images.

    >>> fit_scaling("0..1", np.zeros((1, 2, 2), np.uint8))
    Scaling(name='0..1', offset=0.0, divisor=255.0)

    Raises
    ------
    UsageError
        There is none of that name, or it cannot be fitted to these images.
    """
    if name not in SCALINGS:
        raise UsageError(f"there is no scaling '{name}'", do=did_you_mean(name, SCALINGS))
    return Scaling(name, *SCALINGS[name](images))


def _histogram(images: Images) -> Array:
    """How often each of 0..255 occurs, (256,); piece by piece, as `bincount` copies bytes into 8-byte integers."""
    pixels, piece = images.reshape(-1), 1 << 17
    histogram = np.zeros(256, dtype=np.intp)
    for start in range(0, len(pixels), piece):
        histogram += np.bincount(pixels[start : start + piece], minlength=256)
    return histogram


def _moments(histogram: Array) -> tuple[float, float]:
    """Mean and standard deviation of pixels, from how often each of 0..255 occurs."""
    values = np.arange(256)
    share = histogram / histogram.sum()
    mean = float(values @ share)
    return mean, float(np.sqrt((values - mean) ** 2 @ share))
