# truth: line 42 derivative-wrong
import numpy as np

rng = np.random.RandomState(50)
images = rng.rand(40, 6, 6)
labels = (images[:, :3].sum((1, 2)) > images[:, 3:].sum((1, 2))).astype(int)
kernels = rng.randn(3, 3, 3) / 3
dense = rng.randn(12, 2) / 4
offset = np.zeros(2)


def patches(img):
    for i in range(4):
        for j in range(4):
            yield img[i:i + 3, j:j + 3], i, j


for epoch in range(3):
    hits = 0
    for n, (img, label) in enumerate(zip(images, labels)):
        conv = np.zeros((4, 4, 3))
        for patch, i, j in patches(img):
            conv[i, j] = np.sum(patch * kernels, axis=(1, 2))
        act = np.maximum(conv, 0)
        pool = act.reshape(2, 2, 2, 2, 3).max(axis=(1, 3))
        flat = pool.flatten()
        totals = flat @ dense + offset
        ex = np.exp(totals)
        out = ex / np.sum(ex, axis=0)
        hits += int(np.argmax(out) == label)
        d_t = out.copy()
        d_t[label] -= 1
        d_dense = flat[:, None] @ d_t[None]
        d_flat = dense @ d_t
        d_pool = d_flat.reshape(pool.shape)
        d_act = np.zeros(act.shape)
        for i in range(4):
            for j in range(4):
                for k in range(3):
                    if act[i, j, k] == pool[i // 2, j // 2, k]:
                        d_act[i, j, k] = d_pool[i // 2, j // 2, k]
        d_conv = d_act * (conv < 0)
        d_kernels = np.zeros(kernels.shape)
        for patch, i, j in patches(img):
            for k in range(3):
                d_kernels[k] += d_conv[i, j, k] * patch
        dense -= 0.05 * d_dense
        offset -= 0.05 * d_t
        kernels -= 0.05 * d_kernels
    print(epoch, hits / len(images))
