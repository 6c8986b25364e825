# truth: line 26 factor
import numpy as np
from dataclasses import dataclass, field


@dataclass
class Param:
    value: np.ndarray
    grad: np.ndarray = None


class Affine:
    def __init__(self, n, m):
        self.W = Param(np.random.uniform(-1, 1, (n, m)) * (6 / (n + m)) ** 0.5)
        self.b = Param(np.zeros((1, m)))

    def params(self):
        return [self.W, self.b]

    def forward(self, X):
        self.X = X
        return X.dot(self.W.value) + self.b.value

    def backward(self, d):
        self.W.grad = self.X.T.dot(d)
        self.b.grad = d.mean(axis=0, keepdims=True)
        return d.dot(self.W.value.T)


class Sigmoid:
    def params(self):
        return []

    def forward(self, X):
        self.out = 1.0 / (1.0 + np.exp(-X))
        return self.out

    def backward(self, d):
        return d * self.out * (1 - self.out)


class MSE:
    def __call__(self, pred, real):
        self.d = (pred - real) * 2 / pred.size
        return ((pred - real) ** 2).mean()


class Momentum:
    def __init__(self, params, lr, mu):
        self.params, self.lr, self.mu = params, lr, mu
        self.v = {id(p): np.zeros_like(p.value) for p in params}

    def step(self):
        for p in self.params:
            v = self.mu * self.v[id(p)] - self.lr * p.grad
            self.v[id(p)] = v
            p.value = p.value + v


class Sequential:
    def __init__(self, *layers):
        self.layers = list(layers)

    def parameters(self):
        return [p for layer in self.layers for p in layer.params()]

    def fit(self, X, Y, loss, opt, epochs, size):
        history = []
        for _ in range(epochs):
            idx = np.random.permutation(X.shape[0])
            for chunk in np.array_split(idx, X.shape[0] // size):
                out = X[chunk]
                for layer in self.layers:
                    out = layer.forward(out)
                history.append(loss(out, Y[chunk]))
                d = loss.d
                for layer in self.layers[::-1]:
                    d = layer.backward(d)
                opt.step()
        return history


if __name__ == "__main__":
    np.random.seed(0)
    X = np.random.rand(90, 2)
    Y = np.c_[np.sin(3 * X[:, 0]), X[:, 1] ** 2]
    model = Sequential(Affine(2, 8), Sigmoid(), Affine(8, 8), Sigmoid(), Affine(8, 2))
    print(model.fit(X, Y, MSE(), Momentum(model.parameters(), 0.3, 0.8), 25, 9)[::50])
