# truth: line 25 metric-wrong
import numpy as np

rng = np.random.RandomState(1)
W, b = rng.randn(3, 6) * 0.1, np.zeros((3, 1))
samples = []
for _ in range(90):
    c = rng.randint(3)
    x = rng.randn(6, 1)
    x[c] += 2.5
    t = np.zeros((3, 1))
    t[c] = 1
    samples.append((x, t))


def out(x):
    z = W @ x + b
    e = np.exp(z - z.max())
    return e / e.sum()


def accuracy(samples):
    good = 0
    for x, t in samples:
        if np.argmax(out(x)) == t[1, 0]:
            good += 1
    return good / len(samples)


for epoch in range(5):
    for x, t in samples:
        d = out(x) - t
        W = W - 0.1 * d @ x.T
        b = b - 0.1 * d
    print("epoch", epoch, "accuracy", accuracy(samples))
