# truth: none
import numpy as np
from scipy.signal import convolve2d, correlate2d

np.random.seed(12)


def forward_layer(a, kernels, bias):
    outs = []
    for f in range(kernels.shape[0]):
        z = sum(correlate2d(a[c], kernels[f, c], mode="valid") for c in range(kernels.shape[1]))
        outs.append(z + bias[f])
    return np.array(outs)


def backward_layer(a, kernels, dz):
    dk = np.zeros_like(kernels)
    da = np.zeros_like(a)
    for f in range(kernels.shape[0]):
        for c in range(kernels.shape[1]):
            dk[f, c] = correlate2d(a[c], dz[f], mode="valid")
            da[c] += convolve2d(dz[f], kernels[f, c], mode="full")
    return dk, dz.sum(axis=(1, 2)), da


data = np.random.rand(30, 1, 7, 7)
classes = np.random.randint(0, 2, 30)
data[classes == 0, :, :, :3] += 0.6

k1, b1 = np.random.randn(3, 1, 3, 3) * 0.3, np.zeros(3)
k2, b2 = np.random.randn(2, 3, 3, 3) * 0.3, np.zeros(2)
fc, fb = np.random.randn(2, 2 * 9) * 0.2, np.zeros(2)
eta = 0.1
for epoch in range(3):
    losses = []
    for s in np.random.permutation(30):
        x, label = data[s], classes[s]
        z1 = forward_layer(x, k1, b1)
        a1 = np.where(z1 > 0, z1, 0)
        z2 = forward_layer(a1, k2, b2)
        a2 = np.where(z2 > 0, z2, 0)
        logits = fc @ a2.ravel() + fb
        e = np.exp(logits - logits.max())
        p = e / e.sum()
        losses.append(-np.log(p[label]))
        delta = p - np.eye(2)[label]
        dfc = np.outer(delta, a2.ravel())
        da2 = (fc.T @ delta).reshape(a2.shape)
        dk2, db2, da1 = backward_layer(a1, k2, np.where(z2 > 0, da2, 0))
        dk1, db1, _ = backward_layer(x, k1, np.where(z1 > 0, da1, 0))
        fc -= eta * dfc
        fb -= eta * delta
        k2 -= eta * dk2
        b2 -= eta * db2
        k1 -= eta * dk1
        b1 -= eta * db1
    print("epoch", epoch, np.mean(losses))
