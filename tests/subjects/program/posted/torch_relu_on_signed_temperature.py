"""Predict tomorrow's temperature anomaly from the last week. Loss gets stuck, negative days are never predicted??"""

import torch
from torch import nn
from torch.nn import functional as F


def make_series(n, gen):
    t = torch.arange(n, dtype=torch.float32)
    season = 4 * torch.sin(2 * torch.pi * t / 30)
    noise = 0.4 * torch.randn(n, generator=gen)
    return season + noise


def windows(series, width):
    xs = series.unfold(0, width, 1)[:-1]
    ys = series[width:]
    return xs, ys.unsqueeze(1)


class Forecaster(nn.Module):
    def __init__(self, width, hidden=24):
        super().__init__()
        self.fc1 = nn.Linear(width, hidden)
        self.fc2 = nn.Linear(hidden, hidden)
        self.fc3 = nn.Linear(hidden, 1)

    def forward(self, x):
        x = F.relu(self.fc1(x))
        x = F.relu(self.fc2(x))
        x = F.relu(self.fc3(x))
        return x


def train_model(model, x, y, epochs, lr):
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    history = []
    for epoch in range(epochs):
        perm = torch.randperm(x.size(0))
        total = 0.0
        for i in range(0, x.size(0), 25):
            batch = perm[i:i + 25]
            optimizer.zero_grad()
            loss = F.mse_loss(model(x[batch]), y[batch])
            loss.backward()
            optimizer.step()
            total += loss.item() * len(batch)
        history.append(total / x.size(0))
    return history


def r2_score(model, x, y):
    with torch.no_grad():
        error = (model(x) - y).pow(2).sum()
    return (1 - error / (y - y.mean()).pow(2).sum()).item()


def main():
    torch.manual_seed(7)
    gen = torch.Generator().manual_seed(7)
    series = make_series(1000, gen)
    x, y = windows(series, 7)
    x_train, y_train = x[:800], y[:800]
    x_test, y_test = x[800:], y[800:]
    model = Forecaster(7)
    history = train_model(model, x_train, y_train, epochs=30, lr=0.003)
    print("train mse: %.3f -> %.3f" % (history[0], history[-1]))
    print("test R2", r2_score(model, x_test, y_test))


if __name__ == "__main__":
    main()
