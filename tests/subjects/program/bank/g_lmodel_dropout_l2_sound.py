# truth: none
import numpy as np
from sklearn.datasets import make_moons

np.random.seed(2)


def he(dims):
    params = {}
    for l in range(1, len(dims)):
        params[f"W{l}"] = np.random.randn(dims[l], dims[l - 1]) * np.sqrt(2 / dims[l - 1])
        params[f"b{l}"] = np.zeros((dims[l], 1))
    return params


def forward_propagation_with_dropout(X, parameters, keep_prob=0.9):
    W1, b1 = parameters["W1"], parameters["b1"]
    W2, b2 = parameters["W2"], parameters["b2"]
    W3, b3 = parameters["W3"], parameters["b3"]
    Z1 = np.dot(W1, X) + b1
    A1 = np.maximum(0, Z1)
    D1 = np.random.rand(A1.shape[0], A1.shape[1])
    D1 = D1 < keep_prob
    A1 = A1 * D1
    A1 = A1 / keep_prob
    Z2 = np.dot(W2, A1) + b2
    A2 = np.maximum(0, Z2)
    D2 = np.random.rand(A2.shape[0], A2.shape[1])
    D2 = D2 < keep_prob
    A2 = A2 * D2
    A2 = A2 / keep_prob
    Z3 = np.dot(W3, A2) + b3
    A3 = 1 / (1 + np.exp(-Z3))
    cache = (Z1, D1, A1, W1, b1, Z2, D2, A2, W2, b2, Z3, A3, W3, b3)
    return A3, cache


def cost_with_regularization(A3, Y, parameters, lambd):
    m = Y.shape[1]
    logprobs = np.multiply(-np.log(A3 + 1e-12), Y) + np.multiply(-np.log(1 - A3 + 1e-12), 1 - Y)
    cross_entropy = 1.0 / m * np.nansum(logprobs)
    L2 = lambd / (2 * m) * sum(np.sum(np.square(parameters["W" + str(i)])) for i in (1, 2, 3))
    return cross_entropy + L2


def backward(X, Y, cache, keep_prob, lambd):
    m = X.shape[1]
    (Z1, D1, A1, W1, b1, Z2, D2, A2, W2, b2, Z3, A3, W3, b3) = cache
    dZ3 = A3 - Y
    dW3 = 1.0 / m * np.dot(dZ3, A2.T) + lambd / m * W3
    db3 = 1.0 / m * np.sum(dZ3, axis=1, keepdims=True)
    dA2 = np.dot(W3.T, dZ3)
    dA2 = dA2 * D2
    dA2 = dA2 / keep_prob
    dZ2 = np.multiply(dA2, np.int64(A2 > 0))
    dW2 = 1.0 / m * np.dot(dZ2, A1.T) + lambd / m * W2
    db2 = 1.0 / m * np.sum(dZ2, axis=1, keepdims=True)
    dA1 = np.dot(W2.T, dZ2)
    dA1 = dA1 * D1
    dA1 = dA1 / keep_prob
    dZ1 = np.multiply(dA1, np.int64(A1 > 0))
    dW1 = 1.0 / m * np.dot(dZ1, X.T) + lambd / m * W1
    db1 = 1.0 / m * np.sum(dZ1, axis=1, keepdims=True)
    return {"dW3": dW3, "db3": db3, "dW2": dW2, "db2": db2, "dW1": dW1, "db1": db1}


def predict(X, parameters):
    A3, _ = forward_propagation_with_dropout(X, parameters, keep_prob=1.0)
    return (A3 > 0.5).astype(int)


X, y = make_moons(300, noise=0.2, random_state=4)
X, Y = X.T, y.reshape(1, 300)
parameters = he([2, 20, 6, 1])
for i in range(1200):
    A3, cache = forward_propagation_with_dropout(X, parameters, 0.9)
    grads = backward(X, Y, cache, 0.9, 0.1)
    for l in range(1, 4):
        parameters[f"W{l}"] -= 0.2 * grads[f"dW{l}"]
        parameters[f"b{l}"] -= 0.2 * grads[f"db{l}"]
    if i % 300 == 0:
        print(f"Cost after iteration {i}: {cost_with_regularization(A3, Y, parameters, 0.1)}")
print("On the training set: Accuracy", np.mean(predict(X, parameters) == Y))
