from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix, recall_score

import whynet
from whynet.engines.reference import Reference
from whynet.network import network as network_module
from whynet.training import metrics


def test_confusion_and_recall_are_scikit_learns(rng):
    labels, predictions = rng.integers(5, size=200), rng.integers(5, size=200)
    table = metrics.confusion(predictions, labels, 5)
    np.testing.assert_array_equal(table, confusion_matrix(labels, predictions))
    np.testing.assert_allclose(metrics.recall(table), recall_score(labels, predictions, average=None))


def test_a_class_without_examples_has_no_recall():
    assert np.isnan(metrics.recall(np.array([[3, 0], [0, 0]]))[1])


def test_cost_and_accuracy_do_not_depend_on_how_rows_are_cut(digits, monkeypatch):
    network = whynet.fit(whynet.Recipe(data="digits", epochs=1)).network
    whole = metrics.mean_cost(network, digits), metrics.quality(network, digits, Reference())
    monkeypatch.setattr(network_module, "ROWS_AT_ONCE", 7)
    cut = metrics.mean_cost(network, digits, Reference()), metrics.quality(network, digits, Reference())
    assert cut == pytest.approx(whole)
