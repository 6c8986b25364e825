# truth: line 26 wrong-operand
import math
import random


def dot(a, b):
    return sum(x * y for x, y in zip(a, b))


def squash(z):
    return math.tanh(z)


def make(rows, cols):
    return [[random.gauss(0, 0.6) for _ in range(cols)] for _ in range(rows)]


def train_one(w1, b1, w2, b2, x, t, lr):
    z = [dot(row, x) + b for row, b in zip(w1, b1)]
    h = [squash(v) for v in z]
    out = [dot(row, h) + b for row, b in zip(w2, b2)]
    d_out = [o - v for o, v in zip(out, t)]
    d_h = [sum(d_out[k] * w2[k][j] for k in range(len(w2))) * (1 - h[j] ** 2) for j in range(len(h))]
    for k in range(len(w2)):
        for j in range(len(h)):
            w2[k][j] -= lr * d_out[k] * z[j]
        b2[k] -= lr * d_out[k]
    for j in range(len(w1)):
        for i in range(len(x)):
            w1[j][i] -= lr * d_h[j] * x[i]
        b1[j] -= lr * d_h[j]
    return sum(d * d for d in d_out)


random.seed(9)
w1, b1, w2, b2 = make(5, 2), [0.1] * 5, make(1, 5), [0.05]
b1 = [b + random.random() / 10 for b in b1]
rows = [[random.uniform(-1, 1), random.uniform(-1, 1)] for _ in range(60)]
data = [(r, [r[0] * r[1] + 0.5 * r[0]]) for r in rows]
for epoch in range(20):
    random.shuffle(data)
    print(epoch, sum(train_one(w1, b1, w2, b2, x, t, 0.1) for x, t in data) if epoch < 0 else "")
    for x, t in data:
        train_one(w1, b1, w2, b2, x, t, 0.1)
