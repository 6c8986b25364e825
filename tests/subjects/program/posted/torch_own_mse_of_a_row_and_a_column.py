import numpy as np
import torch
import torch.nn as nn


def my_loss(prediction, target):
    return ((prediction - target) ** 2).mean()


class Net(nn.Module):
    def __init__(self, n_features):
        super(Net, self).__init__()
        self.fc1 = nn.Linear(n_features, 30)
        self.fc2 = nn.Linear(30, 1)

    def forward(self, x):
        return self.fc2(torch.relu(self.fc1(x))).squeeze()


np.random.seed(3)
torch.manual_seed(3)
x = np.random.uniform(-2, 2, size=(600, 4)).astype("float32")
t = (np.sin(x[:, 0]) + 0.5 * x[:, 1] * x[:, 2]).reshape(-1, 1).astype("float32")
x_train, x_test = torch.from_numpy(x[:500]), torch.from_numpy(x[500:])
t_train, t_test = torch.from_numpy(t[:500]), torch.from_numpy(t[500:])

net = Net(4)
optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
for epoch in range(60):
    permutation = torch.randperm(500)
    for i in range(0, 500, 50):
        indices = permutation[i:i + 50]
        output = net(x_train[indices])
        loss = my_loss(output, t_train[indices])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    if epoch % 20 == 19:
        print("Epoch", epoch + 1, "loss", loss.item())

with torch.no_grad():
    said = net(x_test).numpy()
print("R2", 1 - np.mean((said - t_test[:, 0].numpy()) ** 2) / np.var(t_test[:, 0].numpy()))
