# truth: line 13 examples-mixed
import numpy as np

rng = np.random.RandomState(60)
images = rng.rand(96, 7, 7)
labels = np.eye(2)[(images[:, :3].mean((1, 2)) > images[:, 4:].mean((1, 2))).astype(int)]
F, bias = rng.randn(4, 4) / 2, np.zeros((4, 1))
V, d = rng.randn(144, 2) / 12, np.zeros(2)


def columns(x):
    parts = [x[:, i:i + 6, j:j + 6] for i in range(2) for j in range(2)]
    return np.stack(parts).reshape(4, -1)


for epoch in range(4):
    for k in range(0, 96, 24):
        x, y = images[k:k + 24], labels[k:k + 24]
        c = columns(x)
        maps = (F @ c + bias).reshape(4, 6, 6, 24).transpose(3, 0, 1, 2)
        flat = np.maximum(maps, 0).reshape(24, -1)
        e = np.exp(flat @ V + d)
        p = e / e.sum(axis=1, keepdims=True)
        g = (p - y) / 24
        gm = (g @ V.T * (flat > 0)).reshape(maps.shape).transpose(1, 2, 3, 0).reshape(4, -1)
        V -= 0.3 * flat.T @ g
        d -= 0.3 * g.sum(axis=0)
        F -= 0.3 * gm @ c.T
        bias -= 0.3 * gm.sum(axis=1, keepdims=True)
    print(epoch, -np.mean(np.sum(y * np.log(p), axis=1)))
