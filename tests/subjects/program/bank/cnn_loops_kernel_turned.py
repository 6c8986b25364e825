# truth: line 49 wrong
import numpy as np

np.random.seed(3)


def make(n):
    X = np.random.rand(n, 8, 8) * 0.3
    y = np.random.randint(0, 3, n)
    for i in range(n):
        if y[i] == 0:
            X[i, 2:4, :] += 1
        elif y[i] == 1:
            X[i, :, 4:6] += 1
        else:
            X[i] += np.eye(8)
    return X, y


def conv_forward(image, filters, bias):
    F, K, _ = filters.shape
    size = image.shape[0] - K + 1
    out = np.zeros((F, size, size))
    for f in range(F):
        for r in range(size):
            for c in range(size):
                out[f, r, c] = np.sum(image[r:r + K, c:c + K] * filters[f]) + bias[f]
    return out


def softmax(z):
    e = np.exp(z - z.max())
    return e / e.sum()


X, y = make(30)
filters = np.random.randn(4, 3, 3) * 0.3
bias = np.zeros(4)
W = np.random.randn(4 * 36, 3) * 0.1
b = np.zeros(3)


def conv_backward(image, dout, filters):
    df, db = np.zeros_like(filters), np.zeros(len(filters))
    F, K, _ = filters.shape
    for f in range(F):
        for r in range(dout.shape[1]):
            for c in range(dout.shape[2]):
                df[f] += dout[f, r, c] * image[r:r + K, c:c + K][::-1, ::-1]
        db[f] = dout[f].sum()
    return df, db


lr = 0.02
for epoch in range(3):
    loss = 0.0
    for i in range(len(X)):
        z1 = conv_forward(X[i], filters, bias)
        a1 = np.maximum(0, z1)
        flat = a1.ravel()
        p = softmax(flat @ W + b)
        loss -= np.log(p[y[i]])
        dz2 = p.copy()
        dz2[y[i]] -= 1
        dW = np.outer(flat, dz2)
        da1 = (W @ dz2).reshape(a1.shape)
        dz1 = da1 * (z1 > 0)
        df, db1 = conv_backward(X[i], dz1, filters)
        W -= lr * dW
        b -= lr * dz2
        filters -= lr * df
        bias -= lr * db1
    print("epoch", epoch, "loss", loss / len(X))
