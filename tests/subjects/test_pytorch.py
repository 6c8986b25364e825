"""Modules of PyTorch: read without a trace, understood by what they do, and diagnosed as whynet's own networks are."""

from __future__ import annotations

import copy
import math
import random
import sys

import numpy as np
import pytest

import whynet
from plants.wards import (
    EXPRESSIBLE,
    agreement,
    change_in_words,
    changes_in_words,
    false_alarms,
    healthy_data,
    healthy_recipes,
    torch_patient,
)
from whynet.casebook.cases import CASES
from whynet.data.sources import load
from whynet.doctor.change import Change, Wording
from whynet.doctor.diagnosis import Settings
from whynet.errors import ResourceError, UsageError
from whynet.subjects.frameworks import torch_training, torch_watch
from whynet.subjects.frameworks.pytorch import diagnose_torch
from whynet.subjects.frameworks.torch_watch import watch
from whynet.subjects.plants import SOUND, plants
from whynet.subjects.recipe import diagnose_recipe
from whynet.training.prepare import split
from whynet.training.recipe import Recipe


def test_without_pytorch_one_sentence_says_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    for call in (
        lambda: diagnose_torch(None, loss=None, optimizer=None, data=None),
        lambda: watch(None, optimizer=None),
    ):
        with pytest.raises(ResourceError, match="PyTorch is not installed"):
            call()


torch = pytest.importorskip("torch", reason="PyTorch is not installed; it is a guest, not a dependency")
nn = torch.nn


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


@pytest.fixture
def numbers(digits):
    """The embedded digits as PyTorch's users hold them."""
    return torch.tensor(digits.inputs / 255, dtype=torch.float32), torch.tensor(digits.labels)


class Own(nn.Module):
    """A perceptron as people write it: functions in `forward`, no Sequential."""

    def __init__(self, squash=False):
        super().__init__()
        self.out, self.inner = nn.Linear(20, 10), nn.Linear(64, 20)
        self.squash = squash

    def forward(self, x):
        x = nn.functional.dropout(torch.tanh(self.inner(x.flatten(1) - 0.5)), 0.25, self.training)
        x = self.out(x)
        return torch.softmax(x, dim=1) if self.squash else x


class Unreadable(torch.utils.data.Dataset):
    """A data set whose files are gone."""

    def __len__(self):
        return 10

    def __getitem__(self, row):
        raise KeyError(row)


def asked(model, data, *, rate=0.1, loss=None, **options):
    optimizer = torch.optim.SGD(model.parameters(), lr=rate)
    return diagnose_torch(model, loss=loss or nn.CrossEntropyLoss(), optimizer=optimizer, data=data, **options)


def fit(model, X, y, *, rate=0.1, zero=True, epochs=1, loss=None, size=32):
    """Somebody's loop."""
    loss = loss or nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=rate)
    with watch(model, loss=loss, optimizer=optimizer) as watched:
        for _ in range(epochs):
            for rows in torch.randperm(len(X)).split(size):
                if zero:
                    optimizer.zero_grad()
                loss(model(X[rows]), y[rows]).backward()
                optimizer.step()
    return watched


def test_a_perceptron_is_understood_by_what_it_does(numbers):
    X, y = numbers
    found = asked(Own(), (X.reshape(-1, 8, 8), y), trials=False)
    settings = found.settings
    assert settings.widths == (64, 20, 10)
    assert (settings.activation, settings.dropout, settings.cost) == ("tanh", 0.25, "softmax-cross-entropy")
    assert settings.weights == settings.biases == "scaled-uniform"
    assert found.wording.library == "PyTorch"
    assert "whynet's engine" in found.used["trials"]


def test_a_softmax_before_the_cross_entropy_is_seen_and_said_in_pytorchs_words(numbers):
    found = asked(Own(squash=True), numbers, epochs=20, rate=0.05)
    assert found.verdict[0].cause == "wrong-output-activation"
    assert "no activation after the last `nn.Linear`" in changes_in_words(found)[0]


