# truth: line 18 derivative-left-out
import numpy as np

rng = np.random.RandomState(33)
x = rng.randn(64, 6)
target = np.sign(x[:, :1] * x[:, 1:2])
w, c, v, d = rng.randn(6, 20) * 0.4, np.zeros(20), rng.randn(20, 1) * 0.4, np.zeros(1)
keep = 0.8
try:
    for i in range(1, 10**9):
        z = x.dot(w) + c
        a = z / (1 + np.exp(-z))
        mask = (rng.rand(*a.shape) < keep) / keep
        dropped = a * mask
        score = np.tanh(dropped.dot(v) + d)
        diff = score - target
        g = 2 * diff * (1 - score ** 2) / len(x)
        ga = g.dot(v.T)
        gz = ga * (1 / (1 + np.exp(-z)) * (1 + z * (1 - 1 / (1 + np.exp(-z)))))
        w -= 0.1 * x.T.dot(gz)
        c -= 0.1 * gz.sum(0)
        v -= 0.1 * dropped.T.dot(g)
        d -= 0.1 * g.sum(0)
        if i == 300:
            break
        if (diff ** 2).mean() < 1e-3:
            break
finally:
    print(i, (diff ** 2).mean())
