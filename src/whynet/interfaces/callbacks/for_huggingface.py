"""Hugging Face: `Trainer(..., callbacks=[whynet.callbacks.HuggingFace()])`."""

from __future__ import annotations

from typing import Any

from whynet.interfaces.callbacks.common import imported
from whynet.interfaces.callbacks.on_torch import TorchDoctor


class OfHuggingFace(TorchDoctor):
    """Watches a training by Hugging Face's Trainer, and says why it does not learn: `callbacks=[HuggingFace()]`.

    A model that computes its own loss is judged by it. Options are those of `Doctor`, and `memory` in megabytes.
    """

    def on_train_begin(self, args: Any, state: Any, control: Any, **about: Any) -> None:
        """The optimizer is there, mostly."""
        self.begin()
        self._start(about)

    def on_step_begin(self, args: Any, state: Any, control: Any, **about: Any) -> None:
        """It is there now."""
        if self.watched is None and not self.refused:
            self._start(about)

    def on_step_end(self, args: Any, state: Any, control: Any, **about: Any) -> Any:
        """A step was taken."""
        if self.is_hopeless():
            control.should_training_stop = True
        return control

    def on_train_end(self, args: Any, state: Any, control: Any, **about: Any) -> None:
        """It is over."""
        self.close(diagnose=state.is_world_process_zero)

    def _start(self, about: dict[str, Any]) -> None:
        model, optimizer = about.get("model"), about.get("optimizer")
        while optimizer is not None and hasattr(optimizer, "optimizer"):  # accelerate's, around the user's
            optimizer = optimizer.optimizer
        if model is None or optimizer is None:
            return
        parallel = type(model).__name__.endswith("Parallel")
        self.open(model.module if parallel else model, optimizer)


def classes() -> tuple[type, Any]:
    """This class and the library's.

    >>> classes.__name__
    'classes'
    """
    return OfHuggingFace, imported("transformers", "transformers", "transformers accelerate").TrainerCallback
