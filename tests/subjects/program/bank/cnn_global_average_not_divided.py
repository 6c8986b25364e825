# truth: line 44 factor
import numpy as np

rng = np.random.RandomState(90)


def view(x, k, s):
    n, h, w, c = x.shape
    sn, sh, sw, sc = x.strides
    shape = (n, (h - k) // s + 1, (w - k) // s + 1, k, k, c)
    return np.lib.stride_tricks.as_strided(x, shape=shape, strides=(sn, sh * s, sw * s, sh, sw, sc), writeable=False)


x_train = rng.rand(64, 9, 9, 2)
which = rng.randint(0, 3, 64)
y_train = np.eye(3)[which]
for i in range(64):
    x_train[i, 3 * which[i]:3 * which[i] + 3, :, 0] += 0.8

params = [
    rng.randn(3, 3, 2, 5) * 0.25, np.zeros(5),
    rng.randn(2, 2, 5, 6) * 0.25, np.zeros(6),
    rng.randn(6, 3) * 0.4, np.zeros(3),
]
velocity = [np.zeros_like(p) for p in params]
lr, mu = 0.3, 0.9
for step in range(40):
    pick = rng.randint(0, 64, 16)
    x, y = np.ascontiguousarray(x_train[pick]), y_train[pick]
    K1, c1, K2, c2, V, c3 = params
    p1 = view(x, 3, 2)
    z1 = np.tensordot(p1, K1, axes=3) + c1
    a1 = 1.0 / (1.0 + np.exp(-z1))
    p2 = view(a1, 2, 1)
    z2 = np.tensordot(p2, K2, axes=3) + c2
    a2 = 1.0 / (1.0 + np.exp(-z2))
    g = a2.mean(axis=(1, 2))
    out = 1.0 / (1.0 + np.exp(-(g @ V + c3)))
    loss = 0.5 * np.sum((out - y) ** 2) / len(x)

    d3 = (out - y) * out * (1 - out) / len(x)
    gV, gc3 = g.T @ d3, d3.sum(axis=0)
    dg = d3 @ V.T
    da2 = np.broadcast_to(dg[:, None, None, :], a2.shape)
    dz2 = da2 * a2 * (1 - a2)
    gK2 = np.tensordot(p2, dz2, axes=([0, 1, 2], [0, 1, 2]))
    gc2 = dz2.sum(axis=(0, 1, 2))
    da1 = np.zeros_like(a1)
    dp2 = np.tensordot(dz2, K2, axes=([3], [3]))
    for i in range(dz2.shape[1]):
        for j in range(dz2.shape[2]):
            da1[:, i:i + 2, j:j + 2, :] += dp2[:, i, j]
    dz1 = da1 * a1 * (1 - a1)
    gK1 = np.tensordot(p1, dz1, axes=([0, 1, 2], [0, 1, 2]))
    gc1 = dz1.sum(axis=(0, 1, 2))
    for i, grad in enumerate([gK1, gc1, gK2, gc2, gV, gc3]):
        velocity[i] = mu * velocity[i] - lr * grad
        params[i] = params[i] + velocity[i]
    if step % 10 == 0:
        print(step, loss)
