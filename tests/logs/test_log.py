"""Logs as people paste them: what is read, which state it is, which causes are left."""

from __future__ import annotations

import contextlib
import json
import math
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

import whynet
from whynet.doctor import states
from whynet.doctor.causes import names
from whynet.doctor.diagnosis import LogDiagnosis
from whynet.doctor.states import STATES as KNOWN
from whynet.errors import BadFile, UsageError
from whynet.interfaces.cli import cli
from whynet.logs import facts, roles
from whynet.logs.checks import checks
from whynet.logs.evidence import table
from whynet.logs.log import diagnose_log, read_log
from whynet.logs.transcript import read

HERE = Path(__file__).parent
STATES = set(KNOWN)


def values(text, what="cost", split=None):
    return [one.values for one in read(text).runs[-1] if one.what == what and split in (None, one.split)]


def test_what_is_no_cost_is_not_taken_for_one():
    text = "step 100 lr 0.001 loss 2.30 grad_norm 5.2 time 0.35 s eta 0:12:33 mem 812MB\n" * 3
    assert values(text) == [(2.30, 2.30, 2.30)]
    assert values(text, "accuracy") == []


def test_training_and_held_out_figures_are_told_apart():
    text = "loss: 0.5 - acc: 0.8 - val_loss: 0.6 - val_acc: 0.7\nloss: 0.4 - acc: 0.9 - val_loss: 0.5 - val_acc: 0.75"
    assert values(text, "cost", "held-out") == [(0.6, 0.5)]
    assert values(text, "accuracy", "") == [(0.8, 0.9)]


def test_decimal_commas_and_thousands():
    assert values("Epoche 1: Verlust 2,3026\nEpoche 2: Verlust 2,3011") == [(2.3026, 2.3011)]
    assert values("epoch 1: 1,135 of 10,000 right\nepoch 2: 9,135 of 10,000 right", "accuracy") == [(0.1135, 0.9135)]


def test_long_progress_bars_are_thinned_and_their_last_figures_kept():
    bar = "\r".join(
        f"{i}/3000 [{'=' * (i // 150)}>] - loss: {3 - i / 2000:.4f} - acc: {i / 4000:.4f}" for i in range(3001)
    )
    (cost,), (accuracy,) = values(bar), values(bar, "accuracy")
    assert len(cost) < 500 and (cost[0], cost[-1], accuracy[-1]) == (3.0, 1.5, 0.75)


def test_shares_are_told_from_costs_by_how_they_go_together():
    text = "loss 1.12 val 0.63\nloss 1.71 val 0.47\nloss 1.43 val 0.55"
    assert values(text, "accuracy", "held-out") == [(0.63, 0.47, 0.55)]
    assert values("loss 0.9 val 0.95\nloss 0.5 val 0.61\nloss 0.3 val 0.45", "cost", "held-out") == [(0.95, 0.61, 0.45)]


def test_figures_after_an_evaluation_are_of_held_out_examples():
    text = "loss: 0.25 - accuracy: 0.92\nloss: 0.23 - accuracy: 0.93\n"
    text += ">>> model.evaluate(X_test, y_test)\nloss: 61.2 - accuracy: 0.54"
    assert values(text, "cost", "held-out") == [(61.2,)] and values(text, "accuracy", "held-out") == [(0.54,)]


FLAT = "epoch 1 loss 2.3071 acc 0.1135\nepoch 2 loss 2.3025 acc 0.1028\nepoch 3 loss 2.3024 acc 0.0974\n"


@pytest.mark.parametrize(
    ("said", "cause"),
    [
        ("Adam, lr=0.5, batch size 32", "lr-too-high"),
        ("weight_decay: 2", "regularisation-too-strong"),
        ("all weights are initialised to zeros", "symmetric-init"),
        ("pixels are bytes, 0..255", "input-not-scaled"),
        ("the images are sorted: one digit after the other", "not-shuffled"),
        ("784-30-30-30-30-30-30-10, sigmoid", "vanishing-gradients"),
        ("Counter({0: 950, 1: 50})", "class-imbalance"),
        ("784 -> 2 -> 10", "bottleneck"),
    ],
)
def test_a_bad_setting_that_the_text_names_comes_first_and_is_quoted(said, cause):
    found = diagnose_log(said + "\n" + FLAT)
    assert found.state == diagnose_log(FLAT).state == "constant-answer"
    assert found.verdict[0].cause == cause and found.verdict[0].detail.startswith("the text says")
    assert len(found.verdict) <= 4


