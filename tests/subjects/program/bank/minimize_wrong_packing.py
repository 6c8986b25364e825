# truth: line 24 packing-wrong
import numpy as np
from scipy.optimize import minimize

rng = np.random.RandomState(0)
X = rng.randn(60, 4)
y = (X[:, 0] * X[:, 1] > 0).astype(float)[:, None]
D, H, lam = 4, 6, 0.01


def cost(theta, X, y):
    W1 = theta[: D * H].reshape(D, H)
    b1 = theta[D * H : D * H + H]
    W2 = theta[D * H + H : D * H + 2 * H].reshape(H, 1)
    b2 = theta[-1:]
    m = len(X)
    h = np.tanh(X @ W1 + b1)
    p = 1 / (1 + np.exp(-(h @ W2 + b2)))
    J = -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p)) + lam / 2 * (np.sum(W1**2) + np.sum(W2**2))
    d2 = (p - y) / m
    d1 = d2 @ W2.T * (1 - h**2)
    dW1, db1 = X.T @ d1 + lam * W1, d1.sum(0)
    dW2, db2 = h.T @ d2 + lam * W2, d2.sum(0)
    return J, np.concatenate([dW1.ravel(), dW2.ravel(), db1, db2])


theta = rng.randn(D * H + 2 * H + 1) * 0.3
res = minimize(cost, theta, args=(X, y), jac=True, method="L-BFGS-B", options={"maxiter": 100})
print(res.fun)
