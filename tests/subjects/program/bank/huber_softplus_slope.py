# truth: line 18 wrong
import numpy as np

gen = np.random.default_rng(10)
x = gen.normal(size=(70, 4))
y = x @ np.array([[1.0], [0.0], [-2.0], [0.5]]) + gen.standard_t(2, size=(70, 1))
net = dict(W1=gen.normal(size=(4, 6)) * 0.5, b1=np.zeros(6), W2=gen.normal(size=(6, 1)) * 0.5, b2=np.zeros(1))
delta = 1.0
best, patience = np.inf, 0
epoch = 0
while patience < 30 and epoch < 200:
    h = np.log1p(np.exp(x @ net["W1"] + net["b1"]))
    out = h @ net["W2"] + net["b2"]
    r = out - y
    loss = np.where(np.abs(r) < delta, 0.5 * r ** 2, delta * (np.abs(r) - 0.5 * delta)).mean()
    dr = np.clip(r, -delta, delta) / len(x)
    dh = dr @ net["W2"].T
    dz = dh * (1 - np.exp(-h)) * h
    grads = dict(W1=x.T @ dz, b1=dz.sum(0), W2=h.T @ dr, b2=dr.sum(0))
    norm = np.sqrt(sum((g ** 2).sum() for g in grads.values()))
    for name, g in grads.items():
        if norm > 5:
            g = g * 5 / norm
        net[name] -= 0.1 * 0.99 ** epoch * g
    if loss < best - 1e-5:
        best, patience = loss, 0
    else:
        patience += 1
    epoch += 1
print(epoch, best)
