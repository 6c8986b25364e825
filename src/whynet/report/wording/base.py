"""What the words of all libraries have in common: tables of rows, one for a kind of change, and plain numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeGuard

from whynet.doctor.change import Change, Wording
from whynet.doctor.diagnosis import Settings
from whynet.report.wording.mistakes import PLAIN


class Known(NamedTuple):
    """What is known of the patient where a change is said: its settings, and whose words are wanted.

    >>> Known(Settings(widths=(4, 3, 1))).one_output
    True
    """

    settings: Settings = Settings()
    wording: Wording = Wording()

    @property
    def one_output(self) -> bool:
        """Whether the network has a single output."""
        return self.settings.widths is not None and len(self.settings.widths) > 1 and self.settings.widths[-1] == 1


Numbers = Mapping[str, Any]
Say = Callable[[Numbers, Known], str]

REGULARISERS = ("l1", "l2", "decay", "dropout", "input_dropout", "noise", "input_noise", "smoothing")
BY_NAME = ("adam", "adamw", "rmsprop")  # their steps hardly depend on how long the gradient is
OPTIMIZERS = {
    "sgd": "SGD",
    "nesterov": "SGD",
    "adam": "Adam",
    "adamw": "AdamW",
    "rmsprop": "RMSprop",
}  # classes of PyTorch and Keras
SOFTMAX, SIGMOID, SQUARES = "softmax-cross-entropy", "sigmoid-cross-entropy", "quadratic"


def number(value: Any) -> str:
    """A number as people write it.

    >>> number(0.30000000000000004), number(1.0), number(3.3333333e-05)
    ('0.3', '1', '3.33e-05')
    """
    if isinstance(value, float) and not math.isfinite(value):
        return "not a number" if math.isnan(value) else "infinite"
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return f"{value:,}" if isinstance(value, int) else f"{value:.3g}" if abs(value) < 100 else f"{value:g}"
    return str(value)


def code(value: float) -> str:
    """The same as code has it: no commas.

    >>> code(0.30000000000000004), code(1000), code(float("inf"))
    ('0.3', '1000', "float('inf')")
    """
    return f"{value:.6g}" if math.isfinite(value) else f"float('{value}')"


def is_number(value: Any) -> TypeGuard[float]:
    """Whether it is a finite number.

    >>> is_number(0.1), is_number(float("nan")), is_number(None)
    (True, False, False)
    """
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def rate_of(numbers: Numbers, known: Known) -> float | None:
    """The new learning rate, in the library's own measure; None where neither it nor the old one is known.

    >>> rate_of({"times": 10}, Known(Settings(rate=0.1), Wording("PyTorch", rate=0.5)))
    0.5
    """
    rate, by, old = numbers.get("rate"), numbers.get("times"), old_rate(known)
    found = known.wording.rate * float(rate) if is_number(rate) else None
    if found is None and old is not None and is_number(by):
        found = old * float(by)
    return found if is_number(found) else None  # nobody is told a rate that is none


def old_rate(known: Known) -> float | None:
    """The learning rate as it is, in the library's own measure.

    >>> old_rate(Known(Settings(rate=0.1), Wording("PyTorch", rate=0.5)))
    0.05
    """
    rate, by = known.settings.rate, known.wording.rate
    return float(rate) * by if is_number(rate) and is_number(by) else None


def times(numbers: Numbers, what: str) -> str:
    """How many times as much, where nobody knows of what.

    >>> times({"times": 10}, "the learning rate"), times({"times": 0.1}, "the learning rate")
    ('10 times the learning rate', 'a tenth of the learning rate')
    >>> times({}, "the learning rate")
    'another value of the learning rate'
    """
    by = numbers.get("times")
    if not is_number(by):
        return f"another value of {what}"
    parts = {0.5: "half", 0.1: "a tenth of", 0.01: "a hundredth of", 0.001: "a thousandth of"}
    close = next((words for part, words in parts.items() if math.isclose(float(by), part, rel_tol=1e-9)), None)
    return f"{close} {what}" if close else f"{number(by)} times {what}"


def epochs_of(numbers: Numbers, known: Known) -> int | None:
    """The new number of epochs; None where neither it nor the old one is known.

    >>> epochs_of({"times": 3}, Known(Settings(epochs=5)))
    15
    """
    if is_number(numbers.get("epochs")):
        return round(float(numbers["epochs"]))
    if is_number(numbers.get("times")) and known.settings.epochs is not None:
        return max(1, round(float(numbers["times"]) * known.settings.epochs))
    return None


def cost_of(numbers: Numbers, known: Known) -> str:
    """The new cost; for a single output never one over several classes.

    >>> cost_of({"name": "softmax-cross-entropy"}, Known(Settings(widths=(2, 2, 1))))
    'sigmoid-cross-entropy'
    """
    name = str(numbers.get("name", ""))
    return SIGMOID if name == SOFTMAX and known.one_output else name


def output_of(numbers: Numbers, known: Known) -> str:
    """The new activation of the last layer: what is named, or what belongs to the cost.

    >>> output_of({}, Known(Settings(cost="quadratic"))), output_of({"name": "identity"}, Known())
    ('sigmoid', 'identity')
    """
    name = numbers.get("name")
    if isinstance(name, str) and name:
        return "sigmoid" if name == "softmax" and known.one_output else name
    return "sigmoid" if known.settings.cost == SQUARES else "identity"


def penalty_of(numbers: Numbers, known: Known) -> float:
    """The new penalty, in the library's own measure.

    >>> penalty_of({"l2": 0.001}, Known(Settings(), Wording("scikit-learn", penalty=100.0)))
    0.1
    """
    value = numbers.get("l2", 0.0)
    found = float(value) * known.wording.penalty if is_number(value) else 0.0
    return found if is_number(found) else 0.0


def widths_of(numbers: Numbers) -> tuple[int, ...]:
    """The units from input to output.

    >>> widths_of({"widths": [784, 60, 10]})
    (784, 60, 10)
    """
    return tuple(int(width) for width in numbers.get("widths") or ())


def one_of(wording: Wording) -> str:
    """What one row is.

    >>> one_of(Wording(examples="images")), one_of(Wording())
    ('image', 'example')
    """
    return wording.examples.removesuffix("s") or "example"


def mended(numbers: Numbers, known: Known, table: Mapping[str, str], plain: Mapping[str, str]) -> str:
    """Mistakes, each by its row of the library's table, else in plain words; one that has no row is itself a sentence
    of whoever found it, or a bare name. The words that whoever found it has for this very case come before all.

    >>> mended({"mistakes": ("frozen-layer",), "words": "`nn.ModuleList`"}, Known(), {}, {})
    '`nn.ModuleList`'
    >>> mended({"mistakes": ("own-name",)}, Known(), {}, {}), mended({"mistakes": ("add b to z",)}, Known(), {}, {})
    ('mend own-name', 'add b to z')
    """
    if numbers.get("words"):
        return str(numbers["words"])
    parts = []
    for name in numbers.get("mistakes", ()):
        said = table.get(name) or plain.get(name)
        parts.append(said or (str(name) if " " in str(name) else f"mend {name}"))
    return " and ".join(dict.fromkeys(parts)) or "mend what was measured to be wrong"


def momentum_of(name: str | None, settings: Settings) -> list[str]:
    """The arguments by which SGD has its momentum, in PyTorch as in Keras; none of another optimizer.

    >>> momentum_of("nesterov", Settings()), momentum_of("sgd", Settings())
    (['momentum=0.9, nesterov=True'], [])
    """
    if name == "nesterov":
        return [f"momentum={code(settings.momentum or 0.9)}, nesterov=True"]
    if name == "sgd" and settings.optimizer == "sgd" and settings.momentum:
        return [f"momentum={code(settings.momentum)}"]
    return []


def mend(numbers: Numbers, known: Known, table: Mapping[str, str], say_rate: Say) -> str:
    """The same in a library that sets the rate by a line of its own: that of a rate which was none, and one that comes
    into effect with the change.

    >>> mend({"mistakes": ("undefined-rate",)}, Known(Settings(rate=0.1)), {}, lambda numbers, known: "rate = 0.1")
    'rate = 0.1'
    """
    names, words = numbers.get("mistakes", ()), []
    undefined = "undefined-rate" in names and rate_of({"times": 1, **numbers}, known) is not None
    others = tuple(name for name in names if not (undefined and name == "undefined-rate"))
    if others or not undefined:
        words.append(mended({**numbers, "mistakes": others}, known, table, PLAIN))
    if undefined or "rate" in numbers:
        words.append(say_rate({"times": 1, **numbers}, known))
    return " and ".join(words)


def scaled(numbers: Numbers, known: Known, least: str = "X.min(0)", most: str = "X.max(0)") -> str:
    """Inputs of about one, as arrays say it.

    >>> scaled({"scheme": "0..1"}, Known(Settings(), Wording(examples="images")))
    '`X = X / 255`'
    """
    images = known.wording.examples == "images"
    if numbers.get("scheme") == "0..1":
        return "`X = X / 255`" if images else f"`X = (X - {least}) / ({most} - {least}).clip(min=1e-8)`"
    made = "`X = (X - X.mean()) / X.std()`" if images else "`X = (X - X.mean(0)) / X.std(0).clip(min=1e-8)`"
    return f"{made}, with the mean and standard deviation of the training rows"


def rows(numbers: Numbers, known: Known) -> str:
    """How many examples to train on.

    >>> rows({"rows": 60000, "epochs": 2}, Known())
    'train on 60,000 examples for 2 epochs'
    """
    count, epochs = numbers.get("rows"), numbers.get("epochs")
    what = f"train on {count:,} examples" if is_number(count) else "train on all examples that there are"
    return f"{what} for {epochs:,} epochs" if is_number(epochs) else what


def epochs(numbers: Numbers, known: Known) -> str:
    """How many epochs, where no line of the library says it.

    >>> epochs({"times": 3}, Known(Settings(epochs=500))), epochs({"early_stop": False}, Known())
    ('1,500 epochs', 'no early stopping: train for all epochs')
    """
    if numbers.get("early_stop") is False:
        return "no early stopping: train for all epochs"
    count = epochs_of(numbers, known)
    return times(numbers, "the epochs") if count is None else f"{count:,} epochs"


def said(change: Change, known: Known, table: Mapping[str, Say]) -> str:
    """A change by the row of its kind; one without a row by its bare numbers.

    >>> said(Change("biases"), Known(), {"biases": lambda numbers, known: "a bias for every unit"})
    'a bias for every unit'
    >>> said(Change("clip", {"norm": 1}), Known(), {})
    'clip: norm 1'
    """
    if change.kind in table:
        return table[change.kind](change.numbers, known)
    shown = ", ".join(f"{name} {number(value)}" for name, value in change.numbers.items())
    return f"{change.kind}: {shown}" if shown else change.kind
