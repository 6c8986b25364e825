import numpy as np
import torch
from sklearn.datasets import load_wine
from sklearn.preprocessing import StandardScaler
from torch import nn

torch.manual_seed(3)
data = load_wine()
rng = np.random.RandomState(0)
order = rng.permutation(len(data.target))
X = StandardScaler().fit_transform(data.data)[order]
y = data.target[order]
X_train, y_train = torch.tensor(X[:130], dtype=torch.float32), torch.tensor(y[:130])
X_test, y_test = torch.tensor(X[130:], dtype=torch.float32), torch.tensor(y[130:])

model = nn.Sequential(
    nn.Linear(13, 20),
    nn.ReLU(),
    nn.Linear(20, 20),
    nn.ReLU(),
    nn.Linear(20, 3),
    nn.Softmax(dim=1),  # probabilities of the three cultivars
)

loss_fn = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)

losses = []
for epoch in range(200):
    y_pred = model(X_train)
    loss = loss_fn(y_pred, y_train)
    losses.append(loss.item())

    optimizer.zero_grad()
    loss.backward()
    optimizer.step()

print("loss", losses[0], "->", losses[-1])
print("test accuracy", (model(X_test).argmax(dim=1) == y_test).float().mean().item())
