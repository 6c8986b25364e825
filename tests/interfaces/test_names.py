"""Names as people type them, which recipe an option chooses, and what the command line lists and completes."""

from __future__ import annotations

import json
import re
from dataclasses import fields

import pytest
from click.testing import CliRunner

import whynet
from whynet.aliases import ALIASES, meant
from whynet.casebook.cases import CASES
from whynet.errors import BadFile, UsageError
from whynet.interfaces.cli import COMMANDS, cli
from whynet.interfaces.cli.groups import DESCRIBING, GROUPS, defaults_of
from whynet.interfaces.cli.screen import fitted, shown
from whynet.network.activations import ACTIVATIONS
from whynet.network.costs import COSTS
from whynet.network.initializers import INITIALIZERS
from whynet.network.layers import Dense
from whynet.optimizers.optimizers import OPTIMIZERS
from whynet.training.recipe import Recipe, recipe_names


def run(*arguments, **options):
    return CliRunner().invoke(cli, [str(argument) for argument in arguments], **options)


def test_every_alias_means_something_that_there_is_and_hides_no_name():
    own = {
        "activation": set(ACTIVATIONS), "cost": {*COSTS, "auto"}, "optimizer": set(OPTIMIZERS),
        "init": set(INITIALIZERS),
    }  # fmt: skip
    for field, known in own.items():
        assert set(ALIASES[field].values()) <= known
        assert not known & set(ALIASES[field])
        assert all(meant(field, name) == name for name in known)
    for field in ("schedule", "scaling"):
        for name in ALIASES[field].values():
            Recipe(**{field: name})


def test_aliases_are_understood_by_recipes_files_networks_layers_and_estimators(tmp_path):
    typed = {"activation": "ReLU", "init": "Xavier", "cost": "cross_entropy", "scaling": "z-score"}
    meant_ = {"activation": "relu", "init": "glorot", "cost": "softmax-cross-entropy", "scaling": "standard"}
    assert Recipe(**typed) == Recipe(**meant_)
    (tmp_path / "r.toml").write_text("".join(f'{name} = "{value}"\n' for name, value in typed.items()))
    assert Recipe.read(tmp_path / "r.toml") == Recipe(**meant_)
    assert whynet.Network([4, 3, 2], activation="ReLU", cost="MSE").cost_name == "quadratic"
    assert whynet.Network([4, 3, 2], activation="ReLU").layers == whynet.Network([4, 3, 2], activation="relu").layers
    assert whynet.Network(layers=[Dense(4, 2, "Leaky_ReLU", init="kaiming")]).layers == (
        Dense(4, 2, "leaky-relu", "he"),
    )
    X, y = [[0.0], [1.0], [0.1], [0.9]] * 5, [0, 1, 0, 1] * 5
    ours, theirs = (
        whynet.WhyNetClassifier((3,), activation=name, random_state=0, max_iter=300).fit(X, y)
        for name in ("Sigmoid", "logistic")
    )
    assert (ours.predict_proba(X) == theirs.predict_proba(X)).all()
    with pytest.raises(UsageError, match="Did you mean 'relu'"):
        Recipe(activation="relo")


def test_every_field_of_a_recipe_stands_in_one_group_of_the_help():
    listed = [name for names in GROUPS.values() for name in names]
    assert sorted(listed) == sorted(one.name for one in fields(Recipe))
    shown_ = run("train", "--help").stdout
    places = [shown_.index(f"\n{title}:") for title in [*GROUPS, "This run"]]
    assert places == sorted(places)
    assert "default: relu; plain: sigmoid" in " ".join(shown_.split())
    assert defaults_of("patience") == ""


