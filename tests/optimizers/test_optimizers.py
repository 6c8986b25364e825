from __future__ import annotations

import math

import numpy as np
import pytest

from whynet.errors import UsageError
from whynet.optimizers.constraints import Constraints
from whynet.optimizers.optimizers import OPTIMIZERS, SGD, optimizer
from whynet.optimizers.penalties import Penalty
from whynet.optimizers.schedules import SCHEDULES, rates
from whynet.params import Params

UNDER_TEST = {  # every optimizer, with a rate that suits a bowl of unit curvature
    "sgd": (optimizer("sgd"), 0.1),
    "sgd with momentum": (optimizer("sgd", 0.9), 0.02),
    "nesterov": (optimizer("nesterov"), 0.02),
    "rmsprop": (optimizer("rmsprop"), 0.005),
    "rmsprop with momentum": (optimizer("rmsprop", 0.5), 0.002),
    "adam": (optimizer("adam"), 0.1),
    "adamw": (optimizer("adamw"), 0.1),
    "adam with beta1 0.5": (optimizer("adam", 0.5), 0.1),
}


UNDER_TEST |= {name: (optimizer(name), 0.005) for name in OPTIMIZERS if name not in UNDER_TEST}


def params_of(*numbers: float) -> Params:
    return Params(({"W": (1, len(numbers))},), np.array(numbers))


@pytest.mark.parametrize("name", UNDER_TEST)
def test_a_parabola_is_descended(name):
    chosen, rate = UNDER_TEST[name]
    params = params_of(3.0, -2.0)
    state = chosen.init(params)
    for _ in range(1000):
        chosen.update(params, Params(params.shapes, params.vector.copy()), state, rate)
    np.testing.assert_allclose(params.vector, 0, atol=1e-2)


@pytest.mark.parametrize("name", UNDER_TEST)
def test_a_ravine_is_descended(name):
    """C = 1/2 (x^2 + 50 y^2): steep one way, flat the other."""
    chosen, rate = UNDER_TEST[name]
    params = params_of(2.0, 1.0)
    state = chosen.init(params)
    curvature = np.array([1.0, 50.0])
    for _ in range(3000):
        chosen.update(params, Params(params.shapes, curvature * params.vector), state, min(rate, 0.02))
    np.testing.assert_allclose(params.vector, 0, atol=2e-2)


@pytest.mark.parametrize("name", UNDER_TEST)
def test_update_changes_parameters_in_place_and_gradients_not_at_all(name):
    chosen, rate = UNDER_TEST[name]
    params, gradients = params_of(1.0, 2.0), params_of(0.5, -0.5)
    vector = params.vector
    chosen.update(params, gradients, chosen.init(params), rate)
    assert params.vector is vector
    assert vector.tolist() != [1.0, 2.0]
    assert gradients.vector.tolist() == [0.5, -0.5]


def test_momentum_step_by_step():
    """v <- m v - rate g; w <- w + v, by hand for a gradient of 1, 2, 3."""
    params, sgd = params_of(0.0), SGD(momentum=0.5)
    state = sgd.init(params)
    seen = []
    for gradient in (1.0, 2.0, 3.0):
        sgd.update(params, params_of(gradient), state, 0.1)
        seen.append(float(params.vector[0]))
    assert seen == pytest.approx([-0.1, -0.35, -0.775])


def test_adam_step_by_step():
    params, adam = params_of(0.0), optimizer("adam")
    state = adam.init(params)
    m = s = w = 0.0
    for t, g in enumerate((1.0, -0.5, 3.0), 1):
        adam.update(params, params_of(g), state, 0.01)
        m, s = 0.9 * m + 0.1 * g, 0.999 * s + 0.001 * g * g
        w -= 0.01 * (m / (1 - 0.9**t)) / (math.sqrt(s / (1 - 0.999**t)) + 1e-8)
        assert params.vector[0] == pytest.approx(w, rel=1e-12)


def test_nesterov_is_momentum_with_the_gradient_taken_ahead():
    """On a parabola: v <- m v - rate * slope(w + m v), w <- w + v; ours keeps w + m v instead of w."""
    params, chosen = params_of(1.0), optimizer("nesterov", 0.5)
    state, w, v = chosen.init(params), 1.0, 0.0
    for _ in range(5):
        chosen.update(params, params_of(float(params.vector[0])), state, 0.1)
        v = 0.5 * v - 0.1 * (w + 0.5 * v)
        w += v
        assert params.vector[0] == pytest.approx(w + 0.5 * v, rel=1e-12)


def test_rmsprop_step_by_step():
    params, chosen = params_of(0.0), optimizer("rmsprop", 0.5)
    state, s, v, w = chosen.init(params), 0.0, 0.0, 0.0
    for g in (1.0, -0.5, 3.0):
        chosen.update(params, params_of(g), state, 0.01)
        s = 0.9 * s + 0.1 * g * g
        v = 0.5 * v - 0.01 * g / (math.sqrt(s) + 1e-8)
        w += v
        assert params.vector[0] == pytest.approx(w, rel=1e-12)


