# truth: line 34 wrong
import numpy as np
from sklearn.datasets import load_digits

np.random.seed(17)


def affine_forward(x, w, b):
    return x.dot(w) + b, (x, w)


def affine_backward(dout, cache):
    x, w = cache
    return dout.dot(w.T), x.T.dot(dout), dout.sum(axis=0)


def bn_forward(x, gamma, beta, run, train, eps=1e-5, momentum=0.9):
    if train:
        mu, var = x.mean(axis=0), x.var(axis=0)
        run['mean'] = momentum * run['mean'] + (1 - momentum) * mu
        run['var'] = momentum * run['var'] + (1 - momentum) * var
    else:
        mu, var = run['mean'], run['var']
    inv_std = 1.0 / np.sqrt(var + eps)
    x_hat = (x - mu) * inv_std
    return gamma * x_hat + beta, (x_hat, gamma, inv_std)


def bn_backward(dout, cache):
    x_hat, gamma, inv_std = cache
    dgamma = (dout * x_hat).sum(axis=0)
    dbeta = dout.sum(axis=0)
    dx_hat = dout * gamma
    dx = inv_std * dx_hat
    return dx, dgamma, dbeta


def relu_forward(x):
    return np.maximum(x, 0), x


def relu_backward(dout, x):
    return dout * (x > 0)


def softmax_loss(x, y):
    logp = x - x.max(axis=1, keepdims=True)
    logp = logp - np.log(np.exp(logp).sum(axis=1, keepdims=True))
    n = x.shape[0]
    dx = np.exp(logp)
    dx[np.arange(n), y] -= 1
    return -logp[np.arange(n), y].mean(), dx / n


dims = [64, 40, 40, 40, 10]
L = len(dims) - 1
P, runs = {}, {}
for i in range(1, L + 1):
    P['W%d' % i] = np.random.randn(dims[i - 1], dims[i]) * 0.5
    P['b%d' % i] = np.zeros(dims[i])
    if i < L:
        P['gamma%d' % i] = np.ones(dims[i])
        P['beta%d' % i] = np.zeros(dims[i])
        runs[i] = {'mean': np.zeros(dims[i]), 'var': np.ones(dims[i])}


def model(x, y=None):
    train = y is not None
    caches = []
    for i in range(1, L):
        x, c1 = affine_forward(x, P['W%d' % i], P['b%d' % i])
        x, c2 = bn_forward(x, P['gamma%d' % i], P['beta%d' % i], runs[i], train)
        x, c3 = relu_forward(x)
        caches.append((c1, c2, c3))
    scores, c = affine_forward(x, P['W%d' % L], P['b%d' % L])
    if not train:
        return scores
    loss, d = softmax_loss(scores, y)
    G = {}
    d, G['W%d' % L], G['b%d' % L] = affine_backward(d, c)
    for i in reversed(range(1, L)):
        c1, c2, c3 = caches[i - 1]
        d = relu_backward(d, c3)
        d, G['gamma%d' % i], G['beta%d' % i] = bn_backward(d, c2)
        d, G['W%d' % i], G['b%d' % i] = affine_backward(d, c1)
    return loss, G


digits = load_digits()
order = np.random.permutation(len(digits.data))
X, y = digits.data[order] / 16.0, digits.target[order]
Xtr, ytr, Xte, yte = X[:600], y[:600], X[600:], y[600:]

for epoch in range(1, 13):
    idx = np.random.permutation(len(Xtr))
    tot = []
    for k in range(0, len(idx), 60):
        loss, G = model(Xtr[idx[k:k + 60]], ytr[idx[k:k + 60]])
        tot.append(loss)
        for name in P:
            P[name] -= 1.5 * G[name]
    if epoch % 4 == 0:
        print('epoch %d loss %.4f test acc %.3f' % (epoch, np.mean(tot), (model(Xte).argmax(axis=1) == yte).mean()))
