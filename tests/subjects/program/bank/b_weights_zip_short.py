# truth: line 37 missing-update
import numpy as np

rng = np.random.RandomState(0)
sizes = [4, 10, 8, 3]
weights = [rng.randn(y, x) / np.sqrt(x) for x, y in zip(sizes[:-1], sizes[1:])]
biases = [rng.randn(y, 1) for y in sizes[1:]]
data = []
for _ in range(60):
    x = rng.randn(4, 1)
    t = np.zeros((3, 1))
    t[int(x[0, 0] > 0) + int(x[1, 0] > 0)] = 1
    data.append((x, t))


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def backprop(x, t):
    acts, zs = [x], []
    for w, b in zip(weights, biases):
        zs.append(w @ acts[-1] + b)
        acts.append(sigmoid(zs[-1]))
    gw, gb = [None] * 3, [None] * 3
    delta = (acts[-1] - t) * acts[-1] * (1 - acts[-1])
    gw[-1], gb[-1] = delta @ acts[-2].T, delta
    for l in range(2, 4):
        delta = weights[-l + 1].T @ delta * sigmoid(zs[-l]) * (1 - sigmoid(zs[-l]))
        gw[-l], gb[-l] = delta @ acts[-l - 1].T, delta
    return gw, gb


for epoch in range(30):
    for x, t in data:
        gw, gb = backprop(x, t)
        for l in range(len(weights) - 1):
            weights[l] = weights[l] - 0.5 * gw[l]
            biases[l] = biases[l] - 0.5 * gb[l]
