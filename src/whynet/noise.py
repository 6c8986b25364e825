"""Random numbers that need no memory: each is a hash of where it is used.

A generator would have to be saved with every checkpoint, and two engines, or one with two threads, would have to draw
in the same order. A hash of (seed, step, layer, row, unit) gives everyone the same numbers in any order.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from whynet.types import Array

GOLDEN = 0x9E3779B97F4A7C15  # 2^64 over the golden ratio, odd
MASK = (1 << 64) - 1


@dataclass(frozen=True)
class Noise:
    """The source of a step's random numbers.

    >>> noise = Noise(seed=0, step=7, layer=1)
    >>> bool((noise.uniform(2, 3) == noise.uniform(4, 3)[:2]).all())  # a row's numbers do not depend on the batch
    True
    """

    seed: int
    step: int
    layer: int = 0

    def at(self, layer: int) -> Noise:
        """The same step's noise for another layer."""
        return Noise(self.seed, self.step, layer)

    def uniform(self, rows: int, units: int) -> Array:
        """Numbers in [0, 1), (rows, units) float32: the first 24 of the 64 random bits, so every one is exact."""
        hashed = self._bits(rows, units)
        hashed >>= np.uint64(40)
        return hashed.astype(np.float32) * np.float32(2**-24)

    def normal(self, rows: int, units: int) -> Array:
        """Numbers from N(0, 1), (rows, units) float64, made of the first and the next 24 bits (Box and Muller 1958)."""
        hashed = self._bits(rows, units)
        first = (hashed >> np.uint64(40)) * 2.0**-24
        second = ((hashed >> np.uint64(16)) & np.uint64(2**24 - 1)) * 2.0**-24
        normal: Array = np.sqrt(-2 * np.log1p(-first)) * np.cos(2 * np.pi * second)
        return normal

    def _bits(self, rows: int, units: int) -> Array:
        """64 random bits for each unit of each row, (rows, units) uint64."""
        key = 0
        for part in (self.seed, self.step, self.layer):
            key = _mix((key + GOLDEN * (part + 1)) & MASK)
        row = (np.arange(rows, dtype=np.uint64) << np.uint64(32)) * np.uint64(GOLDEN)
        unit = np.arange(units, dtype=np.uint64) * np.uint64(GOLDEN) + np.uint64(key)
        bits = row[:, np.newaxis] + unit
        _mix_array(bits)
        return bits


def _mix(z: int) -> int:
    """splitmix64's finaliser (Steele, Lea and Flood 2014): every bit in changes about half of the bits out."""
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def _mix_array(z: Array) -> None:
    """The same for an array of uint64, in place; its products wrap around by themselves."""
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        z ^= z >> np.uint64(shift)
        z *= np.uint64(factor)
    z ^= z >> np.uint64(31)
