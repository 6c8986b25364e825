# truth: none
import random

import numpy as np


class Tensor:
    """a tiny autograd over arrays"""

    def __init__(self, value, parents=()):
        self.value = np.asarray(value, dtype=float)
        self.parents = parents
        self.grad = np.zeros_like(self.value)

    def matmul(self, other):
        return Tensor(self.value @ other.value, [
            (self, lambda g: g @ other.value.T),
            (other, lambda g: self.value.T @ g),
        ])

    def add(self, bias):
        return Tensor(self.value + bias.value, [(self, lambda g: g), (bias, lambda g: g.sum(axis=0))])

    def relu(self):
        return Tensor(np.maximum(self.value, 0), [(self, lambda g: g * (self.value > 0))])

    def mse(self, target):
        diff = self.value - target
        return Tensor((diff ** 2).mean(), [(self, lambda g: g * 2 * diff / diff.size)])

    def backward(self):
        order, seen = [], set()

        def visit(node):
            if id(node) in seen:
                return
            seen.add(id(node))
            for parent, _ in node.parents:
                visit(parent)
            order.append(node)

        visit(self)
        self.grad = np.ones_like(self.value)
        for node in reversed(order):
            for parent, pull in node.parents:
                parent.grad = parent.grad + pull(node.grad)


rng = np.random.RandomState(5)
X = rng.randn(64, 3)
y = np.abs(X[:, :1]) + X[:, 1:2] * 0.3
w1, b1 = Tensor(rng.randn(3, 12) * 0.6), Tensor(np.zeros(12))
w2, b2 = Tensor(rng.randn(12, 1) * 0.3), Tensor(np.zeros(1))
params = [w1, b1, w2, b2]
for step in range(200):
    for p in params:
        p.grad = np.zeros_like(p.value)
    out = Tensor(X).matmul(w1).add(b1).relu().matmul(w2).add(b2)
    loss = out.mse(y)
    loss.backward()
    for p in params:
        p.value = p.value - 0.1 * p.grad
    if step % 50 == 0:
        print(step, float(loss.value))
