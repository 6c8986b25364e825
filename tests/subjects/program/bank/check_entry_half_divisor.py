# truth: line 34 gradient-check-invalid
import numpy as np


def forward(P, X):
    h = np.maximum(0, X @ P["W"] + P["b"])
    return h, h @ P["V"] + P["c"]


def loss(P, X, Y):
    return np.mean((forward(P, X)[1] - Y) ** 2)


def backward(P, X, Y):
    h, out = forward(P, X)
    d = 2 * (out - Y) / Y.size
    dh = d @ P["V"].T * (h > 0)
    return {"W": X.T @ dh, "b": dh.sum(0), "V": h.T @ d, "c": d.sum(0)}


def numerical_gradient(P, X, Y, eps=1e-5):
    grads = {}
    for key in P:
        g = np.zeros_like(P[key])
        it = np.nditer(P[key], flags=["multi_index"])
        while not it.finished:
            ix = it.multi_index
            old = P[key][ix]
            P[key][ix] = old + eps
            plus = loss(P, X, Y)
            P[key][ix] = old - eps
            minus = loss(P, X, Y)
            P[key][ix] = old
            g[ix] = (plus - minus) / eps
            it.iternext()
        grads[key] = g
    return grads


rng = np.random.default_rng(0)
X, Y = rng.normal(size=(20, 3)), rng.normal(size=(20, 1))
P = {"W": rng.normal(size=(3, 5)), "b": np.zeros(5) + 0.1, "V": rng.normal(size=(5, 1)), "c": np.zeros(1)}
numeric, exact = numerical_gradient(P, X, Y), backward(P, X, Y)
for key in P:
    print(key, np.abs(numeric[key] - exact[key]).max())
for step in range(200):
    G = backward(P, X, Y)
    for key in P:
        P[key] -= 0.05 * G[key]
print(loss(P, X, Y))
