# truth: line 66 lost-steps
"""word2vec (skip-gram, negative sampling) on a made-up corpus with plain numpy"""
import numpy as np

rng = np.random.default_rng(99)

topics = {
    'food': ['bread', 'cheese', 'soup', 'apple', 'cook', 'spoon'],
    'sea': ['ship', 'wave', 'harbour', 'sail', 'storm', 'anchor'],
    'music': ['violin', 'song', 'drum', 'choir', 'melody', 'stage'],
}
words = [w for ws in topics.values() for w in ws]
word2id = {w: i for i, w in enumerate(words)}
label = np.array([k for k, ws in enumerate(topics.values()) for _ in ws])
V, dim = len(words), 10

# each sentence speaks of one topic, now and then a word from elsewhere slips in
sentences = []
names = list(topics)
for _ in range(150):
    ws = topics[names[rng.integers(3)]]
    sentences.append([word2id[rng.choice(ws)] if rng.random() < 0.9 else int(rng.integers(V))
                      for _ in range(8)])

window = 2
pairs = np.array([(s[i], s[j])
                  for s in sentences for i in range(len(s))
                  for j in range(max(0, i - window), min(len(s), i + window + 1)) if j != i])
print(len(pairs), "pairs")

W_in = (rng.random((V, dim)) - 0.5) / dim
W_out = np.zeros((V, dim))


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


def purity():
    E = W_in / np.linalg.norm(W_in, axis=1, keepdims=True)
    S = E @ E.T
    np.fill_diagonal(S, -9)
    near = np.argsort(-S, axis=1)[:, :5]
    return (label[near] == label[:, None]).mean()


lr, K, bs = 0.01, 5, 256
for epoch in range(16):
    rng.shuffle(pairs)
    total = 0.0
    for k in range(0, len(pairs), bs):
        centre, context = pairs[k:k + bs, 0], pairs[k:k + bs, 1]
        n = len(centre)
        out_ids = np.concatenate([context[:, None], rng.integers(0, V, (n, K))], axis=1)
        target = np.zeros((n, K + 1))
        target[:, 0] = 1

        v = W_in[centre]                          # (n, dim)
        u = W_out[out_ids]                        # (n, K+1, dim)
        score = sigmoid(np.einsum('nd,nkd->nk', v, u))
        total -= np.sum(np.log(np.where(target == 1, score, 1 - score) + 1e-12))

        g = score - target
        grad_v = np.einsum('nk,nkd->nd', g, u)
        grad_u = g[:, :, None] * v[:, None, :]
        W_in[centre] -= lr * grad_v
        np.subtract.at(W_out, out_ids, lr * grad_u)
    if epoch % 3 == 0:
        print("epoch %2d  loss %.4f  neighbours of same topic %.2f" % (epoch, total / len(pairs), purity()))

for w in ('cheese', 'storm', 'drum'):
    q = W_in[word2id[w]]
    sim = W_in @ q / np.linalg.norm(W_in, axis=1)
    print(w, '->', [words[i] for i in np.argsort(-sim)[1:4]])
