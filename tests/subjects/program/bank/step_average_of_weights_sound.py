# truth: none
import numpy as np

np.random.seed(2)
X = np.random.randn(90, 4)
y = X @ np.array([[1.0], [2.0], [-1.0], [0.0]]) + 0.1 * np.random.randn(90, 1)
W, b = np.zeros((4, 1)), np.zeros(1)
shadow = W.copy()
m = v = 0.0
for t in range(1, 300):
    pick = np.random.choice(90, 30, replace=False)
    e = X[pick] @ W + b - y[pick]
    g = 2 * X[pick].T @ e / 30
    m = 0.9 * m + 0.1 * g
    v = 0.99 * v + 0.01 * g**2
    W = W - 0.05 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.99**t)) + 1e-8) - 0.05 * 0.01 * W
    b = b - 0.1 * e.mean(0)
    shadow = 0.98 * shadow + 0.02 * W
print(shadow.ravel(), b)
