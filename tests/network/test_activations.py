from __future__ import annotations

import math

import numpy as np
import pytest

from whynet.network.activations import ACTIVATIONS, activation

BY_HAND = {  # what whynet ships; the tests below cover whatever else is in the table
    "elu": lambda row: [z if z > 0 else math.exp(z) - 1 for z in row],
    "gelu": lambda row: [0.5 * z * (1 + math.tanh(math.sqrt(2 / math.pi) * (z + 0.044715 * z**3))) for z in row],
    "identity": lambda row: row,
    "leaky-relu": lambda row: [z if z > 0 else z / 100 for z in row],
    "scaled-tanh": lambda row: [1.7159 * math.tanh(2 * z / 3) for z in row],
    "relu": lambda row: [z if z > 0 else 0.0 for z in row],
    "sigmoid": lambda row: [1 / (1 + math.exp(-z)) for z in row],
    "softmax": lambda row: [math.exp(z) / sum(map(math.exp, row)) for z in row],
    "tanh": lambda row: [(math.exp(2 * z) - 1) / (math.exp(2 * z) + 1) for z in row],
}


@pytest.mark.parametrize("name", BY_HAND)
def test_forward_is_the_formula(name, rng):
    z = rng.normal(0, 3, (4, 5))
    a, _ = activation(name).forward(z)
    np.testing.assert_allclose(a, [BY_HAND[name](row) for row in z.tolist()], rtol=1e-12, atol=1e-14)


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


def test_gelu_is_close_to_z_times_the_normal_distribution():
    z = np.linspace(-5, 5, 101)
    exact = [0.5 * v * (1 + math.erf(v / math.sqrt(2))) for v in z]
    np.testing.assert_allclose(activation("gelu").forward(z[np.newaxis])[0][0], exact, atol=5e-4)


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
