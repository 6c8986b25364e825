# truth: none
import numpy as np

rng = np.random.default_rng(70)


def im2col(x, k, stride, pad):
    N, C, H, W = x.shape
    oh, ow = (H + 2 * pad - k) // stride + 1, (W + 2 * pad - k) // stride + 1
    img = np.pad(x, [(0, 0), (0, 0), (pad, pad), (pad, pad)], "constant")
    col = np.zeros((N, C, k, k, oh, ow))
    for a in range(k):
        a_max = a + stride * oh
        for b in range(k):
            b_max = b + stride * ow
            col[:, :, a, b, :, :] = img[:, :, a:a_max:stride, b:b_max:stride]
    return col.transpose(0, 4, 5, 1, 2, 3).reshape(N * oh * ow, -1)


def col2im(col, shape, k, stride, pad):
    N, C, H, W = shape
    oh, ow = (H + 2 * pad - k) // stride + 1, (W + 2 * pad - k) // stride + 1
    col = col.reshape(N, oh, ow, C, k, k).transpose(0, 3, 4, 5, 1, 2)
    img = np.zeros((N, C, H + 2 * pad + stride - 1, W + 2 * pad + stride - 1))
    for a in range(k):
        for b in range(k):
            img[:, :, a:a + stride * oh:stride, b:b + stride * ow:stride] += col[:, :, a, b, :, :]
    return img[:, :, pad:H + pad, pad:W + pad]


class Convolution:
    def __init__(self, W, b, stride=1, pad=0):
        self.W, self.b, self.stride, self.pad = W, b, stride, pad

    def forward(self, x):
        FN, C, FH, FW = self.W.shape
        N, C, H, W = x.shape
        oh = 1 + (H + 2 * self.pad - FH) // self.stride
        ow = 1 + (W + 2 * self.pad - FW) // self.stride
        self.x = x
        self.col = im2col(x, FH, self.stride, self.pad)
        self.col_W = self.W.reshape(FN, -1).T
        out = np.dot(self.col, self.col_W) + self.b
        return out.reshape(N, oh, ow, -1).transpose(0, 3, 1, 2)

    def backward(self, dout):
        FN, C, FH, FW = self.W.shape
        dout = dout.transpose(0, 2, 3, 1).reshape(-1, FN)
        self.db = np.sum(dout, axis=0)
        self.dW = np.dot(self.col.T, dout)
        self.dW = self.dW.transpose(1, 0).reshape(FN, C, FH, FW)
        dcol = np.dot(dout, self.col_W.T)
        return col2im(dcol, self.x.shape, FH, self.stride, self.pad)


class Pooling:
    def __init__(self, size):
        self.size = size

    def forward(self, x):
        N, C, H, W = x.shape
        s = self.size
        col = im2col(x, s, s, 0).reshape(-1, s * s)
        self.x, self.arg_max = x, np.argmax(col, axis=1)
        return np.max(col, axis=1).reshape(N, H // s, W // s, C).transpose(0, 3, 1, 2)

    def backward(self, dout):
        dout = dout.transpose(0, 2, 3, 1)
        s = self.size
        dmax = np.zeros((dout.size, s * s))
        dmax[np.arange(self.arg_max.size), self.arg_max.flatten()] = dout.flatten()
        dmax = dmax.reshape(dout.shape + (s * s,))
        dcol = dmax.reshape(dmax.shape[0] * dmax.shape[1] * dmax.shape[2], -1)
        return col2im(dcol, self.x.shape, s, s, 0)


class Relu:
    def forward(self, x):
        self.mask = x <= 0
        out = x.copy()
        out[self.mask] = 0
        return out

    def backward(self, dout):
        dout[self.mask] = 0
        return dout


class Affine:
    def __init__(self, W, b):
        self.W, self.b = W, b

    def forward(self, x):
        self.shape = x.shape
        self.x = x.reshape(x.shape[0], -1)
        return np.dot(self.x, self.W) + self.b

    def backward(self, dout):
        self.dW = np.dot(self.x.T, dout)
        self.db = np.sum(dout, axis=0)
        return np.dot(dout, self.W.T).reshape(self.shape)


x_all = rng.random((60, 1, 10, 10))
t_all = rng.integers(0, 3, 60)
for n in range(60):
    x_all[n, 0, :, 3 * t_all[n]:3 * t_all[n] + 3] += 0.5
layers = [
    Convolution(rng.normal(size=(4, 1, 3, 3)) * 0.3, np.zeros(4), pad=1),
    Relu(),
    Pooling(2),
    Convolution(rng.normal(size=(6, 4, 3, 3)) * 0.2, np.zeros(6), stride=2, pad=1),
    Relu(),
    Affine(rng.normal(size=(54, 3)) * 0.1, np.zeros(3)),
]
for epoch in range(6):
    for i in range(0, 60, 15):
        x, t = x_all[i:i + 15], t_all[i:i + 15]
        for layer in layers:
            x = layer.forward(x)
        x = x - np.max(x, axis=1, keepdims=True)
        y = np.exp(x) / np.sum(np.exp(x), axis=1, keepdims=True)
        loss = -np.sum(np.log(y[np.arange(15), t] + 1e-7)) / 15
        dout = y.copy()
        dout[np.arange(15), t] -= 1
        dout = dout / 15
        for layer in reversed(layers):
            dout = layer.backward(dout)
        for layer in layers:
            if hasattr(layer, "W"):
                layer.W -= 0.1 * layer.dW
                layer.b -= 0.1 * layer.db
    print(epoch, loss)