def test_a_network_that_is_normalised_is_a_recipe_too(numbers):
    model = nn.Sequential(nn.Linear(64, 20), nn.BatchNorm1d(20), nn.ReLU(), nn.Linear(20, 10))
    found = asked(model, numbers, epochs=8)
    assert "whynet's engine" in found.used["trials"]
    assert found.state == "healthy"
    assert found.verdict == []


def test_other_networks_are_tried_by_pytorch_itself(numbers):
    X, y = numbers
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(1, 6, 3), nn.ReLU(), nn.Flatten(), nn.Linear(216, 10))
    found = asked(model, (X.reshape(-1, 1, 8, 8), y), epochs=3, rate=1e-4)
    assert (found.verdict[0].cause, found.verdict[0].status) == ("lr-too-low", "proved")
    assert changes_in_words(found)[0].startswith("`torch.optim.SGD(model.parameters(), lr=")
    assert "Conv2d" in found.used["trials"]
    assert found.after.validation_accuracy > 0.8


# ---- a recipe stands in only where it does the same


OPTIMIZERS = {
    "SGD": lambda weights: torch.optim.SGD(weights, lr=0.1),
    "momentum": lambda weights: torch.optim.SGD(weights, lr=0.1, momentum=0.9),
    "Nesterov": lambda weights: torch.optim.SGD(weights, lr=0.1, momentum=0.9, nesterov=True),
    "Adam": lambda weights: torch.optim.Adam(weights, lr=0.01),
    "AdamW": lambda weights: torch.optim.AdamW(weights, lr=0.01),
    "RMSprop": lambda weights: torch.optim.RMSprop(weights, lr=0.01, alpha=0.9),
    "weight decay": lambda weights: torch.optim.SGD(weights, lr=0.1, weight_decay=0.003),
    "a tiny rate": lambda weights: torch.optim.SGD(weights, lr=1e-7),
    "a huge rate": lambda weights: torch.optim.SGD(weights, lr=1e4),
    "no rate": lambda weights: torch.optim.SGD(weights, lr=math.nan),
}
LOSSES = {
    "cross-entropy": (nn.CrossEntropyLoss, False),
    "smoothed": (lambda: nn.CrossEntropyLoss(label_smoothing=0.1), False),
    "summed": (lambda: nn.CrossEntropyLoss(reduction="sum"), False),
    "squares": (nn.MSELoss, True),
    "binary": (nn.BCEWithLogitsLoss, True),
}


def perceptron(*last, hidden=nn.Tanh):
    return nn.Sequential(nn.Linear(64, 20), hidden(), nn.Linear(20, 10), *last)


def who_trains(model, data, optimizer, loss=None, **options):
    found = diagnose_torch(
        model, loss=loss or nn.CrossEntropyLoss(), optimizer=optimizer, data=data, trials=False, **options
    )
    return found.used["trials"]


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_recipe_takes_the_very_steps_of_pytorch(numbers, name):
    model = perceptron()
    assert "whynet's engine" in who_trains(model, numbers, OPTIMIZERS[name](model.parameters()))


@pytest.mark.parametrize("name", LOSSES)
def test_a_recipe_descends_the_very_loss_of_pytorch(numbers, name):
    (loss, one_hot), model, (X, y) = LOSSES[name], perceptron(), numbers
    optimizer = torch.optim.SGD(model.parameters(), lr=0.001)
    assert "whynet's engine" in who_trains(model, (X, torch.eye(10)[y] if one_hot else y), optimizer, loss())


class Halving(torch.optim.SGD):
    """Takes half of every gradient, under an innocent name."""

    def step(self, closure=None):
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    parameter.grad.mul_(0.5)
        return super().step(closure)


Halving.__name__, Halving.__module__ = "SGD", "torch.optim.sgd"


class Noisy(nn.Module):
    """Adds noise while it is trained."""

    def __init__(self):
        super().__init__()
        self.inner, self.out = nn.Linear(64, 20), nn.Linear(20, 10)

    def forward(self, x):
        a = torch.tanh(self.inner(x))
        return self.out(a + 0.5 * torch.randn_like(a) if self.training else a)


