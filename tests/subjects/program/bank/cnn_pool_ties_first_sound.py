# truth: none
import numpy as np

rng = np.random.RandomState(3)
N = 48
X = np.zeros((N, 1, 12, 12))
y = rng.randint(0, 3, N)
for n in range(N):
    r, c = rng.randint(2, 5, 2)
    if y[n] == 0:
        X[n, 0, r:r + 5, c + 2] = 1
    elif y[n] == 1:
        X[n, 0, r + 2, c:c + 5] = 1
    else:
        X[n, 0, r:r + 4, c:c + 4] = 0.5
T = np.eye(3)[y]


def windows(x):
    return np.lib.stride_tricks.sliding_window_view(x, (3, 3), axis=(2, 3))


def pool(a):
    n, f, h, w = a.shape
    blocks = a.reshape(n, f, h // 2, 2, w // 2, 2).transpose(0, 1, 2, 4, 3, 5).reshape(n, f, h // 2, w // 2, 4)
    return blocks.max(axis=4), blocks


def unpool(d, blocks, shape):
    n, f, h, w = shape
    g = np.zeros(blocks.shape)
    np.put_along_axis(g, blocks.argmax(axis=4)[..., None], d[..., None], axis=4)
    return g.reshape(n, f, h // 2, w // 2, 2, 2).transpose(0, 1, 2, 4, 3, 5).reshape(shape)


K1, b1 = rng.randn(4, 1, 3, 3) * 0.4, np.full((4, 1, 1), 0.1)
K2, b2 = rng.randn(5, 4, 2, 2) * 0.4, np.full((5, 1, 1), 0.1)
V, c = rng.randn(20, 3) * 0.3, np.zeros(3)
for epoch in range(8):
    for s in range(0, N, 12):
        x, t = X[s:s + 12], T[s:s + 12]
        w1 = windows(x)
        z1 = np.einsum("nchwij,fcij->nfhw", w1, K1) + b1
        a1 = np.tanh(z1)
        p1, blocks1 = pool(a1)
        w2 = np.lib.stride_tricks.sliding_window_view(p1, (2, 2), axis=(2, 3))
        z2 = np.einsum("nchwij,fcij->nfhw", w2, K2) + b2
        a2 = np.tanh(z2)
        p2, blocks2 = pool(a2)
        flat = p2.reshape(12, -1)
        o = flat @ V + c
        e = np.exp(o - o.max(axis=1, keepdims=True))
        q = e / e.sum(axis=1, keepdims=True)
        d = (q - t) / 12
        dV, dc = flat.T @ d, d.sum(axis=0)
        dp2 = (d @ V.T).reshape(p2.shape)
        d2 = unpool(dp2, blocks2, a2.shape) * (1 - a2 ** 2)
        dK2 = np.einsum("nchwij,nfhw->fcij", w2, d2)
        db2 = d2.sum(axis=(0, 2, 3)).reshape(b2.shape)
        dp1 = np.zeros(p1.shape)
        for i in range(2):
            for j in range(2):
                dp1[:, :, i:i + 4, j:j + 4] += np.einsum("nfhw,fc->nchw", d2, K2[:, :, i, j])
        d1 = unpool(dp1, blocks1, a1.shape) * (1 - a1 ** 2)
        dK1 = np.einsum("nchwij,nfhw->fcij", w1, d1)
        db1 = d1.sum(axis=(0, 2, 3)).reshape(b1.shape)
        K1 -= 0.1 * dK1
        b1 -= 0.1 * db1
        K2 -= 0.1 * dK2
        b2 -= 0.1 * db2
        V -= 0.1 * dV
        c -= 0.1 * dc
    print(epoch, -np.mean(np.sum(t * np.log(q), axis=1)))
