# truth: none
import numpy as np
np.random.seed(3)
X = 2 * np.random.rand(60, 6) - 1
y = np.eye(3)[np.argmax(X[:, :3], axis=1)]
W = [np.random.rand(7, 5) / 2, np.random.rand(6, 5) / 2, np.random.rand(6, 3) / 2]
lam = 0.1

def g(z):
    return 1 / (1 + np.exp(-z))

def h(W, X):
    a = X
    for w in W:
        a = g(np.insert(a, 0, 1, axis=1) @ w)
    return a

def J(W):
    H = h(W, X)
    cost = -np.sum(y * np.log(H) + (1 - y) * np.log(1 - H)) / len(X)
    return cost + lam / (2 * len(X)) * sum(np.sum(w[1:] ** 2) for w in W)

def gradients(W):
    A = [X]
    for w in W:
        A.append(g(np.insert(A[-1], 0, 1, axis=1) @ w))
    difference = A[-1] - y
    D = [None] * len(W)
    for l in reversed(range(len(W))):
        D[l] = np.insert(A[l], 0, 1, axis=1).T @ difference / len(X)
        D[l][1:] += lam / len(X) * W[l][1:]
        difference = difference @ W[l][1:].T * A[l] * (1 - A[l])
    return D

for step in range(80):
    print(J(W))
    D = gradients(W)
    for l in range(len(W)):
        W[l] = W[l] - 2.0 * D[l]
