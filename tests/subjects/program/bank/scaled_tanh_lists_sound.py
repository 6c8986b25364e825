# truth: none
import numpy as np

np.random.seed(77)
x_all = np.random.randn(3, 100)
y_all = np.sum(x_all ** 2, axis=0, keepdims=True) / 3
ws = [np.random.randn(9, 3) * 0.5, np.random.randn(9, 9) * 0.3, np.random.randn(1, 9) * 0.3]
bs = [np.zeros((9, 1)), np.zeros((9, 1)), np.zeros((1, 1))]


def act(z):
    return 1.7159 * np.tanh(2 * z / 3)


def act_slope(z):
    return 1.7159 * 2 / 3 * (1 - np.tanh(2 * z / 3) ** 2)


for round in range(120):
    lo = (round * 20) % 100
    x, y = x_all[:, lo:lo + 20], y_all[:, lo:lo + 20]
    zs, outs = [], [x]
    for w, b in zip(ws[:-1], bs[:-1]):
        zs.append(w @ outs[-1] + b)
        outs.append(act(zs[-1]))
    yhat = ws[-1] @ outs[-1] + bs[-1]
    deltas = [yhat - y]
    for k in (1, 0):
        deltas.insert(0, ws[k + 1].T @ deltas[0] * act_slope(zs[k]))
    for k in range(3):
        ws[k] = ws[k] - 0.02 * deltas[k] @ outs[k].T / 20
        bs[k] = bs[k] - 0.02 * deltas[k].mean(axis=1, keepdims=True)
