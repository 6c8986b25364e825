# truth: line 21 missing-update
import numpy as np

rng = np.random.RandomState(7)
X = rng.randn(45, 3)
labels = (X[:, 0] * X[:, 1] > 0).astype(int)
shape = (3, 9, 7, 2)
weights = [rng.randn(a, b) * np.sqrt(2 / a) for a, b in zip(shape[:-1], shape[1:])]
biases = [np.zeros(b) for b in shape[1:]]
for epoch in range(250):
    h = [X]
    for W, b in zip(weights[:-1], biases[:-1]):
        h.append(np.maximum(0, h[-1] @ W + b))
    z = h[-1] @ weights[-1] + biases[-1]
    p = np.exp(z - z.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    d = p.copy()
    d[np.arange(len(X)), labels] -= 1
    d /= len(X)
    grads = []
    for i in (2, 1):
        grads.append((i, h[i].T @ d, d.sum(0)))
        d = d @ weights[i].T * (h[i] > 0)
    for i, gw, gb in grads:
        weights[i] -= 0.3 * gw
        biases[i] -= 0.3 * gb
print(-np.log(p[np.arange(len(X)), labels]).mean())
