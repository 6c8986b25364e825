# truth: none
import numpy as np

rng = np.random.default_rng(2024)
n, d, hidden, keep = 300, 8, 24, 0.8
x_train = rng.normal(size=(n, d))
t_train = (np.sin(x_train[:, 0]) + x_train[:, 1] * x_train[:, 2] > 0).astype(float).reshape(-1, 1)
params = {
    'w1': rng.normal(size=(d, hidden)) / np.sqrt(d), 'b1': np.zeros((1, hidden)),
    'w2': rng.normal(size=(hidden, 1)) / np.sqrt(hidden), 'b2': np.zeros((1, 1)),
}
m = {k: np.zeros_like(v) for k, v in params.items()}
v = {k: np.zeros_like(p) for k, p in params.items()}
beta1, beta2, eps, lr, t = 0.9, 0.999, 1e-8, 0.01, 0


def forward(x, train=True):
    a = np.tanh(x @ params['w1'] + params['b1'])
    mask = (rng.random(a.shape) < keep) / keep if train else np.ones_like(a)
    dropped = a * mask
    logit = dropped @ params['w2'] + params['b2']
    return a, mask, dropped, 1 / (1 + np.exp(-logit))


for epoch in range(25):
    order = rng.permutation(n)
    for begin in range(0, n, 50):
        batch = order[begin:begin + 50]
        x, target = x_train[batch], t_train[batch]
        a, mask, dropped, p = forward(x)
        dlogit = (p - target) / len(x)
        g = {'w2': dropped.T @ dlogit, 'b2': dlogit.sum(axis=0, keepdims=True)}
        da = dlogit @ params['w2'].T * mask
        dz = da * (1 - a * a)
        g['w1'], g['b1'] = x.T @ dz, dz.sum(axis=0, keepdims=True)
        t += 1
        for k in params:
            m[k] = beta1 * m[k] + (1 - beta1) * g[k]
            v[k] = beta2 * v[k] + (1 - beta2) * g[k] ** 2
            mhat = m[k] / (1 - beta1 ** t)
            vhat = v[k] / (1 - beta2 ** t)
            params[k] -= lr * mhat / (np.sqrt(vhat) + eps)
    p = forward(x_train, train=False)[-1]
    print(epoch, 'accuracy', np.mean((p > 0.5) == (t_train > 0.5)))
