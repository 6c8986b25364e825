"""The numbers inside any module while a batch passes through: which are not finite, and which units are dead."""

from __future__ import annotations

from typing import Any

from whynet.doctor.diagnosis import Finding
from whynet.doctor.symptoms.inside import NOT_FINITE
from whynet.doctor.symptoms.units import DEAD
from whynet.subjects.frameworks.torch_nested import tensors_in
from whynet.subjects.frameworks.torch_probe import Probe, Seen

FEWEST = 32  # numbers of a unit: fewer may be below zero by chance
MOST_DEAD = 0.9  # of a layer's units


def not_finite(probe: Probe) -> Seen:
    """NaN or infinity in the batch, in what a layer makes of it, or in the loss of outputs that are finite.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> X = torch.ones(4, 2)
    >>> X[0, 0] = torch.nan
    >>> found = not_finite(Probe.of(torch, torch.nn.Linear(2, 1), torch.nn.MSELoss(), (X, torch.ones(4, 1)))).findings
    >>> found[0].cause, found[0].detail
    ('bad-inputs', '1 of 8 numbers in the inputs of the first batch are NaN or infinite, and reach the loss')
    """
    torch, model = probe.torch, probe.fresh().train()
    first: list[tuple[str, Any]] = []

    def watch(name: str) -> Any:
        def look(module: Any, given: Any, made: Any) -> None:
            if not first and _broken(torch, made) and not _broken(torch, given):
                first.append((name, module))

        return look

    for name, module in model.named_modules():
        if not list(module.children()):
            module.register_forward_hook(watch(name))
    with torch.no_grad():
        raw = probe.call(model)
        value = probe.loss_of(raw)
    if bool(torch.isfinite(value)):
        return Seen()
    for cause, what, values in (
        ("bad-inputs", "inputs", probe.inputs), ("labels-corrupted", "targets", probe.targets),
    ):  # fmt: skip
        broken, total = _counted(torch, values)
        if broken:
            words = f"{broken:,} of {total:,} numbers in the {what} of the first batch are NaN or infinite, and reach"
            fact = NOT_FINITE.measured(broken / total)
            return Seen(findings=[Finding(cause, "found", (fact,), detail=f"{words} the loss")])
    outputs = Probe.outputs(raw)
    broken, total = _counted(torch, outputs)
    if broken and first:
        name, module = first[0]
        words = f"the first numbers that are not finite come out of `{name}` ({type(module).__name__})"
        return Seen(findings=[Finding("init-too-large", "found", (NOT_FINITE.measured(broken / total),), detail=words)])
    where = "in `forward`, between its layers" if broken else "in the loss: the outputs are finite"
    words = f"the numbers stop being finite {where}; `clamp(min=1e-6)` before `log`, `sqrt` or a division"
    return Seen(findings=[Finding("log-of-zero", "found", (NOT_FINITE.measured(1.0),), detail=words)])


def _broken(torch: Any, values: Any) -> bool:
    return _counted(torch, values)[0] > 0


def _counted(torch: Any, values: Any) -> tuple[int, int]:
    """How many numbers are not finite, of how many."""
    real = [one for one in tensors_in(values, torch) if one.is_floating_point()]
    return sum(int((~torch.isfinite(one)).sum()) for one in real), sum(one.numel() for one in real)


def dead_units(probe: Probe) -> Seen:
    """ReLU units that are 0 for every number of a batch, and so have no gradient.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.ReLU(), torch.nn.Linear(4, 1))
    >>> _ = torch.nn.init.constant_(model[0].bias, -10)
    >>> batch = torch.rand(40, 3), torch.rand(40, 1)
    >>> dead_units(Probe.of(torch, model, torch.nn.MSELoss(), batch)).findings[0].detail
    'all 4 units of ReLU 1 of 1 are 0 for the whole batch'
    """
    found = _relus(probe.torch, probe)
    worst = max(enumerate(found, 1), key=lambda one: one[1][0] / one[1][1], default=None)
    if worst is None:
        return Seen()
    place, (dead, units) = worst
    fact = DEAD["start"].measured(dead / units)
    if not dead > MOST_DEAD * units or units < 2:
        return Seen()
    words = f"{'all' if dead == units else f'{dead:,} of'} {units:,} units of ReLU {place} of {len(found)} are 0"
    return Seen(findings=[Finding("dead-relu", "found", (fact,), detail=f"{words} for the whole batch")])


def _relus(torch: Any, probe: Probe) -> list[tuple[int, int]]:
    """Of each call of a ReLU, the units that are 0 for the whole batch, and all of them."""
    found: list[tuple[int, int]] = []

    class Watching(torch.overrides.TorchFunctionMode):  # type: ignore[misc]
        def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            made = function(*args, **(kwargs or {}))
            if getattr(function, "__name__", "") in ("relu", "relu_") and made.ndim > 1:
                units = made.shape[1 if made.ndim in (4, 5) else -1]
                rows = made.detach().movedim(1, -1) if made.ndim in (4, 5) else made.detach()
                flat = rows.reshape(-1, units)
                if len(flat) >= FEWEST:
                    found.append((int((flat == 0).all(dim=0).sum()), units))
            return made

    with torch.no_grad(), Watching():
        probe.call(probe.fresh().train())
    return found
