# truth: line 35 derivative-wrong
import numpy as np


class Module:
    def parameters(self):
        return []


class Linear(Module):
    def __init__(self, n_in, n_out, rng):
        self.weight = rng.normal(0, np.sqrt(1 / n_in), size=(n_in, n_out))
        self.bias = np.zeros(n_out)

    def forward(self, x):
        self.x = x
        return x @ self.weight + self.bias

    def backward(self, grad):
        self.grad_weight = self.x.T @ grad
        self.grad_bias = grad.sum(axis=0)
        return grad @ self.weight.T

    def parameters(self):
        return [self]


class Sigmoid(Module):
    def forward(self, x):
        self.x = x
        self.out = 1.0 / (1.0 + np.exp(-x))
        return self.out

    def backward(self, grad):
        return grad * self.derivative(self.x)

    @staticmethod
    def derivative(value):
        # the sigmoid is differentiated by its own value
        return value * (1 - value)


class MSELoss:
    def forward(self, prediction, target):
        self.diff = prediction - target
        return np.mean(self.diff ** 2)

    def backward(self):
        return 2 * self.diff / self.diff.size


class Sequential(Module):
    def __init__(self, *layers):
        self.layers = list(layers)

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, grad):
        for layer in reversed(self.layers):
            grad = layer.backward(grad)

    def parameters(self):
        return [p for layer in self.layers for p in layer.parameters()]


class SGD:
    def __init__(self, parameters, lr):
        self.parameters, self.lr = parameters, lr

    def step(self):
        for p in self.parameters:
            p.weight -= self.lr * p.grad_weight
            p.bias -= self.lr * p.grad_bias


def main():
    rng = np.random.default_rng(7)
    x = rng.uniform(-2, 2, size=(128, 2))
    t = np.sin(x[:, :1]) + 0.5 * x[:, 1:]
    net = Sequential(Linear(2, 16, rng), Sigmoid(), Linear(16, 1, rng))
    criterion = MSELoss()
    optimizer = SGD(net.parameters(), lr=0.1)
    for epoch in range(40):
        order = rng.permutation(128)
        total = 0
        for start in range(0, 128, 16):
            rows = order[start:start + 16]
            total += criterion.forward(net.forward(x[rows]), t[rows])
            net.backward(criterion.backward())
            optimizer.step()
        if epoch % 10 == 0:
            print(f'epoch {epoch}: {total / 8:.4f}')


if __name__ == '__main__':
    main()
