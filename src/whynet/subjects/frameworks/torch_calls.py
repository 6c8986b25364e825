"""What a module is called with, in a form in which a copy of it can be called again."""

from __future__ import annotations

import inspect
from typing import Any


def inputs_of(module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """One thing, a tuple of things one after the other, or a dict by name.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> model = torch.nn.Bilinear(2, 2, 1)
    >>> inputs_of(model, (1,), {}), inputs_of(model, (1, 2), {})
    ((1,), (1, 2))
    >>> inputs_of(model, (1,), {"input2": 2})
    {'input1': 1, 'input2': 2}
    >>> inputs_of(model, (torch.ones(1),), {})
    tensor([1.])
    """
    if not kwargs:
        return args[0] if len(args) == 1 and hasattr(args[0], "data_ptr") else args
    if not args:
        return dict(kwargs)
    known = inspect.signature(module.forward)
    named: dict[str, Any] = {}
    for name, value in known.bind(*args, **kwargs).arguments.items():
        if known.parameters[name].kind is inspect.Parameter.VAR_KEYWORD:
            named |= value
        else:
            named[name] = value
    return named