def hooked():
    model = perceptron()
    model[0].weight.register_hook(lambda gradient: 0.1 * gradient)
    return model


@pytest.mark.parametrize(
    ("made", "kind", "options"),
    [(perceptron, Halving, {}), (hooked, torch.optim.SGD, {}), (Noisy, torch.optim.SGD, {}),
     (perceptron, torch.optim.Adam, {"eps": 0.1}), (perceptron, torch.optim.SGD, {"weight_decay": 0.5})],
    ids=["another step under the same name", "a hook on a gradient", "noise", "another epsilon", "decayed biases"],
)  # fmt: skip
def test_a_training_that_does_something_else_is_left_to_pytorch(numbers, made, kind, options):
    model = made()
    assert "PyTorch itself" in who_trains(model, numbers, kind(model.parameters(), lr=0.1, **options))


def test_a_hook_on_a_gradient_acts_in_the_copies_too(numbers):
    model = perceptron()
    model[2].weight.register_hook(torch.zeros_like)
    model[2].bias.register_hook(torch.zeros_like)
    model[0].weight.register_hook(torch.zeros_like)
    model[0].bias.register_hook(torch.zeros_like)
    found = asked(model, numbers, epochs=2, trials=False)
    assert found.value("cost") == pytest.approx(found.value("start-cost"), abs=1e-6)


def test_it_is_said_what_was_used_as_what_and_what_was_not_looked_at(numbers):
    X, y = numbers
    model = nn.Sequential(nn.Conv2d(1, 6, 3), nn.ReLU(), nn.Flatten(), nn.Linear(216, 10))
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-4, momentum=0.5)
    torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.9)
    found = diagnose_torch(
        model, loss=nn.CrossEntropyLoss(), optimizer=optimizer, data=(X.reshape(-1, 1, 8, 8), y), epochs=2
    )
    assert {"model", "loss", "optimizer", "predictions", "trials", "rows"} <= set(found.used)
    gaps = {gap.what: gap.why for gap in found.not_examined}
    assert "stays constant" in gaps["the schedule of the learning rate"]
    assert {"dead-start", "dead-end", "gradient-fall", "update-ratio"} <= set(found.symptoms), "seen from outside"


def test_what_cannot_be_trained_is_not_examined(numbers):
    class Broken(nn.Module):
        def __init__(self):
            super().__init__()
            self.out = nn.Linear(64, 10)

        def forward(self, x):
            if self.training:
                raise RuntimeError("not while training")
            return self.out(x) ** 3

    found = asked(Broken(), numbers)
    assert (found.state, found.verdict) == ("not-examined", [])
    assert any("not while training" in gap.why for gap in found.not_examined)


class Squashed(nn.Module):
    """A convolution whose softmax is a call."""

    def __init__(self):
        super().__init__()
        self.inner, self.out = nn.Conv2d(1, 8, 3), nn.Linear(288, 10)

    def forward(self, x):
        return torch.softmax(self.out(torch.relu(self.inner(x)).flatten(1)), dim=1)


