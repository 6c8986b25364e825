# truth: line 21 missing-update
import numpy as np


class Net:
    def __init__(self, sizes, seed=0):
        r = np.random.RandomState(seed)
        self.layers = []
        for a, b in zip(sizes[:-1], sizes[1:]):
            self.layers.append({"w": r.randn(b, a) / np.sqrt(a), "b": np.zeros((b, 1)), "out": None})

    def forward(self, x):
        for layer in self.layers:
            x = 1 / (1 + np.exp(-(layer["w"] @ x + layer["b"])))
            layer["out"] = x
        return x

    def train(self, x, y, eta):
        out = self.forward(x)
        delta = (out - y) * out * (1 - out)
        for k in range(len(self.layers) - 1, 0, -1):
            layer, below = self.layers[k], self.layers[k - 1]
            back = layer["w"].T @ delta
            layer["w"] = layer["w"] - eta * delta @ below["out"].T
            layer["b"] = layer["b"] - eta * delta.sum(axis=1, keepdims=True)
            delta = back * below["out"] * (1 - below["out"])
        return np.sum((out - y) ** 2)


r = np.random.RandomState(1)
X = r.rand(3, 30)
Y = (X[:1] + X[1:2] > X[2:] + 0.5) * 1.0
net = Net([3, 5, 4, 1])
for i in range(300):
    e = net.train(X, Y, 0.1)
print(e)
