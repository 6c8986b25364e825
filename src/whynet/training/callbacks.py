"""Callbacks: what may be called with every epoch's record. Any function will do; here are those that many want.

    whynet.fit("default", callbacks=[print, CsvLog("log.csv"), lambda epoch: epoch.cost < 0.01])

One that returns True ends the training after that epoch.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from whynet import files
from whynet.training.history import Epoch, History

Callback = Callable[[Epoch], object]


class CsvLog:
    """Keeps a file of comma-separated values, one line an epoch, whole after every epoch.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "log.csv"
    >>> CsvLog(path)(Epoch(epoch=0, steps=10, cost=0.5, learning_rate=0.1, seconds=0.4))
    >>> path.read_text().splitlines()[1][:11]
    '0,10,0.5,0.'

    Raises
    ------
    ResourceError
        The file cannot be written.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.history = History([])
        files.write(self.path, self.history.to_csv())

    def __call__(self, epoch: Epoch) -> None:
        self.history.append(epoch)
        files.write(self.path, self.history.to_csv())
