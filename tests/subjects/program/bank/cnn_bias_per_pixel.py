# truth: line 39 shape-grows
import numpy as np

rng = np.random.RandomState(5)
pictures = rng.rand(60, 8, 8)
kind = rng.randint(0, 2, 60)
pictures[kind == 1, 2:6, 2:6] += 0.5
T = np.eye(2)[kind]

F = 4
filt = rng.randn(9, F) / 3
fb = np.zeros(F)
U = rng.randn(3 * 3 * F, 2) / 6
ub = np.zeros(2)


def patches(x):
    n = len(x)
    out = np.empty((n, 6, 6, 9))
    for a in range(3):
        for b in range(3):
            out[..., a * 3 + b] = x[:, a:a + 6, b:b + 6]
    return out


for it in range(30):
    rows = rng.choice(60, 12, replace=False)
    x, t = pictures[rows], T[rows]
    P = patches(x)
    z = P @ filt + fb
    h = 1 / (1 + np.exp(-z))
    pooled = h.reshape(12, 3, 2, 3, 2, F).mean(axis=(2, 4))
    o = pooled.reshape(12, -1) @ U + ub
    q = np.exp(o) / np.exp(o).sum(axis=1, keepdims=True)
    do = (q - t) / 12
    dpooled = (do @ U.T).reshape(pooled.shape)
    dh = dpooled.repeat(2, axis=1).repeat(2, axis=2) / 4
    dz = dh * h * (1 - h)
    dfb = dz.sum(axis=0)
    dfilt = np.tensordot(P, dz, axes=([0, 1, 2], [0, 1, 2]))
    dU, dub = pooled.reshape(12, -1).T @ do, do.sum(axis=0)
    filt = filt - 0.5 * dfilt
    fb = fb - 0.5 * dfb
    U = U - 0.5 * dU
    ub = ub - 0.5 * dub
    if it % 10 == 0:
        print(it, -np.mean(np.sum(t * np.log(q), axis=1)))
