"""What is recommended, by the settings of the patient."""

from __future__ import annotations

from collections.abc import Callable

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


def wide(case: Case, units: Callable[[int], float]) -> list[Change]:
    """Other widths of the hidden layers, each from its own; of a network in words, its lines with them.

    >>> from whynet.doctor.example import case_like
    >>> wide(case_like({"settings": {"widths": (64, 30, 10)}}), lambda size: 2 * size)[0].numbers
    {'widths': (64, 60, 10)}
    >>> lines = {"layers": ("conv 4 3x3", "pool 2"), "shape": (8, 8, 1), "widths": (64, 36, 10)}
    >>> wide(case_like({"settings": lines}), lambda size: 2 * size)[0].numbers["layers"]
    ('conv 8 3x3', 'pool 2')
    """
    settings = case.settings
    if settings.widths is None or len(settings.widths) < 3:
        return []
    from whynet.network.lines import wider  # what causes say is read without NumPy

    widths = (settings.widths[0], *(int(units(size)) for size in settings.widths[1:-1]), settings.widths[-1])
    if settings.layers is None or settings.shape is None:
        return [Change("width", {"widths": widths})]
    return [Change("width", {"widths": widths, "layers": wider(settings.shape, settings.layers, widths)})]


def half_as_deep(case: Case) -> list[Change]:
    """The first half of the hidden layers; of a network in words those with weights, and all poolings.

    >>> from whynet.doctor.example import case_like
    >>> half_as_deep(case_like({"settings": {"widths": (64, 30, 20, 10)}}))[0].numbers
    {'widths': (64, 30, 10)}
    """
    settings = case.settings
    if settings.widths is None or len(settings.widths) < 3:
        return []
    from whynet.network.lines import shallower

    kept = settings.widths[1:-1][: max(1, (len(settings.widths) - 2) // 2)]
    widths = (settings.widths[0], *kept, settings.widths[-1])
    if settings.layers is None:
        return [Change("depth", {"widths": widths})]
    return [Change("depth", {"layers": shallower(settings.layers, len(kept))})]


def fewer_poolings(case: Case) -> list[Change]:
    """The lines of a network in words with so few poolings and strides that every kernel sees some of the picture.

    >>> from whynet.doctor.example import case_like
    >>> lines = {"layers": ("conv 4 3x3", "pool 6", "conv 4 3x3 same"), "shape": (8, 8, 1)}
    >>> fewer_poolings(case_like({"settings": lines}))[0].numbers
    {'layers': ('conv 4 3x3', 'conv 4 3x3 same')}
    """
    if case.settings.layers is None or case.settings.shape is None:
        return []
    from whynet.network.lines import roomier

    lines = roomier(case.settings.shape, case.settings.layers)
    return [] if lines in (None, case.settings.layers) else [Change("depth", {"layers": lines})]


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
