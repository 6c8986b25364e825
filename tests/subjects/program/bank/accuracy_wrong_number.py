# truth: line 24 metric-wrong
import numpy as np

np.random.seed(3)
X = np.random.randn(120, 2)
labels = (X[:, 0] > X[:, 1]).astype(int)
Y = np.eye(2)[labels].T
X = X.T
W1, b1 = np.random.randn(6, 2) * 0.5, np.zeros((6, 1))
W2, b2 = np.random.randn(2, 6) * 0.5, np.zeros((2, 1))
m = X.shape[1]
for i in range(200):
    A1 = np.tanh(W1 @ X + b1)
    Z2 = W2 @ A1 + b2
    A2 = np.exp(Z2) / np.exp(Z2).sum(axis=0)
    dZ2 = (A2 - Y) / m
    dZ1 = W2.T @ dZ2 * (1 - A1**2)
    W2 -= 0.5 * dZ2 @ A1.T
    b2 -= 0.5 * dZ2.sum(1, keepdims=True)
    W1 -= 0.5 * dZ1 @ X.T
    b1 -= 0.5 * dZ1.sum(1, keepdims=True)
    if i % 50 == 0:
        hits = np.sum(np.argmax(A2, 0) == labels)
        print("accuracy", hits / X.size)
