# truth: line 53 wrong
import numpy as np

rng = np.random.RandomState(17)
imgs = rng.rand(40, 3, 6, 6)
lab = rng.randint(0, 3, 40)
for i in range(40):
    imgs[i, lab[i]] += 0.4


def relu(v):
    return np.maximum(v, 0)


W1 = rng.randn(4, 3, 3, 3) * 0.2
b1 = np.zeros(4)
W2 = rng.randn(3, 4 * 4 * 4) * 0.1
b2 = np.zeros((3, 1))
alpha = 0.05

for epoch in range(3):
    total = 0.
    for start in range(0, 40, 8):
        x = imgs[start:start + 8]
        t = lab[start:start + 8]
        m = x.shape[0]
        Z1 = np.zeros((m, 4, 4, 4))
        for n in range(m):
            for f in range(4):
                for h in range(4):
                    for w in range(4):
                        Z1[n, f, h, w] = (x[n, :, h:h + 3, w:w + 3] * W1[f]).sum() + b1[f]
        A1 = relu(Z1)
        flat = A1.reshape(m, -1).T
        Z2 = np.dot(W2, flat) + b2
        E = np.exp(Z2 - np.max(Z2, axis=0))
        A2 = E / np.sum(E, axis=0)
        total += -np.sum(np.log(A2[t, np.arange(m)]))

        dZ2 = A2.copy()
        dZ2[t, np.arange(m)] -= 1
        dZ2 /= m
        dW2 = np.dot(dZ2, flat.T)
        db2 = dZ2.sum(axis=1, keepdims=True)
        dA1 = np.dot(W2.T, dZ2).T.reshape(A1.shape)
        dZ1 = dA1 * (Z1 > 0)
        dW1 = np.zeros(W1.shape)
        db1 = np.zeros(b1.shape)
        for n in range(m):
            for f in range(4):
                for h in range(4):
                    for w in range(4):
                        dW1[f] = x[n, :, h:h + 3, w:w + 3] * dZ1[n, f, h, w]
                        db1[f] += dZ1[n, f, h, w]
        W1 = W1 - alpha * dW1
        b1 = b1 - alpha * db1
        W2 = W2 - alpha * dW2
        b2 = b2 - alpha * db2
    print('epoch', epoch, 'cost', total / 40)
