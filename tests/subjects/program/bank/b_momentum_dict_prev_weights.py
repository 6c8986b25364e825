# truth: line 26 momentum-wrong
import numpy as np

rng = np.random.default_rng(12)
X = rng.normal(size=(80, 5))
Y = np.stack([np.sin(X[:, 0]), X[:, 1] * X[:, 2]], axis=1)
params = {"W1": rng.normal(size=(5, 16)) * 0.3, "b1": np.zeros(16), "W2": rng.normal(size=(16, 2)) * 0.3, "b2": np.zeros(2)}
velocity = {k: np.zeros_like(v) for k, v in params.items()}


def gradients(p, x, y):
    h = np.tanh(x @ p["W1"] + p["b1"])
    out = h @ p["W2"] + p["b2"]
    d = 2 * (out - y) / len(x)
    dh = d @ p["W2"].T * (1 - h**2)
    return {"W1": x.T @ dh, "b1": dh.sum(0), "W2": h.T @ d, "b2": d.sum(0)}, np.mean((out - y) ** 2)


for epoch in range(200):
    order = rng.permutation(80)
    for s in range(0, 80, 20):
        rows = order[s : s + 20]
        grads, loss = gradients(params, X[rows], Y[rows])
        for k in params:
            new = params[k] - 0.05 * grads[k] + 0.9 * velocity[k]
            velocity[k] = new
            params[k] = new
    if epoch % 50 == 0:
        print(epoch, loss)
