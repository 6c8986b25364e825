# truth: none
import numpy as np

rng = np.random.default_rng(4)
SLOPE = 0.1


def init(*shape):
    return rng.standard_normal(shape) * np.sqrt(2.0 / np.prod(shape[:-1]))


def conv(x, w, b, stride):
    k = w.shape[0]
    pad = k // 2
    xp = np.pad(x, ((0, 0), (pad, pad), (pad, pad), (0, 0)))
    rows = (x.shape[1] + stride - 1) // stride
    out = np.zeros((x.shape[0], rows, rows, w.shape[3]))
    for u in range(k):
        for v in range(k):
            out += xp[:, u:u + stride * (rows - 1) + 1:stride, v:v + stride * (rows - 1) + 1:stride] @ w[u, v]
    return out + b, xp


def conv_back(xp, w, d, stride):
    k, rows = w.shape[0], d.shape[1]
    pad = k // 2
    dw, dxp = np.zeros_like(w), np.zeros_like(xp)
    for u in range(k):
        for v in range(k):
            here = (slice(None), slice(u, u + stride * (rows - 1) + 1, stride),
                    slice(v, v + stride * (rows - 1) + 1, stride))
            dw[u, v] = np.einsum("nrcx,nrcf->xf", xp[here], d)
            dxp[here] += d @ w[u, v].T
    return dw, d.sum(axis=(0, 1, 2)), dxp[:, pad:-pad, pad:-pad]


def leaky(z):
    return np.where(z > 0, z, SLOPE * z)


x_all = rng.random((80, 8, 8, 1))
t_all = rng.integers(0, 4, 80)
x_all[np.arange(80), 2 * t_all] += 0.8
theta = {
    "w1": init(3, 3, 1, 4), "b1": np.zeros(4),
    "w2": init(3, 3, 4, 6), "b2": np.zeros(6),
    "w3": init(96, 4), "b3": np.zeros(4),
}
m = {k: np.zeros_like(v) for k, v in theta.items()}
v = {k: np.zeros_like(v) for k, v in theta.items()}
t = 0
for epoch in range(6):
    for start in range(0, 80, 20):
        x, y = x_all[start:start + 20], t_all[start:start + 20]
        z1, xp1 = conv(x, theta["w1"], theta["b1"], 1)
        z2, xp2 = conv(leaky(z1), theta["w2"], theta["b2"], 2)
        flat = leaky(z2).reshape(20, -1)
        s = flat @ theta["w3"] + theta["b3"]
        s -= s.max(axis=1, keepdims=True)
        logp = s - np.log(np.exp(s).sum(axis=1, keepdims=True))
        loss = -logp[np.arange(20), y].mean()
        ds = np.exp(logp)
        ds[np.arange(20), y] -= 1
        ds /= 20
        g = {"w3": flat.T @ ds, "b3": ds.sum(axis=0)}
        d2 = (ds @ theta["w3"].T).reshape(z2.shape) * np.where(z2 > 0, 1, SLOPE)
        g["w2"], g["b2"], d1 = conv_back(xp2, theta["w2"], d2, 2)
        g["w1"], g["b1"], _ = conv_back(xp1, theta["w1"], d1 * np.where(z1 > 0, 1, SLOPE), 1)
        t += 1
        for k in theta:
            m[k] = 0.9 * m[k] + 0.1 * g[k]
            v[k] = 0.999 * v[k] + 0.001 * g[k] ** 2
            theta[k] -= 0.01 * (m[k] / (1 - 0.9**t)) / (np.sqrt(v[k] / (1 - 0.999**t)) + 1e-8)
    print(epoch, loss)
