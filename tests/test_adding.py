"""The examples of docs/adding.md, run as they stand."""

from __future__ import annotations

import importlib
import re
import runpy
import shutil
import subprocess
import sys

import numpy as np
import pytest

import whynet
from support import ROOT, examples_hold, is_complete
from whynet.doctor import causes
from whynet.doctor.case import Case
from whynet.doctor.diagnosis import Settings
from whynet.doctor.symptoms.gradient import audit_gradient
from whynet.engines import choice
from whynet.interfaces import cli
from whynet.mistakes.catalogue import plant
from whynet.mistakes.gradient import KINDS
from whynet.network.activations import ACTIVATIONS
from whynet.network.costs import COSTS, floor
from whynet.network.initializers import INITIALIZERS, initializer
from whynet.network.layers import LAYERS
from whynet.optimizers.optimizers import OPTIMIZERS, optimizer
from whynet.optimizers.schedules import SCHEDULES, rates
from whynet.params import Params
from whynet.report.wording.symptoms import in_words
from whynet.subjects.plants import SOUND, plants
from whynet.subjects.recipe import RecipeSubject, diagnose_recipe
from whynet.training.checking import check
from whynet.training.loop import Training
from whynet.training.prepare import prepare
from whynet.training.recipe import LEARNING_RATES

TABLES = (ACTIVATIONS, COSTS, INITIALIZERS, KINDS, LAYERS, OPTIMIZERS, SCHEDULES, LEARNING_RATES)


@pytest.fixture
def added(tmp_path):
    """Runs the example under a heading; takes its row out of the table again afterwards."""
    before = [dict(table) for table in TABLES]

    def run(heading):
        text = (ROOT / "docs" / "adding.md").read_text()
        section = text.split(f"\n## {heading}\n")[1]
        path = tmp_path / "example.py"
        path.write_text(re.search(r"```python\n(.*?)```", section, re.DOTALL)[1])
        return runpy.run_path(str(path))

    yield run
    for table, rows in zip(TABLES, before, strict=True):
        table.clear()
        table.update(rows)


def test_an_activation(added, rng):
    added("An activation")
    network = whynet.Network([5, 6, 4, 3], activation="softplus", seed=1)
    check = whynet.check_gradients(network, rng.random((8, 5)), np.eye(3)[rng.integers(3, size=8)])
    assert check.passed
    assert all(one.verdict == "right" for one in check.arrays)


