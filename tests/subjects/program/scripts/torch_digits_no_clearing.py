import torch
import torch.nn as nn
import torch.optim as optim
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(42)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 8, 3, padding=1)
        self.fc1 = nn.Linear(8 * 4 * 4, 32)
        self.fc2 = nn.Linear(32, 10)

    def forward(self, x):
        x = nn.functional.max_pool2d(torch.relu(self.conv1(x)), 2)
        x = x.view(-1, 8 * 4 * 4)
        x = torch.relu(self.fc1(x))
        return self.fc2(x)


digits = load_digits()
X = digits.images[:, None].astype("float32") / 16.0
X_train, X_test, y_train, y_test = train_test_split(X, digits.target, test_size=0.25, random_state=0)
trainset = TensorDataset(torch.from_numpy(X_train), torch.from_numpy(y_train))
trainloader = DataLoader(trainset, batch_size=16, shuffle=True)

net = Net()
criterion = nn.CrossEntropyLoss()
opt = optim.SGD(net.parameters(), lr=0.05, momentum=0.9)

for epoch in range(8):
    running_loss = 0.0
    for i, data in enumerate(trainloader, 0):
        # get the inputs
        inputs, labels = data

        # forward + backward + optimize
        outputs = net(inputs)
        loss = criterion(outputs, labels)
        loss.backward()
        opt.step()

        running_loss += loss.item()
    print("epoch %d loss %.3f" % (epoch + 1, running_loss / len(trainloader)))

with torch.no_grad():
    predicted = net(torch.from_numpy(X_test)).argmax(1).numpy()
print("accuracy", (predicted == y_test).mean())
