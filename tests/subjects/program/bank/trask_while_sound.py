# truth: none
import numpy as np

rng = np.random.RandomState(8)
inputs = rng.rand(12, 3)
targets = rng.rand(12, 2)
w_ih = rng.randn(3, 5)
w_ho = rng.randn(5, 2)


def f(x, deriv=False):
    if deriv:
        return x * (1 - x)
    return 1 / (1 + np.exp(-x))


i = 0
while i < 500:
    i += 1
    l0 = inputs
    l1 = f(np.dot(l0, w_ih))
    l2 = f(np.dot(l1, w_ho))
    l2_error = targets - l2
    l2_delta = l2_error * f(l2, deriv=True)
    l1_error = l2_delta.dot(w_ho.T)
    l1_delta = l1_error * f(l1, deriv=True)
    w_ho += l1.T.dot(l2_delta)
    w_ih += l0.T.dot(l1_delta)
