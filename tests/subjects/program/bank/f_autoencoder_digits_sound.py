# truth: none
import numpy as np
from sklearn.datasets import load_digits

# autoencoder where the decoder uses the transposed matrix of the encoder
np.random.seed(0)
X = load_digits().data / 16.0
np.random.shuffle(X)
X_train, X_test = X[:1500], X[1500:]

n_visible, n_hidden = X.shape[1], 24
W = np.random.uniform(-1, 1, (n_visible, n_hidden)) * np.sqrt(6.0 / (n_visible + n_hidden))
b_hid = np.zeros(n_hidden)
b_vis = np.zeros(n_visible)


def sigmoid(a):
    return 1.0 / (1.0 + np.exp(-a))


def encode(x):
    return sigmoid(x @ W + b_hid)


def decode(h):
    return sigmoid(h @ W.T + b_vis)


def cross_entropy(x, r):
    r = np.clip(r, 1e-9, 1 - 1e-9)
    return -np.mean(np.sum(x * np.log(r) + (1 - x) * np.log(1 - r), axis=1))


print("start: test cross entropy %.3f  mse %.4f" % (
    cross_entropy(X_test, decode(encode(X_test))), np.mean((decode(encode(X_test)) - X_test) ** 2)))

lr = 0.3
batch_size = 20
for epoch in range(1, 31):
    for k in range(0, len(X_train), batch_size):
        x = X_train[k:k + batch_size]
        h = encode(x)
        r = decode(h)

        d_vis = (r - x) / len(x)                 # cross entropy + sigmoid
        d_hid = (d_vis @ W) * h * (1 - h)
        grad_W = x.T @ d_hid + d_vis.T @ h

        W -= lr * grad_W
        b_hid -= lr * d_hid.sum(axis=0)
        b_vis -= lr * d_vis.sum(axis=0)
    if epoch % 5 == 0:
        r = decode(encode(X_test))
        print("epoch %d: test cross entropy %.3f  mse %.4f" % (
            epoch, cross_entropy(X_test, r), np.mean((r - X_test) ** 2)))
