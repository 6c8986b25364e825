"""Trials of a program: one thing is changed in it, it is run on, and judged by what it then predicts."""

from __future__ import annotations

import runpy

import numpy as np
import pytest

from whynet.doctor.change import Change
from whynet.doctor.diagnosis import Diagnosis, Finding, Fix, Outcome, Where
from whynet.doctor.subject import Arm
from whynet.subjects.program.diagnose import _cured, diagnose_program
from whynet.subjects.program.forks import Forks
from whynet.subjects.program.patient import Program
from whynet.subjects.program.plan import Plan, Watched
from whynet.subjects.program.proof import joined, subject_of
from whynet.subjects.program.trial import Trial
from whynet.subjects.program.xray import examine

NET = """
import numpy as np
rng = np.random.default_rng(3)
X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=float)
y = np.array([[0.0], [1.0], [1.0], [0.0]])
W1, b1 = {start} * rng.normal(size=(2, 8)), np.zeros(8)
W2, b2 = {start} * rng.normal(size=(8, 1)), np.zeros(1)
rate = {rate}
for epoch in range({epochs}):
    A1 = np.tanh(X @ W1 + b1)
    A2 = 1 / (1 + np.exp(-(A1 @ W2 + b2)))
    dZ2 = (A2 - y) / 4
    dZ1 = dZ2 @ W2.T * (1 - A1 ** 2)
    W2 = W2 - rate * A1.T @ dZ2
    b2 = b2 - rate * dZ2.sum(0)
    W1 = W1 - rate * X.T @ dZ1
    b1 = b1 - rate * dZ1.sum(0)
"""
ONE_BY_ONE = """
import numpy as np
rng = np.random.default_rng(0)
X = rng.normal(size=(120, 3))
y = (X @ np.array([1.0, -2.0, 0.5]) > 0).astype(float)
w = np.zeros(3)
for epoch in range(8):
    order = rng.permutation(120)
    X{and_y} = X[order]{and_y_of}
    for i in {rows}:
        p = 1 / (1 + np.exp(-(X[i] @ w)))
        error = p - y[i]
        w = w - 0.1 * error * X[i]
"""


@pytest.fixture
def program(tmp_path):
    def write(text):
        path = tmp_path / "train.py"
        path.write_text(text)
        return path

    return write


def by_hand(path, *, start=1.0, rate=1.0, epochs=500):
    """The same program, run by Python alone, and its outputs after the last step."""
    other = path.with_name("other.py")
    other.write_text(NET.format(start=start, rate=rate, epochs=epochs))
    names = runpy.run_path(str(other))
    hidden = np.tanh(names["X"] @ names["W1"] + names["b1"])
    return 1 / (1 + np.exp(-(hidden @ names["W2"] + names["b2"])))


def subject(path, seen=None):
    seen = examine(path, echo=False) if seen is None else seen
    return subject_of(seen, Program(path), [], 30.0)


def test_what_it_predicts_after_its_last_step_is_what_the_program_has(program):
    path = program(NET.format(start=1.0, rate=1.0, epochs=500))
    with Forks(path, [], examine(path, echo=False).plan, seed=0) as forks:
        ended = forks.run(Trial(steps=500, judged=1, more=1), 30)
    assert ended.taken == 500
    assert np.allclose(ended.outputs[-1], by_hand(path), rtol=1e-12)
    assert ended.targets[-1].ravel().tolist() == [0, 1, 1, 0]


@pytest.mark.parametrize("times", [0.1, 3.0])
def test_steps_of_another_length_are_another_rate(program, times):
    path = program(NET.format(start=1.0, rate=1.0, epochs=200))
    one = subject(path)
    try:
        one.examine()
        ended = one._run(Arm((Change("rate", {"times": times}),), 0, 200))
    finally:
        one.close()
    assert np.allclose(ended.outputs[-1], by_hand(path, rate=times, epochs=200), rtol=1e-9)