@pytest.mark.parametrize(
    ("options", "base"),
    [
        (["--epochs", "1"], "default"),
        (["--epochs", "1", "--seed", "3", "--order", "file", "--rotation", "5", "--dtype", "float64"], "default"),
        (["--epochs", "1", "--momentum", "0.5"], "plain"),
        (["--epochs", "1", "--hidden", "5"], "plain"),
    ],
)
def test_only_what_describes_the_network_or_its_optimizer_chooses_plain(options, base, tmp_path):
    done = run("train", "--data", "digits", *options, "--out", tmp_path / "r", "--json")
    assert done.exit_code == 0
    assert json.loads(done.stdout)["base"] == base
    first = done.stderr.splitlines()[0]
    assert first.startswith(f"Recipe: {base} with --")
    assert ("describes the network" in first) == (base == "plain") == bool(DESCRIBING & {one[2:] for one in options})


def test_epochs_that_default_has_anyway_change_nothing(tmp_path):
    runs = [
        json.loads(run("train", "--data", "digits", *more, "--out", tmp_path / str(number), "--json").stdout)
        for number, more in enumerate(([], ["--epochs", 6]))
    ]
    assert runs[0]["test_correct"] == runs[1]["test_correct"] and runs[0]["sizes"] == runs[1]["sizes"]


def test_recipes_and_cases_are_listed_a_line_each_and_printed_as_a_file(tmp_path):
    lines = run("recipes").stdout.splitlines()
    for name in [*recipe_names(), *CASES]:
        assert sum(line.startswith(f"  {name} ") and len(line.split()) > 2 for line in lines) == 1
    (tmp_path / "mine.toml").write_text(run("recipes", "default").stdout)
    assert Recipe.read(tmp_path / "mine.toml") == Recipe.named("default")
    assert {one["kind"] for one in json.loads(run("recipes", "--json").stdout)["recipes"]} == {"recipe", "case"}


