# truth: line 24 shape-grows
import numpy as np

rng = np.random.RandomState(2)
m = 50
X = rng.randn(3, m)
Y = (X[:1] * X[1:2] > 0) * 1.0
params = {"W1": rng.randn(6, 3), "b1": np.zeros((6, 1)), "W2": rng.randn(1, 6), "b2": np.zeros((1, 1))}


def forward(X, p):
    A1 = np.tanh(np.dot(p["W1"], X) + p["b1"])
    A2 = 1 / (1 + np.exp(-(np.dot(p["W2"], A1) + p["b2"])))
    return A1, A2


def backward(X, Y, A1, A2, p):
    dZ2 = A2 - Y
    dZ1 = np.dot(p["W2"].T, dZ2) * (1 - np.power(A1, 2))
    return {
        "dW2": np.dot(dZ2, A1.T) / m,
        "db2": np.sum(dZ2, axis=1, keepdims=True) / m,
        "dW1": np.dot(dZ1, X.T) / m,
        "db1": dZ1 / m,
    }


for i in range(300):
    A1, A2 = forward(X, params)
    g = backward(X, Y, A1, A2, params)
    for name in params:
        params[name] = params[name] - 0.8 * g["d" + name]
print(params["b1"].shape)
