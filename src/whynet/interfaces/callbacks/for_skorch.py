"""skorch: `NeuralNetClassifier(..., callbacks=[whynet.callbacks.Skorch()])`."""

from __future__ import annotations

from typing import Any

from whynet.interfaces.callbacks.common import SECONDS, imported
from whynet.interfaces.callbacks.on_torch import TorchDoctor
from whynet.subjects.frameworks.torch_batches import MEGABYTES


class OfSkorch(TorchDoctor):
    """Watches a training by skorch, and says why it does not learn: `callbacks=[Skorch()]`.

    Options are those of `Doctor`, and `memory` in megabytes.
    """

    def __init__(
        self,
        stop_when_hopeless: bool = False,
        looks: int = 200,
        quiet: bool = False,
        trials: bool = True,
        effort: float | None = None,
        budget: float | None = SECONDS,
        memory: float = MEGABYTES,
        test: Any = None,
    ) -> None:  # each by its name: skorch reads them here
        super().__init__(
            stop_when_hopeless=stop_when_hopeless, looks=looks, quiet=quiet, trials=trials, effort=effort,
            budget=budget, memory=memory, test=test,
        )  # fmt: skip

    def on_train_begin(self, net: Any, X: Any = None, y: Any = None, **about: Any) -> None:
        """The module and its optimizer are there."""
        loss = net.criterion_
        self.open(net.module_, net.optimizer_, loss if hasattr(loss, "register_forward_hook") else None)

    def on_batch_end(self, net: Any, batch: Any = None, training: bool = False, **about: Any) -> None:
        """A batch is through; a training is stopped as skorch's own callbacks do it."""
        if training and self.is_hopeless():
            raise KeyboardInterrupt(self.stopped)

    def on_train_end(self, net: Any, X: Any = None, y: Any = None, **about: Any) -> None:
        """It is over."""
        self.close()


def classes() -> tuple[type, Any]:
    """This class and the library's.

    >>> classes.__name__
    'classes'
    """
    return OfSkorch, imported("skorch.callbacks", "skorch", "skorch").Callback
