"""Inside any PyTorch module: what one batch and one step show, without a trial and without a notion of a class."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from whynet.doctor.change import Wording
from whynet.doctor.diagnosis import STATUSES, UNKNOWN, Diagnosis, Finding, Gap, Remark
from whynet.doctor.symptom import Measured
from whynet.subjects.frameworks.torch_by_loss import Judged, judged_by_loss
from whynet.subjects.frameworks.torch_companions import handed_over, mixed_batch, second_call, small_batches
from whynet.subjects.frameworks.torch_gradients import exploding, gradient_cut, identical_units, precision
from whynet.subjects.frameworks.torch_loss import fits
from whynet.subjects.frameworks.torch_nested import as_it_was, batches_of, first_batches, first_line, tensors_in
from whynet.subjects.frameworks.torch_numbers import dead_units, not_finite
from whynet.subjects.frameworks.torch_parameters import hidden, left_out
from whynet.subjects.frameworks.torch_pictures import confused_axes, nothing_left, words_as_numbers
from whynet.subjects.frameworks.torch_probe import Probe, ProbeError, Seen
from whynet.subjects.frameworks.torch_refusals import why_refused
from whynet.subjects.frameworks.torch_sequences import future_leak, no_positions, wrong_end
from whynet.subjects.frameworks.torch_time import exploding_in_time
from whynet.subjects.frameworks.torch_training import OptimizerSettings

Check = Callable[[Probe], Seen]
CHECKS: dict[str, Check] = {
    "whether examples of a batch are mixed": mixed_batch,
    "what batch normalisation goes by": small_batches,
    "whether anything is remembered from call to call": second_call,
    "what training mode changes": handed_over,
    "whether the order of a sequence is seen": no_positions,
    "which step of a sequence the answer is read off": wrong_end,
    "whether later steps are hidden": future_leak,
    "the axes of the pictures": confused_axes,
    "how much is left of the pictures": nothing_left,
    "whether words are fed as numbers": words_as_numbers,
    "what the optimizer holds": left_out,
    "what the module knows of": hidden,
    "numbers that are not finite": not_finite,
    "units that are dead": dead_units,
    "where gradients come to": gradient_cut,
    "how gradients grow": exploding,
    "how gradients grow through time": exploding_in_time,
    "units that are alike": identical_units,
    "numbers of sixteen bits": precision,
    "outputs, loss and targets": fits,
}
"""What is looked at, and who looks: each is by itself."""


@dataclass
class Look:
    """What the checks saw of a module; `probe` is None where it cannot be called at all, `refused` says why then.

    >>> Look().findings
    []
    """

    probe: Probe | None = None
    refused: ProbeError | None = None
    priced: bool = False
    """Whether the loss of a batch can be computed."""
    facts: list[Measured] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)

    @staticmethod
    def at(torch: Any, model: Any, loss: Any, settings: OptimizerSettings | None, data: Any, batch_size: int) -> Look:
        """Looks at the first batch of the data.

        >>> import pytest
        >>> torch = pytest.importorskip("torch")
        >>> data = torch.ones(4, 2), torch.ones(4, 2)
        >>> Look.at(torch, torch.nn.Linear(2, 2), torch.nn.MSELoss(), None, data, 2).priced
        True
        """
        try:
            batch = first_batches(data, 1, batch_size=batch_size)[0]
            return Look.of(Probe.of(torch, model, loss, batch, settings))
        except ProbeError as error:
            known = why_refused(str(error))
            return Look(refused=error, facts=list(known.facts), findings=list(known.findings))

    @staticmethod
    def of(probe: Probe) -> Look:
        """What all the checks see.

        >>> import pytest
        >>> torch = pytest.importorskip("torch")
        >>> Look.of(Probe.of(torch, torch.nn.Linear(2, 2), torch.nn.MSELoss(), torch.ones(3, 2))).refused is None
        True
        """
        look = Look(probe)
        try:
            probe.loss_of(probe.call(probe.fresh()))
            look.priced = True
        except ProbeError as error:
            look.refused = error
        for name, check in CHECKS.items():
            look.add(name, check)
        return look

    def add(self, name: str, check: Check) -> None:
        """What one check sees; what it stumbles over is a gap."""
        try:
            seen = check(self.probe)  # type: ignore[arg-type]  # without a probe, checks that need none
        except Exception as error:  # a module of somebody's may do anything
            self.gaps.append(Gap(name, first_line(error)))
            return
        self.facts += seen.facts
        self.findings += seen.findings
        self.gaps += seen.gaps

    def diagnosis(
        self, why: Exception, data: Any, *, epochs: int, batch_size: int, shuffle: bool, budget: float | None,
        gaps: list[Gap],
    ) -> Diagnosis:  # fmt: skip
        """The diagnosis where no trials are made, and `why` not: by the loss alone.

        Raises
        ------
        ProbeError
            There is nothing to be said.
        """
        started = time.perf_counter()
        probe = self.probe
        if probe is None and not self.findings:
            raise self.refused or ProbeError("nothing of it could be run")
        trials = Gap("trials", _reason(why))
        found = Diagnosis(
            "not-examined",
            verdict=sorted(self.findings, key=lambda one: STATUSES.index(one.status)),
            used={} if probe is None else self.used(),
            not_examined=[trials, *gaps, *self.gaps],
            problem=UNKNOWN,
            symptoms={fact.name: fact for fact in self.facts},
            wording=Wording("PyTorch"),
        )
        if probe is None or not self.priced:
            if not self.findings:
                raise why
            return found
        per_epoch = _per_epoch(data, batch_size)

        def epoch() -> Iterator[Any]:
            return batches_of(data, batch_size=batch_size, shuffle=shuffle)

        try:
            with as_it_was(data):
                judged = judged_by_loss(probe, epoch, epochs=epochs, per_epoch=per_epoch, seconds=budget)
        except Exception as error:  # a loader, or a module, that fails on a later batch
            found.not_examined.append(Gap("its training", first_line(error)))
            return found
        _judge(found, judged)
        found.seconds = time.perf_counter() - started
        found.epochs = judged.steps / per_epoch if per_epoch else 0.0
        return found

    def used(self) -> dict[str, str]:
        """What was used as what."""
        probe = self.probe
        assert probe is not None
        loss = "what the module answers as its loss"
        if probe.loss is not None:
            loss = f"{getattr(probe.loss, '__name__', type(probe.loss).__name__)}(outputs, y)"
        with probe.torch.no_grad():
            outputs = Probe.outputs(probe.call(probe.fresh()))
        shapes = {"inputs": probe.inputs, "targets": probe.targets, "outputs": outputs}
        words = {name: _shapes(probe, one) for name, one in shapes.items() if one is not None}
        kind = probe.optimizer.kind.__name__ if probe.optimizer is not None else "none"
        return {"model": type(probe.model).__name__, "loss": loss, "optimizer": kind, **words}


def _reason(why: Exception) -> str:
    """What was said, and what was found in place of it, without what to do."""
    found = getattr(why, "found", None)
    return getattr(why, "message", first_line(why)) + (f": {found}" if found else "")


def _judge(found: Diagnosis, judged: Judged) -> None:
    outcome = judged.outcome
    found.state, found.before = judged.state, outcome
    found.symptoms |= {fact.name: fact for fact in judged.facts}
    found.judged_after = (judged.steps, judged.of) if 0 < judged.steps < judged.of else None
    first = outcome.curve[0][1]
    found.remarks.append(Remark("by-loss", {"first": first, "last": outcome.cost, "steps": judged.steps}))


def _per_epoch(data: Any, batch_size: int) -> int | None:
    """Batches in an epoch; None where a loader does not say."""
    if isinstance(data, (tuple, dict)) or hasattr(data, "shape"):
        rows = (
            len(data) if hasattr(data, "shape") else len(next(iter(data.values() if isinstance(data, dict) else data)))
        )
        return -(-rows // batch_size)
    try:
        return max(len(data), 1)
    except TypeError:
        return None


def _shapes(probe: Probe, values: Any) -> str:
    """The shapes of what is handed over, by name where it has names."""
    if isinstance(values, dict):
        return ", ".join(f"{name} {_shapes(probe, one)}" for name, one in values.items())
    return ", ".join(f"{_kind(one)} {tuple(one.shape)}" for one in tensors_in(values, probe.torch)) or "none"


def _kind(tensor: Any) -> str:
    return str(tensor.dtype).removeprefix("torch.")
