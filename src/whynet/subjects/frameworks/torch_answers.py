"""What a PyTorch module answers: the main tensor of it, and another in its place."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any


def main_output(raw: Any) -> Any:
    """The main tensor of an answer: itself, `logits`, the first floating one; None where there is none.

    >>> main_output("no tensor") is None
    True
    """
    if hasattr(raw, "is_floating_point"):
        return raw
    named = raw if isinstance(raw, Mapping) else getattr(raw, "__dict__", {})
    if named.get("logits") is not None:
        return named["logits"]
    parts = raw if isinstance(raw, (tuple, list)) else named.values()
    inner = (main_output(one) for one in parts)
    found = [one for one in inner if one is not None and one.is_floating_point()]
    return next((one for one in found if one.ndim), found[0] if found else None)


def with_outputs(raw: Any, z: Any, other: Any) -> Any:
    """An answer with `other` in the place of its main tensor z.

    >>> with_outputs(("outputs", "state"), "outputs", "others")
    ('others', 'state')
    """
    if raw is z or (hasattr(raw, "data_ptr") and hasattr(z, "data_ptr") and raw.data_ptr() == z.data_ptr()):
        return other
    if isinstance(raw, Mapping):
        made = copy.copy(raw)
        for key, value in raw.items():
            made[key] = with_outputs(value, z, other)  # type: ignore[index]
        return made
    if isinstance(raw, tuple):
        parts = [with_outputs(one, z, other) for one in raw]
        return type(raw)(*parts) if hasattr(raw, "_fields") else tuple(parts)
    if isinstance(raw, list):
        return [with_outputs(one, z, other) for one in raw]
    if getattr(raw, "logits", None) is not None and not hasattr(raw, "data_ptr"):
        own: Any = copy.copy(raw)
        own.logits = other
        return own
    return raw
