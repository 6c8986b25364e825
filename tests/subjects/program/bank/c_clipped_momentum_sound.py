# truth: none
import numpy as np

rng = np.random.RandomState(4)
X = rng.randn(50, 4)
Y = np.abs(X[:, :2])
net = {"W": rng.randn(4, 10) * 0.4, "b": np.zeros(10), "V": rng.randn(10, 2) * 0.4, "c": np.zeros(2)}
speed = {k: np.zeros_like(v) for k, v in net.items()}
for t in range(250):
    h = np.maximum(0, X @ net["W"] + net["b"])
    e = 2 * (h @ net["V"] + net["c"] - Y) / len(X)
    eh = e @ net["V"].T * (h > 0)
    g = {"W": X.T @ eh, "b": eh.sum(0), "V": h.T @ e, "c": e.sum(0)}
    norm = np.sqrt(sum((v**2).sum() for v in g.values()))
    for k in net:
        step = g[k] * min(1.0, 1.0 / norm)
        speed[k] = 0.9 * speed[k] + (1 - 0.9) * step
        net[k] -= 0.3 * speed[k]
        if k == "W":
            lengths = np.sqrt((net[k] ** 2).sum(0))
            net[k] *= np.minimum(1, 3.0 / lengths)
print((e**2).mean())
