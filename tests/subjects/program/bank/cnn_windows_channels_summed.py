# truth: line 34 wrong
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

rng = np.random.default_rng(21)
x_all = rng.normal(size=(80, 7, 7, 3))
label = rng.integers(0, 3, size=80)
for n, l in enumerate(label):
    x_all[n, :, :, l] += 0.6
onehot = np.eye(3)[label]

kernel = rng.normal(size=(6, 3, 3, 3)) * 0.2  # filters, channels, rows, columns
kb = np.zeros(6)
w = rng.normal(size=(6 * 25, 3)) * 0.1
wb = np.zeros(3)
lr, batch = 0.1, 20

for epoch in range(6):
    order = rng.permutation(80)
    for start in range(0, 80, batch):
        idx = order[start:start + batch]
        x, y = x_all[idx], onehot[idx]
        win = sliding_window_view(x, (3, 3), axis=(1, 2))  # n, r, c, channel, i, j
        pre = np.einsum("nrckij,fkij->nrcf", win, kernel) + kb
        act = np.maximum(pre, 0)
        flat = act.reshape(batch, -1)
        s = flat @ w + wb
        prob = np.exp(s) / np.exp(s).sum(axis=1, keepdims=True)
        loss = -(y * np.log(prob)).sum() / batch
        ds = (prob - y) / batch
        dw = flat.T @ ds
        dwb = ds.sum(axis=0)
        dpre = (ds @ w.T).reshape(act.shape) * (pre > 0)
        dkernel = np.einsum("nrckij,nrcf->fij", win, dpre)[:, None]
        dkb = dpre.sum(axis=(0, 1, 2))
        w -= lr * dw
        wb -= lr * dwb
        kernel -= lr * dkernel
        kb -= lr * dkb
    print(f"{epoch}: {loss:.4f}")
