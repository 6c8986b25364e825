"""What is right and wrong at the end of a training."""

from __future__ import annotations

from collections.abc import Sequence

from whynet.doctor.case import Case
from whynet.doctor.diagnosis import Outcome
from whynet.doctor.states import LOST
from whynet.doctor.symptoms.outcome import (
    ACCURACY,
    CONSTANT_ACCURACY,
    GAP,
    LOST_CLASSES,
    ONE_ANSWER,
    STANDARD_ERROR,
    TEST_LOSS,
    TRAIN_ACCURACY,
)


def measure_quality(
    case: Case,
    outcome: Outcome,
    *,
    fitted: float,
    error: float,
    names: Sequence[str] = (),
    constant: float = 0.0,
) -> None:
    """What is right and wrong at the end: `fitted` is the quality on training rows, `error` the standard error of that
    on rows held back, `constant` the quality of the best constant prediction; `names` are those of the classes, of the
    labels, or of the numbers.

    >>> from whynet.doctor.diagnosis import Settings
    >>> case = Case(Settings(), layers=2, rows=9, available=9, classes=3, features=3)
    >>> outcome = Outcome(cost=0.1, quality=0.6, recalls=(1.0, 0.9, 0.0), one_answer=0.5)
    >>> measure_quality(case, outcome, fitted=0.75, error=0.01, names=("a", "b", "c"), constant=0.4)
    >>> round(case.value("gap"), 2), case.value("lost-classes"), case.lost
    (0.15, 1.0, ('c',))
    """
    case.note(ACCURACY, outcome.quality)
    case.note(TRAIN_ACCURACY, fitted)
    case.note(GAP, fitted - outcome.quality)
    case.note(STANDARD_ERROR, error)
    if outcome.test_quality is not None:
        case.note(TEST_LOSS, outcome.quality - outcome.test_quality)
    case.note(CONSTANT_ACCURACY, constant)
    if outcome.recalls:
        case.note(ONE_ANSWER, outcome.one_answer, at=1 / len(names))
        lost = [name for name, recall in zip(names, outcome.recalls, strict=True) if recall < LOST]
        case.lost = tuple(lost) if len(lost) < len(names) - 1 else ()
        case.note(LOST_CLASSES, len(lost))
