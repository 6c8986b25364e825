# truth: none
import numpy as np

rng = np.random.default_rng(2)
X, t = rng.normal(size=(25, 3)), rng.normal(size=25)
w, b = rng.normal(size=3), 0.1


def cost(w, b):
    return np.mean((np.tanh(X @ w + b) - t) ** 2)


def grad(w, b):
    o = np.tanh(X @ w + b)
    d = 2 * (o - t) * (1 - o * o) / len(t)
    return X.T @ d, d.sum()


gw, gb = grad(w, b)
for j in range(3):
    moved = w.copy()
    moved[j] += 1e-7
    print(j, (cost(moved, b) - cost(w, b)) / 1e-7, gw[j])
print("b", (cost(w, b + 1e-7) - cost(w, b)) / 1e-7, gb)
for i in range(200):
    gw, gb = grad(w, b)
    w, b = w - 0.2 * gw, b - 0.2 * gb
    change = (cost(w, b) - cost(w + 0.2 * gw, b)) / cost(w, b)
print(cost(w, b), change)
