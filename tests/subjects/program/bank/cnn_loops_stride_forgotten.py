# truth: line 43 wrong
import numpy as np

rng = np.random.RandomState(11)
N, SIZE, K, STRIDE, FILTERS = 40, 9, 3, 2, 3
images = rng.rand(N, SIZE, SIZE, 2)
targets = np.zeros((N, 2))
for n in range(N):
    side = rng.randint(2)
    images[n, :, :5, side] += 0.8
    targets[n, side] = 1

PLACES = (SIZE - K) // STRIDE + 1
params = {
    "K": rng.randn(K, K, 2, FILTERS) * 0.2,
    "bk": np.zeros((1, 1, 1, FILTERS)),
    "W": rng.randn(PLACES * PLACES * FILTERS, 2) * 0.2,
    "b": np.zeros((1, 2)),
}


def forward(x):
    z = np.zeros((len(x), PLACES, PLACES, FILTERS))
    for r in range(PLACES):
        for c in range(PLACES):
            window = x[:, r * STRIDE:r * STRIDE + K, c * STRIDE:c * STRIDE + K, :]
            for f in range(FILTERS):
                z[:, r, c, f] = np.sum(window * params["K"][:, :, :, f], axis=(1, 2, 3))
    z = z + params["bk"]
    a = np.tanh(z)
    out = 1 / (1 + np.exp(-(a.reshape(len(x), -1) @ params["W"] + params["b"])))
    return z, a, out


def backward(x, a, out, y):
    m = len(x)
    delta = (out - y) / m
    grads = {"W": a.reshape(m, -1).T @ delta, "b": delta.sum(axis=0, keepdims=True)}
    dz = (delta @ params["W"].T).reshape(a.shape) * (1 - a ** 2)
    grads["K"] = np.zeros_like(params["K"])
    for r in range(PLACES):
        for c in range(PLACES):
            window = x[:, r:r + K, c:c + K, :]
            for f in range(FILTERS):
                grads["K"][:, :, :, f] += np.sum(window * dz[:, r, c, f][:, None, None, None], axis=0)
    grads["bk"] = dz.sum(axis=(0, 1, 2)).reshape(1, 1, 1, FILTERS)
    return grads


for step in range(40):
    pick = rng.choice(N, 10, replace=False)
    x, y = images[pick], targets[pick]
    z, a, out = forward(x)
    cost = -np.mean(np.sum(y * np.log(out) + (1 - y) * np.log(1 - out), axis=1))
    grads = backward(x, a, out, y)
    for name in params:
        params[name] = params[name] - 0.2 * grads[name]
    if step % 10 == 0:
        print(step, cost)
