"""What the trials of a module that is judged by its loss need from PyTorch: its batches in arrays, and its settings."""

from __future__ import annotations

from typing import Any

import numpy as np

from whynet.doctor.diagnosis import Settings
from whynet.subjects.frameworks.torch_nested import arrays_of, tensors_in
from whynet.subjects.frameworks.torch_probe import TorchProbe

NAMES = {"SGD": "sgd", "Adam": "adam", "AdamW": "adam", "RMSprop": "rmsprop"}


def in_arrays(batch: Any, torch: Any) -> Any:
    """A batch in arrays; as it is where NumPy has not its numbers, or its form.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> in_arrays((torch.ones(1), None), torch), in_arrays(torch.ones(1, dtype=torch.bfloat16), torch).dtype
    ((array([1.], dtype=float32), None), torch.bfloat16)
    """
    if any(one.is_sparse or (one.is_floating_point() and one.element_size() < 4) for one in tensors_in(batch, torch)):
        return batch
    try:
        return arrays_of(batch, torch)
    except Exception:  # a form that only holds tensors
        return batch


def mixes(data: Any, shuffle: bool) -> bool:
    """Whether the rows come in another order each epoch.

    >>> mixes((np.zeros(3), np.zeros(3)), True), mixes([1], True)
    (True, False)
    """
    if isinstance(data, (tuple, dict)) or hasattr(data, "shape"):
        return shuffle
    return type(getattr(data, "sampler", None)).__name__ in ("RandomSampler", "WeightedRandomSampler")


def settings_of(probe: TorchProbe, *, mixed: bool) -> Settings:
    """What is known of the settings, in the words of every library.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> from whynet.subjects.frameworks.torch_training import OptimizerSettings
    >>> model = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Dropout(0.3))
    >>> settings = OptimizerSettings.of(model, torch.optim.AdamW(model.parameters(), lr=0.1, weight_decay=0.5))
    >>> known = settings_of(TorchProbe.of(torch, model, torch.nn.MSELoss(), torch.zeros(3, 2), settings), mixed=True)
    >>> known.rate, known.dropout, known.decay, known.order
    (0.1, 0.3, 0.5, 'shuffled')
    """
    order = "shuffled" if mixed else "file"
    modules = list(probe.model.modules())
    dropout = [float(one.p) for one in modules if type(one).__name__.startswith("Dropout")]
    dropout += [one.dropout for one in modules if isinstance(getattr(one, "dropout", None), float)]
    if probe.optimizer is None:
        return Settings(order=order, dropout=max(dropout, default=0.0))
    options, kind = probe.optimizer.options, probe.optimizer_name
    rate, decay = float(options.get("lr", np.nan)), float(options.get("weight_decay", 0.0))
    one_rate = len({group.get("lr") for _, group in probe.optimizer.groups}) == 1
    return Settings(
        optimizer=NAMES.get(kind),
        rate=rate if one_rate and np.isfinite(rate) and rate > 0 else None,
        order=order,
        dropout=max(dropout, default=0.0),
        decay=decay if kind == "AdamW" else 0.0,
        l2=0.0 if kind == "AdamW" else decay,
    )
