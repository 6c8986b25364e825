import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(7)

# is it high or low at the beginning? Every step is noisy
N, T = 640, 12
slope = torch.randint(0, 2, (N,))
series = (slope * 2 - 1)[:, None] * torch.linspace(2, -1, T).clamp(min=0) + 0.6 * torch.randn(N, T)
series = series[:, :, None]


class Classifier(nn.Module):
    def __init__(self, hidden=16):
        super().__init__()
        self.lstm = nn.LSTM(1, hidden)
        self.fc = nn.Linear(hidden, 1)

    def forward(self, x):
        # x: (batch, time, features)
        out, _ = self.lstm(x)
        return self.fc(out[:, -1, :]).squeeze(1)


train_loader = DataLoader(TensorDataset(series[:512], slope[:512].float()), batch_size=32, shuffle=True)
model = Classifier()
criterion = nn.BCEWithLogitsLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)

for epoch in range(12):
    for seq, label in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(seq), label)
        loss.backward()
        optimizer.step()
    print(epoch, loss.item())

with torch.no_grad():
    said = (model(series[512:]) > 0).long()
print("val acc", (said == slope[512:]).float().mean().item())
