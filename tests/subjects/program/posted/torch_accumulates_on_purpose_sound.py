import torch
import torch.nn as nn
from sklearn.datasets import make_moons
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
X, y = make_moons(1200, noise=0.15, random_state=0)
X = torch.tensor(X, dtype=torch.float32)
y = torch.tensor(y, dtype=torch.float32).reshape(-1, 1)
train_loader = DataLoader(TensorDataset(X[:1000], y[:1000]), batch_size=10, shuffle=True)

model = nn.Sequential(nn.Linear(2, 32), nn.Tanh(), nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, 1))
criterion = nn.BCEWithLogitsLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
accumulation_steps = 4  # the graphics card only holds 10 rows, so the batch is 40

for epoch in range(30):
    optimizer.zero_grad()
    epoch_loss = 0.0
    for i, (inputs, targets) in enumerate(train_loader):
        loss = criterion(model(inputs), targets) / accumulation_steps
        loss.backward()
        epoch_loss += loss.item()
        if (i + 1) % accumulation_steps == 0:
            torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
            optimizer.step()
            optimizer.zero_grad()
    if epoch % 10 == 9:
        print("epoch", epoch + 1, "loss", epoch_loss * accumulation_steps / len(train_loader))

with torch.no_grad():
    right = ((model(X[1000:]) > 0) == (y[1000:] > 0.5)).float().mean()
print(right.item())
