# truth: line 31 metric-wrong
import numpy as np

rng = np.random.RandomState(2)


def data(n):
    X = rng.randn(n, 5)
    y = rng.randint(0, 4, n)
    X[np.arange(n), y] += 2.5
    return X, np.eye(4)[y]


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


X, Y = data(100)
X_test, Y_test = data(40)
W1, b1, W2, b2 = rng.randn(5, 10) * 0.3, np.zeros(10), rng.randn(10, 4) * 0.3, np.zeros(4)


def predict(X):
    return softmax(np.tanh(X @ W1 + b1) @ W2 + b2)


def evaluate(X, Y):
    hits = 0
    for p, t in zip(predict(X), Y):
        if np.argmax(p) == t[0]:
            hits += 1
    return hits / len(X)


for epoch in range(150):
    H = np.tanh(X @ W1 + b1)
    P = softmax(H @ W2 + b2)
    d = (P - Y) / len(X)
    dH = d @ W2.T * (1 - H**2)
    W2 -= 0.5 * H.T @ d
    b2 -= 0.5 * d.sum(0)
    W1 -= 0.5 * X.T @ dH
    b1 -= 0.5 * dH.sum(0)
print("test accuracy", evaluate(X_test, Y_test))
