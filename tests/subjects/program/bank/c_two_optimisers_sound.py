# truth: none
import numpy as np
from scipy.optimize import minimize

rng = np.random.RandomState(3)
X = rng.randn(50, 2)
y = X[:, 0] ** 2 - X[:, 1]
state = {"W": rng.randn(2, 6) * 0.5, "b": np.zeros(6), "v": rng.randn(6) * 0.5}
history = []


def pack(s):
    return np.r_[s["W"].ravel(), s["b"], s["v"]]


def unpack(z):
    return {"W": z[:12].reshape(2, 6), "b": z[12:18], "v": z[18:]}


def both(z, X, y, l2=1e-3):
    s = unpack(z)
    h = np.tanh(X @ s["W"] + s["b"])
    e = h @ s["v"] - y
    back = np.outer(e, s["v"]) * (1 - h**2) / len(y)
    value = (e @ e) / (2 * len(y)) + l2 * (z @ z) / 2
    history.append(value)
    g = {"W": X.T @ back, "b": back.sum(0), "v": h.T @ e / len(y)}
    return value, pack(g) + l2 * z


result = minimize(both, pack(state), args=(X, y), jac=True, method="CG", options={"maxiter": 40})
print(result.fun, len(history))
