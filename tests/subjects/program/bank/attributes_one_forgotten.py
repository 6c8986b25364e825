# truth: line 21 missing-update
import numpy as np


class MLP:
    def __init__(self, rng):
        self.W1 = rng.normal(0, 0.5, (3, 8))
        self.b1 = np.zeros(8)
        self.W2 = rng.normal(0, 0.5, (8, 5))
        self.b2 = np.zeros(5)
        self.W3 = rng.normal(0, 0.5, (5, 1))
        self.b3 = np.zeros(1)

    def step(self, X, y, lr):
        h1 = np.tanh(X @ self.W1 + self.b1)
        h2 = np.tanh(h1 @ self.W2 + self.b2)
        out = h2 @ self.W3 + self.b3
        g = 2 * (out - y) / len(X)
        dW3, db3 = h2.T @ g, g.sum(0)
        g = g @ self.W3.T * (1 - h2**2)
        dW2, db2 = h1.T @ g, g.sum(0)
        g = g @ self.W2.T * (1 - h1**2)
        dW1, db1 = X.T @ g, g.sum(0)
        self.W1 -= lr * dW1
        self.b1 -= lr * db1
        self.b2 -= lr * db2
        self.W3 -= lr * dW3
        self.b3 -= lr * db3
        return np.mean((out - y) ** 2)


rng = np.random.default_rng(0)
X = rng.uniform(-1, 1, (64, 3))
y = X[:, :1] * X[:, 1:2] - X[:, 2:]
net = MLP(rng)
for i in range(300):
    loss = net.step(X, y, 0.1)
print(loss)
