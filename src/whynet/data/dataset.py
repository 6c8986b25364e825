"""Dataset: what a network is shown and what it should answer, frozen. Bytes stay bytes until they are used."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from whynet.data.features import ByteImages, FloatFeatures, features_of, sealed
from whynet.data.problem import Classification
from whynet.data.protocol import Problem
from whynet.errors import BadFile, UsageError, WhynetError
from whynet.types import Array, Images, Labels, Rows
from whynet.views import view

DIGITS = tuple("0123456789")


@dataclass(frozen=True, eq=False)
class Dataset:
    """Examples `X`, a row each, and what is to be answered to them, `y (n, ...)`.

    `X` is `ByteImages`, `FloatFeatures`, or an array that is made into one of them; `problem` says what `y` is: names
    of classes alone stand for a `Classification`. `test` is the test set if there is one, `source` says where all this
    came from. `weights (n,)`, if given, say how much each example counts in training. Arrays are made read-only.

    >>> data = Dataset(np.zeros((4, 2, 2), np.uint8), np.array([0, 1, 1, 1]), problem=("no", "yes"))
    >>> len(data), data.features, data.prior
    (4, 4, array([0.25, 0.75]))
    >>> from whynet.data.problem import Regression
    >>> Dataset(np.ones((4, 3)), np.array([9.0, 8.5, 9.5, 7.0]), problem=Regression(("price",))).y.shape
    (4, 1)

    Raises
    ------
    BadFile
        Examples and targets do not agree in number, or one of them is out of range.
    UsageError
        Arrays of another kind, or none at all.
    """

    X: ByteImages | FloatFeatures = field(repr=False)
    y: Array = field(repr=False)
    name: str = ""
    problem: Problem = Classification(DIGITS)
    test: Dataset | None = field(default=None, repr=False)
    source: str = ""
    weights: Array | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        X, y = features_of(self.X), np.asarray(self.y)
        problem = Classification(tuple(self.problem)) if isinstance(self.problem, (tuple, list)) else self.problem
        if len(X) != len(y):
            what = ("images", "labels") if self.is_pictures_of(X) else ("rows", "targets")
            raise BadFile(
                f"{what[0]} and {what[1]} do not agree in number",
                where=self.source or None,
                expected=f"{len(X):,} {what[1]} for {len(X):,} {what[0]}",
                found=f"{len(y):,} {what[1]}",
                do="Do both files come from the same set?",
            )
        try:
            y = problem.checked(y)
        except WhynetError as error:
            error.where = error.where or self.source or None
            raise
        made: dict[str, Any] = {"X": X, "problem": problem, "y": sealed(y)}
        if self.weights is not None:
            made["weights"] = sealed(_checked_weights(np.asarray(self.weights, dtype=np.float64), len(y)))
        for name, value in made.items():
            object.__setattr__(self, name, value)

    @staticmethod
    def is_pictures_of(X: ByteImages | FloatFeatures) -> bool:
        """Whether these are pictures, that a person can look at."""
        return isinstance(X, ByteImages) and min(X.shape[:2]) > 1

    def __len__(self) -> int:
        return len(self.y)

    def _repr_html_(self) -> str:
        return str(view(self, "html"))

    @property
    def inputs(self) -> Array:
        """One example a row, (n, inputs), bytes or floats, not yet scaled; the same array every time."""
        return self.X.rows

    @property
    def features(self) -> int:
        """Numbers of an example."""
        return int(self.inputs.shape[1])

    @property
    def are_pictures(self) -> bool:
        """Whether the examples are pictures, that a person can look at."""
        return self.is_pictures_of(self.X)

    @property
    def word(self) -> str:
        """What its examples are called."""
        return "images" if self.are_pictures else "rows"

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of an example: (rows, columns, channels) of a picture, one channel where it is grey, else
        (features,)."""
        if not isinstance(self.X, ByteImages):
            return (self.features,)
        sides = self.X.array.shape[1:]
        return sides if len(sides) == 3 else (*sides, 1)

    @property
    def images(self) -> Images:
        """The pictures, (n, rows, columns) uint8, with channels where they have colours.

        Raises
        ------
        UsageError
            The examples are no pictures.
        """
        if not isinstance(self.X, ByteImages):
            raise UsageError("these data hold no pictures", expected="images of bytes", found="a table of numbers")
        return self.X.array

    @property
    def pixels(self) -> Images:
        """The pictures' bytes, one picture a row, (n, pixels) uint8.

        Raises
        ------
        UsageError
            The examples are no pictures.
        """
        return self.images.reshape(len(self), -1)

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes; empty where there are none."""
        return self.problem.classes if isinstance(self.problem, Classification) else ()

    @property
    def labels(self) -> Labels:
        """The class of each example, (n,).

        Raises
        ------
        UsageError
            There are no classes.
        """
        if not isinstance(self.problem, Classification):
            raise UsageError("these data have no classes", found=f"a {self.problem.kind} problem")
        return self.y

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
        return replace(self, X=self.X.take(rows), y=self.y[rows], weights=weights)

    def subset(self, size: int, *, seed: int, balanced: bool = True) -> Dataset:
        """`size` examples in the order of the file: as many of each class (to within one), where there are no classes
        a draw that keeps the spread of the targets; or simply the first.

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
        if not self.classes:
            return self.take(self._draw(self._quotas(size), seed))
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
        """`(rest, held back)`: `size` examples are held back, each class (each fifth of a regression's targets) by its
        share, drawn with `default_rng([seed, 1])`. Both keep the order of the file; what is held back has no test set.

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
        held = self._draw(self._quotas(size), seed)
        rest = np.setdiff1d(np.arange(len(self)), held)
        return self.take(rest), replace(self.take(held), test=None)

    def _quotas(self, size: int) -> Array:
        """How many of each stratum `size` examples have, by its share."""
        strata = self.problem.strata(self.y)
        exact = np.bincount(strata, minlength=len(self.classes)) / len(self) * size
        quotas = np.floor(exact).astype(int)
        largest_rests = np.argsort(quotas - exact, kind="stable")[: size - quotas.sum()]
        quotas[largest_rests] += 1
        return quotas

    def _draw(self, quotas: Array, seed: int) -> Rows:
        """Row numbers, sorted: `quotas[s]` of each stratum s."""
        rng = np.random.default_rng([seed, 1])
        order = rng.permutation(len(self))
        strata = self.problem.strata(self.y)
        by_stratum = [order[strata[order] == stratum][:quota] for stratum, quota in enumerate(quotas)]
        return np.sort(np.concatenate(by_stratum))

    def summary(self) -> dict[str, Any]:
        """What there is, as plain values."""
        about = {
            "name": self.name,
            "source": self.source,
            "problem": self.problem.kind,
            "examples": len(self),
            "test_examples": None if self.test is None else len(self.test),
            **self.X.summary(),
        }
        if self.classes:
            return {
                **about, "classes": list(self.classes), "counts": self.counts.tolist(), "shares": self.prior.tolist(),
            }  # fmt: skip
        targets = [
            {"name": name, "mean": float(one.mean()), "sd": float(one.std()), "least": float(one.min()),
             "largest": float(one.max())}
            for name, one in zip(self.problem.names, self.y.T.astype(float), strict=True)
        ]  # fmt: skip
        return {**about, "targets": targets}

    def fingerprint(self) -> str:
        """SHA-256 of shapes, examples and targets, the test set included, as hexadecimal digits."""
        digest = hashlib.sha256()
        for part in (self, self.test):
            if part is not None:
                about = part.classes if part.classes else part.problem.as_dict()
                digest.update(f"{part.X.array.shape} {about}".encode())
                digest.update(np.ascontiguousarray(part.X.array).data)
                digest.update(part.y.astype("<i8" if part.classes else "<f8").tobytes())
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
