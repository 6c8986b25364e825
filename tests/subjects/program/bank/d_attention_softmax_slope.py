# truth: line 43 wrong
"""One attention head over a bag of 5 tokens; the class is the sign of the token whose flag is up."""
import numpy as np

gen = np.random.default_rng(5)
N, L, D, A = 256, 5, 3, 6
tokens = gen.normal(size=(N, L, D))
flag = gen.integers(0, L, N)
tokens[:, :, 0] = 0
tokens[np.arange(N), flag, 0] = 3
label = (tokens[np.arange(N), flag, 1] > 0).astype(float)

theta = {
    "q": gen.normal(size=A) * 0.5,
    "K": gen.normal(size=(D, A)) * 0.5,
    "V": gen.normal(size=(D, A)) * 0.5,
    "out": gen.normal(size=A) * 0.5,
    "bias": np.zeros(()),
}


def model(th, X):
    keys = X @ th["K"]  # N L A
    vals = X @ th["V"]
    scores = keys @ th["q"] / np.sqrt(A)  # N L
    w = np.exp(scores - scores.max(1, keepdims=True))
    w /= w.sum(1, keepdims=True)
    ctx = np.einsum("nl,nla->na", w, vals)
    hid = np.tanh(ctx)
    prob = 1 / (1 + np.exp(-(hid @ th["out"] + th["bias"])))
    return prob, (keys, vals, w, hid)


def gradients(th, X, y):
    prob, (keys, vals, w, hid) = model(th, X)
    n = len(y)
    d_logit = (prob - y) / n
    g = {"out": hid.T @ d_logit, "bias": d_logit.sum()}
    d_ctx = np.outer(d_logit, th["out"]) * (1 - hid**2)
    d_vals = w[:, :, None] * d_ctx[:, None, :]
    g["V"] = np.einsum("nld,nla->da", X, d_vals)
    d_w = np.einsum("na,nla->nl", d_ctx, vals)
    d_scores = w * d_w
    d_scores = d_scores / np.sqrt(A)
    g["q"] = np.einsum("nl,nla->a", d_scores, keys)
    d_keys = d_scores[:, :, None] * th["q"]
    g["K"] = np.einsum("nld,nla->da", X, d_keys)
    return g, prob


for it in range(400):
    g, prob = gradients(theta, tokens, label)
    for k in theta:
        theta[k] = theta[k] - 1.0 * g[k]
    if it % 50 == 0:
        nll = -np.mean(label * np.log(prob) + (1 - label) * np.log(1 - prob))
        print(it, round(float(nll), 4), np.mean((prob > 0.5) == (label > 0.5)))
