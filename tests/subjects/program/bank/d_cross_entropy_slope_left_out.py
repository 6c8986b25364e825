# truth: line 45 derivative-left-out
#!/usr/bin/env python
# -*- coding: utf-8 -*-
"""Is the student admitted? two exam scores, deep network, my derivation of cross entropy"""
import numpy as np

np.random.seed(2)
scores = np.random.uniform(30, 100, (2, 120))
admitted = (scores[0] * scores[1] > 4300).astype(float)[np.newaxis, :]
scores = (scores - scores.mean(axis=1, keepdims=True)) / scores.std(axis=1, keepdims=True)

layer_dims = [2, 5, 4, 1]
parameters = {}
for l in range(1, len(layer_dims)):
    parameters["W" + str(l)] = np.random.randn(layer_dims[l], layer_dims[l - 1]) / np.sqrt(layer_dims[l - 1])
    parameters["b" + str(l)] = np.zeros((layer_dims[l], 1))


def activate(Z, kind):
    return np.tanh(Z) if kind == "tanh" else 1 / (1 + np.exp(-Z))


def slope(A, kind):
    return 1 - A ** 2 if kind == "tanh" else A * (1 - A)


def L_model_forward(X):
    caches = []
    A = X
    L = len(parameters) // 2
    for l in range(1, L + 1):
        A_prev = A
        kind = "sigmoid" if l == L else "tanh"
        A = activate(parameters["W" + str(l)] @ A_prev + parameters["b" + str(l)], kind)
        caches.append((A_prev, A, kind))
    return A, caches


def L_model_backward(AL, Y, caches):
    grads = {}
    m = Y.shape[1]
    dA = -(np.divide(Y, AL) - np.divide(1 - Y, 1 - AL))
    for l in reversed(range(len(caches))):
        A_prev, A, kind = caches[l]
        dZ = dA if kind == "sigmoid" else dA * slope(A, kind)
        grads["dW" + str(l + 1)] = dZ @ A_prev.T / m
        grads["db" + str(l + 1)] = np.sum(dZ, axis=1, keepdims=True) / m
        dA = parameters["W" + str(l + 1)].T @ dZ
    return grads


for i in range(300):
    AL, caches = L_model_forward(scores)
    grads = L_model_backward(AL, admitted, caches)
    for key in parameters:
        parameters[key] = parameters[key] - 0.1 * grads["d" + key]
    if i % 30 == 0:
        print(i, float(-np.mean(admitted * np.log(AL) + (1 - admitted) * np.log(1 - AL))))
