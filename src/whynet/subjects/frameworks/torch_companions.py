"""Does an example's answer hang on what it should not: its neighbours in the batch, an earlier call, the mode?

Every check asks copies, and compares answers: a difference of more than rounding, in units of the answers' own spread.
"""

from __future__ import annotations

from typing import Any

from whynet.doctor.diagnosis import Finding, Gap, Status
from whynet.doctor.symptoms.passes import COMPANIONS, MODES_APART, NORMALISED_OVER, SECOND_CALL
from whynet.errors import UsageError
from whynet.subjects.frameworks.torch_probe import Probe, ProbeError, Seen, tensors_in

DIFFERENT = 1e-3  # sd of the outputs: rounding is a thousand times smaller
FEWEST = 4  # examples, of which half are exchanged
FEW_TO_NORMALISE = 3  # values: a mean of so few is mostly chance
MOST_ROWS = 32  # examples asked: more say the same


def answers(probe: Probe, inputs: Any = None, model: Any = None, *, training: bool = False) -> Any:
    """The outputs of a copy in that mode, as float64 numbers.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> answers(Probe.of(torch, torch.nn.Linear(4, 3), None, torch.rand(6, 4))).dtype
    torch.float64

    Raises
    ------
    ProbeError
        The module cannot be called so, or answers without numbers.
    """
    model = probe.fresh() if model is None else model
    with probe.torch.no_grad():
        outputs = probe.outputs(probe.call(model.train(training), inputs))
    if outputs is None or not outputs.is_floating_point():
        raise ProbeError("the module answers without real numbers")
    return outputs.detach().double().clone()


def change(one: Any, other: Any) -> float:
    """The largest difference, in standard deviations of the numbers; NaN where shapes or numbers cannot be compared.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> change(torch.tensor([0.0, 2.0]), torch.tensor([0.0, 1.0])) > 0.5
    True
    """
    if one.shape != other.shape or not one.numel() or not bool((one.isfinite() & other.isfinite()).all()):
        return float("nan")
    spread = float(one.std(correction=0)) if one.numel() > 1 else 0.0
    return float((one - other).abs().max()) / max(spread, 1e-4 * float(one.abs().max()), 1e-30)


def mixed_batch(probe: Probe) -> Seen:
    """Whether an example's answer changes with the other examples of its batch, in evaluation mode.

    Answers that are as many for an example as there are examples compare them on purpose, and are left alone; so are
    modules that only take batches of one size, or inputs that are no examples one below the other.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> model = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.Softmax(dim=0))
    >>> [one.cause for one in mixed_batch(Probe.of(torch, model, None, torch.rand(8, 4))).findings]
    ['batch-mixed']
    """
    try:
        return _mixed_batch(probe)
    except UsageError as error:
        return Seen(gaps=[Gap("whether examples of a batch are mixed", error.message)])


def _mixed_batch(probe: Probe) -> Seen:
    torch, rows = probe.torch, min(probe.rows, MOST_ROWS)
    given = tensors_in(probe.inputs, torch)
    if rows < FEWEST or any(one.ndim == 0 or len(one) != probe.rows for one in given):
        return Seen()
    if any(one.ndim == 2 and one.shape[1] == probe.rows and bool((one == one.T).all()) for one in given):
        return Seen()  # which examples are tied to which: a graph
    others = {size for one in given for size in one.shape[1:]}
    rows = next((n for n in range(rows, FEWEST - 1, -1) if n not in others), rows)
    half = rows // 2
    some = probe.take(list(range(rows)))[0]
    model = _normalising_fixed(torch, probe.fresh())
    fewer = answers(probe, probe.take(list(range(half)))[0], _normalising_fixed(torch, probe.fresh()))
    whole = answers(probe, some, model)
    if whole.ndim == 0 or len(whole) != rows or fewer.shape[1:] != whole.shape[1:]:
        return Seen()  # no answer for each example, or one for each pair of them
    largest, where = 0.0, ""
    for kept, put in ((range(half), range(half, rows)), (range(half, rows), range(half))):
        index = list(range(rows))
        for place, other in zip(put, list(kept) * 2, strict=False):
            index[place] = other
        beside, own = probe.take(index)[0], list(kept)
        moved = change(whole[own], answers(probe, beside, _normalising_fixed(torch, probe.fresh()))[own])
        if moved > largest:
            largest, where = moved, _where_mixed(probe, some, beside, own, rows)
    fact = COMPANIONS.measured(largest)
    if not largest > DIFFERENT:
        return Seen([fact])
    return Seen([fact], [Finding("batch-mixed", "found", (fact,), detail=where)])


