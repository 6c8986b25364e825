# truth: none
import numpy as np

# Two thetas, the ones column first, examples in rows, as in the famous course.
rs = np.random.RandomState(4)
m = 80
X = rs.randn(m, 3)
y = ((X[:, 0] * X[:, 1] > 0) * 1.0).reshape(m, 1)
Theta1 = rs.uniform(-0.5, 0.5, (6, 4))
Theta2 = rs.uniform(-0.5, 0.5, (1, 7))
lam = 0.1
alpha = 1.0


def g(z):
    return 1.0 / (1.0 + np.exp(-z))


def cost_and_grad(T1, T2):
    a1 = np.hstack([np.ones((m, 1)), X])
    z2 = a1.dot(T1.T)
    a2 = np.hstack([np.ones((m, 1)), g(z2)])
    z3 = a2.dot(T2.T)
    h = g(z3)
    J = -(y * np.log(h) + (1 - y) * np.log(1 - h)).sum() / m
    J += lam / (2 * m) * ((T1[:, 1:] ** 2).sum() + (T2[:, 1:] ** 2).sum())
    d3 = h - y
    d2 = d3.dot(Theta2[:, 1:]) * g(z2) * (1 - g(z2))
    G1 = d2.T.dot(a1) / m
    G2 = d3.T.dot(a2) / m
    G1[:, 1:] += lam / m * T1[:, 1:]
    G2[:, 1:] += lam / m * T2[:, 1:]
    return J, G1, G2


for it in range(200):
    J, G1, G2 = cost_and_grad(Theta1, Theta2)
    Theta1 = Theta1 - alpha * G1
    Theta2 = Theta2 - alpha * G2
    if it % 50 == 0:
        print(it, J)
