# truth: line 12 shapes-spread
import numpy as np

rng = np.random.RandomState(0)
X = rng.randn(50, 4)
y = X @ np.array([1.0, 2.0, -1.0, 0.5])
W1, b1 = rng.randn(4, 6) * 0.5, np.zeros(6)
W2, b2 = rng.randn(6, 1) * 0.5, np.zeros(1)
for t in range(200):
    H = np.maximum(X @ W1 + b1, 0)
    pred = H @ W2 + b2
    diff = pred - y
    loss = (diff**2).mean()
    dpred = 2 * diff.mean(axis=1, keepdims=True) / len(X)
    dH = dpred @ W2.T * (H > 0)
    W2 -= 0.1 * H.T @ dpred
    b2 -= 0.1 * dpred.sum(0)
    W1 -= 0.1 * X.T @ dH
    b1 -= 0.1 * dH.sum(0)
print(loss)
