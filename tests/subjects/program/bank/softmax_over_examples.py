# truth: line 13 examples-mixed
import numpy as np

np.random.seed(0)
X = np.random.randn(60, 5)
y = np.random.randint(0, 3, 60)
X[np.arange(60), y] += 2.5
Y = np.eye(3)[y]


def softmax(z):
    e = np.exp(z - np.max(z))
    return e / np.sum(e, axis=0)


W1, b1 = np.random.randn(5, 10) * 0.3, np.zeros(10)
W2, b2 = np.random.randn(10, 3) * 0.3, np.zeros(3)
for epoch in range(200):
    h = np.tanh(X @ W1 + b1)
    out = softmax(h @ W2 + b2)
    d2 = (out - Y) / len(X)
    d1 = d2 @ W2.T * (1 - h * h)
    W2 -= 0.5 * h.T @ d2
    b2 -= 0.5 * d2.sum(axis=0)
    W1 -= 0.5 * X.T @ d1
    b1 -= 0.5 * d1.sum(axis=0)
    if epoch % 40 == 0:
        print(epoch, (out.argmax(1) == y).mean())
