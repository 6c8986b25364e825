"""How many connections may be open, and for how long one may say nothing."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

MOST = 64
FIRST = 10.0  # seconds until a connection must have asked for something


class Connection(H11Protocol):
    """uvicorn's own, but one too many closes an idle one, of those that never asked the oldest: who asks is let in."""

    opened = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Count it, and make room for it."""
        super().connection_made(transport)
        self.opened = self.loop.time()
        self.loop.call_later(FIRST, self.expire)
        others: list[Any] = [one for one in self.connections if one is not self and not one.transport.is_closing()]
        if len(others) >= MOST:
            idle = [one for one in others if is_idle(one)]
            first = min(idle, key=lambda one: (one.cycle is not None, one.opened), default=self)
            first.transport.abort()

    def expire(self) -> None:
        """Close one that has not asked for anything."""
        cycle: Any = self.cycle  # none before the first request
        if cycle is None and not self.transport.is_closing():
            self.transport.abort()


def is_idle(connection: Any) -> bool:
    """Whether nothing is being answered on it."""
    return bool(connection.cycle is None or connection.cycle.response_complete)
