"""Inside any module: whatever it takes and gives, it is looked at, and judged by its loss where nothing else fits."""

from __future__ import annotations

import json
import math
from types import SimpleNamespace

import numpy as np
import pytest

from whynet.errors import UsageError
from whynet.report.wording.remarks import all_in_words
from whynet.subjects.frameworks.pytorch import diagnose_torch

torch = pytest.importorskip("torch", reason="PyTorch is not installed; it is a guest, not a dependency")
nn = torch.nn


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


class Two(nn.Module):
    """Two inputs, words and numbers, and an answer that is a dict."""

    def __init__(self):
        super().__init__()
        self.words, self.last = nn.Embedding(10, 4), nn.Linear(6, 3)

    def forward(self, words, numbers):
        return {"logits": self.last(torch.cat([self.words(words).mean(1), numbers], 1))}


class Priced(nn.Module):
    """A language model that answers with its own loss."""

    def __init__(self):
        super().__init__()
        self.words, self.last = nn.Embedding(10, 8), nn.Linear(8, 10)

    def forward(self, input_ids, labels=None):
        logits = self.last(self.words(input_ids))
        return SimpleNamespace(loss=nn.functional.cross_entropy(logits.flatten(0, 1), labels.flatten()), logits=logits)


def ask(model, data, loss=None, *, rate=0.01, optimizer=None, **options):
    optimizer = optimizer or torch.optim.Adam(model.parameters(), lr=rate)
    return diagnose_torch(model, loss=loss, optimizer=optimizer, data=data, trials=False, **options)


def loader(rows, size=20):
    return torch.utils.data.DataLoader(rows, batch_size=size)


def words(n=100, length=7):
    return torch.randint(0, 10, (n, length))


def test_several_inputs_and_a_dict_of_outputs():
    a, b = words(), torch.rand(100, 2)
    y = (1.5 * b.sum(1)).long().clamp(0, 2)
    found = ask(Two(), loader(torch.utils.data.TensorDataset(a, b, y)), nn.CrossEntropyLoss(), epochs=20)
    assert (found.verdict, found.problem) == ([], "unknown")
    assert found.state in ("healthy", "undertrained")
    assert "3 things" in found.not_examined[0].why
    assert found.used["inputs"] == "int64 (20, 7), float32 (20, 2)"
    assert any("by its loss alone" in one for one in all_in_words(found))


def test_a_loss_that_comes_out_of_the_module():
    ids = words()
    rows = [{"input_ids": row, "labels": row} for row in ids]
    found = ask(Priced(), loader(rows), epochs=40)
    assert found.state in ("healthy", "undertrained")
    assert found.before.cost < found.value("start-cost")
    assert ask(Priced(), loader(rows), epochs=4, rate=1e-7).state == "not-started"
    assert ask(Priced(), loader(rows), epochs=4, optimizer=None, rate=1e30).state in ("non-finite", "diverged")


def test_such_a_diagnosis_is_shown_in_every_form():
    found = ask(Priced(), loader([{"input_ids": row, "labels": row} for row in words()]), epochs=10)
    assert math.isnan(found.before.quality)
    assert json.loads(json.dumps(found.as_dict()))["problem"] == "unknown"
    assert "loss" in str(found) and found.state in found._repr_html_()


def test_a_picture_that_is_to_be_made_again_and_a_module_of_one_thing():
    X = torch.rand(64, 1, 8, 8)
    model = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, 1, 3, padding=1))
    found = ask(model, loader(torch.utils.data.TensorDataset(X), 16), nn.MSELoss(), epochs=20)
    assert found.before.cost < found.value("start-cost")


def test_nothing_of_the_users_is_touched():
    ids = words()
    model, data = Priced(), loader([{"input_ids": row, "labels": row} for row in ids])
    data.generator = torch.Generator().manual_seed(3)
    before = {name: one.clone() for name, one in model.state_dict().items()}
    chance, legacy = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    ask(model, data, epochs=3)
    assert all(torch.equal(one, before[name]) for name, one in model.state_dict().items())
    assert all(one.grad is None for one in model.parameters())
    assert torch.equal(chance, torch.get_rng_state())
    own = torch.Generator().manual_seed(3)
    assert torch.equal(torch.rand(5, generator=own), torch.rand(5, generator=data.generator))
    assert np.array_equal(legacy, np.random.get_state()[1])  # noqa: NPY002


def test_what_cannot_be_run_is_refused_in_pytorchs_words():
    for model, data, loss, says in (
        (Two(), loader([(row, 0) for row in words()]), nn.CrossEntropyLoss(), "cannot be called|looked at"),
        (Priced(), loader([{"other": row} for row in words()]), None, "a dict of other"),
        (nn.Linear(7, 1), (words().float(), torch.rand(100, 1)), None, "loss="),
    ):
        with pytest.raises(UsageError, match=says):
            ask(model, data, loss)
