# truth: line 41 wrong
import numpy as np

rng = np.random.default_rng(7)


def indices(shape, k, pad, stride):
    N, C, H, W = shape
    oh = (H + 2 * pad - k) // stride + 1
    ow = (W + 2 * pad - k) // stride + 1
    i0 = np.tile(np.repeat(np.arange(k), k), C)
    i1 = stride * np.repeat(np.arange(oh), ow)
    j0 = np.tile(np.arange(k), k * C)
    j1 = stride * np.tile(np.arange(ow), oh)
    i = i0.reshape(-1, 1) + i1.reshape(1, -1)
    j = j0.reshape(-1, 1) + j1.reshape(1, -1)
    ch = np.repeat(np.arange(C), k * k).reshape(-1, 1)
    return ch, i, j


def im2col(x, k, pad=1, stride=1):
    xp = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    ch, i, j = indices(x.shape, k, pad, stride)
    cols = xp[:, ch, i, j]
    C = x.shape[1]
    return cols.transpose(1, 2, 0).reshape(k * k * C, -1)


def col2im(cols, shape, k, pad=1, stride=1):
    N, C, H, W = shape
    hp, wp = H + 2 * pad, W + 2 * pad
    xp = np.zeros((N, C, hp, wp))
    ch, i, j = indices(shape, k, pad, stride)
    reshaped = cols.reshape(C * k * k, -1, N).transpose(2, 0, 1)
    np.add.at(xp, (slice(None), ch, i, j), reshaped)
    return unpad(xp, pad)


def unpad(xp, pad):
    # the picture without its rim
    return xp[:, :, :-2 * pad, :-2 * pad]


class Conv:
    def __init__(self, cin, cout, k):
        self.W = rng.normal(size=(cout, cin, k, k)) * np.sqrt(2 / (cin * k * k))
        self.b = np.zeros((cout, 1))
        self.k = k

    def forward(self, x):
        self.shape = x.shape
        self.cols = im2col(x, self.k)
        out = self.W.reshape(len(self.W), -1) @ self.cols + self.b
        return out.reshape(len(self.W), x.shape[2], x.shape[3], x.shape[0]).transpose(3, 0, 1, 2)

    def backward(self, dout):
        self.db = dout.sum(axis=(0, 2, 3)).reshape(-1, 1)
        d = dout.transpose(1, 2, 3, 0).reshape(len(self.W), -1)
        self.dW = (d @ self.cols.T).reshape(self.W.shape)
        return col2im(self.W.reshape(len(self.W), -1).T @ d, self.shape, self.k)

    def step(self, lr):
        self.W -= lr * self.dW
        self.b -= lr * self.db


X = rng.random((64, 1, 8, 8)) * 0.5
t = rng.integers(0, 4, 64)
for n in range(64):
    X[n, 0, 4 * (t[n] // 2):4 * (t[n] // 2) + 4, 4 * (t[n] % 2):4 * (t[n] % 2) + 4] += 0.7
Y = np.eye(4)[t]

conv1, conv2 = Conv(1, 4, 3), Conv(4, 5, 3)
V, c = rng.normal(size=(5 * 64, 4)) * 0.05, np.zeros(4)
lr = 0.1
for epoch in range(5):
    for s in range(0, 64, 16):
        x, y = X[s:s + 16], Y[s:s + 16]
        h1 = np.maximum(conv1.forward(x), 0)
        h2 = np.maximum(conv2.forward(h1), 0)
        flat = h2.reshape(16, -1)
        logits = flat @ V + c
        e = np.exp(logits - logits.max(axis=1, keepdims=True))
        p = e / e.sum(axis=1, keepdims=True)
        loss = -np.mean(np.sum(y * np.log(p), axis=1))
        d = (p - y) / 16
        dV, dc = flat.T @ d, d.sum(axis=0)
        dh2 = (d @ V.T).reshape(h2.shape)
        dh1 = conv2.backward(dh2 * (h2 > 0))
        conv1.backward(dh1 * (h1 > 0))
        V -= lr * dV
        c -= lr * dc
        conv1.step(lr)
        conv2.step(lr)
    print(epoch, loss)
