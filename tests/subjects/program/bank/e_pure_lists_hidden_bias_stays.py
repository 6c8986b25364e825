# truth: line 25 missing-update
import math
import random

random.seed(8)


def sig(v):
    return 1.0 / (1.0 + math.exp(-v))


N_IN, N_HID, N_OUT = 2, 4, 1
w_ih = [[random.gauss(0, 1) for _ in range(N_IN)] for _ in range(N_HID)]
b_h = [random.gauss(0, 1) for _ in range(N_HID)]
w_ho = [[random.gauss(0, 1) for _ in range(N_HID)] for _ in range(N_OUT)]
b_o = [random.gauss(0, 1) for _ in range(N_OUT)]
lr = 0.5


def predict(x):
    hidden = []
    for j in range(N_HID):
        s = b_h[j]
        for i in range(N_IN):
            s += w_ih[j][i] * x[i]
        hidden.append(sig(s))
    outputs = []
    for k in range(N_OUT):
        s = b_o[k]
        for j in range(N_HID):
            s += w_ho[k][j] * hidden[j]
        outputs.append(sig(s))
    return hidden, outputs


def learn(x, target):
    hidden, outputs = predict(x)
    delta_o = [(outputs[k] - target[k]) * outputs[k] * (1 - outputs[k]) for k in range(N_OUT)]
    delta_h = []
    for j in range(N_HID):
        back = sum(delta_o[k] * w_ho[k][j] for k in range(N_OUT))
        delta_h.append(back * hidden[j] * (1 - hidden[j]))
    for k in range(N_OUT):
        for j in range(N_HID):
            w_ho[k][j] -= lr * delta_o[k] * hidden[j]
        b_o[k] -= lr * delta_o[k]
    for j in range(N_HID):
        for i in range(N_IN):
            w_ih[j][i] -= lr * delta_h[j] * x[i]
    return sum((o - t) ** 2 for o, t in zip(outputs, target))


patterns = [([a, b], [float(a + b > 1.1)]) for a in (0.0, 0.3, 0.6, 0.9) for b in (0.1, 0.4, 0.7, 1.0)]
for epoch in range(150):
    random.shuffle(patterns)
    err = sum(learn(x, t) for x, t in patterns)
    if epoch % 50 == 0:
        print('error', err)