def _normalising_fixed(torch: Any, model: Any) -> Any:
    """Batch normalisation that goes by its batch even in evaluation mode is meant to: it is given fixed numbers."""
    for layer in model.modules():
        if isinstance(layer, torch.nn.modules.batchnorm._BatchNorm) and layer.running_mean is None:
            like = next(iter(layer.parameters()), torch.ones(1))
            layer.running_mean = torch.zeros(layer.num_features, dtype=like.dtype)
            layer.running_var = torch.ones(layer.num_features, dtype=like.dtype)
    return model


def _where_mixed(probe: Probe, inputs: Any, beside: Any, own: list[int], rows: int) -> str:
    """The first layer before, or in, which the examples kept are no longer what they were, and what to change."""
    first, second = (_passed(probe, given, rows) for given in (inputs, beside))
    last = ""
    for (name, layer, part, a), (other, _, _, b) in zip(first, second, strict=False):
        if name != other or a.shape != b.shape:
            break
        if change(a[own], b[own]) > DIFFERENT:
            if part == "in":
                after = f"between `{last}` and `{name}`" if last else f"before `{name}`"
                return f"{after} rows are mixed: `permute` in place of `view` and `reshape`; no sum over dim 0"
            above = name.rpartition(".")[0]
            if type(probe.model.get_submodule(above)).__name__.startswith("Transformer"):
                name, whole = above, probe.model.get_submodule(above)  # which hands `batch_first` down to its parts
            else:
                whole = layer
            kind = type(whole).__name__
            if getattr(layer, "batch_first", None) is False:
                return f"`{name}` takes dim 0 for time: `nn.{kind}(..., batch_first=True)`"
            if kind in ("Softmax", "LogSoftmax") and layer.dim == 0:
                return f"`{name}` is a softmax over the batch: `nn.{kind}(dim=-1)`"
            return f"`{name}` ({kind}) mixes the rows of a batch: dim 0 is the batch"
        last = name if part == "out" else last
    return f"after `{last}` rows are mixed: no sum, softmax or `view` over dim 0" if last else "dim 0 is the batch"


def _passed(probe: Probe, inputs: Any, rows: int) -> list[tuple[str, Any, str, Any]]:
    """What goes into and comes out of each layer that has a row for each example, in the order of the calls."""
    seen: list[tuple[str, Any, str, Any]] = []
    model = _normalising_fixed(probe.torch, probe.fresh())

    def note(name: str, part: str) -> Any:
        def hook(layer: Any, given: Any, made: Any = None) -> None:
            first = next(iter(tensors_in(given if part == "in" else made, probe.torch)), None)
            if first is not None and first.is_floating_point() and first.ndim and len(first) == rows:
                seen.append((name, layer, part, first.detach().double().clone()))

        return hook

    for name, layer in model.named_modules():
        whole = hasattr(layer, "batch_first") or not any(True for _ in layer.children())
        inside = any(hasattr(model.get_submodule(above), "batch_first") for above in _above(name) if above)
        if name and whole and not inside:
            layer.register_forward_pre_hook(note(name, "in"))
            layer.register_forward_hook(note(name, "out"))
    answers(probe, inputs, model)
    return seen


def _above(name: str) -> list[str]:
    """The names of the modules that hold this one.

    >>> _above("body.0.conv")
    ['body', 'body.0']
    """
    parts = name.split(".")
    return [".".join(parts[:i]) for i in range(1, len(parts))]


