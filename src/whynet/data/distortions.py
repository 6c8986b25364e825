"""Distortions: each image a little rotated, sheared, zoomed, shifted and bent, anew every epoch (Simard et al. 2003).

All of it moves points; one bilinear look-up per pixel then paints the new image. With p a pixel's place relative to
the middle of the image, its ink is taken from

    A p + bend(p) - shift,      A = rotation * shear * zoom

`bend` is a smooth random field with the same spread everywhere, `elastic` pixels (root mean square) along each axis,
and correlation exp(-d^2 / (4 sigma^2)) at the distance d: that of white noise smoothed by a Gaussian of width sigma.
Texts give the strength as a factor alpha before or after smoothing; conventions differ, pixels do not.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from whynet.errors import UsageError
from whynet.types import Array, Images

AT_ONCE = 64  # images in a piece: small enough for its arrays to stay in the processor's cache
KEPT = 0.999  # share of a smooth field's variance that is kept; the rest is ripples too weak to see


@dataclass(frozen=True)
class Distortions:
    """How far images may be distorted; all zero leaves them alone.

    Parameters
    ----------
    rotation, shear
        Largest angles, in degrees: drawn evenly from minus to plus this.
    zoom
        Width and height are each multiplied by a factor drawn evenly from 1 - zoom to 1 + zoom.
    shift
        Largest shift along each axis, in pixels.
    elastic
        Root mean square of the bending along each axis, in pixels; 1.1 to 1.4 suits 28 x 28 digits.
    sigma
        Width of the Gaussian that makes the bending smooth, in pixels.

    >>> images = np.zeros((2, 28, 28), np.uint8)
    >>> images[:, 8:20, 13:15] = 255
    >>> bent = Distortions(rotation=15, elastic=1.2).apply(images, seed=0, epoch=0)
    >>> bent.shape, bent.dtype, bool((bent[0] == bent[1]).all())
    ((2, 28, 28), dtype('uint8'), False)

    Raises
    ------
    UsageError
        A strength that makes no sense.
    """

    rotation: float = 0.0
    shear: float = 0.0
    zoom: float = 0.0
    shift: float = 0.0
    elastic: float = 0.0
    sigma: float = 5.0

    def __post_init__(self) -> None:
        for name, limit in (("rotation", 180), ("shear", 60), ("zoom", 0.9), ("shift", 1000), ("elastic", 1000)):
            if not 0 <= getattr(self, name) <= limit:
                raise UsageError(
                    f"this {name} makes no sense", expected=f"0 to {limit}", found=str(getattr(self, name))
                )
        if not 0.5 <= self.sigma <= 1000:
            raise UsageError("this sigma makes no sense", expected="0.5 to 1000 pixels", found=str(self.sigma))

    def __bool__(self) -> bool:
        """Whether there is anything to do."""
        return any((self.rotation, self.shear, self.zoom, self.shift, self.elastic))

    def apply(self, images: Images, *, seed: int, epoch: int) -> Images:
        """The images (n, rows, columns), or with colours, as the epoch shows them, new uint8 arrays of the same shape.

        What happens to the image in row i depends on nothing but (seed, epoch, i) and the shape of an image: the
        movements are drawn with `default_rng([seed, 3, epoch, 0])`, the bending with `[seed, 3, epoch, 1]`.
        """
        if not self:
            return images
        if images.ndim == 4:  # each colour moves with the others
            colours = [self.apply(images[..., one], seed=seed, epoch=epoch) for one in range(images.shape[3])]
            return np.stack(colours, axis=-1)
        n, rows, columns = images.shape
        down, across = _modes(rows, self.sigma), _modes(columns, self.sigma)
        movements, bending = (np.random.default_rng([seed, 3, epoch, what]) for what in (0, 1))
        distorted = np.empty_like(images)
        for first in range(0, n, AT_ONCE):
            piece = slice(first, min(first + AT_ONCE, n))
            drawn = movements.random((piece.stop - first, 6), dtype=np.float32) * 2 - 1
            points = self._points(drawn, rows, columns)
            if self.elastic:
                shape = (piece.stop - first, 2, down.shape[1], across.shape[1])
                bend = bending.standard_normal(shape, dtype=np.float32)
                points += np.float32(self.elastic) * (down @ bend @ across.T)
            distorted[piece] = _look_up(images[piece], points)
        return distorted

    def _points(self, drawn: Array, rows: int, columns: int) -> Array:
        """Where each pixel's ink comes from without bending, (n, 2, rows, columns) float32: row, then column.

        `drawn (n, 6)` lies in -1..1.
        """
        angle, shear = (drawn[:, :2] * np.radians([self.rotation, self.shear])).T.astype(np.float32)
        tall, wide = 1 / (1 + self.zoom * drawn[:, 2:4].T)  # from the new image back to the old one
        shift = self.shift * drawn[:, 4:6]
        cos, sin, slant = np.cos(angle), np.sin(angle), np.tan(shear)
        A = np.array([[cos * tall, sin * wide], [(slant * cos - sin) * tall, (slant * sin + cos) * wide]])
        middle = np.array([(rows - 1) / 2, (columns - 1) / 2], dtype=np.float32)
        p = np.indices((rows, columns), dtype=np.float32).reshape(2, -1) - middle[:, np.newaxis]
        points: Array = A.transpose(2, 0, 1) @ p + (middle - shift)[:, :, np.newaxis]
        return np.reshape(points, (len(drawn), 2, rows, columns))


@lru_cache(maxsize=16)
def _modes(length: int, sigma: float) -> Array:
    """The few smooth shapes that make up a random curve, (length, modes) float32.

    `modes @ normal numbers` has variance 1 everywhere and correlation exp(-d^2 / (4 sigma^2)): the shapes are the
    covariance's eigenvectors, those with hardly any variance left out.
    """
    place = np.arange(length)
    covariance = np.exp(-((place[:, np.newaxis] - place) ** 2) / (4 * sigma**2))
    variances, shapes = np.linalg.eigh(covariance)
    variances, shapes = variances[::-1], shapes[:, ::-1]
    count = int(np.searchsorted(np.cumsum(variances) / length, KEPT)) + 1
    modes: Array = shapes[:, :count] * np.sqrt(np.maximum(variances[:count], 0))
    modes /= np.sqrt((modes**2).sum(axis=1, keepdims=True))
    modes *= np.where(modes[0] < 0, -1, 1)  # eigh leaves the sign open
    single: Array = modes.astype(np.float32)
    single.flags.writeable = False
    return single


def _look_up(images: Images, points: Array) -> Images:
    """The ink of `images (n, rows, columns)` at `points (n, 2, rows, columns)`, between pixels by bilinear mixing;
    outside the image there is none."""
    n, rows, columns = images.shape
    padded = np.zeros((n, rows + 2, columns + 2), np.uint8)
    padded[:, 1:-1, 1:-1] = images
    y = np.clip(points[:, 0] + 1, 0, rows + np.float32(0.999))
    x = np.clip(points[:, 1] + 1, 0, columns + np.float32(0.999))
    top, left = y.astype(np.int32), x.astype(np.int32)
    y -= top
    x -= left
    corner = (top * (columns + 2) + left).astype(np.intp)
    corner += (np.arange(n) * (rows + 2) * (columns + 2))[:, np.newaxis, np.newaxis]
    ink = padded.reshape(-1)
    upper = ink[corner] * (1 - x) + ink[corner + 1] * x
    corner += columns + 2
    lower = ink[corner] * (1 - x) + ink[corner + 1] * x
    mixed = upper + (lower - upper) * y
    found: Images = (mixed + np.float32(0.5)).astype(np.uint8)
    return found


def contact_sheet(images: Images, distortions: Distortions, *, seed: int, versions: int = 9) -> Images:
    """Each image and, beside it, how the first epochs show it: (n, 1 + versions, rows, columns).

    >>> contact_sheet(np.zeros((4, 8, 8), np.uint8), Distortions(shift=1), seed=0).shape
    (4, 10, 8, 8)
    """
    shown = [images, *(distortions.apply(images, seed=seed, epoch=epoch) for epoch in range(versions))]
    return np.stack(shown, axis=1)


def displacement(distortions: Distortions, rows: int, columns: int, *, images: int = 2000) -> float:
    """The root mean square of the bending along an axis, in pixels, measured on random fields of that size.

    >>> 1.15 < displacement(Distortions(elastic=1.2), 28, 28) < 1.25
    True
    """
    down, across = _modes(rows, distortions.sigma), _modes(columns, distortions.sigma)
    normal = np.random.default_rng(0).standard_normal((images, down.shape[1], across.shape[1]))
    return distortions.elastic * math.sqrt(float(np.mean((down @ normal @ across.T) ** 2)))
