# truth: line 53 factor
# course week 1: regularisation, inverted dropout on the hidden layer
import numpy as np

np.random.seed(1)
m = 300
r = np.concatenate([np.random.uniform(0, 1, m // 2), np.random.uniform(1.3, 2.3, m // 2)])
angle = np.random.uniform(0, 2 * np.pi, m)
X = np.vstack([r * np.cos(angle), r * np.sin(angle)])
Y = np.concatenate([np.zeros(m // 2), np.ones(m // 2)]).reshape(1, m)

W1 = np.random.randn(20, 2) * np.sqrt(2.0 / 2)
b1 = np.zeros((20, 1))
W2 = np.random.randn(10, 20) * np.sqrt(2.0 / 20)
b2 = np.zeros((10, 1))
W3 = np.random.randn(1, 10) * np.sqrt(2.0 / 10)
b3 = np.zeros((1, 1))
keep_prob = 0.6
learning_rate = 0.3


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def relu(z):
    return np.maximum(z, 0)


for i in range(600):
    Z1 = np.dot(W1, X) + b1
    A1 = relu(Z1)
    D1 = np.random.rand(A1.shape[0], A1.shape[1]) < keep_prob
    A1 = A1 * D1 / keep_prob
    Z2 = np.dot(W2, A1) + b2
    A2 = relu(Z2)
    D2 = np.random.rand(A2.shape[0], A2.shape[1]) < keep_prob
    A2 = A2 * D2 / keep_prob
    Z3 = np.dot(W3, A2) + b3
    A3 = sigmoid(Z3)

    cost = -np.nansum(np.multiply(np.log(A3), Y) + np.multiply(np.log(1 - A3), 1 - Y)) / m

    dZ3 = A3 - Y
    dW3 = 1.0 / m * np.dot(dZ3, A2.T)
    db3 = 1.0 / m * np.sum(dZ3, axis=1, keepdims=True)
    dA2 = np.dot(W3.T, dZ3)
    dA2 = dA2 * D2 / keep_prob
    dZ2 = np.multiply(dA2, np.int64(A2 > 0))
    dW2 = 1.0 / m * np.dot(dZ2, A1.T)
    db2 = 1.0 / m * np.sum(dZ2, axis=1, keepdims=True)
    dA1 = np.dot(W2.T, dZ2)
    dA1 = dA1 * D1
    dZ1 = np.multiply(dA1, np.int64(A1 > 0))
    dW1 = 1.0 / m * np.dot(dZ1, X.T)
    db1 = 1.0 / m * np.sum(dZ1, axis=1, keepdims=True)

    W1 = W1 - learning_rate * dW1
    b1 = b1 - learning_rate * db1
    W2 = W2 - learning_rate * dW2
    b2 = b2 - learning_rate * db2
    W3 = W3 - learning_rate * dW3
    b3 = b3 - learning_rate * db3
    if i % 100 == 0:
        print("Cost after iteration %i: %f" % (i, cost))
