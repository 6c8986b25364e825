import torch
import torch.nn as nn

torch.manual_seed(8)
LENGTH, WORDS = 8, 12


def batch(size, generator):
    """Which word stands where the first word points to?"""
    tokens = torch.randint(LENGTH, WORDS, (size, LENGTH), generator=generator)
    pointer = torch.randint(1, 4, (size,), generator=generator)
    tokens[:, 0] = pointer
    return tokens, tokens[torch.arange(size), pointer] - LENGTH


class Encoder(nn.Module):
    def __init__(self, d_model=32):
        super().__init__()
        self.embed = nn.Embedding(WORDS, d_model)
        self.position = nn.Parameter(0.1 * torch.randn(LENGTH, d_model))
        layer = nn.TransformerEncoderLayer(d_model, nhead=4, dim_feedforward=64, dropout=0.0, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, num_layers=2, enable_nested_tensor=False)
        self.head = nn.Linear(d_model, WORDS - LENGTH)

    def forward(self, tokens):
        hidden = self.encoder(self.embed(tokens) + self.position)
        return self.head(hidden[:, 0])


def train_step(model, optimizer, tokens, answers):
    model.train()
    optimizer.zero_grad()
    loss = nn.functional.cross_entropy(model(tokens), answers)
    loss.backward()
    optimizer.step()
    return loss.item()


gen = torch.Generator().manual_seed(8)
model = Encoder()
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
for step in range(500):
    value = train_step(model, optimizer, *batch(64, gen))
    if step % 100 == 99:
        print(step + 1, value)
model.eval()
with torch.no_grad():
    tokens, answers = batch(500, gen)
    print("accuracy", (model(tokens).argmax(1) == answers).float().mean().item())
