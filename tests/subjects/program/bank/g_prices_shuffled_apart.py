# truth: line 58 wrong
# predicting the price of used cars from age, km, power, doors
from dataclasses import dataclass, field

import numpy as np

rng = np.random.default_rng(77)


@dataclass
class Dense:
    n_in: int
    n_out: int
    W: np.ndarray = field(init=False)
    b: np.ndarray = field(init=False)

    def __post_init__(self):
        self.W = rng.standard_normal((self.n_in, self.n_out)) * np.sqrt(1 / self.n_in)
        self.b = np.zeros((1, self.n_out))

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, d, lr):
        dx = d @ self.W.T
        self.W -= lr * self.x.T @ d
        self.b -= lr * d.sum(axis=0, keepdims=True)
        return dx


@dataclass
class Tanh:
    def forward(self, x):
        self.out = np.tanh(x)
        return self.out

    def backward(self, d, lr):
        return d * (1 - self.out ** 2)


n = 600
age = rng.uniform(0, 20, n)
km = age * 12 + rng.normal(0, 20, n)
power = rng.uniform(50, 300, n)
doors = rng.integers(2, 6, n)
price = 8000 + 150 * power * np.exp(-age / 8) - 10 * km + rng.normal(0, 500, n)

X = np.column_stack([age, km, power, doors]).astype(float)
y = price.reshape(-1, 1)
X = (X - X.mean(axis=0)) / X.std(axis=0)
y = (y - y.mean()) / y.std()

layers = [Dense(4, 20), Tanh(), Dense(20, 1)]
batch = 30
for epoch in range(60):
    rng.shuffle(X)
    rng.shuffle(y)
    sse = 0.0
    for s in range(0, n, batch):
        xb, yb = X[s:s + batch], y[s:s + batch]
        out = xb
        for layer in layers:
            out = layer.forward(out)
        err = out - yb
        sse += float((err ** 2).sum())
        grad = 2 * err / len(xb)
        for layer in reversed(layers):
            grad = layer.backward(grad, 0.05)
    if epoch % 10 == 0:
        print("epoch", epoch, "mse", sse / n, "r2", 1 - sse / n)
