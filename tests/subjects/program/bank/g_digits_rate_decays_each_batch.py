# truth: line 55 schedule
# MLP for digits with L2, inverted dropout and learning rate decay
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

np.random.seed(0)
digits = load_digits()
X = digits.data.astype(np.float32) / 16
Y = np.eye(10, dtype=np.float32)[digits.target]
X_train, X_test, Y_train, Y_test = train_test_split(X, Y, test_size=0.25, random_state=0)

n_in, n_h, n_out = 64, 48, 10
keep = 0.9
lam = 1e-4
lr = 0.5
decay = 0.9
batch_size = 32

W1 = (np.random.randn(n_in, n_h) * np.sqrt(2 / n_in)).astype(np.float32)
b1 = np.zeros(n_h, dtype=np.float32)
W2 = (np.random.randn(n_h, n_out) * np.sqrt(1 / n_h)).astype(np.float32)
b2 = np.zeros(n_out, dtype=np.float32)


def softmax(s):
    s = np.exp(s - s.max(1, keepdims=True))
    return s / s.sum(1, keepdims=True)


for epoch in range(9):
    order = np.random.permutation(len(X_train))
    losses = []
    for i in range(0, len(order), batch_size):
        xb = X_train[order[i:i + batch_size]]
        yb = Y_train[order[i:i + batch_size]]
        # forward
        h = np.maximum(xb @ W1 + b1, 0)
        mask = (np.random.rand(*h.shape) < keep).astype(np.float32) / keep
        h *= mask
        p = softmax(h @ W2 + b2)
        losses.append(-np.mean(np.sum(yb * np.log(p + 1e-9), axis=1)) + lam / 2 * ((W1 ** 2).sum() + (W2 ** 2).sum()))
        # backward
        ds = (p - yb) / len(xb)
        gW2 = h.T @ ds + lam * W2
        gb2 = ds.sum(0)
        dh = ds @ W2.T * mask
        dh[h <= 0] = 0
        gW1 = xb.T @ dh + lam * W1
        gb1 = dh.sum(0)
        W1 -= lr * gW1
        b1 -= lr * gb1
        W2 -= lr * gW2
        b2 -= lr * gb2
        lr *= decay
    if epoch % 3 == 2:
        test = softmax(np.maximum(X_test @ W1 + b1, 0) @ W2 + b2)
        print("epoch", epoch + 1, "loss", np.mean(losses), "test acc", (test.argmax(1) == Y_test.argmax(1)).mean())
