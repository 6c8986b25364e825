# truth: line 29 gradient-check-invalid
import numpy as np


class Net:
    def __init__(self, rng):
        self.layers = [{"W": rng.normal(size=(6, 4)), "b": np.zeros(6)}, {"W": rng.normal(size=(1, 6)), "b": np.zeros(1)}]

    def forward(self, x):
        self.acts = [x]
        for layer in self.layers:
            self.acts.append(1 / (1 + np.exp(-(layer["W"] @ self.acts[-1] + layer["b"]))))
        return self.acts[-1]

    def gradients(self, x, t):
        out = self.forward(x)
        d = (out - t) * out * (1 - out)
        grads = []
        for i in (1, 0):
            grads.insert(0, (np.outer(d, self.acts[i]), d))
            d = self.layers[i]["W"].T @ d * self.acts[i] * (1 - self.acts[i])
        return grads

    def error(self, x, t):
        return 0.5 * np.sum((self.forward(x) - t) ** 2)

    def check(self, x, t, h=1e-4):
        for layer, (gW, gb) in zip(self.layers, self.gradients(x, t)):
            layer["W"] += h
            up = self.error(x, t)
            layer["W"] -= 2 * h
            down = self.error(x, t)
            layer["W"] += h
            numeric = (up - down) / (2 * h)
            print("relative difference", np.linalg.norm(gW - numeric) / np.linalg.norm(gW))


rng = np.random.default_rng(5)
X = rng.random((30, 4))
T = (X[:, :1] > X[:, 1:2]) * 1.0
net = Net(rng)
net.check(X[0], T[0])
for epoch in range(20):
    for x, t in zip(X, T):
        for layer, (gW, gb) in zip(net.layers, net.gradients(x, t)):
            layer["W"] -= 0.5 * gW
            layer["b"] -= 0.5 * gb
print(np.mean([net.error(x, t) for x, t in zip(X, T)]))
