# truth: line 35 wrong
import numpy as np


def init(sizes, seed=0):
    r = np.random.RandomState(seed)
    params = {}
    for n in range(1, len(sizes)):
        params[f"w{n}"] = r.randn(sizes[n - 1], sizes[n]) * np.sqrt(2 / sizes[n - 1])
        params[f"b{n}"] = np.zeros((1, sizes[n]))
    return params


def predict(params, x):
    h = np.maximum(0, x @ params["w1"] + params["b1"])
    return h, h @ params["w2"] + params["b2"]


def grad(params, x, y):
    h, out = predict(params, x)
    delta = 2 * (out - y) / len(x)
    g = {"w2": h.T @ delta, "b2": delta.sum(0, keepdims=True)}
    delta = (delta @ params["w2"].T) * (h > 0)
    g["w1"] = x.T @ delta
    g["b1"] = delta.sum(0, keepdims=True)
    return np.mean((out - y) ** 2), g


def adam(params, g, state, lr=1e-2, b1=0.9, b2=0.999, eps=1e-8):
    state["t"] += 1
    t = state["t"]
    for k in params:
        state["m"][k] = b1 * state["m"][k] + (1 - b1) * g[k]
        state["v"][k] = b2 * state["v"][k] + (1 - b2) * g[k] ** 2
        m_hat = state["m"][k] / (1 - b1 * t)
        v_hat = state["v"][k] / (1 - b2**t)
        params[k] -= lr * m_hat / (np.sqrt(v_hat) + eps)


def main():
    r = np.random.RandomState(1)
    x = r.uniform(-2, 2, (400, 2))
    y = np.sin(x[:, :1]) + 0.5 * x[:, 1:] ** 2
    params = init([2, 24, 1])
    state = {"t": 0, "m": {k: 0.0 for k in params}, "v": {k: 0.0 for k in params}}
    for epoch in range(60):
        loss, g = grad(params, x, y)
        adam(params, g, state)
        if epoch % 10 == 0:
            print("epoch", epoch, "mse", loss)


if __name__ == "__main__":
    main()
