"""Repairs of a copy of a PyTorch module and of its loss, by the steps of `inside/repairs.py`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext, suppress
from typing import Any

from whynet.subjects.frameworks.torch_answers import main_output, with_outputs
from whynet.subjects.frameworks.torch_nested import array_of, mapped, seeded
from whynet.subjects.frameworks.torch_terms import terms_in, times
from whynet.subjects.inside.repairs import CALLS, LAYERS, LOSS, OUTPUTS, TARGETS, Step, written

SQUASHES = ("softmax", "log_softmax", "softmin", "sigmoid", "relu", "tanh")
LOGARITHMS = ("log", "log2", "log10")
DIVISIONS = ("div", "divide", "true_divide", "__truediv__", "__div__")
SMALL = 1e-7
"""In the place of 0, where a logarithm or a quotient is taken of it."""


def repaired(torch: Any, model: Any, call: Callable[[Any], Any], steps: Sequence[Step]) -> bool:
    """Repairs a copy of a module in its place; `call(model)` calls it. False where that cannot be done.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> model, X = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Softmax(dim=1)), torch.ones(4, 2)
    >>> repaired(torch, model, lambda one: one(X), [("bare",)])
    True
    >>> bool((model(X) == model[0](X)).all())
    True
    """
    for step in steps:
        if step[0] in CALLS:
            places = {training: _last_squash(torch, model, call, training) for training in (True, False)}
            if any(place is None for place in places.values()):
                return False
            around = _Around(step, places)
            model.register_forward_pre_hook(around.begin)
            model.register_forward_hook(around.end, always_call=True)
        elif step[0] in LAYERS and not _registered(torch, model):
            return False
    return True


def repaired_loss(torch: Any, loss: Any, steps: Sequence[Step]) -> Any:
    """The loss, given other outputs and targets, and computed otherwise; None where that cannot be done.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> Z, y = torch.ones(4, 3), torch.tensor([1, 2, 3, 1])
    >>> value = repaired_loss(torch, torch.nn.NLLLoss(), [("log-softmax", 1), ("shift", -1)])(Z, y)
    >>> round(float(value), 3)
    1.099
    """
    steps = [step for step in steps if step[0] in (*TARGETS, *OUTPUTS, *LOSS)]
    if not steps:
        return loss
    if loss is None:
        return None
    names = {step[0] for step in steps}
    own = _turned(torch, loss) if "reciprocal" in names else loss
    return None if own is None else _Repaired(torch, own, steps)


class _Repaired:
    """A loss of repaired outputs and targets."""

    def __init__(self, torch: Any, loss: Any, steps: Sequence[Step]) -> None:
        self.torch, self.loss = torch, loss
        self.targets = [step for step in steps if step[0] in TARGETS]
        self.outputs = [step for step in steps if step[0] in OUTPUTS]
        self.finite = any(step[0] == "finite" for step in steps)
        self.evened = [step for step in steps if step[0] == "evened"]
        self.__name__ = str(getattr(loss, "__name__", type(loss).__name__))

    def __call__(self, raw: Any, targets: Any) -> Any:
        torch, main = self.torch, main_output(raw)
        if self.targets:
            targets = mapped(targets, lambda one: torch.as_tensor(written(self.targets, array_of(one))), torch)
        if self.outputs:
            raw = with_outputs(raw, main, put(torch, main, self.outputs))
        with _finite(torch) if self.finite else nullcontext():
            value = self.loss(raw, targets)
        terms = terms_in(value) if self.evened else []
        for _, place, factor in self.evened:
            if place < len(terms) and len(terms) > 1:
                terms[place].register_prehook(times(factor))
        return value


def put(torch: Any, z: Any, steps: Sequence[Step]) -> Any:
    """Outputs with what these steps put behind them.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> put(torch, torch.zeros(1, 2), [("softmax", 1)]).tolist()
    [[0.5, 0.5]]
    """
    for what, *numbers in steps:
        if what == "softmax":
            z = torch.softmax(z, numbers[0])
        elif what == "log-softmax":
            z = torch.log_softmax(z, numbers[0])
        elif what == "sigmoid":
            z = torch.sigmoid(z)
        elif what == "softplus":
            z = torch.nn.functional.softplus(z)
        elif what == "log":
            z = torch.log(z.clamp(min=SMALL))
        elif what == "moved":
            z = z.swapaxes(1, 2)
    return z


def _last_squash(torch: Any, model: Any, call: Callable[[Any], Any], training: bool) -> int | None:
    """Which of the calls that squash gives the answer, in that mode; None where none does."""
    made: list[Any] = []

    class Listening(torch.overrides.TorchFunctionMode):  # type: ignore[misc]
        def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            value = function(*args, **(kwargs or {}))
            if getattr(function, "__name__", "").removesuffix("_") in SQUASHES:
                made.append(value)
            return value

    modes = [(one, one.training) for one in model.modules()]
    try:
        model.train(training)
        with torch.no_grad(), seeded(torch), Listening():
            outputs = main_output(call(model))
    except Exception:  # normalisation of one row, say
        return None
    finally:
        for one, before in modes:
            one.training = before
    if outputs is None:
        return None
    same = [
        place
        for place, one in enumerate(made)
        if one.data_ptr() == outputs.data_ptr() and one.numel() == outputs.numel()
    ]
    return same[-1] if same else None


class _Around:
    """Two hooks around a module's call, between which its last squash is another."""

    def __init__(self, step: Step, places: dict[bool, int | None]) -> None:
        self.step, self.places = step, places
        self._modes: list[Any] = []

    def __deepcopy__(self, memo: object) -> _Around:
        return _Around(self.step, self.places)

    def begin(self, module: Any, given: Any) -> None:
        mode = self._mode(self.places[module.training])
        mode.__enter__()
        self._modes.append(mode)

    def end(self, module: Any, given: Any, made: Any) -> None:
        if self._modes:
            self._modes.pop().__exit__(None, None, None)

    def _mode(self, place: int | None) -> Any:
        import torch

        step, count = self.step, [0]

        class Otherwise(torch.overrides.TorchFunctionMode):  # type: ignore[misc]
            def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
                kwargs, name = dict(kwargs or {}), getattr(function, "__name__", "").removesuffix("_")
                if name not in SQUASHES:
                    return function(*args, **kwargs)
                count[0] += 1
                if count[0] - 1 != place:
                    return function(*args, **kwargs)
                z = args[0] if args else kwargs["input"]
                if step[0] == "bare":
                    return z
                if step[0] == "alone":
                    return torch.nn.functional.logsigmoid(z) if name == "log_softmax" else torch.sigmoid(z)
                return torch.log_softmax(z, step[1]) if name == "log_softmax" else torch.softmax(z, step[1])

        return Otherwise()


