# truth: none
import numpy as np

np.random.seed(3)
X = np.random.uniform(-1, 1, (40, 2))
d = (X[:, 0] + 2 * X[:, 1] > 0.1).astype(float)
w = np.random.rand(2)
bias = 0.3
for epoch in range(10):
    wrong = 0
    for x, t in zip(X, d):
        out = 1.0 if np.dot(w, x) + bias > 0 else 0.0
        w = w + 0.1 * (t - out) * x
        bias = bias + 0.1 * (t - out)
        wrong += t != out
    print(epoch, wrong)
