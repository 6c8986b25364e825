# truth: line 26 several-true
import numpy as np

np.random.seed(10)

# tags of short texts: any of 5 tags may be on at the same time
N, VOCAB, TAGS, HIDDEN = 500, 40, 5, 20
topics = np.random.rand(TAGS, VOCAB) ** 6
labels = (np.random.rand(N, TAGS) < 0.45).astype(np.float64)
words = np.random.poisson(labels @ topics * 2.0 + 0.05)
features = np.log1p(words)
split = 400


class TagNet:
    def __init__(self):
        self.w1 = np.random.randn(VOCAB, HIDDEN) * (1 / np.sqrt(VOCAB))
        self.b1 = np.zeros((1, HIDDEN))
        self.w2 = np.random.randn(HIDDEN, TAGS) * (1 / np.sqrt(HIDDEN))
        self.b2 = np.zeros((1, TAGS))

    def predict(self, x):
        self.a1 = np.tanh(np.dot(x, self.w1) + self.b1)
        logits = np.dot(self.a1, self.w2) + self.b2
        e = np.exp(logits - logits.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)

    def fit(self, x, t, epochs, lr):
        for e in range(epochs):
            perm = np.random.permutation(len(x))
            loss = 0
            for k in range(0, len(x), 20):
                bx, bt = x[perm[k:k + 20]], t[perm[k:k + 20]]
                out = self.predict(bx)
                loss += -np.sum(bt * np.log(out + 1e-10) + (1 - bt) * np.log(1 - out + 1e-10))
                delta2 = (out - bt) / len(bx)
                delta1 = np.dot(delta2, self.w2.T) * (1 - self.a1 ** 2)
                self.w2 -= lr * np.dot(self.a1.T, delta2)
                self.b2 -= lr * np.sum(delta2, axis=0, keepdims=True)
                self.w1 -= lr * np.dot(bx.T, delta1)
                self.b1 -= lr * np.sum(delta1, axis=0, keepdims=True)
            if e % 20 == 0:
                print("epoch %d loss %.4f" % (e, loss / len(x)))


net = TagNet()
net.fit(features[:split], labels[:split], 80, 0.3)
guess = net.predict(features[split:]) > 0.5
print("tags right:", np.mean(guess == labels[split:]), "exact rows:", np.mean((guess == labels[split:]).all(axis=1)))
