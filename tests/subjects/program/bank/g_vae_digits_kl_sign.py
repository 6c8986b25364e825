# truth: line 46 wrong
import numpy as np
from sklearn.datasets import load_digits

rng = np.random.RandomState(0)


def glorot(i, o):
    s = np.sqrt(6.0 / (i + o))
    return rng.uniform(-s, s, (i, o))


class VAE:
    def __init__(self, n_in, n_hid, n_z, lr=0.002, beta=1.0):
        self.lr, self.beta = lr, beta
        self.We, self.be = glorot(n_in, n_hid), np.zeros(n_hid)
        self.Wm, self.bm = glorot(n_hid, n_z), np.zeros(n_z)
        self.Wv, self.bv = glorot(n_hid, n_z), np.zeros(n_z)
        self.Wd, self.bd = glorot(n_z, n_hid), np.zeros(n_hid)
        self.Wo, self.bo = glorot(n_hid, n_in), np.zeros(n_in)

    def encode(self, x):
        self.h = np.tanh(x @ self.We + self.be)
        self.mu = self.h @ self.Wm + self.bm
        self.logvar = self.h @ self.Wv + self.bv

    def decode(self, z):
        self.hd = np.tanh(z @ self.Wd + self.bd)
        return 1 / (1 + np.exp(-(self.hd @ self.Wo + self.bo)))

    def step(self, x):
        n = len(x)
        self.encode(x)
        eps = rng.randn(*self.mu.shape)
        std = np.exp(0.5 * self.logvar)
        z = self.mu + std * eps
        xr = self.decode(z)
        rec = -np.sum(x * np.log(xr + 1e-8) + (1 - x) * np.log(1 - xr + 1e-8)) / n
        kl = -0.5 * np.sum(1 + self.logvar - self.mu ** 2 - np.exp(self.logvar)) / n

        do = (xr - x) / n
        gWo, gbo = self.hd.T @ do, do.sum(0)
        dhd = (do @ self.Wo.T) * (1 - self.hd ** 2)
        gWd, gbd = z.T @ dhd, dhd.sum(0)
        dz = dhd @ self.Wd.T
        dmu = dz - self.beta * self.mu / n
        dlogvar = dz * eps * 0.5 * std + self.beta * 0.5 * (np.exp(self.logvar) - 1) / n
        gWm, gbm = self.h.T @ dmu, dmu.sum(0)
        gWv, gbv = self.h.T @ dlogvar, dlogvar.sum(0)
        dh = (dmu @ self.Wm.T + dlogvar @ self.Wv.T) * (1 - self.h ** 2)
        gWe, gbe = x.T @ dh, dh.sum(0)

        for name, g in zip(
            ["We", "be", "Wm", "bm", "Wv", "bv", "Wd", "bd", "Wo", "bo"],
            [gWe, gbe, gWm, gbm, gWv, gbv, gWd, gbd, gWo, gbo],
        ):
            setattr(self, name, getattr(self, name) - self.lr * g)
        return rec, kl


X = load_digits().data[:1000] / 16.0
vae = VAE(64, 64, 6, lr=0.02)
for epoch in range(12):
    idx = rng.permutation(len(X))
    recs, kls = [], []
    for s in range(0, len(X), 50):
        rec, kl = vae.step(X[idx[s:s + 50]])
        recs.append(rec)
        kls.append(kl)
    if epoch % 4 == 3:
        print(f"epoch {epoch + 1}  rec {np.mean(recs):.2f}  kl {np.mean(kls):.2f}  total {np.mean(recs) + np.mean(kls):.2f}")
