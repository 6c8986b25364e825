# truth: line 26 gradient-check-invalid
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


def check(w1, w2):
    eps = 1e-15
    g = grad(w1, w2)[1]
    for j in range(len(w2)):
        bump = np.zeros(len(w2))
        bump[j] = eps
        approx = (J(w1, w2 + bump) - J(w1, w2 - bump)) / (2 * eps)
        print(j, approx, g[j], abs(approx - g[j]))


check(w1, w2)
for i in range(300):
    g1, g2 = grad(w1, w2)
    w1 = w1 - 0.002 * g1
    w2 = w2 - 0.002 * g2
print(J(w1, w2))
