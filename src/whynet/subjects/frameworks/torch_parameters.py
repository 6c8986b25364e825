"""Parameters that nobody moves: left out of the optimizer, frozen, or hidden from the module."""

from __future__ import annotations

from typing import Any

from whynet.doctor.diagnosis import Finding, Gap
from whynet.doctor.symptoms.update import PARAMETERS_LEFT_OUT
from whynet.subjects.frameworks.torch_layers import looks_trained
from whynet.subjects.frameworks.torch_probe import TorchProbe
from whynet.subjects.frameworks.torch_training import OptimizerSettings
from whynet.subjects.inside.probe import Seen
from whynet.subjects.inside.repairs import repairing


def left_out(probe: TorchProbe) -> Seen:
    """Parameters that the optimizer does not move.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> model = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Linear(2, 2))
    >>> settings = OptimizerSettings.of(model, torch.optim.SGD(model[1].parameters(), lr=0.1))
    >>> probe = TorchProbe.of(torch, model, torch.nn.MSELoss(), torch.ones(3, 2), settings)
    >>> left_out(probe).findings[0].detail
    'not trained: `0.weight`, `0.bias`'
    """
    settings = probe.optimizer
    if settings is None or not settings.left_out:
        return Seen()
    out, names = set(settings.left_out), [name for name, _ in probe.model.named_parameters()]
    biases = {name for name in names if name.endswith("bias")}
    first = [name for name in names if name in out][:2]
    more = " and others" if len(out) > 2 else ""
    words = f"{', '.join(f'`{name}`' for name in first)}{more}"
    if frozen_on_purpose(probe.model, settings):
        why = "they are frozen, and look as if they had been trained before: taken to be so on purpose"
        return Seen(gaps=[Gap(f"the training of {words}", why)])
    if settings.others and len(out) == len(names):
        words += f"; it holds {settings.others:,} other arrays: make it after the module, of `model.parameters()`"
    cause = "bias-not-updated" if out <= biases else "layer-not-updated"
    evidence = (PARAMETERS_LEFT_OUT.measured(len(out)),)
    return Seen(findings=[Finding(cause, "found", evidence, detail=f"not trained: {words}")])


def frozen_on_purpose(model: Any, settings: OptimizerSettings) -> bool:
    """Whether what is not trained is frozen, looks trained before, and is not all there is.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> model = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Linear(2, 2))
    >>> _ = model[0].requires_grad_(False)
    >>> with torch.no_grad():
    ...     _ = model[0].weight.fill_(3)
    >>> frozen_on_purpose(model, OptimizerSettings.of(model, torch.optim.SGD(model[1].parameters(), lr=0.1)))
    True
    """
    named, out = dict(model.named_parameters()), set(settings.left_out)
    if not out or len(out) == len(named) or any(named[name].requires_grad for name in out):
        return False
    owners = {name.rpartition(".")[0] for name in out}
    return any(looks_trained(model.get_submodule(owner)) for owner in owners)


def hidden(probe: TorchProbe) -> Seen:
    """Layers in a plain list or dict, and tensors that are no parameters: nobody but `forward` knows of them.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> model = torch.nn.Linear(2, 2)
    >>> model.scale = torch.ones(2, requires_grad=True)
    >>> hidden(TorchProbe.of(torch, model, torch.nn.MSELoss(), torch.ones(3, 2))).findings[0].detail
    '`self.scale = nn.Parameter(...)` in Linear: a plain tensor is not trained'
    """
    torch, findings = probe.torch, []
    known = {id(one) for one in probe.model.modules()}
    for module in probe.model.modules():
        for name, value in vars(module).items():
            if name.startswith("_"):
                continue
            kind = type(module).__name__
            if isinstance(value, torch.Tensor) and value.requires_grad and value.is_leaf:
                words = f"`self.{name} = nn.Parameter(...)` in {kind}: a plain tensor is not trained"
                findings.append(_found(1, words))
                continue
            listed = value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else ()
            inside = [one for one in listed if isinstance(one, torch.nn.Module) and id(one) not in known]
            arrays = sum(1 for one in inside for _ in one.parameters())
            if arrays:
                made = "ModuleDict" if isinstance(value, dict) else "ModuleList"
                plain = f"{kind}: a plain {type(value).__name__} hides its layers"
                findings.append(_found(arrays, f"`self.{name} = nn.{made}(...)` in {plain}"))
    held = 0 if probe.optimizer is None else probe.optimizer.others  # those may be the very ones
    return Seen(findings=[one for one in findings if one.evidence[0].value > held])


def _found(arrays: int, words: str) -> Finding:
    change = repairing("frozen-layer", ("registered",), words=words.partition(": ")[0])
    return Finding("layer-not-updated", "found", (PARAMETERS_LEFT_OUT.measured(arrays),), change, detail=words)
