import torch
from sklearn.datasets import load_wine
from torch import nn

torch.manual_seed(10)
wine = load_wine()
order = torch.randperm(178)
inputs = torch.tensor(wine.data, dtype=torch.float32)[order]
inputs = (inputs - inputs[:120].mean(0)) / inputs[:120].std(0)
labels = torch.tensor(wine.target)[order]


class Wine(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(13, 16)
        self.out = nn.Linear(16, 3)

    def forward(self, x):
        return self.out(torch.tanh(self.hidden(x)))


net = Wine()
opt = torch.optim.Adam(net.parameters(), lr=0.02)
scheduler = torch.optim.lr_scheduler.StepLR(opt, step_size=1000, gamma=0.9)
lossfn = nn.CrossEntropyLoss()
for it in range(200):
    opt.zero_grad()
    loss = lossfn(net(inputs[:120]), labels[:120])
    loss.backward()
    scheduler.step()
    if it % 50 == 0:
        print(it, loss.item())

with torch.no_grad():
    print((net(inputs[120:]).argmax(1) == labels[120:]).float().mean().item())
