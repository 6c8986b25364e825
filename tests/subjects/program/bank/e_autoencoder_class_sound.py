# truth: none
import numpy as np


class AutoEncoder:
    def __init__(self, sizes, seed=0):
        gen = np.random.RandomState(seed)
        self.W = [gen.uniform(-1, 1, (a, b)) * np.sqrt(6 / (a + b)) for a, b in zip(sizes, sizes[1:])]
        self.c = [np.zeros(b) for b in sizes[1:]]

    def run(self, batch):
        self.acts = [batch]
        for k in range(len(self.W)):
            pre = self.acts[k] @ self.W[k] + self.c[k]
            self.acts.append(pre if k == len(self.W) - 1 else np.tanh(pre))
        return self.acts[-1]

    def train_on(self, batch, eta):
        out = self.run(batch)
        err = out - batch
        delta = err / len(batch)
        for k in range(len(self.W) - 1, -1, -1):
            gw, gc = self.acts[k].T @ delta, delta.sum(axis=0)
            if k > 0:
                delta = (delta @ self.W[k].T) * (1.0 - self.acts[k] ** 2)
            self.W[k] -= eta * gw
            self.c[k] -= eta * gc
        return 0.5 * np.mean(np.sum(err ** 2, axis=1))


gen = np.random.RandomState(42)
codes = gen.randn(256, 2)
data = np.tanh(codes @ gen.randn(2, 9)) + 0.02 * gen.randn(256, 9)
ae = AutoEncoder([9, 12, 2, 12, 9])
for epoch in range(60):
    gen.shuffle(data)
    cost = np.mean([ae.train_on(data[i:i + 32], 0.05) for i in range(0, 256, 32)])
    if epoch % 20 == 19:
        print('epoch', epoch + 1, 'reconstruction', round(cost, 4))
