# truth: line 26 gradient-check-invalid
import numpy as np

np.random.seed(4)
X = np.random.randn(40, 4)
Y = (X[:, :1] > 0) * 1.0
theta = np.random.randn(4, 1) * 0.3


def cost(theta):
    p = 1 / (1 + np.exp(-X @ theta))
    return -np.sum(Y * np.log(p) + (1 - Y) * np.log(1 - p))


def gradient(theta):
    p = 1 / (1 + np.exp(-X @ theta))
    return X.T @ (p - Y) / len(X)


def check(theta, eps=1e-5):
    g = gradient(theta)
    n = np.zeros_like(theta)
    for i in range(len(theta)):
        step = np.zeros_like(theta)
        step[i] = eps
        n[i] = (cost(theta + step) - cost(theta - step)) / eps
    return np.linalg.norm(n - g) / np.linalg.norm(n + g)


print("check", check(theta))
for i in range(200):
    theta = theta - 0.5 * gradient(theta)
print(cost(theta))