@pytest.mark.parametrize("call", [False, True])
def test_a_softmax_too_many_is_first_also_where_pytorch_trains(numbers, call):
    X, y = numbers
    layers = nn.Conv2d(1, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(288, 10), nn.Softmax(dim=1)
    model = Squashed() if call else nn.Sequential(*layers)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    found = diagnose_torch(
        model, loss=nn.CrossEntropyLoss(), optimizer=optimizer, data=(X.reshape(-1, 1, 8, 8), y), epochs=5, effort=8
    )
    assert (found.verdict[0].cause, found.verdict[0].status) == ("wrong-output-activation", "proved")
    assert "no activation after the last `nn.Linear`" in changes_in_words(found)[0]


def test_one_sigmoid_too_many_is_judged_at_one_half(numbers):
    X, y = numbers
    model = nn.Sequential(nn.Linear(64, 20), nn.ReLU(), nn.Linear(20, 1), nn.Sigmoid())
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    found = diagnose_torch(
        model, loss=nn.BCEWithLogitsLoss(), optimizer=optimizer, data=(X, (y % 2).float()[:, None]), epochs=10
    )
    assert "above 0.5" in found.used["predictions"]
    assert found.before.quality > 0.85
    assert "wrong-output-activation" in [one.cause for one in found.verdict]


def convolution(std=None):
    model = nn.Sequential(nn.Conv2d(1, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(288, 10))
    if std is not None:
        for layer in (model[0], model[3]):
            nn.init.normal_(layer.weight, std=std)
    return model


def test_weights_that_are_not_too_small_are_not_called_so(numbers):
    X, y = numbers
    for std, small in ((1e-5, True), (None, False)):
        found = asked(convolution(std), (X.reshape(-1, 1, 8, 8), y), epochs=3, rate=0.003, trials=False)
        assert ("init-too-small" in [one.cause for one in found.verdict]) is small


def test_other_seeds_draw_weights_of_the_same_kind(numbers):
    drawn = {}
    for name, fill in (("narrow", lambda w: nn.init.normal_(w, std=0.01)), ("flat", nn.init.uniform_)):
        model = convolution()
        fill(model[3].weight)
        model[0].weight.data[:] = model[0].weight.data[:1]  # units that are alike
        adapter = torch_training.TorchAdapter(torch, model, None, None, None, Settings(), Wording("PyTorch"))
        copies = [adapter._copy((), seed) for seed in (0, 1, 2)]
        own, first, second = (one[3].weight.detach() for one in copies)
        assert torch.equal(own, model[3].weight)
        assert not torch.equal(first, second)
        assert first.std() == pytest.approx(float(own.std()), rel=0.1)
        assert first.mean() == pytest.approx(float(own.mean()), abs=0.05 * float(own.std()) + 1e-3)
        assert (copies[1][0].weight == copies[1][0].weight[:1]).all()
        drawn[name] = first
    assert drawn["flat"].min() >= 0
    assert drawn["flat"].max() <= 1.1


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (Change("width", {"widths": (64, 20, 10)}), "wider"),
        (Change("cost", {"name": "quadratic"}), "loss"),
        (Change("output", {"name": "sigmoid"}), "after the last layer"),
        (Change("dropout", {"rate": 0.2}), "no dropout"),
        (Change("epochs", {"early_stop": False}), "stopping early"),
        (Change("weights", {"scheme": "orthogonal"}), "not drawn"),
        (Change("activation", {"name": "softplus"}), "no activation"),
    ],
)
def test_a_change_that_is_not_made_is_declined_with_a_sentence(change, says):
    optimizer = torch_training.OptimizerSettings(torch.optim.SGD, ((("0.weight",), {"lr": 0.1}),), ())
    adapter = torch_training.TorchAdapter(
        torch, convolution(), None, optimizer, None, Settings(), Wording("PyTorch"), squash="identity"
    )
    assert says in adapter.why_not((change,))
    assert adapter.why_not((Change("weights", {"scheme": "he"}), Change("rate", {"times": 10.0}))) is None


