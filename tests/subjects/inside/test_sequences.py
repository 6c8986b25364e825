"""What modules make of the order of a sequence: the sick are named, and the sound that look alike are not."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from whynet.subjects.frameworks.torch_probe import TorchProbe  # noqa: E402
from whynet.subjects.inside.sequences import future_leak, no_positions, wrong_end  # noqa: E402

WORDS, STEPS = 20, 12


class Reader(nn.Module):
    """An embedding, what mixes the steps, and how answers are read off."""

    def __init__(self, mix, read, *, positions=False, size=8, outputs=2, width=8):
        super().__init__()
        self.embedding = nn.Embedding(WORDS, width)
        self.positions = nn.Embedding(64, width) if positions else None
        self.mix = mix
        self.out = nn.Linear(size, outputs)
        self.read = read

    def forward(self, x):
        h = self.embedding(x)
        if self.positions is not None:
            h = h + self.positions(torch.arange(x.shape[1]))
        return self.out(self.read(self.mix(h), x))


class ByHand(nn.Module):
    """One head of attention as tutorials write it."""

    def __init__(self, causal):
        super().__init__()
        self.q, self.k, self.v, self.causal = nn.Linear(8, 8), nn.Linear(8, 8), nn.Linear(8, 8), causal

    def forward(self, h):
        scores = self.q(h) @ self.k(h).transpose(1, 2) / 8**0.5
        if self.causal:
            scores = scores.masked_fill(torch.ones(scores.shape[-2:]).triu(1).bool(), -torch.inf)
        return torch.softmax(scores, dim=-1) @ self.v(h)


class Masked(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)

    def forward(self, h):
        return self.layer(h, src_mask=nn.Transformer.generate_square_subsequent_mask(h.shape[1]))


class Recurrent(nn.Module):
    def __init__(self, kind=nn.LSTM, **options):
        super().__init__()
        self.layer = kind(8, 8, batch_first=True, **options)

    def forward(self, h):
        return self.layer(h)[0]


class Convolution(nn.Module):
    def __init__(self, left):
        super().__init__()
        self.layer, self.left = nn.Conv1d(8, 8, 3, padding=0 if left else 1), left

    def forward(self, h):
        h = h.transpose(1, 2)
        return self.layer(nn.functional.pad(h, (2, 0)) if self.left else h).transpose(1, 2)


def encoder():
    return nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)


def mean(h, x):
    return h.mean(1)


def each(h, x):
    return h


def first(h, x):
    return h[:, 0]


def last(h, x):
    return h[:, -1]


def at_length(h, x):
    return h[torch.arange(len(x)), (x != 0).sum(1) - 1]


def masked_mean(h, x):
    real = (x != 0).unsqueeze(-1)
    return (h * real).sum(1) / real.sum(1)


@pytest.fixture(autouse=True)
def _seeded():
    torch.manual_seed(0)


def words(padded=False, rows=12, steps=STEPS):
    X = torch.randint(1, WORDS, (rows, steps))
    if padded:
        for row in range(rows):
            X[row, 2 + row % 4 :] = 0
    return X


def causes(seen):
    return [(one.cause, one.status) for one in seen.findings]


def of(model, X, y=None, loss=None):
    return TorchProbe.of(torch, model, loss, X if y is None else (X, y))


@pytest.mark.parametrize("read", [mean, each, first, last])
@pytest.mark.parametrize("mix", [encoder, lambda: ByHand(False)])
def test_attention_without_positions_is_found(mix, read):
    """Of one answer for a sequence it is a suspicion: a bag of words may be all that it takes."""
    status = "found" if read is each else "suspected"
    assert causes(no_positions(of(Reader(mix(), read), words()))) == [("no-positions", status)]


@pytest.mark.parametrize("read", [mean, each, first])
@pytest.mark.parametrize(
    ("mix", "positions"),
    [(encoder, True), (lambda: ByHand(False), True), (Masked, False), (lambda: ByHand(True), False)],
)
def test_attention_that_knows_the_order_is_not_accused(mix, positions, read):
    if read is first and not positions:
        return  # with a causal mask the first step sees nothing else
    assert causes(no_positions(of(Reader(mix(), read, positions=positions), words()))) == []


@pytest.mark.parametrize("mix", [Recurrent, nn.Identity])
def test_without_attention_nothing_is_asked(mix):
    assert no_positions(of(Reader(mix(), mean), words())).facts == ()


class Points(nn.Module):
    def __init__(self):
        super().__init__()
        self.into, self.layer, self.out = nn.Linear(3, 8), encoder(), nn.Linear(8, 2)

    def forward(self, x):
        return self.out(self.layer(self.into(x)).mean(1))


def test_a_set_of_points_has_no_order_and_a_curve_has():
    cloud, curve = torch.randn(8, STEPS, 3), torch.randn(8, STEPS, 3).cumsum(1)
    assert causes(no_positions(of(Points(), cloud))) == []
    assert causes(no_positions(of(Points(), curve))) == [("no-positions", "suspected")]


def test_an_answer_that_is_the_same_for_all_rows_shows_nothing():
    model = Reader(encoder(), mean)
    nn.init.zeros_(model.out.weight)
    assert no_positions(of(model, words())).facts == ()
    assert causes(wrong_end(of(Reader(Recurrent(), first), words()[:1].repeat(8, 1)))) == []


def test_the_first_step_of_a_recurrent_layer_is_the_wrong_end():
    seen = wrong_end(of(Reader(Recurrent(), first), words()))
    assert causes(seen) == [("wrong-time-step", "found")] and "`mix.layer`" in seen.findings[0].detail


@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU])
def test_the_last_step_of_a_padded_sequence_is_the_wrong_end(kind):
    seen = wrong_end(of(Reader(Recurrent(kind), last), words(padded=True, steps=40)))
    assert causes(seen) == [("wrong-time-step", "found")] and "pack_padded_sequence" in seen.findings[0].detail


@pytest.mark.parametrize("padded", [False, True])
@pytest.mark.parametrize(
    ("mix", "read", "size"),
    [
        (Recurrent, at_length, 8),
        (Recurrent, mean, 8),
        (Recurrent, masked_mean, 8),
        (lambda: Recurrent(bidirectional=True), first, 16),
        (lambda: Recurrent(bidirectional=True), at_length, 16),
        (lambda: Recurrent(nn.RNN), at_length, 8),
    ],
)
def test_sequences_that_are_read_off_soundly(mix, read, size, padded):
    assert causes(wrong_end(of(Reader(mix(), read, size=size), words(padded, steps=40)))) == []


def test_the_last_step_without_padding_is_the_right_end():
    assert causes(wrong_end(of(Reader(Recurrent(), last), words(steps=40)))) == []


def next_word(scores, y):
    return nn.functional.cross_entropy(scores.reshape(-1, WORDS), y.reshape(-1))


def inside(scores, y):
    return next_word(scores[:, :-1], y[:, 1:])


LEAKS = {
    "attention": (encoder, 8, "causal mask"),
    "attention by hand": (lambda: ByHand(False), 8, "causal mask"),
    "both ways": (lambda: Recurrent(bidirectional=True), 16, "bidirectional=False"),
    "convolution": (lambda: Convolution(False), 8, "`mix.layer`"),
}
CAUSAL = {
    "mask": (Masked, 8),
    "mask by hand": (lambda: ByHand(True), 8),
    "recurrent": (Recurrent, 8),
    "convolution": (lambda: Convolution(True), 8),
    "no mixing": (nn.Identity, 8),
}


@pytest.mark.parametrize("shifted_in_loss", [False, True])
@pytest.mark.parametrize("name", LEAKS)
def test_a_next_word_that_is_seen_is_found(name, shifted_in_loss):
    mix, size, words_said = LEAKS[name]
    X = words(steps=13)
    model = Reader(mix(), each, size=size, outputs=WORDS, positions=True)
    p = of(model, X, X.clone(), inside) if shifted_in_loss else of(model, X[:, :-1], X[:, 1:], next_word)
    seen = future_leak(p)
    assert causes(seen) == [("future-leak", "found")] and words_said in seen.findings[0].detail


@pytest.mark.parametrize("shifted_in_loss", [False, True])
@pytest.mark.parametrize("name", CAUSAL)
def test_a_causal_module_is_not_accused(name, shifted_in_loss):
    mix, size = CAUSAL[name]
    X = words(steps=13)
    model = Reader(mix(), each, size=size, outputs=WORDS)
    p = of(model, X, X.clone(), inside) if shifted_in_loss else of(model, X[:, :-1], X[:, 1:], next_word)
    seen = future_leak(p)
    assert causes(seen) == [] and [one.value < 1e-4 for one in seen.facts] == [True]


class OwnLoss(Reader):
    def forward(self, input_ids, labels=None):
        scores = super().forward(input_ids)
        return {"logits": scores, "loss": inside(scores, labels)}


@pytest.mark.parametrize(("mix", "found"), [(encoder, True), (Masked, False)])
def test_a_module_with_its_own_loss_shifts_by_itself(mix, found):
    X = words(steps=13)
    model = OwnLoss(mix(), each, outputs=WORDS)
    seen = future_leak(TorchProbe.of(torch, model, None, {"input_ids": X, "labels": X.clone()}))
    assert causes(seen) == ([("future-leak", "found")] if found else []) and len(seen.facts) == 1


def test_an_answer_for_each_step_is_no_answer_for_a_sequence():
    class Turned(Reader):
        def forward(self, x):
            return super().forward(x).transpose(1, 2)

    assert wrong_end(of(Turned(Recurrent(), each, outputs=5), words())).facts == ()


def test_tagging_and_reconstruction_may_look_both_ways():
    X = words()
    model = Reader(encoder(), each, outputs=WORDS)
    assert future_leak(of(model, X, words(), next_word)).facts == ()
    assert future_leak(of(model, X, X.clone(), next_word)).facts == ()
    scores_last = lambda scores, y: nn.functional.cross_entropy(scores.transpose(1, 2), y)  # noqa: E731
    assert future_leak(of(model, X, X.clone(), scores_last)).facts == ()


def test_numbers_that_are_forecast_are_sequences_too():
    class Forecast(nn.Module):
        def __init__(self, both):
            super().__init__()
            self.layer = nn.GRU(2, 8, batch_first=True, bidirectional=both)
            self.out = nn.Linear(16 if both else 8, 2)

        def forward(self, x):
            return self.out(self.layer(x)[0])

    X = torch.randn(8, 13, 2)
    for both, found in ((True, [("future-leak", "found")]), (False, [])):
        assert causes(future_leak(of(Forecast(both), X[:, :-1], X[:, 1:], nn.MSELoss()))) == found
