from __future__ import annotations

import math

import numpy as np
import pytest

from whynet.network.activations import ACTIVATIONS, activation

BY_HAND = {
    "identity": lambda row: row,
    "relu": lambda row: [z if z > 0 else 0.0 for z in row],
    "sigmoid": lambda row: [1 / (1 + math.exp(-z)) for z in row],
    "softmax": lambda row: [math.exp(z) / sum(map(math.exp, row)) for z in row],
    "tanh": lambda row: [(math.exp(2 * z) - 1) / (math.exp(2 * z) + 1) for z in row],
}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_forward_is_the_formula(name, rng):
    z = rng.normal(0, 3, (4, 5))
    a, _ = activation(name).forward(z)
    np.testing.assert_allclose(a, [BY_HAND[name](row) for row in z.tolist()], rtol=1e-12)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_backward_is_the_transposed_jacobian(name, rng):
    """dz_i = sum_j da_j * d a_j / d z_i, the Jacobian measured entry by entry."""
    z, da = rng.normal(0, 1, (1, 4)), rng.normal(size=(1, 4))
    _, memo = activation(name).forward(z)
    dz = activation(name).backward(memo, da)
    for i in range(4):
        h = np.zeros((1, 4))
        h[0, i] = 1e-6
        column = (activation(name).forward(z + h)[0] - activation(name).forward(z - h)[0]) / 2e-6
        assert dz[0, i] == pytest.approx(float((da * column).sum()), rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_extreme_inputs_stay_finite_and_keep_their_type(name, dtype):
    z = np.array([[-1e4, -100, 0, 100, 1e4]], dtype=dtype)
    a, memo = activation(name).forward(z)
    dz = activation(name).backward(memo, np.ones_like(z))
    assert np.isfinite(a).all()
    assert np.isfinite(dz).all()
    assert a.dtype == dz.dtype == np.dtype(dtype)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_forward_leaves_its_input_alone(name, rng):
    z = rng.normal(size=(3, 3))
    kept = z.copy()
    activation(name).forward(z)
    np.testing.assert_array_equal(z, kept)
