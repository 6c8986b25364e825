# truth: none
import numpy as np

rng = np.random.RandomState(4)
X = rng.randn(60, 2)
y = (X[:, 0] * 2 - X[:, 1] > 0).astype(float)
w, b = np.zeros(2), 0.0
costs = []
for i in range(300):
    a = 1 / (1 + np.exp(-(X @ w + b)))
    cost = -(y * np.log(a) + (1 - y) * np.log(1 - a)).mean()
    gain = (y * np.log(a) + (1 - y) * np.log(1 - a)).sum()
    w -= 0.3 * X.T @ (a - y) / len(y)
    b -= 0.3 * (a - y).mean()
    costs.append(cost)
print(costs[-1], gain)
