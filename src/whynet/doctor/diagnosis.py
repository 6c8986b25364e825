"""What a diagnosis holds: outcomes, findings, settings. Data only; nothing here measures, trains or puts into words."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from whynet.doctor.change import Change, Wording
from whynet.doctor.symptom import Measured
from whynet.metric import Metric
from whynet.views import view

Status = Literal["proved", "helps", "found", "suspected"]
STATUSES: tuple[Status, ...] = ("proved", "helps", "found", "suspected")
"""The strongest first.

    proved     changing it alone restores learning, over several seeds, or it belongs to the smallest set that does
    helps      a gain that stays short of that: the cause is elsewhere
    found      a defect measured directly that is not shown to be what stops the learning
    suspected  the evidence points there; no trial has proved it
"""
UNKNOWN = "unknown"
"""The kind of a problem of which no more than a loss is known."""
State = Literal[
    "not-examined", "bad-data", "non-finite", "diverged", "constant-answer", "classes-missing", "not-started",
    "stalled", "overfits", "undertrained", "underfits", "healthy",
]  # fmt: skip


@dataclass(frozen=True)
class Outcome:
    """How a training ended. `cost` is that of the probe rows, NaN if numbers blew up; `quality`, from 0 to 1, is
    measured on rows held back. The test set is reported; nothing is judged by it.

    >>> Outcome(cost=0.1, quality=0.97).as_dict()["metric"]
    {'name': 'accuracy', 'value': 0.97}
    """

    cost: float
    quality: float
    metric: Metric | None = None
    """What people print: R2, F1; where nothing is said, the accuracy."""
    error: float = 0.0
    """The standard error of the quality, from the number of rows held back; 0 where it is not known."""
    test_quality: float | None = None
    recalls: tuple[float, ...] = ()
    one_answer: float = math.nan
    """The fraction of rows that get the commonest prediction."""
    steps: int = 0
    finite: bool = True
    whole: bool = True
    """Whether it took all the steps that it was to take."""
    seconds: float = 0.0
    curve: tuple[tuple[int, float], ...] = ()

    @property
    def uncut(self) -> float:
        """The quality, of numbers before the cut at 0: below it where their mean would do better.

        >>> from whynet.metric import Metric
        >>> Outcome(1.0, 0.0, Metric("R2", -0.98)).uncut, Outcome(1.0, 0.9).uncut
        (-0.98, 0.9)
        """
        return self.metric.value if self.metric is not None and self.metric.name == "R2" else self.quality

    @property
    def validation_accuracy(self) -> float | None:
        """The fraction of held-back rows predicted right; None where there are no classes."""
        return self.quality if self.metric is None else None

    @property
    def test_accuracy(self) -> float | None:
        """The same of the test set; None where there is none."""
        return self.test_quality if self.metric is None else None

    def as_dict(self) -> dict[str, Any]:
        """As the JSON of a diagnosis has it."""
        metric = self.metric or Metric("accuracy", self.quality)
        return {
            "cost": self.cost,
            "quality": self.quality,
            "metric": metric._asdict(),
            "validation_accuracy": self.validation_accuracy,
            "test_accuracy": self.test_accuracy,
        }


class Where(NamedTuple):
    """A line of somebody's program, and what stands there.

    >>> Where("train.py", 41).line
    41
    """

    file: str
    line: int
    text: str = ""


@dataclass(frozen=True)
class Remark:
    """Something worth saying beside the verdict: its kind, and numbers. Kind `said` carries a text that is nobody's to
    translate: an error message of a library, a quotation.

    >>> Remark("chaotic", {"spread": 0.2}).kind
    'chaotic'
    """

    kind: str
    numbers: Mapping[str, Any] = field(default_factory=dict)


def said(text: str) -> Remark:
    """A remark that is a text.

    >>> said("overflow").numbers["text"]
    'overflow'
    """
    return Remark("said", {"text": text})


@dataclass(frozen=True)
class Finding:
    """One line of the verdict: a cause, how far it is known, on what evidence, and the change that shows it.

    `with_` are the other causes of its set, `alternatives` causes whose change alone does as well, `detail` what
    exactly is wrong, in the words of whoever measured it.

    >>> Finding("lr-too-high", "suspected", change=Change("rate", {"times": 0.1})).status
    'suspected'
    """

    cause: str
    status: Status
    evidence: tuple[Measured, ...] = ()
    change: Change | None = None
    before: Outcome | None = None
    after: Outcome | None = None
    with_: tuple[str, ...] = ()
    alternatives: tuple[str, ...] = ()
    where: Where | None = None
    detail: str = ""
    seeds: int = 0
    """Over how many seeds it was proved."""
    share: float = math.nan
    """How likely it is among all causes, where nothing but a log says so."""


@dataclass(frozen=True)
class Acquittal:
    """A cause that is not the reason: its change alters nothing, alone (`alone`, in quality) and beside the cure
    (`beside`); or what clears it is said as a text.

    >>> Acquittal("lr-too-low", Change("rate", {"times": 10}), alone=0.002).cause
    'lr-too-low'
    """

    cause: str
    change: Change | None = None
    alone: float = math.nan
    beside: float = math.nan
    cost: float = math.nan
    """How far the change moves the cost; NaN where it is another cost."""
    text: str = ""
    equal_steps: bool = True
    """Whether the training with the change took as many steps as the one without."""


@dataclass(frozen=True)
class Question:
    """An everyday question ("Are there too few epochs?"), answered by one change made alone.

    `of` is the cause of the proved set that answers yes where the change alone does not; `equal_steps` says whether
    both trainings took as many steps.

    >>> Question("epochs", Change("epochs", {"times": 3}), False, 0.91, 0.912).equal_steps
    True
    """

    about: str
    change: Change
    answer: bool
    before: float
    after: float
    equal_steps: bool = True
    of: str = ""


@dataclass(frozen=True)
class Fix:
    """The changes that make it learn, proved on fresh seeds, and both outcomes at the end of the whole training.
    `recipe` is the mended recipe, as TOML, where the patient is one.

    >>> Fix((Change("rate", {"times": 10}),), Outcome(2.3, 0.1), Outcome(0.2, 0.9)).after.quality
    0.9
    """

    changes: tuple[Change, ...]
    before: Outcome
    after: Outcome
    recipe: str | None = None


class Gap(NamedTuple):
    """Something that was not looked at, and why.

    >>> Gap("the backward pass", "it is hidden in one function").what
    'the backward pass'
    """

    what: str
    why: str


@dataclass(frozen=True)
class Settings:
    """What is known of a patient's settings, in the words of every library; None where it is not known.

    `widths` are the units from input to output, of layers in words what each with weights is handed; `layers` are these
    words, for examples of that `shape`; `output` is the activation of the last layer, `weights`, `output_weights` and
    `biases` how they are drawn at the start.

    >>> Settings(rate=0.1).batch is None
    True
    """

    optimizer: str | None = None
    rate: float | None = None
    momentum: float | None = None
    schedule: str | None = None
    batch: int | None = None
    epochs: int | None = None
    order: str | None = None
    patience: int | None = None
    widths: tuple[int, ...] | None = None
    layers: tuple[str, ...] | None = None
    shape: tuple[int, ...] | None = None
    activation: str | None = None
    output: str | None = None
    cost: str | None = None
    weights: str | None = None
    output_weights: str | None = None
    biases: str | None = None
    scaling: str | None = None
    target_scaling: str | None = None
    l1: float = 0.0
    l2: float = 0.0
    decay: float = 0.0
    max_norm: float | None = None
    clip: float | None = None
    dropout: float = 0.0
    input_dropout: float = 0.0
    noise: float = 0.0
    input_noise: float = 0.0
    smoothing: float = 0.0
    rows: int | None = None

    @property
    def hidden(self) -> tuple[int, ...]:
        """The hidden widths; empty where they are not known."""
        return () if self.widths is None else self.widths[1:-1]


@dataclass
class Diagnosis:
    """What the doctor says of one patient; `print` shows it, `as_dict` is its JSON.

    `yardstick` is the quality of the best simple answer (a linear model, for a few features the nearest neighbour),
    `floor` the cost of the best constant answer, `used` what was used as what, `not_examined` what was not looked at,
    `xray` all that was seen of a program that was run, `patch` a diff that mends it, `lost` classes that are never hit.

    >>> Diagnosis(state="healthy", floor=2.3).as_dict()["verdict"]
    []
    """

    state: str
    floor: float = math.nan
    verdict: list[Finding] = field(default_factory=list)
    acquitted: list[Acquittal] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    fix: Fix | None = None
    before: Outcome | None = None
    baselines: dict[str, Outcome] = field(default_factory=dict)
    tried: list[tuple[str, Change, float]] = field(default_factory=list)
    """Every change that was made alone: the cause it stands for, and the quality it came to."""
    used: dict[str, str] = field(default_factory=dict)
    not_examined: list[Gap] = field(default_factory=list)
    judged_after: tuple[int, int] | None = None  # steps taken before it was judged, and those of its whole training
    yardstick: float = math.nan
    yardstick_name: str = ""
    """Where nothing is said, the linear model of its problem."""
    problem: str = "classification"
    """Its kind: classification, labels, regression; unknown where there is only its loss to judge by."""
    symptoms: dict[str, Measured] = field(default_factory=dict)
    settings: Settings = field(default_factory=Settings)
    lost: tuple[str, ...] = ()
    wording: Wording = field(default_factory=Wording)
    patient: str = ""
    xray: Mapping[str, Any] | None = None
    patch: str = ""
    effort: float = 0.0
    """Work spent, in trainings of the patient."""
    epochs: float = 0.0
    seconds: float = 0.0

    def value(self, symptom: str) -> float:
        """A measured number; NaN if it was not measured."""
        return self.symptoms[symptom].value if symptom in self.symptoms else math.nan

    @property
    def after(self) -> Outcome | None:
        """The outcome with the fix."""
        return None if self.fix is None else self.fix.after

    @property
    def fix_changes(self) -> tuple[Change, ...]:
        """What the fix changes; nothing where there is none."""
        return () if self.fix is None else self.fix.changes

    def as_dict(self) -> dict[str, Any]:
        """The JSON of `whynet diagnose`."""
        return dict(view(self, "json"))

    def __str__(self) -> str:
        return str(view(self, "text"))

    def _repr_html_(self) -> str:
        return str(view(self, "html"))

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(str(self))  # IPython in a terminal


@dataclass(frozen=True)
class Series:
    """Costs, or accuracies as fractions 0..1, in the order they were printed; `split` says of which examples, if that
    was said. `total` is the number of examples where right answers were counted. `said` are single figures from
    sentences.

    >>> Series("val_loss", "cost", "held-out", (2.3, 0.4)).as_dict()["last"]
    0.4
    """

    name: str
    what: Literal["cost", "accuracy"]
    split: Literal["train", "held-out", ""]
    values: tuple[float, ...]
    total: int | None = None
    said: bool = False

    @property
    def finite(self) -> tuple[float, ...]:
        """The values without NaN and infinities."""
        return tuple(value for value in self.values if math.isfinite(value))

    def as_dict(self) -> dict[str, Any]:
        """As the JSON of a diagnosis has it."""
        return {
            "name": self.name,
            "what": self.what,
            "split": self.split or None,
            "values": len(self.values),
            "first": self.values[0],
            "last": self.values[-1],
            "total": self.total,
        }


@dataclass
class LogDiagnosis:
    """What a log's figures show: the state, what its plateau is, and the causes that they leave. `readings` are what
    its numbers are (see `whynet.explain`), `separate` the measurement that would tell the causes apart.

    >>> LogDiagnosis(state="healthy").as_dict()["series"]
    []
    """

    state: str
    floor: float = math.nan
    verdict: list[Finding] = field(default_factory=list)
    acquitted: list[Acquittal] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    series: tuple[Series, ...] = ()
    readings: tuple[Any, ...] = ()
    separate: str = ""
    yardstick: float = math.nan
    seconds: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        """The JSON of `whynet diagnose --log`."""
        return dict(view(self, "json"))

    def __str__(self) -> str:
        return str(view(self, "text"))

    def _repr_html_(self) -> str:
        return str(view(self, "html"))
