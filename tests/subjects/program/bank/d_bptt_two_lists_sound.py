# truth: none
# predict the next value of a noisy sine, RNN with lists of states, truncated at 10 steps, SGD with clipping by norm
import numpy as np

np.random.seed(0)
wave = np.sin(np.arange(0, 60, 0.3)) + 0.05 * np.random.randn(200)
n = 10
U, W, V = np.random.randn(n, 1) * 0.5, np.random.randn(n, n) * 0.2, np.random.randn(1, n) * 0.3
bs, bo = np.zeros((n, 1)), np.zeros((1, 1))

for epoch in range(25):
    state = np.zeros((n, 1))
    total = 0.0
    for begin in range(0, 190, 10):
        ins = wave[begin : begin + 10]
        outs = wave[begin + 1 : begin + 11]
        S = [state]
        Yhat = []
        for v in ins:
            S.append(np.tanh(U * v + W.dot(S[-1]) + bs))
            Yhat.append(V.dot(S[-1]) + bo)
        total += sum((float(a[0, 0]) - b) ** 2 for a, b in zip(Yhat, outs))
        gU, gW, gV, gbs, gbo = [np.zeros_like(a) for a in (U, W, V, bs, bo)]
        later = np.zeros((n, 1))
        for k in reversed(range(10)):
            d = (Yhat[k] - outs[k]) / 10
            gV += d.dot(S[k + 1].T)
            gbo += d
            ds = (V.T.dot(d) + later) * (1 - S[k + 1] ** 2)
            gU += ds * ins[k]
            gW += ds.dot(S[k].T)
            gbs += ds
            later = W.T.dot(ds)
        size = np.sqrt(sum((g**2).sum() for g in (gU, gW, gV, gbs, gbo)))
        if size > 1:
            gU, gW, gV, gbs, gbo = [g / size for g in (gU, gW, gV, gbs, gbo)]
        U -= 0.2 * gU
        W -= 0.2 * gW
        V -= 0.2 * gV
        bs -= 0.2 * gbs
        bo -= 0.2 * gbo
        state = S[-1]
    if epoch % 5 == 0:
        print(epoch, total / 190)
