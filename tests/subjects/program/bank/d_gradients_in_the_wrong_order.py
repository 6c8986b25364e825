# truth: line 57 wrong-operand
import numpy as np

rng = np.random.default_rng(17)


class Linear:
    def __init__(self, n):
        self.W = rng.normal(0, 1 / np.sqrt(n), (n, n))
        self.c = np.zeros((1, n))

    def __call__(self, x):
        self.x = x
        return x @ self.W + self.c

    def back(self, g):
        self.gW, self.gc = self.x.T @ g, g.sum(0, keepdims=True)
        return g @ self.W.T


class Tanh:
    def __call__(self, x):
        self.y = np.tanh(x)
        return self.y

    def back(self, g):
        return g * (1 - self.y**2)


chain = [Linear(4), Tanh(), Linear(4), Tanh(), Linear(4)]
linears = [m for m in chain if isinstance(m, Linear)]


def run(x):
    for m in chain:
        x = m(x)
    return x


def backprop(g):
    collected = []
    for m in reversed(chain):
        g = m.back(g)
        if isinstance(m, Linear):
            collected.append((m.gW, m.gc))
    return collected


X = rng.normal(size=(320, 4))
T = np.tanh(X @ rng.normal(size=(4, 4))) @ rng.normal(size=(4, 4))

for epoch in range(40):
    for s in range(0, 320, 32):
        xb, tb = X[s : s + 32], T[s : s + 32]
        y = run(xb)
        grads = backprop(2 * (y - tb) / len(xb))
        for layer, (gW, gc) in zip(linears, grads):
            layer.W -= 0.05 * gW
            layer.c -= 0.05 * gc
    print(epoch, ((run(X) - T) ** 2).mean())
