"""Change: one thing to alter, as data; and whose words it is said in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

ChangeKind = Literal[
    "rate", "epochs", "batch", "shuffle", "scale-inputs", "scale-targets", "weights", "activation", "output", "cost",
    "penalty", "dropout", "clip", "schedule", "optimizer", "width", "depth", "biases", "rows", "mode", "mend",
]  # fmt: skip
Library = Literal["whynet", "PyTorch", "Keras", "scikit-learn", "NumPy"]


@dataclass(frozen=True)
class Change:
    """One change of a training: its kind, and numbers that say how far. No sentence, no library.

        rate          times, and rate where the patient's is known
        epochs        times, and epochs where known; early_stop (False: none)
        batch         size
        shuffle
        scale-inputs, scale-targets    scheme: 0..1 or standard
        weights       scheme (he, scaled-normal, zeros ...; anew: as the library draws them), part (all, output weights,
                      biases)
        activation    name, and weights (a scheme) where they go with it
        output        name: the activation of the last layer
        cost          name, and with it the output that belongs to it; or class_weights (balanced)
        penalty       l2; off (True: no regularisation of any kind)
        dropout       rate
        clip          norm
        optimizer     name, rate
        width, depth  widths: the units from input to output; layers: the lines of a network in words
        biases        every unit gets one
        rows          rows: examples to train on, and epochs where they go with it
        mode          training mode while training, evaluation mode while evaluating
        mend          mistakes: names of measured mistakes, and rate where that comes into effect with it; repair: the
                      steps that mend them on a copy, and words: those of the library for this very case

    >>> Change("rate", {"times": 0.1, "rate": 0.01}).touches
    frozenset({'rate'})
    >>> Change("mend", {"mistakes": ("raw-momentum",), "rate": 0.3}).touches == {"mend raw-momentum", "rate"}
    True
    """

    kind: ChangeKind
    numbers: Mapping[str, Any] = field(default_factory=dict)

    def __hash__(self) -> int:
        return hash((self.kind, repr(sorted(self.numbers.items()))))

    @property
    def mistakes(self) -> tuple[str, ...]:
        """The mistakes that it mends."""
        return tuple(self.numbers.get("mistakes", ()))

    @property
    def touches(self) -> frozenset[str]:
        """What it alters: two changes of the same thing are not made together."""
        if self.kind == "mend":
            own = {f"mend {name}" for name in self.mistakes} or {"mend"}
            return frozenset(own | ({"rate"} if "rate" in self.numbers else set()))
        if self.kind == "weights":
            part = self.numbers.get("part", "all")
            return frozenset({"weights", "output weights", "biases"} if part == "all" else {f"{part}"})
        also = {"activation": "weights" if "weights" in self.numbers else "", "cost": "output"}.get(self.kind, "")
        if self.kind == "cost" and "class_weights" in self.numbers:
            return frozenset({"class weights"})
        if self.kind == "epochs" and "early_stop" in self.numbers:
            return frozenset({"early stop"})
        if self.kind in ("width", "depth"):
            return frozenset({"sizes"})
        if self.kind == "penalty" and "off" in self.numbers:
            return frozenset({"penalty", "dropout", "clip"})
        if self.kind == "rows" and "epochs" in self.numbers:
            return frozenset({"rows", "epochs"})
        return frozenset({self.kind, also} - {""})


@dataclass(frozen=True)
class Wording:
    """Whose words a diagnosis is said in: the library, and what takes a recipe's rate and penalty to its own numbers.
    `optimizer` is the library's own class where whynet has none like it; `problem` what is learned.

    >>> Wording("PyTorch", rate=0.5).library
    'PyTorch'
    """

    library: Library = "whynet"
    rate: float = 1.0
    penalty: float = 1.0
    optimizer: str = ""
    estimator: str = "MLPClassifier"
    examples: str = "examples"
    """What a row is: images, examples."""
