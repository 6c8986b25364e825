"""whynet: a neural network that learns handwritten digits, and says why when it does not.

Importing this package imports nothing but its version: each public name is fetched from its module on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from whynet.version import __version__ as __version__

if TYPE_CHECKING:
    from whynet import book as book
    from whynet.data.dataset import Dataset as Dataset
    from whynet.data.sources import load as load
    from whynet.doctor.floors import explain as explain
    from whynet.errors import WhynetError as WhynetError
    from whynet.interfaces import callbacks as callbacks
    from whynet.interfaces import exchange as exchange
    from whynet.interfaces.estimator import WhyNetClassifier as WhyNetClassifier
    from whynet.interfaces.estimator import WhyNetRegressor as WhyNetRegressor
    from whynet.network.gradcheck import check_gradients as check_gradients
    from whynet.network.layers import Dense as Dense
    from whynet.network.network import Network as Network
    from whynet.subjects.diagnose import diagnose as diagnose
    from whynet.subjects.frameworks.torch_watch import watch as watch
    from whynet.training.history import Epoch as Epoch
    from whynet.training.history import History as History
    from whynet.training.loop import train as train
    from whynet.training.many import train_many as train_many
    from whynet.training.recipe import Recipe as Recipe
    from whynet.training.run import Run as Run
    from whynet.training.run import fit as fit

_HOMES = {
    "Dataset": "whynet.data.dataset",
    "Dense": "whynet.network.layers",
    "Epoch": "whynet.training.history",
    "History": "whynet.training.history",
    "Network": "whynet.network.network",
    "Recipe": "whynet.training.recipe",
    "Run": "whynet.training.run",
    "WhyNetClassifier": "whynet.interfaces.estimator",
    "WhyNetRegressor": "whynet.interfaces.estimator",
    "WhynetError": "whynet.errors",
    "check_gradients": "whynet.network.gradcheck",
    "diagnose": "whynet.subjects.diagnose",
    "explain": "whynet.doctor.floors",
    "fit": "whynet.training.run",
    "load": "whynet.data.sources",
    "train": "whynet.training.loop",
    "train_many": "whynet.training.many",
    "watch": "whynet.subjects.frameworks.torch_watch",
}
_ROOMS = {"book": "whynet.book", "callbacks": "whynet.interfaces.callbacks", "exchange": "whynet.interfaces.exchange"}

__all__ = [
    "Dataset",
    "Dense",
    "Epoch",
    "History",
    "Network",
    "Recipe",
    "Run",
    "WhyNetClassifier",
    "WhyNetRegressor",
    "WhynetError",
    "book",
    "callbacks",
    "check_gradients",
    "diagnose",
    "exchange",
    "explain",
    "fit",
    "load",
    "train",
    "train_many",
    "watch",
]


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return import_module(_ROOMS[name])
    if name not in _HOMES:
        raise AttributeError(f"module 'whynet' has no attribute '{name}'; it has {', '.join(__all__)}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def load_ipython_extension(shell: Any) -> None:
    """Add `%%diagnose` to a notebook: what `%load_ext whynet` calls.

    >>> from types import SimpleNamespace
    >>> events = SimpleNamespace(register=lambda name, function: None)
    >>> register = lambda function, magic_kind, magic_name: print("%%" + magic_name)
    >>> load_ipython_extension(SimpleNamespace(events=events, register_magic_function=register))
    %%diagnose
    """
    import_module("whynet.interfaces.notebook").load(shell)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
