import torch
from sklearn.datasets import make_classification
from torch import nn, optim
from torch.optim.lr_scheduler import ExponentialLR

torch.manual_seed(1)
X, y = make_classification(2400, 16, n_informative=10, n_redundant=0, n_classes=3, class_sep=1.5, random_state=2)
X = torch.tensor(X, dtype=torch.float32)
y = torch.tensor(y)
train = torch.utils.data.TensorDataset(X[:2000], y[:2000])
loader = torch.utils.data.DataLoader(train, batch_size=20, shuffle=True)

model = nn.Sequential()
model.add_module("fc1", nn.Linear(16, 48))
model.add_module("relu1", nn.ReLU())
model.add_module("fc2", nn.Linear(48, 48))
model.add_module("relu2", nn.ReLU())
model.add_module("fc3", nn.Linear(48, 3))

criterion = nn.CrossEntropyLoss()
optimizer = optim.SGD(model.parameters(), lr=0.05)
scheduler = ExponentialLR(optimizer, gamma=0.9)
for epoch in range(15):
    total = 0.0
    for data, target in loader:
        optimizer.zero_grad()
        loss = criterion(model(data), target)
        loss.backward()
        optimizer.step()
        scheduler.step()
        total += loss.item()
    print(f"epoch {epoch}: {total / len(loader):.4f}")

model.eval()
print("accuracy", (model(X[2000:]).argmax(1) == y[2000:]).float().mean().item())
