"""Callbacks: what may be called with every epoch's record. Any function will do; here are those that many want.

    whynet.fit("default", callbacks=[print, CsvLog("log.csv"), lambda epoch: epoch.cost < 0.01])

One that returns True ends the training after that epoch.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import ClassVar

from whynet import files
from whynet.errors import ResourceError
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


class TensorBoardLog:
    """Writes every epoch's record where TensorBoard looks: cost, learning rate, qualities, seconds. Needs the extra
    `tensorboard`.

        whynet.fit("default", callbacks=[TensorBoardLog("logs/mine")])    then: tensorboard --logdir logs

    >>> TensorBoardLog.TAGS["cost"]
    'cost/training'

    Raises
    ------
    ResourceError
        TensorBoard is not installed, or the folder cannot be written.
    """

    TAGS: ClassVar[dict[str, str]] = {
        "cost": "cost/training", "validation_cost": "cost/validation", "learning_rate": "learning rate",
        "test_quality": "quality/test", "validation_quality": "quality/validation", "seconds": "seconds",
    }  # fmt: skip

    def __init__(self, path: str | Path) -> None:
        try:
            from tensorboard.compat.proto.event_pb2 import Event
            from tensorboard.compat.proto.summary_pb2 import Summary
            from tensorboard.summary.writer.event_file_writer import EventFileWriter
        except ImportError:
            raise ResourceError(
                "TensorBoard is not installed", do="Install it: pip install 'whynet[tensorboard]', or use --csv"
            ) from None
        self._event, self._summary = Event, Summary
        try:
            self._writer = EventFileWriter(str(path))
        except OSError as error:
            raise ResourceError(f"the folder cannot be written: {error.strerror}", where=str(path)) from None

    def __call__(self, epoch: Epoch) -> None:
        values = asdict(epoch)
        for name, tag in self.TAGS.items():
            if values.get(name) is not None:
                value = self._summary.Value(tag=tag, simple_value=float(values[name]))
                event = self._event(wall_time=time.time(), step=epoch.epoch + 1, summary=self._summary(value=[value]))
                self._writer.add_event(event)
        self._writer.flush()
