# truth: line 21 derivative-wrong
import numpy as np


class Dense:
    def __init__(self, n_in, n_out, activation):
        self.weights = np.random.randn(n_in, n_out) / np.sqrt(n_in)
        self.bias = np.zeros(n_out)
        self.activation = activation
        self.grad_w = np.zeros_like(self.weights)
        self.grad_b = np.zeros_like(self.bias)

    def forward(self, inputs):
        self.inputs = inputs
        self.z = inputs @ self.weights + self.bias
        self.a = np.tanh(self.z) if self.activation == "tanh" else self.z
        return self.a

    def backward(self, grad):
        if self.activation == "tanh":
            grad = grad * (1 - self.z ** 2)
        self.grad_w = self.inputs.T @ grad
        self.grad_b = grad.sum(axis=0)
        return grad @ self.weights.T

    def step(self, lr):
        self.weights = self.weights - lr * self.grad_w
        self.bias = self.bias - lr * self.grad_b


class Net:
    def __init__(self):
        self.layers = [Dense(3, 16, "tanh"), Dense(16, 16, "tanh"), Dense(16, 1, "linear")]

    def fit(self, X, y, epochs, lr, batch):
        for epoch in range(epochs):
            order = np.random.permutation(len(X))
            total = 0.0
            for start in range(0, len(X), batch):
                rows = order[start:start + batch]
                out = X[rows]
                for layer in self.layers:
                    out = layer.forward(out)
                diff = out - y[rows]
                total += np.sum(diff ** 2)
                grad = 2 * diff / len(rows)
                for layer in reversed(self.layers):
                    grad = layer.backward(grad)
                for layer in self.layers:
                    layer.step(lr)
            if epoch % 10 == 0:
                print("epoch", epoch, "mse", total / len(X))


np.random.seed(3)
X = np.random.uniform(-1, 1, (160, 3))
y = np.sin(3 * X[:, :1]) + X[:, 1:2] * X[:, 2:]
Net().fit(X, y, 40, 0.05, 16)
