"""`whynet train`, `evaluate` and `curves` of numbers and of several labels: their words and their JSON."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner
from sklearn.metrics import f1_score, mean_absolute_error, r2_score, recall_score, root_mean_squared_error

import whynet
from whynet.data import sources
from whynet.data.features import FloatFeatures
from whynet.data.problem import MultiLabel, Regression
from whynet.interfaces.cli import cli
from whynet.interfaces.cli.train import EVALUATED
from whynet.interfaces.cli.trained import as_json, epoch_line, in_words
from whynet.network.network import Network
from whynet.training import run as run_module


def made(problem, y):
    X = np.random.default_rng(0).normal(size=(300, 4))
    rest, test = whynet.Dataset(FloatFeatures(X, tuple("abcd")), y(X), "own", problem, source="own").split(80, seed=0)
    return replace(rest, test=test)


def prices():
    return made(Regression(("price",)), lambda X: 5e4 * X[:, 0] + 1e4 * X[:, 1] ** 2 + 2e5)


def tags():
    return made(MultiLabel(("red", "round")), lambda X: (X[:, :2] + X[:, 2:] > 0).astype(int))


RECIPE = whynet.Recipe.named("table").but(hidden=(16,), sizes=None, epochs=150, validation_size=40)


@pytest.fixture
def trained(tmp_path, monkeypatch):
    """A run's folder; every command then finds these data."""
    monkeypatch.chdir(tmp_path)

    def train(data):
        def load(*arguments, **options):
            return data

        for module in (sources, run_module):
            for name in ("load", "load_for"):
                monkeypatch.setattr(module, name, load, raising=False)
        run = whynet.fit(RECIPE, data, out="r")
        run.report()
        return run

    return train


def command(*arguments):
    done = CliRunner().invoke(cli, list(map(str, arguments)))
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


def test_evaluating_numbers_gives_their_own_units(trained):
    run = trained(prices())
    test = run.data.test
    predicted = Network.load("r/model.safetensors").predict(test.inputs)[:, 0]
    rmse, mae = (one(test.y[:, 0], predicted) for one in (root_mean_squared_error, mean_absolute_error))
    found = json.loads(command("evaluate", "r", "--json").stdout)
    assert found["metrics"]["rmse"] == pytest.approx(rmse, rel=1e-5)
    assert found["metrics"]["mae"] == pytest.approx(mae, rel=1e-5)
    assert found["metric"] == {"name": "R2", "value": pytest.approx(r2_score(test.y, predicted), abs=1e-6)}
    assert found["quality"] == found["metric"]["value"] > 0.5
    assert found["problem"] == "regression" and found["test_total"] == 80
    assert [found[name] for name in ("accuracy", "test_correct", "recall", "confusion")] == [None] * 4
    shown = command("evaluate", "r").stdout
    assert shown.startswith(f"R2 {found['quality']:.4f} on 80 test rows")
    assert "price" in shown and f"{rmse:,.0f}" in shown
    assert "image" not in shown and "accuracy" not in shown


def test_evaluating_labels_gives_f1_and_recalls(trained):
    run = trained(tags())
    test = run.data.test
    said = Network.load("r/model.safetensors").predict(test.inputs)
    found = json.loads(command("evaluate", "r", "--json").stdout)
    assert list(found["metrics"]["f1"].values()) == pytest.approx(f1_score(test.y, said, average=None).tolist())
    assert list(found["metrics"]["recalls"].values()) == pytest.approx(
        recall_score(test.y, said, average=None).tolist()
    )
    assert found["accuracy"] is None
    shown = command("evaluate", "r").stdout
    assert shown.startswith("balanced accuracy ")
    assert "precision" in shown and "round" in shown


@pytest.mark.parametrize("make", [prices, tags])
def test_a_training_is_told_in_the_words_of_its_problem(trained, make):
    run = trained(make())
    problem, last = run.network.problem, run.history[-1]
    values = as_json(run, run.directory / "report.html", 1.0, "healthy")
    json.dumps(values)
    assert values["test_accuracy"] is values["validation_accuracy"] is None
    assert set(values["test_correct"]) == {None}
    assert values["metric"] == last.metric._asdict()
    assert values["test_quality"] == last.test_quality
    assert (values["quality"], values["quality_name"]) == (last.validation_quality, problem.quality_name)
    text = in_words(run, run.directory / "report.html", "")
    line = epoch_line(last, run.floor, 150, problem.kind)
    assert f"  {problem.quality_name}: validation " in line and "  test " in line
    for words in (text, line, command("report", "r").stdout):
        assert "image" not in words and "right (" not in words
    assert text.splitlines()[0].startswith(f"{problem.quality_name} ")
    assert "the same prediction for every row" in text
    assert problem.kind in EVALUATED


def test_curves_are_of_the_quality_that_there_is(trained):
    trained(prices())
    done = command("curves", "r", "--page", "curves.html")
    assert done.stdout.startswith("R2:")
    assert "of the variance of the training examples is not predicted" in done.stdout
    assert "a linear regression" in (run_module.Path("curves.html")).read_text()
    found = json.loads(command("curves", "r", "--json").stdout)
    assert found["linear_accuracy"] is None and 0 < found["linear_quality"] < 1
    assert (found["problem"], found["quality"]) == ("regression", "R2")


def test_a_page_of_a_diagnosis_of_numbers(trained):
    trained(prices())
    found = json.loads(command("diagnose", "r", "--no-trials", "--json").stdout)
    assert (found["problem"], found["linear_accuracy"]) == ("regression", None)
    assert "R2" in command("diagnose", "r", "--no-trials").stdout


def test_pictures_get_numbers_or_labels(tmp_path, digits):
    """As a network that was trained on pictures predicts them; one of a table takes no pictures."""
    from PIL import Image

    paper = Image.new("L", (80, 80), "white")
    paper.paste(Image.fromarray(255 - digits.images[0]).resize((60, 60)), (10, 10))
    paper.save(tmp_path / "p.png")
    recipe = whynet.Recipe(hidden=(8,), epochs=1)
    size = whynet.Dataset(digits.X, digits.labels.astype(float), problem=Regression(("size",)))
    parts = whynet.Dataset(digits.X, np.eye(10, dtype=int)[digits.labels][:, :2], problem=MultiLabel(("nought", "one")))
    for data in (size, parts):
        whynet.fit(recipe.but(cost="auto"), data).network.save(tmp_path / "m.safetensors")
        found = json.loads(command("predict", tmp_path / "m.safetensors", tmp_path / "p.png", "--json").stdout)
        answer = found["images"][0]["answer"]
        assert isinstance(answer, float if data is size else list)
        assert command("predict", tmp_path / "m.safetensors", tmp_path / "p.png").stdout.startswith(
            f"{tmp_path / 'p.png'}: "
        )
    whynet.fit(RECIPE.but(epochs=1), prices()).network.save(tmp_path / "t.safetensors")
    done = CliRunner().invoke(cli, ["predict", str(tmp_path / "t.safetensors"), str(tmp_path / "p.png")])
    assert done.exception.exit_code == 2 and "square images" in str(done.exception)
