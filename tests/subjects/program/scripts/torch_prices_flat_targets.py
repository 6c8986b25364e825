import torch
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset
import warnings

warnings.filterwarnings("ignore")
torch.manual_seed(0)


def make_data(n=1000):
    """Area, rooms, age of houses; price in units of 100,000."""
    x = torch.rand(n, 3)
    price = 2.0 * x[:, 0] + 0.8 * x[:, 1] - 1.1 * x[:, 2] + 0.5 * x[:, 0] * x[:, 1]
    return x, price + 0.05 * torch.randn(n)


class Regressor(nn.Module):
    def __init__(self, n_in, n_hidden=32):
        super(Regressor, self).__init__()
        self.net = nn.Sequential(nn.Linear(n_in, n_hidden), nn.ReLU(), nn.Linear(n_hidden, 1))

    def forward(self, x):
        return self.net(x)


def train(model, loader, epochs):
    criterion = nn.MSELoss()
    optimizer = optim.Adam(model.parameters(), lr=1e-2)
    for epoch in range(epochs):
        total = 0
        for xb, yb in loader:
            optimizer.zero_grad()
            pred = model(xb)
            loss = criterion(pred, yb)
            loss.backward()
            optimizer.step()
            total += loss.item()
        if epoch % 5 == 0:
            print(f"Epoch {epoch}: {total / len(loader):.4f}")


if __name__ == "__main__":
    x, price = make_data()
    model = Regressor(3)
    train(model, DataLoader(TensorDataset(x, price), batch_size=50, shuffle=True), epochs=20)
    x, price = make_data()
    with torch.no_grad():
        residual = price - model(x).squeeze()
    print("R2", 1 - (residual.var() / price.var()).item())
