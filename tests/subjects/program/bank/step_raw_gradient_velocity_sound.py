# truth: none
import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


class Net:
    def __init__(self, sizes):
        rs = np.random.RandomState(1)
        self.W = [rs.randn(m, n) / np.sqrt(n) for n, m in zip(sizes, sizes[1:])]
        self.b = [np.zeros((m, 1)) for m in sizes[1:]]
        self.prev_W = [np.zeros_like(w) for w in self.W]
        self.prev_b = [np.zeros_like(b) for b in self.b]

    def train(self, x, y, eta=0.01, mu=0.4):
        acts = [x]
        for W, b in zip(self.W, self.b):
            acts.append(sigmoid(W @ acts[-1] + b))
        delta = (acts[-1] - y) * acts[-1] * (1 - acts[-1])
        for i in reversed(range(len(self.W))):
            gw, gb = delta @ acts[i].T, delta.sum(axis=1, keepdims=True)
            delta = self.W[i].T @ delta * acts[i] * (1 - acts[i])
            self.prev_W[i] = mu * self.prev_W[i] + gw
            self.prev_b[i] = mu * self.prev_b[i] + gb
            self.W[i] = self.W[i] - eta * self.prev_W[i]
            self.b[i] = self.b[i] - eta * self.prev_b[i]
        return 0.5 * np.sum((acts[-1] - y) ** 2)


rs = np.random.RandomState(2)
X = rs.rand(2, 60)
Y = (X[:1] > X[1:]) * 1.0
net = Net([2, 6, 1])
for epoch in range(300):
    loss = net.train(X, Y)
    if epoch % 50 == 0:
        print(epoch, loss)
