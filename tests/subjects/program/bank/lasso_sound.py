# truth: none
import numpy as np

rng = np.random.RandomState(5)
A = rng.randn(60, 12)
y = A[:, 0] * 2 - A[:, 3] + 0.1 * rng.randn(60)
x = np.zeros(12)
L = np.linalg.norm(A, 2) ** 2
for k in range(100):
    g = A.T @ (A @ x - y)
    z = x - g / L
    x = np.sign(z) * np.maximum(np.abs(z) - 0.5 / L, 0)
print(x.round(2))
