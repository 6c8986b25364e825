from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress

import numpy as np
import pytest

import whynet
from whynet import files
from whynet.data import sources
from whynet.errors import BadFile, Interrupted, ResourceError, UsageError
from whynet.optimizers.optimizers import OPTIMIZERS
from whynet.optimizers.schedules import SCHEDULES
from whynet.training.history import Epoch, History
from whynet.training.run import Run

RECIPE = whynet.Recipe(data="digits", hidden=(8,), epochs=3, validation_size=100)
FILES = {
    "recipe.toml", "environment.json", "metrics.jsonl", "model.safetensors", "checkpoint.safetensors", "report.html",
}  # fmt: skip


def test_a_run_directory_holds_all_that_is_needed_to_repeat_it(tmp_path):
    run = whynet.fit(RECIPE, out=tmp_path / "run")
    assert {path.name for path in (tmp_path / "run").iterdir()} == FILES
    recipe = whynet.Recipe.read(tmp_path / "run" / "recipe.toml")
    assert recipe.sizes == (64, 8, 10)
    assert recipe.learning_rate == 0.1
    again = whynet.fit(recipe)
    np.testing.assert_array_equal(again.network.params.vector, run.network.params.vector)
    opened = Run.open(tmp_path / "run")
    assert opened.finished
    assert list(opened.history) == list(run.history)
    np.testing.assert_array_equal(opened.network.params.vector, run.network.params.vector)
    loaded = whynet.Network.load(tmp_path / "run" / "model.safetensors")
    assert (loaded.predict(run.data.test.images) == run.network.predict(run.data.test.images)).all()


def test_the_same_recipe_gives_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        whynet.fit(RECIPE, out=tmp_path / name)
    assert (tmp_path / "a/model.safetensors").read_bytes() == (tmp_path / "b/model.safetensors").read_bytes()


def test_a_run_made_in_memory_can_be_saved(tmp_path):
    run = whynet.fit(RECIPE)
    assert run.directory is None
    run.save(tmp_path / "kept")
    assert {path.name for path in (tmp_path / "kept").iterdir()} == FILES
    assert Run.open(tmp_path / "kept").finished


def test_callbacks_see_every_epoch():
    seen = []
    run = whynet.fit(RECIPE, callbacks=[seen.append, lambda epoch: None])
    assert seen == list(run.history)


def test_a_directory_that_holds_something_is_left_alone(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    data = whynet.load("digits")
    for overwrite in (False, True):
        with pytest.raises(UsageError, match="holds something else"):
            Run.create(RECIPE, data, tmp_path / "mine", overwrite=overwrite)
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "years of work"
    Run.create(RECIPE, data, tmp_path / "run")
    with pytest.raises(UsageError, match="holds a run already"):
        Run.create(RECIPE, data, tmp_path / "run")
    (tmp_path / "run" / "notes.txt").write_text("mine")
    Run.create(RECIPE, data, tmp_path / "run", overwrite=True)
    assert (tmp_path / "run" / "notes.txt").read_text() == "mine"
    with pytest.raises(UsageError, match="no folder"):
        Run.create(RECIPE, data, tmp_path / "run" / "notes.txt", overwrite=True)
    (tmp_path / "empty").mkdir()
    Run.create(RECIPE, data, tmp_path / "empty")


def test_no_directory_is_made_for_a_recipe_that_does_not_fit(tmp_path):
    with pytest.raises(UsageError):
        Run.create(RECIPE.but(hidden=None, sizes=(784, 10)), whynet.load("digits"), tmp_path / "run")
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_blows_up_keeps_its_last_good_network_and_says_so(tmp_path):
    run = whynet.fit(RECIPE.but(activation="identity", learning_rate=1e30), out=tmp_path / "run")
    assert run.state == "non-finite"
    assert "layer" in run.message
    opened = Run.open(tmp_path / "run")
    assert (opened.state, opened.message) == (run.state, run.message)
    assert np.isfinite(whynet.Network.load(tmp_path / "run/model.safetensors").params.vector).all()


def test_zero_epochs_leave_the_network_as_it_was_drawn(tmp_path):
    run = whynet.fit(RECIPE.but(epochs=0), out=tmp_path / "run")
    assert Run.open(tmp_path / "run").finished
    fresh = whynet.Network([64, 8, 10], seed=0)
    np.testing.assert_array_equal(run.network.params.vector, fresh.params.vector)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("checkpoint.safetensors", b"garbage", "safetensors"),
        ("checkpoint.safetensors", None, "damaged"),
        ("environment.json", b"{", "not JSON"),
        ("environment.json", b"[]", "environment"),
        ("metrics.jsonl", b"nonsense\n", "line 1"),
        ("recipe.toml", b"epochs = 'x'", "epochs"),
    ],
)
def test_a_damaged_run_is_refused_file_by_file(name, content, says, tmp_path):
    whynet.fit(RECIPE, out=tmp_path / "run")
    path = tmp_path / "run" / name
    path.write_bytes(path.read_bytes()[:-50] if content is None else content)
    with pytest.raises(BadFile) as caught:
        Run.open(tmp_path / "run")
    assert says in str(caught.value)
    assert name in str(caught.value)


