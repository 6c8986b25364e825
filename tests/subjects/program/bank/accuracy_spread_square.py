# truth: line 20 metric-wrong
import numpy as np

rng = np.random.default_rng(0)
X = rng.normal(size=(60, 3))
y = (X[:, 0] - X[:, 2] > 0).astype(float)
w = np.zeros((3, 1))
b = 0.0


def predict(X):
    return (1 / (1 + np.exp(-(X @ w + b))) > 0.5) * 1.0


for i in range(200):
    p = 1 / (1 + np.exp(-(X @ w + b)))
    d = (p - y[:, None]) / len(X)
    w = w - 0.5 * X.T @ d
    b = b - 0.5 * d.sum()
print("accuracy:", np.mean(predict(X) == y))
