# truth: line 28 regularisation-missing
import numpy as np
from scipy.optimize import fmin_l_bfgs_b


def unpack(v, sizes):
    W, at = [], 0
    for a, b in zip(sizes, sizes[1:]):
        W.append(v[at : at + (a + 1) * b].reshape(b, a + 1))
        at += (a + 1) * b
    return W


def sigmoid(z):
    return 1.0 / (1.0 + np.exp(-z))


def objective(v, sizes, X, Y, lam):
    W = unpack(v, sizes)
    m = X.shape[0]
    A1 = np.hstack([np.ones((m, 1)), X])
    A2 = np.hstack([np.ones((m, 1)), sigmoid(A1 @ W[0].T)])
    A3 = sigmoid(A2 @ W[1].T)
    J = -np.sum(Y * np.log(A3) + (1 - Y) * np.log(1 - A3)) / m
    J += lam / (2 * m) * (np.sum(W[0][:, 1:] ** 2) + np.sum(W[1][:, 1:] ** 2))
    D3 = A3 - Y
    D2 = (D3 @ W[1])[:, 1:] * A2[:, 1:] * (1 - A2[:, 1:])
    G1 = D2.T @ A1 / m
    G2 = D3.T @ A2 / m
    G2[:, 1:] += lam / m * W[1][:, 1:]
    return J, np.r_[G1.ravel(), G2.ravel()]


np.random.seed(2)
X = np.random.randn(50, 3)
labels = np.random.randint(0, 2, 50)
X[:, 0] += 2 * labels
Y = np.eye(2)[labels]
sizes = (3, 5, 2)
v = np.random.randn(4 * 5 + 6 * 2) * 0.12
best, f, info = fmin_l_bfgs_b(objective, v, args=(sizes, X, Y, 1.0), maxiter=60)
print(f)
