# truth: none
import numpy as np

rng = np.random.RandomState(9)
X = rng.randn(80, 6)
T = (X[:, :3] + 0.3 * rng.randn(80, 3) > 0).astype(float)
W, b = np.zeros((6, 3)), np.zeros(3)
for i in range(200):
    P = 1 / (1 + np.exp(-(X @ W + b)))
    d = (P - T) / 80
    W -= X.T @ d
    b -= d.sum(0)
print("labels right:", np.mean((P > 0.5) == T), "rows right:", np.mean(np.all((P > 0.5) == T, axis=1)))
