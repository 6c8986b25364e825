"""Modules of PyTorch: read without a trace, understood by what they do, and diagnosed as whynet's own networks are."""

from __future__ import annotations

import copy
import math
import random
import sys

import numpy as np
import pytest

import whynet
from wards import EXPRESSIBLE, agreement, false_alarms, healthy_data, healthy_recipes, torch_patient
from whynet.casebook.cases import CASES
from whynet.casebook.plants import PLANTS, SOUND
from whynet.data.sources import load
from whynet.doctor.verdict import diagnose
from whynet.errors import ResourceError, UsageError
from whynet.subjects.frameworks import torch_watch
from whynet.subjects.frameworks.pytorch import diagnose_torch
from whynet.subjects.frameworks.torch_watch import watch
from whynet.training.loop import split
from whynet.training.recipe import Recipe


def test_without_pytorch_one_sentence_says_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    for call in (
        lambda: diagnose_torch(None, loss=None, optimizer=None, data=None),
        lambda: watch(None, loss=None, optimizer=None),
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
    return torch.tensor(digits.pixels / 255, dtype=torch.float32), torch.tensor(digits.labels)


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
    return diagnose_torch(
        model, loss=loss or nn.CrossEntropyLoss(), optimizer=optimizer, data=data, **{"budget": 8, **options}
    )


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
    recipe = found.case.recipe
    assert recipe.sizes == (64, 20, 10)
    assert (recipe.activation, recipe.dropout, recipe.cost) == ("tanh", 0.25, "softmax-cross-entropy")
    assert recipe.init == recipe.bias_init == "scaled-uniform"
    assert found.library == "PyTorch"


def test_a_softmax_before_the_cross_entropy_is_seen_and_said_in_pytorchs_words(numbers):
    found = asked(Own(squash=True), numbers, epochs=10, rate=0.05)
    assert found.verdict[0].cause == "wrong-output-activation"
    assert "no activation after the last `nn.Linear`" in found.fix_changes[0]


def test_a_network_that_is_normalised_is_a_recipe_too(numbers):
    model = nn.Sequential(nn.Linear(64, 20), nn.BatchNorm1d(20), nn.ReLU(), nn.Linear(20, 10))
    found = asked(model, numbers, epochs=8)
    assert found.case.recipe.batch_norm
    assert found.state == "healthy"
    assert found.verdict == []


def test_other_networks_are_tried_by_pytorch_itself(numbers):
    X, y = numbers
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(1, 6, 3), nn.ReLU(), nn.Flatten(), nn.Linear(216, 10))
    found = asked(model, (X.reshape(-1, 1, 8, 8), y), epochs=3, rate=1e-4, budget=12)
    assert (found.verdict[0].cause, found.verdict[0].status) == ("lr-too-low", "proved")
    assert found.fix_changes[0].startswith("`torch.optim.SGD(model.parameters(), lr=")
    assert "Conv2d" in found.remarks[0]
    assert found.after.validation_accuracy > 0.8


def test_layers_that_the_optimizer_does_not_hold_are_found(numbers):
    model = nn.Sequential(nn.Linear(64, 30), nn.ReLU(), nn.Linear(30, 10))
    optimizer = torch.optim.SGD(model[0].parameters(), lr=0.1)
    found = diagnose_torch(model, loss=nn.CrossEntropyLoss(), optimizer=optimizer, data=numbers, epochs=2, budget=6)
    said = {finding.cause: finding for finding in found.verdict}
    assert said["layer-not-updated"].evidence[0].value == 2  # weights and biases of the second layer


def test_an_optimizer_of_another_module_is_found(numbers):
    model, other = nn.Linear(64, 10), nn.Linear(64, 10)
    optimizer = torch.optim.SGD(other.parameters(), lr=0.1)
    found = diagnose_torch(model, loss=nn.CrossEntropyLoss(), optimizer=optimizer, data=numbers, epochs=5, budget=8)
    assert (found.verdict[0].cause, found.verdict[0].status) == ("layer-not-updated", "proved")
    assert "model.parameters()" in found.fix_changes[0]


def test_an_optimizer_that_wants_a_closure_is_tried_by_pytorch_itself(numbers):
    model = nn.Linear(64, 10)
    optimizer = torch.optim.LBFGS(model.parameters(), lr=1e-6, max_iter=4)
    found = diagnose_torch(
        model, loss=nn.CrossEntropyLoss(), optimizer=optimizer, data=numbers, batch_size=200, epochs=2, budget=8
    )
    assert "LBFGS" in found.remarks[0]
    assert found.verdict[0].cause == "lr-too-low"
    assert found.fix_changes[0].startswith("`LBFGS(..., lr=")


