# truth: none
import numpy as np

rng = np.random.RandomState(4)
X = rng.randn(70, 3)
y = np.tanh(X @ np.array([1.0, -0.5, 2.0]))
w = rng.randn(3) * 0.1
w_before = w.copy()
beta, eta = 0.5, 0.1
for k in range(200):
    out = np.tanh(X @ w)
    grad = X.T @ ((out - y) * (1 - out**2)) / len(y)
    w_next = w + beta * (w - w_before) - eta * grad
    w_before = w
    w = w_next
print(w)
