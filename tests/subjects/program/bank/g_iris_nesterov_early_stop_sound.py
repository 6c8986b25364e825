# truth: none
from abc import ABC, abstractmethod
import copy

import numpy as np
from sklearn.datasets import load_iris


class Layer(ABC):
    params = ()

    @abstractmethod
    def forward(self, x): ...

    @abstractmethod
    def backward(self, grad): ...


class Linear(Layer):
    def __init__(self, n_in, n_out, rng):
        self.weight = (rng.random((n_in, n_out), dtype=np.float32) - 0.5) * 2 / np.float32(np.sqrt(n_in))
        self.bias = np.zeros(n_out, dtype=np.float32)
        self.params = ("weight", "bias")

    def forward(self, x):
        self.input = x
        return x @ self.weight + self.bias

    def backward(self, grad):
        self.grad_weight = self.input.T @ grad
        self.grad_bias = grad.sum(axis=0)
        return grad @ self.weight.T


class Elementwise(Layer):
    def forward(self, x):
        self.output = self.f(x)
        return self.output

    def backward(self, grad):
        return grad * self.df(self.output)


class Sigmoid(Elementwise):
    f = staticmethod(lambda x: 1 / (1 + np.exp(-x)))
    df = staticmethod(lambda out: out * (1 - out))


class Nesterov:
    def __init__(self, layers, lr, momentum):
        self.layers, self.lr, self.momentum = layers, np.float32(lr), np.float32(momentum)
        self.velocity = {(i, p): 0 for i, layer in enumerate(layers) for p in layer.params}

    def step(self):
        for (i, p), v in self.velocity.items():
            g = getattr(self.layers[i], "grad_" + p)
            v_prev = v
            v = self.momentum * v - self.lr * g
            self.velocity[i, p] = v
            setattr(self.layers[i], p, getattr(self.layers[i], p) - self.momentum * v_prev + (1 + self.momentum) * v)


def softmax_cross_entropy(logits, labels):
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    n = len(labels)
    grad = np.exp(log_p)
    grad[np.arange(n), labels] -= 1
    return -log_p[np.arange(n), labels].mean(), grad / n


def loader(x, y, size, rng):
    idx = rng.permutation(len(x))
    for k in range(0, len(x), size):
        yield x[idx[k:k + size]], y[idx[k:k + size]]


rng = np.random.default_rng(0)
iris = load_iris()
features = iris.data.astype(np.float32)
features = (features - features.mean(0)) / features.std(0)
order = rng.permutation(150)
features, labels = features[order], iris.target[order]
x_train, y_train, x_val, y_val = features[:100], labels[:100], features[100:], labels[100:]

model = [Linear(4, 8, rng), Sigmoid(), Linear(8, 3, rng)]
optimiser = Nesterov(model, lr=0.2, momentum=0.9)


def run(x):
    for layer in model:
        x = layer.forward(x)
    return x


best, best_model, patience = np.inf, None, 0
for epoch in range(200):
    for xb, yb in loader(x_train, y_train, 20, rng):
        loss, grad = softmax_cross_entropy(run(xb), yb)
        for layer in reversed(model):
            grad = layer.backward(grad)
        optimiser.step()
    val_loss, _ = softmax_cross_entropy(run(x_val), y_val)
    if val_loss < best:
        best, best_model, patience = val_loss, copy.deepcopy(model), 0
    else:
        patience += 1
        if patience == 15:
            break
print("stopped after", epoch + 1, "epochs, val loss", best)
model = best_model
print("val accuracy", np.mean(run(x_val).argmax(axis=1) == y_val))