@pytest.mark.slow
def test_an_activation_is_one_file_and_one_line_and_ten_tests_cover_it(tmp_path):
    """The example put where the page says, in a copy of the project; nothing else is touched."""
    for folder in ("src", "tests", "docs", "examples"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    section = (ROOT / "docs" / "adding.md").read_text().split("\n## An activation\n")[1]
    code = re.search(r"(class Softplus:.*?)\n\n\nACTIVATIONS", section, re.DOTALL)[1]
    home = tmp_path / "src/whynet/network/activations.py"
    source = home.read_text().replace("\nACTIVATIONS:", f"\n{code}\n\n\nACTIVATIONS:")
    home.write_text(source.replace('"softmax": Softmax(),', '"softmax": Softmax(),\n    "softplus": Softplus(),'))
    recipe = tmp_path / "src/whynet/training/recipe.py"
    recipe.write_text(recipe.read_text().replace('"softmax", "tanh"]', '"softmax", "softplus", "tanh"]'))
    # An editable install finds the package before any path does: only the copy may be found here.
    program = (
        "import sys, pytest\n"
        "sys.meta_path[:] = [finder for finder in sys.meta_path if isinstance(finder, type)]\n"
        "sys.path.insert(0, 'src')\n"
        "sys.exit(pytest.main(['-v', '-p', 'no:cacheprovider', '-m', 'not slow', '-k', 'softplus or recipe', "
        "'tests/network', 'tests/training/test_recipe.py']))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert len(re.findall(r"::test_.*softplus.* PASSED", done.stdout)) >= 10, done.stdout


def test_a_layer(added, rng):
    layer = added("A layer")["Swish"]((6,))
    network = whynet.Network(layers=[whynet.Dense(5, 6), layer, whynet.Dense(6, 3)], seed=1)
    check = whynet.check_gradients(network, rng.random((8, 5)), np.eye(3)[rng.integers(3, size=8)])
    assert [one.verdict for one in check.arrays] == ["right"] * 5
    assert [one.array for one in check.arrays][2] == "1.beta"


def test_a_layer_is_one_file_and_one_line(added, digits, tmp_path):
    """Trained, checked, saved, loaded, drawn, examined; and what the compiled engine or the doctor cannot do with it is
    a sentence."""
    swish = added("A layer")["Swish"]
    network = whynet.Network(layers=[whynet.Dense(64, 20), swish((20,)), whynet.Dense(20, 10)], seed=1)
    recipe = whynet.Recipe(epochs=2, learning_rate=0.3)
    training = whynet.train(network, digits, recipe)
    first, last = training
    assert training.engine.name == "reference" and last.cost < first.cost < training.prepared.floor
    assert not np.array_equal(network.params[1]["beta"], np.ones(20))
    assert check(training.prepared).passed
    network.save(tmp_path / "model.safetensors")
    loaded = whynet.Network.load(tmp_path / "model.safetensors")
    assert loaded.layers == network.layers
    np.testing.assert_array_equal(loaded.scores(digits.inputs), network.scores(digits.inputs))
    assert "Swish" in network._repr_html_() and "64-20-10" in repr(network)
    said = prepare(recipe.but(layers=("dense 20 identity", "swish")), digits).network
    assert said.layers == network.layers
    case = RecipeSubject(recipe.but(layers=("dense 20 identity", "swish")), digits).examine()
    assert case.value("gradient-error") < 1e-5 and case.value("moved") > 0
    assert case.not_examined == [("the units of layer 2, swish", "it does not say what its activation is given")]
    with pytest.raises(whynet.WhynetError, match="native engine cannot train this: it does not know Swish layers"):
        whynet.train(network, digits, recipe.but(engine="native"))


def test_a_cost(added, rng):
    added("A cost")
    network = whynet.Network([5, 6, 3], cost="quartic", seed=1)
    check = whynet.check_gradients(network, rng.random((8, 5)), np.eye(3)[rng.integers(3, size=8)])
    assert check.passed
    prior = np.array([0.5, 0.3, 0.2])
    targets = np.repeat(np.eye(3), [50, 30, 20], axis=0)
    tried = [COSTS["quartic"].value(np.tile([a, b, c], (100, 1)), targets) for a, b, c in rng.random((300, 3))]
    least = floor(COSTS["quartic"], np.eye(3), prior)
    assert floor(COSTS["quartic"], targets) == pytest.approx(least)
    assert least < min(tried) < least * 1.5


def test_initial_weights(added, rng):
    added("Initial weights")
    W = initializer("sparse")(rng, (100, 50), 100, 50)
    assert 10 < np.count_nonzero(W, axis=0).mean() < 20


def test_an_optimizer(added):
    added("An optimizer")
    chosen = optimizer("sign-sgd")
    params = Params(({"W": (1, 2)},), np.array([1.0, -0.5]))
    for _ in range(200):
        chosen.update(params, Params(params.shapes, params.vector.copy()), {}, 0.01)
    np.testing.assert_allclose(params.vector, 0, atol=0.02)


def test_a_cause_is_one_new_file(tmp_path, monkeypatch, capsys, digits):
    """The example as a file in a folder of its own: everything that speaks of causes knows it."""
    section = (ROOT / "docs" / "adding.md").read_text().split("\n## A cause\n")[1]
    (tmp_path / "batch_of_one.py").write_text(re.search(r"```python\n(.*?)```", section, re.DOTALL)[1])
    monkeypatch.setattr(causes, "__path__", [*causes.__path__, str(tmp_path)])
    importlib.invalidate_caches()
    try:
        assert "batch-of-one" in causes.names()  # what the tests of every cause are run over
        is_complete("batch-of-one")
        examples_hold("batch-of-one")
        assert "### batch-of-one\n\nEach step rests on a single example." in causes.pages()
        monkeypatch.setattr(sys, "argv", ["whynet", "explain", "batch-of-one"])
        with pytest.raises(SystemExit):
            cli.main()
        assert "Each step rests on a single example." in capsys.readouterr().out
        recipe = plants()["batch-of-one"].spoil(SOUND["sigmoid-30"].but(epochs=2))
        found = diagnose_recipe(recipe, digits, trials=False)
        assert "batch-of-one" in [finding.cause for finding in found.verdict]
    finally:
        del sys.modules["whynet.doctor.causes.batch_of_one"], causes.batch_of_one
    monkeypatch.undo()
    assert "batch-of-one" not in causes.names()


def test_a_schedule(added):
    added("A schedule")
    assert rates("square", 1.0, range(0, 2), 2).tolist() == [1.0, 0.25]


def test_a_symptom(added):
    case = Case(Settings(), layers=2, rows=3, available=3, classes=2, features=2)
    added("A symptom")["measure_lengths"](case, np.array([[3.0, 4.0], [0.0, 5.0], [300.0, 400.0]]))
    fact = case.symptoms["longest-row"]
    assert in_words(fact) == "longest row of inputs, to the usual one: 100 (usual: below 10)" and fact.unusual


def test_a_mistake(added, digits):
    added("A mistake")
    prepared = prepare(whynet.Recipe(hidden=(8,), activation="tanh", dtype="float64"), digits)
    spoilt = prepared._replace(task=plant(prepared.task, ["weights-no-decrease"]))
    case = Case(Settings(), layers=2, rows=100, available=100, classes=10, features=64)
    audit_gradient(case, Training(spoilt))
    assert case.fitting == ("weights-no-decrease", "wrong-term")


def test_an_engine(added, digits, monkeypatch):
    monkeypatch.setattr(choice, "ENGINES", choice.ENGINES)
    added("An engine")
    recipe = whynet.Recipe(epochs=1)
    training = Training(prepare(recipe, digits))
    next(training)
    assert (training.engine.name, training.engine.steps) == ("counting", 145)
    assert choice.choose("auto", prepare(recipe.but(optimizer="adam"), digits).task)[0].name != "counting"
