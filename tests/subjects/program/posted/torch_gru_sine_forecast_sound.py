import math

import numpy as np
import torch
from torch import nn

np.random.seed(5)
torch.manual_seed(5)


class SineDataset(torch.utils.data.Dataset):
    def __init__(self, count, length=20):
        phase = np.random.uniform(0, 2 * math.pi, count)
        step = np.random.uniform(0.2, 0.6, count)
        t = np.arange(length + 1)
        waves = np.sin(phase[:, None] + step[:, None] * t) + np.random.normal(0, 0.05, (count, length + 1))
        self.x = torch.tensor(waves[:, :-1, None], dtype=torch.float32)
        self.y = torch.tensor(waves[:, -1:], dtype=torch.float32)

    def __len__(self):
        return len(self.x)

    def __getitem__(self, i):
        return self.x[i], self.y[i]


class GRUForecaster(nn.Module):
    def __init__(self, hidden_size=24):
        super().__init__()
        self.gru = nn.GRU(input_size=1, hidden_size=hidden_size, batch_first=True)
        self.linear = nn.Linear(hidden_size, 1)

    def forward(self, x):
        _, h_n = self.gru(x)
        return self.linear(h_n[-1])


def train(model, loader, epochs):
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    criterion = nn.MSELoss()
    model.train()
    for epoch in range(epochs):
        losses = []
        for x, y in loader:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)
            optimizer.step()
            losses.append(loss.item())
        print(f"Epoch {epoch + 1}: {np.mean(losses):.4f}")


def main():
    train_data, test_data = SineDataset(1000), SineDataset(200)
    loader = torch.utils.data.DataLoader(train_data, batch_size=50, shuffle=True)
    model = GRUForecaster()
    train(model, loader, epochs=10)
    model.eval()
    with torch.no_grad():
        error = ((model(test_data.x) - test_data.y) ** 2).mean() / test_data.y.var()
    print("R^2 on the test waves", 1 - error.item())


if __name__ == "__main__":
    main()
