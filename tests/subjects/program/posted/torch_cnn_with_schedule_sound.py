import copy

import torch
import torch.nn as nn
from sklearn.datasets import load_digits
from torch.utils.data import DataLoader, Subset, TensorDataset

torch.manual_seed(11)
device = "cpu"

raw = load_digits()
pixels = torch.tensor(raw.images, dtype=torch.float32)[:, None]
pixels = (pixels - pixels.mean()) / pixels.std()
full = TensorDataset(pixels, torch.tensor(raw.target))
order = torch.randperm(len(full)).tolist()
train_loader = DataLoader(Subset(full, order[:1300]), batch_size=64, shuffle=True)
val_loader = DataLoader(Subset(full, order[1300:]), batch_size=128)


def block(c_in, c_out):
    return nn.Sequential(
        nn.Conv2d(c_in, c_out, kernel_size=3, padding=1, bias=False),
        nn.BatchNorm2d(c_out),
        nn.ReLU(inplace=True),
    )


class SmallResNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = block(1, 12)
        self.body = nn.ModuleList([block(12, 12) for _ in range(2)])
        self.head = nn.Linear(12, 10)

    def forward(self, x):
        x = self.stem(x)
        for layer in self.body:
            x = x + layer(x)
        x = nn.functional.max_pool2d(x, 2)
        return self.head(x.mean(dim=(2, 3)))


def run_epoch(model, loader, criterion, optimizer=None):
    training = optimizer is not None
    model.train(training)
    total, correct, loss_sum = 0, 0, 0.0
    with torch.set_grad_enabled(training):
        for images, targets in loader:
            images, targets = images.to(device), targets.to(device)
            logits = model(images)
            loss = criterion(logits, targets)
            if training:
                optimizer.zero_grad(set_to_none=True)
                loss.backward()
                optimizer.step()
            loss_sum += loss.item() * targets.size(0)
            correct += (logits.argmax(1) == targets).sum().item()
            total += targets.size(0)
    return loss_sum / total, correct / total


model = SmallResNet().to(device)
criterion = nn.CrossEntropyLoss(label_smoothing=0.05)
optimizer = torch.optim.AdamW(model.parameters(), lr=0.01, weight_decay=1e-4)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=12)
best, best_state = 0.0, None
for epoch in range(12):
    train_loss, train_acc = run_epoch(model, train_loader, criterion, optimizer)
    val_loss, val_acc = run_epoch(model, val_loader, criterion)
    scheduler.step()
    if val_acc > best:
        best, best_state = val_acc, copy.deepcopy(model.state_dict())
    print(f"{epoch:2d} {train_loss:.3f} {train_acc:.3f} {val_loss:.3f} {val_acc:.3f}")
model.load_state_dict(best_state)
print("best", best)