def test_a_checkpoint_of_another_network_is_refused(tmp_path):
    whynet.fit(RECIPE, out=tmp_path / "a")
    whynet.fit(RECIPE.but(hidden=(9,)), out=tmp_path / "b")
    (tmp_path / "a/checkpoint.safetensors").write_bytes((tmp_path / "b/checkpoint.safetensors").read_bytes())
    with pytest.raises(BadFile, match="does not belong"):
        Run.open(tmp_path / "a")


def test_other_data_than_the_run_was_started_with_are_refused(tmp_path, monkeypatch):
    whynet.fit(RECIPE, out=tmp_path / "run")
    fewer = whynet.load("digits").subset(1000, seed=0)
    monkeypatch.setattr(sources, "digits", lambda: fewer)
    with pytest.raises(BadFile, match="not those that this run was started with"):
        Run.open(tmp_path / "run")


def test_a_folder_without_a_run():
    with pytest.raises(BadFile, match="there is no run here"):
        Run.open("tests")


@pytest.mark.parametrize("moment", ["write", "fsync", "replace"])
def test_a_full_disk_loses_nothing(moment, tmp_path, monkeypatch):
    path = tmp_path / "file"
    files.write(path, "old")

    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    if moment == "replace":
        monkeypatch.setattr("pathlib.Path.replace", full)
    else:
        monkeypatch.setattr(os, "fsync" if moment == "fsync" else "fdopen", full)
    with pytest.raises(ResourceError, match="No space left"):
        files.write(path, "new")
    monkeypatch.undo()
    assert path.read_text() == "old"
    assert [one.name for one in tmp_path.iterdir()] == ["file"]


def test_history_survives_json_and_a_line_cut_short():
    records = [Epoch(epoch=e, steps=e, cost=1.0 / (e + 1), learning_rate=0.1, seconds=0.5) for e in range(3)]
    text = "".join(one.to_json().decode() + "\n" for one in records)
    assert list(History.from_json_lines(text, "x")) == records
    assert list(History.from_json_lines(text[:-9], "x")) == records[:2]
    broken = Epoch(epoch=0, steps=1, cost=float("nan"), learning_rate=0.1, seconds=0.0)
    assert json.loads(broken.to_json())["cost"] is None
    assert np.isnan(History.from_json_lines(broken.to_json().decode() + "\n", "x")[0].cost)


# Long enough to be killed in its middle: the compiled engine would be through with it before.
SLOW = ["--data", "digits", "--epochs", "12", "--hidden", "20", "--batch-size", "1", "--optimizer", "adam", "-q"]
SLOW += ["--engine", "reference"]


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "whynet", "train", *arguments]


@pytest.fixture(scope="module")
def whole_model(tmp_path_factory):
    """The model of the same training, never interrupted, and how long that took."""
    directory = tmp_path_factory.mktemp("whole") / "run"
    started = time.monotonic()
    subprocess.run(command(*SLOW, "--out", str(directory)), check=True, capture_output=True)
    return (directory / "model.safetensors").read_bytes(), time.monotonic() - started


