"""What the search says of a patient that is judged by its loss, told in losses: qualities are for the search alone."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from whynet.doctor.budget import TIMES
from whynet.doctor.diagnose import examine
from whynet.doctor.diagnosis import Acquittal, Diagnosis, Finding, Outcome, Question, Remark
from whynet.doctor.trials import OF_THE_FALL
from whynet.subjects.inside.loss_subject import LossSubject

QUALITIES = ("before", "after", "quality", "bare", "whole")
"""Numbers of remarks that are qualities."""
DIFFERENCES = ("points", "gain")


def diagnosed(
    subject: LossSubject,
    *,
    effort: float = TIMES,
    budget: float | None = None,
    trials: bool = True,
    say: Callable[[str], None] = lambda _: None,
) -> Diagnosis:
    """Why its loss does not fall, told in losses.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> from whynet.doctor.change import Wording
    >>> from whynet.doctor.diagnosis import Settings
    >>> from whynet.subjects.frameworks.torch_probe import TorchProbe
    >>> from whynet.subjects.frameworks.torch_training import OptimizerSettings
    >>> from whynet.subjects.inside.batches import Batches
    >>> _ = torch.manual_seed(0)
    >>> model, X = torch.nn.Linear(4, 4), torch.rand(64, 4)
    >>> settings = OptimizerSettings.of(model, torch.optim.Adam(model.parameters(), lr=1e-6))
    >>> probe = TorchProbe.of(torch, model, torch.nn.MSELoss(), X, settings)
    >>> batches = Batches.read(lambda: iter([(probe.X, probe.y)]), by_rows=True)
    >>> subject = LossSubject(probe, batches, settings=Settings(rate=1e-6), wording=Wording("PyTorch"), epochs=30)
    >>> found = diagnosed(subject, effort=8)
    >>> found.verdict[0].cause, found.verdict[0].status, found.before.quality
    ('lr-too-low', 'proved', nan)
    """
    found = examine(subject, effort=effort, budget=budget, trials=trials, say=say)
    return _Teller(subject, found).told()


class _Teller:
    """Takes a diagnosis to its losses."""

    def __init__(self, subject: LossSubject, diagnosis: Diagnosis) -> None:
        self.subject, self.diagnosis, self.loss = subject, diagnosis, subject.scale.loss_of

    def told(self) -> Diagnosis:
        """The whole of it."""
        given, fix = self.diagnosis, self.diagnosis.fix
        verdict = [one for one in given.verdict if not self._shown_idle(one)]
        remarks = [self._remark(one) for one in given.remarks if self._is_worth(one)]
        if given.before is not None and self.subject.priced:
            curve, end = given.before.curve, given.before
            numbers = {"first": curve[0][1] if curve else math.nan, "last": end.cost, "steps": end.steps}
            remarks.insert(0, Remark("by-loss", numbers))
        return replace(
            given,
            yardstick=math.nan,
            before=self._outcome(given.before) if self.subject.priced else None,
            verdict=[replace(one, before=self._outcome(one.before), after=self._outcome(one.after)) for one in verdict],
            fix=None if fix is None else replace(fix, before=_told(fix.before), after=_told(fix.after)),
            baselines={name: _told(one) for name, one in given.baselines.items()},
            tried=[(name, change, self.loss(quality)) for name, change, quality in given.tried],
            questions=[self._question(one) for one in given.questions],
            acquitted=[self._acquittal(one) for one in given.acquitted],
            remarks=remarks,
        )

    def _shown_idle(self, finding: Finding) -> bool:
        """Whether it is a mere suspicion, and its change was tried and gains nothing worth the name."""
        if finding.status != "suspected" or not self.diagnosis.tried or self.diagnosis.before is None:
            return False
        alone = [quality for name, _, quality in self.diagnosis.tried if name == finding.cause]
        return bool(alone) and max(alone) < self.diagnosis.before.quality + OF_THE_FALL

    @staticmethod
    def _outcome(outcome: Outcome | None) -> Outcome | None:
        return None if outcome is None else _told(outcome)

    def _question(self, one: Question) -> Question:
        return replace(one, before=self.loss(one.before), after=self.loss(one.after))

    def _acquittal(self, one: Acquittal) -> Acquittal:
        unit = self.subject.scale.unit
        return replace(one, alone=-one.alone * unit, beside=-one.beside * unit, cost=math.nan)

    def _is_worth(self, remark: Remark) -> bool:
        return remark.kind != "beside" or float(remark.numbers["points"]) >= OF_THE_FALL

    def _remark(self, remark: Remark) -> Remark:
        return replace(remark, numbers=self._numbers(remark.numbers))

    def _numbers(self, numbers: Mapping[str, Any]) -> dict[str, Any]:
        made = dict(numbers)
        for name, value in numbers.items():
            if name in DIFFERENCES:
                made[name] = float(value) * self.subject.scale.unit
            elif name in QUALITIES:
                made[name] = tuple(map(self.loss, value)) if isinstance(value, tuple) else self.loss(float(value))
        return made


def _told(outcome: Outcome) -> Outcome:
    return replace(outcome, quality=math.nan, error=0.0)
