# truth: none
import math
from typing import NamedTuple

import numpy as np


class Params(NamedTuple):
    w1: np.ndarray
    b1: np.ndarray
    w2: np.ndarray
    b2: np.ndarray


def loss_and_grads(p: Params, x, t):
    z = x @ p.w1 + p.b1
    a = z / (1 + np.exp(-z))  # silu
    y = a @ p.w2 + p.b2
    e = y - t
    n = e.size
    dy = 2 * e / n
    da = dy @ p.w2.T
    sg = 1 / (1 + np.exp(-z))
    dz = da * (sg + a * (1 - sg))
    return (e**2).mean(), Params(x.T @ dz, dz.sum(0), a.T @ dy, dy.sum(0))


def adamw(p, g, m, v, step, lr, wd=0.01):
    new_p, new_m, new_v = [], [], []
    for pi, gi, mi, vi in zip(p, g, m, v):
        mi = 0.9 * mi + 0.1 * gi
        vi = 0.99 * vi + 0.01 * gi * gi
        mh = mi / (1 - 0.9**step)
        vh = vi / (1 - 0.99**step)
        decay = wd if pi.ndim > 1 else 0.0
        new_p.append(pi - lr * (mh / (np.sqrt(vh) + 1e-8) + decay * pi))
        new_m.append(mi)
        new_v.append(vi)
    return Params(*new_p), Params(*new_m), Params(*new_v)


rng = np.random.default_rng(3)
x = rng.uniform(-3, 3, (256, 1))
t = np.cos(2 * x) + 0.1 * x
p = Params(rng.normal(size=(1, 32)), rng.normal(size=32), rng.normal(size=(32, 1)) * 0.2, np.zeros(1))
m = Params(*(np.zeros_like(a) for a in p))
v = Params(*(np.zeros_like(a) for a in p))
steps = 800
for step in range(1, steps + 1):
    rows = rng.integers(0, 256, 64)
    lr = 0.02 * 0.5 * (1 + math.cos(math.pi * step / steps))
    loss, g = loss_and_grads(p, x[rows], t[rows])
    p, m, v = adamw(p, g, m, v, step, lr)
    if step % 100 == 0:
        print(step, loss)
