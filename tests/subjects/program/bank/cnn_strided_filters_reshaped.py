# truth: line 56 wrong
import numpy as np
from numpy.lib.stride_tricks import as_strided

rs = np.random.RandomState(1)


def get_data(n=90):
    x = rs.normal(scale=0.3, size=(n, 2, 8, 8)).astype(np.float64)
    y = rs.randint(0, 3, n)
    for m in range(n):
        if y[m] == 0:
            x[m, 0, 1:3] += 1
        elif y[m] == 1:
            x[m, 1, :, 5:7] += 1
        else:
            x[m, :, 3:5, 3:5] += 1
    return x, y


def to_cols(x, k):
    n, c, h, w = x.shape
    sn, sc, sh, sw = x.strides
    oh, ow = h - k + 1, w - k + 1
    view = as_strided(x, (n, oh, ow, c, k, k), (sn, sh, sw, sc, sh, sw))
    return view.reshape(n * oh * ow, c * k * k)


class Net:
    def __init__(self):
        self.k = 3
        self.w1 = rs.normal(scale=0.2, size=(5, 2, 3, 3))
        self.b1 = np.zeros(5)
        self.w2 = rs.normal(scale=0.1, size=(5 * 3 * 3, 3))
        self.b2 = np.zeros(3)

    def forward(self, x):
        n = x.shape[0]
        self.cols = to_cols(x, self.k)
        z = self.cols.dot(self.w1.reshape(5, -1).T) + self.b1
        self.z = z.reshape(n, 6, 6, 5).transpose(0, 3, 1, 2)
        self.a = self.z * (self.z > 0)
        blocks = self.a.reshape(n, 5, 3, 2, 3, 2)
        self.p = blocks.max(axis=(3, 5))
        self.mask = blocks == self.p[:, :, :, None, :, None]
        self.flat = self.p.reshape(n, -1)
        return self.flat.dot(self.w2) + self.b2

    def backward(self, dscores):
        n = len(dscores)
        self.dw2 = self.flat.T.dot(dscores)
        self.db2 = dscores.sum(0)
        dp = dscores.dot(self.w2.T).reshape(self.p.shape)
        da = (self.mask * dp[:, :, :, None, :, None]).reshape(self.a.shape)
        dz = (da * (self.z > 0)).transpose(0, 2, 3, 1).reshape(-1, 5)
        self.dw1 = self.cols.T.dot(dz).reshape(self.w1.shape)
        self.db1 = dz.sum(0)

    def update(self, lr):
        for name in ("w1", "b1", "w2", "b2"):
            setattr(self, name, getattr(self, name) - lr * getattr(self, "d" + name))


x, y = get_data()
net = Net()
for epoch in range(8):
    for i in range(0, 90, 30):
        xb, yb = x[i:i + 30], y[i:i + 30]
        scores = net.forward(xb)
        scores = scores - scores.max(axis=1, keepdims=True)
        probs = np.exp(scores)
        probs /= probs.sum(axis=1, keepdims=True)
        loss = -np.log(probs[np.arange(30), yb]).mean()
        probs[np.arange(30), yb] -= 1
        net.backward(probs / 30)
        net.update(0.1)
    print("epoch %d loss %.4f" % (epoch, loss))
