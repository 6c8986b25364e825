"""The command line as people and scripts meet it: streams, JSON, exit codes, and no traceback."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from whynet.engines.native import _native
from whynet.interfaces import cli

ENGINE = "native" if _native else "reference"  # where it was compiled

TRAIN_KEYS = {
    "schema", "data", "sizes", "base", "engine", "engine_reason", "seed", "epochs_run", "seconds", "epoch_seconds",
    "train_cost", "floor", "test_correct", "test_total", "test_accuracy", "run", "report", "state",
}  # fmt: skip


@pytest.fixture
def whynet(capsys, monkeypatch, tmp_path):
    """Runs a command in a folder of its own; gives exit code, stdout and stderr."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["whynet", *map(str, arguments)])
        with pytest.raises(SystemExit) as stopped:
            cli.main()
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return stopped.value.code, out, err

    return run


@pytest.fixture
def as_json(whynet):
    """The same with --json: exactly one object on stdout."""

    def run(*arguments):
        code, out, err = whynet(*arguments, "--json")
        values = json.loads(out, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
        assert values["schema"] == 2
        assert out.count("\n") == 1
        return code, values, err

    return run


def test_alone_it_shows_three_things_to_try(whynet):
    code, out, _ = whynet()
    assert code == 0
    assert sum(line.startswith("  whynet ") for line in out.splitlines()) == 3


def test_training_prints_its_outcome_and_the_next_command(whynet):
    code, out, err = whynet("train", "--data", "digits", "--epochs", 20, "--out", "r", "--learning-rate", 0.5)
    assert code == 0
    assert err.splitlines()[0] == (
        "Recipe: plain with --data, --epochs, --learning-rate, not default: --learning-rate describes the network or "
        "its optimizer"
    )
    assert "1/20  cost" in err
    assert err.splitlines()[-1].startswith("Next: whynet evaluate r")
    assert "It learns" in out
    assert "r/report.html" in out
    assert "\x1b" not in out + err


def test_training_as_json(as_json):
    code, values, _ = as_json("train", "plain", "--data", "digits", "--epochs", 3, "--seed", 4)
    assert code == 0
    assert values.keys() >= TRAIN_KEYS
    assert (values["data"], values["base"], values["engine"], values["seed"]) == ("digits", "plain", ENGINE, 4)
    assert values["sizes"] == [64, 30, 10]
    assert len(values["test_correct"]) == len(values["epoch_seconds"]) == values["epochs_run"] == 3
    assert values["test_accuracy"] == values["test_correct"][-1] / values["test_total"]
    assert values["state"] == "undertrained"
    assert Path(values["report"]).is_file()


def test_a_network_that_does_not_learn_is_told_so_and_watched(whynet):
    code, out, err = whynet("train", "--data", "digits", "--init", "zeros", "--learning-rate", 0.001, "--epochs", 9,
                            "--watch", "--out", "r")  # fmt: skip
    assert code == 0
    assert "Stopped by --watch: after 2 epochs" in err and "Epoch 3" not in err
    assert "Every image gets the same prediction" in out
    assert err.splitlines()[-1].startswith("Next: whynet diagnose r")


def test_a_diagnosis_can_follow_the_training_and_is_in_the_report(whynet):
    code, _, err = whynet("train", "--data", "digits", "--init", "zeros", "--epochs", 3, "--diagnose", "--out", "r")
    assert code == 0
    assert "symmetric-init" in err
    assert "symmetric-init" in Path("r/report.html").read_text()


def test_without_options_about_the_network_the_base_is_default(as_json):
    _, values, err = as_json("train", "--data", "digits", "--seed", 1)
    assert values["base"] == "default"
    assert err.startswith("Recipe: default")
    assert values["test_accuracy"] >= 0.97


def test_without_any_source_auto_falls_back_in_one_line(as_json):
    code, values, err = as_json("train", "--epochs", 1)
    assert (code, values["data"]) == (0, "digits")
    assert sum("scikit-learn" in line for line in err.splitlines()) == 1


def test_a_recipe_file_and_options_over_it(as_json, tmp_path):
    (tmp_path / "mine.toml").write_text('data = "digits"\nhidden = [7]\nepochs = 1\nactivation = "relu"\n')
    _, values, _err = as_json("train", "mine.toml", "--epochs", 2)
    assert values["base"] == "mine.toml"
    assert values["sizes"] == [64, 7, 10]
    assert values["epochs_run"] == 2
    assert as_json("train", values["run"] + "/recipe.toml", "--out", "again")[1]["train_cost"] == values["train_cost"]


def test_every_option_reaches_the_recipe(as_json):
    options = {
        "sizes": "64,12,8,10", "activation": "tanh", "output-activation": "tanh", "init": "uniform(-0.5,0.5)",
        "bias-init": "constant(0.1)", "cost": "quadratic", "optimizer": "sgd", "learning-rate": "0.05",
        "momentum": "0.5", "schedule": "cosine", "batch-size": "full", "epochs": "2", "l2": "0.001",
        "scaling": "-1..1", "train-size": "500", "validation-size": "100", "seed": "3", "dtype": "float64",
        "engine": "reference", "threads": "1",
    }  # fmt: skip
    arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
    _, values, _ = as_json("train", "--data", "digits", *arguments, "--out", "r")
    written = Path("r/recipe.toml").read_text()
    for name, value in options.items():
        if name not in ("sizes",):
            assert f"{name.replace('-', '_')} = " in written
            assert value in written
    assert values["sizes"] == [64, 12, 8, 10]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["train", "--cost", "quadratik"], "Did you mean 'quadratic'"),
        (["train", "--learnin-rate", "3"], "--learning-rate"),
        (["train", "--epochs", "many"], "integer"),
        (["train", "--epochs", "-3"], "0 or more"),
        (["train", "--sizes", "a,b"], "784,30,10"),
        (["train", "--data", "digits", "--sizes", ""], "two sizes"),
        (["train", "--data", "digits", "--seed", "9" * 30], "2^63"),
        (["train", "--batch-size", "some"], "full"),
        (["train", "--data", "digits", "--sizes", "784,30,10"], "64,30,10"),
        (["train", "--data", "digits", "--train-size", "9999"], "1,442"),
        (["train", "--data", "digits", "--engine", "warp"], "auto"),
        (["train", "--data", "nowhere"], "auto, breast-cancer, diabetes, digits"),
        (["train", "nothing-like-this"], "recipe"),
        (["train", "--resume", "x", "--epochs", "3"], "Leave out"),
        (["trian"], "Did you mean 'train'"),
        (["explain", "abc"], "0.45"),
        (["reproduce", "vectorized"], "Did you mean 'vectorised'"),
        (["data", "--download"], "mnist"),
    ],
)
def test_usage_mistakes_are_sentences_and_exit_2(whynet, as_json, arguments, says):
    code, out, err = whynet(*arguments)
    assert (code, out) == (2, "")
    assert says in err
    code, values, _ = as_json(*arguments)
    assert code == 2
    assert set(values["error"]) == {"kind", "message", "where", "expected", "found", "do"}
    assert values["error"]["kind"] == "usage"
    assert not Path("runs").exists()


