"""Programs whose error is nowhere a difference, or is wrong where it begins; and how derivatives are put together."""

from __future__ import annotations

import pytest

from whynet.subjects.program.xray import examine

DENSITY = """
import numpy as np
rng = np.random.default_rng(0)
x = rng.normal(size=(40, 2))
t = x @ np.array([[1.0], [-0.5]]) + rng.normal(size=(40, 1))
W, b = rng.normal(size=(2, 3)) * 0.1, np.array([-1.0, 0.0, 1.0])
for step in range(80):
    mu = x @ W + b
    part = np.exp(-0.5 * (t - mu) ** 2)
    total = part.sum(1, keepdims=True)
    loss = -np.log(total).mean()
    d = part / total * (mu - t) / 40
    W -= 0.1 * x.T @ d
    b -= 0.1 * {bias}
"""
TWINS = """
import numpy as np
rng = np.random.default_rng(0)
W = rng.normal(size=(3, 2)) * 0.5
for step in range(80):
    a, p, n = rng.normal(size=(3, 20, 3))
    ea, ep, en = np.tanh(a @ W), np.tanh(p @ W), np.tanh(n @ W)
    hinge = np.maximum(0, ((ea - ep) ** 2).sum(1) - ((ea - en) ** 2).sum(1) + 1)
    loss = hinge.mean()
    on = (hinge > 0)[:, None] / 20
    da = 2 * {anchor} * on
    dp = 2 * (ep - ea) * on
    dn = 2 * (ea - en) * on
    gW = a.T @ (da * (1 - ea ** 2)) + p.T @ (dp * (1 - ep ** 2)) + n.T @ (dn * (1 - en ** 2))
    W -= 0.1 * gW
"""
LOGISTIC = """
import numpy as np
rng = np.random.default_rng(0)
X = rng.normal(size=(3, 60))
Y = (X[:1] - X[1:2] > 0) * 1.0
W, b = rng.normal(size=(1, 3)) * 0.1, np.zeros((1, 1))
for step in range(80):
    A = 1 / (1 + np.exp(-(W @ X + b)))
    cost = np.squeeze(-np.dot(Y, np.log(A).T) - np.dot(1 - Y, np.log(1 - A).T)) / 60
    dA = -(Y / A {sign} (1 - Y) / (1 - A))
    dZ = dA * A * (1 - A)
    W = W - 0.1 * dZ @ X.T / 60
    b = b - 0.1 * dZ.sum(axis=1, keepdims=True) / 60
"""
SWINGING = """
import numpy as np
rng = np.random.default_rng(0)
place, speed = rng.normal(size=(20, 2)), rng.normal(size=(20, 2))
mass = rng.uniform(1, 2, size=(20, 1))
for moment in range(80):
    force = -place
    speed = speed + 0.01 * force / mass
    place = place + 0.01 * speed
    energy = 0.5 * np.sum(mass * speed ** 2) + 0.5 * np.sum(place ** 2)
"""
CLOSURE = """
import numpy as np
rng = np.random.default_rng(0)
def layer(n):
    W = rng.normal(size=(n, n)) / np.sqrt(n)
    seen = {{}}
    def forward(x):
        seen["x"] = x
        return np.tanh(x @ W)
    def backward(g, out):
        g = g * (1 - out ** 2)
        back = g @ {weights}
        W[...] -= 0.1 * seen["x"].T @ g
        return back
    return forward, backward
first, second = layer(4), layer(4)
X = rng.normal(size=(30, 4))
y = np.tanh(X[:, ::-1] * 2)
for step in range(80):
    h = first[0](X)
    out = second[0](h)
    g = second[1]((out - y) / 30, out)
    first[1](g, h)
"""
ADAM = """
import numpy as np
rng = np.random.default_rng(0)
X = rng.normal(size=(30, 4))
y = X @ rng.normal(size=(4, 3))
W, b = rng.normal(size=(4, 3)) * 0.1, np.zeros(3)
m, v = [np.zeros_like(W), np.zeros_like(b)], [np.zeros_like(W), np.zeros_like(b)]
for t in range(1, 80):
    e = X @ W + b - y
    for i, (p, g) in enumerate(zip((W, b), (X.T @ e / 30, e.sum(0) / 30))):
        m[i] = {decay} * m[i] + (1 - {decay}) * g
        v[i] = 0.999 * v[i] + 0.001 * g * g
        mh = m[i] / (1 - {base} ** t)
        vh = v[i] / (1 - 0.999 ** t)
        p -= 0.01 * mh / ({root}(vh) + 1e-8)
"""
RECURRENT = """
import numpy as np
rng = np.random.default_rng(0)
U, V, o = rng.normal(size=(2, 4)), rng.normal(size=(2, 4)), rng.normal(size=(4, 1))
X = rng.normal(size=(30, 3, 2))
y = X[:, 0, :1] * X[:, 2, 1:]
for step in range(80):
    h, kept = np.zeros((30, 4)), []
    for t in range(3):
        z, c = 1 / (1 + np.exp(-X[:, t] @ U)), np.tanh(X[:, t] @ V)
        kept.append((h, z, c))
        h = (1 - z) * h + z * c
    e = (h @ o - y) / 30
    do, dh = h.T @ e, e @ o.T
    dU, dV = np.zeros_like(U), np.zeros_like(V)
    for t in reversed(range(3)):
        before, z, c = kept[t]
        dU += X[:, t].T @ (dh * (c - before) * z * (1 - z))
        dV += X[:, t].T @ (dh * z * (1 - c ** 2))
        dh = {carry}
    U -= 0.1 * dU
    V -= 0.1 * dV
    o -= 0.1 * do
"""
MANY = """
import numpy as np
rng = np.random.default_rng(0)
W, b = rng.normal(size=(4, 2)) * 0.1, np.zeros(2)
X, y = rng.normal(size=(200, 4)), rng.normal(size=(200, 2))
def train(x, t):
    global W, b
    e = (x @ W + b - t) / 10
    loss = (e ** 2).mean()
    W -= 0.1 * x.T @ e
    b -= 0.1 * e.sum(0)
    return loss
for epoch in range(80):
    train(X[:10], y[:10])
    train(X[10:20], y[10:20])
    train(X[20:30], y[20:30])
"""
FADING = """
import numpy as np
rng = np.random.default_rng(0)
X = rng.normal(size=(300, 2))
y, w, lr = X @ np.array([[1.0], [-2.0]]), np.zeros((2, 1)), 0.1
for epoch in range(20):
    for i in range(0, 300, 10):
        x, t = X[i:i + 10], y[i:i + 10]
        w -= lr * x.T @ (x @ w - t) / 10
        {inside}
    {outside}
"""
TAGS = """
import numpy as np
rng = np.random.default_rng(0)
X = rng.normal(size=(40, 5))
y = {targets}
W, b = rng.normal(size=(5, 4)) * 0.1, np.zeros(4)
for step in range(80):
    z = X @ W + b
    e = np.exp(z - z.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    d = (p - y) / 40
    W -= 0.1 * X.T @ d
    b -= 0.1 * d.sum(axis=0)
"""
ORDER = """
import numpy as np
rng = np.random.default_rng(0)
K, w = rng.normal(size=(3, 4)) * 0.5, rng.normal(size=(18, 1)) * 0.2
cols = rng.normal(size=(4, 180))
y = rng.normal(size=(30, 1))
for step in range(80):
    out = (K @ cols).reshape(3, 6, 30).transpose(2, 0, 1)
    a = np.tanh(out)
    e = (a.reshape(30, -1) @ w - y) / 30
    dout = (e @ w.T).reshape(a.shape) * (1 - a ** 2)
    dw = a.reshape(30, -1).T @ e
    flat = dout{turned}.reshape(3, -1)
    K -= 0.1 * flat @ cols.T
    w -= 0.1 * dw
"""


