# truth: none
import numpy as np

np.random.seed(40)
corpus = "the cat sat on the mat the dog sat on the rug a cat and a dog".split()
vocab = sorted(set(corpus))
index = {w: i for i, w in enumerate(vocab)}
V, N = len(vocab), 8
U = np.random.uniform(-0.8, 0.8, (V, N))
W = np.random.uniform(-0.8, 0.8, (N, V))


def one_hot(i):
    v = np.zeros(V)
    v[i] = 1
    return v


pairs = []
for i, word in enumerate(corpus):
    around = [one_hot(index[corpus[j]]) for j in range(max(0, i - 2), min(len(corpus), i + 3)) if j != i]
    pairs.append((one_hot(index[word]), around))


def softmax(x):
    e = np.exp(x - np.max(x))
    return e / e.sum(axis=0)


for epoch in range(15):
    loss = 0
    for word, around in pairs:
        h = np.dot(U.T, word)
        u = np.dot(W.T, h)
        p = softmax(u)
        EI = np.sum([np.subtract(p, c) for c in around], axis=0)
        dW = np.outer(h, EI)
        dU = np.outer(word, np.dot(W, EI.T))
        W = W - 0.05 * dW
        U = U - 0.05 * dU
    print(epoch)
