import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_iris
from torch.autograd import Variable

torch.manual_seed(1)
iris = load_iris()
X = iris["data"].astype("float32")
X = (X - X.mean(axis=0)) / X.std(axis=0)
y = iris["target"]
order = torch.randperm(150).numpy()
X, y = X[order], y[order]


class Model(nn.Module):
    def __init__(self, input_features=4, hidden=16, classes=3):
        super(Model, self).__init__()
        self.fc1 = nn.Linear(input_features, hidden)
        self.out = nn.Linear(hidden, classes)

    def forward(self, x):
        x = F.relu(self.fc1(x))
        x = self.out(x)
        return x


model = Model()
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
x_train, y_train = Variable(torch.from_numpy(X[:110])), Variable(torch.from_numpy(y[:110])).long()
for epoch in range(150):
    optimizer.zero_grad()
    out = model(x_train)
    loss = F.nll_loss(out, y_train)
    loss.backward()
    optimizer.step()
    if epoch % 30 == 0:
        print('epoch', epoch, 'loss', loss.item())

pred = model(torch.from_numpy(X[110:])).argmax(dim=1)
print('accuracy', (pred.numpy() == y[110:]).mean())
