# truth: none
import math
import random

random.seed(3)
data = [([0.0, 0.2], 0.1), ([0.4, 1.0], 0.9), ([1.0, 0.1], 0.8), ([0.9, 1.0], 0.2)]
W = [[random.uniform(-1, 1) for _ in range(3)] for _ in range(3)]
V = [random.uniform(-1, 1) for _ in range(4)]


def run(x):
    h = [math.tanh(w[0] * x[0] + w[1] * x[1] + w[2]) for w in W]
    return h, sum(v * a for v, a in zip(V, h)) + V[3]


def cost():
    return sum(0.5 * (run(x)[1] - t) ** 2 for x, t in data)


def slope_of(i, eps=1e-5):
    kept = V[i]
    V[i] = kept + eps
    high = cost()
    V[i] = kept - eps
    low = cost()
    V[i] = kept
    return (high - low) / (2 * eps)


for epoch in range(300):
    gV = [0.0] * 4
    gW = [[0.0] * 3 for _ in W]
    for x, t in data:
        h, out = run(x)
        e = out - t
        for i in range(3):
            gV[i] += e * h[i]
            back = e * V[i] * (1 - h[i] ** 2)
            for j, v in enumerate((*x, 1.0)):
                gW[i][j] += back * v
        gV[3] += e
    if epoch == 0:
        print([gV[i] - slope_of(i) for i in range(4)])
    for i in range(3):
        V[i] -= 0.1 * gV[i]
        for j in range(3):
            W[i][j] -= 0.1 * gW[i][j]
    V[3] -= 0.1 * gV[3]
print(cost())
