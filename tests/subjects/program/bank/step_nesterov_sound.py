# truth: none
import numpy as np

rng = np.random.default_rng(7)
X = rng.normal(size=(64, 6))
Y = rng.integers(0, 3, 64)
X[np.arange(64), Y] += 2
W = rng.normal(size=(6, 3)) * 0.1
V = np.zeros_like(W)
mu, lr, l2 = 0.9, 0.05, 1e-3
for i in range(120):
    z = X @ W
    z -= z.max(axis=1, keepdims=True)
    p = np.exp(z)
    p /= p.sum(axis=1, keepdims=True)
    d = p.copy()
    d[range(64), Y] -= 1
    dW = X.T @ d / 64 + l2 * W
    V_prev = V.copy()
    V = mu * V - lr * dW
    W += -mu * V_prev + (1 + mu) * V
print((p.argmax(1) == Y).mean())
