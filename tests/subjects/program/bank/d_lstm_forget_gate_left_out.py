# truth: line 60 wrong
# sum of a short series with an LSTM, one sequence at a time
import numpy as np

np.random.seed(3)
H, D, T = 8, 1, 6
lr = 0.02


def sig(x):
    return 1.0 / (1.0 + np.exp(-x))


p = {}
for g in "ifog":
    p["W" + g] = np.random.randn(H, H + D) * 0.3
    p["b" + g] = np.zeros((H, 1))
p["bf"] += 1.0
p["Wy"] = np.random.randn(1, H) * 0.3
p["by"] = np.zeros((1, 1))


def forward(seq):
    h, c = np.zeros((H, 1)), np.zeros((H, 1))
    steps = []
    for x in seq:
        z = np.vstack([h, x.reshape(D, 1)])
        i = sig(p["Wi"] @ z + p["bi"])
        f = sig(p["Wf"] @ z + p["bf"])
        o = sig(p["Wo"] @ z + p["bo"])
        g = np.tanh(p["Wg"] @ z + p["bg"])
        c_old = c
        c = f * c_old + i * g
        tc = np.tanh(c)
        h = o * tc
        steps.append((z, i, f, o, g, c_old, tc))
    y = p["Wy"] @ h + p["by"]
    return y, h, steps


def backward(dy, h, steps):
    grads = {k: np.zeros_like(v) for k, v in p.items()}
    grads["Wy"] += dy @ h.T
    grads["by"] += dy
    dh = p["Wy"].T @ dy
    dc = np.zeros((H, 1))
    for z, i, f, o, g, c_old, tc in reversed(steps):
        do = dh * tc
        dc = dc + dh * o * (1 - tc**2)
        di = dc * g
        df = dc * c_old
        dg = dc * i
        raw = {"i": di * i * (1 - i), "f": df * f * (1 - f), "o": do * o * (1 - o), "g": dg * (1 - g**2)}
        dz = np.zeros_like(z)
        for name, d in raw.items():
            grads["W" + name] += d @ z.T
            grads["b" + name] += d
            dz += p["W" + name].T @ d
        dh = dz[:H]
        dc = dc * 1.0
    return grads


data = [np.random.uniform(-1, 1, (T, 1)) for _ in range(200)]
want = [s.sum() * 0.5 for s in data]

for epoch in range(12):
    total = 0.0
    for seq, t in zip(data, want):
        y, h, steps = forward(seq)
        diff = y - t
        total += float(diff[0, 0] ** 2)
        grads = backward(2 * diff, h, steps)
        for k in p:
            p[k] -= lr * np.clip(grads[k], -1, 1)
    print(epoch, total / len(data))
