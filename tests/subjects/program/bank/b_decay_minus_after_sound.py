# truth: none
import numpy as np

rng = np.random.RandomState(8)
X = rng.randn(100, 10)
t = X @ rng.randn(10) + rng.randn(100) * 0.1
w, b = np.zeros(10), 0.0
eta, decay = 0.05, 0.02
for i in range(300):
    residual = X @ w + b - t
    gw = X.T @ residual / 100
    gb = residual.mean()
    gw += decay * w + 0.001 * np.sign(w)
    w -= eta * gw
    w *= 1 - 0.001
    b -= eta * gb
print(w)
