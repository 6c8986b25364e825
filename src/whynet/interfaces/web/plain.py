"""Values as JSON can hold them."""

from __future__ import annotations

from typing import Any


def plain(value: Any) -> Any:
    """The same value as JSON can hold it: numbers of arrays become Python's, what is not finite null."""
    if isinstance(value, dict):
        return {str(name): plain(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    if isinstance(value, float):
        return value if value - value == 0 else None
    if value is None or isinstance(value, (bool, int, str)):
        return value
    return plain(value.tolist()) if hasattr(value, "tolist") else str(value)
