# truth: line 60 wrong
import numpy as np

gen = np.random.default_rng(2024)

# two interleaved rings of four classes in 2D
n = 600
radius = gen.uniform(0, 2, n)
angle = gen.uniform(0, 2 * np.pi, n)
data = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
target = (np.floor(radius * 2).astype(int) + (np.sin(2 * angle) > 0)) % 4
train_x, train_y = data[:450], target[:450]
valid_x, valid_y = data[450:], target[450:]

width, blocks, classes = 24, 4, 4

stem = gen.standard_normal((2, width)) / np.sqrt(2)
stem_b = np.zeros(width)
inner = [gen.standard_normal((width, width)) * np.sqrt(1 / width) for _ in range(blocks)]
inner_b = [np.zeros(width) for _ in range(blocks)]
head = gen.standard_normal((width, classes)) / np.sqrt(width)
head_b = np.zeros(classes)


def forward(x):
    pre = x @ stem + stem_b
    h = np.tanh(pre)
    states, branches = [h], []
    for W, b in zip(inner, inner_b):
        a = np.tanh(h @ W + b)
        h = h + a
        branches.append(a)
        states.append(h)
    logits = h @ head + head_b
    return logits, states, branches


def softmax(z):
    z = np.exp(z - z.max(1, keepdims=True))
    return z / z.sum(1, keepdims=True)


def backward(x, d_logits, states, branches):
    g_head = states[-1].T @ d_logits
    g_head_b = d_logits.sum(0)
    dh = d_logits @ head.T
    g_inner, g_inner_b = [None] * blocks, [None] * blocks
    for k in reversed(range(blocks)):
        da = dh * (1 - branches[k] ** 2)
        g_inner[k] = states[k].T @ da
        g_inner_b[k] = da.sum(0)
        dh = dh + da @ inner[k].T
    dpre = dh * (1 - states[0] ** 2)
    return x.T @ dpre, dpre.sum(0), g_inner, g_inner_b, g_head, g_head_b


lr, mu, bs = 0.05, 0.9, 50
vel_stem, vel_stem_b = np.zeros_like(stem), np.zeros_like(stem_b)
vel_head, vel_head_b = np.zeros_like(head), np.zeros_like(head_b)
vel_inner = [np.zeros((width, width))] * blocks
vel_inner_b = [np.zeros(width) for _ in range(blocks)]


def apply(param, velocity, gradient):
    velocity *= mu
    velocity -= lr * gradient
    param += velocity


for epoch in range(1, 121):
    perm = gen.permutation(len(train_x))
    total = 0
    for at in range(0, len(perm), bs):
        pick = perm[at:at + bs]
        x, y = train_x[pick], train_y[pick]
        logits, states, branches = forward(x)
        prob = softmax(logits)
        total -= np.log(prob[np.arange(len(y)), y] + 1e-12).sum()
        prob[np.arange(len(y)), y] -= 1
        gs, gsb, gi, gib, gh, ghb = backward(x, prob / len(y), states, branches)
        apply(stem, vel_stem, gs)
        apply(stem_b, vel_stem_b, gsb)
        for k in range(blocks):
            apply(inner[k], vel_inner[k], gi[k])
            apply(inner_b[k], vel_inner_b[k], gib[k])
        apply(head, vel_head, gh)
        apply(head_b, vel_head_b, ghb)
    if epoch % 20 == 0:
        va = (forward(valid_x)[0].argmax(1) == valid_y).mean()
        print(f"{epoch:4d} train loss {total / len(train_x):.4f} valid acc {va:.3f}")
