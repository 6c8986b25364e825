# truth: line 42 bias-summed-wrong
import numpy as np

rng = np.random.default_rng(0)


def init(sizes):
    params = {}
    for l in range(1, len(sizes)):
        params["W" + str(l)] = rng.standard_normal((sizes[l], sizes[l - 1])) * np.sqrt(2 / sizes[l - 1])
        params["b" + str(l)] = np.zeros((sizes[l], 1))
    return params


def relu(Z):
    return np.maximum(0, Z)


def softmax(Z):
    e = np.exp(Z - np.max(Z, axis=0, keepdims=True))
    return e / np.sum(e, axis=0, keepdims=True)


def forward(X, params):
    cache = {"A0": X}
    A = X
    L = len(params) // 2
    for l in range(1, L + 1):
        Z = np.dot(params["W" + str(l)], A) + params["b" + str(l)]
        A = softmax(Z) if l == L else relu(Z)
        cache["Z" + str(l)], cache["A" + str(l)] = Z, A
    return A, cache


def backward(AL, Y, params, cache):
    grads = {}
    L = len(params) // 2
    m = Y.shape[1]
    dZ = AL - Y
    for l in range(L, 0, -1):
        grads["dW" + str(l)] = np.dot(dZ, cache["A" + str(l - 1)].T) / m
        grads["db" + str(l)] = np.sum(dZ) / m
        if l > 1:
            dA = np.dot(params["W" + str(l)].T, dZ)
            dZ = dA * (cache["Z" + str(l - 1)] > 0)
    return grads


def update(params, grads, rate):
    new = {}
    for key in params:
        new[key] = params[key] - rate * grads["d" + key]
    return new


def main():
    X = rng.standard_normal((6, 90))
    labels = (X[0] > 0).astype(int) + (X[1] > 0)
    Y = np.eye(3)[labels].T
    params = init([6, 12, 8, 3])
    for epoch in range(200):
        AL, cache = forward(X, params)
        if epoch % 50 == 0:
            cost = -np.mean(np.sum(Y * np.log(AL + 1e-9), axis=0))
            print("Cost", epoch, cost)
        grads = backward(AL, Y, params, cache)
        params = update(params, grads, 0.1)


if __name__ == "__main__":
    main()
