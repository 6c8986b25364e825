import torch
import torch.nn as nn
from sklearn.datasets import load_digits
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(2)
digits = load_digits()
X = torch.tensor(digits.data, dtype=torch.float32) * 20.0 + 100.0
Y = torch.tensor(digits.target)
train_ds, val_ds = TensorDataset(X[:1400], Y[:1400]), TensorDataset(X[1400:], Y[1400:])
train_loader = DataLoader(train_ds, batch_size=64, shuffle=True)
val_loader = DataLoader(val_ds, batch_size=200)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm1d(64)
        self.fc1 = nn.Linear(64, 48)
        self.norm1 = nn.BatchNorm1d(48)
        self.drop = nn.Dropout(0.2)
        self.fc2 = nn.Linear(48, 10)

    def forward(self, x):
        x = self.norm(x)
        x = torch.sigmoid(self.norm1(self.fc1(x)))
        return self.fc2(self.drop(x))


def validate(model):
    model.eval()
    right = 0
    with torch.no_grad():
        for x, y in val_loader:
            right += (model(x).argmax(1) == y).sum().item()
    return right / len(val_ds)


model = Net()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
criterion = nn.CrossEntropyLoss()

print("before:", validate(model))
for epoch in range(6):
    for x, y in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
    print("epoch", epoch, "loss", loss.item(), "val", validate(model))
