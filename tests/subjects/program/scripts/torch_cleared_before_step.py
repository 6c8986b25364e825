import torch
from sklearn.datasets import make_moons
from torch import nn

torch.manual_seed(5)
X, y = make_moons(600, noise=0.15, random_state=0)
X = torch.tensor(X, dtype=torch.float)
y = torch.tensor(y, dtype=torch.float).unsqueeze(1)

hidden_dim = 16
model = nn.Sequential(nn.Linear(2, hidden_dim), nn.ReLU(), nn.Linear(hidden_dim, 1), nn.Sigmoid())
criterion = nn.BCELoss()
optimizer = torch.optim.Adam(model.parameters(), lr=0.02)

for i in range(300):
    output = model(X)
    loss = criterion(output, y)
    loss.backward()
    optimizer.zero_grad()
    optimizer.step()
    if i % 50 == 0:
        print("Iteration", i, "loss", round(loss.item(), 4))

print("accuracy", ((model(X) > 0.5).float() == y).float().mean().item())
