import numpy as np
import torch
import torch.nn as nn
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from torch.utils.data import DataLoader, Dataset

np.random.seed(0)
torch.manual_seed(0)


def load_houses(n=800):
    area = np.random.uniform(40, 250, n)
    rooms = np.round(area / 30 + np.random.normal(0, 1, n)).clip(1, 10)
    age = np.random.uniform(0, 80, n)
    distance = np.random.exponential(8, n)
    price = 1800 * area + 9000 * rooms - 700 * age + 60000 * np.exp(-distance / 6) + np.random.normal(0, 9000, n)
    return np.stack([area, rooms, age, distance], axis=1), price


class HouseDataset(Dataset):
    def __init__(self, features, prices):
        self.features = torch.tensor(features, dtype=torch.float32)
        self.prices = torch.tensor(prices, dtype=torch.float32).view(-1, 1)

    def __len__(self):
        return len(self.prices)

    def __getitem__(self, index):
        return self.features[index], self.prices[index]


class Regressor(nn.Module):
    def __init__(self, n_in):
        super().__init__()
        self.hidden1 = nn.Linear(n_in, 32)
        self.hidden2 = nn.Linear(32, 16)
        self.out = nn.Linear(16, 1)

    def forward(self, x):
        x = torch.relu(self.hidden1(x))
        x = torch.relu(self.hidden2(x))
        return self.out(x)


X, y = load_houses()
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.2, random_state=1)
scaler = StandardScaler()
X_train = scaler.fit_transform(X_train)
X_test = scaler.transform(X_test)

train_dl = DataLoader(HouseDataset(X_train, y_train), batch_size=32, shuffle=True)
test_ds = HouseDataset(X_test, y_test)

model = Regressor(X_train.shape[1])
loss_fn = nn.MSELoss()
opt = torch.optim.Adam(model.parameters(), lr=1e-3)

for epoch in range(40):
    running = 0.0
    for features, prices in train_dl:
        pred = model(features)
        loss = loss_fn(pred, prices)
        opt.zero_grad()
        loss.backward()
        opt.step()
        running += loss.item()
    if epoch % 10 == 9:
        print("epoch", epoch + 1, "loss", running / len(train_dl))

model.eval()
with torch.no_grad():
    predicted = model(test_ds.features)
    residual = ((predicted - test_ds.prices) ** 2).sum()
    total = ((test_ds.prices - test_ds.prices.mean()) ** 2).sum()
print("R2:", (1 - residual / total).item())
