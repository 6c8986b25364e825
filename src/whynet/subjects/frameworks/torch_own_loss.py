"""The loss that a module computes itself, told by its value."""

from __future__ import annotations

import math
from typing import Any

from whynet.subjects.frameworks.torch_nested import tensors_in
from whynet.subjects.inside.probe import ProbeError

SAME = 1e-5  # the same, computed of the same numbers


def told_by_value(probe: Any) -> tuple[Any, Any] | None:
    """The loss that a module computes itself, and its targets, where it is one of PyTorch's own: told by its value,
    which is that of the outputs and of something that the module was handed. None where it is another.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> class Own(torch.nn.Linear):
    ...     def forward(self, x, labels):
    ...         z = super().forward(x)
    ...         return z, torch.nn.functional.cross_entropy(z, labels)
    >>> from whynet.subjects.frameworks.torch_probe import TorchProbe
    >>> probe = TorchProbe.of(torch, Own(4, 3), None, (torch.rand(6, 4), torch.arange(6) % 3))
    >>> told_by_value(probe)[0].__name__
    'cross_entropy'
    """
    from whynet.subjects.frameworks.torch_answers import main_output

    torch, F = probe.torch, probe.torch.nn.functional
    raw = probe.call(probe.fresh())
    z = main_output(raw)
    try:
        value = float(probe.loss_of(raw).detach())
    except ProbeError:
        return None
    if z is None or z.ndim < 2 or not math.isfinite(value):
        return None
    found: list[tuple[float, Any, Any]] = []
    with torch.no_grad():
        for y in tensors_in(probe.inputs, torch):
            whole = not y.is_floating_point()
            if not whole and y.shape != z.shape:
                continue
            names = ("cross_entropy", "nll_loss") if whole else (
                "binary_cross_entropy_with_logits", "binary_cross_entropy", "mse_loss", "l1_loss")  # fmt: skip
            for name in names:
                loss = getattr(F, name)
                for form in (_as_given, _flat, _next) if whole else (_as_given,):
                    asked = _formed(loss, form)
                    try:
                        off = abs(float(asked(z, y)) - value)
                    except (RuntimeError, ValueError, IndexError, TypeError):
                        continue
                    if off <= SAME * abs(value):
                        found.append((off, asked, y))
    if not found:
        return None
    _, loss, y = min(found, key=lambda one: one[0])
    return loss, y


def _formed(loss: Any, form: Any) -> Any:
    def asked(z: Any, y: Any) -> Any:
        return loss(*form(z, y))

    asked.__name__ = loss.__name__
    return asked


def _as_given(z: Any, y: Any) -> tuple[Any, Any]:
    return z, y


def _flat(z: Any, y: Any) -> tuple[Any, Any]:
    """Classes along the last axis."""
    return z.reshape(-1, z.shape[-1]), y.reshape(-1)


def _next(z: Any, y: Any) -> tuple[Any, Any]:
    """Each place of a sequence predicts the next."""
    return _flat(z[:, :-1], y[:, 1:])