@pytest.mark.parametrize(
    ("name", "content", "command"),
    [
        ("bad.toml", "epochs = ", ["train", "bad.toml"]),
        ("bad.toml", "epocs = 3", ["train", "bad.toml"]),
        ("bad.safetensors", "letters, no tensors", ["evaluate", "bad.safetensors"]),
        ("r/recipe.toml", "x = 1", ["train", "--resume", "r"]),
        ("empty/notes.txt", "", ["evaluate", "empty"]),
        ("empty/notes.txt", "", ["train", "--resume", "empty"]),
        ("data/train-images-idx3-ubyte.gz", "<html>", ["train", "--data", "data"]),
    ],
)
def test_bad_files_are_sentences_and_exit_3(whynet, as_json, tmp_path, name, content, command):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text(content)
    code, out, err = whynet(*command)
    assert (code, out) == (3, "")
    assert "Error: " in err
    code, values, _ = as_json(*command)
    assert (code, values["error"]["kind"]) == (3, "bad-file")
    assert (tmp_path / name).read_text() == content


def test_what_cannot_be_had_is_exit_5(as_json):
    for command in (["train", "--data", "mnist"], ["reproduce", "vectorised"], ["data", "mnist", "--download"]):
        code, values, _ = as_json(*command)
        assert (code, values["error"]["kind"]) == (5, "resource")
        assert "WHYNET_DATA" in values["error"]["do"]


def test_a_network_that_no_memory_holds_is_exit_5(as_json):
    code, values, _ = as_json("train", "--data", "digits", "--sizes", "64,1000000,1000000,1000000,10")
    assert (code, values["error"]["kind"]) == (5, "resource")
    assert not Path("runs").exists()


