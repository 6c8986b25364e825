from __future__ import annotations

import numpy as np
import pytest

import whynet
from whynet.errors import UsageError
from whynet.network.excitation import exciting_inputs, masks


def test_the_first_layers_masks_are_its_weights_and_the_next_ones_their_product():
    network = whynet.Network([6, 5, 4, 3], activation="identity", dropout=0.5, seed=1, dtype="float64")
    np.testing.assert_array_equal(masks(network, 0), network.params[0]["W"])
    x = np.random.default_rng(0).random((4, 6))
    seen = network.scores(x) - network.scores(np.zeros((1, 6)))  # linear: nothing but masks and a constant
    np.testing.assert_allclose(x @ masks(network, 2), seen, rtol=1e-12)


def test_normalisation_is_part_of_a_mask(rng):
    network = whynet.Network([6, 5, 3], activation="identity", batch_norm=True, dtype="float64")
    network.statistics.vector[:] = rng.random(10) + 0.5
    network.params[1]["scale"][:] = rng.random(5)
    x = rng.random((4, 6))
    seen = network.scores(x) - network.scores(np.zeros((1, 6)))
    np.testing.assert_allclose(x @ masks(network, 1), seen, rtol=1e-12)


def test_exciting_inputs_excite_their_unit_more_than_any_example_does(digits):
    run = whynet.fit(whynet.Recipe(activation="relu", init="he", hidden=(30, 20), epochs=10), digits)
    examples = digits.inputs / 255
    for layer in range(3):
        size = run.network.sizes[layer + 1]
        found = exciting_inputs(run.network, layer, np.arange(size), examples, low=0.0, high=1.0)
        assert found.shape == (size, 64)
        assert found.min() >= 0
        assert found.max() <= 1
        assert np.linalg.norm(found, axis=1).max() <= np.linalg.norm(examples, axis=1).mean() * (1 + 1e-5)
        scored = [trace.memos[layer].z for trace in (run.network.forward(found), run.network.forward(examples))]
        assert np.mean(np.diag(scored[0]) > scored[1].max(axis=0)) > 0.9
    assert (run.network.predict(found) == np.arange(10)).all()


@pytest.mark.parametrize("layer", [-1, 2])
def test_a_layer_that_is_not_there(layer):
    with pytest.raises(UsageError, match="no such layer"):
        masks(whynet.Network([4, 3, 2]), layer)