def _finite(torch: Any) -> Any:
    """Within it no logarithm and no quotient is taken of 0."""

    class Finite(torch.overrides.TorchFunctionMode):  # type: ignore[misc]
        def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            name, given = getattr(function, "__name__", ""), list(args)
            if name in LOGARITHMS and given:
                given[0] = given[0].clamp(min=SMALL)
            elif name in DIVISIONS and len(given) > 1 and isinstance(given[1], torch.Tensor):
                given[1] = torch.where(given[1] == 0, torch.full_like(given[1], SMALL), given[1])
            return function(*given, **(kwargs or {}))

    return Finite()


def _turned(torch: Any, loss: Any) -> Any:
    """A copy of a loss with the reciprocal of its weights; None where it has none."""
    import copy

    made = copy.deepcopy(loss)
    for name in ("weight", "pos_weight"):
        own = getattr(made, name, None)
        if isinstance(own, torch.Tensor) and own.numel() and bool((own > 0).all()):
            turned = 1 / own
            setattr(made, name, turned / turned.mean() if own.numel() > 1 else turned)
            return made
    return None


def _registered(torch: Any, model: Any) -> bool:
    """Makes layers that stand in plain lists and dicts known to the module; False where there are none."""
    known, found = {id(one) for one in model.modules()}, False
    for module in list(model.modules()):
        for name, value in list(vars(module).items()):
            if name.startswith("_"):
                continue
            if isinstance(value, torch.Tensor) and value.requires_grad and value.is_leaf:
                with suppress(Exception):
                    delattr(module, name)
                    setattr(module, name, torch.nn.Parameter(value.detach()))
                    found = True
                continue
            listed = value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else ()
            for place, one in enumerate(listed):
                if isinstance(one, torch.nn.Module) and id(one) not in known:
                    module.add_module(f"{name}_{place}", one)  # the list stays, as `forward` asks for it
                    found = True
    return found
