# truth: line 23 shape-grows
import numpy as np

np.random.seed(1)
X = np.random.rand(30, 3)
y = (X.sum(1, keepdims=True) > 1.5) * 1.0
w1, b1 = np.random.randn(3, 5), np.zeros((1, 5))
w2, b2 = np.random.randn(5, 1), np.zeros((1, 1))


def s(v):
    return 1 / (1 + np.exp(-v))


for i in range(300):
    a1 = s(X.dot(w1) + b1)
    a2 = s(a1.dot(w2) + b2)
    d2 = (a2 - y) * a2 * (1 - a2)
    d1 = d2.dot(w2.T) * a1 * (1 - a1)
    w2 = w2 - 0.3 * a1.T.dot(d2)
    b2 = b2 - 0.3 * d2.sum(axis=0, keepdims=True)
    w1 = w1 - 0.3 * X.T.dot(d1)
    b1 = b1 - 0.3 * d1
print(np.mean(np.abs(a2 - y)))
