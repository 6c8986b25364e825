import torch
from sklearn.datasets import load_digits
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset, random_split

torch.manual_seed(0)
digits = load_digits()
data = TensorDataset(torch.tensor(digits.data / 16, dtype=torch.float32), torch.tensor(digits.target))
train_set, val_set = random_split(data, [1400, 397], generator=torch.Generator().manual_seed(1))
loaders = {
    "train": DataLoader(train_set, batch_size=50, shuffle=True),
    "val": DataLoader(val_set, batch_size=397),
}


class DigitNet(nn.Module):
    def __init__(self, num_classes=10):
        super().__init__()
        self.features = nn.Sequential(
            nn.Linear(64, 32),
            nn.ReLU(),
            nn.Linear(32, 12),
            nn.ReLU(),
        )
        self.classifier = nn.Linear(12, num_classes)

    def forward(self, x):
        x = self.features(x)
        return self.classifier(x)


model = DigitNet()
criterion = nn.CrossEntropyLoss()
optimizer = optim.Adam(model.classifier.parameters(), lr=0.01)

best = 0.0
for epoch in range(15):
    for phase in ["train", "val"]:
        if phase == "train":
            model.train()
        else:
            model.eval()
        running_loss, running_corrects = 0.0, 0
        for inputs, labels in loaders[phase]:
            optimizer.zero_grad()
            with torch.set_grad_enabled(phase == "train"):
                outputs = model(inputs)
                _, preds = torch.max(outputs, 1)
                loss = criterion(outputs, labels)
                if phase == "train":
                    loss.backward()
                    optimizer.step()
            running_loss += loss.item() * inputs.size(0)
            running_corrects += torch.sum(preds == labels.data).item()
        size = len(loaders[phase].dataset)
        print(f"{epoch} {phase} Loss: {running_loss / size:.4f} Acc: {running_corrects / size:.4f}")
    best = max(best, running_corrects / size)

print("Best val Acc:", best)
