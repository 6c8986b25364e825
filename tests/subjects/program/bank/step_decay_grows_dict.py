# truth: line 23 decay-grows
import numpy as np

np.random.seed(3)
X = np.random.randn(80, 4)
Y = (X[:, :1] * X[:, 1:2] > 0) * 1.0
p = {"W1": np.random.randn(4, 8) * 0.5, "b1": np.zeros(8), "W2": np.random.randn(8, 1) * 0.5, "b2": np.zeros(1)}
lam, lr = 0.01, 0.5


def sigmoid(v):
    return 1 / (1 + np.exp(-v))


for epoch in range(300):
    h = np.tanh(X @ p["W1"] + p["b1"])
    out = sigmoid(h @ p["W2"] + p["b2"])
    d2 = (out - Y) / len(X)
    d1 = d2 @ p["W2"].T * (1 - h**2)
    grads = {"W1": X.T @ d1, "b1": d1.sum(0), "W2": h.T @ d2, "b2": d2.sum(0)}
    for name in p:
        decay = lam * p[name] if name.startswith("W") else 0.0
        p[name] = p[name] - lr * (grads[name] - decay)
print(np.mean((out > 0.5) == Y))
