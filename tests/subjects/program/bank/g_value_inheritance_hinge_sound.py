# truth: none
import random


class Value:
    __slots__ = ("data", "grad", "parents", "local")

    def __init__(self, data, parents=(), local=()):
        self.data, self.grad = data, 0.0
        self.parents, self.local = parents, local

    def __add__(self, o):
        o = o if isinstance(o, Value) else Value(o)
        return Value(self.data + o.data, (self, o), (1.0, 1.0))

    def __mul__(self, o):
        o = o if isinstance(o, Value) else Value(o)
        return Value(self.data * o.data, (self, o), (o.data, self.data))

    def relu(self):
        return Value(max(0.0, self.data), (self,), (1.0 if self.data > 0 else 0.0,))

    __radd__ = __add__
    __rmul__ = __mul__

    def backward(self):
        order, seen = [], set()
        stack = [(self, False)]
        while stack:
            node, done = stack.pop()
            if done:
                order.append(node)
            elif id(node) not in seen:
                seen.add(id(node))
                stack.append((node, True))
                stack.extend((p, False) for p in node.parents)
        self.grad = 1.0
        for node in reversed(order):
            for p, d in zip(node.parents, node.local):
                p.grad += d * node.grad


class Module:
    def parameters(self):
        return []

    def zero_grad(self):
        for p in self.parameters():
            p.grad = 0.0


class Neuron(Module):
    def __init__(self, n, nonlin=True):
        self.w = [Value(random.gauss(0, 1) / n ** 0.5) for _ in range(n)]
        self.b = Value(0.1)
        self.nonlin = nonlin

    def __call__(self, x):
        s = self.b
        for wi, xi in zip(self.w, x):
            s = s + wi * xi
        return s.relu() if self.nonlin else s

    def parameters(self):
        return self.w + [self.b]


class Layer(Module):
    def __init__(self, n, m, **kw):
        self.neurons = [Neuron(n, **kw) for _ in range(m)]

    def __call__(self, x):
        return [n(x) for n in self.neurons]

    def parameters(self):
        return [p for n in self.neurons for p in n.parameters()]


class MLP(Module):
    def __init__(self, *sizes):
        self.layers = [Layer(a, b, nonlin=k < len(sizes) - 2) for k, (a, b) in enumerate(zip(sizes, sizes[1:]))]

    def __call__(self, x):
        for layer in self.layers:
            x = layer(x)
        return x[0]

    def parameters(self):
        return [p for layer in self.layers for p in layer.parameters()]


random.seed(11)
points = [(random.uniform(-1, 1), random.uniform(-1, 1)) for _ in range(80)]
signs = [1 if x * x + y * y < 0.5 else -1 for x, y in points]
model = MLP(2, 10, 1)
for step in range(150):
    batch = random.sample(range(len(points)), 16)
    losses = [(1 + -signs[i] * model(points[i])).relu() for i in batch]
    total = sum(losses, Value(0.0)) * (1.0 / len(losses))
    reg = sum((p * p for p in model.parameters()), Value(0.0)) * 1e-4
    total = total + reg
    model.zero_grad()
    total.backward()
    rate = 0.4 * (1 - 0.8 * step / 150)
    for p in model.parameters():
        p.data -= rate * p.grad
    if step % 30 == 29:
        hits = sum((model(p).data > 0) == (s > 0) for p, s in zip(points, signs))
        print(f"step {step + 1} loss {total.data:.3f} accuracy {hits / len(points):.3f}")
