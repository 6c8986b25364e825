"""Steps and losses of a copy of a Keras model, compiled by JAX as its `fit` would once they have been taken some times.

Called as it is, a recurrent network takes a second for a step that takes a millisecond when it is compiled. What cannot
be compiled (a layer that asks for the numbers themselves, `run_eagerly=True`) goes on as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

SOON = 3
"""Calls before it is worth while."""


class Compiled:
    """Calls a function as it is three times, and then its compiled twin, if that can be compiled.

    >>> twin = Compiled(lambda x: 2 * x, lambda x: x + x)
    >>> [twin(1) for _ in range(5)], twin.left
    ([2, 2, 2, 2, 2], 0)
    >>> never = Compiled(lambda x: x / 0, lambda x: x + x)
    >>> [never(1) for _ in range(5)], never.left
    ([2, 2, 2, 2, 2], -1)
    """

    def __init__(self, fast: Callable[..., Any], plain: Callable[..., Any], *, soon: int = SOON) -> None:
        self.fast, self.plain, self.left = fast, plain, soon

    def __call__(self, *given: Any) -> Any:
        if self.left:
            self.left -= self.left > 0
            return self.plain(*given)
        try:
            return self.fast(*given)
        except Exception:  # whatever a layer of the user's does with numbers that are not there yet
            self.left = -1
            return self.plain(*given)
