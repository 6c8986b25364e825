"""Data that are ill themselves: no change of the network is their cure, so they come first."""

from __future__ import annotations

import numpy as np

from whynet.data.dataset import Dataset
from whynet.doctor.case import Symptom
from whynet.doctor.cause import CERTAIN
from whynet.doctor.causes import cause
from whynet.doctor.symptoms import measure_neighbours
from whynet.doctor.verdict import Diagnosis, Finding
from whynet.types import Array, Labels

DATA = (
    "bad-inputs", "features-destroyed", "preprocess-mismatch", "labels-corrupted", "label-order-mismatch",
    "data-index-bug",
)  # fmt: skip


def audit(X: Array, labels: Labels, classes: int) -> Diagnosis | None:
    """Data that nothing can be learned from need no training: NaN or infinite features, labels that are all alike.

    >>> audit(np.array([[0.0], [np.nan]]), np.array([0, 1]), 2).verdict[0].cause
    'bad-inputs'
    >>> audit(np.array([[0.0], [1.0]]), np.array([0, 1]), 2) is None
    True
    """
    shares = np.bincount(labels, minlength=classes) / len(labels)
    floor = float(-np.sum(shares[shares > 0] * np.log(shares[shares > 0])))
    flat = np.asarray(X).reshape(len(X), -1)
    with np.errstate(all="ignore"):
        finite = np.isfinite(flat).all(axis=1)
    if not finite.all():
        row = int(np.flatnonzero(~finite)[0])
        evidence = (
            Symptom("rows-not-finite", float(np.sum(~finite)), f"rows with NaN or infinity, the first is {row}", "0"),
        )
        words = "leave out or mend the rows that hold NaN or infinite numbers"
        return Diagnosis("bad-data", floor, [Finding("bad-inputs", "found", (), evidence, words, None, None)])
    if shares.max() == 1 and len(labels) > 1:
        evidence = (Symptom("largest-class", 1.0, "share of the labels", f"about {1 / classes:.2g}"),)
        words = "read the labels again: they are all the same"
        return Diagnosis("bad-data", floor, [Finding("labels-corrupted", "found", (), evidence, words, None, None)])
    return None


def data_first(diagnosis: Diagnosis, data: Dataset) -> Diagnosis:
    """The same diagnosis; where the data are ill, that is what it says first, and nothing else is called the cure.

    A recipe's trials can take a planted mistake out of whynet's own data; out of somebody else's they cannot.

    >>> from whynet.data.sources import load
    >>> from whynet.doctor.verdict import diagnose
    >>> from whynet.training.recipe import Recipe
    >>> digits = load("digits")
    >>> wrong = Dataset(digits.images, np.random.default_rng(0).permutation(digits.labels))
    >>> data_first(diagnose(Recipe(epochs=5), wrong, budget=5), wrong).verdict[0].cause
    'label-order-mismatch'
    """
    case = diagnosis.case
    if diagnosis.state != "bad-data" or case is None:
        return diagnosis
    if case.value("neighbours-agree") < 0.5 and data.test is not None:  # rows held back are as ill as the others
        measure_neighbours(case, data, data.test, data.test)
    names = [name for name in DATA if name != "preprocess-mismatch" or cause("class-imbalance").suspect(case) is None]
    suspicions = [(name, cause(name).suspect(case)) for name in names]  # another mix of classes looks different too
    ill = [(name, one) for name, one in suspicions if one is not None and one.strength >= CERTAIN]
    if not ill:
        diagnosis.verdict = [
            finding for finding in diagnosis.verdict if finding.cause in names or finding.cause not in DATA
        ]
        return diagnosis
    said = [name for name, _ in ill]
    first = [Finding(name, "found", (), one.evidence, None, None, None) for name, one in ill]
    rest = [one for one in diagnosis.verdict if one.cause not in said and one.status == "found"]
    diagnosis.fix_changes, diagnosis.fix_recipe, diagnosis.after = (), None, None
    diagnosis.verdict = first + rest
    return diagnosis
