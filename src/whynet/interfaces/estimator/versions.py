"""What differs between the versions of scikit-learn that the estimators work with, 1.6 and later: all of it is here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

Fit = TypeVar("Fit", bound=Callable[..., Any])

try:  # scikit-learn 1.9 and later: its own callbacks, such as a progress bar
    from sklearn import callback as _callback
except ImportError:
    _callback = None

HAS_CALLBACKS = _callback is not None
Base: Any = _callback.CallbackSupportMixin if HAS_CALLBACKS else type("NoCallbacks", (), {})
"""What an estimator inherits that such callbacks may watch."""
DEPTH = int(HAS_CALLBACKS)
"""Calls that stand between a `fit` and whoever called it: a warning points at that line."""


def with_callbacks(method: Fit) -> Fit:
    """A `fit` that such callbacks may watch; it is left as it is where there are none.

    >>> with_callbacks(len).__name__
    'len'
    """
    watched: Fit = _callback.with_callbacks(method) if HAS_CALLBACKS else method
    return watched


def watched(estimator: Any) -> bool:
    """Whether a callback of scikit-learn's own listens to this fit.

    >>> from whynet.interfaces.estimator import WhyNetClassifier
    >>> watched(WhyNetClassifier())
    False
    """
    return HAS_CALLBACKS and (hasattr(estimator, "_skl_callbacks") or hasattr(estimator, "_parent_callback_ctx"))


class Watched:
    """A fit that scikit-learn's callbacks watch, epoch by epoch: what `with_callbacks` wants to be told.

    >>> Watched.__init__.__name__  # made only where such a callback listens
    '__init__'
    """

    def __init__(self, estimator: Any, epochs: int, X: Any) -> None:
        self.estimator, self.X = estimator, X
        self.task: Any = None
        self.whole = estimator._init_callback_context(max_subtasks=epochs)
        self.whole.call_on_fit_task_begin(estimator=estimator, X=X)

    def begin(self) -> None:
        """An epoch begins."""
        self.task = self.whole.subcontext(task_name="epoch")
        self.task.call_on_fit_task_begin(estimator=self.estimator, X=self.X)

    def end(self, attributes: Callable[[], dict[str, Any]]) -> bool:
        """An epoch has ended; whether a callback asks to stop."""
        return bool(
            self.task.call_on_fit_task_end(estimator=self.estimator, X=self.X, reconstruction_attributes=attributes)
        )

    def over(self, attributes: Callable[[], dict[str, Any]]) -> None:
        """The fit has ended."""
        self.whole.call_on_fit_task_end(estimator=self.estimator, X=self.X, reconstruction_attributes=attributes)
