# truth: line 39 wrong
import numpy as np
from collections import Counter

corpus = """the king rules the land and the queen rules the land
the dog chases the cat and the cat chases the mouse
the king loves the queen and the queen loves the king
a dog eats meat and a cat eats fish and a mouse eats cheese
the queen wears a crown and the king wears a crown
the cat drinks milk and the dog drinks water""".split()

np.random.seed(42)
counts = Counter(corpus)
vocab = sorted(counts)
word2idx = {w: i for i, w in enumerate(vocab)}
V, dim, window, K = len(vocab), 12, 2, 4
freq = np.array([counts[w] for w in vocab]) ** 0.75
freq /= freq.sum()

W_in = np.random.uniform(-0.5, 0.5, (V, dim))
W_out = np.random.uniform(-0.5, 0.5, (V, dim))
lr = 0.05


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def train_pair(center, context):
    v = W_in[center]
    targets = [context] + list(np.random.choice(V, K, p=freq))
    neu1e = np.zeros(dim)
    loss = 0.0
    for i, t in enumerate(targets):
        label = 1.0 if i == 0 else 0.0
        score = sigmoid(np.dot(v, W_out[t]))
        loss -= np.log(score if label else 1 - score)
        g = (score - label)
        neu1e += g * v
        W_out[t] -= lr * g * v
    W_in[center] -= lr * neu1e
    return loss


ids = [word2idx[w] for w in corpus]
for epoch in range(40):
    total, pairs = 0.0, 0
    for pos, center in enumerate(ids):
        for off in range(-window, window + 1):
            if off == 0 or not 0 <= pos + off < len(ids):
                continue
            total += train_pair(center, ids[pos + off])
            pairs += 1
    if epoch % 10 == 9:
        print("epoch", epoch + 1, "loss per pair", total / pairs)


def nearest(word, n=3):
    v = W_in[word2idx[word]]
    sims = W_in @ v / (np.linalg.norm(W_in, axis=1) * np.linalg.norm(v))
    return [vocab[i] for i in np.argsort(-sims)[1:n + 1]]


print("king:", nearest("king"), "dog:", nearest("dog"))