def test_layers_in_a_plain_list_are_found(numbers):
    class Listed(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = [nn.Linear(64, 20)]
            self.out = nn.Linear(20, 10)

        def forward(self, x):
            return self.out(torch.relu(self.inner[0](x)))

    found = asked(Listed(), numbers, epochs=2, trials=False)
    assert (found.verdict[0].cause, found.verdict[0].status) == ("layer-not-updated", "found")
    assert "nn.ModuleList" in change_in_words(found)


def test_the_effort_bounds_what_is_trained(numbers):
    X, y = numbers
    few, more = (
        asked(convolution(), (X.reshape(-1, 1, 8, 8), y), epochs=5, rate=1e-4, effort=effort) for effort in (1, 5)
    )
    assert few.effort < 3
    assert few.effort < more.effort < 10


def test_layers_that_the_optimizer_does_not_hold_are_found(numbers):
    model = nn.Sequential(nn.Linear(64, 30), nn.ReLU(), nn.Linear(30, 10))
    optimizer = torch.optim.SGD(model[0].parameters(), lr=0.1)
    found = diagnose_torch(model, loss=nn.CrossEntropyLoss(), optimizer=optimizer, data=numbers, epochs=2)
    said = {finding.cause: finding for finding in found.verdict}
    assert said["layer-not-updated"].evidence[0].value == 2  # weights and biases of the second layer


def test_an_optimizer_of_another_module_is_found(numbers):
    model, other = nn.Linear(64, 10), nn.Linear(64, 10)
    optimizer = torch.optim.SGD(other.parameters(), lr=0.1)
    found = diagnose_torch(model, loss=nn.CrossEntropyLoss(), optimizer=optimizer, data=numbers, epochs=5)
    assert (found.verdict[0].cause, found.verdict[0].status) == ("layer-not-updated", "proved")
    assert "model.parameters()" in changes_in_words(found)[0]


def test_an_optimizer_that_wants_a_closure_is_tried_by_pytorch_itself(numbers):
    model = nn.Linear(64, 10)
    optimizer = torch.optim.LBFGS(model.parameters(), lr=1e-6, max_iter=4)
    found = diagnose_torch(
        model, loss=nn.CrossEntropyLoss(), optimizer=optimizer, data=numbers, batch_size=200, epochs=2
    )
    assert "LBFGS" in found.used["trials"]
    assert found.verdict[0].cause == "lr-too-low"
    assert changes_in_words(found)[0].startswith("`torch.optim.LBFGS(model.parameters(), lr=")


def test_a_loss_of_logarithms_that_is_handed_raw_scores_is_found(numbers):
    raw, shares = nn.Linear(64, 10), nn.Sequential(nn.Linear(64, 10), nn.LogSoftmax(dim=1))
    found = asked(raw, numbers, loss=nn.NLLLoss(), epochs=2, trials=False)
    assert found.verdict[0].cause == "missing-output-activation"
    assert "nn.LogSoftmax" in change_in_words(found)
    large = nn.Linear(64, 10)
    nn.init.constant_(large.bias, 1000.0)
    assert asked(large, numbers, loss=nn.NLLLoss(), trials=False).verdict[0].cause == "missing-output-activation"
    found = asked(shares, numbers, loss=nn.NLLLoss(), epochs=10, trials=False)
    assert (found.state, found.verdict) == ("healthy", [])


def test_inputs_that_are_not_numbers_need_no_training(numbers):
    X, y = numbers
    found = asked(nn.Sequential(nn.Linear(64, 10)), (torch.where(X > 0.9, torch.nan, X), y))
    assert (found.state, found.verdict[0].cause) == ("bad-data", "bad-inputs")


def test_a_loader_is_read_as_it_would_be(numbers):
    dataset = torch.utils.data.TensorDataset(*numbers)
    order = torch.argsort(numbers[1])
    ordered = torch.utils.data.TensorDataset(numbers[0][order], numbers[1][order])
    generator = torch.Generator().manual_seed(3)
    before = generator.get_state()
    loader = torch.utils.data.DataLoader(dataset, batch_size=16, shuffle=True, generator=generator)
    settings = asked(Own(), loader, trials=False).settings
    assert (settings.batch, settings.order) == (16, "shuffled")
    assert torch.equal(generator.get_state(), before)
    found = asked(Own(), torch.utils.data.DataLoader(ordered, batch_size=16), epochs=3)
    assert found.verdict[0].cause == "not-shuffled"
    assert "shuffle=True" in change_in_words(found)


def state_of(model):
    hooks = [
        (dict(one._forward_hooks), dict(one._forward_pre_hooks), dict(one._backward_hooks)) for one in model.modules()
    ]
    modes = [one.training for one in model.modules()]
    return [one.clone() for one in model.state_dict().values()], hooks, modes


def same(a, b):
    return all(torch.equal(one, other) for one, other in zip(a[0], b[0], strict=True)) and a[1:] == b[1:]


def test_a_diagnosis_changes_nothing(numbers):
    model = Own()
    model.inner.train(False)
    model.register_forward_hook(lambda *_: None)
    before = state_of(model)
    chance = torch.get_rng_state(), random.getstate(), np.random.get_state()[1].copy()  # noqa: NPY002
    asked(model, numbers)
    assert same(before, state_of(model))
    assert all(one.grad is None for one in model.parameters())
    assert torch.equal(chance[0], torch.get_rng_state())
    assert chance[1] == random.getstate()
    assert (chance[2] == np.random.get_state()[1]).all()  # noqa: NPY002


@pytest.mark.parametrize("at_first", [500_000, 5_000])
def test_watching_leaves_a_training_bit_for_bit_what_it_was(numbers, at_first, monkeypatch):
    monkeypatch.setattr(torch_watch, "AT_FIRST", at_first)
    ends = []
    for watched in (False, True):
        torch.manual_seed(0)
        model = nn.Sequential(nn.Linear(64, 20), nn.BatchNorm1d(20), nn.ReLU(), nn.Dropout(0.3), nn.Linear(20, 10))
        optimizer = torch.optim.Adam(model.parameters())
        loss = nn.CrossEntropyLoss()
        context = watch(model, loss=loss, optimizer=optimizer) if watched else None
        if context:
            context.__enter__()
        for rows in torch.randperm(500).split(20):
            optimizer.zero_grad()
            loss(model(numbers[0][rows]), numbers[1][rows]).backward()
            optimizer.step()
        if context:
            context.__exit__(None, None, None)
        assert not optimizer._optimizer_step_pre_hooks
        assert not optimizer._optimizer_step_post_hooks
        assert not loss._forward_hooks
        ends.append((state_of(model), torch.get_rng_state()))
    assert same(ends[0][0], ends[1][0])
    assert torch.equal(ends[0][1], ends[1][1])


def test_gradients_that_are_never_cleared_are_proved(numbers):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(64, 30), nn.Tanh(), nn.Linear(30, 10))
    found = fit(model, *numbers, rate=0.3, zero=False, epochs=3).diagnosis()
    assert (found.verdict[0].cause, found.verdict[0].status) == ("gradient-buffer-not-reset", "proved")
    assert "zero_grad()" in change_in_words(found)
    assert "whynet's engine" in found.used["trials"]
    cleared = fit(Own(), *numbers, rate=0.3, epochs=2).diagnosis(trials=False)
    assert "gradient-buffer-not-reset" not in [finding.cause for finding in cleared.verdict]


