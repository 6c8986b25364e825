"""The data of somebody's network: what is measured of them before it is trained, and what simple rules reach."""

from __future__ import annotations

import numpy as np

from whynet.data.dataset import Dataset
from whynet.data.features import FloatFeatures
from whynet.data.problem import Classification
from whynet.data.protocol import Problem
from whynet.doctor.case import Case
from whynet.doctor.diagnosis import Finding, Settings
from whynet.doctor.symptoms.data import (
    ENOUGH,
    LARGEST_CLASS,
    MOST_NEIGHBOURS,
    NEAREST_NEIGHBOUR,
    NEIGHBOURS_AGREE,
    ROWS,
    ROWS_NOT_FINITE,
    measure_classes,
    measure_copies,
    measure_inputs,
    measure_nearest,
    measure_order,
    nearest_neighbour,
    neighbours_agree,
)
from whynet.doctor.symptoms.targets import (
    MOST_ROWS,
    measure_input_outliers,
    measure_labels,
    measure_learnable,
    measure_targets,
)
from whynet.subjects.ill_data import ill_causes
from whynet.types import Array

LEARNED = 0.2  # above the best constant answer
KNOWN, ASKED = 2000, 500  # rows whose nearest neighbours are looked for, and among which


class Given:
    """Rows to train on, those held back and those of a test set, with what is to be answered to them.

    >>> X, y = np.array([[0.0], [1.0], [5.0], [6.0]]), np.array([0, 0, 1, 1])
    >>> Given(Classification(("a", "b")), X, y, (X + 0.1, y), None).nearest()
    1.0
    """

    def __init__(
        self, problem: Problem, X: Array, y: Array, held: tuple[Array, Array], test: tuple[Array, Array] | None
    ) -> None:
        self.problem, self.X, self.y, self.held, self.test = problem, X, y, held, test
        self.classes = problem.outputs if isinstance(problem, Classification) else 0

    def table(self, X: Array, y: Array) -> Dataset:
        """Rows as a table, of whatever type their numbers are."""
        return Dataset(FloatFeatures(X.reshape(len(X), -1).astype(np.float64)), y, problem=self.problem)

    def are_ill(self, case: Case, whole: tuple[Array, Array]) -> bool:
        """Whether nothing can be learned from the `whole`, in its owner's order: NaN or infinite features, labels that
        are all alike."""
        X, y = whole
        with np.errstate(all="ignore"):
            finite = np.isfinite(X.reshape(len(X), -1)).all(axis=1)
        if not finite.all():
            row = int(np.flatnonzero(~finite)[0])
            fact = ROWS_NOT_FINITE.measured(float(np.sum(~finite)))
            detail = f"leave out or mend the rows that hold NaN or infinite numbers, the first of them row {row}"
            case.findings.append(Finding("bad-inputs", "found", (fact,), detail=detail))
            case.ill_data = ("bad-inputs",)
        elif self.classes and len(y) > 1 and len(np.unique(y)) == 1:
            fact = LARGEST_CLASS.measured(1, at=1 / self.classes)
            detail = "read the labels again: they are all the same"
            case.findings.append(Finding("labels-corrupted", "found", (fact,), detail=detail))
            case.ill_data = ("labels-corrupted",)
        return bool(case.ill_data)

    def measure(self, case: Case, *, pictures: bool, batch: int) -> None:
        """Their ranges, copies, classes and order."""
        X, y = self.X.reshape(len(self.X), -1), self.y
        measure_inputs(case, X, pictures=pictures)
        case.note(ROWS, len(X))
        tested = None if self.test is None else self.test[0].reshape(len(self.test[0]), -1)
        measure_copies(case, X, self.held[0].reshape(len(self.held[0]), -1), tested)
        self._answers(case, X, pictures=pictures)
        if case.settings.order == "file":
            measure_order(case, self.problem.strata(y), np.arange(len(y)), batch)

    def _answers(self, case: Case, X: Array, *, pictures: bool) -> None:
        """What is to be answered, and whether the features (rows, features) tell anything about it."""
        if self.classes:
            measure_classes(case, self.y, self.classes)
        elif self.problem.kind == "labels":
            measure_labels(case, self.y)
        else:
            measure_targets(case, self.problem.targets(self.y, self.problem.outputs), case.settings.output)
            if case.value("constant-targets") == 1:
                case.ill_data = ("constant-target",)
        if pictures:
            return
        measure_input_outliers(case, X)
        some = np.linspace(0, len(X) - 1, min(len(X), MOST_ROWS)).astype(np.intp)
        measure_learnable(case, X[some], self.problem.targets(self.y[some], max(self.problem.outputs, 2)))

    def nearest(self) -> float:
        """The quality of answering as the nearest neighbour is."""
        held, known = self.held[0][:ASKED], self.held[1][:ASKED]
        if self.classes:
            X, asked = (rows.reshape(len(rows), -1).astype(float) for rows in (self.X[:KNOWN], held))
            return nearest_neighbour(X, self.y[:KNOWN], asked, known)
        rows, others = self.table(self.X[:KNOWN], self.y[:KNOWN]), self.table(held, known)
        scaling = rows.X.scaling("standard")
        A, B = (scaling.apply(one.inputs, "float64") for one in (rows, others))
        apart = Case(Settings(), layers=0, rows=0, available=0, classes=0, features=0)
        measure_nearest(apart, self.problem, A, rows.y, B, others.y)
        return apart.value("nearest-neighbour")

    def neighbours(self, case: Case) -> None:
        """Whether rows that are alike have the same label: else nothing can be learned from them."""
        some = self.X[:MOST_NEIGHBOURS]
        if len(some) < ENOUGH:
            return
        A = some.reshape(len(some), -1).astype(np.float64)
        A = (A - A.mean(axis=0)) / np.where(A.std(axis=0) > 0, A.std(axis=0), 1)
        agree = neighbours_agree(A, self.y[:MOST_NEIGHBOURS])
        case.note(NEIGHBOURS_AGREE, agree)
        case.note(NEAREST_NEIGHBOUR, self.nearest(), at=case.value("largest-class"))
        learned = case.before is not None and case.before.quality > case.value("constant-accuracy") + LEARNED
        if agree < 0.3 and not learned:
            case.ill_data = ill_causes(case)
