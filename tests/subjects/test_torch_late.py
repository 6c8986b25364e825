"""Troubles that come late in a loop: a rate that is raised, logarithms of 0, and what is said where neither shows."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed; it is a guest, not a dependency")

from sklearn.datasets import load_digits  # noqa: E402

from whynet.subjects.frameworks.torch_late import since, trouble_in  # noqa: E402
from whynet.subjects.frameworks.torch_watch import watch  # noqa: E402

nn, F = torch.nn, torch.nn.functional
DIGITS = load_digits()
X = torch.tensor(DIGITS.data[:640], dtype=torch.float32)[:, None] / 16
Y = torch.tensor(DIGITS.target[:640])


def net():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv1d(1, 4, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(256, 10))


def looped(loss, *, epochs=12, at=None, rate=0.1):
    """A loop of 20 steps an epoch; at step `at` the rate is multiplied by 100."""
    model, steps = net(), 0
    optimizer = torch.optim.SGD(model.parameters(), lr=rate, momentum=0.9)
    with watch(model, optimizer=optimizer) as watched:
        for _ in range(epochs):
            for rows in torch.randperm(640).split(32):
                optimizer.param_groups[0]["lr"] *= 100 if steps == at else 1
                optimizer.zero_grad()
                loss(model(X[rows]), Y[rows]).backward()
                optimizer.step()
                steps += 1
    return watched


def written_out(sharp):
    """The cross-entropy as people write it: its logarithm is not kept off 0."""

    def loss(z, y):
        return -torch.log(torch.softmax(sharp * z, 1))[torch.arange(len(y)), y].mean()

    return loss


def test_a_rate_that_was_raised_late_is_named_and_left_out_in_a_trial():
    watched = looped(F.cross_entropy, at=160)
    found = watched.diagnosis(effort=3)
    first = found.verdict[0]
    assert found.state in ("diverged", "constant-answer", "non-finite")
    assert (first.cause, first.status) == ("lr-too-high", "proved")
    assert first.change.mistakes == ("risen-rate",)
    assert "the rate rose from 0.1 to 10, and the loss with it" in first.detail
    assert "The trials begin with the weights of step" in str(found)


def test_a_loop_that_stays_well_has_no_trouble_and_is_tried_from_its_start():
    watched = looped(F.cross_entropy)
    found = watched.diagnosis(trials=False)
    assert watched.trouble is None
    assert found.state == "healthy"
    assert not any(one.status in ("found", "proved") for one in found.verdict)


def test_a_loss_that_rose_is_never_called_healthy_though_copies_learn():
    watched = looped(F.cross_entropy, at=160)
    watched.points.kept.clear()
    del watched.rates.kept[5:]  # what made it rise is something that the trials know nothing of
    found = watched.diagnosis(trials=False)
    assert found.state == "diverged"
    assert str(found).startswith("Its cost rose again after it had fallen")
    assert any("end otherwise" in str(one.numbers) for one in found.remarks), found.remarks


def test_a_logarithm_of_0_is_named_where_it_ends_the_loop():
    watched = looped(written_out(12.0), rate=0.03)
    found = watched.diagnosis(trials=False)
    assert found.state == "non-finite"
    assert found.verdict[0].cause == "log-of-zero"
    assert "the logarithm of 0 is taken" in found.verdict[0].detail


def test_a_logarithm_that_stays_off_0_is_not_named():
    found = looped(written_out(1.0), epochs=4).diagnosis(trials=False)
    assert "log-of-zero" not in {one.cause for one in found.verdict}


def test_a_view_of_the_end_has_the_weights_and_the_rate_of_its_point():
    watched = looped(F.cross_entropy, at=160)
    trouble = trouble_in([(step, float(cost)) for step, cost in watched.costs.kept])
    view = since(watched, trouble)
    point = watched.points.before(trouble.step)
    assert view.begun == point.step <= trouble.step
    assert view.steps == watched.steps - point.step
    assert all(torch.equal(one, point.state[name]) for name, one in view.first.state_dict().items())
    assert view.settings.options["lr"] == pytest.approx(0.1)
    assert view.costs.kept[0][0] == watched.costs.kept[-len(view.costs.kept)][0] - point.step


@pytest.mark.parametrize("course", [[2.0] * 50, [2.0 - 0.01 * i for i in range(50)], [2.0, 0.5] * 25])
def test_costs_that_do_not_rise_for_good_are_no_trouble(course):
    assert trouble_in(list(enumerate(course))) is None


def test_where_the_network_that_was_watched_is_not_as_good_as_its_copy_both_are_said():
    watched = looped(F.cross_entropy, epochs=4)
    with torch.no_grad():
        watched.model[-1].weight.zero_()
    said = str(watched.diagnosis(trials=False).remarks)
    assert "The network that was watched ends at accuracy" in said
    assert "ends at accuracy" not in str(looped(F.cross_entropy, epochs=4).diagnosis(trials=False).remarks)
