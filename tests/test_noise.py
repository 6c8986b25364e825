from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from whynet.network.layers import Dropout, GaussianNoise
from whynet.noise import GOLDEN, MASK, Noise


def by_hand(seed: int, step: int, layer: int, row: int, unit: int) -> float:
    """One number, in whole-number arithmetic."""

    def mix(z: int) -> int:
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 & MASK
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB & MASK
        return z ^ (z >> 31)

    key = 0
    for part in (seed, step, layer):
        key = mix((key + GOLDEN * (part + 1)) & MASK)
    return (mix((((row << 32) + unit) * GOLDEN + key) & MASK) >> 40) / 2**24


@given(
    seed=st.integers(0, 2**64 - 1), step=st.integers(0, 10**9), layer=st.integers(0, 20), row=st.integers(0, 9),
    unit=st.integers(0, 9),
)  # fmt: skip
def test_each_number_is_the_hash_of_where_it_is_used(seed, step, layer, row, unit):
    assert Noise(seed, step, layer).uniform(10, 10)[row, unit] == by_hand(seed, step, layer, row, unit)


def test_uniform_numbers_are_uniform_and_unrelated():
    from scipy.stats import kstest

    whole = np.stack([Noise(0, step).uniform(100, 50) for step in range(20)])
    assert kstest(whole.ravel(), "uniform").pvalue > 1e-3
    assert abs(np.corrcoef(whole[:-1].ravel(), whole[1:].ravel())[0, 1]) < 0.02
    assert abs(np.corrcoef(whole[:, :-1].ravel(), whole[:, 1:].ravel())[0, 1]) < 0.02
    assert abs(np.corrcoef(whole[:, :, :-1].ravel(), whole[:, :, 1:].ravel())[0, 1]) < 0.02


def test_normal_numbers_are_normal():
    from scipy.stats import kstest

    assert kstest(Noise(1, 2).normal(400, 50).ravel(), "norm").pvalue > 1e-3


@pytest.mark.parametrize("change", [{"seed": 1}, {"step": 1}, {"layer": 1}])
def test_seed_step_and_layer_all_matter(change):
    base = {"seed": 0, "step": 0, "layer": 0}
    assert (Noise(**base).uniform(3, 4) != Noise(**{**base, **change}).uniform(3, 4)).all()


def test_dropout_keeps_the_share_and_the_mean():
    x = np.ones((1000, 100), dtype=np.float32)
    y, mask = Dropout(100, 0.3).forward({}, x, Noise(0, 0))
    assert np.mean(y == 0) == pytest.approx(0.3, abs=0.01)
    assert y.mean() == pytest.approx(1, abs=0.01)
    assert y.dtype == np.float32
    dx, _ = Dropout(100, 0.3).backward({}, mask, x)
    np.testing.assert_array_equal(dx, y)


def test_noise_has_the_sd_it_should():
    x = np.zeros((1000, 100))
    y, _ = GaussianNoise(100, 0.5).forward({}, x, Noise(0, 0))
    assert y.std() == pytest.approx(0.5, rel=0.01)
    assert abs(y.mean()) < 4 * 0.5 / math.sqrt(y.size)
