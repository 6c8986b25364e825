# truth: none
import numpy as np


class Layer:
    def __init__(self, n, before, rng):
        self.n = n
        self.out = np.zeros((n, 1))
        if before:
            self.w = rng.standard_normal((n, before)) * 0.5
            self.b = np.zeros((n, 1))


class Net:
    def __init__(self, sizes):
        rng = np.random.default_rng(3)
        self.layers = [Layer(n, before, rng) for n, before in zip(sizes, [0, *sizes])]

    def run(self, x):
        self.layers[0].out = x
        for before, layer in zip(self.layers, self.layers[1:]):
            layer.out = 1 / (1 + np.exp(-(layer.w @ before.out + layer.b)))
        return self.layers[-1].out

    def learn(self, x, y, rate):
        out = self.run(x)
        delta = (out - y) * out * (1 - out)
        for i in range(len(self.layers) - 1, 0, -1):
            layer, below = self.layers[i], self.layers[i - 1]
            above = layer.w.T @ delta
            layer.w -= rate * delta @ below.out.T
            layer.b -= rate * delta.sum(axis=1, keepdims=True)
            delta = above * below.out * (1 - below.out)


r = np.random.default_rng(1)
X = r.random((2, 40))
Y = (X[:1] > X[1:]) * 1.0
net = Net([2, 5, 1])
for i in range(400):
    net.learn(X, Y, 0.2)
print(np.mean((net.run(X) > 0.5) == Y))
