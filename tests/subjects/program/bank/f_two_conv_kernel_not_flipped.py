# truth: line 44 wrong
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

np.random.seed(5)


def make_images(n):
    """8x8 pictures: 0 horizontal bar, 1 vertical bar, 2 diagonal, 3 corner."""
    X = 0.25 * np.random.randn(n, 1, 8, 8)
    y = np.random.randint(0, 4, n)
    for i in range(n):
        r, c = np.random.randint(0, 5, 2)
        if y[i] == 0:
            X[i, 0, r, c:c + 4] += 1
        elif y[i] == 1:
            X[i, 0, r:r + 4, c] += 1
        elif y[i] == 2:
            X[i, 0, range(r, r + 4), range(c, c + 4)] += 1
        else:
            X[i, 0, r, c:c + 3] += 1
            X[i, 0, r + 1:r + 3, c] += 1
    return X, y


class Conv:
    """valid cross-correlation, stride 1"""

    def __init__(self, c_in, c_out, k):
        self.k = k
        self.W = np.random.randn(c_out, c_in, k, k) * np.sqrt(2.0 / (c_in * k * k))
        self.b = np.zeros(c_out)

    def forward(self, x):
        self.win = sliding_window_view(x, (self.k, self.k), axis=(2, 3))
        return np.einsum('nchwij,ocij->nohw', self.win, self.W, optimize=True) + self.b[:, None, None]

    def backward(self, dout):
        self.dW = np.einsum('nchwij,nohw->ocij', self.win, dout, optimize=True)
        self.db = dout.sum(axis=(0, 2, 3))
        p = self.k - 1
        padded = np.pad(dout, ((0, 0), (0, 0), (p, p), (p, p)))
        win = sliding_window_view(padded, (self.k, self.k), axis=(2, 3))
        kernel = self.W
        return np.einsum('nohwij,ocij->nchw', win, kernel, optimize=True)


class Relu:
    def forward(self, x):
        self.mask = x > 0
        return x * self.mask

    def backward(self, dout):
        return dout * self.mask


class MeanPool:
    """global average pooling"""

    def forward(self, x):
        self.shape = x.shape
        return x.mean(axis=(2, 3))

    def backward(self, dout):
        h, w = self.shape[2:]
        return np.broadcast_to(dout[:, :, None, None] / (h * w), self.shape)


class Affine:
    def __init__(self, n_in, n_out):
        self.W = np.random.randn(n_in, n_out) * np.sqrt(2.0 / n_in)
        self.b = np.zeros(n_out)

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dout):
        self.dW = self.x.T @ dout
        self.db = dout.sum(axis=0)
        return dout @ self.W.T


def softmax_loss(scores, y):
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    n = len(y)
    loss = -np.log(p[np.arange(n), y]).mean()
    p[np.arange(n), y] -= 1
    return loss, p / n


X, y = make_images(400)
Xv, yv = make_images(200)
layers = [Conv(1, 3, 3), Relu(), Conv(3, 6, 3), Relu(), MeanPool(), Affine(6, 4)]


def forward(x):
    for l in layers:
        x = l.forward(x)
    return x


lr, bs = 0.15, 40
for epoch in range(40):
    order = np.random.permutation(len(X))
    for s in range(0, len(X), bs):
        idx = order[s:s + bs]
        loss, g = softmax_loss(forward(X[idx]), y[idx])
        for l in reversed(layers):
            g = l.backward(g)
        for l in layers:
            if hasattr(l, 'W'):
                l.W -= lr * l.dW
                l.b -= lr * l.db
    if epoch % 8 == 0 or epoch == 39:
        vl, _ = softmax_loss(forward(Xv), yv)
        acc = (forward(Xv).argmax(axis=1) == yv).mean()
        print('epoch %2d  val loss %.4f  val acc %.3f' % (epoch, vl, acc))
