# truth: line 29 wrong
"""A tiny scalar engine with reverse mode, and an MLP on top of it."""
import math
import random


class Value:
    def __init__(self, data, _children=()):
        self.data = data
        self.grad = 0.0
        self._backward = lambda: None
        self._prev = set(_children)

    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data + other.data, (self, other))

        def _backward():
            self.grad += out.grad
            other.grad += out.grad
        out._backward = _backward
        return out

    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data * other.data, (self, other))

        def _backward():
            self.grad = other.data * out.grad
            other.grad += self.data * out.grad
        out._backward = _backward
        return out

    def tanh(self):
        t = math.tanh(self.data)
        out = Value(t, (self,))

        def _backward():
            self.grad += (1 - t * t) * out.grad
        out._backward = _backward
        return out

    def backward(self):
        topo, visited = [], set()

        def build(v):
            stack = [(v, iter(v._prev))]
            visited.add(v)
            while stack:
                node, it = stack[-1]
                for child in it:
                    if child not in visited:
                        visited.add(child)
                        stack.append((child, iter(child._prev)))
                        break
                else:
                    topo.append(node)
                    stack.pop()
        build(self)
        self.grad = 1.0
        for v in reversed(topo):
            v._backward()

    def __sub__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        return self + other * -1.0

    __radd__ = __add__
    __rmul__ = __mul__


class Neuron:
    def __init__(self, nin):
        self.w = [Value(random.uniform(-1, 1)) for _ in range(nin)]
        self.b = Value(0.0)

    def __call__(self, x):
        act = sum((wi * xi for wi, xi in zip(self.w, x)), self.b)
        return act.tanh()

    def parameters(self):
        return self.w + [self.b]


class MLP:
    def __init__(self, nin, nouts):
        sz = [nin] + nouts
        self.layers = [[Neuron(sz[i]) for _ in range(sz[i + 1])] for i in range(len(nouts))]

    def __call__(self, x):
        for layer in self.layers:
            x = [n(x) for n in layer]
        return x[0]

    def parameters(self):
        return [p for layer in self.layers for n in layer for p in n.parameters()]


random.seed(1337)
xs, ys = [], []
for _ in range(24):
    a, b = random.uniform(-1, 1), random.uniform(-1, 1)
    xs.append([a, b])
    ys.append(1.0 if b > 1.5 * a * a - 0.5 else -1.0)

model = MLP(2, [5, 1])
for k in range(101):
    preds = [model(x) for x in xs]
    loss = Value(0.0)
    for p, t in zip(preds, ys):
        diff = p - t
        loss = loss + diff * diff
    loss = loss * (1.0 / len(xs))
    for p in model.parameters():
        p.grad = 0.0
    loss.backward()
    for p in model.parameters():
        p.data -= 0.2 * p.grad
    if k % 20 == 0:
        acc = sum((p.data > 0) == (t > 0) for p, t in zip(preds, ys)) / len(ys)
        print(f"step {k} loss {loss.data:.4f} accuracy {acc:.3f}")
