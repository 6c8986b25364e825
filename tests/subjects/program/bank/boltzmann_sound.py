# truth: none
import numpy as np

rng = np.random.RandomState(22)
data = (rng.rand(60, 8) < np.tile([0.9, 0.1], 4)).astype(float)
W, vb, hb = rng.randn(8, 5) * 0.1, np.zeros(8), np.zeros(5)


def sig(x):
    return 1 / (1 + np.exp(-x))


for epoch in range(30):
    for k in range(0, 60, 20):
        v0 = data[k:k + 20]
        h0 = sig(v0 @ W + hb)
        s = (h0 > rng.rand(*h0.shape)) * 1.0
        v1 = sig(s @ W.T + vb)
        h1 = sig(v1 @ W + hb)
        W += 0.1 * (v0.T @ h0 - v1.T @ h1) / 20
        vb += 0.1 * (v0 - v1).mean(axis=0)
        hb += 0.1 * (h0 - h1).mean(axis=0)
print(((v0 - v1) ** 2).mean())
