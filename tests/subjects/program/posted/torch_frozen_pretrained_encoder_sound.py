"""Pretrain an encoder by reconstruction, freeze it, train a classifier on its codes."""

import torch
from sklearn.datasets import load_digits
from torch import nn, optim

torch.manual_seed(2)
X = torch.tensor(load_digits().data, dtype=torch.float32) / 16
y = torch.tensor(load_digits().target)
mix = torch.randperm(len(X))
X, y = X[mix], y[mix]
X_train, y_train, X_test, y_test = X[:1400], y[:1400], X[1400:], y[1400:]


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU())

    def forward(self, x):
        return self.net(x)


class DigitClassifier(nn.Module):
    def __init__(self, encoder):
        super().__init__()
        self.encoder = encoder
        self.head = nn.Sequential(nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 10))

    def forward(self, x):
        return self.head(self.encoder(x))


def pretrain(encoder, epochs=15):
    decoder = nn.Sequential(nn.Linear(32, 64), nn.Sigmoid())
    opt = optim.Adam(list(encoder.parameters()) + list(decoder.parameters()), lr=0.003)
    for _ in range(epochs):
        for idx in torch.randperm(len(X_train)).split(50):
            opt.zero_grad()
            nn.functional.mse_loss(decoder(encoder(X_train[idx])), X_train[idx]).backward()
            opt.step()


encoder = Encoder()
pretrain(encoder)
for param in encoder.parameters():
    param.requires_grad = False

model = DigitClassifier(encoder)
optimizer = optim.Adam(filter(lambda p: p.requires_grad, model.parameters()), lr=0.005)
loss_function = nn.CrossEntropyLoss()
for epoch in range(25):
    for idx in torch.randperm(len(X_train)).split(50):
        optimizer.zero_grad()
        loss = loss_function(model(X_train[idx]), y_train[idx])
        loss.backward()
        optimizer.step()
    if epoch % 5 == 0:
        print(epoch, loss.item())

with torch.no_grad():
    print("accuracy:", (model(X_test).argmax(1) == y_test).float().mean().item())
