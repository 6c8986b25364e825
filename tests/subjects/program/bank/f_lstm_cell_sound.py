# truth: none
"""LSTM written by hand: remember the first bit of a noisy sequence until its end."""
import numpy as np

rng = np.random.RandomState(21)
D, H, T = 2, 12, 10


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def batch(n):
    x = np.zeros((T, n, D))
    x[:, :, 0] = rng.randint(0, 2, (T, n)) * 2 - 1
    x[0, :, 1] = 1                     # marker of the step that counts
    y = (x[0, :, 0] > 0).astype(float)
    return x, y


p = {
    'W': rng.randn(D + H, 4 * H) / np.sqrt(D + H),
    'b': np.zeros(4 * H),
    'V': rng.randn(H) / np.sqrt(H),
    'c': np.zeros(1),
}
p['b'][:H] = 1.0                       # forget gate open


def forward(x):
    n = x.shape[1]
    h, c = np.zeros((n, H)), np.zeros((n, H))
    steps = []
    for t in range(T):
        z = np.concatenate([x[t], h], axis=1)
        a = z @ p['W'] + p['b']
        f, i, o = (sigmoid(a[:, k * H:(k + 1) * H]) for k in range(3))
        g = np.tanh(a[:, 3 * H:])
        c_prev = c
        c = f * c_prev + i * g
        tc = np.tanh(c)
        h = o * tc
        steps.append((z, f, i, o, g, c_prev, tc))
    return sigmoid(h @ p['V'] + p['c']), h, steps


def backward(y, prob, h_last, steps):
    n = len(y)
    grads = {k: np.zeros_like(v) for k, v in p.items()}
    d = (prob - y) / n
    grads['V'] = h_last.T @ d
    grads['c'] = np.array([d.sum()])
    dh = np.outer(d, p['V'])
    dc = np.zeros_like(dh)
    for z, f, i, o, g, c_prev, tc in reversed(steps):
        do = dh * tc
        dc = dc + dh * o * (1 - tc ** 2)
        da = np.concatenate([
            dc * c_prev * f * (1 - f),
            dc * g * i * (1 - i),
            do * o * (1 - o),
            dc * i * (1 - g ** 2)], axis=1)
        grads['W'] += z.T @ da
        grads['b'] += da.sum(axis=0)
        dh = (da @ p['W'].T)[:, D:]
        dc = dc * f
    return grads


cache = {k: np.zeros_like(v) for k, v in p.items()}
for it in range(401):
    x, y = batch(32)
    prob, h_last, steps = forward(x)
    loss = -np.mean(y * np.log(prob + 1e-12) + (1 - y) * np.log(1 - prob + 1e-12))
    grads = backward(y, prob, h_last, steps)
    for k in p:
        cache[k] = 0.9 * cache[k] + 0.1 * grads[k] ** 2
        p[k] -= 0.01 * grads[k] / (np.sqrt(cache[k]) + 1e-8)
    if it % 80 == 0:
        print(it, 'loss %.4f' % loss, 'acc %.3f' % ((prob > 0.5) == y).mean())
