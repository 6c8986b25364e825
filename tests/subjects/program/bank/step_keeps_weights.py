# truth: line 16 momentum-wrong
import numpy as np

rng = np.random.RandomState(5)
X = rng.randn(100, 3)
y = X @ np.array([1.0, -2.0, 0.5]) + 0.3
w, b = np.zeros(3), 0.0
last_w, last_b = np.zeros(3), 0.0
alpha, momentum = 0.05, 0.6
for i in range(500):
    error = X @ w + b - y
    step_w = alpha * (X.T @ error) / len(X) + momentum * last_w
    step_b = alpha * error.mean() + momentum * last_b
    w = w - step_w
    b = b - step_b
    last_w = w
    last_b = step_b
print(w, b)
