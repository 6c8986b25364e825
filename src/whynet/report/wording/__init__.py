"""A diagnosis in words: changes as the patient's library says them, states, symptoms and remarks as sentences."""

from __future__ import annotations

from whynet.doctor.change import Change
from whynet.doctor.diagnosis import Diagnosis
from whynet.report.wording import keras, numpy, pytorch, scikit, whynet
from whynet.report.wording.base import Known, old_rate

LIBRARIES = {
    "whynet": whynet.say,
    "PyTorch": pytorch.say,
    "Keras": keras.say,
    "scikit-learn": scikit.say,
    "NumPy": numpy.say,
}


def say(change: Change, diagnosis: Diagnosis) -> str:
    """A change in the words of the patient's library, in one line.

    >>> from whynet.doctor.diagnosis import Settings
    >>> say(Change("rate", {"times": 10}), Diagnosis("not-started", settings=Settings(rate=0.1)))
    'learning_rate = 1'
    """
    return LIBRARIES[diagnosis.wording.library](change, diagnosis.settings, diagnosis.wording)


def lines(change: Change, diagnosis: Diagnosis) -> list[tuple[str, str]]:
    """A change line by line, each with what it was, as far as that is known.

    >>> from whynet.doctor.diagnosis import Settings
    >>> lines(Change("rate", {"times": 10}), Diagnosis("not-started", settings=Settings(rate=0.1)))
    [('learning_rate = 1', 'was 0.1')]
    """
    if diagnosis.wording.library == "whynet":
        return whynet.lines(change, diagnosis.settings, diagnosis.wording)
    return [(say(change, diagnosis), _was(change, diagnosis))]


def _was(change: Change, diagnosis: Diagnosis) -> str:
    """What a single number was, in the library's own measure."""
    settings = diagnosis.settings
    olds = {
        "rate": old_rate(Known(settings, diagnosis.wording)),
        "epochs": None if "early_stop" in change.numbers else settings.epochs,
        "batch": settings.batch,
        "activation": settings.activation,
    }
    old = olds.get(change.kind)
    return "" if old is None else f"was {old:g}" if isinstance(old, float) else f"was {old}"
