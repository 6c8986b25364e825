import random

import torch
from torch import nn

letters = "abcdefghijklmnopqrstuvwxyz"
vowels = "aeiou"
random.seed(0)
torch.manual_seed(0)


def random_word():
    return "".join(random.choice(letters) for _ in range(6))


def to_tensor(words):
    out = torch.zeros(len(words), 26)
    for i, word in enumerate(words):
        for c in word:
            out[i, letters.index(c)] += 1
    return out


class Guess(nn.Module):
    def __init__(self, n_hidden):
        super().__init__()
        self.i2h = nn.Linear(26, n_hidden)
        self.h2o = nn.Linear(n_hidden, 2)

    def forward(self, x):
        return self.h2o(torch.relu(self.i2h(x)))


model = Guess(32)
learning_rate = 0.005
optimizer = torch.optim.Adam(model.parameters(), lr=learning_rate)
criterion = nn.CrossEntropyLoss()


def train_step(x, y):
    optimizer.zero_grad()
    loss = criterion(model(x), y)
    loss.backward()
    optimizer.step()
    return loss.item()


words = [random_word() for _ in range(1500)]
X = to_tensor(words)
Y = torch.tensor([int(sum(c in vowels for c in w) >= 2) for w in words])

model = Guess(32)
for epoch in range(15):
    perm = torch.randperm(1200)
    for k in range(0, 1200, 50):
        loss = train_step(X[perm[k:k + 50]], Y[perm[k:k + 50]])
    if epoch % 5 == 4:
        print(epoch, loss)

print("right:", (model(X[1200:]).argmax(1) == Y[1200:]).float().mean().item())
