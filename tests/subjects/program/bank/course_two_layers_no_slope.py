# truth: line 21 derivative-left-out
import numpy as np


def sigmoid(Z):
    return 1 / (1 + np.exp(-Z)), Z


def relu(Z):
    return np.maximum(0, Z), Z


def relu_backward(dA, Z):
    dZ = np.array(dA, copy=True)
    dZ[Z <= 0] = 0
    return dZ


def sigmoid_backward(dA, Z):
    s = 1 / (1 + np.exp(-Z))
    return dA + 0 * s


def linear_activation_forward(A_prev, W, b, activation):
    Z = np.dot(W, A_prev) + b
    A, cache = sigmoid(Z) if activation == "sigmoid" else relu(Z)
    return A, ((A_prev, W, b), cache)


def linear_backward(dZ, cache):
    A_prev, W, b = cache
    m = A_prev.shape[1]
    dW = 1 / m * np.dot(dZ, A_prev.T)
    db = 1 / m * np.sum(dZ, axis=1, keepdims=True)
    dA_prev = np.dot(W.T, dZ)
    return dA_prev, dW, db


def two_layer_model(X, Y, n_h, rate, iterations):
    np.random.seed(1)
    parameters = {"W1": np.random.randn(n_h, X.shape[0]) * 0.3, "b1": np.zeros((n_h, 1)),
                  "W2": np.random.randn(1, n_h) * 0.3, "b2": np.zeros((1, 1))}
    for i in range(iterations):
        A1, cache1 = linear_activation_forward(X, parameters["W1"], parameters["b1"], "relu")
        A2, cache2 = linear_activation_forward(A1, parameters["W2"], parameters["b2"], "sigmoid")
        dA2 = -(np.divide(Y, A2) - np.divide(1 - Y, 1 - A2))
        dZ2 = sigmoid_backward(dA2, cache2[1])
        dA1, dW2, db2 = linear_backward(dZ2, cache2[0])
        dZ1 = relu_backward(dA1, cache1[1])
        dA0, dW1, db1 = linear_backward(dZ1, cache1[0])
        for name, grad in zip(("W1", "b1", "W2", "b2"), (dW1, db1, dW2, db2)):
            parameters[name] = parameters[name] - rate * grad
        if i % 100 == 0:
            print(i, float(np.squeeze(-np.mean(Y * np.log(A2) + (1 - Y) * np.log(1 - A2)))))


X = np.random.RandomState(2).randn(4, 50)
two_layer_model(X, (X[:1] * X[1:2] > 0).astype(float), 7, 0.3, 400)