def told(program, text):
    path = program / "train.py"
    path.write_text(text)
    return examine(path, echo=False)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (DENSITY.format(bias="d.sum(0)"), None),
        (DENSITY.format(bias="d.mean()"), 14),
        (TWINS.format(anchor="(en - ep)"), None),
        (TWINS.format(anchor="(ep - en)"), 11),
        (LOGISTIC.format(sign="-"), None),
        (LOGISTIC.format(sign="+"), 10),
        (SWINGING, None),
        (CLOSURE.format(weights="W.T"), None),
        (CLOSURE.format(weights="W"), 12),
        (ADAM.format(decay=0.9, base=0.9, root="np.sqrt"), None),
        (ADAM.format(decay=0.9, base=0.9, root=""), 15),
        (ADAM.format(decay=0.999, base=0.9, root="np.sqrt"), 11),
        (ADAM.format(decay=0.9, base=0.999, root="np.sqrt"), 13),
        (RECURRENT.format(carry="dh * (1 - z)"), None),
        (RECURRENT.format(carry="dh * z"), 20),
        (MANY, None),
        (TAGS.format(targets="np.eye(4)[X[:, :4].argmax(axis=1)]"), None),
        (TAGS.format(targets="(X[:, :4] > 0) * 1.0"), 10),
        (FADING.format(inside="pass", outside="lr *= 0.9"), None),
        (FADING.format(inside="lr *= 0.9", outside="pass"), 10),
        (ORDER.format(turned=".transpose(1, 2, 0)"), None),
        (ORDER.format(turned=""), 13),
    ],
)
def test_the_first_wrong_line(tmp_path, text, line):
    found = told(tmp_path, text)
    assert (found.first.line if found.first else None) == line


def test_what_has_a_cost_and_no_target_is_a_training(tmp_path):
    assert told(tmp_path, DENSITY.format(bias="d.sum(0)")).right == ["W", "b"]
    assert told(tmp_path, SWINGING).loop_line == 0


def test_layers_that_functions_keep_are_parameters(tmp_path):
    assert len(told(tmp_path, CLOSURE.format(weights="W.T")).right) == 2