def test_a_real_case_and_a_run_are_trained_by_name(tmp_path):
    done = run("train", "xor-small-init", "--epochs", 1, "--out", tmp_path / "r", "--json")
    assert json.loads(done.stdout)["base"] == "xor-small-init"
    again = run("train", tmp_path / "r", "--out", tmp_path / "again", "--json")
    assert json.loads(again.stdout)["train_cost"] == json.loads(done.stdout)["train_cost"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_gets_its_script(shell):
    script = run("completion", shell).stdout
    assert "_WHYNET_COMPLETE" in script and "whynet" in script


@pytest.mark.parametrize(
    ("words", "completed"),
    [
        ("whynet tr", "train"),
        ("whynet train def", "default"),
        ("whynet train --activation lea", "leaky-relu"),
        ("whynet explain satu", "saturation"),
        ("whynet diagnose se-28", "se-286424"),
    ],
)
def test_the_shell_completes_what_is_there(words, completed):
    asked = {"COMP_WORDS": words, "COMP_CWORD": str(len(words.split()) - 1), "_WHYNET_COMPLETE": "bash_complete"}
    assert f"plain,{completed}" in run(env=asked, prog_name="whynet").stdout.splitlines()


def test_suggested_commands_are_quoted(tmp_path):
    folder = tmp_path / "my folder"
    done = run("train", "--data", "digits", "--epochs", 1, "--out", folder / "run")
    assert done.stderr.splitlines()[-1].startswith(f"Next: whynet evaluate '{folder}/run'  (") or (
        done.stderr.splitlines()[-1].startswith(f"Next: whynet diagnose '{folder}/run'  (")
    )
    assert f"whynet train &#x27;{folder}/run/recipe.toml&#x27;" in (folder / "run" / "report.html").read_text()


def test_a_terminal_gets_lines_of_its_width_with_the_answer_in_bold(monkeypatch):
    text = "It learns, and is at least as good as a linear classifier is.\nrun     runs/a b c d e f g h i j k l m n"
    assert max(map(len, fitted(text, 30).splitlines())) <= 30
    assert fitted(text, 30).splitlines()[-1].startswith(" " * 8)  # beside the label, not below it
    assert fitted(text, 200) == text
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert shown("the answer\nmore").startswith("\x1b[1mthe answer\x1b[0m\n")
    monkeypatch.setenv("NO_COLOR", "1")
    assert shown("the answer\nmore") == "the answer\nmore"


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_no_summary_of_a_command_is_cut_off(command):
    assert not command.get_short_help_str(62).endswith("...")


@pytest.mark.parametrize(
    ("arguments", "watched"),
    [
        (["--init", "uniform(0,1)", "--cost", "mse", "--learning-rate", "3"], "Stopped by --watch: after 2 epochs"),
        (["--batch-size", "full", "--init", "zeros"], "Not stopped by --watch: 6 steps are too few to tell"),
        (["--learning-rate", "0.003"], "of the images got the same prediction: it was still moving"),
    ],
)
def test_a_hopeless_training_is_stopped_or_it_is_said_why_not(arguments, watched, tmp_path):
    done = run("train", "--data", "digits", "--epochs", 6, "--watch", "--out", tmp_path / "r", *arguments)
    assert watched in done.stderr


def test_a_board_gets_every_epoch(tmp_path):
    pytest.importorskip("tensorboard", reason="TensorBoard is not installed; it is an extra")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    board = tmp_path / "board"
    done = run("train", "--data", "digits", "--epochs", 3, "--out", tmp_path / "r", "--tensorboard", board, "--json")
    read = EventAccumulator(str(board))
    read.Reload()
    costs = [one.value for one in read.Scalars("cost/training")]
    assert [one.step for one in read.Scalars("cost/training")] == [1, 2, 3]
    assert costs[-1] == pytest.approx(json.loads(done.stdout)["train_cost"], rel=1e-6)
    assert "quality/test" in read.Tags()["scalars"]


def test_runs_are_compared_with_what_differs_and_the_best_first(tmp_path):
    folders = []
    for hidden in (2, 30):
        folders.append(tmp_path / f"with {hidden}")
        run(
            "train",
            "--data",
            "digits",
            "--hidden",
            hidden,
            "--epochs",
            hidden,
            "--learning-rate",
            0.5,
            "--out",
            folders[-1],
        )
    page = tmp_path / "page.html"
    done = run("compare", *folders, "--page", page)
    lines = done.stdout.splitlines()
    assert lines[0].startswith(f"{folders[1]} is best: 9") and lines[0].endswith("% on the test set.")
    assert lines[2].split()[:3] == ["run", "sizes", "epochs"]  # the first epochs is the recipe's, asked for
    assert "64,2,10" in lines[3] and "64,30,10" in lines[4]
    assert done.stderr.splitlines()[-1].startswith(f"Next: whynet evaluate '{folders[1]}'")
    written = page.read_text()
    charts = re.findall(r'<script type="application/json" id="(\w+)">(.*?)</script>', written)
    assert [name for name, _ in charts] == ["cost", "test_quality"]
    content = json.loads(charts[0][1])
    assert [one["label"] for one in content["series"]] == [str(folder) for folder in folders]
    assert [len(column) for column in content["columns"]] == [30, 30, 30] and content["columns"][1][2:] == [None] * 28
    values = json.loads(run("compare", *folders, "--json").stdout)
    assert values["fields"] == ["sizes", "epochs"] and values["best"] == str(folders[1])
    assert isinstance(run("compare", folders[0]).exception, UsageError)
    assert isinstance(run("compare", folders[0], tmp_path).exception, BadFile)


def test_more_threads_than_the_engine_has_are_refused_in_a_sentence():
    with pytest.raises(UsageError, match="from 1 to 64"):
        Recipe(threads=1000)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["predict", "four.png"], "RUN is the directory of a run"),
        (["evaluate", "."], "this folder is no run"),
        (["export", ".", "--to", "numpy"], "this folder is no run"),
        (["predict", ".", "four.png"], "this folder is no run"),
        (["diagnose", "xor-small-init", "--page", "nowhere/page.html"], "the folder for --page does not exist"),
        (["diagnose", "xor-small-init", "--apply", "nowhere/mended.toml"], "the folder for --apply does not exist"),
    ],
)
def test_what_is_missing_is_said_before_anything_is_done(arguments, says, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert says in str(run(*arguments).exception)
