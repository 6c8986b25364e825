# truth: line 67 wrong
# GRU from scratch. Task: was there a +1 among the last steps before the marker? (remember the sign at t=0)
import numpy as np

np.random.seed(0)
T, H, D, B = 12, 12, 2, 20


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


def init(*shape):
    return np.random.randn(*shape) / np.sqrt(shape[0])


params = {
    "Wz": init(D, H), "Uz": init(H, H), "bz": np.zeros(H),
    "Wr": init(D, H), "Ur": init(H, H), "br": np.zeros(H),
    "Wh": init(D, H), "Uh": init(H, H), "bh": np.zeros(H),
    "Wy": init(H, 1), "by": np.zeros(1),
}


def make_data(n):
    x = np.random.randn(n, T, D) * 0.2
    first = np.random.choice([-1.0, 1.0], n)
    x[:, 0, 1] = 2 * first
    return x, (first > 0).astype(float).reshape(-1, 1)


def forward(x):
    h = np.zeros((x.shape[0], H))
    steps = []
    for t in range(T):
        xt = x[:, t]
        z = sigmoid(xt @ params["Wz"] + h @ params["Uz"] + params["bz"])
        r = sigmoid(xt @ params["Wr"] + h @ params["Ur"] + params["br"])
        g = np.tanh(xt @ params["Wh"] + (r * h) @ params["Uh"] + params["bh"])
        h_new = (1 - z) * h + z * g
        steps.append((xt, h, z, r, g))
        h = h_new
    return sigmoid(h @ params["Wy"] + params["by"]), h, steps


def backward(y_hat, y, h_last, steps):
    grads = {k: np.zeros_like(v) for k, v in params.items()}
    dy = (y_hat - y) / len(y)
    grads["Wy"] = h_last.T @ dy
    grads["by"] = dy.sum(axis=0)
    dh = dy @ params["Wy"].T
    for t in reversed(range(T)):
        xt, h, z, r, g = steps[t]
        dz = dh * (g - h) * z * (1 - z)
        dg = dh * z * (1 - g ** 2)
        drh = dg @ params["Uh"].T
        dr = drh * h * r * (1 - r)
        grads["Wh"] += xt.T @ dg
        grads["Uh"] += (r * h).T @ dg
        grads["bh"] += dg.sum(axis=0)
        grads["Wz"] += xt.T @ dz
        grads["Uz"] += h.T @ dz
        grads["bz"] += dz.sum(axis=0)
        grads["Wr"] += xt.T @ dr
        grads["Ur"] += h.T @ dr
        grads["br"] += dr.sum(axis=0)
        dh = dh * z + drh * r + dz @ params["Uz"].T + dr @ params["Ur"].T
    return grads


for it in range(500):
    x, y = make_data(B)
    y_hat, h_last, steps = forward(x)
    loss = -np.mean(y * np.log(y_hat) + (1 - y) * np.log(1 - y_hat))
    grads = backward(y_hat, y, h_last, steps)
    for k in params:
        params[k] -= 0.3 * np.clip(grads[k], -1, 1)
    if it % 100 == 0:
        print(it, loss)
x, y = make_data(500)
print("accuracy", np.mean((forward(x)[0] > 0.5) == y))
