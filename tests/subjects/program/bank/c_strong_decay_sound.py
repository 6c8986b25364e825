# truth: none
import numpy as np

rng = np.random.RandomState(0)
X = rng.randn(40, 30)
y = X[:, 0] - X[:, 1]
w, best = rng.randn(30), None
for i in range(200):
    e = X @ w - y
    w = (1 - 0.1) * w - 0.05 * X.T @ e / 40
    best = w
    if i % 40 == 0:
        print(i, np.mean(e**2))
print(best[:4])
