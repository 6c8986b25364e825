"""How many connections may be open, and for how long one may say nothing."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

MOST = 64
FIRST = 10.0  # seconds until a connection must have asked for something


class Connection(H11Protocol):
    """uvicorn's own, but one too many closes the one that has been idle longest: who asks is always let in."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Count it, and make room for it."""
        super().connection_made(transport)
        self.opened = self.loop.time()
        self.loop.call_later(FIRST, self.expire)
        if len(self.connections) > MOST:
            idle = [one for one in self.connections if one is not self and is_idle(one)]
            first = min(idle, key=lambda one: one.opened, default=self)
            first.transport.abort()

    def expire(self) -> None:
        """Close one that has not asked for anything."""
        if self.cycle is None and not self.transport.is_closing():
            self.transport.abort()


def is_idle(connection: Any) -> bool:
    """Whether nothing is being answered on it."""
    return connection.cycle is None or connection.cycle.response_complete