@pytest.mark.parametrize(
    "said",
    [
        "SGD(lr=0.1, momentum=0.9, weight_decay=0.0005), dropout 0.5, batch_size=64, 60000 images, 784-100-10, relu",
        "grad_w = np.zeros((30, 784)); b = np.zeros((30, 1))",
        "X = np.random.rand(100, 784)",
        "test_loader = DataLoader(test, batch_size=1000, shuffle=False)",
        "with lr=0.01 it is the same as with lr=10",
        "EarlyStopping(monitor='val_loss', patience=10)",
        "I did not forget to normalise",
        "no activation on the output layer, CrossEntropyLoss has its own",
        "ETA: 12s, val_acc = train_acc, 10 classes, 100 images each",
        "Adam with a learning rate of 0.001, batch size 32, 20 epochs, a few minutes each on my laptop",
        "The labels are one-hot encoded, the images 28x28 grayscale, scaled to 0..1",
        "weights are initialised with Xavier, biases with zeros",
        "Weights: randn(n, m) / sqrt(m), dropout 0.2, weight decay 1e-4",
        "optimizer.zero_grad(), loss.backward(), optimizer.step(); torch.no_grad() in evaluation only",
        "The last layer is Dense(1) without activation, the loss mse",
        "model.eval() is called before testing and model.train() before training",
        "The gradient check agrees to 1e-9; the hidden state is reset for every batch",
        "I shuffle the rows before every epoch, the validation set is a random tenth of them",
        "resized the images to 224 x 224 and normalised with the ImageNet mean",
    ],
)
def test_usual_settings_are_no_clue(said):
    assert not any(one.detail for one in diagnose_log(said + "\n" + FLAT).verdict)


def test_what_the_text_clears_is_left_out_with_its_reason():
    rising = "".join(f"epoch {at}: cost {0.5 * 1.5**at:.3f}\n" for at in range(8))
    assert "gradient-sign-flipped" in [one.cause for one in diagnose_log(rising).verdict]
    found = diagnose_log("Relative Difference: 2.3e-11\n" + rising)
    assert "gradient-sign-flipped" not in [one.cause for one in found.verdict]
    assert "2.3e-11" in {one.cause: one.text for one in found.acquitted}["gradient-sign-flipped"]


def test_single_classes_are_told_from_all_of_them():
    recalls = "\n".join(f"Accuracy of {digit}: {0 if digit == 8 else 95} %" for digit in range(10))
    found = diagnose_log(recalls + "\nTest accuracy: 85.5 %")
    assert found.state == "classes-missing" and found.verdict[0].cause == "output-units-saturated"
    matrix = "[[0 1135]\n [0 980]]"
    assert diagnose_log(matrix).state == "constant-answer" and read(matrix).answers.recalls == (0.0, 1.0)
    assert read("0 0 -> 0.03\n0 1 -> 0.97\n1 0 -> 0.96\n1 1 -> 0.02").answers.beside.right == 1.0


def test_numbers_without_a_name_take_it_from_the_line_above():
    assert values("Test accuracy in per cent:\n\n12.5\n25\n25", "accuracy") == [(0.125, 0.25, 0.25)]
    text = "1 nan 0.37\n2 nan 0.38\n3 nan 0.37\n(columns: epoch, loss, accuracy)"
    assert values(text, "accuracy") == [(0.37, 0.38, 0.37)] and len(values(text)[0]) == 3


def test_errors_that_are_counts_or_shares_are_wrong_answers():
    assert values("epoch 1 errors on test set: 512\nepoch 2 errors on test set: 391", "accuracy") == [(0.9488, 0.9609)]
    assert values("loss 0.41 err 0.25\nloss 0.33 err 0.10", "accuracy") == [(0.75, 0.9)]


@pytest.mark.parametrize(
    "line", ["Эпоха {}: потери {}", "第{}轮 损失 {}", "epok {}: förlust {}", "Epoka {}: strata {}"]
)
def test_other_languages_are_read(line):
    assert values("\n".join(line.format(n, cost) for n, cost in enumerate((2.31, 2.30, 2.29)))) == [(2.31, 2.30, 2.29)]


