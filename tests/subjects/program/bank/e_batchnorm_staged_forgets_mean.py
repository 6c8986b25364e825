# truth: line 40 derivative-left-out
import numpy as np

np.random.seed(0)
N, D, H = 200, 5, 12
X = np.random.randn(N, D)
y = ((X ** 2).sum(axis=1) > 5).astype(int)
model = {
    'W1': np.random.randn(D, H) * 0.4, 'gamma': np.ones(H), 'beta': np.zeros(H),
    'W2': np.random.randn(H, 2) * 0.4, 'b2': np.zeros(2),
}


def batchnorm_forward(x, gamma, beta, eps=1e-5):
    N, D = x.shape
    mu = 1. / N * np.sum(x, axis=0)
    xmu = x - mu
    sq = xmu ** 2
    var = 1. / N * np.sum(sq, axis=0)
    sqrtvar = np.sqrt(var + eps)
    ivar = 1. / sqrtvar
    xhat = xmu * ivar
    out = gamma * xhat + beta
    return out, (xhat, gamma, xmu, ivar, sqrtvar, var, eps)


def batchnorm_backward(dout, cache):
    xhat, gamma, xmu, ivar, sqrtvar, var, eps = cache
    N, D = dout.shape
    dbeta = np.sum(dout, axis=0)
    dgamma = np.sum(dout * xhat, axis=0)
    dxhat = dout * gamma
    divar = np.sum(dxhat * xmu, axis=0)
    dxmu1 = dxhat * ivar
    dsqrtvar = -1. / (sqrtvar ** 2) * divar
    dvar = 0.5 * 1. / np.sqrt(var + eps) * dsqrtvar
    dsq = 1. / N * np.ones((N, D)) * dvar
    dxmu2 = 2 * xmu * dsq
    dx1 = dxmu1 + dxmu2
    dx = dx1
    return dx, dgamma, dbeta


for epoch in range(30):
    idx = np.random.permutation(N)
    for i in range(0, N, 40):
        xb, yb = X[idx[i:i + 40]], y[idx[i:i + 40]]
        h = xb @ model['W1']
        n, cache = batchnorm_forward(h, model['gamma'], model['beta'])
        a = np.maximum(n, 0)
        scores = a @ model['W2'] + model['b2']
        probs = np.exp(scores - scores.max(axis=1, keepdims=True))
        probs /= probs.sum(axis=1, keepdims=True)
        dscores = probs.copy()
        dscores[range(len(yb)), yb] -= 1
        dscores /= len(yb)
        grads = {'W2': a.T @ dscores, 'b2': dscores.sum(axis=0)}
        da = dscores @ model['W2'].T
        dn = da * (n > 0)
        dh, grads['gamma'], grads['beta'] = batchnorm_backward(dn, cache)
        grads['W1'] = xb.T @ dh
        for name in model:
            model[name] -= 0.5 * grads[name]
    print(epoch, -np.log(probs[range(len(yb)), yb]).mean())
