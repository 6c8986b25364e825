"""One training of a copy that is judged by its loss alone, with the changes that can be made to any network."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from whynet.doctor.change import Change
from whynet.doctor.symptoms.course import pauses
from whynet.subjects.adapter import has, mended, number, scheme, times
from whynet.subjects.inside.batches import Batch, Batches, rows_in, standardised
from whynet.subjects.inside.by_loss import Curve, held_loss
from whynet.subjects.inside.how import CLIPPED, FADED, IDLE, RISEN, STALE, How
from whynet.subjects.inside.probe import Network, Probe, ProbeError, mapped
from whynet.subjects.inside.redrawn import SCHEMES, drawn, redrawn
from whynet.subjects.inside.repairs import is_bare, steps_of
from whynet.types import Array

FROZEN, FORGOTTEN = "frozen-layer", "forgotten-bias"
WATCHED = 10  # batches, whose loss is the course
MENDED = (STALE, IDLE, CLIPPED, FADED, RISEN, FROZEN, FORGOTTEN)
DECLINED = {
    "activation": "activations inside a network are not exchanged in the trials",
    "biases": "biases are not added to a network's layers",
    "clip": "gradients are not clipped in the trials",
    "cost": "no other loss is tried: what it is judged by would be another",
    "depth": "a network's layers are not taken away",
    "dropout": "no dropout is added",
    "mode": "trials switch between training and evaluation mode as they should",
    "optimizer": "no other optimizer is tried",
    "rows": "no examples are added or taken away",
    "scale-targets": "targets are not scaled: what its loss means would be another",
    "schedule": "the learning rate stays constant in the trials",
    "width": "a network's layers are not made wider",
}
"""What is not changed, and why."""


@dataclass(frozen=True)
class Ended:
    """How a training ended: the loss of each piece held back, the course, the steps taken, the copy.

    >>> Ended(np.array([0.5, 0.7]), ((0, 2.0), (10, 0.6)), 10, None).loss
    0.6
    """

    pieces: Array
    curve: Curve
    steps: int
    network: Network | None

    @property
    def loss(self) -> float:
        """That of what is held back."""
        return float(np.mean(self.pieces))

    @property
    def finite(self) -> bool:
        """Whether no loss blew up."""
        return bool(np.isfinite(self.pieces).all()) and all(math.isfinite(cost) for _, cost in self.curve)


@dataclass(frozen=True)
class Trainer:
    """What trains copies of one network on its batches; `mixed`: the user's loader mixes them.

    >>> Trainer.__doc__.splitlines()[0][:28]
    'What trains copies of one ne'
    """

    probe: Probe
    batches: Batches
    mixed: bool
    fitting: tuple[str, ...]
    training: bool
    """Whether the loss is taken in training mode."""
    loop: How = How()
    """The mistakes of the user's loop."""
    repairs: tuple[Change, ...] = ()
    """What mends the mistakes that were found in outputs, targets and loss: with them, what is held back is judged, of
    those trainings too that are made without."""

    def why_not(self, change: Change) -> str | None:
        """None if a copy can be trained with this change, or the reason."""
        kind, numbers, probe = change.kind, change.numbers, self.probe
        if kind in DECLINED:
            return DECLINED[kind]
        if kind == "rate" and probe.copy().trainer(How(times=2.0)) is None:
            return "its optimizer has no one learning rate that could be changed"
        if kind == "epochs" and "early_stop" in numbers:
            return "it has no rule for stopping early"
        if kind == "batch":
            return self.batches.why_not(int(numbers["size"]))
        if kind == "scale-inputs":
            return self._why_not_scaled()
        if kind == "weights":
            return self._why_not_drawn(str(numbers["scheme"]), str(numbers.get("part", "all")))
        if kind == "output":
            can = is_bare(change) and probe.copy().without("output")
            return None if can else "what comes after its last layer cannot be taken away"
        if kind == "penalty":
            return self._why_not_free() if numbers.get("off") else "no penalty is added"
        if kind == "mend" and steps_of([change]):
            return None if probe.copy().mend(steps_of([change])) else "what is wrong there cannot be mended on a copy"
        if kind == "mend":
            unknown = [name for name in change.mistakes if name not in MENDED]
            return "what is wrong there has to be changed in the code itself" if unknown else None
        return None

    def _why_not_scaled(self) -> str | None:
        if self.probe.y is None:
            return "its loss comes out of the network, so that its targets are among what would be scaled"
        try:
            standardised(self.batches.train)
        except (ValueError, TypeError):
            return "its batches are not all of one form"
        return None

    def _why_not_drawn(self, scheme: str, part: str) -> str | None:
        if scheme not in SCHEMES:
            return f"initial weights '{scheme}' are not drawn in a network"
        made = drawn(self.probe.copy(), scheme, part, units_first=self.probe.units_first, seed=0)
        return None if made else "it has no layer whose weights are known to be drawn so"

    def _why_not_free(self) -> str | None:
        network = self.probe.copy()
        if self.training and network.without("dropout"):
            return "its loss can only be taken in training mode, in which dropout is a part of it"
        if network.without("dropout") or network.trainer(How(decay=False)) is not None:
            return None
        return "it has no dropout and no weight decay that could be taken away"

    @property
    def _watched(self) -> Sequence[Batch]:
        """Batches of those that are trained on, from all over the epoch, whose loss is the course."""
        places = np.linspace(0, len(self.batches.train) - 1, min(WATCHED, len(self.batches.train))).astype(int)
        return [self.batches.train[place] for place in places]

    # ---- a copy with the changes

    def copy(self, changes: Sequence[Change], seed: int) -> Network:
        """The copy before its first step."""
        network, units_first = self.probe.copy(), self.probe.units_first
        if seed:  # another seed is another draw, of the same kind
            network.put(redrawn(network, units_first=units_first, seed=seed))
        for change in changes:
            if change.kind == "weights":
                part = str(change.numbers.get("part", "all"))
                network.put(drawn(network, str(change.numbers["scheme"]), part, units_first=units_first, seed=seed))
            elif change.kind == "penalty":
                network.without("dropout")
        network.mend(steps_of(changes))
        return network

    def scaling(self, changes: Sequence[Change]) -> Callable[[Any], Any]:
        """What is done to inputs before they are fed to the network."""
        how = scheme(changes, "scale-inputs")
        return standardised(self.batches.train, how) if how else lambda inputs: inputs

    def untrained(self, changes: Sequence[Change], seed: int) -> Array:
        """The loss of what is held back before the first step."""
        with np.errstate(all="ignore"):
            network = self.copy(changes, seed)
            return self._held(self._judged(network, changes), self.scaling(changes))

    def _held(self, network: Network, scale: Callable[[Any], Any]) -> Array:
        pieces = [(scale(inputs), targets) for inputs, targets in self.batches.held]
        return held_loss(network, pieces, training=self.training)

    def _judged(self, network: Network, changes: Sequence[Change]) -> Network:
        """A network that was trained with these changes, as it is judged."""
        network.mend(steps_of(one for one in self.repairs if one not in changes))
        return network

    def exchanged(self, network: Network) -> Array | None:
        """The loss of each piece that is held back with the inputs of the next row in place of its own; None where
        batches have no rows, or targets are among the inputs."""
        if not self.batches.by_rows or self.probe.y is None or not all(rows_in(one) > 1 for one in self.batches.held):
            return None
        rolled = [(mapped(inputs, lambda one: np.roll(one, 1, 0)), targets) for inputs, targets in self.batches.held]
        with np.errstate(all="ignore"):
            return held_loss(network, rolled, training=self.training)

    def train(self, changes: Sequence[Change], seed: int, total: int, stop: Callable[[], bool]) -> Ended:
        """One arm: `total` steps, or until `stop()`."""
        with self.probe.drawing(seed), np.errstate(all="ignore"):
            try:
                return self._train(changes, seed, total, stop)
            except ProbeError:
                if self.priced(changes):
                    raise
                return Ended(np.full(len(self.batches.held), np.nan), ((0, math.nan),), 0, None)

    def priced(self, changes: Sequence[Change]) -> bool:
        """Whether a copy with these changes has a loss at all."""
        try:
            inputs, targets = self.batches.train[0]
            self.copy(changes, 0).loss(inputs, targets, training=self.training)
        except ProbeError:
            return False
        return True

    def _train(self, changes: Sequence[Change], seed: int, total: int, stop: Callable[[], bool]) -> Ended:
        network, scale = self.copy(changes, seed), self.scaling(changes)
        left = mended(self.fitting, changes)
        gone = set(self.fitting) - set(left)
        how = self.loop.without(gone)._replace(
            times=times(changes), decay=not number(changes, "penalty", "off"), thawed=bool(gone & {FROZEN, FORGOTTEN})
        )
        step, size = network.trainer(how), number(changes, "batch", "size")
        mixed = self.mixed or has(changes, "shuffle")
        watched, looks = [(scale(inputs), targets) for inputs, targets in self._watched], set(pauses(total))

        def cost() -> float:
            return float(held_loss(network, watched, training=self.training).mean())

        curve = [(0, cost())]
        taken = epoch = 0
        while taken < total and step is not None and not stop():
            for inputs, targets in self.batches.epoch(
                seed, epoch, size=None if size is None else int(size), mixed=mixed
            ):
                step(scale(inputs), targets)
                taken += 1
                if taken in looks:
                    curve.append((taken, cost()))
                if taken >= total or stop() or not math.isfinite(curve[-1][1]):
                    break
            epoch += 1
            if not math.isfinite(curve[-1][1]):
                break
        if step is None:  # nothing that an optimizer holds is of this network: its steps change nothing
            taken = total
        if curve[-1][0] != taken:
            curve.append((taken, cost()))
        return Ended(self._held(self._judged(network, changes), scale), tuple(curve), taken, network)
