# truth: line 34 wrong-operand
import numpy as np


class Param:
    def __init__(self, data):
        self.data, self.grad = data, np.zeros_like(data)


class Dense:
    def __init__(self, i, o, rs):
        self.w, self.b = Param(rs.randn(i, o) * (2 / i) ** 0.5), Param(np.zeros(o))

    def __call__(self, x):
        self.x = x
        return x @ self.w.data + self.b.data

    def back(self, g):
        self.w.grad, self.b.grad = self.x.T @ g, g.sum(0)
        return g @ self.w.data.T


class LayerNorm:
    def __init__(self, d):
        self.g, self.b = Param(np.ones(d)), Param(np.zeros(d))

    def __call__(self, x):
        self.x = x
        self.std = np.sqrt(x.var(-1, keepdims=True) + 1e-6)
        self.hat = (x - x.mean(-1, keepdims=True)) / self.std
        return self.g.data * self.hat + self.b.data

    def back(self, g):
        self.g.grad = (g * self.x).sum(0)
        self.b.grad = g.sum(0)
        dhat = g * self.g.data
        return (dhat - dhat.mean(-1, keepdims=True) - self.hat * (dhat * self.hat).mean(-1, keepdims=True)) / self.std


class Gelu:
    def __call__(self, x):
        self.x = x
        self.s = 1 / (1 + np.exp(-1.702 * x))
        return x * self.s

    def back(self, g):
        return g * (self.s + 1.702 * self.x * self.s * (1 - self.s))


rs = np.random.RandomState(3)
x = rs.randn(160, 6)
t = np.stack([x[:, 0] * x[:, 1], np.sin(x[:, 2])], axis=1)
net = [Dense(6, 16, rs), LayerNorm(16), Gelu(), Dense(16, 2, rs)]
params = [p for layer in net for p in vars(layer).values() if isinstance(p, Param)]
for step in range(200):
    rows = rs.randint(0, 160, 32)
    h = x[rows]
    for layer in net:
        h = layer(h)
    g = (h - t[rows]) / 32
    if step % 50 == 0:
        print(step, 0.5 * ((h - t[rows]) ** 2).sum(1).mean())
    for layer in reversed(net):
        g = layer.back(g)
    for p in params:
        p.data -= 0.1 * p.grad
