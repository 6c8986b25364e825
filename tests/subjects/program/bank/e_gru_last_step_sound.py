# truth: none
import numpy as np

rng = np.random.default_rng(99)
T, I, H, B = 6, 3, 8, 20


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


P = {}
for gate in 'zrh':
    P['W' + gate] = rng.standard_normal((I, H)) * 0.4
    P['U' + gate] = rng.standard_normal((H, H)) * 0.3
    P['b' + gate] = np.zeros(H)
P['V'] = rng.standard_normal((H, 1)) * 0.4
P['c'] = np.zeros(1)


def step(x, target, lr):
    hs, zs, rs, cs = [np.zeros((len(x), H))], [], [], []
    for t in range(T):
        h, xt = hs[-1], x[:, t]
        z = sigmoid(xt @ P['Wz'] + h @ P['Uz'] + P['bz'])
        r = sigmoid(xt @ P['Wr'] + h @ P['Ur'] + P['br'])
        cand = np.tanh(xt @ P['Wh'] + (r * h) @ P['Uh'] + P['bh'])
        hs.append((1 - z) * h + z * cand)
        zs.append(z), rs.append(r), cs.append(cand)
    pred = hs[-1] @ P['V'] + P['c']
    diff = pred - target
    loss = (diff ** 2).mean()
    G = {k: np.zeros_like(v) for k, v in P.items()}
    dpred = 2 * diff / len(x)
    G['V'] += hs[-1].T @ dpred
    G['c'] += dpred.sum(axis=0)
    dh = dpred @ P['V'].T
    for t in reversed(range(T)):
        h, xt, z, r, cand = hs[t], x[:, t], zs[t], rs[t], cs[t]
        dz = dh * (cand - h) * z * (1 - z)
        dcand = dh * z * (1 - cand ** 2)
        drh = dcand @ P['Uh'].T
        dr = drh * h * r * (1 - r)
        for gate, d, left in (('z', dz, h), ('r', dr, h), ('h', dcand, r * h)):
            G['W' + gate] += xt.T @ d
            G['U' + gate] += left.T @ d
            G['b' + gate] += d.sum(axis=0)
        dh = dh * (1 - z) + drh * r + dz @ P['Uz'].T + dr @ P['Ur'].T
    for k in P:
        P[k] -= lr * G[k]
    return loss


X = rng.standard_normal((200, T, I))
Y = X[:, :, 0].sum(axis=1, keepdims=True) * 0.5
for epoch in range(15):
    losses = []
    for b in range(0, 200, B):
        losses.append(step(X[b:b + B], Y[b:b + B], 0.1))
    print(epoch, np.mean(losses))