def test_a_convolutional_network_in_words(as_json, whynet, tmp_path):
    """Trained, written down, evaluated, checked, resumed and shown as a page."""
    words = "conv 4 3x3 batch-norm, pool 2, dense 12 dropout 0.1"
    options = ("--activation", "relu", "--init", "he", "--epochs", 2, "--seed", 3)
    code, values, err = as_json("train", "--data", "digits", "--layers", words, *options, "--out", "run")
    assert code == 0 and values["engine"] in ("native", "reference") and values["test_accuracy"] > 0.3
    assert "Network(8x8x1, conv 4 3x3, batch-norm, pool 2x2, dense 12, dense 10" in err
    recipe = (tmp_path / "run" / "recipe.toml").read_text()
    assert '"conv 4 3x3 batch-norm"' in recipe and "sizes" not in recipe and "hidden" not in recipe
    assert "<html" in (tmp_path / "run" / "report.html").read_text()
    assert as_json("evaluate", "run")[1]["test_correct"] == values["test_correct"][-1]
    code, found, _ = as_json("check-gradients", tmp_path / "run" / "recipe.toml")
    assert code == 0 and found["passed"]
    assert as_json("train", "--resume", "run")[0] == 0
    (tmp_path / "mine.toml").write_text('layers = ["conv 4 3x3", "pool 2"]\nactivation = "relu"\n')
    code, values, _ = as_json("train", "mine.toml", "--data", "digits", "--hidden", "12", "--epochs", 1)
    assert code == 0 and values["sizes"] == [64, 12, 10]  # one way to say the layers stands for another


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--layers", "conv 8 9x9"], ["layer 1 (conv 8 9x9)", "larger than its input", "8x8x1", "smaller kernel"]),
        (["--layers", "conv 8 3x3, pool 7"], ["layer 2 (pool 7)", "larger than its input", "6x6x8", "smaller pool"]),
        (["--layers", "dense 8, conv 8 3x3"], ["layer 2 (conv 8 3x3)", "takes pictures", "8", "before any dense"]),
        (["--layers", "konv 8 3x3"], ["no such layer", "Did you mean 'conv'"]),
        (["--layers", "conv 8 3x3", "--hidden", "30"], ["give one of sizes, hidden and layers"]),
        (["--layers", "conv 8 3x3", "--data", "iris"], ["takes pictures", "found     4"]),
    ],
)
def test_layers_that_do_not_fit_are_sentences_and_exit_2(whynet, arguments, says):
    data = () if "--data" in arguments else ("--data", "digits")
    code, _, err = whynet("train", *data, *arguments)
    assert code == 2
    assert all(one in err for one in says), err


def test_a_blow_up_is_exit_4_with_the_whole_object(as_json):
    code, values, _err = as_json(
        "train", "--data", "digits", "--activation", "identity", "--learning-rate", "1e30", "--out", "r"
    )
    assert (code, values["state"]) == (4, "non-finite")
    assert values.keys() >= TRAIN_KEYS
    assert "layer" in values["message"]
    assert Path("r/report.html").is_file()


def test_a_directory_that_holds_a_run_is_kept_unless_told(whynet):
    train = ["train", "--data", "digits", "--epochs", 1, "--out", "r"]
    assert whynet(*train)[0] == 0
    before = Path("r/model.safetensors").read_bytes()
    code, _, err = whynet(*train, "--seed", 1)
    assert code == 2
    assert "--overwrite" in err
    assert Path("r/model.safetensors").read_bytes() == before
    assert whynet(*train, "--seed", 1, "--overwrite")[0] == 0
    assert Path("r/model.safetensors").read_bytes() != before


def test_resuming_a_finished_run_leaves_it_as_it_is(whynet):
    whynet("train", "--data", "digits", "--epochs", 1, "--out", "r")
    before = {path.name: path.read_bytes() for path in Path("r").iterdir()}
    code, _, err = whynet("train", "--resume", "r")
    assert code == 0
    assert "finished" in err
    assert {path.name: path.read_bytes() for path in Path("r").iterdir()} == before


def test_ctrl_c_saves_says_how_to_go_on_and_exits_130(tmp_path):
    command = [sys.executable, "-m", "whynet", "train", "--data", "digits", "--epochs", "5000", "--out", "r", "--json"]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while not (tmp_path / "r" / "checkpoint.safetensors").exists():
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert json.loads(out)["state"] is None
    assert "whynet train --resume r" in err
    assert "Traceback" not in err


def test_evaluate_counts_what_training_counted(as_json, whynet):
    _, trained, _ = as_json("train", "--data", "digits", "--epochs", 2, "--out", "r")
    for target in (["r"], ["r/model.safetensors", "--data", "digits"]):
        _, values, _ = as_json("evaluate", *target)
        assert values["test_correct"] == trained["test_correct"][-1]
        assert sum(map(sum, values["confusion"])) == values["test_total"] == 355
        assert values["accuracy"] == trained["test_accuracy"]
    assert "recall" in whynet("evaluate", "r")[1]
    assert whynet("report", "r")[0] == 0


