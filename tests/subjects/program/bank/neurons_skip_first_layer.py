# truth: line 41 missing-update
import math
import random

random.seed(1)


def sig(v):
    return 1 / (1 + math.exp(-v))


class Layer:
    def __init__(self, n, inputs):
        self.weights = [[random.uniform(-1, 1) for _ in range(inputs)] for _ in range(n)]
        self.biases = [random.uniform(-1, 1) for _ in range(n)]

    def forward(self, x):
        self.x = x
        self.out = [sig(sum(w * v for w, v in zip(ws, x)) + b) for ws, b in zip(self.weights, self.biases)]
        return self.out

    def update(self, rate):
        for j, d in enumerate(self.delta):
            for i, v in enumerate(self.x):
                self.weights[j][i] -= rate * d * v
            self.biases[j] -= rate * d


data = [([0.0, 0.1], [0.0]), ([0.0, 1.0], [1.0]), ([1.0, 0.0], [1.0]), ([0.9, 1.0], [0.0])]
layers = [Layer(3, 2), Layer(3, 3), Layer(1, 3)]
for epoch in range(200):
    for x, t in data:
        a = x
        for layer in layers:
            a = layer.forward(a)
        layers[-1].delta = [(o - v) * o * (1 - o) for o, v in zip(a, t)]
        for low, high in zip(reversed(layers[:-1]), reversed(layers[1:])):
            low.delta = [
                sum(d * ws[i] for d, ws in zip(high.delta, high.weights)) * o * (1 - o) for i, o in enumerate(low.out)
            ]
        for layer in layers[1:]:
            layer.update(0.5)