def test_a_loss_of_logarithms_that_is_handed_raw_scores_is_found(numbers):
    raw, shares = nn.Linear(64, 10), nn.Sequential(nn.Linear(64, 10), nn.LogSoftmax(dim=1))
    found = asked(raw, numbers, loss=nn.NLLLoss(), epochs=2, trials=False)
    assert found.verdict[0].cause == "missing-output-activation"
    assert "nn.LogSoftmax" in found.verdict[0].change
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
    recipe = asked(Own(), loader, trials=False).case.recipe
    assert (recipe.batch_size, recipe.order) == (16, "shuffled")
    assert torch.equal(generator.get_state(), before)
    found = asked(Own(), torch.utils.data.DataLoader(ordered, batch_size=16), epochs=3)
    assert found.verdict[0].cause == "not-shuffled"
    assert "shuffle=True" in found.verdict[0].change


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
    asked(model, numbers, budget=3)
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
    found = fit(model, *numbers, rate=0.3, zero=False, epochs=3).diagnosis(budget=8)
    assert found.verdict[0].cause == "gradient-buffer-not-reset"
    assert "zero_grad()" in found.verdict[0].change
    cleared = fit(Own(), *numbers, rate=0.3, epochs=2).diagnosis(trials=False, budget=5)
    assert "gradient-buffer-not-reset" not in [finding.cause for finding in cleared.verdict]


def test_a_watch_sees_epochs_batches_rates_and_modes(numbers):
    model = Own().train(False)
    watched = fit(model, *numbers, rate=0.2, epochs=3, size=25)
    found = watched.diagnosis(trials=False, budget=5)
    recipe = found.case.recipe
    assert (recipe.epochs, recipe.batch_size, recipe.rate, recipe.order) == (3, 25, 0.2, "shuffled")
    assert any("evaluation mode" in remark or "Watched" in remark for remark in found.remarks)


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
    found = watched.diagnosis(trials=False, budget=5)
    recipe = found.case.recipe
    assert (recipe.batch_size, recipe.rate, recipe.order) == (25, 0.1, order)
    assert recipe.epochs == pytest.approx(12, abs=2)
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


def test_what_a_watch_cannot_make_a_training_of_is_said(numbers):
    X, y = numbers
    model = nn.Linear(64, 10)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    alone, summed = nn.CrossEntropyLoss(), nn.CrossEntropyLoss(reduction="none")
    named = type("Named", (nn.Module,), {"forward": lambda self, pair: model(pair["X"])})()
    named.model = model
    for patient, loss, given, says in (
        (model, alone, lambda row: (X[row], y[row]), "batches of one"),
        (model, summed, lambda row: (X[row : row + 2], y[row : row + 2]), "no single number"),
        (named, alone, lambda row: ({"X": X[row : row + 2]}, y[row : row + 2]), "something else than tensors"),
    ):
        with watch(patient, loss=loss, optimizer=optimizer) as watched:
            for row in range(8):
                inputs, targets = given(row)
                loss(patient(inputs), targets).mean().backward()
                optimizer.step()
        with pytest.raises(UsageError, match=says):
            watched.diagnosis()


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
    found = watched.diagnosis(test=test, trials=False, budget=5)
    assert found.case.recipe.cost == "softmax-cross-entropy"
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
        ({"data": (X, y + 1)}, "out of range"),
        ({"data": (X, torch.rand(len(X)))}, "no classes"),
        ({"data": (["a"], ["b"])}, "no tensor"),
        ({"data": (X.to(torch.complex64), y)}, "complex"),
        ({"data": (X, y.float())}, "y.long"),
        ({"data": torch.utils.data.DataLoader([{"X": row, "y": 0} for row in X])}, "a dict of X, y"),
        ({"data": torch.utils.data.DataLoader([(row, 0, 0) for row in X])}, "3 things"),
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
    pairs = []
    for (net, sound), plant in [(item, plant) for item in SOUND.items() for plant in PLANTS.values()]:
        recipe = plant.spoil(sound.but(epochs=15))
        refused = "undefined-rate" in recipe.faults and recipe.optimizer == "adam"  # by PyTorch itself
        if net not in plant.only or set(recipe.faults) - EXPRESSIBLE or recipe.train_size or refused:
            continue
        own = diagnose(recipe, digits, budget=15)
        theirs = diagnose_torch(**torch_patient(torch, recipe, digits), budget=15)
        pairs.append((f"{plant.cause} in {net}", own, theirs))
    share, wrong = agreement(pairs)
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
        own = diagnose(recipe, data, budget=30)
        theirs = diagnose_torch(**torch_patient(torch, recipe, data), budget=30)
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
            diagnose_torch(**torch_patient(torch, recipe, healthy_data(number, digits, mnist)), budget=10),
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
