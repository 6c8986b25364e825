# truth: none
import numpy as np

rng = np.random.RandomState(1)
data = rng.randn(200, 3) * [1, 10, 100]
goal = (data[:, 0] + data[:, 1] / 10 > 0).astype(float)[:, None]
W, b, V, c = rng.randn(3, 8) * 0.5, np.zeros(8), rng.randn(8, 1) * 0.5, np.zeros(1)
for step in range(300):
    rows = rng.permutation(200)[:50]
    x, t = data[rows], goal[rows]
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    h = np.maximum(0, x @ W + b)
    p = 1 / (1 + np.exp(-(h @ V + c)))
    d = (p - t) / 50
    dh = d @ V.T * (h > 0)
    V -= h.T @ d
    c -= d.sum(0)
    W -= x.T @ dh
    b -= dh.sum(0)
print(np.mean((p > 0.5) == t))
