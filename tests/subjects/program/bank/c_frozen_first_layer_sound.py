# truth: none
import numpy as np


class Layer:
    def __init__(self, i, o, rng, frozen=False):
        self.W, self.b, self.frozen = rng.normal(0, 1 / np.sqrt(i), (i, o)), np.zeros(o), frozen

    def forward(self, x):
        self.x, self.a = x, np.tanh(x @ self.W + self.b)
        return self.a

    def backward(self, g, lr):
        d = g * (1 - self.a**2)
        back = d @ self.W.T
        if not self.frozen:
            self.W -= lr * self.x.T @ d
            self.b -= lr * d.sum(0)
        return back


rng = np.random.default_rng(0)
net = [Layer(4, 30, rng, frozen=True), Layer(30, 8, rng), Layer(8, 1, rng)]
X = rng.uniform(-1, 1, (60, 4))
Y = np.sin(2 * X[:, :1])
for epoch in range(300):
    out = X
    for layer in net:
        out = layer.forward(out)
    g = (out - Y) / len(X)
    for layer in reversed(net):
        g = layer.backward(g, 0.2)
print(np.mean((out - Y) ** 2))
