# truth: line 19 wrong
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

rng = np.random.default_rng(33)


def conv(x, k):
    """x (n, c, h, w), k (f, c, a, b)"""
    win = sliding_window_view(x, k.shape[2:], axis=(2, 3))
    return np.einsum("nchwab,fcab->nfhw", win, k, optimize=True), win


def conv_grad(win, k, d):
    dk = np.einsum("nchwab,nfhw->fcab", win, d, optimize=True)
    a, b = k.shape[2] - 1, k.shape[3] - 1
    padded = np.pad(d, ((0, 0), (0, 0), (a, a), (b, b)))
    dwin = sliding_window_view(padded, k.shape[2:], axis=(2, 3))
    dx = np.einsum("nfhwab,fcab->nchw", dwin, k, optimize=True)
    return dk, dx


x_all = rng.normal(size=(72, 1, 9, 9))
y_all = (x_all[:, 0, :4].mean(axis=(1, 2)) > x_all[:, 0, 5:].mean(axis=(1, 2))).astype(float)
k1, c1 = rng.normal(size=(3, 1, 3, 3)) * 0.4, np.zeros((3, 1, 1))
k2, c2 = rng.normal(size=(4, 3, 2, 2)) * 0.3, np.zeros((4, 1, 1))
w, c3 = rng.normal(size=4 * 9) * 0.2, 0.0

for epoch in range(8):
    for part in np.array_split(rng.permutation(72), 6):
        x, y = x_all[part], y_all[part]
        n = len(part)
        z1, win1 = conv(x, k1)
        h1 = np.tanh(z1 + c1)
        z2, win2 = conv(h1, k2)
        h2 = np.tanh(z2 + c2)
        pooled = h2.reshape(n, 4, 3, 2, 3, 2).mean(axis=(3, 5))
        flat = pooled.reshape(n, -1)
        p = 1 / (1 + np.exp(-(flat @ w + c3)))
        loss = -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))
        d = (p - y) / n
        dw, dc3 = flat.T @ d, d.sum()
        dpooled = np.outer(d, w).reshape(pooled.shape)
        dh2 = np.kron(dpooled, np.ones((2, 2))) / 4
        d2 = dh2 * (1 - h2**2)
        dk2, dh1 = conv_grad(win2, k2, d2)
        dc2 = d2.sum(axis=(0, 2, 3)).reshape(c2.shape)
        d1 = dh1 * (1 - h1**2)
        dk1, _ = conv_grad(win1, k1, d1)
        dc1 = d1.sum(axis=(0, 2, 3)).reshape(c1.shape)
        k1, c1 = k1 - 0.5 * dk1, c1 - 0.5 * dc1
        k2, c2 = k2 - 0.5 * dk2, c2 - 0.5 * dc2
        w, c3 = w - 0.5 * dw, c3 - 0.5 * dc3
    print(epoch, round(loss, 4))
