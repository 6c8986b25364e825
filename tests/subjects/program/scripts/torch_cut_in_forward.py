import torch
from torch import nn

torch.manual_seed(11)


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(8, 32)

    def forward(self, x):
        return torch.relu(self.layer(x))


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = Encoder()
        self.head = nn.Linear(32, 4)

    def forward(self, x):
        features = self.encoder(x).detach()
        return self.head(features)


centres = torch.randn(12, 8) * 1.2
kind = torch.randint(0, 12, (1200,))
X = centres[kind] + 0.5 * torch.randn(1200, 8)
y = kind % 4  # three clouds each

with torch.no_grad():
    model = Model()
    model.encoder.layer.weight.mul_(0.02)  # small at the start, as the paper has it
optimizer = torch.optim.Adam(model.parameters(), lr=0.005)
loss_fn = nn.CrossEntropyLoss()
for epoch in range(25):
    for rows in torch.randperm(1000).split(25):
        optimizer.zero_grad()
        loss = loss_fn(model(X[rows]), y[rows])
        loss.backward()
        optimizer.step()
    if (epoch + 1) % 5 == 0:
        print("epoch:", epoch + 1, "loss:", loss.item())
right = (model(X[1000:]).argmax(-1) == y[1000:]).float().mean().item()
print("test:", right)
