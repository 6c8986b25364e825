# churn classifier. Why does it not get better than ~the base rate? I keep 90% of the units everywhere.
import argparse

import numpy as np
import torch
import torch.nn as nn
from sklearn.datasets import make_classification
from sklearn.preprocessing import StandardScaler


def get_args():
    p = argparse.ArgumentParser()
    p.add_argument("--hidden", type=int, default=24)
    p.add_argument("--dropout", type=float, default=0.9)
    p.add_argument("--epochs", type=int, default=30)
    p.add_argument("--lr", type=float, default=1e-3)
    p.add_argument("--batch_size", type=int, default=64)
    return p.parse_args()


def mlp(n_in, hidden, dropout):
    return nn.Sequential(
        nn.Linear(n_in, hidden), nn.ReLU(), nn.Dropout(dropout),
        nn.Linear(hidden, hidden), nn.ReLU(), nn.Dropout(dropout),
        nn.Linear(hidden, hidden), nn.ReLU(), nn.Dropout(dropout),
        nn.Linear(hidden, 4),
    )


def evaluate(net, X, y):
    net.eval()
    with torch.no_grad():
        acc = (net(X).argmax(1) == y).float().mean().item()
    net.train()
    return acc


if __name__ == "__main__":
    args = get_args()
    torch.manual_seed(3)
    X, y = make_classification(n_samples=2000, n_features=20, n_informative=12, n_classes=4, n_clusters_per_class=1,
                               class_sep=1.6, random_state=5)
    X = StandardScaler().fit_transform(X).astype(np.float32)
    X, y = torch.from_numpy(X), torch.from_numpy(y)
    Xtr, ytr, Xva, yva = X[:1600], y[:1600], X[1600:], y[1600:]
    net = mlp(20, args.hidden, args.dropout)
    optim = torch.optim.Adam(net.parameters(), lr=args.lr)
    ce = nn.CrossEntropyLoss()
    for ep in range(args.epochs):
        for idx in torch.randperm(len(Xtr)).split(args.batch_size):
            optim.zero_grad()
            out = net(Xtr[idx])
            loss = ce(out, ytr[idx])
            loss.backward()
            optim.step()
        if ep % 5 == 4:
            print(ep + 1, loss.item(), evaluate(net, Xtr, ytr))
    print("validation accuracy", evaluate(net, Xva, yva))
