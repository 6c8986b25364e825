# truth: line 45 derivative-wrong
# iris-like flowers, plain lists only
from math import exp, log
from random import Random

R = Random(4)
MEANS = [(5.0, 3.4, 1.5, 0.2), (5.9, 2.8, 4.3, 1.3), (6.6, 3.0, 5.6, 2.0)]
rows = []
for label, mean in enumerate(MEANS):
    for _ in range(30):
        rows.append(([(R.gauss(m, 0.3) - 3) / 2 for m in mean], label))
R.shuffle(rows)

hidden_w = [[R.uniform(-0.5, 0.5) for _ in range(4)] for _ in range(6)]
hidden_b = [0.0] * 6
out_w = [[R.uniform(-0.5, 0.5) for _ in range(6)] for _ in range(3)]
out_b = [0.0] * 3


def dot(a, b):
    return sum(p * q for p, q in zip(a, b))


def softmax(v):
    top = max(v)
    e = [exp(a - top) for a in v]
    s = sum(e)
    return [a / s for a in e]


def sigmoid(a):
    return 1 / (1 + exp(-a))


def train(lr):
    loss, right = 0.0, 0
    for x, label in rows:
        h = [sigmoid(dot(w, x) + b) for w, b in zip(hidden_w, hidden_b)]
        probs = softmax([dot(w, h) + b for w, b in zip(out_w, out_b)])
        loss -= log(probs[label])
        right += probs.index(max(probs)) == label
        d_out = []
        for k in range(3):
            target = 1.0 if k == label else 0.0
            d_out.append((probs[k] - target) * probs[k] * (1 - probs[k]))
        d_hid = []
        for j in range(6):
            back = sum(d_out[k] * out_w[k][j] for k in range(3))
            d_hid.append(back * h[j] * (1 - h[j]))
        for k in range(3):
            for j in range(6):
                out_w[k][j] -= lr * d_out[k] * h[j]
            out_b[k] -= lr * d_out[k]
        for j in range(6):
            for i in range(4):
                hidden_w[j][i] -= lr * d_hid[j] * x[i]
            hidden_b[j] -= lr * d_hid[j]
    return loss / len(rows), right / len(rows)


for epoch in range(40):
    print(epoch, *train(0.1))
