import torch
import torch.nn as nn
import torch.nn.functional as F


class MLP(nn.Module):
    """n hidden layers of the same width."""

    def __init__(self, input_size, hidden_size, output_size, n_layers):
        super().__init__()
        self.layers = []
        for i in range(n_layers):
            self.layers.append(nn.Linear(input_size if i == 0 else hidden_size, hidden_size))
        self.out = nn.Linear(hidden_size, output_size)

    def forward(self, x):
        for layer in self.layers:
            x = torch.tanh(layer(x))
        return self.out(x)


torch.manual_seed(1)

# two spirals
n = 400
t = torch.sqrt(torch.rand(n)) * 9
sign = torch.where(torch.arange(n) % 2 == 0, 1.0, -1.0)
points = torch.stack([sign * t * torch.cos(t) / 9, sign * t * torch.sin(t) / 9], dim=1)
labels = (torch.arange(n) % 2)

net = MLP(2, 24, 2, n_layers=3)
optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
for step in range(600):
    optimizer.zero_grad()
    loss = F.cross_entropy(net(points), labels)
    loss.backward()
    optimizer.step()
    if step % 100 == 0:
        print(step, loss.item())

acc = (net(points).argmax(1) == labels).float().mean()
print('Accuracy: {:.3f}'.format(acc.item()))
