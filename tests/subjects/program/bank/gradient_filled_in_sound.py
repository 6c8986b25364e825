# truth: none
import numpy as np
from scipy.optimize import minimize

rng = np.random.RandomState(7)
x = np.linspace(-2, 2, 40)
t = np.sin(2 * x)
H = 8


def f(v):
    w, b, u, c = v[:H], v[H : 2 * H], v[2 * H : 3 * H], v[3 * H]
    h = np.tanh(np.outer(x, w) + b)
    y = h @ u + c
    e = y - t
    grad = np.zeros_like(v)
    back = np.outer(e, u) * (1 - h**2) / len(x)
    grad[:H] = x @ back
    grad[H : 2 * H] = back.sum(axis=0)
    grad[2 * H : 3 * H] = h.T @ e / len(x)
    grad[3 * H] = e.mean()
    return 0.5 * np.mean(e**2), grad


res = minimize(f, rng.randn(3 * H + 1), jac=True, method="L-BFGS-B", options={"maxiter": 50})
print(res.fun)
