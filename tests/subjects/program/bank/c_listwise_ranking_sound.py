# truth: none
import numpy as np

rng = np.random.RandomState(0)
X = rng.randn(12, 5)
gain = X @ np.array([1.0, -1, 0.5, 0, 2])
target = np.exp(gain) / np.exp(gain).sum()
W, b, v = rng.randn(5, 8) * 0.3, np.zeros(8), rng.randn(8) * 0.3
for i in range(300):
    h = np.tanh(X @ W + b)
    s = h @ v
    p = np.exp(s - s.max())
    p /= p.sum()
    d = p - target
    dh = np.outer(d, v) * (1 - h**2)
    v -= 0.1 * h.T @ d
    W -= 0.1 * X.T @ dh
    b -= 0.1 * dh.sum(0)
print(-(target * np.log(p)).sum())