def test_gradients_that_are_never_cleared_add_up_in_pytorchs_own_trials_too(numbers):
    X, y = numbers
    found = fit(convolution(), X.reshape(-1, 1, 8, 8), y, rate=0.1, zero=False, epochs=4).diagnosis(trials=False)
    assert "PyTorch itself" in found.used["trials"]
    assert (found.verdict[0].cause, found.verdict[0].status) == ("gradient-buffer-not-reset", "found")
    assert found.before.quality < 0.5 * found.yardstick  # the copies' gradients add up too


def test_a_watch_sees_epochs_batches_rates_and_modes(numbers):
    model = Own().train(False)
    watched = fit(model, *numbers, rate=0.2, epochs=3, size=25)
    found = watched.diagnosis(trials=False)
    settings = found.settings
    assert (settings.epochs, settings.batch, settings.rate, settings.order) == (3, 25, 0.2, "shuffled")
    wrong = next(one for one in found.verdict if one.cause == "mode-wrong-in-training")
    assert wrong.status == "found" and "steps in evaluation mode" in wrong.detail


@pytest.mark.parametrize("order", ["shuffled", "file"])
def test_a_long_training_is_looked_at_now_and_then(numbers, order, monkeypatch):
    """The steps that are passed over carry no hooks, and what is said of the training stays the same."""
    monkeypatch.setattr(torch_watch, "AT_FIRST", 20_000)
    X, y = numbers
    model, loss = Own(), nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    without = 0
    with watch(model, loss=loss, optimizer=optimizer) as watched:
        for _ in range(12):
            for rows in (torch.randperm(len(X)) if order == "shuffled" else torch.arange(len(X))).split(25):
                without += not model._forward_hooks and not loss._forward_hooks
                optimizer.zero_grad()
                loss(model(X[rows]), y[rows]).backward()
                optimizer.step()
    assert watched.steps == 12 * -(-len(X) // 25)
    assert watched.steps - watched.looked == without > 0.6 * watched.steps
    found = watched.diagnosis(trials=False)
    settings = found.settings
    assert (settings.batch, settings.rate, settings.order) == (25, 0.1, order)
    assert settings.epochs == pytest.approx(12, abs=2)
    assert found.state == "healthy"


def test_a_loop_may_write_all_its_batches_into_the_same_tensors(numbers):
    X, y = torch.empty(25, 64), torch.empty(25, dtype=torch.int64)
    model, loss = Own(), nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with watch(model, loss=loss, optimizer=optimizer) as watched:
        for rows in torch.arange(500).split(25):
            X.copy_(numbers[0][rows] - 0.5), y.copy_(numbers[1][rows])
            optimizer.zero_grad()
            loss(model(X), y).backward()
            optimizer.step()
    kept, labels = watched.batches.tensors()
    assert torch.equal(kept, numbers[0][:500] - 0.5)
    assert torch.equal(labels, numbers[1][:500])


def test_a_loop_may_copy_and_save_what_is_watched(numbers, tmp_path):
    model, loss = nn.Linear(64, 10), nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with watch(model, loss=loss, optimizer=optimizer) as watched:
        for rows in torch.arange(100).split(20):
            again = copy.deepcopy(model)
            torch.save(model, tmp_path / "model.pt")
            loss(again(numbers[0][rows]), numbers[1][rows]).backward()
            loss(model(numbers[0][rows]), numbers[1][rows]).backward()
            optimizer.step()
    loaded = torch.load(tmp_path / "model.pt", weights_only=False)
    assert torch.equal(loaded(numbers[0]), again(numbers[0]))
    assert (watched.steps, watched.looked, len(watched.costs), watched.several) == (5, 5, 5, False)


def test_a_watch_of_a_plain_function(numbers):
    X, y = numbers
    model = Own()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with watch(model, loss=nn.functional.cross_entropy, optimizer=optimizer) as watched:
        for rows in torch.arange(len(X)).split(32):
            optimizer.zero_grad()
            watched.loss(model(X[rows]), y[rows]).backward()
            optimizer.step()
    test = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(X[:200], y[:200]), batch_size=50)
    found = watched.diagnosis(test=test, trials=False)
    assert found.settings.cost == "softmax-cross-entropy"
    assert found.before.test_accuracy > 0.5


