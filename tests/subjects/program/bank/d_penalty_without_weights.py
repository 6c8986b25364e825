# truth: line 31 penalty-wrong
from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np


@dataclass
class Dense:
    n_in: int
    n_out: int
    rng: np.random.Generator
    relu: bool = True
    w: np.ndarray = field(init=False)
    b: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        self.w = self.rng.standard_normal((self.n_in, self.n_out)) * (2 / self.n_in) ** 0.5
        self.b = np.zeros(self.n_out)

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.x = x
        z = x @ self.w + self.b
        self.mask = z > 0 if self.relu else np.ones_like(z, dtype=bool)
        return z * self.mask

    def backward(self, d: np.ndarray, lr: float, lam: float) -> np.ndarray:
        d = d * self.mask
        dx = d @ self.w.T
        self.w -= lr * (self.x.T @ d + lam)
        self.b -= lr * d.sum(axis=0)
        return dx


@dataclass
class Net:
    layers: list[Dense]

    def __call__(self, x: np.ndarray) -> np.ndarray:
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def fit(self, x: np.ndarray, y: np.ndarray, epochs: int, lr: float, lam: float) -> None:
        for epoch in range(epochs):
            out = self(x)
            d = (out - y) / len(x)
            for layer in reversed(self.layers):
                d = layer.backward(d, lr, lam)
            if epoch % 50 == 0:
                penalty = sum((layer.w**2).sum() for layer in self.layers)
                print(f"{epoch:4d} {0.5 * ((out - y) ** 2).mean() + 0.5 * lam * penalty:.5f}")


rng = np.random.default_rng(0)
x = rng.uniform(-1, 1, (200, 3))
y = (x[:, :1] * x[:, 1:2] + x[:, 2:]).astype(float)
Net([Dense(3, 16, rng), Dense(16, 16, rng), Dense(16, 1, rng, relu=False)]).fit(x, y, 400, 0.1, 0.05)
