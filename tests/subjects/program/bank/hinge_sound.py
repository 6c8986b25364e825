# truth: none
import numpy as np

rng = np.random.RandomState(1)
X = rng.randn(80, 3)
y = np.where(X[:, 0] - X[:, 2] > 0.2, 1, -1)
w, b, C = np.zeros(3), 0.0, 1.0
for epoch in range(120):
    margin = y * (X @ w + b)
    bad = margin < 1
    loss = 0.5 * w @ w + C * np.maximum(0, 1 - margin).mean()
    dw = w - C * (y[bad, None] * X[bad]).sum(axis=0) / len(X)
    db = -C * y[bad].sum() / len(X)
    w = w - 0.1 * dw
    b = b - 0.1 * db
print(loss)
