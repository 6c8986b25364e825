# truth: line 33 wrong
import numpy as np

np.random.seed(0)
N, D, K = 30, 2, 3
X = np.random.randn(N * K, D)
y = np.repeat(np.arange(K), N)
X += 2 * np.array([[np.cos(2 * k), np.sin(2 * k)] for k in y])
h = 10
W = 0.1 * np.random.randn(D, h)
b = np.zeros((1, h))
W2 = 0.1 * np.random.randn(h, K)
b2 = np.zeros((1, K))
step_size = 0.5
reg = 1e-3
num_examples = X.shape[0]
vW, vb, vW2, vb2 = 0 * W, 0 * b, 0 * W2, 0 * b2
for i in range(300):
    hidden_layer = np.maximum(0, np.dot(X, W) + b)
    scores = np.dot(hidden_layer, W2) + b2
    exp_scores = np.exp(scores)
    probs = exp_scores / np.sum(exp_scores, axis=1, keepdims=True)
    correct_logprobs = -np.log(probs[range(num_examples), y])
    loss = np.sum(correct_logprobs) / num_examples + 0.5 * reg * np.sum(W * W) + 0.5 * reg * np.sum(W2 * W2)
    if i % 100 == 0:
        print("iteration %d: loss %f" % (i, loss))
    dscores = probs
    dscores[range(num_examples), y] -= 1
    dscores /= num_examples
    dW2 = np.dot(hidden_layer.T, dscores)
    db2 = np.sum(dscores, axis=0, keepdims=True)
    dhidden = np.dot(dscores, W2.T)
    dhidden[hidden_layer > 0] = 0
    dW = np.dot(X.T, dhidden)
    db = np.sum(dhidden, axis=0, keepdims=True)
    dW2 += reg * W2
    dW += reg * W
    vW = 0.9 * vW - step_size * dW
    vb = 0.9 * vb - step_size * db
    vW2 = 0.9 * vW2 - step_size * dW2
    vb2 = 0.9 * vb2 - step_size * db2
    W += vW
    b += vb
    W2 += vW2
    b2 += vb2
