# truth: line 14 shape-grows
import numpy as np

rng = np.random.default_rng(2)
X = rng.normal(size=(40, 3))
y = (X[:, 0] > 0.2).astype(float)
weights = rng.normal(size=3)
bias = 0.0
lr = 0.1
for _ in range(150):
    p = 1 / (1 + np.exp(-(X @ weights + bias)))
    error = p - y
    weights -= lr * X.T @ error / len(y)
    bias = bias - lr * error / len(y)
print(weights, np.mean((p > 0.5) == y))