def test_predict_pictures(as_json, whynet, tmp_path, digits):
    """Test images, enlarged, as dark ink somewhere on white paper: nearly the same answers as to the images."""
    from PIL import Image

    names = []
    for number, image in enumerate(digits.test.images[:40]):
        paper = Image.new("L", (300, 260), "white")
        paper.paste(Image.fromarray(255 - image).resize((160, 160), Image.Resampling.NEAREST), (20 + number, 30))
        names.append(f"{number}.png")
        paper.save(tmp_path / names[-1])
    whynet("train", "--data", "digits", "--epochs", 20, "--learning-rate", 0.5, "--out", "r")
    code, values, _ = as_json("predict", "r", *names)
    assert code == 0
    assert [one["file"] for one in values["images"]] == names
    assert all(set(one) == {"file", "answer", "probabilities"} for one in values["images"])
    assert sum(values["images"][0]["probabilities"]) == pytest.approx(1, abs=1e-5)
    right = sum(one["answer"] == label for one, label in zip(values["images"], digits.test.labels, strict=False))
    assert right >= 35
    assert "@@" in whynet("predict", "r/model.safetensors", names[0], "--show")[1]
    assert "why.png" in whynet("predict", "r/model.safetensors", *names[:2], "--why", "why.png")[2]
    assert Path("why.png").read_bytes()[:4] == b"\x89PNG"
    (tmp_path / "letter.txt").write_text("a letter")
    assert whynet("predict", "r", "letter.txt")[0] == 3


def test_explain_as_people_type_it(as_json, whynet):
    code, values, _ = as_json("explain", "0.45")
    assert (code, values["number"]) == (0, "0.45")
    assert set(values["readings"][0]) == {"cost", "averaging", "meaning", "exact"}
    assert as_json("explain", "958", "of", "10000")[1]["readings"][0]["exact"] == 958
    assert "no plateau" in whynet("explain", "0.2345678")[1]


def test_check_gradients(as_json, whynet):
    code, values, _ = as_json("check-gradients", "plain", "--data", "digits")
    assert (code, values["passed"]) == (0, True)
    assert values["relative_error"] <= 1e-7
    assert set(values["worst"]) == {"array", "index", "analytic", "numeric"}
    whynet("train", "--data", "digits", "--epochs", 1, "--out", "r")
    assert whynet("check-gradients", "r")[0] == 0


def test_check_gradients_of_a_faulty_recipe_is_exit_1(as_json, tmp_path):
    (tmp_path / "faulty.toml").write_text('data = "digits"\ncost = "quadratic"\nfaults = ["no-output-slope"]\n')
    code, values, _ = as_json("check-gradients", "faulty.toml")
    assert (code, values["passed"]) == (1, False)


def test_data(as_json, whynet):
    names = [one["name"] for one in as_json("data")[1]["sets"]]
    assert names == ["mnist", "fashion-mnist", "digits", "iris", "wine", "breast-cancer", "diabetes", "xor"]
    assert as_json("data", "digits")[1]["sets"][0]["examples"] == 1442
    assert "1,442 training" in whynet("data", "digits")[1]


@pytest.mark.slow
def test_reproduce(as_json, whynet):
    code, values, _ = as_json("reproduce", "xor", "--page", "page.html")
    assert code == 0
    row = values["experiments"][0]
    assert set(row) == {"name", "published", "measured", "floor", "means", "verdict", "fixed", "seconds"}
    assert [finding["status"] for finding in row["verdict"]] in ([], ["found"])  # it learns
    assert row["fixed"] is None
    assert "<table>" in Path("page.html").read_text()


def test_a_closed_stdout_is_no_crash(tmp_path):
    command = f"{sys.executable} -m whynet explain 0.45 >&-"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert "Traceback" not in done.stderr


def test_a_pipe_that_is_closed_early_is_no_crash():
    command = f"{sys.executable} -m whynet train --help | head -1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
    assert done.stderr == ""


@pytest.mark.parametrize(
    "command",
    ["train", "evaluate", "predict", "diagnose", "explain", "reproduce", "check-gradients", "bench", "data", "report"],
)
def test_every_command_has_help(whynet, command):
    code, out, _ = whynet(command, "--help")
    assert code == 0
    assert "--json" in out


