"""What `backward` is called on: PyTorch's own function is wrapped while somebody listens, and put back afterwards."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

Heard = Callable[[Any], None]


class Listener:
    """Is told each tensor, or tuple of tensors, whose gradients are asked for; `remove` ends it.

    `torch.Tensor.backward` calls `torch.autograd.backward`, which alone is replaced: once, however many listen.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> before, heard = torch.autograd.backward, []
    >>> listener = Listener(torch, heard.append)
    >>> torch.ones(1, requires_grad=True).sum().backward()
    >>> listener.remove()
    >>> len(heard), torch.autograd.backward is before
    (1, True)
    """

    _all: tuple[Listener, ...] = ()
    _original: Any = None
    _ours: Any = None

    def __init__(self, torch: Any, heard: Heard) -> None:
        self.torch, self.heard = torch, heard
        kind, now = type(self), torch.autograd.backward
        if kind._ours is None or now is kind._original:  # where others have wrapped ours, it is still called
            kind._original, kind._ours = now, _wrapped(now)
            torch.autograd.backward = kind._ours
        kind._all += (self,)

    def remove(self) -> None:
        """Listen no more."""
        kind = type(self)
        kind._all = tuple(one for one in kind._all if one is not self)
        if not kind._all and self.torch.autograd.backward is kind._ours:
            self.torch.autograd.backward = kind._original
            kind._original = kind._ours = None


def _wrapped(original: Any) -> Any:
    @functools.wraps(original)
    def backward(tensors: Any, *args: Any, **kwargs: Any) -> Any:
        for one in Listener._all:
            one.heard(tensors)
        return original(tensors, *args, **kwargs)

    return backward
