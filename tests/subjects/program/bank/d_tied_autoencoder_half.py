# truth: line 32 wrong
import numpy as np

rs = np.random.RandomState(99)
# 3 hidden causes, 12 visible units
causes = rs.rand(150, 3)
mixing = rs.randn(3, 12)
X = 1 / (1 + np.exp(-(causes @ mixing)))

visible, hidden = 12, 5
W = rs.uniform(-0.4, 0.4, (visible, hidden))
bh = np.zeros(hidden)
bv = np.zeros(visible)
rate = 0.8
batch = 15


def sigm(a):
    return 1 / (1 + np.exp(-a))


for epoch in range(50):
    rs.shuffle(X)
    cost = 0
    for k in range(0, len(X), batch):
        v = X[k : k + batch]
        h = sigm(v @ W + bh)
        r = sigm(h @ W.T + bv)
        cost += 0.5 * np.sum((r - v) ** 2)
        dr = (r - v) * r * (1 - r)
        dh = dr @ W * h * (1 - h)
        gW = dr.T @ h / batch
        gbv = dr.mean(0)
        gbh = dh.mean(0)
        W -= rate * gW
        bv -= rate * gbv
        bh -= rate * gbh
    print('epoch %d: cost %.4f' % (epoch, cost / len(X)))
