"""What cannot be tried with a network, and what its library says of it."""

from __future__ import annotations

from whynet.errors import UsageError


class ProbeError(UsageError):
    """Something that cannot be tried with this network, batch and loss; the message says why.

    >>> ProbeError("the loss is no number").exit_code
    2
    """


def first_line(error: BaseException) -> str:
    """What an error says, shortly.

    >>> first_line(ValueError("no\\nmore"))
    'no'
    """
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")[:200]