def test_epochs_go_on_where_the_program_ends(program):
    path = program(NET.format(start=1.0, rate=1.0, epochs=150))
    one = subject(path)
    try:
        one.examine()
        arm = Arm((Change("epochs", {"times": 3}),), 0, one.steps((Change("epochs", {"times": 3}),)))
        ended = one._run(arm)
    finally:
        one.close()
    assert np.allclose(ended.outputs[-1], by_hand(path, epochs=450), rtol=1e-12)


def test_what_python_draws_is_the_same_in_every_copy(program):
    watched = "import random\nw = 0.0\nfor i in range(9):\n    w -= 0.1 * (w * 2.0 - random.random())\n"
    plan = Plan(0, Watched(2, 0, (0,), 1), Watched(2, 1, (0,), 1))
    with Forks(program(watched), [], plan, seed=0) as forks:
        ends = [forks.run(Trial(), 10.0) for _ in range(2)]
    assert np.array_equal(ends[0].outputs[-1], ends[1].outputs[-1])


def test_lines_of_one_cause_are_all_told():
    lines = [Finding("gradient-sign-flipped", "found", where=Where("train.py", line)) for line in (3, 4)]
    told = joined(Diagnosis("diverged", verdict=lines), Diagnosis("stalled"))
    assert [one.where.line for one in told.verdict if one.where is not None] == [3, 4]


def test_a_long_training_is_judged_where_its_own_run_ends(program, monkeypatch):
    path = program(NET.format(start=1.0, rate=1.0, epochs=150))
    seen = examine(path, echo=False)
    found = []
    for long in (0.0, 1e9):
        monkeypatch.setattr("whynet.subjects.program.subject.LONG", long)
        one = subject(path, seen)
        try:
            case = one.examine()
        finally:
            one.close()
        found.append((one.total, case.settings.epochs, case.before.quality, case.before.cost))
    assert found[0] == pytest.approx(found[1], rel=1e-12) and found[0][:2] == (150, 150)


def test_another_seed_is_another_draw_and_the_same_twice(program):
    path = program(NET.format(start=1.0, rate=1.0, epochs=20))
    one = subject(path)
    try:
        one.examine()
        first, again, other = (one._run(Arm((), seed, 20)).outputs[-1] for seed in (0, 0, 1))
    finally:
        one.close()
    assert np.array_equal(first, again) and not np.allclose(first, other)


@pytest.mark.slow
def test_what_scikit_learn_draws_is_drawn_in_a_trial_too(program):
    path = program(NET.format(start=1.0, rate=1.0, epochs=20).replace(
        "rng =", "from sklearn.datasets import make_circles\nP, q = make_circles(30, noise=0.1)\nrng ="))  # fmt: skip
    one = subject(path)
    try:
        assert one.examine().before is not None
    finally:
        one.close()


def test_what_is_proved_before_the_time_is_over_is_a_cure():
    before, after = Outcome(2.3, 0.1), Outcome(0.5, 0.7)
    change = Change("weights", {"scheme": "scaled-normal"})
    found = Finding("init-positive-saturation", "proved", change=change, before=before, after=after)
    told = Diagnosis("undertrained", verdict=[Finding("momentum-unscaled", "found"), found], before=before)
    assert _cured(told) == Fix((change,), before, after)
    assert _cured(Diagnosis("undertrained", verdict=[Finding("undertrained", "suspected")], before=before)) is None


@pytest.mark.slow
def test_a_start_that_is_too_small_is_proved_and_written_into_the_text(program):
    path = program(NET.format(start=1e-4, rate=1.0, epochs=600))
    found = diagnose_program(path, echo=False, budget=90)
    first = found.verdict[0]
    assert (first.cause, first.status) == ("init-too-small", "proved")
    assert found.before.quality <= 0.75 and found.fix.after.quality == 1.0
    assert "np.sqrt(" in found.patch and found.patch.count("\n+") >= 2


def test_a_sound_program_is_healthy_and_nothing_is_proved(program):
    found = diagnose_program(program(NET.format(start=1.0, rate=2.0, epochs=2000)), echo=False, budget=60)
    assert found.state == "healthy" and found.patch == ""
    assert [one for one in found.verdict if one.status in ("proved", "found")] == []


