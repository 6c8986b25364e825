# truth: none
import numpy as np

rng = np.random.default_rng(8)

# inverse problem: x = t + 0.3 sin(2 pi t) + noise; predict t from x
n = 400
t = rng.uniform(0, 1, n)
x = t + 0.3 * np.sin(2 * np.pi * t) + rng.uniform(-0.05, 0.05, n)
x, t = (x[:, None] - 0.5) * 2, t[:, None]

H, K = 20, 3
W1 = rng.normal(0, 1.5, (1, H)); b1 = rng.normal(0, 1, H)
Wp = rng.normal(0, 0.1, (H, K)); bp = np.zeros(K)
Wm = rng.normal(0, 0.1, (H, K)); bm = np.array([0.2, 0.5, 0.8])
Ws = rng.normal(0, 0.1, (H, K)); bs = np.full(K, -1.0)
params = [W1, b1, Wp, bp, Wm, bm, Ws, bs]
m1 = [np.zeros_like(p) for p in params]
m2 = [np.zeros_like(p) for p in params]


def net(x):
    h = np.tanh(x @ W1 + b1)
    a = h @ Wp + bp
    a = np.exp(a - a.max(1, keepdims=True))
    pi = a / a.sum(1, keepdims=True)
    mu = h @ Wm + bm
    logs = h @ Ws + bs
    return h, pi, mu, logs


def likelihood(pi, mu, logs, t):
    s = np.exp(logs)
    comp = pi * np.exp(-0.5 * ((t - mu) / s) ** 2) / (s * np.sqrt(2 * np.pi))
    return comp, comp.sum(1, keepdims=True) + 1e-12


for step in range(1, 901):
    h, pi, mu, logs = net(x)
    comp, total = likelihood(pi, mu, logs, t)
    loss = -np.log(total).mean()
    gamma = comp / total
    s2 = np.exp(2 * logs)
    d_a = (pi - gamma) / n
    d_mu = gamma * (mu - t) / s2 / n
    d_logs = gamma * (1 - (t - mu) ** 2 / s2) / n
    dh = (d_a @ Wp.T + d_mu @ Wm.T + d_logs @ Ws.T) * (1 - h ** 2)
    grads = [x.T @ dh, dh.sum(0), h.T @ d_a, d_a.sum(0), h.T @ d_mu, d_mu.sum(0), h.T @ d_logs, d_logs.sum(0)]
    for p, g, u, v in zip(params, grads, m1, m2):
        u *= 0.9
        u += 0.1 * g
        v *= 0.999
        v += 0.001 * g * g
        p -= 0.01 * (u / (1 - 0.9 ** step)) / (np.sqrt(v / (1 - 0.999 ** step)) + 1e-8)
    if step % 300 == 0 or step == 1:
        print(step, "negative log likelihood", loss)
