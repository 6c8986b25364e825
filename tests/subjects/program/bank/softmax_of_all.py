# truth: line 8 examples-mixed
import numpy as np


class Softmax:
    def forward(self, z):
        powers = np.exp(z)
        self.out = powers / powers.sum()
        return self.out

    def backward(self, target):
        return self.out - target


class Layer:
    def __init__(self, i, o):
        self.w = np.random.normal(0, i**-0.5, (o, i))
        self.b = np.zeros((o, 1))

    def forward(self, a):
        self.a = a
        return self.w @ a + self.b

    def backward(self, d, rate):
        back = self.w.T @ d
        self.w -= rate * d @ self.a.T / d.shape[1]
        self.b -= rate * d.mean(axis=1, keepdims=True)
        return back


np.random.seed(4)
points = np.random.randn(2, 48)
kind = (points[0] > 0).astype(int) + (points[1] > 0.5)
target = np.eye(3)[kind].T
one, two, last = Layer(2, 9), Layer(9, 3), Softmax()
for n in range(300):
    a = np.maximum(one.forward(points), 0)
    p = last.forward(two.forward(a))
    d = two.backward(last.backward(target), 0.2)
    one.backward(d * (a > 0), 0.2)
print(np.mean(p.argmax(0) == kind))
