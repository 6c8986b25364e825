"""What is said beside the verdict: doubts, what was left out, what is no training at all, and what to do next."""

from __future__ import annotations

import math

import pytest

from whynet.errors import BadFile
from whynet.logs.log import diagnose_log
from whynet.logs.transcript import read
from whynet.report.log import log_in_words

QUESTION = (
    "784, 30, 10, rate 3, mini batch 10, np.random.rand. The error is 0.4876, 0.3999, 0.4951, 0.5484, 0.5136 and it "
    "does not get lower than 0.45."
)
FLAT = "epoch 1 loss 2.3071 acc 0.1135\nepoch 2 loss 2.3025 acc 0.1028\nepoch 3 loss 2.3024 acc 0.0974\n"


def remarks(text):
    return " ".join(one.numbers["text"] for one in diagnose_log(text).remarks)


def test_a_mention_of_xor_beside_the_errors_of_digits_changes_nothing():
    alone, beside = diagnose_log(QUESTION), diagnose_log(QUESTION + " It learns XOR.")
    assert alone.state == beside.state == "constant-answer" and alone.verdict == beside.verdict
    assert alone.verdict[0].cause == "init-positive-saturation" and round(alone.floor, 2) == 0.45


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("2 apples\n3 pears\n4.5 cups flour", "other things"),
        ("sqft,bedrooms,price\n1400,3,245000\n1600,3,312000\n1700,2,279000", "no costs and no accuracies"),
        ("d_loss 0.69 g_loss 0.70\nd_loss 0.3 g_loss 3.0\nd_loss 0.00 g_loss 8.1", "two networks"),
        ("I am stuck at 87 %", "whynet explain"),
    ],
)
def test_what_is_no_course_of_a_training_is_refused_with_the_reason(text, why):
    with pytest.raises(BadFile) as refused:
        diagnose_log(text)
    assert why in str(refused.value)


def test_one_number_is_no_course():
    found = diagnose_log("my network is stuck at 87% accuracy on MNIST")
    assert found.state != "undertrained" and "One number is no course" in remarks("accuracy 0.87")


def test_a_state_that_figures_only_suggest_is_called_so():
    assert "Count the answers of each class" in remarks("Accuracy: 87.3\nAccuracy: 87.4\nAccuracy: 87.4")
    recalls = "\n".join(f"Accuracy of {digit}: {0 if digit == 8 else 95} %" for digit in range(10))
    assert "suggest" not in remarks(recalls + "\nTest accuracy: 85.5 %")


def test_what_is_said_of_others_is_left_out_and_said_so():
    text = "Epoch 0: 8671 / 10000\nEpoch 1: 8671 / 10000\nMy friend has 96 %."
    assert 0.96 not in diagnose_log(text).series[0].values
    assert 'another network or model: "My friend has 96 %"' in remarks(text)


def test_the_yardstick_is_told_where_the_data_are_known():
    shown = [str(one.normal) for one in diagnose_log("MNIST\n" + FLAT).verdict[0].evidence if one.name == "accuracy"]
    other = [str(one.normal) for one in diagnose_log(FLAT).verdict[0].evidence if one.name == "accuracy"]
    assert "0.92" in shown[0] and "0.92" not in other[0]


def test_regressions_and_perplexities_have_no_floor_of_classes():
    for text in (
        "regression\nmse 24000\nmse 23900\nmse 23890",
        "perplexity 1200.4\nperplexity 1190.2\nperplexity 1189.9",
    ):
        found = diagnose_log(text)
        assert found.state == "not-started" and math.isnan(found.floor)
    assert diagnose_log("mse 0.41, R2 0.587\nmse 0.20, R2 0.798\nmse 0.13, R2 0.87").state == "healthy"
    flat = diagnose_log("train mse 1.04 val r2 -0.004\ntrain mse 1.00 val r2 -0.001\ntrain mse 1.00 val r2 -0.001")
    assert flat.state in ("constant-answer", "underfits")


