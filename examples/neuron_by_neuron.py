"""A network without matrices: one object per neuron, one example at a time, nothing but Python.

This is how many people write their first network, and it is slow; but every number has a place that you can point at.
With weights between 0 and 0.5, biases of 0.5, a rate of 1 and `output_slope=False` it is the program that learned XOR
and stayed at an error of 0.45 on MNIST.

    python examples/neuron_by_neuron.py [IMAGES]
"""

from __future__ import annotations

import math
import random
import sys
from itertools import pairwise


def sigmoid(z: float) -> float:
    """1 / (1 + exp(-z)), written so that exp never gets a large number."""
    if z >= 0:
        return 1 / (1 + math.exp(-z))
    return math.exp(z) / (1 + math.exp(z))


class Neuron:
    """Adds up what it hears, each input by its weight, and squashes the sum: a = sigmoid(w . x + b)."""

    def __init__(self, weights: list[float], bias: float) -> None:
        self.weights = weights
        self.bias = bias
        self.inputs: list[float] = []
        self.a = 0.0

    def forward(self, inputs: list[float]) -> float:
        self.inputs = inputs
        z = self.bias
        for weight, x in zip(self.weights, inputs, strict=True):
            z += weight * x
        self.a = sigmoid(z)
        return self.a

    def slope(self) -> float:
        """da/dz = a (1 - a): at most 1/4, and next to nothing when the neuron is saturated."""
        return self.a * (1 - self.a)

    def gradients(self, delta: float) -> tuple[list[float], float]:
        """With delta = dC/dz: dC/dw = delta * x for each weight, dC/db = delta."""
        return [delta * x for x in self.inputs], delta


class Layer:
    """Neurons side by side, all hearing the same inputs."""

    def __init__(self, neurons: list[Neuron]) -> None:
        self.neurons = neurons

    def forward(self, inputs: list[float]) -> list[float]:
        return [neuron.forward(inputs) for neuron in self.neurons]

    def blame(self, deltas: list[float], index: int) -> float:
        """How much the input number `index` of this layer is to blame: sum over neurons of weight * delta."""
        return sum(neuron.weights[index] * delta for neuron, delta in zip(self.neurons, deltas, strict=True))


class Network:
    """Layers in a row, trained one example at a time on half the squared error."""

    def __init__(
        self,
        sizes: list[int],
        *,
        rate: float = 1.0,
        weight: tuple[float, float] = (-0.5, 0.5),
        bias: float = 0.0,
        seed: int = 0,
        output_slope: bool = True,
    ) -> None:
        rng = random.Random(seed)
        self.rate = rate
        self.output_slope = output_slope
        self.layers = [
            Layer([Neuron([rng.uniform(*weight) for _ in range(fan_in)], bias) for _ in range(fan_out)])
            for fan_in, fan_out in pairwise(sizes)
        ]

    def predict(self, x: list[float]) -> list[float]:
        """Forward: what each layer says is what the next one hears."""
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def gradients(self, x: list[float], y: list[float]) -> list[list[tuple[list[float], float]]]:
        """Backward: for each layer and neuron, (dC/dw, dC/db) of C = 1/2 sum (a - y)^2 on one example."""
        errors = [a - target for a, target in zip(self.predict(x), y, strict=True)]  # dC/da of the last layer
        found = []
        for number in reversed(range(len(self.layers))):
            layer = self.layers[number]
            last = number == len(self.layers) - 1
            deltas = [  # dC/dz = dC/da * da/dz
                error * (neuron.slope() if self.output_slope or not last else 1.0)
                for error, neuron in zip(errors, layer.neurons, strict=True)
            ]
            found.insert(0, [neuron.gradients(delta) for neuron, delta in zip(layer.neurons, deltas, strict=True)])
            errors = [layer.blame(deltas, index) for index in range(len(layer.neurons[0].weights))] if number else []
        return found

    def train(self, x: list[float], y: list[float]) -> float:
        """One step downhill on one example; returns the error before it."""
        gradients = self.gradients(x, y)
        error = 0.5 * sum((n.a - target) ** 2 for n, target in zip(self.layers[-1].neurons, y, strict=True))
        for layer, of_layer in zip(self.layers, gradients, strict=True):
            for neuron, (dw, db) in zip(layer.neurons, of_layer, strict=True):
                neuron.weights = [w - self.rate * g for w, g in zip(neuron.weights, dw, strict=True)]
                neuron.bias -= self.rate * db
        return error


def main(images: int = 3000) -> None:
    """XOR first, then digits, from the start that gets stuck and from one that does not."""
    import whynet

    rows = [([0.0, 0.0], [0.0]), ([1.0, 0.0], [1.0]), ([0.0, 1.0], [1.0]), ([1.0, 1.0], [0.0])]
    xor, rng = Network([2, 3, 1], rate=1.0, weight=(-1.0, 1.0), seed=1), random.Random(1)
    for _ in range(20_000):
        xor.train(*rng.choice(rows))
    print("XOR:", ", ".join(f"{x} -> {xor.predict(x)[0]:.3f}" for x, _ in rows))

    digits = whynet.load("auto")
    for title, weight, bias, rate in (
        ("all weights positive, rate 1", (0.0, 0.5), 0.5, 1.0),
        ("weights around zero, rate 0.3", (-0.15, 0.15), 0.0, 0.3),
    ):
        sizes = [digits.features, 16, 16, 10]
        network = Network(sizes, weight=weight, bias=bias, rate=rate, output_slope=False)
        print(f"\n{digits.name}, {title}; a cost of 0.45 means the same prediction for every image:")
        total = 0.0
        for step in range(images):
            row = step % len(digits)
            x = [pixel / 255 for pixel in digits.inputs[row].tolist()]
            total += network.train(x, [float(label == digits.labels[row]) for label in range(10)])
            if (step + 1) % (images // 5 or 1) == 0:
                print(f"  after {step + 1:>6,} images: mean error {total / (images // 5 or 1):.3f}")
                total = 0.0


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3000)
