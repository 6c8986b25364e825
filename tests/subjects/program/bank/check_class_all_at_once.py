# truth: line 21 gradient-check-invalid
import numpy as np


class Net:
    def __init__(self):
        rng = np.random.default_rng(1)
        self.w = [rng.uniform(0, 0.4, (5, 3)), rng.uniform(0, 0.4, (1, 5))]
        self.b = [np.zeros((5, 1)), np.zeros((1, 1))]

    def predict(self, x):
        self.a = [x]
        for w, b in zip(self.w, self.b):
            self.a.append(1 / (1 + np.exp(-(w @ self.a[-1] + b))))
        return self.a[-1]

    def check(self, x, y):
        epsilon, numeric = 1e-4, []
        for i in range(2):
            kept = self.w[i]
            self.w[i] = kept + epsilon
            above = 0.5 * np.sum((self.predict(x) - y) ** 2)
            self.w[i] = kept - epsilon
            below = 0.5 * np.sum((self.predict(x) - y) ** 2)
            self.w[i] = kept
            numeric.append((above - below) / (2 * epsilon))
        return numeric

    def train(self, x, y, rate):
        numeric = self.check(x, y)
        out = self.predict(x)
        delta = (out - y) * out * (1 - out)
        for i in (1, 0):
            g = delta @ self.a[i].T
            self.checked = np.linalg.norm(g - numeric[i]) / np.linalg.norm(g + numeric[i])
            gb = delta.sum(axis=1, keepdims=True)
            delta = self.w[i].T @ delta * self.a[i] * (1 - self.a[i])
            self.w[i] = self.w[i] - rate * g
            self.b[i] = self.b[i] - rate * gb


rng = np.random.default_rng(2)
X = rng.random((3, 20))
Y = (X[:1] > X[1:2]) * 1.0
net = Net()
for i in range(60):
    net.train(X, Y, 0.1)
    if i % 20 == 0:
        print("check", net.checked)
