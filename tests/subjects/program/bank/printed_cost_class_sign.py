# truth: line 17 metric-wrong
import numpy as np


class Net:
    def __init__(self, rng):
        self.w1, self.w2 = rng.randn(2, 8) * 0.7, rng.randn(8, 3) * 0.7
        self.b1, self.b2 = np.zeros(8), np.zeros(3)

    def forward(self, x):
        self.h = np.maximum(0, x @ self.w1 + self.b1)
        z = self.h @ self.w2 + self.b2
        e = np.exp(z - z.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)

    def loss(self, p, t):
        return (t * np.log(p + 1e-12)).sum() / len(t)

    def step(self, x, t, lr):
        p = self.forward(x)
        loss = self.loss(p, t)
        d = (p - t) / len(x)
        dh = d @ self.w2.T * (self.h > 0)
        self.w2 -= lr * self.h.T @ d
        self.b2 -= lr * d.sum(0)
        self.w1 -= lr * x.T @ dh
        self.b1 -= lr * dh.sum(0)
        return loss


rng = np.random.RandomState(0)
x = rng.randn(90, 2)
t = np.eye(3)[(x[:, 0] > 0).astype(int) + (x[:, 1] > 0)]
net = Net(rng)
for epoch in range(200):
    print(epoch, net.step(x, t, 0.3))
