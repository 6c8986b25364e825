# truth: none
"""Heteroscedastic regression: the network gives a mean and the log of a variance."""
import numpy as np


class GaussianNet:
    def __init__(self, hidden=16, seed=0):
        rng = np.random.default_rng(seed)
        self.params = [rng.normal(0, 1, (1, hidden)), np.zeros(hidden), rng.normal(0, 0.3, (hidden, 2)), np.zeros(2)]

    def forward(self, x):
        A, a, B, b = self.params
        h = np.tanh(x @ A + a)
        out = h @ B + b
        return h, out[:, 0], out[:, 1]

    def nll(self, mu, logvar, y):
        return 0.5 * np.mean(logvar + (y - mu) ** 2 * np.exp(-logvar))

    def grads(self, x, y):
        A, a, B, b = self.params
        h, mu, logvar = self.forward(x)
        inv = np.exp(-logvar)
        d = np.empty((len(x), 2))
        d[:, 0] = (mu - y) * inv / len(x)
        d[:, 1] = 0.5 * (1 - (y - mu) ** 2 * inv) / len(x)
        dh = d @ B.T * (1 - h**2)
        return self.nll(mu, logvar, y), [x.T @ dh, dh.sum(axis=0), h.T @ d, d.sum(axis=0)]


rng = np.random.default_rng(1)
x = rng.uniform(-2, 2, (300, 1))
y = np.sin(2 * x[:, 0]) + rng.normal(size=300) * (0.1 + 0.2 * np.abs(x[:, 0]))
net = GaussianNet()
for epoch in range(400):
    value, gradients = net.grads(x, y)
    for k, g in enumerate(gradients):
        net.params[k] = net.params[k] - 0.03 * g
    if epoch % 50 == 0:
        print("nll", value)
