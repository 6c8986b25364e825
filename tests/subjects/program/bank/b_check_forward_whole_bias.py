# truth: line 26 gradient-check-invalid
import numpy as np


def net(x, w):
    return np.tanh(x @ w[0]) @ w[1]


def err(x, y, w):
    return np.mean((net(x, w) - y) ** 2)


def grads(x, y, w):
    h = np.tanh(x @ w[0])
    d = 2 * (h @ w[1] - y) / y.size
    return [x.T @ (d @ w[1].T * (1 - h**2)), h.T @ d]


rng = np.random.default_rng(4)
x, y = rng.normal(size=(30, 3)), rng.normal(size=(30, 1))
w = [rng.normal(size=(3, 5)), rng.normal(size=(5, 1))]
delta = 1e-6
g = grads(x, y, w)
for i in range(2):
    shifted = list(w)
    shifted[i] = w[i] + delta
    approx = (err(x, y, shifted) - err(x, y, w)) / delta
    print("layer", i, "difference", np.abs(approx - g[i]).max())
for step in range(200):
    g = grads(x, y, w)
    w = [a - 0.1 * b for a, b in zip(w, g)]
print(err(x, y, w))
