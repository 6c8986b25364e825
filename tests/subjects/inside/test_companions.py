"""What an example's answer must not hang on: the sick are named, and the sound that look alike are not."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from whynet.subjects.frameworks.torch_probe import TorchProbe  # noqa: E402
from whynet.subjects.inside.companions import (  # noqa: E402
    change,
    handed_over,
    mixed_batch,
    second_call,
    small_batches,
)


class Own(nn.Module):
    """Parts by name, and a `forward` that is given."""

    def __init__(self, forward, **parts):
        super().__init__()
        self.own = forward
        for name, part in parts.items():
            setattr(self, name, part)

    def forward(self, *given, **named):
        return self.own(self, *given, **named)


@pytest.fixture(autouse=True)
def _seeded():
    torch.manual_seed(0)


def probe(model, X, y=None, loss=None):
    return TorchProbe.of(torch, model, loss, X if y is None else (X, y))


def causes(seen):
    return [(one.cause, one.status) for one in seen.findings]


def viewed(self, x):
    n, t, _ = x.shape
    return self.b(self.a(x).view(t, n, 8).mean(0))


def permuted(self, x):
    return self.b(self.a(x).permute(1, 0, 2).mean(0))


def recurrent(first, both=False, kind=nn.LSTM):
    layer = kind(3, 8, batch_first=first, bidirectional=both)
    return Own(lambda self, x: self.b(self.a(x)[0][:, -1]), a=layer, b=nn.Linear(16 if both else 8, 2))


def transformer(first):
    layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=first)
    parts = {"e": nn.Embedding(20, 8), "t": nn.TransformerEncoder(layer, 1, enable_nested_tensor=False)}
    return Own(lambda self, x: self.b(self.t(self.e(x)).mean(1)), **parts, b=nn.Linear(8, 2))


def turned():
    """Attention that takes time first, and is given time first."""
    layer = nn.TransformerEncoderLayer(8, 2, 16)
    forward = lambda self, x: self.b(self.t(self.e(x).transpose(0, 1)).mean(0))  # noqa: E731
    return Own(forward, e=nn.Embedding(20, 8), t=layer, b=nn.Linear(8, 2))


SEQUENCES, WORDS = (8, 5, 3), (8, 5)
MIXED = {
    "view in place of permute": (lambda: Own(viewed, a=nn.Linear(3, 8), b=nn.Linear(8, 2)), SEQUENCES, "`a` and `b`"),
    "lstm": (lambda: recurrent(False), SEQUENCES, "nn.LSTM(..., batch_first=True)"),
    "gru both ways": (lambda: recurrent(False, True, nn.GRU), SEQUENCES, "nn.GRU(..., batch_first=True)"),
    "transformer": (lambda: transformer(False), WORDS, "nn.TransformerEncoderLayer(..., batch_first=True)"),
    "time first to what takes the batch first": (
        lambda: Own(
            lambda self, x: self.b(self.a(x.transpose(0, 1))[0][-1]),
            a=nn.GRU(3, 8, batch_first=True),
            b=nn.Linear(8, 2),
        ),
        SEQUENCES,
        "no `transpose(0, 1)` before",
    ),
    "softmax over the batch": (lambda: nn.Sequential(nn.Linear(3, 2), nn.Softmax(dim=0)), (8, 3), "nn.Softmax(dim=-1)"),
}
APART = {
    "permute": (lambda: Own(permuted, a=nn.Linear(3, 8), b=nn.Linear(8, 2)), SEQUENCES),
    "lstm": (lambda: recurrent(True), SEQUENCES),
    "lstm both ways": (lambda: recurrent(True, True), SEQUENCES),
    "transformer": (lambda: transformer(True), WORDS),
    "time first, and turned": (turned, WORDS),
    "as many steps as rows": (turned, (8, 8)),
    "batch norm": (lambda: nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Dropout(), nn.Linear(4, 2)), (8, 3)),
    "batch norm that always goes by the batch": (
        lambda: nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4, track_running_stats=False)),
        (8, 3),
    ),
    "similarities of all pairs": (lambda: Own(lambda self, x: self.a(x) @ self.a(x).T, a=nn.Linear(3, 4)), (8, 3)),
    "noise inside": (lambda: Own(lambda self, x: self.a(x) + torch.randn(len(x), 4), a=nn.Linear(3, 4)), (8, 3)),
    "too few to tell": (lambda: nn.Sequential(nn.Linear(3, 2), nn.Softmax(dim=0)), (3, 3)),
}


def data(shape):
    return torch.randint(0, 20, shape) if len(shape) == 2 and shape[1] > 3 else torch.rand(shape)


@pytest.mark.parametrize("name", MIXED)
def test_a_mixed_batch_is_found_where_it_is_mixed(name):
    build, shape, where = MIXED[name]
    seen = mixed_batch(probe(build(), data(shape)))
    assert causes(seen) == [("batch-mixed", "found")] and where in seen.findings[0].detail


@pytest.mark.parametrize("name", APART)
def test_rows_that_are_kept_apart_are_not_accused(name):
    build, shape = APART[name]
    assert causes(mixed_batch(probe(build(), data(shape)))) == []


def test_a_graph_ties_its_rows_on_purpose():
    tied = (torch.rand(8, 8) > 0.5).float()
    tied = ((tied + tied.T) > 0).float()
    model = Own(lambda self, x, a: a @ self.lin(x), lin=nn.Linear(3, 2))
    p = TorchProbe.of(torch, model, None, (torch.rand(8, 3), tied))
    assert causes(mixed_batch(p)) == []


def test_the_users_module_is_left_as_it_is():
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4, track_running_stats=False), nn.Dropout())
    p = probe(model, torch.rand(8, 3))
    for check in (mixed_batch, small_batches, second_call, handed_over):
        check(p)
    assert model.training and model[1].running_mean is None and not model[1]._forward_pre_hooks
    assert p.model[1].running_mean is None and not p.model[1]._forward_pre_hooks


@pytest.mark.parametrize(("rows", "found"), [(2, True), (3, True), (16, False)])
def test_batch_normalisation_of_a_few_rows(rows, found):
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    seen = small_batches(probe(model, torch.rand(rows, 3)))
    assert causes(seen) == ([("batch-norm-small-batch", "found")] if found else [])


@pytest.mark.parametrize(("frozen", "found"), [(False, 1), (True, 0)])
def test_one_row_that_training_mode_refuses_is_one_value(frozen, found):
    class Body(nn.Sequential):
        def train(self, mode=True):
            super().train(mode)
            self[1].train(mode and not frozen)
            return self

    model = Body(nn.Linear(3, 4), nn.BatchNorm1d(4)).eval()
    nn.init.normal_(model[1].weight)
    nn.init.normal_(model[1].bias)
    seen = small_batches(probe(model, torch.rand(1, 3)))
    assert (
        causes(seen) == [("batch-norm-small-batch", "found")] * found
        and [one.value for one in seen.facts] == [1] * found
    )


def test_two_pictures_have_many_places_to_normalise_over():
    model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4))
    assert causes(small_batches(probe(model, torch.rand(2, 1, 8, 8)))) == []


def test_batch_normalisation_that_was_frozen_goes_by_no_batch():
    class Frozen(nn.Sequential):
        def train(self, mode=True):
            super().train(mode)
            self[1].eval()
            return self

    model = Frozen(nn.Linear(3, 4), nn.BatchNorm1d(4))
    assert causes(small_batches(probe(model, torch.rand(2, 3)))) == []


def remembering(detached=True):
    def forward(self, x):
        out, h = self.a(x, self.hidden)
        self.hidden = h.detach()
        return self.b(out[:, -1])

    return Own(forward, a=nn.GRU(3, 8, batch_first=True), b=nn.Linear(8, 2), hidden=None)


def test_a_hidden_state_that_is_kept_is_found_by_its_name():
    seen = second_call(probe(remembering(), torch.rand(SEQUENCES)))
    assert causes(seen) == [("state-carried-over", "found")] and "`self.hidden`" in seen.findings[0].detail


def test_text_that_is_read_on_is_no_more_than_suspected():
    def forward(self, x):
        out, h = self.a(self.e(x), self.hidden)
        self.hidden = h.detach()
        return self.b(out)

    parts = {"e": nn.Embedding(20, 4), "a": nn.GRU(4, 8, batch_first=True), "b": nn.Linear(8, 20)}
    seen = second_call(probe(Own(forward, **parts, hidden=None), torch.randint(0, 20, WORDS)))
    assert causes(seen) == [("state-carried-over", "suspected")]


@pytest.mark.parametrize("name", APART)
def test_a_module_that_remembers_nothing_answers_the_same_twice(name):
    build, shape = APART[name]
    assert causes(second_call(probe(build(), data(shape)))) == []


def test_a_count_of_calls_is_no_state():
    def forward(self, x):
        self.calls = self.calls + 1
        return self.a(x)

    assert causes(second_call(probe(Own(forward, a=nn.Linear(3, 2), calls=torch.zeros(1)), torch.rand(8, 3)))) == []


def test_evaluation_mode_at_the_start_is_found_where_no_batch_was_ever_seen_in_training_mode():
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))
    X = torch.rand(8, 3)
    assert causes(handed_over(probe(model, X))) == []
    assert causes(handed_over(probe(model.eval(), X))) == [("mode-wrong-in-training", "found")]
    model.train()(X)
    assert causes(handed_over(probe(model.eval(), X))) == [], "it was trained, and evaluated last"
    assert causes(handed_over(probe(nn.Linear(3, 2).eval(), X))) == []


def test_what_cannot_be_compared_is_no_change():
    assert change(np.zeros(2), np.zeros(3)) != change(np.zeros(2), np.zeros(3))
    assert change(np.zeros(3), np.zeros(3)) == 0