def killed_and_resumed(directory, after: float, how: int, epochs: int = 0, timeout: float = 60) -> bytes:
    """The model of a training that is sent a signal so many seconds after so many epochs have been written down."""
    process = subprocess.Popen(
        command(*SLOW, "--out", str(directory)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + timeout
    written = directory / "metrics.jsonl"
    while not (directory / "recipe.toml").exists() and time.monotonic() < deadline:
        time.sleep(0.005)
    while epochs and time.monotonic() < deadline:
        if written.exists() and len(written.read_text().splitlines()) >= epochs:
            break
        time.sleep(0.005)
    time.sleep(after)
    process.send_signal(how)
    code = process.wait(timeout)
    if how != signal.SIGKILL:
        assert code in (0, 130)
    resumed = subprocess.run(
        command("--resume", str(directory), "--json", "-q"), capture_output=True, text=True, check=True
    )
    assert json.loads(resumed.stdout)["epochs_run"] == 12
    assert len((directory / "metrics.jsonl").read_text().splitlines()) == 12
    assert not [path for path in directory.iterdir() if path.suffix == ".tmp"]
    return (directory / "model.safetensors").read_bytes()


@pytest.mark.thinned(3)
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_a_killed_run_resumes_to_the_same_bytes(how, tmp_path, whole_model):
    model, _ = whole_model
    rng = random.Random(how)
    assert killed_and_resumed(tmp_path / "run", rng.uniform(0, 0.1), how, epochs=rng.randint(1, 6)) == model


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_twenty_random_moments(tmp_path, whole_model):
    model, seconds = whole_model
    rng = random.Random(7)
    for number in range(20):
        after = rng.uniform(0, max(seconds - 0.5, 0.2))
        assert killed_and_resumed(tmp_path / f"run-{number}", after, signal.SIGKILL) == model, after


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("optimizer", sorted(OPTIMIZERS))
@pytest.mark.parametrize("schedule", sorted(SCHEDULES))
def test_every_combination_resumes_from_its_files_to_the_same_bytes(optimizer, schedule, tmp_path):
    """Cut at random moments, opened again from the directory each time; 35 pairs x 4 x 2 cuts."""
    rng = np.random.default_rng([sorted(OPTIMIZERS).index(optimizer), sorted(SCHEDULES).index(schedule)])
    for dropout, rotation in ((0.0, 0.0), (0.3, 0.0), (0.0, 15.0), (0.3, 15.0)):
        recipe = whynet.Recipe(
            data="digits", train_size=100, validation_size=40, hidden=(6,), epochs=3, batch_size=7, seed=3,
            optimizer=optimizer, schedule=schedule, dropout=dropout, noise=dropout, rotation=rotation,
            elastic=rotation / 15, batch_norm=bool(rng.random() < 0.5), average=float(rng.choice([0.0, 0.9])),
            patience=int(rng.integers(1, 3)) if rng.random() < 0.5 else None,
        )  # fmt: skip
        name = f"{dropout}-{rotation}"
        whynet.fit(recipe, out=tmp_path / name)
        for cut in rng.integers(1, 44, size=2):
            directory = tmp_path / f"{name}-{cut}"
            run = Run.create(recipe, whynet.load("digits"), directory, overwrite=True)
            left = iter(range(int(cut)))
            with suppress(Interrupted):  # or patience ran out before
                run.train(stop=lambda left=left: next(left, None) is None)
            again = Run.open(directory)
            again.train()
            for file in ("model.safetensors", "checkpoint.safetensors"):
                assert (directory / file).read_bytes() == (tmp_path / name / file).read_bytes(), (file, cut, recipe)


def test_a_report_and_a_checkup_obey_the_recipes_threads(monkeypatch):
    """On a busy machine, threads that wait for each other take most of the time."""
    from threadpoolctl import threadpool_info

    from whynet.report import html
    from whynet.subjects import checkup

    seen = []

    def spy(original):
        def spied(*arguments):
            seen.append({pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"})
            return original(*arguments)

        return spied

    monkeypatch.setattr(html, "run_page", spy(html.run_page))
    monkeypatch.setattr(checkup, "judge", spy(checkup.judge))
    run = whynet.fit(whynet.Recipe(epochs=1), "digits")
    run.report()
    checkup.checkup(run)
    assert seen == [{1}, {1}] or seen == [set(), set()]  # where NumPy's library cannot be told
