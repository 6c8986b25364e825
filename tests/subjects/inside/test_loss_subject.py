"""Networks of which only the loss is known: what holds them back is proved by it, and sound ones are left in peace."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from whynet.doctor.change import Change, Wording
from whynet.doctor.diagnosis import Finding, Settings
from whynet.doctor.subject import Arm
from whynet.report.wording.states import SENTENCES
from whynet.subjects.inside.batches import Batches
from whynet.subjects.inside.how import How
from whynet.subjects.inside.loss_subject import LossSubject
from whynet.subjects.inside.told import diagnosed

torch = pytest.importorskip("torch", reason="PyTorch is not installed; it is a guest, not a dependency")
nn = torch.nn

from whynet.subjects.frameworks.torch_nested import arrays_of  # noqa: E402
from whynet.subjects.frameworks.torch_probe import TorchProbe  # noqa: E402
from whynet.subjects.frameworks.torch_training import OptimizerSettings  # noqa: E402


@pytest.fixture(autouse=True)
def seeded():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # as `diagnose` does for networks so small
    torch.manual_seed(0)
    yield
    torch.set_num_threads(threads)


def subject(model, loss, batches, optimizer, *, epochs=8, order="shuffled", **options):
    settings = OptimizerSettings.of(model, optimizer)
    probe = TorchProbe.of(torch, model, loss, next(iter(batches)), settings)

    def epoch():
        for batch in batches:
            inputs, targets = probe.way(batch)
            yield arrays_of(inputs, torch), arrays_of(targets, torch)

    known = Settings(rate=settings.options["lr"], order=order)
    return LossSubject(
        probe, Batches.read(epoch, by_rows=True), settings=known, wording=Wording("PyTorch"), epochs=epochs, **options
    )


def statuses(found):
    return {one.cause: one.status for one in found.verdict}


def proved(found):
    return [one.cause for one in found.verdict if one.status == "proved"]


class Tagger(nn.Module):
    """Says the kind of each word of padded sentences."""

    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(30, 8, padding_idx=0)
        self.steps = nn.LSTM(8, 12, batch_first=True)
        self.last = nn.Linear(12, 4)

    def forward(self, words):
        return self.last(self.steps(self.words(words))[0]).transpose(1, 2)


class Two(nn.Module):
    """Two inputs; all weights of 0 where asked."""

    def __init__(self, *, zero=False):
        super().__init__()
        self.a, self.b, self.last = nn.Linear(6, 16), nn.Linear(4, 16), nn.Linear(32, 1)
        for one in self.parameters() if zero else ():
            nn.init.zeros_(one)

    def forward(self, a, b):
        return self.last(torch.cat([torch.relu(self.a(a)), torch.relu(self.b(b))], 1))


def autoencoder(rate):
    X = torch.tanh(torch.randn(256, 3) @ torch.randn(3, 12))
    model = nn.Sequential(
        nn.Linear(12, 12), nn.ReLU(), nn.Linear(12, 3), nn.Linear(3, 12), nn.ReLU(), nn.Linear(12, 12)
    )
    return model, nn.MSELoss(), X.split(16), torch.optim.Adam(model.parameters(), lr=rate)


def tagger(rate):
    batches = []
    for _ in range(12):
        length = int(torch.randint(5, 9, (1,)))
        words = torch.randint(1, 30, (12, length))
        kinds = words % 3 + 1
        for row in range(12):
            end = int(torch.randint(3, length + 1, (1,)))
            words[row, end:], kinds[row, end:] = 0, -100
        batches.append((words, kinds))
    model = Tagger()
    return model, nn.CrossEntropyLoss(ignore_index=-100), batches, torch.optim.Adam(model.parameters(), lr=rate)


def two_inputs(*, zero):
    a, b = torch.randn(320, 6), torch.randn(320, 4)
    rows = zip(a.split(16), b.split(16), (2 * a[:, :1] + b[:, :1].abs()).split(16), strict=True)
    model = Two(zero=zero)
    return model, nn.MSELoss(), list(rows), torch.optim.SGD(model.parameters(), lr=0.03)


def segmentation(*, size=1.0, rate=0.01):
    masks = torch.zeros(96, 1, 12, 12)
    for row in range(96):
        top, left = (int(one) for one in torch.randint(0, 7, (2,)))
        masks[row, 0, top : top + 5, left : left + 5] = 1
    pictures = size * (0.6 * masks + 0.36 * torch.rand(96, 1, 12, 12)).repeat(1, 3, 1, 1)
    layers = nn.Conv2d(3, 6, 3, padding=1), nn.ReLU(), nn.Conv2d(6, 6, 3, padding=1), nn.ReLU(), nn.Conv2d(6, 1, 1)
    model = nn.Sequential(*layers)
    batches = list(zip(pictures.split(8), masks.split(8), strict=True))
    return model, nn.BCEWithLogitsLoss(), batches, torch.optim.Adam(model.parameters(), lr=rate)


def test_a_rate_that_is_too_low_for_an_autoencoder():
    found = diagnosed(subject(*autoencoder(1e-6)), effort=10)
    assert (found.state, proved(found)) == ("not-started", ["lr-too-low"])
    assert found.fix is not None
    assert found.fix.after.metric.value < 0.5 * found.before.metric.value


def test_numbers_that_are_missing_in_a_later_batch_are_found_when_the_loss_is_not_finite():
    model, loss, batches, optimizer = segmentation()
    batches[7][0][3, 0, 2, 2] = math.nan
    found = diagnosed(subject(model, loss, batches, optimizer), trials=False)
    assert found.state == "non-finite"
    assert found.verdict[0].cause == "bad-inputs"
    assert "1 of 41,472 numbers in the inputs of its batches" in found.verdict[0].detail


def test_how_many_predictions_are_right_is_said_where_classes_are_predicted():
    found = diagnosed(subject(*tagger(0.03), epochs=20), trials=False)
    assert found.value("held-right") > 0.9
    assert "of the predictions held back are right" in str(found.remarks)


@pytest.mark.slow
def test_a_rate_that_is_too_high_for_a_tagger_of_padded_sentences():
    found = diagnosed(subject(*tagger(100.0)), effort=10)
    assert found.state in ("diverged", "non-finite", "stalled")
    assert proved(found) == ["lr-too-high"]


@pytest.mark.parametrize(("rate", "state", "far"), [(2.0, "underfits", True), (0.03, "healthy", False)])
def test_a_loss_that_fell_and_settled_far_above_what_a_lower_rate_comes_to_is_not_healthy(rate, state, far):
    one = subject(*tagger(rate), epochs=20)
    case = one.examine()
    first, last = case.before.curve[0][1], case.before.cost
    assert first - last > 0.2 * first  # it fell
    assert (case.state, case.value("lower-rate") < 0.1) == (state, far)
    assert len(one.ended) == (2 if far else 1)  # a deep fall is compared with nothing


def test_what_a_lower_rate_comes_to_is_said_with_the_state():
    found = diagnosed(subject(*tagger(2.0), epochs=20), effort=6)
    assert proved(found) == ["lr-too-high"]
    assert "with a lower rate its loss comes to" in SENTENCES[found.state](found)


@pytest.mark.slow
def test_weights_that_are_all_zero_in_a_network_of_two_inputs():
    found = diagnosed(subject(*two_inputs(zero=True)), effort=10)
    assert proved(found) == ["symmetric-init"]
    assert found.value("identical-units") == 1


@pytest.mark.slow
def test_pictures_of_0_to_255_that_are_to_be_segmented():
    found = diagnosed(subject(*segmentation(size=255.0)), effort=10)
    assert proved(found) == ["input-not-scaled"]


@pytest.mark.slow
def test_what_is_as_good_with_the_inputs_of_other_rows_has_learned_nothing_from_them():
    found = diagnosed(subject(*segmentation(rate=3.0)), effort=6)
    assert found.state == "constant-answer" and found.value("exchanged-inputs") < 1.02
    assert proved(found) == ["lr-too-high"]
    assert "learned nothing from its inputs" in str(found)


@pytest.mark.slow
@pytest.mark.parametrize(
    "made", [lambda: autoencoder(0.01), lambda: tagger(0.01), lambda: two_inputs(zero=False), lambda: segmentation()],
    ids=["autoencoder", "tagger", "two inputs", "segmentation"],
)  # fmt: skip
def test_a_sound_one_is_left_in_peace(made):
    found = diagnosed(subject(*made()), effort=6)
    assert (found.state, found.verdict, found.fix) == ("healthy", [], None)


@pytest.mark.slow
def test_qualities_are_null_and_losses_are_shown():
    found = diagnosed(subject(*autoencoder(1e-6)), effort=10)
    told = json.loads(json.dumps(found.as_dict()))
    assert told["problem"] == "unknown" and not math.isfinite(found.yardstick)
    first = told["verdict"][0]
    for outcome in (first["before"], first["after"], told["fix"]["after"], *told["baselines"].values()):
        assert not isinstance(outcome["quality"], float) or math.isnan(outcome["quality"])
        assert outcome["metric"]["name"] == "loss"
    assert first["status"] == "proved"
    shown = str(found)
    assert f"loss {found.before.metric.value:.4g} -> loss" in shown and "quality" not in shown + found._repr_html_()
    assert all(one.answer == (one.after < 0.8 * one.before) for one in found.questions if one.about != "epochs")


@pytest.mark.slow
def test_effort_is_heeded():
    spent = [diagnosed(subject(*autoencoder(1e-6), effort=effort), effort=effort) for effort in (0.5, 10)]
    assert spent[0].effort < 2 < 10 and spent[0].effort < spent[1].effort
    assert spent[1].effort <= 11
    assert not diagnosed(subject(*autoencoder(1e-6), trials=False), trials=False).effort


def test_a_budget_is_heeded():
    found = diagnosed(subject(*autoencoder(1e-6), epochs=20_000), budget=0.2)
    assert not proved(found)
    assert found.judged_after is not None or any(one.kind == "cut" for one in found.remarks)


def test_of_the_first_part_of_a_training_nothing_is_said_that_only_its_end_shows():
    patient = subject(*autoencoder(3e-4), epochs=1_000_000)
    patient.first = 80
    case = patient.examine()
    assert patient.early and case.steps[0] < case.steps[1]
    assert "only the first" in patient.why_not([Change("epochs", {"times": 3})])
    assert "at this pace" in patient.why_not([Change("rate", {"times": 10.0})])
    assert patient.why_not([Change("rate", {"times": 0.1})]) is None


def test_what_cannot_be_changed_is_declined_in_a_sentence():
    patient = subject(*tagger(0.01))
    patient.examine()
    for change, says in (
        (Change("width", {"widths": (1, 2)}), "wider"),
        (Change("batch", {"size": 20}), "put together"),
        (Change("output", {"name": "identity"}), "taken away"),
        (Change("penalty", {"l2": 0.1}), "added"),
        (Change("mend", {"mistakes": ("wrong-term",)}), "code itself"),
        (Change("weights", {"scheme": "orthogonal"}), "not drawn"),
    ):
        assert says in patient.why_not([change])
    assert patient.why_not([Change("batch", {"size": 4})]) is None
    assert patient.alike([Change("scale-inputs", {"scheme": "standard"})], [])  # words are no numbers


def test_gradients_that_are_left_in_are_mended():
    model, loss, batches, optimizer = two_inputs(zero=False)
    patient = subject(model, loss, batches, optimizer, loop=How(stale=True))
    patient.examine()
    changes = (Change("mend", {"mistakes": ("stale-gradients",)}),)
    stale, mended = patient.run([Arm((), 0, 100), Arm(changes, 0, 100)])
    assert not mended.cost >= stale.cost


def test_a_softmax_before_a_loss_that_has_one_is_taken_away():
    X = torch.randn(300, 5)
    y = (X @ torch.randn(5, 6)).argmax(1)
    model = nn.Sequential(nn.Linear(5, 24), nn.ReLU(), nn.Linear(24, 6), nn.Softmax(1))
    batches = list(zip(X.split(20), y.split(20), strict=True))
    patient = subject(model, nn.CrossEntropyLoss(), batches, torch.optim.SGD(model.parameters(), lr=0.05))
    case = patient.examine()
    assert case.settings.output == "softmax"
    plain, bare = patient.run([Arm((), 0, 120), Arm((Change("output", {"name": "identity"}),), 0, 120)])
    assert bare.quality > plain.quality


def test_what_is_found_in_its_code_comes_before_what_merely_helps():
    found = [Finding("gradient-cut", "found")]
    told = diagnosed(subject(*autoencoder(1e-6), found=found), effort=6)
    assert statuses(told)["gradient-cut"] == "found"
    assert told.verdict[0].cause == "gradient-cut" and not proved(told)


def test_nothing_of_the_users_is_touched():
    model, loss, batches, optimizer = segmentation(rate=1e-7)
    optimizer.zero_grad()
    before = {name: one.clone() for name, one in model.state_dict().items()}
    data = [(one.clone(), other.clone()) for one, other in batches]
    settings = repr(optimizer.state_dict())
    chance, legacy = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    diagnosed(subject(model, loss, batches, optimizer, epochs=3), effort=3)
    assert all(torch.equal(one, before[name]) for name, one in model.state_dict().items())
    assert model.training and all(one.grad is None for one in model.parameters())
    assert repr(optimizer.state_dict()) == settings
    assert torch.equal(chance, torch.get_rng_state())
    assert np.array_equal(legacy, np.random.get_state()[1])  # noqa: NPY002
    assert all(torch.equal(a, b) for one, two in zip(batches, data, strict=True) for a, b in zip(one, two, strict=True))
