"""A network of neuron objects, without vectors or matrices, that learns nothing on MNIST.

The error settles near 0.45.

    python neuron_by_neuron.py [FOLDER OF MNIST]
"""

import itertools
import math
import random

from mnist_reader import read


def sigmoid(z):
    return 1 / (1 + math.exp(-z)) if z > -700 else 0.0


class Neuron:
    def __init__(self, inputs):
        self.w = [random.uniform(0, 0.5) for _ in range(inputs)]
        self.b = 0.5
        self.z = self.a = self.delta = 0.0

    def activate(self, inputs):
        self.z = self.b
        for w, a in zip(self.w, inputs, strict=True):
            self.z += w * a
        self.a = sigmoid(self.z)
        return self.a

    def learn(self, inputs):
        for i, a in enumerate(inputs):
            self.w[i] -= self.delta * a
        self.b -= self.delta


class Network:
    def __init__(self, *sizes):
        self.layers = [[Neuron(fan_in) for _ in range(size)] for fan_in, size in itertools.pairwise(sizes)]

    def predict(self, x):
        for layer in self.layers:
            x = [neuron.activate(x) for neuron in layer]
        return x

    def train(self, x, y):
        output = self.predict(x)
        for neuron, target in zip(self.layers[-1], y, strict=True):
            neuron.delta = neuron.a - target
        for layer, above in zip(self.layers[-2::-1], self.layers[:0:-1], strict=True):
            for i, neuron in enumerate(layer):
                error = sum(one.delta * one.w[i] for one in above)
                neuron.delta = error * sigmoid(neuron.z) * (1 - sigmoid(neuron.z))
        for number, layer in enumerate(self.layers):
            inputs = x if number == 0 else [neuron.a for neuron in self.layers[number - 1]]
            for neuron in layer:
                neuron.learn(inputs)
        return 0.5 * sum((a - t) ** 2 for a, t in zip(output, y, strict=True))


if __name__ == "__main__":
    images, labels = read("train-images-idx3-ubyte"), read("train-labels-idx1-ubyte")
    random.seed(0)
    network = Network(784, 16, 16, 10)
    total = 0
    for number in range(2500):
        x = [pixel / 255 for pixel in images[number].ravel().tolist()]
        y = [0] * 10
        y[labels[number]] = 1
        total += network.train(x, y)
        if number % 250 == 249:
            print(number + 1, "error:", total / 250)
            total = 0
