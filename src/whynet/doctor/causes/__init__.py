"""The closed list of causes, one file each, whose docstring is the page that `whynet explain CAUSE` prints."""

from __future__ import annotations

from importlib import import_module
from typing import cast

from whynet.doctor.cause import Cause
from whynet.errors import UsageError, did_you_mean

NAMES = (
    "input-not-scaled",
    "input-not-centred",
    "bad-inputs",
    "features-destroyed",
    "labels-corrupted",
    "label-order-mismatch",
    "label-noise",
    "class-imbalance",
    "not-shuffled",
    "data-index-bug",
    "too-little-data",
    "preprocess-mismatch",
    "train-test-leak",
    "output-shape-mismatch",
    "softmax-single-unit",
    "wrong-output-activation",
    "missing-output-activation",
    "unstable-softmax",
    "cost-mismatch",
    "log-of-zero",
    "metric-wrong",
    "symmetric-init",
    "init-too-small",
    "init-too-large",
    "init-positive-saturation",
    "output-units-saturated",
    "missing-activation",
    "wrong-hidden-activation",
    "dead-relu",
    "vanishing-gradients",
    "too-deep",
    "bottleneck",
    "capacity-minimal",
    "no-bias",
    "lr-too-high",
    "lr-too-low",
    "undertrained",
    "batch-too-large",
    "stops-on-plateau",
    "gradient-not-averaged",
    "momentum-unscaled",
    "nan-hyperparameter",
    "regularisation-too-strong",
    "gradient-sign-flipped",
    "gradient-missing-derivative",
    "gradient-wrong-derivative",
    "gradient-wrong-term",
    "gradient-wrong-transpose",
    "bias-not-updated",
    "layer-not-updated",
    "gradient-buffer-not-reset",
    "gradient-check-invalid",
    "overfit",
    "underfit",
)

MEASURED = frozenset((
    "bad-inputs", "bias-not-updated", "data-index-bug", "gradient-buffer-not-reset", "gradient-check-invalid",
    "gradient-missing-derivative", "gradient-not-averaged", "gradient-sign-flipped", "gradient-wrong-derivative",
    "gradient-wrong-term", "gradient-wrong-transpose", "label-order-mismatch", "layer-not-updated", "log-of-zero",
    "metric-wrong", "missing-activation", "momentum-unscaled", "nan-hyperparameter", "no-bias", "not-shuffled",
    "preprocess-mismatch", "train-test-leak", "unstable-softmax",
))  # fmt: skip
"""Defects that are measured directly, whether or not they matter."""
LIMITS = frozenset((
    "bottleneck", "capacity-minimal", "overfit", "too-little-data", "undertrained", "underfit", "label-noise",
))  # fmt: skip
"""What bounds how good a network gets: it joins a set of changes only where nothing restores learning without it."""
AT_THE_OUTPUT = frozenset((
    "wrong-output-activation", "softmax-single-unit", "unstable-softmax", "output-shape-mismatch",
))  # fmt: skip
"""Defects of the output or the loss: while one is measured and not mended, nothing else is proved. A cost that is
merely slow (cost-mismatch) is none."""
STEPS = frozenset(("lr-too-low", "stops-on-plateau", "batch-too-large", "too-little-data", "undertrained"))
"""Causes that all mean too few steps, or too short ones; trials tell which."""


def cause(name: str) -> Cause:
    """The cause of that name.

    >>> cause("lr-too-high").__doc__.splitlines()[0]
    'The steps are too long.'

    Raises
    ------
    UsageError
        There is none.
    """
    if name not in NAMES:
        raise UsageError(f"there is no cause '{name}'", do=did_you_mean(name, NAMES))
    return cast(Cause, import_module(f"whynet.doctor.causes.{name.replace('-', '_')}"))


def pages() -> str:
    """All pages as one Markdown text; `make docs` writes it into docs/causes.md.

    >>> pages().startswith("# Causes")
    True
    """
    head = "# Causes: why a network does not learn\n\nMade from the docstrings of the causes by `make docs`."
    parts = [f"## {name}\n\n{(cause(name).__doc__ or '').strip()}" for name in NAMES]
    return "\n\n".join([head, *parts]) + "\n"
