"""The same network with matrices, with momentum, and with a gradient check that finds the gradient wrong.

The error gets stuck at 0.45, whatever the learning rate is; the check says 1.0 and 0.996, where it should say 1e-8.

    python vectorised.py [FOLDER OF MNIST]
"""

import itertools

import numpy as np
from mnist_reader import read


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


class Layer:
    def __init__(self, inputs, neurons, rng):
        self.w = rng.uniform(0, 0.4, (neurons, inputs))
        self.b = np.zeros((neurons, 1))
        self.momentum = 0.3
        self.previous = np.zeros((neurons, inputs))

    def forward(self, a):
        self.z = self.w @ a + self.b
        self.a = sigmoid(self.z)
        return self.a

    def update(self, delta, a, rate):
        step = delta @ a.T
        self.w = self.w - (rate * step + self.momentum * self.previous)
        self.b = self.b - rate * delta
        self.previous = step


class Network:
    def __init__(self, shape, seed=0):
        rng = np.random.default_rng(seed)
        self.layers = [Layer(i, o, rng) for i, o in itertools.pairwise(shape)]

    def predict(self, x):
        a = np.array(x, dtype=float).reshape(-1, 1)
        for layer in self.layers:
            a = layer.forward(a)
        return a

    def train(self, x, y, learning_rate):
        x, y = np.array(x, dtype=float).reshape(-1, 1), np.array(y, dtype=float).reshape(-1, 1)
        error = self.predict(x) - y
        deltas = [error * self.layers[-1].a * (1 - self.layers[-1].a)]
        for layer, above in zip(self.layers[-2::-1], self.layers[:0:-1], strict=True):
            deltas.insert(0, above.w.T @ deltas[0] * layer.a * (1 - layer.a))
        inputs = [x, *(layer.a for layer in self.layers)]
        for layer, delta, a in zip(self.layers, deltas, inputs, strict=False):
            layer.update(delta, a, learning_rate)
        return 0.5 * float(np.sum(error**2))

    def check_gradients(self, x, y):
        """One number for each layer, to be compared with the gradient."""
        y, epsilon, numeric = np.array(y, dtype=float).reshape(-1, 1), 1e-4, []
        for layer in self.layers:
            kept = layer.w
            layer.w = kept + epsilon
            above = 0.5 * np.sum((self.predict(x) - y) ** 2)
            layer.w = kept - epsilon
            below = 0.5 * np.sum((self.predict(x) - y) ** 2)
            layer.w = kept
            numeric.append((above - below) / (2 * epsilon))
        return numeric

    def gradients(self, x, y):
        x, y = np.array(x, dtype=float).reshape(-1, 1), np.array(y, dtype=float).reshape(-1, 1)
        delta = (self.predict(x) - y) * self.layers[1].a * (1 - self.layers[1].a)
        hidden = self.layers[1].w.T @ delta * self.layers[0].a * (1 - self.layers[0].a)
        return [hidden @ x.T, delta @ self.layers[0].a.T]


if __name__ == "__main__":
    images, labels = read("train-images-idx3-ubyte"), read("train-labels-idx1-ubyte")
    network = Network((784, 30, 10))

    x, y = images[0].ravel() / 255, np.eye(10)[labels[0]]
    for numeric, gradient in zip(network.check_gradients(x, y), network.gradients(x, y), strict=True):
        print("gradient check:", np.linalg.norm(gradient - numeric) / np.linalg.norm(gradient + numeric))

    learning_rate = 0.0001
    for number in range(20_000):
        x = images[number].ravel() / 255
        y = np.zeros(10)
        y[labels[number]] = 1
        error = network.train(x, y, learning_rate)
        if number % 1000 == 0:
            print(number, "error:", error)
    print("predicted:", network.predict(images[1].ravel() / 255).ravel(), "expected:", labels[1])