def small_batches(probe: Probe) -> Seen:
    """Whether batch normalisation goes by the mean of next to nothing.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> model = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.BatchNorm1d(3))
    >>> [one.cause for one in small_batches(Probe.of(torch, model, None, torch.rand(2, 4))).findings]
    ['batch-norm-small-batch']
    """
    torch, fewest, name = probe.torch, float("inf"), ""
    if probe.rows > FEW_TO_NORMALISE:
        return Seen()
    norm = torch.nn.modules.batchnorm._BatchNorm
    sizes: dict[str, float] = {}
    model = probe.fresh().train()

    def note(own: str) -> Any:
        def hook(layer: Any, given: Any) -> None:
            if layer.training:
                sizes.setdefault(own, given[0].numel() / max(given[0].shape[1], 1))

        return hook

    for own, layer in model.named_modules():
        if isinstance(layer, norm):
            layer.register_forward_pre_hook(note(own))
    try:
        answers(probe, None, model, training=True)
    except UsageError as error:
        if not sizes:
            return Seen(gaps=[Gap("what batch normalisation goes by", error.message)])
    for own, size in sizes.items():
        if size < fewest:
            fewest, name = size, own
    if not name:
        return Seen()
    fact = NORMALISED_OVER.measured(fewest)
    if fewest > FEW_TO_NORMALISE:
        return Seen([fact])
    words = f"`{name}` takes means of {fewest:.0f} values: batches of 16 or more, or `nn.GroupNorm`, `nn.LayerNorm`"
    return Seen([fact], [Finding("batch-norm-small-batch", "found", (fact,), detail=words)])


def second_call(probe: Probe) -> Seen:
    """Whether a module in evaluation mode answers the same batch otherwise the second time: it remembers the first.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> second_call(Probe.of(torch, torch.nn.Linear(4, 3), None, torch.rand(8, 4))).findings
    []
    """
    model = probe.fresh()
    try:
        first = answers(probe, None, model)
        kept = _remembered(probe.torch, model)
        moved = change(first, answers(probe, None, model))
        again = change(first, answers(probe))
    except UsageError as error:
        return Seen(gaps=[Gap("whether anything is remembered from call to call", error.message)])
    fact = SECOND_CALL.measured(moved)
    if not moved > DIFFERENT or not again <= DIFFERENT:
        return Seen([fact], [])
    now = _remembered(probe.torch, model)
    names = [name for name, one in now.items() if name not in kept or change(kept[name], one) > 0]
    buffers = {name for name, _ in model.named_buffers()}
    hidden = [name for name in names if name not in buffers]
    steps = len(first) == probe.rows and first.ndim == 2  # one answer for an example: the next batch is another one
    words = f"`self.{hidden[0]}` is kept from batch to batch: " if hidden else "something is kept from batch to batch: "
    words += "begin with zeros in `forward`, or `.detach()` it and clear it where the examples begin anew"
    status: Status = "found" if hidden and steps else "suspected"
    return Seen([fact], [Finding("state-carried-over", status, (fact,), detail=words)])


def _remembered(torch: Any, model: Any) -> dict[str, Any]:
    """The tensors that a module and its parts hold, apart from parameters."""
    held = dict(model.named_buffers())
    for name, part in model.named_modules():
        for key, value in vars(part).items():
            inner = value if isinstance(value, (tuple, list)) else [value]
            for one in inner:
                if isinstance(one, torch.Tensor) and one.is_floating_point():
                    held.setdefault(f"{name}.{key}" if name else key, one)
    return {name: one.detach().double().clone() for name, one in held.items() if one is not None}


def handed_over(probe: Probe) -> Seen:
    """Whether the module was handed over in evaluation mode though it acts otherwise in training mode.

    Batch normalisation that never saw a batch is a sign that no step was ever taken in training mode.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> model = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.Dropout(0.5)).eval()
    >>> [(one.cause, one.status) for one in handed_over(Probe.of(torch, model, None, torch.rand(8, 4))).findings]
    [('mode-wrong-in-training', 'suspected')]
    """
    if probe.model.training:
        return Seen()
    try:
        moved = change(answers(probe), answers(probe, training=True))
    except UsageError as error:
        return Seen(gaps=[Gap("what training mode changes", error.message)])
    fact = MODES_APART.measured(moved)
    if not moved > DIFFERENT:
        return Seen([fact])
    norms = [one for one in probe.model.modules() if getattr(one, "num_batches_tracked", None) is not None]
    never = bool(norms) and all(int(one.num_batches_tracked) == 0 for one in norms)
    if norms and not never:
        return Seen([fact])  # it was trained in training mode, and evaluated last
    words = "handed over in evaluation mode: `model.train()` before each epoch, `model.eval()` to evaluate only"
    status: Status = "found" if never else "suspected"
    return Seen([fact], [Finding("mode-wrong-in-training", status, (fact,), detail=words)])
