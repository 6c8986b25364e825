"""Columns of a log: tokens keep their kinds, lines their words, and roles are chosen together."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whynet.logs import roles
from whynet.logs.columns import Cell, Column
from whynet.logs.line import cells_of
from whynet.logs.tokens import lines_of, tokens_of
from whynet.logs.transcript import read


def run(text):
    """What is read: what, split and values of each series of the last training."""
    return [(one.what, one.split, one.values) for one in read(text).runs[-1]]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("2024-05-01 12:00:01", "date"), ("0:12:33", "time"), ("2m 5s", "time"), ("812MB", "size"), ("3.2s", "size"),
        ("28x28", "shape"), ("784-30-10", "shape"), ("91.23it/s", "rate"), ("1.13.1", "version"), ("2.3026", "number"),
        ("nan", "number"), ("train.py:12", "path"), ("https://a.b/1", "address"), ("10^-3", "power"),
    ],
)  # fmt: skip
def test_what_holds_digits_has_a_kind_and_keeps_its_place(text, kind):
    (token,) = [one for one in tokens_of(f"so {text} then") if one.kind != "word"]
    assert (token.kind, token.start, token.text.strip()) == (kind, 3, text)


@given(st.text(max_size=200))
def test_tokens_are_pieces_of_the_line_in_their_order(line):
    tokens = tokens_of(line)
    assert all(a.end <= b.start for a, b in pairwise(tokens))
    assert all(line[one.start : one.end].startswith(one.text) or one.total for one in tokens)
    assert lines_of("\n".join(["", ""])) == ["", ""]


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("epoch 3: loss 0.25", ["epoch", "loss"]),
        ("loss 0.41 (2.1s) acc 0.9", ["loss", "acc"]),
        ("0.5 loss, 0.9 accuracy", ["loss", "accuracy"]),
        ("val_acc=0.95", ["acc"]),
    ],
)
def test_a_number_has_the_words_beside_it(line, names):
    cells = cells_of(0, line, repeated=True, numbered=False)
    assert [(cell.name or cell.behind)[-1] for cell in cells] == names


def column(name, values, **more):
    return Column([Cell(at, 0, value, tuple(name.split()), **more) for at, value in enumerate(values)])


def test_roles_are_chosen_together():
    loss, err = column("loss", (0.9, 0.5, 0.3)), column("err", (0.5, 0.3, 0.2))
    assert roles.assigned([err]) == ["cost"] and roles.assigned([loss, err]) == ["cost", "wrong"]
    held = column("val", (0.4, 0.6, 0.8), split="held-out")
    assert roles.assigned([loss, held]) == ["cost", "accuracy"]
    assert roles.assigned([loss, column("val", (0.9, 0.6, 0.5), split="held-out")]) == ["cost", "cost"]


def test_every_word_of_the_table_votes_for_a_role_that_there_is():
    for row in (*roles.table()["words"], *roles.table()["anywhere"]):
        assert set(row) - {"words"} <= set(roles.ROLES)
    for which in ("values", "unnamed values"):
        assert all(set(votes) <= set(roles.ROLES) for votes in roles.table()[which].values())


def test_figures_that_were_dropped_or_merged_are_columns_of_their_own():
    assert run("eval_loss = 0.69, eval_acc = 0.51\neval_loss = 0.68, eval_acc = 0.52") == [
        ("cost", "held-out", (0.69, 0.68)), ("accuracy", "held-out", (0.51, 0.52)),
    ]  # fmt: skip
    losses = run("cls_loss 1.2 box_loss 0.8 total_loss 2.0\ncls_loss 1.0 box_loss 0.7 total_loss 1.7")
    assert [values for _, _, values in losses] == [(1.2, 1.0), (0.8, 0.7), (2.0, 1.7)]
    assert ("accuracy", "", (0.72, 0.78)) in run("loss 0.31 mcc 0.72\nloss 0.25 mcc 0.78")


def test_counters_and_shares_in_prose_are_no_figures():
    text = "I have six outputs and 20 neurons, 93 % of the rows are negative. After 50 epochs the loss is 0.25."
    assert run(text) == [("cost", "", (0.25,))]
    text = "93 % of the rows are negative.\nepoch 1 loss 0.26 acc 93.0\nepoch 2 loss 0.25 acc 93.0"
    assert read(text).answers.same and not read(text.replace("93 %", "60 %")).answers.same


def test_counts_that_stand_are_no_progress():
    counts = "Epoch 0 : 1135 / 10000\nEpoch 1 : 1135 / 10000\nEpoch 2 : 1135 / 10000\nEpoch 3 : 1422 / 10000"
    assert run(counts) == [("accuracy", "", (0.1135, 0.1135, 0.1135, 0.1422))]
    progress = "".join(f"{64 * at} / 60000 loss 2.3\n" for at in range(6))
    assert [what for what, *_ in run(progress)] == ["cost"]


def test_lists_and_times_between_figures():
    assert run("error = 0.25 0.26 0.27") == [("cost", "", (0.25, 0.26, 0.27))]
    table = "ep,train_loss,eta,val_loss\n1,0.5,0:17:52,0.6\n2,0.4,0:12:19,0.5"
    assert run(table) == [("cost", "train", (0.5, 0.4)), ("cost", "held-out", (0.6, 0.5))]
    (nan,) = run("epoch 1 loss nan\nepoch 2 loss nan")
    assert all(map(math.isnan, nan[2]))
