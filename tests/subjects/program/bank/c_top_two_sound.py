# truth: none
import numpy as np

rng = np.random.RandomState(5)
n, k = 64, 4
lab = rng.randint(0, k, n)
X = rng.randn(6, n)
X[lab, np.arange(n)] += 2
Y = np.eye(k)[:, lab]
W, b = rng.randn(k, 6) * 0.1, np.zeros((k, 1))


def probabilities(X):
    Z = W @ X + b
    E = np.exp(Z - Z.max(axis=0))
    return E / E.sum(axis=0)


for i in range(150):
    A = probabilities(X)
    W -= 0.5 * (A - Y) @ X.T / n
    b -= 0.5 * (A - Y).mean(axis=1, keepdims=True)
A = probabilities(X)
top = np.argsort(A, axis=0)[-2:]
print(np.mean(np.argmax(A, axis=0) == np.argmax(Y, axis=0)), np.mean((top == lab).any(axis=0)), np.mean(np.argmax(A, 0) == lab))
