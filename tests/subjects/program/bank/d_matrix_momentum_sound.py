# truth: none
# no numpy on the school computers: matrices as lists of lists, with momentum
import random
from math import tanh

random.seed(8)


def mat(r, c, scale=0.0):
    return [[random.uniform(-scale, scale) for _ in range(c)] for _ in range(r)]


def mul(A, B):
    return [[sum(a * b for a, b in zip(row, col)) for col in zip(*B)] for row in A]


def T(A):
    return [list(c) for c in zip(*A)]


def with_ones(A):
    return [row + [1.0] for row in A]


points = [[random.uniform(-1, 1), random.uniform(-1, 1)] for _ in range(40)]
inside = [[1.0] if a * a + b * b < 0.5 else [-1.0] for a, b in points]

W = mat(3, 6, 0.8)
V = mat(7, 1, 0.8)
speedW, speedV = mat(3, 6), mat(7, 1)
MU, RATE = 0.8, 0.3

for turn in range(150):
    A = with_ones(points)
    H = [[tanh(z) for z in row] for row in mul(A, W)]
    Hb = with_ones(H)
    O = [[tanh(z) for z in row] for row in mul(Hb, V)]
    D = [[(o[0] - t[0]) * (1 - o[0] ** 2) / len(points)] for o, t in zip(O, inside)]
    gV = mul(T(Hb), D)
    back = mul(D, T(V[:-1]))
    E = [[b * (1 - h * h) for b, h in zip(rb, rh)] for rb, rh in zip(back, H)]
    gW = mul(T(A), E)
    for i in range(3):
        for j in range(6):
            speedW[i][j] = MU * speedW[i][j] - RATE * gW[i][j]
            W[i][j] += speedW[i][j]
    for i in range(7):
        speedV[i][0] = MU * speedV[i][0] - RATE * gV[i][0]
        V[i][0] += speedV[i][0]
    if turn % 25 == 0:
        print(turn, sum((o[0] - t[0]) ** 2 for o, t in zip(O, inside)) / len(points))
