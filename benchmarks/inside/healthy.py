"""Sound networks, with what people rightly do: normalisation, frozen encoders, warm-up, two heads, tied weights.

>>> from benchmarks.inside.healthy import healthy
>>> len(healthy(0)) >= 60
True
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from benchmarks.inside.architectures import ARCHITECTURES, LIBRARIES, Spec, by_adam, draw
from benchmarks.inside.plants import ALL, SENTENCES, SHORT

LOOP = {"watched": True}


@dataclass(frozen=True)
class Habit:
    """Something sound: where, and which fields it changes."""

    name: str
    where: str
    change: Mapping[str, Any] = field(default_factory=dict)
    libraries: tuple[str, ...] = LIBRARIES


def _extra(*words: str, **more: Any) -> dict[str, Any]:
    return {"extra": frozenset(words), **more}


HABITS = (
    Habit("as it is", ALL),
    Habit("in a loop", ALL, LOOP, ("torch",)),
    Habit("dropout", "dctab", {"dropout": 0.1, "epochs": lambda s: s.epochs * 3 // 2}),
    Habit("batch normalisation", "dcsg", {"norm": "batch"}),
    Habit("layer normalisation", "dag", {"norm": "layer"}),
    Habit("residuals", "dag", _extra("residual", depth=4)),
    Habit("pretrained encoder", "dcrg", _extra("pretrained", epochs=lambda s: s.epochs * 3 // 2)),
    Habit("gradients gathered", "dcg", _extra("gathered", watched=True, epochs=lambda s: s.epochs * 3 // 2)),
    Habit("clipped at 5", "rlt", _extra("clipped", watched=True)),
    Habit("cosine", "dcl", _extra("cosine", watched=True)),
    Habit("warm-up", "trd", _extra("warm-up", watched=True)),
    Habit("two heads", "dcr", _extra("two heads"), ("torch",)),
    Habit("few rows", "dcgb", {"rows": 200, "epochs": 40}),
    Habit("tied weights", "l", _extra("tied", cell="attention", epochs=14), ("torch",)),
    Habit("several inputs", "dg", _extra("several inputs"), ("torch",)),
    Habit("batches by name", "dg", _extra("by name"), ("torch",)),
    Habit("sentences of any length", "tl", SENTENCES),
    Habit("class weights", "dcb", _extra("weighted", "imbalanced"), ("torch",)),
    Habit("smooth labels", "dc", {"smoothing": 0.1}, ("torch",)),
    Habit("groups without decay", "dct", _extra("groups", decay=0.01, **by_adam("adamw")), ("torch",)),
    Habit("absolute error", "g", {"loss": "l1"}),
    Habit("Huber's error", "g", {"loss": "huber"}),
    Habit("sigmoid at the end", "a", {"output": "sigmoid"}),
    Habit("probability", "b", {"output": "sigmoid", "loss": "bce"}),
    Habit("log-softmax", "dcs", {"output": "log-softmax", "loss": "nll"}, ("torch",)),
    Habit("softmax", "dcs", {"output": "softmax"}, ("keras",)),
    Habit("tested", "dcrsgb", _extra("tested")),
    Habit("both ways", "r", _extra("both ways", epochs=12)),
)  # fmt: skip


@dataclass(frozen=True)
class Sound:
    """A habit in an architecture in a library."""

    habit: Habit
    architecture: str
    library: str
    seed: int

    @property
    def name(self) -> str:
        """One name, that files are keyed by."""
        return f"sound: {self.habit.name} / {self.architecture} / {self.library} / {self.seed}"

    def spec(self) -> Spec:
        """The network."""
        return draw(self.architecture, self.library, self.seed).but(**self.habit.change)


def healthy(seed: int, library: str = "", only: str = "") -> list[Sound]:
    """All of a seed."""
    found = [
        Sound(habit, SHORT[letter], one, seed)
        for habit in HABITS
        for one in habit.libraries
        for letter in habit.where
        if one == library or not library
    ]
    assert set(SHORT.values()) == set(ARCHITECTURES)
    return [one for one in found if only in one.name]
