"""The default recipe in PyTorch, one process from start to test accuracy."""

import torch
from idx import mnist
from torch import nn

X, y, X_test, y_test = (torch.from_numpy(a) for a in mnist())
torch.manual_seed(0)
model = nn.Sequential(nn.Linear(784, 320), nn.ReLU(), nn.Linear(320, 10))
for layer in (model[0], model[2]):
    nn.init.kaiming_normal_(layer.weight)
    nn.init.zeros_(layer.bias)
optimizer = torch.optim.SGD(model.parameters(), lr=0.8)
schedule = torch.optim.lr_scheduler.OneCycleLR(
    optimizer, 0.8, total_steps=6 * 1875, div_factor=25, cycle_momentum=False
)
for _epoch in range(6):
    for rows in torch.randperm(60000).split(32):
        optimizer.zero_grad(set_to_none=True)
        nn.functional.cross_entropy(model(X[rows]), y[rows]).backward()
        optimizer.step()
        schedule.step()
with torch.no_grad():
    print((model(X_test).argmax(1) == y_test).float().mean().item())