def test_answers_beside_what_they_should_be_are_read():
    pairs = "prediction: {0} original class output was: {1}\n"
    learned = "".join(pairs.format(*one) for one in ((0.11, 0), (0.82, 1), (0.82, 1), (0.23, 0)))
    assert diagnose_log(learned).state == "healthy"
    alike = "XOR\n" + "".join(pairs.format(*one) for one in ((0.5, 0), (0.5, 1), (0.5, 1), (0.51, 0)))
    assert diagnose_log(alike).state == "constant-answer"
    lists = "XOR 2-2-1\nepoch 0 [0.62, 0.66, 0.64, 0.67]\nepoch 5000 [0.51, 0.50, 0.50, 0.49]"
    cost = next(one for one in read(lists).runs[-1] if one.what == "cost")
    assert len(cost.values) == 2 and cost.values[-1] == pytest.approx(0.25, abs=0.01)


def test_shares_and_a_next_step_in_the_texts_own_library():
    found = diagnose_log("import torch\nAdam, lr=0.5\n" + FLAT)
    assert all(0 < one.share <= 1 for one in found.verdict) and "optimizer.step()" in found.separate
    assert found.verdict[0].cause in found.separate


def test_a_whole_program_in_a_question_can_be_run():
    lines = ["import torch", "from torch import nn"] + [f"x{at} = {at}" for at in range(12)]
    program = "\n".join([*lines, "loss.backward()", "optimizer.step()"]) + "\n"
    assert "whynet diagnose FILE" in remarks(program + FLAT) and "whynet diagnose FILE" not in remarks(FLAT)
    assert any("backward" in one.detail for one in diagnose_log(program + FLAT).verdict)


@pytest.mark.parametrize("text", ["accuracy 0.87", "my network is stuck at 87% accuracy on MNIST"])
def test_of_one_number_nothing_is_said_that_only_a_course_shows(text):
    said = log_in_words(diagnose_log(text))
    assert "Only one number is there" in said
    assert "still getting better" not in said
    assert "no longer gets better" not in said


@pytest.mark.parametrize(
    "text",
    [
        "Food\n3 kg apples 4.20\n2 l juice   2.10\n10 eggs  2.89\nsalt   0.59\ntraining shoes 59.90\ntotal 69.68",
        "episode 0 score 12 epsilon 1.0\nepisode 100 score 20 epsilon 0.5\nepisode 200 score 9 epsilon 0.1",
    ],
)
def test_what_is_no_course_of_a_training_is_refused(text):
    with pytest.raises(BadFile):
        diagnose_log(text)


def test_a_rate_that_a_schedule_brings_to_0_is_the_one_that_it_began_with():
    line = "{{'loss': {}, 'learning_rate': {}}}\n"
    rates = [1e-3, 7e-4, 5e-4, 2e-4, 0.0]
    text = "Fine-tuning bert\n" + "".join(line.format(loss, rate) for loss, rate in zip([0.7] * 5, rates, strict=True))
    found = diagnose_log(text + "{'eval_accuracy': 0.5}\n")
    assert found.verdict[0].cause == "lr-too-high"
    always = diagnose_log("".join(line.format(loss, 0.0) for loss in [0.7] * 5) + "{'eval_accuracy': 0.5}\n")
    assert "lr-too-high" not in {one.cause for one in always.verdict}


def test_outputs_in_brackets_behind_a_cost_are_not_taken_for_it():
    rows = ["0 0.6932 [[0.49 0.51 0.49 0.5]]", "100 0.6931 [[0.5 0.5 0.5 0.5]]", "200 0.6931 [[0.5 0.5 0.5 0.5]]"]
    found = read("it prints the step, the cost and the outputs\n" + "\n".join(rows)).runs[-1]
    assert found[0].values == (0.6932, 0.6931, 0.6931)


def test_classes_by_their_names_that_are_never_right_are_missing():
    text = "".join(f'{{"epoch": {n}, "loss": 0.3{n}, "pixel_acc": 0.91, "miou": 0.44}}\n' for n in (3, 2, 1))
    report = '"iou": {"road": 0.95, "sky": 0.9, "car": 0.5, "sign": 0.0, "pole": 0.0}\n'
    assert diagnose_log(text + report).state == "classes-missing"
    assert diagnose_log(text + report.replace("0.0", "0.4")).state != "classes-missing"


def test_weights_of_a_plain_rand_in_c_are_all_positive():
    text = "The error is 0.4876, 0.3999, 0.4951, 0.5484, 0.4502 on MNIST, 784-30-10.\nw = rand() / RAND_MAX{};"
    assert diagnose_log(text.format("")).verdict[0].cause == "init-positive-saturation"
    assert diagnose_log(text.format(" - 0.5")).verdict[0].cause != "init-positive-saturation"
