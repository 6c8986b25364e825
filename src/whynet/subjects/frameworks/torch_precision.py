"""Numbers of sixteen bits, which PyTorch lets weights and gradients be: what they cannot hold."""

from __future__ import annotations

from typing import Any

from whynet.doctor.diagnosis import Finding, Gap
from whynet.doctor.symptoms.inside import GRADIENTS_LOST, WEIGHTS_LEFT_BY_STEP
from whynet.subjects.frameworks.torch_nested import mapped
from whynet.subjects.frameworks.torch_probe import TorchProbe
from whynet.subjects.inside.probe import ProbeError, Seen

NORMAL = 2.0**-14  # of float16: less is kept with fewer digits, or is 0


def precision(probe: TorchProbe) -> Seen:
    """Gradients, or steps, that are lost in numbers of sixteen bits.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> from whynet.subjects.frameworks.torch_training import OptimizerSettings
    >>> model, batch = torch.nn.Linear(4, 4).to(torch.bfloat16), (torch.rand(8, 4), torch.rand(8, 4).to(torch.bfloat16))
    >>> settings = OptimizerSettings.of(model, torch.optim.SGD(model.parameters(), lr=1e-5))
    >>> [one.cause for one in precision(TorchProbe.of(torch, model, torch.nn.MSELoss(), batch, settings)).findings]
    ['precision-underflow']
    """
    torch, model = probe.torch, probe.fresh().train()
    short = {
        name for name, one in model.named_parameters() if one.dtype in (torch.float16, torch.bfloat16)
    } & probe.held  # fmt: skip
    if not short:
        return Seen()
    findings, gaps = [], []
    gradients = {name: one for name, one in _gradients(probe, model).items() if one is not None and name in short}
    try:
        wide = _wide(probe)
        lost = [
            abs(one.float())[wide[name] != 0] < NORMAL
            for name, one in gradients.items()
            if one.dtype == torch.float16 and name in wide
        ]
        share = _share(lost)
    except ProbeError as error:
        share = 0.0
        gaps.append(Gap("its gradients in float32", str(error)))
    if share > 0.5:
        fact = GRADIENTS_LOST.measured(share)
        words = "gradients that float16 cannot hold: `torch.amp.GradScaler()` around `loss.backward()`, or bfloat16"
        findings.append(Finding("precision-underflow", "found", (fact,), detail=words))
    left = _left_by_step(probe, model, short)
    if left > 0.5 and not findings:
        fact = WEIGHTS_LEFT_BY_STEP.measured(left)
        words = "steps that are rounded away: keep the weights in float32, and compute under `torch.autocast`"
        findings.append(Finding("precision-underflow", "found", (fact,), detail=words))
    return Seen(findings=findings, gaps=gaps)


def _gradients(probe: TorchProbe, model: Any) -> dict[str, Any]:
    """Those of the loss of the batch, left in the parameters too.

    Raises
    ------
    ProbeError
        The loss cannot be had, or hangs on no parameter.
    """
    model.zero_grad()
    with probe.torch.enable_grad():
        value = probe.loss_of(probe.call(model))
        if not value.requires_grad:
            raise ProbeError("the loss hangs on no parameter: nothing can be learned from it")
        value.backward()
    return {name: one.grad for name, one in model.named_parameters()}


def _wide(probe: TorchProbe) -> dict[str, Any]:
    """The gradients of a copy in float32."""
    torch, model = probe.torch, probe.fresh().float().train()

    def widened(one: Any) -> Any:
        return one.float() if one.is_floating_point() else one

    model.zero_grad()
    with torch.enable_grad():
        raw = probe.call(model, mapped(probe.inputs, widened, torch))
        probe.loss_of(raw, mapped(probe.targets, widened, torch)).backward()
    return {name: one.grad for name, one in model.named_parameters() if one.grad is not None}


def _left_by_step(probe: TorchProbe, model: Any, short: set[str]) -> float:
    """Of the weights with a gradient, those that a step of the optimizer leaves as they are."""
    optimizer = None if probe.optimizer is None else probe.optimizer.make(model, 1.0, whole=False)
    if optimizer is None or probe.optimizer is None or probe.optimizer.needs_closure or _warms_up(probe):
        return 0.0
    before = {name: one.detach().clone() for name, one in model.named_parameters() if name in short}
    optimizer.step()
    after = dict(model.named_parameters())
    return _share(
        [(after[name] == one)[after[name].grad != 0] for name, one in before.items() if after[name].grad is not None]
    )


def _warms_up(probe: TorchProbe) -> bool:
    """Whether the rate follows a schedule, which may begin with almost nothing."""
    return probe.optimizer is not None and any("initial_lr" in options for _, options in probe.optimizer.groups)


def _share(masks: list[Any]) -> float:
    total = sum(one.numel() for one in masks)
    return sum(int(one.sum()) for one in masks) / total if total else 0.0
