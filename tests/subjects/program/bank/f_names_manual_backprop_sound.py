# truth: none
# character model of names, backprop through every little step by hand
import numpy as np

g = np.random.default_rng(2147483647)
first = ['ma', 'lu', 'ka', 'jo', 'be', 'ri', 'so', 'ti']
second = ['ri', 'na', 'le', 'mo', 'vi']
third = ['a', 'na', 'ne', 'us', 'el', 'n']
words = [str(g.choice(first)) + str(g.choice(second)) + str(g.choice(third)) for _ in range(500)]

chars = sorted(set(''.join(words)))
stoi = {s: i + 1 for i, s in enumerate(chars)}
stoi['.'] = 0
itos = {i: s for s, i in stoi.items()}
vocab_size = len(stoi)
block_size = 3


def build_dataset(ws):
    X, Y = [], []
    for w in ws:
        context = [0] * block_size
        for ch in w + '.':
            ix = stoi[ch]
            X.append(context)
            Y.append(ix)
            context = context[1:] + [ix]
    return np.array(X), np.array(Y)


Xtr, Ytr = build_dataset(words[:400])
Xdev, Ydev = build_dataset(words[400:])

n_embd, n_hidden = 6, 48
C = g.normal(size=(vocab_size, n_embd))
W1 = g.normal(size=(n_embd * block_size, n_hidden)) * (5 / 3) / (n_embd * block_size) ** 0.5
b1 = g.normal(size=n_hidden) * 0.1
W2 = g.normal(size=(n_hidden, vocab_size)) * 0.1
b2 = g.normal(size=vocab_size) * 0.1
parameters = [C, W1, b1, W2, b2]
print('parameters:', sum(p.size for p in parameters))


def dev_loss():
    emb = C[Xdev].reshape(len(Xdev), -1)
    logits = np.tanh(emb @ W1 + b1) @ W2 + b2
    logits = logits - logits.max(1, keepdims=True)
    logprobs = logits - np.log(np.exp(logits).sum(1, keepdims=True))
    return -logprobs[np.arange(len(Ydev)), Ydev].mean()


batch_size = n = 32
for i in range(4001):
    ix = g.integers(0, len(Xtr), batch_size)
    Xb, Yb = Xtr[ix], Ytr[ix]

    # forward in small pieces
    emb = C[Xb]
    embcat = emb.reshape(n, -1)
    hpreact = embcat @ W1 + b1
    h = np.tanh(hpreact)
    logits = h @ W2 + b2
    logit_maxes = logits.max(1, keepdims=True)
    norm_logits = logits - logit_maxes
    counts = np.exp(norm_logits)
    counts_sum = counts.sum(1, keepdims=True)
    counts_sum_inv = counts_sum ** -1
    probs = counts * counts_sum_inv
    logprobs = np.log(probs)
    loss = -logprobs[range(n), Yb].mean()

    # backward
    dlogprobs = np.zeros_like(logprobs)
    dlogprobs[range(n), Yb] = -1.0 / n
    dprobs = (1.0 / probs) * dlogprobs
    dcounts_sum_inv = (counts * dprobs).sum(1, keepdims=True)
    dcounts = counts_sum_inv * dprobs
    dcounts_sum = (-counts_sum ** -2) * dcounts_sum_inv
    dcounts += np.ones_like(counts) * dcounts_sum
    dnorm_logits = counts * dcounts
    dlogits = dnorm_logits.copy()
    dlogit_maxes = (-dnorm_logits).sum(1, keepdims=True)
    dlogits[range(n), logits.argmax(1)] += dlogit_maxes[:, 0]
    dh = dlogits @ W2.T
    dW2 = h.T @ dlogits
    db2 = dlogits.sum(0)
    dhpreact = (1.0 - h ** 2) * dh
    dembcat = dhpreact @ W1.T
    dW1 = embcat.T @ dhpreact
    db1 = dhpreact.sum(0)
    demb = dembcat.reshape(emb.shape)
    dC = np.zeros_like(C)
    for k in range(Xb.shape[0]):
        for j in range(Xb.shape[1]):
            dC[Xb[k, j]] += demb[k, j]

    lr = 0.2 if i < 3000 else 0.02
    for p, grad in zip(parameters, [dC, dW1, db1, dW2, db2]):
        p += -lr * grad
    if i % 800 == 0:
        print('%5d: batch loss %.4f, dev loss %.4f' % (i, loss, dev_loss()))

for _ in range(5):
    out, context = [], [0] * block_size
    while len(out) < 12:
        logits = np.tanh(C[context].reshape(1, -1) @ W1 + b1) @ W2 + b2
        pr = np.exp(logits - logits.max())
        pick = int(g.choice(vocab_size, p=(pr / pr.sum())[0]))
        if pick == 0:
            break
        out.append(itos[pick])
        context = context[1:] + [pick]
    print(''.join(out))
