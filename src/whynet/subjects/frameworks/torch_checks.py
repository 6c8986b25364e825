"""What only PyTorch can get wrong: what its optimizer holds, what a module knows of, numbers of sixteen bits."""

from __future__ import annotations

from collections.abc import Callable

from whynet.subjects.frameworks.torch_parameters import hidden, left_out
from whynet.subjects.frameworks.torch_precision import precision
from whynet.subjects.frameworks.torch_probe import TorchProbe
from whynet.subjects.inside.probe import Seen

CHECKS: dict[str, Callable[[TorchProbe], Seen]] = {
    "what the optimizer holds": left_out,
    "what the module knows of": hidden,
    "numbers of sixteen bits": precision,
}
