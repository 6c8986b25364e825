"""What is recommended, by the settings of the patient."""

from __future__ import annotations

from whynet.doctor.case import Case
from whynet.doctor.change import Change
from whynet.doctor.diagnosis import Settings

RECTIFIERS = ("relu", "leaky-relu", "elu", "gelu")


def start(case: Case) -> Change:
    """Initial weights that suit the activation, and biases of 0.

    >>> start(Case(Settings(activation="relu"), 2, 100, 100, 10, 64)).numbers["scheme"]
    'he'
    """
    return Change("weights", {"scheme": scheme(case.settings), "part": "all"})


def scheme(settings: Settings) -> str:
    """The initial weights that suit the activation.

    >>> scheme(Settings(activation="tanh"))
    'scaled-normal'
    """
    return "he" if settings.activation in RECTIFIERS else "scaled-normal"


def cross_entropy(case: Case) -> str:
    """The cross-entropy for such outputs: of a single one, or of several labels, one for each.

    >>> from whynet.doctor.example import case_like
    >>> cross_entropy(case_like({"settings": {"widths": (2, 3, 1)}})), cross_entropy(case_like({}))
    ('sigmoid-cross-entropy', 'softmax-cross-entropy')
    >>> cross_entropy(case_like({"problem": "labels", "classes": 0}))
    'sigmoid-cross-entropy'
    """
    single = case.settings.widths is not None and case.settings.widths[-1] == 1
    return "sigmoid-cross-entropy" if single or case.problem == "labels" else "softmax-cross-entropy"


def output(case: Case) -> str:
    """The activation of the last layer that belongs to the cost; of numbers, none.

    >>> from whynet.doctor.example import case_like
    >>> output(case_like({"settings": {"cost": "quadratic"}})), output(case_like({}))
    ('sigmoid', 'identity')
    >>> output(case_like({"settings": {"cost": "quadratic"}, "problem": "regression", "classes": 0}))
    'identity'
    """
    return "sigmoid" if case.settings.cost == "quadratic" and case.problem != "regression" else "identity"


def told_apart(case: Case) -> int:
    """How many answers a hidden layer must keep apart: the classes, the labels, the numbers; two at least.

    >>> from whynet.doctor.example import case_like
    >>> told_apart(case_like({"classes": 10})), told_apart(case_like({"classes": 0, "settings": {"widths": (4, 9, 1)}}))
    (10, 2)
    """
    outputs = case.settings.widths[-1] if case.settings.widths else 0
    return max(case.classes or outputs, 2)


def rates(settings: Settings, factors: tuple[float, ...]) -> list[Change]:
    """The learning rate, so many times as large.

    >>> rates(Settings(rate=0.1), (10.0,))[0].numbers
    {'times': 10.0, 'rate': 1.0}
    """
    return [Change("rate", {"times": by, **_known("rate", settings.rate, by)}) for by in factors]


def epochs(settings: Settings, factors: tuple[int, ...]) -> list[Change]:
    """So many times the epochs.

    >>> epochs(Settings(epochs=2), (3,))[0].numbers
    {'times': 3, 'epochs': 6}
    """
    known = settings.epochs
    return [
        Change("epochs", {"times": by, **({} if known is None else {"epochs": max(known, 1) * by})}) for by in factors
    ]


def is_ladder(change: Change) -> bool:
    """Whether its sizes are steps of one ladder, each further than the one before.

    >>> is_ladder(Change("rate", {"times": 10.0})), is_ladder(Change("batch", {"size": 10}))
    (True, False)
    """
    return change.kind in ("rate", "epochs") and "times" in change.numbers


def price(change: Change) -> int:
    """Of changes that all help where steps are too few: the cheaper, the smaller. Another rate takes as many steps on
    as many examples; without its stopping rule a patient takes those that it has anyway; a smaller batch takes more
    steps on as many examples; more rows have to be found; more epochs take all the time.

    >>> price(Change("rate", {"times": 10.0})) < price(Change("batch", {"size": 10})) < price(Change("rows", {}))
    True
    """
    if "early_stop" in change.numbers:
        return 1
    return {"rate": 0, "batch": 2, "rows": 3, "epochs": 4}.get(change.kind, 5)


def _known(name: str, value: float | None, by: float) -> dict[str, float]:
    return {} if value is None else {name: float(f"{value * by:.6g}")}
