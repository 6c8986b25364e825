# truth: line 16 gradient-check-invalid
import numpy as np

rng = np.random.RandomState(0)
X = rng.randn(30, 3)
y = X[:, :1] * X[:, 1:2]
W1, b1 = rng.randn(3, 6) * 0.5, np.zeros(6)
W2, b2 = rng.randn(6, 1) * 0.5, np.zeros(1)


def loss(W1, b1, W2, b2):
    return 0.5 * np.sum((np.tanh(X @ W1 + b1) @ W2 + b2 - y) ** 2)


def numeric(eps=1e-4):
    above = loss(W1 + eps, b1, W2, b2)
    below = loss(W1 - eps, b1, W2, b2)
    return (above - below) / (2 * eps)


for epoch in range(100):
    H = np.tanh(X @ W1 + b1)
    e = H @ W2 + b2 - y
    dW2, db2 = H.T @ e, e.sum(0)
    d1 = e @ W2.T * (1 - H**2)
    dW1, db1 = X.T @ d1, d1.sum(0)
    if epoch == 0:
        n = numeric()
        print("check:", np.linalg.norm(n - dW1) / np.linalg.norm(n + dW1))
    W1 -= 0.005 * dW1
    b1 -= 0.005 * db1
    W2 -= 0.005 * dW2
    b2 -= 0.005 * db2
