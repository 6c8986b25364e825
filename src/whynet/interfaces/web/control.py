"""What the page wants of the job under way, and how a job speaks."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable

Say = Callable[..., None]


class Control:
    """What the page wants of the job under way. A training asks; what does not ask is interrupted."""

    def __init__(self) -> None:
        self.stopped = self.gone = False
        self.asks = False
        self.steps = 0
        self._go = threading.Event()
        self._go.set()

    def begin(self) -> None:
        """A new job begins."""
        self.stopped, self.asks, self.steps = False, False, 0
        self._go.set()

    def hear(self, verb: str) -> None:
        """What the page said, while a job is under way."""
        if verb == "pause":
            self._go.clear()
        elif verb == "go":
            self.steps = 0
            self._go.set()
        elif verb == "step":
            self.steps += 1
            self._go.set()
        elif verb == "stop":
            self.stopped = True
            self._go.set()
            if not self.asks:
                interrupt()

    @property
    def paused(self) -> bool:
        """Whether the job is to wait."""
        return not self._go.is_set()

    def wait(self) -> None:
        """Until it may go on; a step that was asked for is used up."""
        self._go.wait()
        if self.steps:
            self.steps -= 1
            if not self.steps:
                self._go.clear()


def interrupt() -> None:
    """Ctrl-C for the main thread: the doctor then tells what is known so far."""
    if hasattr(signal, "pthread_kill"):
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
    else:
        import _thread

        _thread.interrupt_main()
