import random

import torch
from torch import nn

SEED = 42
random.seed(SEED)
torch.manual_seed(SEED)

VOCAB = 40
PAD = 0
GOOD, BAD = list(range(1, 9)), list(range(9, 17))


def make_review(length=12):
    """A review whose words are mostly neutral; more good than bad words make it positive."""
    label = random.randint(0, 1)
    words = [random.randint(17, VOCAB - 1) for _ in range(length)]
    strong = GOOD if label else BAD
    for place in random.sample(range(length), 4):
        words[place] = random.choice(strong)
    words[random.randrange(length)] = random.choice(BAD if label else GOOD)
    return words, label


reviews = [make_review() for _ in range(1600)]
texts = torch.tensor([r[0] for r in reviews])
labels = torch.tensor([r[1] for r in reviews], dtype=torch.float)
train_x, train_y = texts[:1200], labels[:1200]
valid_x, valid_y = texts[1200:], labels[1200:]


class SentimentLSTM(nn.Module):
    def __init__(self, vocab_size, embedding_dim=16, hidden_dim=32):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embedding_dim, padding_idx=PAD)
        self.lstm = nn.LSTM(embedding_dim, hidden_dim, batch_first=True)
        self.fc = nn.Linear(hidden_dim, 1)

    def forward(self, text):
        embedded = self.embedding(text)
        lstm_out, (hidden, cell) = self.lstm(embedded)
        out = lstm_out[:, 0, :]
        return self.fc(out).squeeze(1)


model = SentimentLSTM(VOCAB)
criterion = nn.BCEWithLogitsLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=0.005)


def binary_accuracy(preds, y):
    rounded_preds = torch.round(torch.sigmoid(preds))
    return (rounded_preds == y).float().mean().item()


BATCH = 40
for epoch in range(8):
    model.train()
    order = torch.randperm(len(train_x))
    epoch_loss = 0
    for start in range(0, len(order), BATCH):
        idx = order[start:start + BATCH]
        optimizer.zero_grad()
        predictions = model(train_x[idx])
        loss = criterion(predictions, train_y[idx])
        loss.backward()
        optimizer.step()
        epoch_loss += loss.item()
    model.eval()
    with torch.no_grad():
        acc = binary_accuracy(model(valid_x), valid_y)
    print(f"Epoch: {epoch + 1:02} | Train Loss: {epoch_loss / 30:.3f} | Val. Acc: {acc * 100:.2f}%")

print(acc)
