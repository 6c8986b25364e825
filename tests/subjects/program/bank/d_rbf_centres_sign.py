# truth: line 26 sign
# radial basis function network, gradient descent on centres, widths and weights
import numpy as np
from numpy import exp, zeros

np.random.seed(21)
x = np.linspace(-3, 3, 80)
t = np.sin(2 * x) * exp(-0.1 * x**2)

M = 9
c = np.linspace(-3, 3, M) + 0.1 * np.random.randn(M)
s = 0.7 * np.ones(M)
w = 0.1 * np.random.randn(M)
w0 = 0.0
eta = 0.05

for epoch in range(40):
    sse = 0.0
    for n in np.random.permutation(len(x)):
        phi = exp(-((x[n] - c) ** 2) / (2 * s**2))
        y = phi @ w + w0
        err = y - t[n]
        sse += err**2
        dphi = err * w
        gw = err * phi
        gc = dphi * phi * (c - x[n]) / s**2
        gs = dphi * phi * (x[n] - c) ** 2 / s**3
        w = w - eta * gw
        w0 = w0 - eta * err
        c = c - eta * gc
        s = s - eta * gs
    print(epoch, sse / len(x))
