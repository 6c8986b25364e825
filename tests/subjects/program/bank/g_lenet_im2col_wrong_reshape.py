# truth: line 56 wrong
import numpy as np
from sklearn.datasets import load_digits

np.random.seed(7)


def get_im2col_indices(x_shape, field_height=3, field_width=3, padding=1, stride=1):
    N, C, H, W = x_shape
    out_height = (H + 2 * padding - field_height) // stride + 1
    out_width = (W + 2 * padding - field_width) // stride + 1
    i0 = np.tile(np.repeat(np.arange(field_height), field_width), C)
    i1 = stride * np.repeat(np.arange(out_height), out_width)
    j0 = np.tile(np.arange(field_width), field_height * C)
    j1 = stride * np.tile(np.arange(out_width), out_height)
    i = i0.reshape(-1, 1) + i1.reshape(1, -1)
    j = j0.reshape(-1, 1) + j1.reshape(1, -1)
    k = np.repeat(np.arange(C), field_height * field_width).reshape(-1, 1)
    return k, i, j


def im2col(x, h, w, padding=1, stride=1):
    p = padding
    x_padded = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)), mode="constant")
    k, i, j = get_im2col_indices(x.shape, h, w, padding, stride)
    cols = x_padded[:, k, i, j]
    return cols.transpose(1, 2, 0).reshape(h * w * x.shape[1], -1)


def col2im(cols, x_shape, h=3, w=3, padding=1, stride=1):
    N, C, H, W = x_shape
    x_padded = np.zeros((N, C, H + 2 * padding, W + 2 * padding), dtype=cols.dtype)
    k, i, j = get_im2col_indices(x_shape, h, w, padding, stride)
    cols_reshaped = cols.reshape(C * h * w, -1, N).transpose(2, 0, 1)
    np.add.at(x_padded, (slice(None), k, i, j), cols_reshaped)
    if padding == 0:
        return x_padded
    return x_padded[:, :, padding:-padding, padding:-padding]


class Conv:
    def __init__(self, filters, channels, size=3):
        self.W = np.random.randn(filters, channels, size, size) * np.sqrt(2.0 / (channels * size * size))
        self.b = np.zeros((filters, 1))

    def forward(self, X):
        self.X_shape = X.shape
        n, _, h, w = X.shape
        f = self.W.shape[0]
        self.X_col = im2col(X, 3, 3)
        out = self.W.reshape(f, -1) @ self.X_col + self.b
        return out.reshape(f, h, w, n).transpose(3, 0, 1, 2)

    def backward(self, dout):
        f = self.W.shape[0]
        dout_flat = dout.reshape(f, -1)
        self.dW = (dout_flat @ self.X_col.T).reshape(self.W.shape)
        self.db = dout_flat.sum(axis=1, keepdims=True)
        dX_col = self.W.reshape(f, -1).T @ dout_flat
        return col2im(dX_col, self.X_shape)


class ReLU:
    def forward(self, X):
        self.mask = X > 0
        return X * self.mask

    def backward(self, dout):
        return dout * self.mask


class MaxPool:
    def forward(self, X):
        n, c, h, w = X.shape
        self.x = X.reshape(n, c, h // 2, 2, w // 2, 2)
        self.out = self.x.max(axis=3).max(axis=4)
        return self.out

    def backward(self, dout):
        mask = self.x == self.out[:, :, :, None, :, None]
        dx = mask * dout[:, :, :, None, :, None]
        n, c, h, _, w, _ = self.x.shape
        return dx.reshape(n, c, h * 2, w * 2)


class Flatten:
    def forward(self, X):
        self.shape = X.shape
        return X.reshape(X.shape[0], -1)

    def backward(self, dout):
        return dout.reshape(self.shape)


class FC:
    def __init__(self, i, o):
        self.W = np.random.randn(i, o) * np.sqrt(2.0 / i)
        self.b = np.zeros(o)

    def forward(self, X):
        self.X = X
        return X @ self.W + self.b

    def backward(self, dout):
        self.dW = self.X.T @ dout
        self.db = dout.sum(axis=0)
        return dout @ self.W.T


digits = load_digits()
images = (digits.images / 16.0)[:, None, :, :]
labels = digits.target
train, test = slice(0, 600), slice(600, 800)
layers = [Conv(4, 1), ReLU(), Conv(8, 4), ReLU(), MaxPool(), Flatten(), FC(128, 10)]


def forward(x):
    for layer in layers:
        x = layer.forward(x)
    return x


for epoch in range(4):
    order = np.random.permutation(600)
    for start in range(0, 600, 30):
        pick = order[start:start + 30]
        scores = forward(images[pick])
        p = np.exp(scores - scores.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        loss = -np.log(p[np.arange(30), labels[pick]]).mean()
        p[np.arange(30), labels[pick]] -= 1
        grad = p / 30
        for layer in layers[::-1]:
            grad = layer.backward(grad)
        for layer in layers:
            if hasattr(layer, "W"):
                layer.W -= 0.1 * layer.dW
                layer.b -= 0.1 * layer.db
    print("epoch", epoch, "loss", loss, "test", np.mean(forward(images[test]).argmax(1) == labels[test]))
