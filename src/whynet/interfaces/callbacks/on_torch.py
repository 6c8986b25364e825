"""A watch within somebody's training of PyTorch, for whichever library runs the loop."""

from __future__ import annotations

from typing import Any

from whynet.doctor.diagnosis import Diagnosis
from whynet.interfaces.callbacks.common import Doctor
from whynet.subjects.frameworks.torch_batches import MEGABYTES
from whynet.subjects.frameworks.torch_watch import Watch, watch


class TorchDoctor(Doctor):
    """Opens a watch, asks it whether there is hope, and closes it; `memory` is that of the watch, in megabytes.

    >>> TorchDoctor(quiet=True, memory=50).watched is None
    True
    """

    watched: Watch | None

    def __init__(self, *, memory: float = MEGABYTES, test: Any = None, **options: Any) -> None:
        self.memory, self.test = memory, test
        super().__init__(**options)

    def begin(self) -> None:
        """A training begins."""
        super().begin()
        self.watched = None
        self._fresh: list[tuple[int, Any]] = []

    def open(self, model: Any, optimizer: Any, loss: Any = None) -> None:
        """Watch from here on."""
        self.begin()
        try:
            self.watched = watch(model, optimizer=optimizer, loss=loss, memory=self.memory)
        except Exception as error:  # a module that cannot be copied is trained all the same
            self.refused = str(error)
            return
        if self.stop_when_hopeless:
            self.watched.told = lambda step, cost: self._fresh.append((step, cost))
        self.watched.__enter__()

    def is_hopeless(self) -> bool:
        """Whether to stop; to be asked after each step."""
        for step, cost in self._fresh:
            self.looked(step, float(cost))
        self._fresh.clear()
        return bool(self.stopped)

    def close(self, *, diagnose: bool = True) -> None:
        """Watch no more; the diagnosis."""
        watched = self.watched
        if watched is None:
            if diagnose and self.refused:
                reason = self.refused
                self.finish(lambda: _refuse(reason))
            return
        if not watched.open:
            return
        watched.__exit__(None, None, None)
        if diagnose:
            self.finish(lambda: self._diagnosed(watched))

    def _diagnosed(self, watched: Watch) -> Diagnosis:
        with watched.torch.enable_grad():
            return watched.diagnosis(test=self.test, **self.limits)


def _refuse(reason: str) -> Diagnosis:
    raise RuntimeError(reason)