def test_nan_and_infinity_are_kept():
    (found,) = values("epoch 1 loss 2.3\nepoch 2 loss inf\nepoch 3 loss nan")
    assert found[0] == 2.3 and found[1] == math.inf and math.isnan(found[2])


def test_code_and_predictions_are_not_read():
    text = "import numpy as np\neta = 0.5\nsizes = [784, 30, 10]\nloss = 0.0\nerror = 10\nfor i in range(100):\n"
    assert read(text + "    cost += 0.5 * e ** 2\n").runs == ()
    (found,) = values(text + "epoch 1 loss 2.31\nepoch 2 loss 2.30")
    assert found == (2.31, 2.30)


def test_several_trainings_in_one_text_are_diagnosed_one_by_one():
    one = "Epoch 0 : 8881 / 10000\nEpoch 1 : 9080 / 10000\nEpoch 2 : 9144 / 10000\n"
    found = diagnose_log(one + "with rate 100:\nEpoch 0 : 958 / 10000\nEpoch 1 : 958 / 10000\nEpoch 2 : 890 / 10000")
    assert found.state == "constant-answer"
    assert "2 trainings" in found.remarks[0].numbers["text"] and "1. healthy" in found.remarks[0].numbers["text"]
    assert "the sixes" in found.readings[0].meaning


def test_plateaus_are_named_with_their_cost_and_averaging():
    found = diagnose_log("0 Error: 4.3739\n10000 Error: 0.4876\n20000 Error: 0.4512\n30000 Error: 0.4498")
    assert [round(one.exact, 2) for one in found.readings] == [0.45, 4.5]
    assert "half the sum over outputs" in found.readings[0].averaging
    found = diagnose_log("the cost tends towards 3.24-3.25")
    assert found.readings[0].cost == "sigmoid-cross-entropy" and found.floor == pytest.approx(3.24924, abs=1e-4)


def test_what_the_text_does_not_tell_can_be_said():
    text = "error 0.0901\nerror 0.0900\nerror 0.0900"
    assert diagnose_log(text, cost="quadratic").readings[0].averaging == "mean over outputs and images (MSE)"
    found = diagnose_log("loss 1.0986\nloss 1.0987\nloss 1.0986", classes=3)
    assert found.state == "constant-answer" and found.floor == pytest.approx(math.log(3))
    with pytest.raises(UsageError, match="there is no cost 'softmax'"):
        diagnose_log(text, cost="softmax")
    with pytest.raises(UsageError, match="there is no labels 'emnist'"):
        diagnose_log(text, labels="emnist")


def test_text_without_figures_and_files_that_are_no_text_are_a_sentence(tmp_path):
    with pytest.raises(BadFile, match="no costs and no accuracies"):
        diagnose_log("hello, 3 apples")
    with pytest.raises(BadFile, match="not a text file"):
        read_log(b"\x7fELF\0\0", "program")
    with pytest.raises(BadFile, match="cannot be read"):
        read_log(tmp_path / "nothing.txt", "nothing.txt")
    assert read_log("loss 0,5".encode("utf-16"), "a log") == "loss 0,5"


def test_every_cause_has_a_change_and_a_measurement_and_weighs_something_or_is_only_ever_named_by_words():
    assert set(checks()) == set(names())
    assert all({"change", "measure"} <= set(one) <= {"change", "measure", "torch", "keras", "numpy"}
               for one in checks().values())  # fmt: skip
    weighed = {cause for weights in table()["features"].values() for cause in weights}
    assert weighed <= set(names())


def run(*arguments, text=None):
    return CliRunner().invoke(cli, list(arguments), input=text)


def test_the_command_reads_a_file_or_a_pipe(tmp_path):
    log, page = tmp_path / "log.txt", tmp_path / "log.html"
    log.write_text("epoch 1 loss 2.3026 acc 0.1135\nepoch 2 loss 2.3012 acc 0.1135\nepoch 3 loss 2.3012 acc 0.1135")
    done = run("diagnose", "--log", str(log), "--page", str(page))
    assert done.exit_code == 1
    assert done.stdout.startswith("constant-answer") and "the ones are right" in done.stdout
    assert "To tell them apart" in done.stdout and "whynet explain" in done.stderr
    assert "2.301" in page.read_text() and "To tell them apart" in page.read_text()
    piped = run("diagnose", "--log", "-", "--json", text="Test accuracy: 0.9741")
    found = json.loads(piped.stdout)
    assert piped.exit_code == 0 and found["state"] == "healthy"
    assert {"state", "verdict", "acquitted", "fix", "floor", "baselines", "seconds", "separate", "series"} <= set(found)
    assert found["series"][0]["last"] == 0.9741 and found["fix"] is None


