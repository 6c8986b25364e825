import argparse

import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch.utils.data import DataLoader, TensorDataset


class FeedForward(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.layer_1 = nn.Linear(64, hidden)
        self.layer_2 = nn.Linear(hidden, 10)

    def forward(self, x):
        x = F.relu(self.layer_1(x))
        return F.log_softmax(self.layer_2(x), dim=0)


def get_data():
    x, y = load_digits(return_X_y=True)
    x = torch.tensor(x / 16, dtype=torch.float)
    y = torch.tensor(y)
    return TensorDataset(x[:1400], y[:1400]), TensorDataset(x[1400:], y[1400:])


def main(opts):
    torch.manual_seed(0)
    train_ds, test_ds = get_data()
    net = FeedForward(opts.hidden)
    optimizer = torch.optim.SGD(net.parameters(), lr=opts.lr, momentum=0.9)
    for epoch in range(opts.epochs):
        for xb, yb in DataLoader(train_ds, batch_size=opts.bs, shuffle=True):
            optimizer.zero_grad()
            loss = F.nll_loss(net(xb), yb)
            loss.backward()
            optimizer.step()
        print(epoch, "loss", round(loss.item(), 4))
    correct = 0
    with torch.no_grad():
        for xb, yb in DataLoader(test_ds, batch_size=1):
            correct += (net(xb).argmax(dim=1) == yb).sum().item()
    print("accuracy", correct / len(test_ds))


if __name__ == "__main__":
    p = argparse.ArgumentParser()
    p.add_argument("--hidden", type=int, default=32)
    p.add_argument("--lr", type=float, default=0.05)
    p.add_argument("--epochs", type=int, default=10)
    p.add_argument("--bs", type=int, default=16)
    main(p.parse_args())
