# truth: line 26 derivative-left-out
import numpy as np


class Linear:
    def __init__(self, i, o, rng):
        self.w = rng.normal(0, 1 / np.sqrt(i), (i, o)).astype(np.float32)
        self.b = np.zeros(o, dtype=np.float32)

    def __call__(self, x):
        self.x = x
        return np.einsum("bi,io->bo", x, self.w) + self.b

    def back(self, g):
        self.dw = np.einsum("bi,bo->io", self.x, g)
        self.db = g.sum(axis=0)
        return np.einsum("bo,io->bi", g, self.w)


class ReLU:
    def __call__(self, x):
        self.mask = x > 0
        return x * self.mask

    def back(self, g):
        return g


class Model:
    def __init__(self, *parts):
        self.parts = parts

    def __call__(self, x):
        for part in self.parts:
            x = part(x)
        return x

    def back(self, g):
        for part in self.parts[::-1]:
            g = part.back(g)

    def sgd(self, lr):
        for part in self.parts:
            if hasattr(part, "w"):
                part.w -= lr * part.dw
                part.b -= lr * part.db


def cross_entropy(logits, labels):
    shifted = logits - logits.max(axis=1, keepdims=True)
    p = np.exp(shifted) / np.exp(shifted).sum(axis=1, keepdims=True)
    onehot = np.zeros_like(p)
    onehot[np.arange(len(labels)), labels] = 1
    loss = -(onehot * np.log(p + 1e-7)).sum() / len(labels)
    return loss, (p - onehot) / len(labels)


rng = np.random.default_rng(0)
X = rng.normal(size=(120, 5)).astype(np.float32)
labels = (X[:, 0] > 0).astype(int) + 2 * (X[:, 1] > 0)
net = Model(Linear(5, 16, rng), ReLU(), Linear(16, 4, rng))
for epoch in range(50):
    for k in range(0, 120, 30):
        loss, grad = cross_entropy(net(X[k:k + 30]), labels[k:k + 30])
        net.back(grad)
        net.sgd(0.2)
    if epoch % 10 == 0:
        print(epoch, loss)