def test_a_patient_and_a_log_or_neither_is_a_usage_mistake():
    assert "makes no sense here" in str(run("diagnose", "vectorised", "--log", "x.txt").exception)
    assert "no patient" in str(run("diagnose").exception)
    assert "the patient itself tells" in str(run("diagnose", "vectorised", "--classes", "10").exception)


def test_a_long_line_keeps_its_names_and_its_last_figures():
    """A history of a hundred thousand steps on one line."""
    falling = [2.3 / (1 + step / 1000) for step in range(50_000)]
    line = json.dumps({"loss": falling, "val_loss": [2.3] * 50_000, "val_acc": [0.1135] * 50_000})
    series = {(one.what, one.split): one for one in read(line).runs[-1]}
    assert set(series) == {("cost", ""), ("cost", "held-out"), ("accuracy", "held-out")}
    assert series["cost", ""].values[0] == falling[0]
    assert series["cost", ""].values[-1] < 1.01 * falling[-1]


@pytest.mark.thinned(4)
@pytest.mark.parametrize(
    "text", ["[[[" * 300_000, "the loss goes down and up " * 100_000, " " * 2_000_000, "9" * 500_000]
)
def test_megabytes_of_anything_are_read_or_refused_with_a_sentence(text):
    with contextlib.suppress(BadFile):
        assert diagnose_log(text).state in STATES


def test_a_wrapped_sentence_is_read_as_one():
    text = (
        "My network with thirty hidden units does not learn, as the cost that I print begins at 1.273,\n"
        "drops to 0.503 after five iterations and then stays about 0.450 for the rest of the night.\n"
    )
    assert [one.values for one in read(text).runs[-1] if one.split == ""] == [(1.273, 0.503, 0.45)]


KNOWN = sorted(
    {word for row in roles.table()["words"] for word in row["words"].split()}
    | roles.kinds("train") | roles.kinds("heldout")
    | {"success", "recognition", "rate", "value", "iter", "initial", "e", "j", "n", "it", "after", "xor", "predict"}
)  # fmt: skip
NUMBERS = st.sampled_from(["958", "10000", "0.4500", "2.3026", "11.35%", "nan", "inf", "1e400", "-3", "0", "7"])
PIECES = st.one_of(
    st.sampled_from(KNOWN), st.sampled_from(KNOWN), NUMBERS, NUMBERS,
    st.sampled_from([": ", "=", ", ", "; ", "\t", " | ", "/", " of ", "(", ")", "[", "]", ". ", "\n", " -> ", "{"]),
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES, min_size=2, max_size=30), st.integers(1, 5))
def test_any_words_and_numbers_are_read_or_refused_with_a_sentence(pieces, times):
    with contextlib.suppress(BadFile):
        assert diagnose_log("\n".join([" ".join(pieces)] * times)).state in STATES


def lines(pattern, *columns):
    return "\n".join(pattern.format(at, *row) for at, row in enumerate(zip(*columns, strict=True), 1))


@pytest.mark.parametrize(
    ("text", "state"),
    [  # far above what a fresh network costs, but falling: begun badly, no divergence
        (("epoch {} loss {} acc {}", (16.5, 15.9, 15.3, 14.8, 14.2), (0.1, 0.1, 0.11, 0.1, 0.12)), "undertrained"),
        # every print better than the one before: that is no one answer
        (("Epoch {}: {} / 10000", (738, 765, 818, 869, 927)), "undertrained"),
        (("{} loss {} val loss {} R2 {}", (1.6, 0.3, 1e-2, 1e-4), (1.4, 1.2, 1.2, 1.2), (0, 0.2, 0.2, 0.2)),
         "overfits"),
        (("{} mse {} val mse {} val R2 {}", (9, 0.9, 0.9, 0.9), (0.9,) * 4, (-0.04, -0.03, -0.05, -0.03)),
         "constant-answer"),
        (("{} loss {} train acc {} val acc {}", (1.4, 1.1, 0.9, 0.7), (0.6, 0.7, 0.75, 0.8), (0.8, 0.83, 0.8, 0.77)),
         "overfits"),
        (("{} loss {} train iou {} valid iou {}", (0.5, 0.3, 0.2, 0.16), (0.5, 0.7, 0.8, 0.84), (0.6, 0.7, 0.8, 0.83)),
         "healthy"),
    ],
)  # fmt: skip
def test_how_figures_went_says_what_became_of_the_training(text, state):
    assert diagnose_log(lines(*text)).state == state


