# truth: line 18 wrong
"""layers as closures; everything with einsum because I never remember which side gets transposed"""
import numpy as np

rng = np.random.default_rng(99)


def linear(n_in, n_out):
    W = rng.normal(0, 1 / np.sqrt(n_in), (n_in, n_out))
    b = np.zeros(n_out)
    memo = {}

    def forward(x):
        memo["x"] = x
        return np.einsum("ni,io->no", x, W) + b

    def backward(g, lr):
        gx = np.einsum("no,oi->ni", g, W)
        gW = np.einsum("ni,no->io", memo["x"], g)
        W[...] -= lr * gW
        b[...] -= lr * g.sum(axis=0)
        return gx

    return forward, backward


def tanh():
    memo = {}

    def forward(x):
        memo["y"] = np.tanh(x)
        return memo["y"]

    def backward(g, lr):
        return g * (1 - memo["y"] ** 2)

    return forward, backward


def spirals(n):
    t = np.sqrt(rng.uniform(0.05, 1, n)) * 2.6 * np.pi
    s = rng.integers(0, 2, n)
    pts = np.stack([np.cos(t + s * np.pi) * t, np.sin(t + s * np.pi) * t], axis=1) / 5
    return pts + rng.normal(0, 0.02, pts.shape), s


width = 5
stem = rng.normal(0, 0.8, (2, width))  # fixed random features
layers = [linear(width, width), tanh(), linear(width, width), tanh(), linear(width, width), tanh()]
head_w = rng.normal(0, 0.5, (width,))

pts, side = spirals(400)
lr = 0.3
for epoch in range(150):
    picked = rng.permutation(400)
    wrong = 0
    for part in np.split(picked, 8):
        x, t = np.tanh(np.einsum("ni,ih->nh", pts[part], stem)), side[part]
        for f, _ in layers:
            x = f(x)
        prob = 1 / (1 + np.exp(-np.einsum("nh,h->n", x, head_w)))
        wrong += ((prob > 0.5) != t).sum()
        g = (prob - t) / len(part)
        grad_head = np.einsum("nh,n->h", x, g)
        g = np.einsum("n,h->nh", g, head_w)
        head_w -= lr * grad_head
        for _, back in reversed(layers):
            g = back(g, lr)
    if epoch % 30 == 29:
        print(epoch + 1, "errors", wrong, "of 400")
