from __future__ import annotations

import csv

import pytest

import whynet
from whynet.errors import ResourceError
from whynet.training.callbacks import CsvLog

RECIPE = whynet.Recipe(data="digits", hidden=(8,), epochs=6, validation_size=100)


def test_a_callback_that_returns_true_ends_the_training_and_all_are_called():
    seen = []
    run = whynet.fit(RECIPE, callbacks=[lambda epoch: epoch.epoch == 2, seen.append])
    assert [epoch.epoch for epoch in seen] == [0, 1, 2]
    assert len(run.history) == 3
    assert not run.finished


def test_a_run_ended_by_a_callback_keeps_its_average_or_its_best():
    run = whynet.fit(RECIPE.but(average=0.9), callbacks=[lambda epoch: epoch.epoch == 2])
    correct = (run.network.predict(run.data.test.images) == run.data.test.labels).sum()
    assert correct == run.history[-1].test_correct


def test_the_csv_log_is_what_the_history_is(tmp_path):
    run = whynet.fit(RECIPE, callbacks=[CsvLog(tmp_path / "log.csv")])
    assert (tmp_path / "log.csv").read_text() == run.history.to_csv()
    with (tmp_path / "log.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [float(row["cost"]) for row in rows] == run.history["cost"]
    assert [float(row["validation_accuracy"]) for row in rows] == run.history["validation_accuracy"]


def test_a_log_that_cannot_be_written_is_refused_before_training(tmp_path):
    with pytest.raises(ResourceError):
        CsvLog(tmp_path / "no" / "folder" / "log.csv")
