"""`whynet diagnose` and `whynet explain CAUSE` from outside."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

import whynet
from whynet.interfaces.cli import cli


def run(*arguments):
    return CliRunner().invoke(cli, list(arguments))


@pytest.fixture
def sick(tmp_path):
    path = tmp_path / "sick.toml"
    path.write_text(whynet.Recipe(data="digits", init="zeros", epochs=10, learning_rate=0.5).to_toml())
    return path


def test_a_sick_recipe_is_exit_1_with_its_cure(sick, tmp_path):
    mended, page = tmp_path / "mended.toml", tmp_path / "page.html"
    done = run("diagnose", str(sick), "--json", "--budget", "10", "--apply", str(mended), "--page", str(page))
    assert done.exit_code == 1
    found = json.loads(done.stdout)
    assert (found["schema"], found["verdict"][0]["cause"]) == (2, "symmetric-init")
    assert whynet.Recipe.read(mended).init != "zeros"
    assert "symmetric-init" in page.read_text()
    assert "Next: whynet diagnose" in done.stderr
    again = run("diagnose", str(mended), "--no-trials", "--json", "-q")
    assert again.exit_code == 0 and json.loads(again.stdout)["state"] == "healthy"


def test_an_existing_file_is_not_overwritten_and_a_misspelling_is_a_sentence(sick):
    assert isinstance(run("diagnose", str(sick), "--apply", str(sick)).exception, whynet.WhynetError)
    assert "neither a shipped recipe" in str(run("diagnose", "vektorised").exception)


def test_a_cause_has_a_page():
    done = run("explain", "init-positive-saturation", "--json")
    found = json.loads(done.stdout)
    assert found["cause"] == "init-positive-saturation"
    assert "**What to change.**" in found["page"]
    assert json.loads(run("explain", "Init_Positive", "saturation", "--json").stdout) == found
    assert "neither a number nor a cause" in str(run("explain", "init-positive").exception)


def test_a_word_has_a_row():
    found = json.loads(run("explain", "loss", "--json").stdout)
    assert (found["word"], found["symbol"]) == ("cost", "C") and "loss" in found["field"]
    assert set(found) == {"schema", "word", "field", "symbol", "meaning"}
    done = run("explain", "learning", "rate")
    assert done.exit_code == 0 and "Also called: step size" in done.stdout
    assert "ridge" in run("explain", "L2").stdout  # a digit does not make it a number
    assert "Sources." in run("explain", "overfit").stdout


def test_a_misspelt_word_or_cause_gets_its_neighbours():
    assert "'saturation'" in str(run("explain", "saturaton").exception)
    assert "'lr-too-high'" in str(run("explain", "lr-to-high").exception)
    assert "All causes and words: whynet explain" in str(run("explain", "zzzz").exception)
    listed = run("explain").stdout
    assert "lr-too-high" in listed and "confusion matrix" in listed


def test_learning_curves_are_read_as_bias_and_variance(tmp_path):
    few, page = tmp_path / "few.toml", tmp_path / "curves.html"
    few.write_text(whynet.Recipe(data="digits", hidden=(2,), epochs=5, learning_rate=0.5).to_toml())
    found = json.loads(run("curves", str(few), "--json", "--page", str(page)).stdout)
    sizes = [point["examples"] for point in found["over_examples"]]
    assert sizes == sorted(sizes) and len(sizes) == 6
    assert "Bias is what limits it" in found["reading"]
    assert "over training examples" in page.read_text()
    many = tmp_path / "many.toml"
    many.write_text(whynet.Recipe(data="digits", hidden=(100,), epochs=30, learning_rate=0.5).to_toml())
    found = json.loads(run("curves", str(many), "--json").stdout)
    assert found["over_examples"][-1]["train"] > 0.99
    assert "Bias is what limits it" not in found["reading"]


def test_a_file_of_figures_is_read_as_a_log_with_or_without_saying_so(tmp_path):
    log = tmp_path / "training.txt"
    log.write_text("epoch 1 loss 2.303 accuracy 0.11\nepoch 2 loss 2.303 accuracy 0.11\n", "utf-8")
    assert run("diagnose", str(log)).output == run("diagnose", "--log", str(log)).output
    refused = run("diagnose", str(log), "--seed", "3")
    assert refused.exit_code != 0 and "nothing is trained" in str(refused.exception)
