# truth: none
import numpy as np


class Dense:
    def __init__(self, n_in, n_out, rng):
        self.weights = rng.normal(0, 0.4, (n_in, n_out))
        self.bias = np.zeros((1, n_out))

    def forward(self, x):
        self.x = x
        return x @ self.weights + self.bias

    def backward(self, grad, lr, reg):
        dw = self.x.T @ grad
        db = grad.sum(axis=0, keepdims=True)
        back = grad @ self.weights.T
        self.weights *= 1 - lr * reg
        self.weights -= lr * dw
        self.bias -= lr * db
        return back


rng = np.random.default_rng(0)
x = rng.uniform(-1, 1, (60, 3))
y = np.sin(2 * x[:, :1]) + x[:, 1:2] * x[:, 2:]
first, second = Dense(3, 10, rng), Dense(10, 1, rng)
for step in range(400):
    a = np.tanh(first.forward(x))
    out = second.forward(a)
    grad = 2 * (out - y) / len(x)
    grad = second.backward(grad, 0.1, 0.05)
    first.backward(grad * (1 - a * a), 0.1, 0.05)
    if step % 100 == 0:
        print(step, np.mean((out - y) ** 2))
