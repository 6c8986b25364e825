"""The mode in which a loop trains and evaluates, as the watch counts it."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from whynet.subjects.frameworks.torch_modes import modes_apart  # noqa: E402
from whynet.subjects.frameworks.torch_watch import watch  # noqa: E402

TRAINING, EVALUATION = "mode-wrong-in-training", "mode-wrong-in-evaluation"


def net(*parts):
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 8), *parts, nn.Linear(8, 3))


def normalised():
    return net(nn.BatchNorm1d(8), nn.ReLU())


def dropped():
    return net(nn.ReLU(), nn.Dropout(0.5))


def plain():
    return net(nn.ReLU())


def fit(model, *, begin, validate, again=None, steps=24, every=6, batches=2):
    """Trains; every few steps `validate(model)`, a few batches without gradients, `again(model)`."""
    X, y = torch.randn(96, 4), torch.randint(0, 3, (96,))
    loss, optimizer = nn.CrossEntropyLoss(), torch.optim.SGD(model.parameters(), lr=0.1)
    with watch(model, loss=loss, optimizer=optimizer) as seen:
        begin(model)
        for step in range(steps):
            rows = torch.arange(step * 4, step * 4 + 4) % 96
            optimizer.zero_grad()
            loss(model(X[rows]), y[rows]).backward()
            optimizer.step()
            if validate and step % every == every - 1:
                validate(model)
                with torch.no_grad():
                    for _ in range(batches):
                        model(X[:8])
                if again:
                    again(model)
    found = seen.modes.findings(torch, seen.first, X[:16], seen.looked)[1]
    return [one.cause for one in found], seen


def train(model):
    model.train()


def evaluate(model):
    model.train(False)


def nothing(model):
    pass


@pytest.mark.parametrize("build", [normalised, dropped])
def test_evaluation_mode_that_stays_after_validating_is_found(build):
    causes, seen = fit(build(), begin=train, validate=evaluate)
    assert causes == [TRAINING] and (seen.modes.in_evaluation, seen.modes.steps) == (18, 24)


@pytest.mark.parametrize("build", [normalised, dropped])
def test_evaluating_in_training_mode_is_found(build):
    assert fit(build(), begin=train, validate=nothing)[0] == [EVALUATION]


@pytest.mark.parametrize(
    ("build", "options"),
    [
        (normalised, {"begin": train, "validate": evaluate, "again": train}),
        (dropped, {"begin": train, "validate": evaluate, "again": train}),
        (dropped, {"begin": train, "validate": None}),
        (plain, {"begin": evaluate, "validate": nothing}),
        (plain, {"begin": train, "validate": nothing}),
        (dropped, {"begin": train, "validate": nothing, "every": 1}),  # targets of its own, before each step
    ],
)
def test_loops_that_are_sound(build, options):
    assert fit(build(), **options)[0] == []


def test_layers_that_are_frozen_while_the_module_trains_are_meant_so():
    def freeze(model):
        model.train()
        model[1].train(False)

    assert fit(normalised(), begin=freeze, validate=evaluate, again=freeze)[0] == []


def test_the_diagnosis_names_it():
    seen = fit(dropped(), begin=evaluate, validate=None)[1]
    found = {one.cause: one for one in seen.diagnosis(trials=False).verdict}[TRAINING]
    assert "24 of 24 steps" in found.detail and {fact.name for fact in found.evidence} == {
        "steps-in-evaluation-mode",
        "modes-apart",
    }


def test_modes_that_cannot_be_compared_are_not_apart():
    apart = modes_apart(torch, normalised(), torch.randn(1, 4))
    assert apart != apart and modes_apart(torch, plain(), torch.randn(4, 4)) == 0


def test_a_watch_over_pictures_of_answers_is_told_by_its_loss_and_its_modes():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 2, 1))
    X = torch.rand(32, 1, 6, 6)
    y = (X[:, 0] > 0.5).long()
    loss, optimizer = nn.CrossEntropyLoss(), torch.optim.SGD(model.parameters(), lr=0.1)
    model.train(False)
    with watch(model, loss=loss, optimizer=optimizer) as seen:
        for rows in torch.arange(32).split(8) * 3:
            optimizer.zero_grad()
            loss(model(X[rows]), y[rows]).backward()
            optimizer.step()
    found = seen.diagnosis(trials=False)
    assert [one.cause for one in found.verdict] == [TRAINING] and found.state != "not-examined"
