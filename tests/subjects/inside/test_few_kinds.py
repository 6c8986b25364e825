"""A few rows that come again and again are told; the few that are all that there is are not."""

from __future__ import annotations

import numpy as np
import pytest

from whynet.subjects.inside.few_kinds import few_kinds

rng = np.random.default_rng(0)


def found(*batches, **more):
    return [(one.cause, one.status) for one in few_kinds(batches, **more).findings]


def again(count, kinds=10, shape=(6,)):
    chosen = np.arange(count) % kinds
    return rng.normal(size=(kinds, *shape))[chosen], chosen


def test_a_data_set_of_ten_rows():
    assert found(again(500)) == [("data-index-bug", "found")]
    assert found(again(500, shape=(1, 8, 8))) == [("data-index-bug", "found")]
    assert found(again(500, 1)) == [("data-index-bug", "found")]


def test_what_was_only_seen_may_be_all_that_there_is():
    batch = again(32, 32)
    assert found(*[batch] * 30, steps=30) == [("data-index-bug", "suspected")]
    assert found(*[({"a": batch[0], "b": (batch[0],)}, batch[1])] * 30, steps=30) == [("data-index-bug", "suspected")]


HONEST = {
    "all different": (rng.normal(size=(500, 6)), np.arange(500)),
    "a hundred rows, ten times each": again(1000, 100),
    "a truth table": (np.array([[0, 0, 0], [0, 1, 1], [1, 0, 1], [1, 1, 0]])[np.arange(400) % 4], np.arange(400) % 2),
    "one row for each class": (np.eye(12)[np.arange(600) % 12], np.arange(600) % 12),
    "a grid": (np.stack(np.meshgrid(*[np.arange(4.0)] * 3), -1).reshape(-1, 3)[np.arange(900) % 64], np.zeros(900)),
    "measured again and again": (again(500)[0], rng.normal(size=500)),
    "few, and seldom": again(40, 10),
}


@pytest.mark.parametrize("name", HONEST)
def test_honest_rows_are_not_accused(name):
    assert found(HONEST[name]) == []
    assert found(HONEST[name], steps=10) == []


def test_pytorch_is_asked_for_its_rows():
    torch = pytest.importorskip("torch")
    import whynet

    X, y = again(400)
    model = torch.nn.Linear(6, 10)
    more = {"loss": torch.nn.CrossEntropyLoss(), "optimizer": torch.optim.Adam(model.parameters(), 0.01)}
    told = whynet.diagnose(model, (X.astype(np.float32), y), epochs=2, trials=False, **more)
    assert ("data-index-bug", "found") in [(one.cause, one.status) for one in told.verdict]


@pytest.mark.parametrize("judged", [100, 16, 0])
def test_a_watch_sees_the_same_batch_where_more_rows_are_judged_by(judged):
    torch = pytest.importorskip("torch")
    import whynet

    X, y = (torch.tensor(one) for one in again(16, 16))
    model, loss = torch.nn.Linear(6, 16).double(), torch.nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), 0.01)
    with whynet.watch(model, loss=loss, optimizer=optimizer) as watched:
        for _ in range(40):
            optimizer.zero_grad()
            loss(model(X), y).backward()
            optimizer.step()
            with torch.no_grad():
                model(torch.randn(judged, 6).double())
    told = watched.diagnosis(trials=False)
    seen = [one for one in told.verdict if one.cause == "data-index-bug"]
    assert len(seen) == (judged > 16)
    assert not seen or (seen[0].status == "suspected" and "40 steps the same 16 rows" in seen[0].detail)
