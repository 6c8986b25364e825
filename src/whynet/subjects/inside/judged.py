"""The diagnosis of a network of which only the loss is known: by trials, or where none are asked for by its course."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from whynet.doctor.budget import TIMES
from whynet.doctor.change import Wording
from whynet.doctor.diagnosis import STATUSES, UNKNOWN, Diagnosis, Finding, Gap, Remark, Settings
from whynet.doctor.symptom import Measured
from whynet.subjects.inside.batches import Batches
from whynet.subjects.inside.by_loss import Epoch, Judged, judged_by_loss
from whynet.subjects.inside.how import How
from whynet.subjects.inside.loss_subject import LossSubject
from whynet.subjects.inside.probe import Probe, ProbeError, arrays_in, first_line
from whynet.subjects.inside.told import diagnosed

READING = 0.2  # of the cap in seconds: what reading the data may take


@dataclass
class ByLoss:
    """What there is to judge a network by: its probe, its batches, what was seen of it; `why` no more is known.

    `settings.order` is "file" where the batches come as they lie; `per_epoch` is None where a loader does not say.

    >>> ByLoss.__name__
    'ByLoss'
    """

    probe: Probe
    epoch: Epoch
    epochs: int
    per_epoch: int | None
    settings: Settings
    wording: Wording
    why: str = ""
    findings: Sequence[Finding] = ()
    facts: Sequence[Measured] = ()
    gaps: Sequence[Gap] = ()
    used: dict[str, str] = field(default_factory=dict)
    loop: How = How()
    """Mistakes of the user's loop that were measured, and that trials can be made without."""

    def diagnosis(
        self, *, effort: float = TIMES, budget: float | None = None, trials: bool = True,
        say: Callable[[str], None] = lambda _: None,
    ) -> Diagnosis:  # fmt: skip
        """Why its loss does not fall; what cannot be run of it is a gap."""
        started = time.perf_counter()
        try:
            if trials:
                return self._by_trials(started, effort, budget, say)
            found = self._begun([Gap("trials", self.why)] if self.why else [])
            per_epoch = self.per_epoch
            judged = judged_by_loss(self.probe, self.epoch, epochs=self.epochs, per_epoch=per_epoch, seconds=budget)
            judge(found, judged)
            found.epochs = judged.steps / per_epoch if per_epoch else 0.0
        except Exception as error:  # a loader, or a network, that fails on a later batch
            found = self._begun([Gap("its training", first_line(error))])
        found.seconds = time.perf_counter() - started
        return found

    def _begun(self, gaps: Sequence[Gap]) -> Diagnosis:
        return Diagnosis(
            "not-examined",
            verdict=sorted(self.findings, key=lambda one: STATUSES.index(one.status)),
            used=dict(self.used),
            not_examined=[*gaps, *self.gaps],
            problem=UNKNOWN,
            symptoms={fact.name: fact for fact in self.facts},
            wording=self.wording,
        )

    def _by_trials(self, started: float, effort: float, budget: float | None, say: Callable[[str], None]) -> Diagnosis:
        def late() -> bool:
            return budget is not None and time.perf_counter() - started > READING * budget

        by_rows = not any(layer.batch_first is False for layer in self.probe.copy().layers)
        batches = Batches.read(self.epoch, by_rows=by_rows, stop=late)
        if not batches.train:
            raise ProbeError("its data hold no batch")
        why = f" ({self.why})" if self.why else ""
        subject = LossSubject(
            self.probe, batches, settings=self.settings, wording=self.wording, epochs=self.epochs,
            per_epoch=self.per_epoch, effort=effort, found=self.findings, noted=self.facts, not_examined=self.gaps,
            used={**self.used, "trials": f"compared by the loss of what is held back{why}"}, loop=self.loop,
        )  # fmt: skip
        left = None if budget is None else max(budget - (time.perf_counter() - started), 1e-3)
        found = diagnosed(subject, effort=effort, budget=left, say=say)
        found.seconds = time.perf_counter() - started
        return found


def judge(found: Diagnosis, judged: Judged) -> None:
    """Puts down what the loss did.

    >>> from whynet.subjects.inside.by_loss import judged_curve
    >>> found = Diagnosis("not-examined")
    >>> judge(found, judged_curve([(0, 2.0), (5, 1.0), (10, 0.5)], 10, 10))
    >>> found.state, found.remarks[0].kind
    ('healthy', 'by-loss')
    """
    outcome = judged.outcome
    found.state, found.before = judged.state, outcome
    found.symptoms |= {fact.name: fact for fact in judged.facts}
    found.judged_after = (judged.steps, judged.of) if 0 < judged.steps < judged.of else None
    first = outcome.curve[0][1]
    found.remarks.append(Remark("by-loss", {"first": first, "last": outcome.cost, "steps": judged.steps}))


def used_as(probe: Probe) -> dict[str, str]:
    """What is used as what.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> from whynet.subjects.frameworks.torch_probe import TorchProbe
    >>> used_as(TorchProbe.of(torch, torch.nn.Linear(2, 2), torch.nn.MSELoss(), (torch.zeros(3, 2), torch.ones(3, 2))))
    {'loss': 'MSELoss(outputs, y)', 'optimizer': 'none', 'inputs': 'float32 (3, 2)', 'targets': 'float32 (3, 2)', \
'outputs': 'float32 (3, 2)'}
    """
    name = probe.loss_name
    loss = f"{name}(outputs, y)" if name else "what the network answers as its loss"
    used = {"loss": loss, "optimizer": probe.optimizer_name or "none", "inputs": shapes(probe.X)}
    if probe.y is not None:
        used["targets"] = shapes(probe.y)
    with suppress(ProbeError):
        used["outputs"] = shapes(probe.Z)
    return used


def shapes(values: Any) -> str:
    """The kinds and shapes of what is handed over, by name where it has names.

    >>> import numpy as np
    >>> shapes({"ids": np.zeros((2, 3), dtype=np.int64), "others": (np.zeros(2), np.zeros(1))})
    'ids int64 (2, 3), others float64 (2,), float64 (1,)'
    """
    if isinstance(values, dict):
        return ", ".join(f"{name} {shapes(one)}" for name, one in values.items())
    return ", ".join(f"{one.dtype} {tuple(one.shape)}" for one in arrays_in(values)) or "none"
