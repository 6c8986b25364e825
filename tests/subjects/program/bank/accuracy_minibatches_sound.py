# truth: none
import numpy as np

rng = np.random.RandomState(0)
X = rng.randn(128, 6)
y = rng.randint(0, 4, 128)
X[np.arange(128), y] += 2
Y = np.eye(4)[y]
W1, b1 = rng.randn(6, 12) * 0.3, np.zeros(12)
W2, b2 = rng.randn(12, 4) * 0.3, np.zeros(4)


def forward(x):
    h = np.maximum(x @ W1 + b1, 0)
    z = h @ W2 + b2
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return h, e / e.sum(axis=1, keepdims=True)


for epoch in range(30):
    accuracy, loss = 0.0, 0.0
    for s in range(0, 128, 16):
        x, t = X[s : s + 16], Y[s : s + 16]
        h, p = forward(x)
        loss += -np.sum(t * np.log(p + 1e-9)) / len(X)
        accuracy += np.sum(p.argmax(axis=1) == t.argmax(axis=1)) / len(X)
        d = (p - t) / len(x)
        dh = d @ W2.T * (h > 0)
        W2 -= 0.3 * h.T @ d
        b2 -= 0.3 * d.sum(0)
        W1 -= 0.3 * x.T @ dh
        b1 -= 0.3 * dh.sum(0)
    print(epoch, loss, accuracy)
print("errors", np.sum(forward(X)[1].argmax(1) != y), "right", 100.0 * np.mean(forward(X)[1].argmax(1) == y), "%")
