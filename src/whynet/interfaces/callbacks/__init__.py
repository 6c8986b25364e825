"""`whynet.callbacks`: the doctor in the loops of Keras, Lightning, Hugging Face's Trainer and skorch, a line each.

A class is made when it is asked for, as it inherits from its library's own, which is imported only then.

>>> import pytest
>>> skorch, torch = pytest.importorskip("skorch"), pytest.importorskip("torch")
>>> import numpy as np
>>> from whynet.interfaces.callbacks import Skorch
>>> callback, X = Skorch(quiet=True, trials=False), np.random.default_rng(0).random((64, 4), dtype=np.float32)
>>> model = torch.nn.Sequential(torch.nn.Linear(4, 4), torch.nn.Softmax(dim=1))
>>> net = skorch.NeuralNetClassifier(
...     model, criterion=torch.nn.CrossEntropyLoss, verbose=0, train_split=None, callbacks=[callback])
>>> _ = net.fit(X, X.argmax(1))  # a softmax before a loss that has its own
>>> callback.diagnosis.verdict[0].cause
'wrong-output-activation'
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOMES = {
    "HuggingFace": "whynet.interfaces.callbacks.for_huggingface",
    "Keras": "whynet.interfaces.callbacks.for_keras",
    "Lightning": "whynet.interfaces.callbacks.for_lightning",
    "Skorch": "whynet.interfaces.callbacks.for_skorch",
}
__all__ = ["HuggingFace", "Keras", "Lightning", "Skorch"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'whynet.callbacks' has no attribute '{name}'; it has {', '.join(_HOMES)}")
    own, base = import_module(_HOMES[name]).classes()
    made = type(name, (own, base), {"__doc__": own.__doc__, "__module__": __name__})
    globals()[name] = made  # one class for ever: what is made of it can be pickled
    return made


def __dir__() -> list[str]:
    return list(_HOMES)
