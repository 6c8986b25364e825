# truth: none
import numpy as np

np.random.seed(6)
X = np.random.randn(80, 3)
y = (X[:, :1] + X[:, 1:2] > 0) * 1.0
W, b = np.zeros((3, 1)), np.zeros((1, 1))
for i in range(200):
    A = 1 / (1 + np.exp(-(X @ W + b)))
    log_likelihood = np.mean(y * np.log(A) + (1 - y) * np.log(1 - A))
    dZ = (A - y) / len(X)
    W = W - 0.5 * X.T @ dZ
    b = b - 0.5 * dZ.sum(keepdims=True)
    if i % 20 == 0:
        print("log-likelihood", log_likelihood)