def test_a_watch_that_saw_nothing_says_what_it_wants(numbers):
    model = Own()
    watched = watch(model, loss=nn.CrossEntropyLoss(), optimizer=torch.optim.SGD(model.parameters(), lr=0.1))
    with watched, pytest.raises(UsageError, match="still on"):
        watched.diagnosis()
    with pytest.raises(UsageError, match="no step"):
        watched.diagnosis()


def test_what_makes_no_sense_is_refused_with_a_sentence(numbers):
    X, y = numbers
    model, loss = nn.Sequential(nn.Linear(64, 10)), nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    good = {"model": model, "loss": loss, "optimizer": optimizer, "data": (X, y)}
    empty, broken = nn.Flatten(), nn.Linear(64, 10)
    nn.init.constant_(broken.weight, math.nan)
    for wrong, says in (
        ({"model": 3}, "no module"),
        ({"model": empty}, "no parameters"),
        ({"model": nn.Sequential(nn.Linear(64, 10, device="meta"))}, "meta"),
        ({"loss": "cross-entropy"}, "no loss"),
        ({"loss": nn.CrossEntropyLoss(reduction="none")}, "no single number"),
        ({"loss": lambda outputs, targets: 3.0}, "no single number"),
        ({"optimizer": torch.optim.SGD}, "no optimizer"),
        ({"data": X}, "no data"),
        ({"data": (X[:, :60], y)}, "cannot be called"),
        ({"data": (X, y[:-1])}, "do not fit together"),
        ({"data": (X, torch.rand(len(X)))}, "no classes"),
        ({"data": (["a"], ["b"])}, "no tensor"),
        ({"data": (X.to(torch.complex64), y)}, "complex"),
        ({"data": torch.utils.data.DataLoader(Unreadable())}, "cannot be read: KeyError"),
        ({"loss": nn.CrossEntropyLoss}, "the class CrossEntropyLoss"),
        ({"model": broken}, "hold NaN"),
        ({"data": [(X, y)] * 3}, "no data"),
        ({"epochs": 0}, "epochs makes no sense"),
        ({"budget": 0}, "budget makes no sense"),
        ({"test": (X, y[:3])}, "do not fit together"),
    ):
        with pytest.raises(UsageError, match=says):
            diagnose_torch(**{**good, **wrong})


