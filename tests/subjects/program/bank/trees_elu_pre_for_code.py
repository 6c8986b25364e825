# truth: line 24 wrong-operand
import numpy as np


def make(seed=0):
    r = np.random.RandomState(seed)
    return {"enc": {"W": r.randn(7, 10) * 0.3, "b": r.randn(10) * 0.01}, "head": {"W": r.randn(10, 3) * 0.3, "b": r.randn(3) * 0.01}}


def model(theta, x):
    pre = np.add(np.matmul(x, theta["enc"]["W"]), theta["enc"]["b"])
    code = np.where(pre > 0, pre, np.expm1(np.minimum(pre, 0)))
    return pre, code, np.add(np.matmul(code, theta["head"]["W"]), theta["head"]["b"])


def gradients(theta, x, y):
    pre, code, out = model(theta, x)
    weight = 1.0 / y.size
    d_out = np.multiply(np.subtract(out, y), 2 * weight)
    d_code = np.matmul(d_out, theta["head"]["W"].transpose())
    d_pre = np.multiply(d_code, np.where(pre > 0, 1.0, np.exp(np.minimum(pre, 0))))
    return {
        "enc": {"W": np.matmul(x.transpose(), d_pre), "b": d_pre.sum(0)},
        "head": {"W": np.matmul(pre.transpose(), d_out), "b": d_out.sum(0)},
    }


def tree(f, *trees):
    if isinstance(trees[0], dict):
        return {k: tree(f, *[t[k] for t in trees]) for k in trees[0]}
    return f(*trees)


def train(steps=120):
    r = np.random.RandomState(1)
    x = r.randn(48, 7)
    y = np.sin(x[:, :3]) + x[:, 3:6]
    theta = make()
    speed = tree(np.zeros_like, theta)
    for step in range(steps):
        grads = gradients(theta, x, y)
        speed = tree(lambda s, g: 0.9 * s + g, speed, grads)
        theta = tree(lambda p, s: p - 0.05 * s, theta, speed)
        if step % 40 == 0:
            print(step, np.mean((model(theta, x)[2] - y) ** 2))


train()
