# truth: none
"""LeNet-like, everything by hand, plain loops over the kernel only; stripes against checks."""
import numpy as np

rs = np.random.RandomState(4)


def draw(n):
    images, kinds = np.zeros((n, 1, 10, 10)), rs.randint(0, 3, n)
    for i, kind in enumerate(kinds):
        phase = rs.randint(0, 4)
        r, c = np.mgrid[0:10, 0:10]
        pattern = [(r + phase) % 4 < 2, (c + phase) % 4 < 2, ((r + phase) // 2 + c // 2) % 2 == 0][kind]
        images[i, 0] = pattern
    return images + rs.normal(0, 0.4, images.shape) - 0.5, kinds


def conv(x, w, b):
    n, _, height, width = x.shape
    k = w.shape[2]
    out = np.zeros((n, w.shape[0], height - k + 1, width - k + 1))
    for i in range(k):
        for j in range(k):
            patch = x[:, :, i:i + out.shape[2], j:j + out.shape[3]]
            out += np.einsum("nchw,fc->nfhw", patch, w[:, :, i, j])
    return out + b[None, :, None, None]


def conv_back(dout, x, w):
    dw, dx = np.zeros_like(w), np.zeros_like(x)
    k = w.shape[2]
    for i in range(k):
        for j in range(k):
            dw[:, :, i, j] = np.einsum("nchw,nfhw->fc", x[:, :, i:i + dout.shape[2], j:j + dout.shape[3]], dout)
            dx[:, :, i:i + dout.shape[2], j:j + dout.shape[3]] += np.einsum("nfhw,fc->nchw", dout, w[:, :, i, j])
    return dw, dout.sum(axis=(0, 2, 3)), dx


def pool(x):
    n, c, h, w = x.shape
    return x.reshape(n, c, h // 2, 2, w // 2, 2).mean(axis=(3, 5))


def pool_back(d):
    return d.repeat(2, axis=2).repeat(2, axis=3) / 4


P = {
    "c1": rs.normal(0, np.sqrt(2 / 9), (4, 1, 3, 3)), "bc1": np.zeros(4),
    "w": rs.normal(0, np.sqrt(1 / 64), (64, 3)), "b": np.zeros(3),
}
G2 = {k: np.zeros_like(v) for k, v in P.items()}
images, kinds = draw(240)

for epoch in range(8):
    order = rs.permutation(240)
    hits, total = 0, 0.0
    for s in range(0, 240, 24):
        x, y = images[order[s:s + 24]], kinds[order[s:s + 24]]
        z1 = conv(x, P["c1"], P["bc1"])
        a1 = np.maximum(z1, 0)
        p1 = pool(a1)
        flat = p1.reshape(len(x), -1)
        z2 = flat @ P["w"] + P["b"]
        e = np.exp(z2 - z2.max(axis=1, keepdims=True))
        q = e / e.sum(axis=1, keepdims=True)
        total -= np.log(q[range(len(x)), y]).sum()
        hits += (q.argmax(axis=1) == y).sum()
        d2 = q.copy()
        d2[range(len(x)), y] -= 1
        d2 /= len(x)
        grads = {"w": flat.T @ d2, "b": d2.sum(axis=0)}
        d1 = pool_back((d2 @ P["w"].T).reshape(p1.shape)) * (z1 > 0)
        grads["c1"], grads["bc1"], _ = conv_back(d1, x, P["c1"])
        for key in P:
            G2[key] += grads[key] ** 2
            P[key] -= 0.1 * grads[key] / (np.sqrt(G2[key]) + 1e-7)
    print("epoch %d loss %.3f accuracy %.3f" % (epoch, total / 240, hits / 240))
