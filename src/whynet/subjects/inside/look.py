"""Inside any network: what one batch and one step show, without a trial and without a notion of a class."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from whynet.doctor.change import Library
from whynet.doctor.diagnosis import Finding, Gap
from whynet.doctor.symptom import Measured
from whynet.subjects.inside.codes import collapsed_code, constant_layers
from whynet.subjects.inside.companions import handed_over, mixed_batch, second_call, small_batches
from whynet.subjects.inside.dropped import dropped
from whynet.subjects.inside.gradients import exploding, gradient_cut, identical_units, vanishing
from whynet.subjects.inside.judged import used_as
from whynet.subjects.inside.loss import fits
from whynet.subjects.inside.modes import idle_in_training
from whynet.subjects.inside.numbers import dead_units, not_finite, saturated
from whynet.subjects.inside.pictures import confused_axes, nothing_left, words_as_numbers
from whynet.subjects.inside.probe import Probe, ProbeError, Seen, first_line
from whynet.subjects.inside.repairs import repairs_in, steps_of
from whynet.subjects.inside.sequences import future_leak, no_positions, wrong_end
from whynet.subjects.inside.through_time import exploding_in_time, vanishing_in_time
from whynet.subjects.inside.updates import step_lengths

Check = Callable[[Probe], Seen]
CHECKS: dict[str, Check] = {
    "whether examples of a batch are mixed": mixed_batch,
    "what batch normalisation goes by": small_batches,
    "whether anything is remembered from call to call": second_call,
    "what training mode changes": handed_over,
    "whether evaluation mode is left to chance": dropped,
    "what acts otherwise in training mode": idle_in_training,
    "whether the order of a sequence is seen": no_positions,
    "which step of a sequence the answer is read off": wrong_end,
    "whether later steps are hidden": future_leak,
    "the axes of the pictures": confused_axes,
    "how much is left of the pictures": nothing_left,
    "whether words are fed as numbers": words_as_numbers,
    "numbers that are not finite": not_finite,
    "units that are dead": dead_units,
    "units that are saturated": saturated,
    "what differs between examples": constant_layers,
    "what the code carries": collapsed_code,
    "where gradients come to": gradient_cut,
    "how gradients grow": exploding,
    "how gradients shrink": vanishing,
    "how gradients grow through time": exploding_in_time,
    "how gradients shrink through time": vanishing_in_time,
    "how far a step goes": step_lengths,
    "units that are alike": identical_units,
    "outputs, loss and targets": fits,
}
"""What is looked at in every library, and who looks: each is by itself."""


@dataclass
class Look:
    """What the checks saw of a module; `probe` is None where it cannot be called at all, `refused` says why then.

    >>> Look().findings
    []
    """

    probe: Probe | None = None
    library: Library = "PyTorch"
    refused: ProbeError | None = None
    priced: bool = False
    """Whether the loss of a batch can be computed."""
    facts: list[Measured] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)

    @staticmethod
    def at(
        make: Callable[[], Probe],
        own: Mapping[str, Callable[[Any], Seen]],
        *,
        known: Callable[[str], Seen] = lambda _: Seen(),
        library: Library = "PyTorch",
    ) -> Look:
        """Looks at what `make` makes, with the library's `own` checks too; where it cannot, `known` may know the cause
        by the library's words.

        >>> def cannot():
        ...     raise ProbeError("the batch is empty")
        >>> Look.at(cannot, {}).refused.message
        'the batch is empty'
        """
        try:
            return Look.of(make(), own)
        except ProbeError as error:
            seen = known(str(error))
            return Look(library=library, refused=error, facts=list(seen.facts), findings=list(seen.findings))

    @staticmethod
    def of(probe: Probe, own: Mapping[str, Callable[[Any], Seen]] | None = None) -> Look:
        """What all the checks see.

        >>> import pytest
        >>> torch = pytest.importorskip("torch")
        >>> from whynet.subjects.frameworks.torch_probe import TorchProbe
        >>> Look.of(TorchProbe.of(torch, torch.nn.Linear(2, 2), torch.nn.MSELoss(), torch.ones(3, 2))).refused is None
        True
        """
        look = Look(probe, probe.library)
        try:
            probe.copy().loss(training=probe.training)
            look.priced = True
        except ProbeError as error:
            look.refused = error
        found: dict[str, Callable[[Any], Seen]] = {}
        for name, check in {**CHECKS, **(own or {})}.items():
            before = len(look.findings)
            look.add(name, lambda check=check: check(probe))  # type: ignore[misc]
            found |= {one.cause: check for one in look.findings[before:]}
        look.explain(found)
        return look

    @property
    def mendable(self) -> bool:
        """Whether the loss of a batch can be computed of the network as it is when what was found is mended."""
        mended = None if self.probe is None else self.probe.mended(steps_of(repairs_in(self.findings)))
        if mended is None or mended is self.probe:
            return False
        try:
            mended.copy().loss(training=mended.training)
        except ProbeError:
            return False
        return True

    def explain(self, checks: Mapping[str, Callable[[Any], Seen]]) -> None:
        """What is not seen any more in the network with a repair is mended by it: the same change is tried for it."""
        if self.probe is None:
            return
        for change in repairs_in(self.findings):
            mended = self.probe.mended(steps_of([change]))
            if mended is None:
                continue
            for place, one in enumerate(self.findings):
                if one.change is None and one.cause in checks and _is_gone(one.cause, checks[one.cause], mended):
                    self.findings[place] = replace(one, change=change)

    def add(self, name: str, check: Callable[[], Seen]) -> None:
        """What one check sees; what it stumbles over is a gap."""
        try:
            seen = check()
        except Exception as error:  # a network of somebody's may do anything
            self.gaps.append(Gap(name, first_line(error)))
            return
        self.facts += seen.facts
        self.findings += seen.findings
        self.gaps += seen.gaps

    def used(self) -> dict[str, str]:
        """What was used as what."""
        probe = self.probe
        assert probe is not None
        return {"model": probe.name, **used_as(probe)}


def _is_gone(cause: str, check: Callable[[Any], Seen], mended: Probe) -> bool:
    """Whether a check that found this cause finds it in the mended network no longer."""
    try:
        seen = check(mended)
    except Exception:  # a network of somebody's may do anything
        return False
    return not seen.gaps and all(one.cause != cause for one in seen.findings)
