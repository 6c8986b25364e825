# truth: line 40 never-cleared
import numpy as np

rand = np.random.default_rng(12)
X = rand.normal(size=(500, 6))
classes = np.argmax(X @ rand.normal(size=(6, 4)) + 0.3 * np.sin(3 * X[:, :4]), axis=1)
ONE_HOT = np.eye(4)[classes]


def minibatches(size):
    idx = rand.permutation(len(X))
    for start in range(0, len(X), size):
        chosen = idx[start : start + size]
        yield X[chosen], ONE_HOT[chosen]


weights = [rand.normal(0, 0.4, (6, 16)), rand.normal(0, 0.25, (16, 4))]
biases = [np.zeros(16), np.zeros(4)]
grad_w = [np.zeros_like(w) for w in weights]
grad_b = [np.zeros_like(b) for b in biases]


def forward(x):
    acts = [x]
    acts.append(np.maximum(x @ weights[0] + biases[0], 0))
    scores = acts[-1] @ weights[1] + biases[1]
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    acts.append(e / e.sum(axis=1, keepdims=True))
    return acts


epoch = 0
while epoch < 15:
    hits = 0
    for xb, tb in minibatches(25):
        acts = forward(xb)
        hits += (acts[-1].argmax(1) == tb.argmax(1)).sum()
        delta = (acts[-1] - tb) / len(xb)
        for layer in (1, 0):
            grad_w[layer] += acts[layer].T @ delta
            grad_b[layer] += delta.sum(axis=0)
            if layer:
                delta = (delta @ weights[layer].T) * (acts[layer] > 0)
        for layer in (0, 1):
            weights[layer] -= 0.1 * grad_w[layer]
            biases[layer] -= 0.1 * grad_b[layer]
    epoch += 1
    print(epoch, hits / len(X))
