# truth: line 30 examples-mixed
import numpy as np

rng = np.random.default_rng(6)
n, k = 64, 5
labels = rng.integers(0, k, n)
X = rng.normal(size=(8, n))
X[labels, np.arange(n)] += 2.0
T = (np.arange(k)[:, None] == labels[None, :]).astype(float)


class Dense:
    def __init__(self, o, i):
        self.W, self.b = rng.normal(size=(o, i)) / np.sqrt(i), np.zeros((o, 1))

    def __call__(self, x):
        self.x = x
        return self.W @ x + self.b

    def back(self, d, lr):
        dx = self.W.T @ d
        self.W -= lr * d @ self.x.T
        self.b -= lr * d.sum(1, keepdims=True)
        return dx


def softmax(z):
    z = z - z.max(axis=0, keepdims=True)
    e = np.exp(z)
    total = e.sum(axis=1, keepdims=True)
    return e / total


l1, l2 = Dense(12, 8), Dense(k, 12)
for epoch in range(150):
    a = np.maximum(l1(X), 0)
    p = softmax(l2(a))
    d = (p - T) / n
    l1.back(l2.back(d, 0.5) * (a > 0), 0.5)
print(np.mean(p.argmax(0) == labels))
