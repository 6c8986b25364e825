"""One training of a program with one thing changed; and what it predicted on the way."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np

from whynet.subjects.program.held import Held, Longer
from whynet.subjects.program.onlooker import Onlooker
from whynet.subjects.program.overrides import CannotChange, Places, Restarts, drawn_anew, mixed, scaled
from whynet.types import Array

SEEN, ENDED = "seen.npz", "ended.json"


@dataclass(frozen=True)
class Trial:
    """What is changed: every step `rate` times as long, the epochs run `again` so many times, weights drawn by a
    scheme, inputs scaled by one. After so many `steps` the program is ended.

    >>> Trial.read(json.loads(json.dumps(Trial(rate=10.0).as_dict()))) == Trial(rate=10.0)
    True
    """

    seed: int = 0
    steps: int = 0
    """0: all that it takes."""
    window: int = 1
    apart: int = 1
    """Windows begin so many times their length after each other."""
    judged: int = 0
    """So many iterations more, with all parameters held, show what it predicts."""
    more: int = 0
    """Epochs more, in which that happens."""
    rate: float = 1.0
    again: int = 1
    restarts: bool = False
    """Whether to watch if weights begin anew with every epoch."""
    weights: str = ""
    scaling: str = ""
    shuffle: bool = False
    """Whether the examples are put into another order, once."""
    long: float = math.inf
    """Of a training whose length is not known: where it took so many seconds, it is judged as its epochs end."""
    judging: float = math.inf
    """Seconds that this may take."""

    def as_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self)

    @classmethod
    def read(cls, said: dict[str, Any]) -> Trial:
        """What `as_dict` said."""
        return cls(**said)

    def begin(self, onlooker: Onlooker, frame: FrameType) -> None:
        """Before the first step: change what is to be changed, and say how it goes on."""
        plan, files = onlooker.plan, onlooker.files
        places = Places(frame, files)
        if self.shuffle:
            mixed(places, plan.data, plan.features, plan.answers, self.seed)
        if self.scaling:
            scaled(places, plan.data, plan.features, self.scaling)
        if self.weights:
            drawn_anew(places, plan.weights, self.weights, self.seed)
        onlooker.steps, onlooker.window, onlooker.judged = self.steps or math.inf, self.window, self.judged
        onlooker.apart = self.apart
        onlooker.more, onlooker.times = self.more, self.again
        onlooker.long, onlooker.judging = self.long, self.judging
        onlooker.each = Longer(plan.moved, self.rate, files) if self.rate != 1 else None
        if self.restarts and plan.weights:
            paths = plan.weights[0].paths
            onlooker.each = Restarts(paths, files, lambda: onlooker.counts.get(plan.epochs, 0))
        onlooker.hold = Held(plan.moved, files) if self.judged else None

    @staticmethod
    def write(folder: Path, onlooker: Onlooker, ended: dict[str, Any]) -> None:
        """What was seen, for the process that judges it."""
        windows = [one for one in onlooker.windows if one.parts]
        arrays: dict[str, Array] = {}
        for number, window in enumerate(windows):
            last = number == len(windows) - 1
            for name, values in window.joined().items():
                if last or name != "inputs":
                    arrays[f"{name}{number}"] = values
        arrays["starts"] = np.array([one.start for one in windows])
        np.savez(folder / SEEN, allow_pickle=False, **arrays)
        epochs = onlooker.epochs or onlooker.counts.get(onlooker.plan.epochs, -1) + 1
        said = {**ended, "taken": onlooker.taken, "epochs": epochs, "extends": onlooker.extends}
        said["judged"] = bool(windows) and windows[-1].start >= onlooker.steps
        said["restarts"] = isinstance(onlooker.each, Restarts) and onlooker.each.found
        part = folder / f"{ENDED}.part"
        part.write_text(json.dumps(said), encoding="utf-8")
        part.rename(folder / ENDED)


@dataclass
class Ended:
    """How a trial ended: of each window the iteration that it begins with, outputs and targets; of the last one the
    inputs too, where they could be seen.

    >>> Ended("crashed", "CannotChange: no").cannot
    'no'
    """

    how: str
    error: str = ""
    taken: int = 0
    epochs: int = 0
    """That were begun."""
    extends: bool = False
    """Whether its epochs can be run again."""
    restarts: bool = False
    """Whether its weights begin anew with every epoch."""
    judged: bool = False
    """Whether the last outputs are those of its last parameters."""
    seconds: float = 0.0
    starts: list[int] = field(default_factory=list)
    outputs: list[Array] = field(default_factory=list)
    targets: list[Array] = field(default_factory=list)
    inputs: Array | None = None
    keys: list[Array] = field(default_factory=list)
    """Of each row of the inputs, in each window, a number that only equal rows share."""

    @property
    def cannot(self) -> str:
        """Why the change could not be made; empty if it was."""
        name, _, why = self.error.partition(": ")
        return why if name == CannotChange.__name__ else ""

    @classmethod
    def read(cls, folder: Path, seconds: float) -> Ended:
        """What `Trial.write` wrote; `killed` where it came to nothing.

        >>> Ended.read(Path("nowhere"), 0.0).how
        'killed'
        """
        try:
            said = json.loads((folder / ENDED).read_text(encoding="utf-8"))
            with np.load(folder / SEEN, allow_pickle=False) as file:
                arrays = {name: file[name] for name in file.files}
        except (OSError, ValueError):
            return cls("killed", "it was ended before it could be judged", seconds=seconds)
        known = {name: said[name] for name in ("how", "error", "taken", "epochs", "extends", "restarts", "judged")}
        found = cls(**known, seconds=seconds, starts=[int(start) for start in arrays["starts"]])
        for number in range(len(found.starts)):
            found.outputs.append(arrays[f"outputs{number}"])
            found.targets.append(arrays[f"targets{number}"])
            found.keys.append(arrays.get(f"keys{number}", np.zeros(0, dtype=np.int64)))
        found.inputs = arrays.get(f"inputs{len(found.starts) - 1}")
        return found
