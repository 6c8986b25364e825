"""Each fault does what its text says, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

import whynet
from whynet.errors import NonFinite, UsageError
from whynet.training.checking import check, own_check, whole_matrix_ratios
from whynet.training.loop import Training
from whynet.training.prepare import prepare

RECIPE = whynet.Recipe(hidden=(6,), cost="quadratic", learning_rate=0.5, epochs=1, batch_size=20, dtype="float64")


def gradients(recipe, data):
    prepared = prepare(recipe, data)
    network, task = prepared.network, prepared.task
    X = task.examples.features(np.arange(5), network.dtype)
    return network, X, network.targets(data.labels[:5]), task


def test_no_output_slope_divides_the_output_gradient_by_the_slope(digits):
    network, X, targets, task = gradients(RECIPE.but(faults=("no-output-slope",)), digits)
    scores = network.scores(X)
    a1 = network.forward(X).memos[1].x
    faulty = task.backward(network, network.forward(X), targets)
    np.testing.assert_allclose(faulty[1]["W"], a1.T @ (scores - targets) / 5, rtol=1e-12)
    assert not check(prepare(RECIPE.but(faults=("no-output-slope",)), digits)).passed


def test_raw_momentum_takes_steps_that_the_rate_does_not_scale(digits):
    """After the first step, W <- W - rate g - m g_before, b <- b - rate g."""
    recipe = RECIPE.but(faults=("raw-momentum",), momentum=0.3, learning_rate=1e-4)
    network, X, targets, task = gradients(recipe, digits)
    state = task.optimizer.init(network.params)
    first = network.gradients(X, targets)
    task.optimizer.update(network.params, first, state, recipe.rate)
    before, second = network.params.copy(), network.gradients(X, targets)
    task.optimizer.update(network.params, second, state, recipe.rate)
    for layer in (0, 1):
        W = before[layer]["W"] - 1e-4 * second[layer]["W"] - 0.3 * first[layer]["W"]
        np.testing.assert_allclose(network.params[layer]["W"], W, rtol=1e-12, atol=1e-15)
        b = before[layer]["b"] - 1e-4 * second[layer]["b"]
        np.testing.assert_allclose(network.params[layer]["b"], b, rtol=1e-12, atol=1e-15)
    with pytest.raises(UsageError, match="SGD"):
        prepare(recipe.but(optimizer="adam"), digits)


def test_naive_sigmoid_is_right_until_it_overflows(digits):
    faulty = RECIPE.but(faults=("naive-sigmoid",))
    assert check(prepare(faulty, digits)).passed
    large = faulty.but(init="constant(50)")
    with pytest.raises(NonFinite, match="gradient in layer"):
        next(Training(prepare(large, digits)))
    assert np.isfinite(next(Training(prepare(large.but(faults=()), digits))).cost)


def test_the_whole_matrix_check_accuses_a_right_gradient(digits):
    recipe = RECIPE.but(faults=("whole-matrix-check",))
    prepared = prepare(recipe, digits)
    assert check(prepared).passed
    assert min(whole_matrix_ratios(prepared)) > 0.5


def test_a_faulty_training_shares_the_parameters_of_the_sound_network(digits):
    recipe = RECIPE.but(faults=("no-output-slope", "naive-sigmoid"))
    prepared = prepare(recipe, digits)
    network = prepared.network
    before = network.params.vector.copy()
    assert prepared.task.network.params is network.params
    next(Training(prepared))
    assert (network.params.vector != before).any()
    assert all(isinstance(layer, whynet.Dense) for layer in network.layers)


def test_a_network_without_biases_answers_zeros_with_zeros_and_keeps_its_biases_at_nothing(digits):
    recipe = RECIPE.but(faults=("no-biases",), bias_init="constant(0.3)", cost="softmax-cross-entropy")
    network = prepare(recipe, digits).network
    next(Training(prepare(recipe, digits, network)))
    assert all(not arrays["b"].any() for arrays in network.params)
    assert all(arrays["W"].any() for arrays in network.params)


def test_softmax_over_the_batch_has_shares_that_sum_to_1_over_all_rows(digits):
    _, X, targets, task = gradients(RECIPE.but(cost="softmax-cross-entropy", faults=("softmax-over-batch",)), digits)
    scores = task.network.scores(X)
    shares = task.network.cost.probabilities(scores)
    assert shares.sum() == pytest.approx(1)
    assert task.network.cost.value(scores, targets) == pytest.approx(-np.log(shares[targets == 1]).mean())
    with pytest.raises(UsageError, match="softmax-cross-entropy"):
        prepare(RECIPE.but(faults=("softmax-over-batch",)), digits)


def test_an_accuracy_over_the_wrong_axis_is_printed_and_the_network_learns_all_the_same(digits):
    recipe = RECIPE.but(epochs=15, cost="softmax-cross-entropy", hidden=(30,))
    sound, wrong = whynet.fit(recipe, digits), whynet.fit(recipe.but(faults=("argmax-over-images",)), digits)
    assert (sound.network.params.vector == wrong.network.params.vector).all()
    assert sound.history[-1].test_accuracy > 0.9 > 0.5 > wrong.history[-1].test_accuracy


def test_leaked_test_images_are_in_the_training_set_with_their_labels(digits):
    recipe = RECIPE.but(faults=("leaked-test-images",))
    train = Training(prepare(recipe, digits)).train
    known = {image.tobytes(): label for image, label in zip(train.inputs, train.labels, strict=True)}
    assert len(train) == len(digits)
    assert all(known[i.tobytes()] == n for i, n in zip(digits.test.inputs, digits.test.labels, strict=True))


@pytest.mark.parametrize("cost", ["quadratic", "sigmoid-cross-entropy", "softmax-cross-entropy"])
@pytest.mark.parametrize("activation", ["relu", "sigmoid", "tanh"])
def test_an_invalid_check_accuses_a_gradient_that_is_right(activation, cost):
    assert own_check(RECIPE.but(activation=activation, cost=cost, faults=("whole-matrix-check",))) > 0.1
    assert own_check(RECIPE) is None
