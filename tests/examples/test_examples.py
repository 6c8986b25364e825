"""The examples run, and say what they should."""

from __future__ import annotations

import random

import pytest

from support import ROOT, example

neuron_by_neuron = example("neuron_by_neuron")


def test_gradients_are_the_slopes_of_the_error():
    network = neuron_by_neuron.Network([4, 3, 2], weight=(-1, 1), seed=5)
    x, y = [0.2, 0.7, 0.1, 0.9], [1.0, 0.0]

    def error():
        return 0.5 * sum((a - t) ** 2 for a, t in zip(network.predict(x), y, strict=True))

    for layer, of_layer in zip(network.layers, network.gradients(x, y), strict=True):
        for neuron, (dw, db) in zip(layer.neurons, of_layer, strict=True):
            for index, expected in enumerate(dw):
                kept = neuron.weights[index]
                neuron.weights[index] = kept + 1e-5
                high = error()
                neuron.weights[index] = kept - 1e-5
                low = error()
                neuron.weights[index] = kept
                assert expected == pytest.approx((high - low) / 2e-5, rel=1e-5, abs=1e-9)
            kept = neuron.bias
            neuron.bias = kept + 1e-5
            high = error()
            neuron.bias = kept - 1e-5
            assert db == pytest.approx((high - error()) / 2e-5, rel=1e-5, abs=1e-9)
            neuron.bias = kept


def test_it_learns_xor():
    rows = [([0.0, 0.0], [0.0]), ([1.0, 0.0], [1.0]), ([0.0, 1.0], [1.0]), ([1.0, 1.0], [0.0])]
    network, rng = neuron_by_neuron.Network([2, 3, 1], weight=(-1, 1), seed=1), random.Random(1)
    for _ in range(15_000):
        network.train(*rng.choice(rows))
    assert all(abs(network.predict(x)[0] - y[0]) < 0.1 for x, y in rows)


def test_the_tutorials_worked_example():
    network = neuron_by_neuron.Network([3, 4, 2])
    output = network.layers[1]
    for neuron, weights, bias in zip(
        output.neurons,
        ([0.3490, 0.2552, 1.7718, -0.6382], [1.5340, 0.2998, -1.0761, -1.4656]),
        (-1.3518, -2.1354),
        strict=True,
    ):
        neuron.weights, neuron.bias = weights, bias
    a3 = output.forward([0.2871, 0.7834, 0.6244, 0.6702])
    assert [round(a, 4) for a in a3] == [0.4078, 0.0425]


def test_neuron_by_neuron_main(capsys):
    neuron_by_neuron.main(50)
    assert "same prediction for every image" in capsys.readouterr().out


@pytest.mark.parametrize("name", sorted(path.stem for path in (ROOT / "examples").glob("*.py")))
def test_every_example_runs(name, capsys):
    if name != "neuron_by_neuron":  # its main is run above, with fewer images
        example(name)
        assert capsys.readouterr().out
