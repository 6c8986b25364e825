"""Where the gradient of any module gets lost, or grows beyond measure: seen in one pass back, and in a few steps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from whynet.doctor.diagnosis import Finding, Gap
from whynet.doctor.symptoms.inside import (
    GRADIENT_GROWTH,
    GRADIENTS_CUT,
    GRADIENTS_LOST,
    IDENTICAL_AFTER_STEPS,
    WEIGHTS_LEFT_BY_STEP,
)
from whynet.subjects.frameworks.torch_nested import tensors_in
from whynet.subjects.frameworks.torch_probe import Probe, ProbeError, Seen, seeded

MOVES = 1e-6  # of a loss: less is rounding
ROUNDED = ("Round", "Floor", "Ceil", "Trunc", "Sign")
"""The steps of a computation that have a derivative of 0 everywhere."""
GROWN = 1e3
FEWEST_LAYERS = 4
NORMAL = 2.0**-14  # of float16: less is kept with fewer digits, or is 0
STEPS = 3


def _called(probe: Probe, model: Any) -> Iterator[tuple[str, Any, bool]]:
    """The modules that hold parameters, in the order of their first call: name, module, and whether what they answered
    hangs on a computation that can be differentiated."""
    order: dict[str, tuple[Any, bool]] = {}
    hooks = []
    for name, module in model.named_modules():
        if any(True for _ in module.parameters(recurse=False)):

            def keep(owner: Any, given: Any, made: Any, name: str = name) -> None:
                alive = any(one.requires_grad for one in tensors_in(made, probe.torch))
                order.setdefault(name, (owner, alive))

            hooks.append(module.register_forward_hook(keep))
    try:
        with probe.torch.enable_grad():
            probe.call(model)
    finally:
        for hook in hooks:
            hook.remove()
    for name, (module, alive) in order.items():
        yield name, module, alive


def gradient_cut(probe: Probe) -> Seen:
    """Layers that the optimizer holds and that the loss hangs on, and no gradient comes to: the chain is cut by
    `.detach()`, `.item()`, NumPy, `argmax`, a rounding, or `torch.no_grad()`.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> class Cut(torch.nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.first, self.last = torch.nn.Linear(3, 4), torch.nn.Linear(4, 1)
    ...     def forward(self, X):
    ...         return self.last(self.first(X).detach())
    >>> probe = Probe.of(torch, Cut(), torch.nn.MSELoss(), (torch.rand(8, 3), torch.rand(8, 1)))
    >>> gradient_cut(probe).findings[0].detail.split(":")[0]
    'no gradient comes to `first.weight`, `first.bias`, though the loss hangs on them'
    """
    model = probe.fresh().train()
    layers = list(_called(probe, probe.fresh().train()))
    value = _loss(probe, model)
    held = _held(probe)
    gradients: dict[str, Any] = {}
    if value.requires_grad:
        gradients = probe.gradients(model)
    rounded = _rounds(value)
    lost = [
        name
        for name, one in model.named_parameters()
        if one.requires_grad and name in held and _is_lost(gradients.get(name), rounded=rounded)
    ]
    owned = [(name, module, alive) for name, module, alive in layers if _own(model, name) & set(lost)]
    cut = [(name, module, alive) for name, module, alive in owned if _matters(probe, name)]
    cut = [one for one in cut if not _set_aside(one)]
    if not cut:
        return Seen()
    names = [name for owner, _, _ in cut for name in sorted(_own(model, owner) & set(lost), reverse=True)]
    facts = (GRADIENTS_CUT.measured(len(names)),)
    return Seen(findings=[Finding("gradient-cut", "found", facts, detail=_words(names, cut, layers))])


def _words(names: list[str], cut: list[Any], layers: list[Any]) -> str:
    shown = ", ".join(f"`{name}`" for name in names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    last, alive = cut[-1][0], cut[-1][2]
    order = [name for name, _, _ in layers]
    after = [name for name in order[order.index(last) + 1 :] if name not in {one for one, _, _ in cut}]
    place = f"between `{last}` and `{after[0]}`" if after else f"after `{last}`"
    how = "no `.detach()`, `.item()`, `.numpy()`, `argmax` or rounding there"
    if not alive:  # what it answers has no history
        place, how = f"at `{last}`", "call it outside `torch.no_grad()`"
    return f"no gradient comes to {shown}, though the loss hangs on them: the chain breaks {place}; {how}"


def _loss(probe: Probe, model: Any) -> Any:
    with probe.torch.enable_grad():
        return probe.loss_of(probe.call(model))


def _held(probe: Probe) -> set[str]:
    """The parameters that the optimizer is to move; all, where it is not known."""
    if probe.optimizer is None:
        return {name for name, _ in probe.model.named_parameters()}
    return {name for names, _ in probe.optimizer.groups for name in names}


def _own(model: Any, layer: str) -> set[str]:
    prefix = f"{layer}." if layer else ""
    return {f"{prefix}{name}" for name, _ in model.get_submodule(layer).named_parameters(recurse=False)}


def _is_lost(gradient: Any, *, rounded: bool) -> bool:
    return gradient is None or (rounded and not bool(gradient.any()))


def _rounds(value: Any) -> bool:
    """Whether a loss was computed by way of a rounding."""
    seen, todo = set(), [value.grad_fn]
    while todo:
        node = todo.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        if type(node).__name__.startswith(ROUNDED):
            return True
        todo += [following for following, _ in node.next_functions]
    return False


def _matters(probe: Probe, layer: str) -> bool:
    """Whether the loss is another one where the weights of this layer are others: of one that nobody asks it is not."""
    torch = probe.torch
    values = []
    for scale in (0.0, 1.0, 3.0):
        model = probe.fresh().train()
        with seeded(torch), torch.no_grad():
            for one in model.get_submodule(layer).parameters(recurse=False):
                size = float(one.detach().float().std()) if one.numel() > 1 else 0.0
                one.add_(scale * (size or 0.1) * torch.randn(one.shape).to(one.dtype))
        with torch.no_grad():
            values.append(float(probe.loss_of(probe.call(model))))
    return any(abs(value - values[0]) > MOVES * max(abs(values[0]), 1e-12) for value in values[1:])


def _set_aside(layer: tuple[str, Any, bool]) -> bool:
    """Whether a layer looks as if it had been trained before and is called without gradients on purpose."""
    _, module, alive = layer
    return not alive and looks_trained(module)


def looks_trained(module: Any) -> bool:
    """Whether weights are others than PyTorch draws them for such a layer.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> fresh, trained = torch.nn.Linear(9, 9), torch.nn.Linear(9, 9)
    >>> with torch.no_grad():
    ...     _ = trained.weight.mul_(3)
    >>> looks_trained(fresh), looks_trained(trained)
    (False, True)
    """
    weight = getattr(module, "weight", None)
    if weight is None:
        return False
    if weight.ndim < 2:  # a normalisation begins with 1 and 0
        bias = getattr(module, "bias", None)
        return bool((weight != 1).any() or (bias is not None and bool((bias != 0).any())))
    if type(module).__name__.startswith("Embedding"):
        return not 0.9 < float(weight.detach().float().std()) < 1.1
    bound = weight[0].numel() ** -0.5
    return bool(weight.detach().abs().max() > 1.01 * bound)


def exploding(probe: Probe) -> Seen:
    """Gradients that grow from layer to layer on their way back, or through time.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> layers = [torch.nn.Linear(20, 20) for _ in range(6)]
    >>> for layer in layers:
    ...     _ = torch.nn.init.normal_(layer.weight)
    >>> probe = Probe.of(torch, torch.nn.Sequential(*layers), torch.nn.L1Loss(), (torch.rand(8, 20), torch.rand(8, 20)))
    >>> exploding(probe).findings[0].cause
    'exploding-gradients'
    """
    torch, model = probe.torch, probe.fresh().train()
    arrived: dict[str, float] = {}
    order: list[str] = []
    for name, module in model.named_modules():
        if any(True for _ in module.parameters(recurse=False)):
            module.register_forward_hook(_listener(torch, name, order, arrived))
    with torch.enable_grad():
        value = probe.loss_of(probe.call(model))
        if not value.requires_grad:
            return Seen()
        value.backward()
    sizes = [(name, arrived[name]) for name in dict.fromkeys(order) if arrived.get(name, 0.0) > 0]
    if len(sizes) < FEWEST_LAYERS:
        return Seen()
    growth = sizes[0][1] / sizes[-1][1]
    facts = [GRADIENT_GROWTH.measured(growth)]
    largest = max(sizes[: max(len(sizes) // 4, 1)], key=lambda one: one[1])
    if not largest[1] > GROWN * sizes[-1][1]:
        return Seen(facts)
    words = (
        f"at `{largest[0]}` it is {largest[1] / sizes[-1][1]:.3g} times as long as at `{sizes[-1][0]}`: smaller "
        "initial weights or a normalisation between the layers, and `nn.utils.clip_grad_norm_(model.parameters(), 1.0)`"
    )
    return Seen(facts, [Finding("exploding-gradients", "found", tuple(facts), detail=words)])


def _listener(torch: Any, name: str, order: list[str], arrived: dict[str, float]) -> Any:
    def listen(module: Any, given: Any, made: Any) -> None:
        for one in tensors_in(made, torch)[:1]:
            if one.requires_grad:
                order.append(name)

                def arrive(gradient: Any) -> None:
                    arrived[name] = max(arrived.get(name, 0.0), float(gradient.detach().float().norm()))

                one.register_hook(arrive)

    return listen


def identical_units(probe: Probe) -> Seen:
    """Units of a layer that begin with the same weights, and have the same after some steps.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Tanh(), torch.nn.Linear(4, 1))
    >>> for one in model.parameters():
    ...     _ = torch.nn.init.constant_(one, 0.1)
    >>> probe = Probe.of(torch, model, torch.nn.MSELoss(), (torch.rand(8, 3), torch.rand(8, 1)))
    >>> identical_units(probe).findings[0].detail
    'the units of `0` stay alike: let `nn.init.kaiming_uniform_` draw its weights'
    """
    model, torch = probe.fresh().train(), probe.torch
    first = {name for name, one in model.named_parameters() if one.requires_grad and _alike(one)}
    if not first:
        return Seen()
    optimizer = torch.optim.SGD([one for one in model.parameters() if one.requires_grad], lr=0.1)
    for _ in range(STEPS):
        gradients = probe.gradients(model)
        norm = sum(float(one.float().norm()) ** 2 for one in gradients.values() if one is not None) ** 0.5
        if not norm > 0:
            break
        with torch.no_grad():
            for one in model.parameters():
                if one.grad is not None:
                    one.grad.div_(norm)
        optimizer.step()
    after = dict(model.named_parameters())
    layers = [name.rpartition(".")[0] for name in first if _alike(after[name]) and after[name].grad is not None]
    if not layers:
        return Seen()
    fact = IDENTICAL_AFTER_STEPS.measured(len(layers))
    shown = ", ".join(f"`{name}`" for name in sorted(layers)[:3])
    words = f"the units of {shown} stay alike: let `nn.init.kaiming_uniform_` draw its weights"
    return Seen(findings=[Finding("symmetric-init", "found", (fact,), detail=words)])


def _alike(weight: Any) -> bool:
    """Whether all units of a layer have the same weights."""
    return bool(weight.ndim > 1 and len(weight) > 1 and weight[0].numel() > 1 and (weight == weight[:1]).all())


def precision(probe: Probe) -> Seen:
    """Gradients, or steps, that are lost in numbers of sixteen bits.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> from whynet.subjects.frameworks.torch_training import OptimizerSettings
    >>> model, batch = torch.nn.Linear(4, 4).to(torch.bfloat16), (torch.rand(8, 4), torch.rand(8, 4).to(torch.bfloat16))
    >>> settings = OptimizerSettings.of(model, torch.optim.SGD(model.parameters(), lr=1e-5))
    >>> [one.cause for one in precision(Probe.of(torch, model, torch.nn.MSELoss(), batch, settings)).findings]
    ['precision-underflow']
    """
    torch, model = probe.torch, probe.fresh().train()
    short = {
        name for name, one in model.named_parameters() if one.dtype in (torch.float16, torch.bfloat16)
    } & _held(probe)  # fmt: skip
    if not short:
        return Seen()
    findings, gaps = [], []
    gradients = {name: one for name, one in probe.gradients(model).items() if one is not None and name in short}
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


def _wide(probe: Probe) -> dict[str, Any]:
    """The gradients of a copy in float32."""
    torch, model = probe.torch, probe.fresh().float().train()

    def widened(one: Any) -> Any:
        return one.float() if one.is_floating_point() else one

    model.zero_grad()
    with torch.enable_grad():
        raw = probe.call(model, probe.map(probe.inputs, widened))
        probe.loss_of(raw, probe.map(probe.targets, widened)).backward()
    return {name: one.grad for name, one in model.named_parameters() if one.grad is not None}


def _left_by_step(probe: Probe, model: Any, short: set[str]) -> float:
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


def _warms_up(probe: Probe) -> bool:
    """Whether the rate follows a schedule, which may begin with almost nothing."""
    return probe.optimizer is not None and any("initial_lr" in options for _, options in probe.optimizer.groups)


def _share(masks: list[Any]) -> float:
    total = sum(one.numel() for one in masks)
    return sum(int(one.sum()) for one in masks) / total if total else 0.0
