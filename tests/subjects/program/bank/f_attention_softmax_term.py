# truth: line 53 wrong
"""Attention by hand (no torch): find the pair whose key equals the query and say its value."""
import numpy as np

np.random.seed(8)
n_keys, n_vals, T, d = 8, 5, 6, 16
D_tok = n_keys + n_vals + 1


def get_batch(B):
    tok = np.zeros((B, T, D_tok))
    query = np.zeros((B, n_keys))
    label = np.zeros(B, dtype=int)
    for b in range(B):
        keys = np.random.permutation(n_keys)[:T]
        vals = np.random.randint(0, n_vals, T)
        tok[b, :, -1] = 1
        tok[b, range(T), keys] = 1
        tok[b, range(T), n_keys + vals] = 1
        pos = np.random.randint(T)
        query[b, keys[pos]] = 1
        label[b] = vals[pos]
    return tok, query, label


def init(a, b):
    return np.random.randn(a, b) / np.sqrt(a)


Wq, Wk, Wv, Wo = init(n_keys, d), init(D_tok, d), init(D_tok, d), init(d, n_vals)


def softmax(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def forward(tok, query):
    q = query @ Wq                                     # (B, d)
    k = tok @ Wk                                       # (B, T, d)
    v = tok @ Wv                                       # (B, T, d)
    att = softmax(np.einsum('bd,btd->bt', q, k) / np.sqrt(d))
    ctx = np.einsum('bt,btd->bd', att, v)
    return ctx @ Wo, (q, k, v, att, ctx)


def backward(dlogits, tok, query, cache):
    q, k, v, att, ctx = cache
    dWo = ctx.T @ dlogits
    dctx = dlogits @ Wo.T
    datt = np.einsum('bd,btd->bt', dctx, v)
    dv = att[:, :, None] * dctx[:, None, :]
    ds = att * datt
    ds = ds / np.sqrt(d)
    dq = np.einsum('bt,btd->bd', ds, k)
    dk = ds[:, :, None] * q[:, None, :]
    dWq = query.T @ dq
    dWk = np.einsum('bti,btd->id', tok, dk)
    dWv = np.einsum('bti,btd->id', tok, dv)
    return dWq, dWk, dWv, dWo


lr, B = 0.2, 64
for step in range(701):
    tok, query, label = get_batch(B)
    logits, cache = forward(tok, query)
    p = softmax(logits)
    loss = -np.log(p[np.arange(B), label]).mean()
    acc = (logits.argmax(axis=1) == label).mean()
    p[np.arange(B), label] -= 1
    grads = backward(p / B, tok, query, cache)
    for W, g in zip((Wq, Wk, Wv, Wo), grads):
        W -= lr * g
    if step % 100 == 0:
        print('step', step, 'loss %.4f acc %.3f' % (loss, acc), 'sharpest %.2f' % cache[3].max(axis=1).mean())
