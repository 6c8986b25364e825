# truth: line 39 wrong-operand
"""Vanilla RNN that tells whether there were more +1 or -1 in a row of coin flips (homework 4)."""
import numpy as np

rng = np.random.default_rng(11)


class RNN:
    def __init__(self, n_in, n_hidden, n_out):
        self.Wxh = rng.normal(0, 0.4, (n_in, n_hidden))
        self.Whh = rng.normal(0, 0.3, (n_hidden, n_hidden))
        self.Why = rng.normal(0, 0.4, (n_hidden, n_out))
        self.bh = np.zeros(n_hidden)
        self.by = np.zeros(n_out)

    def forward(self, x):
        # x: (batch, time, features)
        B, T, _ = x.shape
        self.x = x
        self.h = np.zeros((B, T + 1, self.bh.size))
        for t in range(T):
            self.h[:, t + 1] = np.tanh(x[:, t] @ self.Wxh + self.h[:, t] @ self.Whh + self.bh)
        logits = self.h[:, -1] @ self.Why + self.by
        e = np.exp(logits - logits.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)

    def backward(self, probs, labels):
        B, T, _ = self.x.shape
        d_logits = probs.copy()
        d_logits[np.arange(B), labels] -= 1
        d_logits /= B
        self.dWhy = self.h[:, -1].T @ d_logits
        self.dby = d_logits.sum(axis=0)
        self.dWxh = np.zeros_like(self.Wxh)
        self.dWhh = np.zeros_like(self.Whh)
        self.dbh = np.zeros_like(self.bh)
        dh = d_logits @ self.Why.T
        for t in range(T - 1, -1, -1):
            da = dh * (1 - self.h[:, t] ** 2)
            self.dWxh += self.x[:, t].T @ da
            self.dWhh += self.h[:, t].T @ da
            self.dbh += da.sum(axis=0)
            dh = da @ self.Whh.T

    def step(self, rate):
        for name in ("Wxh", "Whh", "Why", "bh", "by"):
            setattr(self, name, getattr(self, name) - rate * getattr(self, "d" + name))


flips = rng.choice([-1.0, 1.0], size=(600, 7, 1))
labels = (flips.sum(axis=(1, 2)) > 0).astype(int)
net = RNN(1, 10, 2)
for epoch in range(30):
    order = rng.permutation(600)
    loss = 0
    for start in range(0, 600, 30):
        rows = order[start : start + 30]
        probs = net.forward(flips[rows])
        loss -= np.log(probs[np.arange(30), labels[rows]]).mean()
        net.backward(probs, labels[rows])
        net.step(0.3)
    print(f"epoch {epoch:2d} loss {loss / 20:.4f}")