def test_a_list_takes_only_its_own_name_out_of_its_line():
    series = read("epoch 1 cost 0.57 y = [0.73 0.74]\nepoch 2 cost 0.56 y = [0.75 0.75]").runs[-1]
    assert [(one.name, one.values) for one in series] == [("cost", (0.57, 0.56))]


def test_a_rate_named_before_its_step():
    series = read("Success rate after epoch 1: 0.85\nSuccess rate after epoch 2: 0.90").runs[-1]
    assert [(one.what, one.values) for one in series] == [("accuracy", (0.85, 0.9))]


def modules_after(code):
    """The modules of whynet, and NumPy, that are loaded once the code has run."""
    show = "\nimport sys; print(*(name for name in sys.modules if name.split('.')[0] in ('whynet', 'numpy')))"
    done = subprocess.run([sys.executable, "-c", code + show], capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split())


HEAVY = ("numpy", "whynet.data", "whynet.network", "whynet.optimizers", "whynet.engines", "whynet.training")
READ = f"from whynet.logs.log import diagnose_log\nfound = diagnose_log({FLAT!r})"
SHOW = "\nassert str(found) and found.as_dict() and found._repr_html_()"
COMMAND = f"""
from click.testing import CliRunner
from whynet.interfaces.cli import cli
done = CliRunner().invoke(cli, ["diagnose", "--log", "-"], input={FLAT!r})
assert done.exit_code == 1 and "To tell them apart" in done.stdout
"""


@pytest.mark.parametrize(
    ("code", "allowed"),
    [
        (READ, set()),
        (
            READ + SHOW,
            {"whynet.training", "whynet.training.recipe", "whynet.training.values"},
        ),  # a recipe is data: it loads nothing heavy
        (COMMAND, {"whynet.training", "whynet.training.recipe", "whynet.training.values"}),
    ],
    ids=["read", "shown", "command"],
)
def test_a_log_is_read_and_shown_without_what_trains(code, allowed):
    loaded = {name for name in modules_after(code) if name.startswith(HEAVY)}
    assert loaded <= allowed


def test_the_reader_needs_of_the_doctor_what_a_diagnosis_is_and_what_that_is_called():
    loaded = {name for name in modules_after(READ) if name.startswith("whynet.doctor.")}
    names = ("change", "diagnosis", "floors", "normal", "numerals", "plateaus", "symptom", "symptoms")
    assert loaded == {f"whynet.doctor.{name}" for name in (*names, "symptoms.outcome")}
    assert facts.AS_GOOD == states.AS_GOOD  # so one number stands in two places


def test_the_json_has_the_keys_of_every_diagnosis():
    found = diagnose_log("Adam, lr=0.5\n" + FLAT).as_dict()
    assert set(found) == {
        "state", "verdict", "acquitted", "fix", "floor", "baselines", "questions", "remarks", "linear_accuracy",
        "yardstick", "seconds", "epochs", "series", "readings", "separate",
    }  # fmt: skip
    assert set(found["verdict"][0]) == {
        "cause", "status", "with", "alternatives", "where", "evidence", "change", "before", "after", "detail", "share",
    }  # fmt: skip
    assert found["linear_accuracy"] == found["yardstick"] == 0.92
    assert found["verdict"][0]["detail"].startswith("the text says") and found["remarks"] == []


def test_one_function_diagnoses_logs_too():
    found = whynet.diagnose(log=FLAT, labels="mnist")
    assert isinstance(found, LogDiagnosis) and str(found).startswith("constant-answer")
    with pytest.raises(UsageError, match="no argument clases="):
        whynet.diagnose(log=FLAT, clases=10)