def test_inputs_shuffled_without_their_targets_are_seen(program):
    path = program(ONE_BY_ONE.format(and_y="", and_y_of="", rows="range(120)"))
    found = diagnose_program(path, echo=False, budget=30)
    assert ("label-order-mismatch", "found") in [(one.cause, one.status) for one in found.verdict]


def test_the_same_few_rows_are_seen(program):
    path = program(
        ONE_BY_ONE.format(and_y="[:]", and_y_of="", rows="[3, 1, 2] * 40").replace("X[:] = X[order]", "pass")
    )
    found = diagnose_program(path, echo=False, budget=30)
    assert ("data-index-bug", "found") in [(one.cause, one.status) for one in found.verdict]


def test_rows_that_are_shuffled_with_their_targets_are_right(program):
    path = program(ONE_BY_ONE.format(and_y=", y", and_y_of=", y[order]", rows="range(120)"))
    found = diagnose_program(path, echo=False, budget=60)
    causes = {one.cause for one in found.verdict if one.status in ("proved", "found")}
    assert not causes & {"label-order-mismatch", "data-index-bug", "layer-not-updated", "not-shuffled"}


@pytest.mark.slow
def test_weights_that_begin_anew_with_every_epoch_are_seen(program):
    text = ONE_BY_ONE.format(and_y=", y", and_y_of=", y[order]", rows="range(120)")
    text = text.replace("    order = rng", "    w = rng.normal(size=3)\n    order = rng")
    found = diagnose_program(program(text), echo=False, budget=30)
    assert any("anew at the beginning of every epoch" in one.detail for one in found.verdict)


def test_a_loop_over_single_examples_is_judged_by_many(program):
    text = """
import numpy as np
rng = np.random.default_rng(0)
X = rng.normal(size=(900, 3))
y = (X @ np.array([1.0, -2.0, 0.5]) > 0).astype(float)
W = np.zeros((1, 3))
for i in range(600):
    x = X[i].reshape(-1, 1)
    p = 1 / (1 + np.exp(-(W @ x)))
    error = p - y[i].reshape(1, 1)
    W = W - 0.1 * error @ x.T
"""
    seen = examine(program(text), echo=False)
    assert not seen.plan.same and seen.plan.epochs == seen.plan.loop
    one = subject(program(text), seen)
    try:
        case = one.examine()
    finally:
        one.close()
    assert "for 300 of its own examples" in case.used["rows"]


@pytest.mark.parametrize(
    "cut",
    [
        "np.stack([x[:, i:i + 3, j:j + 3] for i in range(3) for j in range(3)]).transpose(1, 2, 3, 0).reshape(-1, 9)",
        "np.lib.stride_tricks.sliding_window_view(x, (3, 3), axis=(1, 2)).reshape(-1, 9)",
    ],
)
def test_pictures_are_laid_beside_a_simple_answer_whole(program, cut):
    path = program(f"""
import numpy as np
rng = np.random.default_rng(0)
X = rng.normal(size=(120, 5, 5))
Y = np.eye(2)[(X[:, :2].mean(axis=(1, 2)) > 0) * 1]
K, W = rng.normal(size=(9, 4)) * 0.3, rng.normal(size=(36, 2)) * 0.2
for epoch in range(30):
    for s in range(0, 120, 12):
        x, y = X[s:s + 12], Y[s:s + 12]
        cols = {cut}
        h = np.maximum(cols @ K, 0)
        flat = h.reshape(12, -1)
        e = np.exp(flat @ W)
        d = (e / e.sum(axis=1, keepdims=True) - y) / 12
        dh = (d @ W.T).reshape(h.shape) * (h > 0)
        W -= 0.3 * flat.T @ d
        K -= 0.3 * cols.T @ dh
""")
    seen = examine(path, echo=False)
    assert seen.findings == []
    with Forks(path, [], seen.plan, seed=0) as forks:
        ended = forks.run(Trial(steps=12, window=3), 30.0)
    rng = np.random.default_rng(0)
    assert ended.inputs.shape == (36, 25)
    known = {row.tobytes() for row in rng.normal(size=(120, 5, 5)).reshape(120, 25)}
    assert all(row.tobytes() in known for row in ended.inputs)