@pytest.mark.parametrize("name", UNDER_TEST)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_type_of_the_numbers_stays(name, dtype):
    chosen, rate = UNDER_TEST[name]
    params = Params(({"W": (1, 2)},), np.ones(2, dtype))
    state = chosen.init(params)
    chosen.update(params, Params(params.shapes, np.ones(2, dtype)), state, rate)
    assert params.vector.dtype == np.dtype(dtype)
    assert all(array.dtype == np.dtype(dtype) for name, array in state.items() if name != "steps")


def test_a_penalty_is_the_slope_of_its_value_and_spares_biases(rng):
    params = Params(({"W": (3, 2), "b": (2,)}, {"W": (2, 1), "b": (1,)}), rng.normal(size=11))
    penalty, gradients = Penalty(l1=0.2, l2=0.3), params.zeros()
    penalty.add_gradient(params, gradients)
    for index in range(11):
        at = params.copy()
        at.vector[index] += 1e-6
        back = params.copy()
        back.vector[index] -= 1e-6
        numeric = (penalty.value(at) - penalty.value(back)) / 2e-6
        assert gradients.vector[index] == pytest.approx(numeric, abs=1e-8)
    assert not any(arrays["b"].any() for arrays in gradients)


def test_clipping_shortens_long_gradients_and_leaves_short_ones():
    gradients = params_of(3.0, 4.0)
    Constraints(clip_norm=10.0).before_step(params_of(0.0, 0.0), gradients, 0.1)
    assert gradients.vector.tolist() == [3.0, 4.0]
    Constraints(clip_norm=1.0).before_step(params_of(0.0, 0.0), gradients, 0.1)
    assert gradients.vector.tolist() == pytest.approx([0.6, 0.8])


def test_weight_decay_is_decoupled_and_spares_biases():
    params = Params(({"W": (2, 1), "b": (1,)},), np.array([2.0, -4.0, 8.0]))
    Constraints(weight_decay=0.5).before_step(params, params.zeros(), rate=0.1)
    assert params.vector.tolist() == pytest.approx([1.9, -3.8, 8.0])


def test_weight_decay_under_sgd_is_an_l2_penalty(rng):
    start, g = rng.normal(size=6), rng.normal(size=6)
    shapes = ({"W": (3, 2)},)
    decayed, penalised = Params(shapes, start.copy()), Params(shapes, start.copy())
    gradients = Params(shapes, g.copy())
    Constraints(weight_decay=0.3).before_step(decayed, gradients, 0.1)
    SGD().update(decayed, gradients, {}, 0.1)
    gradients = Params(shapes, g.copy())
    Penalty(l2=0.3).add_gradient(penalised, gradients)
    SGD().update(penalised, gradients, {}, 0.1)
    np.testing.assert_allclose(decayed.vector, penalised.vector)


def test_max_norm_shortens_columns_one_by_one(rng):
    W = rng.normal(size=(5, 4)) * [0.01, 1, 10, 0]
    params = Params(({"W": (5, 4)},), W.ravel().copy())
    Constraints(max_norm=1.0).after_step(params)
    norms = np.linalg.norm(W, axis=0)
    np.testing.assert_allclose(np.linalg.norm(params[0]["W"], axis=0), np.minimum(norms, 1.0), atol=1e-12)


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_schedule_reaches_the_rate_and_stays_between_it_and_zero(name):
    whole = rates(name, 0.2, range(0, 50), 50)
    assert whole.max() == pytest.approx(0.2, rel=0.02)
    assert np.all((whole >= 0) & (whole <= 0.2 + 1e-12))
    np.testing.assert_array_equal(rates(name, 0.2, range(20, 30), 50), whole[20:30])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("constant", [1, 1, 1, 1]),
        ("linear", [1, 0.75, 0.5, 0.25]),
        ("exponential", [1, 0.1**0.5, 0.1, 0.1**1.5]),
        ("step", [1, 1, 0.1, 0.01]),
        ("warm-up", [0.04, 1, 1, 1]),
    ],
)
def test_four_steps_of_a_schedule(name, expected):
    assert rates(name, 1.0, range(0, 4), 4).tolist() == pytest.approx(expected)


def test_one_cycle_rises_and_falls():
    whole = rates("one-cycle", 1.0, range(0, 1000), 1000)
    assert whole[0] == pytest.approx(1 / 25)
    assert whole.argmax() == 300
    assert np.all(np.diff(whole[:301]) > 0)
    assert np.all(np.diff(whole[300:]) < 0)
    assert whole[-1] < 1e-3


def test_cosine_is_half_a_cosine():
    assert rates("cosine", 1.0, range(0, 4), 4).tolist() == pytest.approx([1, 0.5 + 0.5**1.5, 0.5, 0.5 - 0.5**1.5])


@pytest.mark.parametrize(
    "make",
    [
        lambda: optimizer("adamm"),
        lambda: rates("cosin", 1.0, range(1), 1),
        lambda: SGD(momentum=1.0),
        lambda: SGD(momentum=-0.1),
        lambda: Penalty(l2=-1.0),
        lambda: Penalty(l1=float("nan")),
        lambda: Constraints(clip_norm=0.0),
        lambda: Constraints(max_norm=-1.0),
        lambda: Constraints(weight_decay=float("inf")),
    ],
)
def test_nonsense_is_refused(make):
    with pytest.raises(UsageError):
        make()
