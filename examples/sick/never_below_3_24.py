"""Functions over a list of weight matrices, with a cost that never falls below 3.24. The gradient is right.

30,000 images, pixels from -1 to 1, five steps over all of them at once, rate 2, lambda 1: 11 % of the digits.

    python never_below_3_24.py [FOLDER OF MNIST]
"""

import itertools

import numpy as np
from mnist_reader import read

SIZES, RATE, LAMBDA, STEPS = (784, 5, 5, 10), 2.0, 1.0, 5


def g(z):
    return 1 / (1 + np.exp(-z))


def h(W, X):
    a = X
    for w in W:
        a = g(np.insert(a, 0, 1, axis=1) @ w)
    return a


def J(W, X, y):  # noqa: N802
    H = h(W, X)
    cost = -np.sum(y * np.log(H) + (1 - y) * np.log(1 - H)) / len(X)
    return cost + LAMBDA / (2 * 30_000) * sum(np.sum(w[1:] ** 2) for w in W)


def gradients(W, X, y):
    A = [X]
    for w in W:
        A.append(g(np.insert(A[-1], 0, 1, axis=1) @ w))
    difference = A[-1] - y
    D = [None] * len(W)
    for layer in reversed(range(len(W))):
        D[layer] = np.insert(A[layer], 0, 1, axis=1).T @ difference / len(X)
        D[layer][1:] += LAMBDA / 30_000 * W[layer][1:]
        difference = difference @ W[layer][1:].T * A[layer] * (1 - A[layer])
    return D


def right(W, images, labels):
    X = 2 * (images.reshape(len(images), -1) / 255) - 1
    return np.mean(h(W, X).argmax(axis=1) == labels)


if __name__ == "__main__":
    images, labels = read("train-images-idx3-ubyte")[:30_000], read("train-labels-idx1-ubyte")[:30_000]
    X = 2 * (images.reshape(30_000, -1) / 255) - 1
    y = np.eye(10)[labels]

    rng = np.random.default_rng(0)
    W = [rng.random((i + 1, o)) / 100 for i, o in itertools.pairwise(SIZES)]
    for _ in range(STEPS):
        print("cost:", J(W, X, y))
        D = gradients(W, X, y)
        for layer in range(len(W)):
            W[layer] = W[layer] - RATE * D[layer]
    print("cost:", J(W, X, y))
    print("right:", right(W, images, labels), "of the training images")
    print("right:", right(W, read("t10k-images-idx3-ubyte"), read("t10k-labels-idx1-ubyte")), "of the test images")
