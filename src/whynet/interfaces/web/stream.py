"""What jobs say, to every page that listens: server-sent events, at most thirty a second, the last never lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Protocol

import msgspec

APART = 1 / 30
HEARTBEAT = 15.0
LISTENERS = 12


class Source(Protocol):
    """Where messages come from."""

    def since(self, number: int) -> tuple[int, list[dict[str, Any]]]:
        """The messages after that number, and the number of the last."""
        ...


class Stream:
    """Wakes every listener when there is something new, and hands over at once all that has gathered."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.listeners = 0
        self._news = asyncio.Event()

    def wake(self) -> None:
        """There is something new."""
        self._news.set()
        self._news = asyncio.Event()

    async def events(self, number: int) -> AsyncIterator[bytes]:
        """Events from a number on: each a list of messages as JSON."""
        self.listeners += 1
        try:
            yield b"retry: 1000\n\n"
            while True:
                news = self._news
                last, messages = self.source.since(number)
                if messages:
                    number = last
                    yield b"id: %d\ndata: %s\n\n" % (number, msgspec.json.encode(messages))
                    await asyncio.sleep(APART)
                    continue
                try:
                    await asyncio.wait_for(news.wait(), HEARTBEAT)
                except TimeoutError:
                    yield b": still here\n\n"
        finally:
            self.listeners -= 1
