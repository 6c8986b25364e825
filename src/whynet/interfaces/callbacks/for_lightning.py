"""Lightning: `Trainer(callbacks=[whynet.callbacks.Lightning()])`."""

from __future__ import annotations

import sys
from typing import Any

from whynet.doctor.diagnosis import Gap
from whynet.interfaces.callbacks.common import imported
from whynet.interfaces.callbacks.on_torch import TorchDoctor


class OfLightning(TorchDoctor):
    """Watches a Lightning training, and says why it does not learn: `Trainer(callbacks=[Lightning()])`.

    What is watched is the module that `training_step` calls: the LightningModule itself where it has a `forward`, else
    the one module in it that has parameters. Options are those of `Doctor`, and `memory` in megabytes.
    """

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        """The optimizers are there."""
        if not trainer.optimizers:
            self.refused = "there is no optimizer to watch"
            return
        model = _called(pl_module)
        self.open(model, _bare(trainer.optimizers[0]))
        if len(trainer.optimizers) > 1:
            self.gaps.append(Gap("its other optimizers", f"of {len(trainer.optimizers)} the first is watched"))

    def on_train_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
        """A batch is through."""
        if self.is_hopeless():
            trainer.should_stop = True

    def on_train_end(self, trainer: Any, pl_module: Any) -> None:
        """It is over."""
        self.close(diagnose=trainer.is_global_zero)

    def on_exception(self, trainer: Any, pl_module: Any, exception: BaseException) -> None:
        """It broke off: what was seen may say why."""
        self.close(diagnose=trainer.is_global_zero and isinstance(exception, Exception))


def _called(module: Any) -> Any:
    """The module that is called in training."""
    if not type(module).forward.__module__.startswith(("lightning", "pytorch_lightning")):
        return module
    inside = [one for one in module.children() if any(True for _ in one.parameters())]
    return inside[0] if len(inside) == 1 else module


def _bare(optimizer: Any) -> Any:
    return getattr(optimizer, "_optimizer", optimizer)


def classes() -> tuple[type, Any]:
    """This class and the library's: that of the package that is in use, where both are installed.

    >>> classes.__name__
    'classes'
    """
    known = ("lightning.pytorch", "pytorch_lightning")
    name = next((one for one in known if one in sys.modules), known[0])
    try:
        return OfLightning, imported(name, "Lightning", "lightning").Callback
    except Exception:
        if name == known[0] and _is_there(known[1]):
            return OfLightning, imported(known[1], "Lightning", "lightning").Callback
        raise


def _is_there(name: str) -> bool:
    from importlib.util import find_spec

    return find_spec(name) is not None
