"""One step of somebody's loop, on a copy: as it is, with the mistakes that were measured in it, or without them."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from whynet.subjects.inside.how import How


def needs_closure(step: Callable[..., Any]) -> bool:
    """Whether a step cannot do without a function that computes the loss again.

    >>> needs_closure(lambda closure: None), needs_closure(lambda closure=None: None)
    (True, False)
    """
    known = inspect.signature(step).parameters.get("closure")
    return known is not None and known.default is inspect.Parameter.empty


class Loop:
    """Takes steps of an optimizer; `how` says which mistakes it makes.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> weight = torch.nn.Parameter(torch.ones(1))
    >>> loop = Loop(torch, torch.optim.SGD([weight], lr=0.5), How(clip=0.1))
    >>> float(loop.step(lambda: 3 * weight.sum())), round(weight.item(), 3)
    (3.0, 0.95)
    """

    def __init__(self, torch: Any, optimizer: Any, how: How) -> None:
        self.torch, self.optimizer, self.how = torch, optimizer, how
        self.rates = [group.get("lr") for group in optimizer.param_groups]
        self.needs_closure = needs_closure(optimizer.step)
        self.taken = 0

    def step(self, value_of: Callable[[], Any]) -> Any:
        """One step; the loss before it, without its graph."""
        torch, optimizer, how = self.torch, self.optimizer, self.how
        values: list[Any] = []
        if how.rates:
            by = how.rate_at(self.taken)
            for group, own in zip(optimizer.param_groups, self.rates, strict=True):
                if own is not None:
                    group["lr"] = own * by

        def closure() -> Any:
            if not how.stale:
                optimizer.zero_grad()
            with torch.enable_grad():
                value = value_of()
                if value.requires_grad:
                    value.backward()
            if how.idle:
                optimizer.zero_grad()
            if how.clip:
                held = [one for group in optimizer.param_groups for one in group["params"]]
                torch.nn.utils.clip_grad_norm_(held, how.clip)
            values.append(value.detach())
            return values[-1]

        self._take(closure)
        self.taken += 1
        return values[0]

    def _take(self, closure: Callable[[], Any]) -> None:
        """A step with the gradient already there, where that can be: one of somebody's own may use it at once."""
        if not self.needs_closure:
            closure()
            try:
                self.optimizer.step()
                return
            except Exception:
                if self.taken:
                    raise
                self.needs_closure = True  # it takes none by its signature, and asks for one all the same
        self.optimizer.step(closure)  # LBFGS asks for it several times
