# truth: line 56 derivative-left-out
# MLP with inverted dropout on both hidden layers, everything as plain functions
import numpy as np

rs = np.random.RandomState(40)

# 6 inputs of which three matter
def sample(n):
    X = rs.randn(n, 6)
    y = ((X[:, 0] * X[:, 1] > 0) ^ (X[:, 2] > 0.3)).astype(float).reshape(-1, 1)
    return X, y

X_tr, y_tr = sample(800)
X_te, y_te = sample(800)

keep = 0.5
h1, h2 = 64, 64
theta = dict(
    W1=rs.randn(6, h1) * np.sqrt(1 / 6), b1=np.zeros(h1),
    W2=rs.randn(h1, h2) * np.sqrt(1 / h1), b2=np.zeros(h2),
    W3=rs.randn(h2, 1) * np.sqrt(1 / h2), b3=np.zeros(1),
)


def sigm(x):
    return 1 / (1 + np.exp(-x))


def drop(shape, training):
    if not training:
        return np.ones(shape)
    return (rs.rand(*shape) < keep) / keep


def fprop(X, training):
    t = theta
    A1 = np.tanh(X @ t['W1'] + t['b1'])
    M1 = drop(A1.shape, training)
    D1 = A1 * M1
    A2 = np.tanh(D1 @ t['W2'] + t['b2'])
    M2 = drop(A2.shape, training)
    D2 = A2 * M2
    out = sigm(D2 @ t['W3'] + t['b3'])
    return out, (X, A1, M1, D1, A2, M2, D2)


def bprop(out, y, saved):
    t = theta
    X, A1, M1, D1, A2, M2, D2 = saved
    g = {}
    dz3 = (out - y) / len(y)
    g['W3'], g['b3'] = D2.T @ dz3, dz3.sum(0)
    dD2 = dz3 @ t['W3'].T
    dz2 = dD2 * M2 * (1 - A2 ** 2)
    g['W2'], g['b2'] = D1.T @ dz2, dz2.sum(0)
    dD1 = dz2 @ t['W2'].T
    dz1 = dD1 * (1 - A1 ** 2)
    g['W1'], g['b1'] = X.T @ dz1, dz1.sum(0)
    return g


def bce(p, y):
    p = np.clip(p, 1e-9, 1 - 1e-9)
    return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))


vel = {k: np.zeros_like(v) for k, v in theta.items()}
for ep in range(101):
    order = rs.permutation(len(X_tr))
    for s in range(0, len(order), 40):
        rows = order[s:s + 40]
        out, saved = fprop(X_tr[rows], True)
        g = bprop(out, y_tr[rows], saved)
        for k in theta:
            vel[k] = 0.9 * vel[k] - 0.05 * g[k]
            theta[k] += vel[k]
    if ep % 20 == 0:
        p_tr, p_te = fprop(X_tr, False)[0], fprop(X_te, False)[0]
        print('epoch', ep, 'train loss %.4f' % bce(p_tr, y_tr), 'test loss %.4f' % bce(p_te, y_te),
              'test acc %.3f' % np.mean((p_te > 0.5) == y_te))
