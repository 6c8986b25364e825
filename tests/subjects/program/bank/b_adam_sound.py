# truth: none
import numpy as np


class Adam:
    def __init__(self, params, lr=0.01):
        self.params, self.lr, self.t = params, lr, 0
        self.m = [np.zeros_like(p) for p in params]
        self.v = [np.zeros_like(p) for p in params]

    def step(self, grads):
        self.t += 1
        for i, (p, g) in enumerate(zip(self.params, grads)):
            self.m[i] = 0.9 * self.m[i] + 0.1 * g
            self.v[i] = 0.999 * self.v[i] + 0.001 * g * g
            m, v = self.m[i] / (1 - 0.9**self.t), self.v[i] / (1 - 0.999**self.t)
            p -= self.lr * m / (np.sqrt(v) + 1e-8)


rng = np.random.RandomState(3)
X = rng.randn(60, 3)
y = np.sin(X).sum(1, keepdims=True)
P = [rng.randn(3, 9) * 0.5, np.zeros(9), rng.randn(9, 1) * 0.5, np.zeros(1)]
opt = Adam(P)
for i in range(200):
    h = np.tanh(X @ P[0] + P[1])
    e = (h @ P[2] + P[3] - y) / len(X)
    eh = e @ P[2].T * (1 - h**2)
    opt.step([X.T @ eh, eh.sum(0), h.T @ e, e.sum(0)])
print((e**2).sum() * len(X))
