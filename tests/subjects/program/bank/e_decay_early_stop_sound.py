# truth: none
import numpy as np

SEED = 77
HIDDEN = 15
LR0 = 0.6
DECAY = 0.01
PATIENCE = 20


def logistic(z): return 1.0 / (1.0 + np.exp(-z))


def make_rings(n, gen):
    r = np.where(np.arange(n) % 2 == 0, 0.5, 1.5) + gen.normal(0, 0.1, n)
    a = gen.uniform(0, 2 * np.pi, n)
    points = np.c_[r * np.cos(a), r * np.sin(a)]
    onehot = np.c_[np.arange(n) % 2 == 0, np.arange(n) % 2 == 1].astype(float)
    return points, onehot


def init(gen):
    return {'hid': (gen.normal(0, 1, (3, HIDDEN))), 'out': gen.normal(0, 0.5, (HIDDEN + 1, 2))}


def with_one(a):
    return np.c_[a, np.ones(len(a))]


def feed(net, x):
    hid = logistic(with_one(x) @ net['hid'])
    return hid, logistic(with_one(hid) @ net['out'])


def gradients(net, x, t):
    hid, out = feed(net, x)
    d_out = (out - t) * out * (1 - out)
    d_hid = (d_out @ net['out'][:-1].T) * hid * (1 - hid)
    return {'out': with_one(hid).T @ d_out / len(x), 'hid': with_one(x).T @ d_hid / len(x)}


gen = np.random.RandomState(SEED)
train, valid = make_rings(120, gen), make_rings(60, gen)
net, best, waited, epoch = init(gen), np.inf, 0, 0
while waited < PATIENCE and epoch < 400:
    lr = LR0 / (1 + DECAY * epoch)
    g = gradients(net, *train)
    net = {name: w - 4 * lr * g[name] for name, w in net.items()}
    score = np.mean((feed(net, valid[0])[1] - valid[1]) ** 2)
    best, waited = (score, 0) if score < best - 1e-6 else (best, waited + 1)
    epoch += 1
    if epoch % 100 == 0:
        print('epoch %3d validation %.4f' % (epoch, score))
print('stopped after', epoch, 'best', best)
