"""Answers in a person's own words, and `whynet ask` from outside."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from whynet.errors import UsageError
from whynet.interfaces.cli import cli
from whynet.interfaces.questions import QUESTIONS, recipe_from
from whynet.training.recipe import Recipe


@pytest.mark.parametrize(
    ("question", "words", "fields"),
    [
        ("data", "MNIST digits", {"data": "mnist"}),
        ("data", "Fashion", {"data": "fashion-mnist"}),
        ("data", "./files", {"data": "./files"}),
        ("train_size", "30,000", {"train_size": 30000}),
        ("train_size", "all of them", {"train_size": None}),
        ("scaling", "divided by 255", {"scaling": "0..1"}),
        ("scaling", "not scaled", {"scaling": "raw"}),
        ("scaling", "0 to 255", {"scaling": "raw"}),
        ("scaling", "between -1 and 1", {"scaling": "-1..1"}),
        ("scaling", "zero mean, unit deviation", {"scaling": "standard"}),
        ("sizes", "784-16-16-10", {"sizes": (784, 16, 16, 10)}),
        ("sizes", "two layers: 16, 16", {"hidden": (16, 16)}),
        ("sizes", "none", {"hidden": ()}),
        ("activation", "the logistic function", {"activation": "sigmoid"}),
        ("activation", "Leaky ReLU", {"activation": "leaky-relu"}),
        ("activation", "linear", {"activation": "identity"}),
        ("init", "N(0,1)", {"init": "normal"}),
        ("init", "gaussian with sd 0.1", {"init": "normal(0, 0.1)"}),
        ("init", "randn(784, 30) * 0.01", {"init": "normal(0, 0.01)"}),
        ("init", "random 0..1", {"init": "uniform(0, 1)"}),
        ("init", "np.random.rand(30, 784)", {"init": "uniform(0, 1)"}),
        ("init", "rand/100", {"init": "uniform(0, 0.01)"}),
        ("init", "2*rand - 1", {"init": "uniform(-1, 1)"}),
        ("init", "uniform between -0.5 and 0.5", {"init": "uniform(-0.5, 0.5)"}),
        ("init", "zeros", {"init": "zeros"}),
        ("init", "all 0.5", {"init": "constant(0.5)"}),
        ("init", "Xavier", {"init": "glorot"}),
        ("init", "Kaiming", {"init": "he"}),
        ("init", "N(0, 1/sqrt(n))", {"init": "scaled-normal"}),
        ("cost", "MSE", {"cost": "quadratic"}),
        ("cost", "binary cross entropy", {"cost": "sigmoid-cross-entropy"}),
        ("cost", "softmax + cross-entropy", {"cost": "softmax-cross-entropy"}),
        ("cost", "half the squared error", {"cost": "quadratic"}),
        ("optimizer", "SGD with momentum 0.5", {"optimizer": "sgd", "momentum": 0.5}),
        ("optimizer", "Adam", {"optimizer": "adam"}),
        ("learning_rate", "1e-3", {"learning_rate": 0.001}),
        ("learning_rate", "don't know", {}),
        ("learning_rate", "0,01", {"learning_rate": 0.01}),
        ("learning_rate", "a learning rate of about 3", {"learning_rate": 3.0}),
        ("batch_size", "the whole set", {"batch_size": "full"}),
        ("batch_size", "one at a time", {"batch_size": 1}),
        ("epochs", "30 epochs", {"epochs": 30}),
    ],
)
def test_free_words_are_understood(question, words, fields):
    assert QUESTIONS[question].answer(words) == fields
    recipe_from([fields])  # and make a recipe


def test_the_defaults_are_a_sound_recipe():
    recipe = recipe_from(question.answer("") for question in QUESTIONS.values())
    assert recipe == Recipe(hidden=(30,), epochs=5)


@pytest.mark.parametrize("question", sorted(QUESTIONS))
def test_what_makes_no_sense_is_refused_with_what_would(question):
    with pytest.raises(UsageError) as caught:
        QUESTIONS[question].answer("purple")
    assert caught.value.expected


def ask(*arguments, answers=()):
    return CliRunner().invoke(cli, ["ask", *arguments], input="".join(f"{answer}\n" for answer in answers))


def test_a_wrong_answer_is_asked_again_and_the_recipe_is_saved_and_diagnosed(tmp_path):
    path = tmp_path / "mine.toml"
    answers = ["digits", "", "/255", "20", "sigmoid", "purple", "zeros", "MSE", "", "one half", "0.5", "", "4"]
    done = ask("--save", str(path), "--json", "--no-trials", "--budget", "5", answers=answers)
    assert done.exit_code == 1
    found = json.loads(done.stdout)
    assert "symmetric-init" in [finding["cause"] for finding in found["verdict"]]
    assert "'purple' is not understood; expected normal" in done.stderr
    assert "'one half' is not understood" in done.stderr
    recipe = Recipe.read(path)
    assert (recipe.init, recipe.cost, recipe.learning_rate, recipe.epochs) == ("zeros", "quadratic", 0.5, 4)


def test_answers_that_end_early_leave_defaults():
    done = ask("--no-trials", "--budget", "5", answers=["digits"])
    assert done.exit_code in (0, 1) and "hidden = [30]" in done.stderr


def test_a_file_is_not_overwritten(tmp_path):
    (tmp_path / "mine.toml").write_text("")
    assert "exists" in str(ask("--save", str(tmp_path / "mine.toml")).exception)


@pytest.mark.parametrize(
    ("question", "words"),
    [("train_size", "10%"), ("train_size", "a tenth"), ("learning_rate", "mini-batches of 32"), ("data", "?")],
)
def test_nothing_is_made_of_an_answer_to_something_else(question, words):
    with pytest.raises(UsageError, match="is not understood"):
        QUESTIONS[question].answer(words)


def test_a_question_mark_explains_back_goes_back_and_what_was_understood_is_said(tmp_path):
    answers = ["?", "digits", "back", "iris", "", "", "4"]
    done = ask("--no-trials", "--save", str(tmp_path / "asked.toml"), answers=answers)
    assert "Enter takes auto" in done.stderr
    assert "  data = digits" in done.stderr and "  data = iris" in done.stderr and "  hidden = (4,)" in done.stderr
    assert Recipe.read(tmp_path / "asked.toml").data == "iris"
    stopped = ask("--save", str(tmp_path / "none.toml"), answers=["digits", "quit"])
    assert stopped.exit_code != 0 and not (tmp_path / "none.toml").exists()
