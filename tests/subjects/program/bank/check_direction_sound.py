# truth: none
import numpy as np

rng = np.random.RandomState(1)
X = rng.randn(50, 3)
y = np.sin(X[:, 0]) + 3
w1, w2 = rng.randn(3, 4) * 0.5, rng.randn(4) * 0.5


def J(w1, w2):
    return 0.5 * ((np.tanh(X @ w1) @ w2 - y) ** 2).sum()


def grad(w1, w2):
    h = np.tanh(X @ w1)
    e = h @ w2 - y
    return X.T @ (np.outer(e, w2) * (1 - h**2)), h.T @ e


def check(w1, w2, eps=1e-6):
    g1, g2 = grad(w1, w2)
    v1, v2 = rng.randn(*w1.shape), rng.randn(*w2.shape)
    slope = (J(w1 + eps * v1, w2 + eps * v2) - J(w1 - eps * v1, w2 - eps * v2)) / (2 * eps)
    print("slope", slope, (g1 * v1).sum() + (g2 * v2).sum())
    total = (J(w1 + eps, w2) - J(w1 - eps, w2)) / (2 * eps)
    print("all together", total - g1.sum())


check(w1, w2)
for i in range(300):
    g1, g2 = grad(w1, w2)
    w1 = w1 - 0.002 * g1
    w2 = w2 - 0.002 * g2
print(J(w1, w2))
