"""Modules of PyTorch that predict numbers, several labels, or one of two classes by one output."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.metrics import r2_score

from plants.wards import changes_in_words
from whynet.doctor.change import Change
from whynet.errors import UsageError, WhynetError
from whynet.report.wording.remarks import all_in_words
from whynet.subjects.frameworks.pytorch import diagnose_torch
from whynet.subjects.frameworks.targets import is_crossed, is_distance, learned
from whynet.subjects.frameworks.torch_watch import watch

torch = pytest.importorskip("torch", reason="PyTorch is not installed; it is a guest, not a dependency")
nn = torch.nn

SCALE, HUBER = Change("scale-targets", {"scheme": "standard"}), Change("cost", {"name": "huber"})


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


def perceptron(inputs, outputs, *last):
    return nn.Sequential(nn.Linear(inputs, 30), nn.Tanh(), nn.Linear(30, outputs), *last)


def tensor(values):
    return torch.tensor(values, dtype=torch.float32)


def numbers(rng, n=400):
    X = rng.normal(size=(n, 4))
    return tensor(X), tensor(3 * X[:, :2] - X[:, 2:] ** 2 + rng.normal(0, 0.1, (n, 2)))


def asked(model, data, loss, *, rate=0.01, **options):
    optimizer = torch.optim.Adam(model.parameters(), lr=rate)
    return diagnose_torch(model, loss=loss, optimizer=optimizer, data=data, **options)


LOSSES = {
    "squares": nn.MSELoss(), "summed": nn.MSELoss(reduction="sum"), "absolute": nn.L1Loss(), "huber": nn.HuberLoss(),
    "smooth": nn.SmoothL1Loss(), "function": lambda outputs, y: ((outputs - y) ** 2).mean(),
}  # fmt: skip


@pytest.mark.parametrize("name", LOSSES)
def test_a_regression_is_a_recipe_that_takes_the_very_steps(name, rng):
    found = asked(perceptron(4, 2), numbers(rng), LOSSES[name], epochs=40, trials=False)
    assert "whynet's engine" in found.used["trials"]
    assert found.used["problem"].startswith("a regression of 2 numbers")
    assert found.used["predictions"] == "the outputs are the numbers"
    assert (found.state, found.before.metric.name, found.before.recalls) == ("healthy", "R2", ())
    assert found.settings.cost == {"absolute": "absolute", "huber": "huber", "smooth": "huber"}.get(name, "quadratic")


def test_features_that_are_no_pixels_go_as_they_are(rng):
    X, y = numbers(rng)
    X = X * torch.tensor([1.0, 1e4, 1e-3, 1.0]) + torch.tensor([0.0, 5e4, 0.0, -7.0])
    found = asked(perceptron(4, 2), (X, y), nn.MSELoss(), epochs=5, trials=False)
    assert "whynet's engine" in found.used["trials"]
    assert found.settings.scaling is None
    assert found.value("largest-input") > 5e4


def test_one_output_may_be_flat_and_a_test_set_is_judged_by_r2(rng):
    X, y = numbers(rng)
    flat = nn.Sequential(*perceptron(4, 1), nn.Flatten(0))
    found = asked(flat, (X[:300], y[:300, 0]), nn.MSELoss(), test=(X[300:], y[300:, 0]), epochs=60, trials=False)
    assert found.used["problem"] == "a regression of 1 number: MSELoss of float targets"
    assert found.before.test_quality > 0.9


def test_another_network_or_loss_is_trained_by_pytorch_itself(rng):
    X, y = numbers(rng)
    layered = nn.Sequential(nn.Linear(4, 30), nn.LayerNorm(30), nn.ReLU(), nn.Linear(30, 2))
    for model, loss in ((layered, nn.MSELoss()), (perceptron(4, 2), nn.HuberLoss(delta=0.3))):
        found = asked(model, (X, y), loss, epochs=30, trials=False)
        assert "PyTorch itself" in found.used["trials"]
        assert found.state == "healthy"
        assert found.before.metric.name == "R2"


def adapter_of(model, X, y, loss):
    """What trains copies in PyTorch, and what is learned."""
    from whynet.subjects.frameworks.pytorch import OptimizerSettings, Outputs, Patient, squash_of

    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    patient = Patient(torch, model, loss, OptimizerSettings.of(model, optimizer), X, y)
    patient.outputs = 1
    patient._shape_of_outputs()
    patient.what = learned(y.numpy(), 1, patient._measure)
    patient.said = Outputs(np.zeros((1, 1)), squash_of(torch, model, X), patient._loss_of, problem=patient.what.problem)
    return patient._adapter(), patient.what


def test_targets_are_scaled_for_training_and_predictions_scaled_back(rng):
    X, y = numbers(rng)
    y = 1000 * y[:, :1] + 4000
    adapter, what = adapter_of(perceptron(4, 1), X, y, nn.MSELoss())
    assert adapter.why_not((SCALE, HUBER)) is None
    assert "targets would have to be others" in adapter.why_not((Change("cost", {"name": "softmax-cross-entropy"}),))
    rows = X.numpy()
    before, after, robust = (
        adapter.train(rows, what.y, changes, seed=0, steps=400, stop=lambda: False)
        for changes in ((), (SCALE,), (SCALE, HUBER))
    )
    assert what.problem.quality(before.scores(rows), what.y) < 0.3
    for trained in (after, robust):
        assert r2_score(what.y, trained.scores(rows)) > 0.95
        assert what.problem.r2(trained.scores(rows), what.y) == pytest.approx(r2_score(what.y, trained.scores(rows)))


def test_whole_numbers_are_not_cut_off_when_they_are_scaled(rng):
    X, y = numbers(rng)
    counts = (20 + 3 * y[:, :1]).round().long()
    adapter, what = adapter_of(perceptron(4, 1), X, counts, nn.L1Loss())
    trained = adapter.train(X.numpy(), what.y, (SCALE,), seed=0, steps=400, stop=lambda: False)
    assert what.problem.quality(trained.scores(X.numpy()), what.y) > 0.9


class Inside(nn.Module):
    """A sigmoid that is a call inside forward."""

    def __init__(self):
        super().__init__()
        self.net = perceptron(4, 1)

    def forward(self, x):
        return torch.sigmoid(self.net(x))


@pytest.mark.parametrize("model", [lambda: perceptron(4, 1, nn.Sigmoid()), Inside], ids=["module", "call"])
def test_a_squashed_output_is_bared(model, rng):
    X, y = numbers(rng)
    adapter, what = adapter_of(model(), X, y[:, :1], nn.MSELoss())
    bare = Change("output", {"name": "identity"})
    assert adapter.squash == "sigmoid"
    assert adapter.why_not((bare,)) is None
    rows = X.numpy()
    squashed, bared = (
        adapter.train(rows, what.y, changes, seed=0, steps=400, stop=lambda: False) for changes in ((), (bare,))
    )
    assert what.problem.quality(squashed.scores(rows), what.y) < 0.5
    assert what.problem.quality(bared.scores(rows), what.y) > 0.9


def test_outputs_that_are_compared_with_every_target_are_proved(rng):
    X, y = numbers(rng)
    found = asked(perceptron(4, 1), (X, y[:, 0]), nn.MSELoss(), epochs=20)
    assert (found.verdict[0].cause, found.verdict[0].status) == ("loss-broadcast", "proved")
    assert found.before.quality < 0.1
    assert found.after.quality > 0.85


def test_the_same_is_seen_in_a_loop_that_is_watched(rng):
    X, y = numbers(rng)
    model, loss = perceptron(4, 1), nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    with (
        pytest.warns(UserWarning, match="different to the input size"),
        watch(model, loss=loss, optimizer=optimizer) as seen,
    ):
        for rows in torch.randperm(len(X)).split(32):
            optimizer.zero_grad()
            loss(model(X[rows]), y[rows, 0]).backward()
            optimizer.step()
    found = seen.diagnosis(trials=False)
    assert found.verdict[0].cause == "loss-broadcast"


def test_a_watched_regression_is_judged_by_r2(rng):
    X, y = numbers(rng)
    model, loss = perceptron(4, 2), nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    with watch(model, loss=loss, optimizer=optimizer) as seen:
        for _ in range(30):
            for rows in torch.randperm(len(X)).split(32):
                optimizer.zero_grad()
                loss(model(X[rows]), y[rows]).backward()
                optimizer.step()
    found = seen.diagnosis(trials=False)
    assert (found.state, found.before.metric.name) == ("healthy", "R2")


def test_pictures_are_answered_with_pictures(digits):
    X = tensor(digits.inputs.reshape(-1, 1, 8, 8) / 255)
    model = nn.Sequential(
        nn.Flatten(), nn.Linear(64, 20), nn.ReLU(), nn.Linear(20, 64), nn.Sigmoid(), nn.Unflatten(1, (1, 8, 8))
    )
    for loss in (nn.MSELoss(), nn.BCELoss()):
        found = asked(model, (X, X), loss, epochs=5, trials=False)
        assert found.used["problem"].startswith("a regression of 64 numbers")
        assert 0.3 < found.before.quality < 1
    assert "PyTorch itself" in found.used["trials"]  # of a cross-entropy, the answers are what it squashes


@pytest.mark.parametrize("loss", [nn.BCEWithLogitsLoss(), nn.BCELoss()], ids=["logits", "probabilities"])
def test_several_labels_are_judged_each_for_itself(loss, rng):
    X = rng.normal(size=(500, 6))
    y = (X[:, :3] + X[:, 3:] > 0.3).astype(float)
    last = [nn.Sigmoid()] if isinstance(loss, nn.BCELoss) else []
    found = asked(perceptron(6, 3, *last), (tensor(X), tensor(y)), loss, epochs=30, trials=False)
    assert "whynet's engine" in found.used["trials"]
    assert found.used["problem"].startswith("3 labels")
    assert (found.state, found.before.metric.name, len(found.before.recalls)) == ("healthy", "F1", 3)


@pytest.mark.parametrize("loss", [nn.BCEWithLogitsLoss(), nn.BCELoss(), nn.MSELoss()], ids=["logits", "shares", "MSE"])
def test_one_output_for_two_classes_is_judged_by_accuracy(loss, rng):
    X = rng.normal(size=(500, 6))
    y = (X[:, :1] + X[:, 1:2] ** 2 > 0.7).astype(float)
    last = [] if isinstance(loss, nn.BCEWithLogitsLoss) else [nn.Sigmoid()]
    found = asked(perceptron(6, 1, *last), (tensor(X), tensor(y)), loss, epochs=40, trials=False)
    assert "whynet's engine" in found.used["trials"]
    assert found.used["problem"].startswith("2 classes")
    assert found.state == "healthy"
    assert found.before.validation_accuracy > 0.9


def test_what_no_answer_can_be_judged_by_is_judged_by_its_loss(rng):
    X, y = numbers(rng)
    for loss, targets in (
        (nn.PoissonNLLLoss(), y.abs()),  # outputs are logarithms
        (nn.BCEWithLogitsLoss(), torch.rand(len(y), 2)),  # the answers are what it squashes
        (lambda outputs, y: -(outputs * y).mean(), y),
    ):
        found = asked(perceptron(4, 2), (X, targets), loss, trials=False)
        assert found.problem == "unknown" and math.isnan(found.before.quality)
        assert "no classes" in found.not_examined[0].why
        assert any("by its loss alone" in words for words in all_in_words(found))
    for targets, says in ((torch.where(y > 1, torch.nan, y), "is missing"), (y[:, :1].repeat(1, 3), "no classes")):
        with pytest.raises(WhynetError, match=says):
            asked(perceptron(4, 2), (X, targets), nn.MSELoss(), trials=False)


def test_whole_numbers_are_counts_where_the_loss_measures_a_distance():
    def squares(outputs, targets):
        return float(np.mean((outputs - targets) ** 2))

    ages = np.arange(18, 80)
    assert learned(ages, 1, squares).words == "a regression of 1 number: the loss of whole numbers"
    assert learned(ages % 2, 1, squares).problem.kind == "classification"
    assert learned(ages % 3, 1, squares).problem.kind == "regression"
    with pytest.raises(UsageError, match="out of range"):
        learned(ages % 3, 1, lambda outputs, targets: float(np.mean(np.logaddexp(0, outputs) - targets * outputs)))


@pytest.mark.parametrize("seed", range(5))
def test_a_distance_and_what_is_crossed_are_told_by_values(seed):
    rng = np.random.default_rng(seed)
    y = rng.normal(rng.normal(0, 1e3), 10 ** rng.uniform(-3, 5), (rng.integers(5, 200), 1))
    for power in (1, 1.5, 2, 4):
        assert is_distance(lambda a, t, p=power: float(np.mean(np.abs(a - t) ** p)), y)
        assert not is_distance(lambda a, t, p=power: -float(np.mean(np.abs(a - t) ** p)), y)
        assert not is_crossed(lambda a, t, p=power: float(np.mean(np.abs(a - t) ** p)), y)
        assert is_crossed(lambda a, t, p=power: float(np.mean(np.abs(a - t[:, 0]) ** p)), y)
    assert not is_distance(lambda a, t: float(np.mean((a - 2 * t) ** 2)), y)
    assert is_distance(lambda a, t: float(np.abs(a - t).mean()), np.full((9, 1), 4.0))


def test_raw_targets_and_squashed_outputs_are_proved(rng):
    X, y = numbers(rng)
    prices = asked(perceptron(4, 1), (X, 1e5 * y[:, :1] + 3e5), nn.MSELoss(), rate=0.003, epochs=30)
    assert (prices.verdict[0].cause, prices.verdict[0].status) == ("target-not-scaled", "proved")
    points = asked(perceptron(4, 1, nn.Sigmoid()), (X, 10 * y[:, :1] + 50), nn.MSELoss(), epochs=60)
    assert (points.verdict[0].cause, points.verdict[0].status) == ("output-range-mismatch", "proved")
    assert "no activation after the last `nn.Linear`" in changes_in_words(points)[0]


def test_of_shuffled_and_of_constant_targets_nothing_is_proved(rng):
    X, y = numbers(rng)
    for targets, cause in ((y[torch.randperm(len(y))], "useless-target"), (0 * y + 7, "constant-target")):
        found = asked(perceptron(4, 2), (X, targets), nn.MSELoss(), epochs=20, effort=5)
        assert found.state == "bad-data"
        assert [one.cause for one in found.verdict][:1] == [cause]
        assert all(one.status != "proved" for one in found.verdict)
