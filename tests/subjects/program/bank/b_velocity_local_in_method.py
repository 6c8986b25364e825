# truth: line 12 momentum-wrong
import numpy as np


class Momentum:
    def __init__(self, lr, beta):
        self.lr, self.beta = lr, beta
        self.v = {}

    def update(self, name, w, g):
        v = self.v.get(name, np.zeros_like(w))
        v = self.beta * v - self.lr * g
        return w + v


rng = np.random.RandomState(3)
X = rng.randn(60, 3)
y = (X[:, :1] ** 2 + X[:, 1:2] > 1) * 1.0
W, b = rng.randn(3, 7) * 0.5, np.zeros(7)
V, c = rng.randn(7, 1) * 0.5, np.zeros(1)
opt = Momentum(0.3, 0.8)
for i in range(300):
    h = np.tanh(X @ W + b)
    p = 1 / (1 + np.exp(-(h @ V + c)))
    e = (p - y) / len(X)
    eh = e @ V.T * (1 - h**2)
    gW, gb, gV, gc = X.T @ eh, eh.sum(0), h.T @ e, e.sum(0)
    W, b = opt.update("W", W, gW), opt.update("b", b, gb)
    V, c = opt.update("V", V, gV), opt.update("c", c, gc)
print(np.mean((p > 0.5) == y))