# ---- the same verdict as of whynet's own network


@pytest.mark.slow
@pytest.mark.matrix
@pytest.mark.timeout(1200)
def test_planted_mistakes_are_named_as_in_whynets_own_networks(digits):
    pairs, as_right = [], {}
    for (net, sound), plant in [(item, plant) for item in SOUND.items() for plant in plants().values()]:
        recipe = plant.spoil(sound.but(epochs=15))
        refused = "undefined-rate" in recipe.faults and recipe.optimizer == "adam"  # by PyTorch itself
        if net not in plant.only or set(recipe.faults) - EXPRESSIBLE or recipe.train_size or refused:
            continue
        own = diagnose_recipe(recipe, digits)
        theirs = diagnose_torch(**torch_patient(torch, recipe, digits))
        name = f"{plant.cause} in {net}"
        as_right[name] = (plant.cause, *plant.also)
        pairs.append((name, own, theirs))
    share, wrong = agreement(pairs, as_right)
    assert len(pairs) > 50
    assert share >= 0.95, wrong


@pytest.mark.slow
@pytest.mark.matrix
@pytest.mark.mnist
@pytest.mark.timeout(2400)
def test_real_cases_are_named_as_in_whynets_own_networks(mnist):
    pairs = []
    for name, case in CASES.items():
        if set(case.recipe.faults) - EXPRESSIBLE:
            continue
        whole = mnist if case.recipe.data == "mnist" else load(case.recipe.data)
        data, recipe = split(whole, case.recipe)[0], case.recipe.but(train_size=None)
        own = diagnose_recipe(recipe, data)
        theirs = diagnose_torch(**torch_patient(torch, recipe, data))
        pairs.append((name, own, theirs))
    share, wrong = agreement(pairs)
    assert len(pairs) > 15
    assert share >= 0.9, wrong


@pytest.mark.slow
@pytest.mark.matrix
@pytest.mark.mnist
@pytest.mark.timeout(1200)
def test_fifty_healthy_modules_raise_no_alarm(digits, mnist):
    good, alarmed = false_alarms(
        (
            f"{recipe}",
            diagnose_torch(**torch_patient(torch, recipe, healthy_data(number, digits, mnist))),
        )
        for number, recipe in enumerate(healthy_recipes())
    )
    assert good >= 45
    assert not alarmed, alarmed


def test_whynet_data_are_what_the_wards_hand_over(digits):
    """The ward's module gives the very scores of whynet's network."""
    recipe = Recipe(activation="relu", cost="quadratic", epochs=2)
    patient = torch_patient(torch, recipe, digits)
    own = whynet.Network([64, 30, 10], activation="relu", cost="quadratic")
    X = patient["data"][0]
    assert patient["model"](torch.as_tensor(X)).detach().numpy() == pytest.approx(own.scores(X), abs=1e-5)
