import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.utils.data import DataLoader, Dataset

np.random.seed(0)
torch.manual_seed(0)


class FolderLikeDataset(Dataset):
    """Walks the classes one after the other, as one folder per class would be read."""

    def __init__(self, images, targets, part):
        self.items = []
        for cls in range(10):
            members = np.where(targets == cls)[0]
            cut = int(0.8 * len(members))
            for i in members[:cut] if part == "train" else members[cut:]:
                self.items.append((images[i], cls))

    def __getitem__(self, i):
        image, cls = self.items[i]
        return torch.from_numpy(image).float().flatten() / 16, cls

    def __len__(self):
        return len(self.items)


digits = load_digits()
train_dataset = FolderLikeDataset(digits.images, digits.target, "train")
test_dataset = FolderLikeDataset(digits.images, digits.target, "test")
train_loader = DataLoader(train_dataset, batch_size=16)
test_loader = DataLoader(test_dataset, batch_size=64)

model = nn.Sequential(nn.Linear(64, 48), nn.ReLU(), nn.Linear(48, 10))
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)


def accuracy(loader):
    hits = 0
    with torch.no_grad():
        for images, labels in loader:
            hits += (model(images).argmax(dim=1) == labels).sum().item()
    return hits / len(loader.dataset)


for epoch in range(5):
    for i, (images, labels) in enumerate(train_loader):
        outputs = model(images)
        loss = criterion(outputs, labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print("epoch [{}/5], loss {:.4f}".format(epoch + 1, loss.item()))

print("test accuracy", accuracy(test_loader))
