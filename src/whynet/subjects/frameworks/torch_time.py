"""How the gradient of a recurrent layer goes back through time."""

from __future__ import annotations

from typing import Any

from whynet.doctor.diagnosis import Finding
from whynet.doctor.symptoms.inside import GRADIENT_GROWTH
from whynet.subjects.frameworks.torch_probe import Probe, Seen

GROWN = 1e3
FEWEST = 5  # steps of a sequence


def exploding_in_time(probe: Probe) -> Seen:
    """A gradient that is a thousand times as long at the first step of a sequence as at the last.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> class Last(torch.nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.inner = torch.nn.RNN(3, 8, nonlinearity="relu", batch_first=True)
    ...     def forward(self, X):
    ...         return self.inner(X)[0][:, -1]
    >>> model = Last()
    >>> _ = torch.nn.init.constant_(model.inner.weight_hh_l0, 0.5)
    >>> probe = Probe.of(torch, model, torch.nn.L1Loss(), (torch.rand(4, 12, 3), torch.rand(4, 8)))
    >>> exploding_in_time(probe).findings[0].cause
    'exploding-gradients'
    """
    torch, model = probe.torch, probe.fresh().train()
    lengths: dict[str, Any] = {}
    for name, module in model.named_modules():
        if isinstance(module, torch.nn.RNNBase):
            module.register_forward_pre_hook(_listener(torch, name, lengths))
    with torch.enable_grad():
        value = probe.loss_of(probe.call(model))
        if not value.requires_grad:
            return Seen()
        value.backward()
    for name, along in lengths.items():
        known = [one for one in along if one > 0]
        if len(known) < FEWEST or not known[0] > GROWN * known[-1]:
            continue
        fact = GRADIENT_GROWTH.measured(known[0] / known[-1])
        words = (
            f"in `{name}` it is {known[0] / known[-1]:.3g} times as long at the first of {len(along)} steps as at the "
            "last: orthogonal recurrent weights, an LSTM or a GRU, or `nn.utils.clip_grad_norm_`"
        )
        return Seen(findings=[Finding("exploding-gradients", "found", (fact,), detail=words)])
    return Seen()


def _listener(torch: Any, name: str, lengths: dict[str, Any]) -> Any:
    def listen(module: Any, given: Any) -> Any:
        if not given or not isinstance(given[0], torch.Tensor) or given[0].ndim != 3:
            return None  # packed sequences have no steps of their own
        own = given[0] if given[0].requires_grad else given[0].detach().clone().requires_grad_()
        rest = (0, 2) if module.batch_first else (1, 2)  # all but the steps

        def arrive(gradient: Any) -> None:
            lengths[name] = gradient.detach().float().square().sum(dim=rest).sqrt().tolist()

        own.register_hook(arrive)
        return (own, *given[1:])

    return listen
