import torch
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from torch import nn


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.l1 = nn.Linear(30, 16)
        self.l2 = nn.Linear(16, 8)
        self.l3 = nn.Linear(8, 1)
        self.sigmoid = nn.Sigmoid()

    def forward(self, x):
        x = torch.relu(self.l1(x))
        x = torch.relu(self.l2(x))
        return self.sigmoid(self.l3(x))


def fit(model, X, y, epochs=150):
    criterion = nn.BCELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for epoch in range(epochs):
        model.train()
        optimizer.zero_grad()
        output = model(X)
        predicted = torch.round(output)  # 0 or 1
        loss = criterion(predicted, y)
        loss.backward()
        optimizer.step()
        if epoch % 30 == 0:
            acc = (predicted == y).float().mean()
            print(f"epoch {epoch}: loss {loss.item():.3f}, acc {acc:.3f}")


torch.manual_seed(4)
X, y = load_breast_cancer(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.25, stratify=y, random_state=0)
scaler = StandardScaler().fit(X_train)
X_train = torch.tensor(scaler.transform(X_train), dtype=torch.float32)
X_test = torch.tensor(scaler.transform(X_test), dtype=torch.float32)
y_train = torch.tensor(y_train, dtype=torch.float32).unsqueeze(1)
y_test = torch.tensor(y_test, dtype=torch.float32).unsqueeze(1)

model = Classifier()
fit(model, X_train, y_train)
model.eval()
with torch.no_grad():
    print("test acc:", (model(X_test).round() == y_test).float().mean().item())
