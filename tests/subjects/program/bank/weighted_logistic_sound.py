# truth: none
import numpy as np

np.random.seed(19)
X = np.random.randn(80, 5)
y = (X[:, 0] > 1).astype(float)
weight = np.where(y == 1, 5.0, 1.0)
w1, c1, w2, c2 = np.random.randn(5, 6) * 0.5, np.zeros(6), np.random.randn(6) * 0.5, 0.0
for step in range(150):
    h = np.tanh(X @ w1 + c1)
    p = 1 / (1 + np.exp(-(h @ w2 + c2)))
    r = weight * (p - y) / weight.sum()
    gh = np.outer(r, w2) * (1 - h ** 2)
    w2 = w2 - 0.5 * h.T @ r
    c2 = c2 - 0.5 * r.sum()
    w1 = w1 - 0.5 * X.T @ gh
    c1 = c1 - 0.5 * gh.sum(axis=0)
