# truth: none
import numpy as np

np.random.seed(21)
N, T, F = 20, 4, 3
X = np.random.randn(N, T, F)
Y = X[:, 0, :1] - X[:, -1, 1:2]
W = np.random.randn(F, 6) * 0.5
b = np.zeros(6)
U = np.random.randn(T * 6, 1) * 0.2
c = np.zeros(1)
for e in range(200):
    z = np.tanh(X.reshape(N * T, F) @ W + b)
    flat = z.reshape(N, T, 6).reshape(N, T * 6)
    out = flat @ U + c
    d = 2 * (out - Y) / N
    dz = (d @ U.T).reshape(N, T, 6).reshape(N * T, 6) * (1 - z**2)
    U -= 0.1 * flat.T @ d
    c -= 0.1 * d.sum(0)
    W -= 0.1 * X.reshape(N * T, F).T @ dz
    b -= 0.1 * dz.sum(0)
print(np.mean((out - Y) ** 2))
