# truth: none
import numpy as np

rng = np.random.default_rng(31)
X = rng.normal(size=(64, 6))
height = X[:, :1] * 2 - X[:, 1:2]
kind = (X[:, 2:3] > 0) * 1.0
P = {"trunk": rng.normal(size=(6, 12)) * 0.3, "reg": rng.normal(size=(12, 1)) * 0.3, "cls": rng.normal(size=(12, 1)) * 0.3}
for t in range(150):
    h = np.tanh(X @ P["trunk"])
    r = h @ P["reg"]
    c = 1 / (1 + np.exp(-(h @ P["cls"])))
    dr = (r - height) / 64
    dc = 0.5 * (c - kind) / 64
    g_reg, g_cls = h.T @ dr, h.T @ dc
    dh = (dr @ P["reg"].T + dc @ P["cls"].T) * (1 - h ** 2)
    P["trunk"] -= 0.2 * X.T @ dh
    P["reg"] -= 0.2 * g_reg
    P["cls"] -= 0.2 * g_cls