def test_the_rate_finder_trains_with_what_it_found_and_draws_it(as_json, whynet, tmp_path):
    code, values, err = as_json("train", "--data", "digits", "--epochs", 2, "--find-rate", "--out", "r")
    assert code == 0
    assert "Rate finder: learning rate" in err
    search = values["rate_search"]
    assert search["chosen"] > 0
    assert f"learning_rate = {search['chosen']}" in (tmp_path / "r/recipe.toml").read_text()
    assert "The search for the learning rate" in (tmp_path / "r/report.html").read_text()
    assert whynet("report", "r")[0] == 0
    assert "The search for the learning rate" in (tmp_path / "r/report.html").read_text()


@pytest.mark.parametrize(
    "arguments",
    [("--find-rate", "--learning-rate", 1), ("--find-rate", "--resume", "r"), ("--csv", "x.csv", "--resume", "r")],
)
def test_the_rate_finder_and_the_log_refuse_what_contradicts_them(arguments, as_json):
    code, values, _ = as_json("train", "--data", "digits", *arguments)
    assert code == 2
    assert values["error"]["do"]


def test_a_csv_log_has_a_line_for_every_epoch(whynet, tmp_path):
    assert whynet("train", "--data", "digits", "--epochs", 3, "--csv", "log.csv", "--out", "r")[0] == 0
    lines = (tmp_path / "log.csv").read_text().splitlines()
    assert lines[0].startswith("epoch,steps,cost,")
    assert [line.split(",")[0] for line in lines[1:]] == ["0", "1", "2"]
    code, _, err = whynet("train", "--data", "digits", "--csv", "no/such/folder/log.csv", "--out", "q")
    assert code == 5, err


def test_patience_says_which_epoch_is_kept(whynet, as_json):
    options = ("--data", "digits", "--epochs", 60, "--learning-rate", 30, "--validation-size", 100, "--batch-size", 50)
    code, values, _ = as_json("train", *options, "--patience", 2, "--out", "r")
    assert code == 0
    assert values["epochs_run"] == values["best_epoch"] + 3
    assert values["test_accuracy"] == values["test_correct"][values["best_epoch"]] / values["test_total"]
    code, out, _ = whynet("train", *options, "--patience", 2, "--out", "q")
    assert f"stopped early: the best of {values['epochs_run']} epochs" in out
    code, evaluated, _ = as_json("evaluate", "r")
    assert evaluated["test_correct"] == values["test_correct"][values["best_epoch"]]
    code, values, _ = as_json("train", "--data", "digits", "--patience", 2)
    assert code == 2
    assert "--validation-size" in values["error"]["do"]


def test_flags_and_weights_of_classes(as_json, tmp_path):
    options = ("--data", "digits", "--epochs", 1, "--batch-size", 50)
    code, _, _ = as_json("train", *options, "--batch-norm", "--class-weights", "balanced", "--out", "a")
    assert code == 0
    recipe = (tmp_path / "a/recipe.toml").read_text()
    assert "batch_norm = true" in recipe
    assert 'class_weights = "balanced"' in recipe
    code, _, _ = as_json(
        "train", "a/recipe.toml", "--no-batch-norm", "--class-weights", "1,1,1,1,1,1,1,1,1,5", "--out", "b"
    )
    assert code == 0
    assert "batch_norm = false" in (tmp_path / "b/recipe.toml").read_text()
    for wrong in ("balance", "1,2", "1,x"):
        code, values, _ = as_json("train", *options, "--class-weights", wrong)
        assert code == 2, wrong
        assert values["error"]["message"]


def test_data_are_shown_on_a_contact_sheet(whynet, tmp_path, monkeypatch):
    from PIL import Image

    monkeypatch.setenv("COLUMNS", "60")
    code, out, err = whynet("data", "digits", "--show", "--sheet", "sheet.png")
    assert code == 0
    drawn = out.split("fraction\n")[1].split("\n\n")[1].splitlines()
    assert max(map(len, drawn)) <= 60
    assert drawn[0].split() == ["0", "1", "2"]
    assert len(drawn) == 4 * 9  # ten classes, three beside each other, eight lines and a name
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.size == (20 * 8 + 19 * 2, 10 * 8 + 9 * 2)
    assert "sheet.png" in err
    for option in ("--show", "--download"):
        code, _, err = whynet("data", option)
        assert code == 2
        assert "needs the name of a data set" in err


def test_gradients_by_complex_steps(as_json):
    code, values, _ = as_json("check-gradients", "plain", "--data", "digits", "--complex-step")
    assert code == 0
    assert values["relative_error"] < 1e-12
    assert values["projection"] < 1e-12
    code, values, _ = as_json("check-gradients", "default", "--data", "digits", "--complex-step")
    assert code == 2
    assert "smooth activations" in values["error"]["expected"]
