# truth: none
import numpy as np

np.random.seed(8)
X = np.random.randn(120, 2)
labels = ((X**2).sum(1) > 1.3).astype(int)
T = np.eye(2)[labels]
params = [np.random.randn(2, 12) * 0.5, np.zeros(12), np.random.randn(12, 2) * 0.5, np.zeros(2)]
velocity = [np.zeros_like(q) for q in params]


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def sgd(params, grads, velocity, rate=0.1, mu=0.9):
    for p, g, v in zip(params, grads, velocity):
        v *= mu
        v -= rate * g
        p += v


for epoch in range(250):
    h = np.maximum(0, X @ params[0] + params[1])
    q = softmax(h @ params[2] + params[3])
    dz = (q - T) / len(X)
    dh = dz @ params[2].T * (h > 0)
    sgd(params, [X.T @ dh, dh.sum(0), h.T @ dz, dz.sum(0)], velocity)
    if epoch % 50 == 0:
        print("loss", -np.mean(np.log(q[range(len(X)), labels])))
