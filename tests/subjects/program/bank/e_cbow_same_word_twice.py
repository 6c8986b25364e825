# truth: line 39 wrong
import numpy as np

text = ('the cat sat on the mat and the dog sat on the rug while the cat saw the dog and the dog saw the cat '
        'on the mat near the rug').split()
vocab = sorted(set(text))
index = {w: i for i, w in enumerate(vocab)}
V, D, window = len(vocab), 10, 2
contexts, centres = [], []
for i in range(window, len(text) - window):
    around = [text[j] for j in range(i - window, i + window + 1) if j != i]
    contexts.append([index[w] for w in around])
    centres.append(index[text[i]])
contexts, centres = np.array(contexts), np.array(centres)

rng = np.random.default_rng(1)
E = rng.normal(scale=0.3, size=(V, D))
O = rng.normal(scale=0.3, size=(D, V))


def softmax(s):
    e = np.exp(s - s.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


lr = 0.5
for epoch in range(200):
    emb = E[contexts]                      # (n, 4, D)
    h = emb.mean(axis=1)
    p = softmax(h @ O)
    n = len(h)
    loss = -np.log(p[np.arange(n), centres]).mean()
    d = p.copy()
    d[np.arange(n), centres] -= 1
    d /= n
    dO = h.T @ d
    dh = d @ O.T
    dE = np.zeros_like(E)
    dE[contexts] += dh[:, None, :] / contexts.shape[1]
    E -= lr * dE
    O -= lr * dO
    if epoch % 50 == 0:
        print(epoch, loss)
