"""Copies of a PyTorch module, trained with one thing changed."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from whynet.data.protocol import Problem
from whynet.doctor.change import Change, Wording
from whynet.doctor.diagnosis import Settings
from whynet.errors import UsageError
from whynet.subjects.adapter import Hidden, Inside, Trained, has, mended, number, orders, prepared, targets_as, times
from whynet.subjects.frameworks.torch_inside import (
    gradient_and_step,
    has_weights,
    hidden_units,
    layers_called,
    weights_of,
)
from whynet.subjects.frameworks.torch_loop import Loop, needs_closure
from whynet.subjects.frameworks.torch_mends import put, repaired, repaired_loss
from whynet.subjects.frameworks.torch_trace import outputs_of
from whynet.subjects.inside.how import How
from whynet.subjects.inside.repairs import CALLS, OUTPUTS, Step, steps_of
from whynet.subjects.recreate import squashed
from whynet.types import Array

PROBE = 500  # rows
FROZEN, FORGOTTEN, CROSSED = "frozen-layer", "forgotten-bias", "crossed-targets"
SEVERAL = 1e8  # multiply-adds of a step: from here on it is worth more than one thread
ACTIVATIONS = {"relu": "ReLU", "leaky-relu": "LeakyReLU", "tanh": "Tanh", "sigmoid": "Sigmoid", "identity": "Identity"}
SQUASHES = {"Softmax": "softmax", "LogSoftmax": "log-softmax", "Sigmoid": "sigmoid", "ReLU": "relu", "Tanh": "tanh"}
NOT_MADE = {
    "biases": "biases are not added to a module's layers",
    "clip": "gradients are not clipped in the trials",
    "depth": "a module's layers are not taken away",
    "mode": "trials switch between training and evaluation mode as they should",
    "optimizer": "no other optimizer is tried",
    "schedule": "the learning rate stays constant in the trials",
    "width": "a module's layers are not made wider",
}
UNKNOWN = "what squashes its outputs is a call inside forward that cannot be taken away"
LOSSES = {"quadratic": "MSELoss", "absolute": "L1Loss", "huber": "HuberLoss"}
"""Of numbers, which stay the targets that they are."""
SCHEMES = ("he", "scaled-normal", "glorot", "zeros", "anew")


def copied(torch: Any, model: Any) -> Any:
    """A copy on the CPU to do anything with.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> model = torch.nn.Linear(2, 1)
    >>> copied(torch, model).weight is model.weight
    False
    """
    try:
        made = copy.deepcopy(model).to("cpu")
    except Exception as error:
        raise UsageError(
            f"the module cannot be copied: {error}",
            do="Hand it over before its first use, or without tensors that hang on a computation",
        ) from None
    for own, other in zip(model.parameters(), made.parameters(), strict=True):  # a copied parameter has lost its hooks
        for hook in (own._backward_hooks or {}).values():
            other.register_hook(hook)
    return made


@dataclass(frozen=True)
class OptimizerSettings:
    """An optimizer's class and settings, apart from the parameters that it holds: those are named.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> model = torch.nn.Linear(2, 1)
    >>> OptimizerSettings.of(model, torch.optim.SGD([model.weight], lr=0.5)).left_out
    ('bias',)
    """

    kind: Any
    groups: tuple[tuple[tuple[str, ...], dict[str, Any]], ...]
    left_out: tuple[str, ...]
    others: int = 0
    """Parameters that it holds and the module does not know of."""

    @staticmethod
    def of(model: Any, optimizer: Any) -> OptimizerSettings:
        """Those of an optimizer for this module."""
        names = {id(parameter): name for name, parameter in model.named_parameters()}
        groups = []
        for group in optimizer.param_groups:
            held = tuple(names[id(parameter)] for parameter in group["params"] if id(parameter) in names)
            groups.append((held, {key: value for key, value in group.items() if key != "params"}))
        known = {name for held, _ in groups for name in held}
        left = [name for name, one in model.named_parameters() if name not in known or not one.requires_grad]
        others = sum(id(one) not in names for group in optimizer.param_groups for one in group["params"])
        return OptimizerSettings(type(optimizer), tuple(groups), tuple(left), others)

    def make(self, model: Any, rate: float, *, whole: bool, decay: float | None = None) -> Any:
        """An optimizer of this kind for another copy of the module, its rates times `rate`; `whole`: it holds what was
        left out too; `decay`: in place of its weight decay."""
        parameters = dict(model.named_parameters())
        groups = []
        known = {name for held, _ in self.groups for name in held}
        for index, (held, options) in enumerate(self.groups):
            others = [name for name in parameters if name not in known]
            names = (*held, *others) if whole and index == 0 else held
            chosen = [parameters[name] for name in names]
            if chosen:
                other = {} if decay is None or "weight_decay" not in options else {"weight_decay": decay}
                step = {"lr": options["lr"] * rate} if "lr" in options else {}
                groups.append({**options, **other, **step, "params": chosen})
        return self.kind(groups) if groups else None

    @property
    def needs_closure(self) -> bool:
        """Whether a step cannot do without a function that computes the loss again."""
        return needs_closure(self.kind.step)

    @property
    def options(self) -> dict[str, Any]:
        """The settings of the first group."""
        return self.groups[0][1]


class TorchAdapter:
    """Trains copies of a module. `target(y)` makes what the loss is given of what the `problem` keeps.

    >>> TorchAdapter.why_not.__doc__
    'None if a copy can be trained with these changes, or the reason.'
    """

    def __init__(
        self,
        torch: Any,
        model: Any,
        loss: Any,
        optimizer: OptimizerSettings,
        target: Callable[[Array], Any],
        settings: Settings,
        wording: Wording,
        *,
        fitting: Sequence[str] = (),
        loop: How = How(),  # noqa: B008 - it is never changed
        middle: float = 0.0,
        squash: str = "identity",
        example: Any = None,
        shape: tuple[int, ...] = (-1,),
        problem: Problem | None = None,
    ) -> None:
        self.problem = problem
        self.torch, self.model, self.loss, self.optimizer, self.target = torch, model, loss, optimizer, target
        self.settings, self.wording, self.fitting, self.middle = settings, wording, tuple(fitting), middle
        self.squash, self.loop = squash, loop
        self.chance = True
        """Whether dropout draws in training."""
        self.example, self.shape = example, shape
        self._multiply_adds = _multiply_adds(torch, model, example)

    def multiply_adds(self) -> float:
        """Those of one row on its way forward."""
        return self._multiply_adds

    def weights(self) -> Mapping[str, Array]:
        """The weights of dense and convolutional layers, (fan_in, fan_out)."""
        return {
            name: weights_of(module).astype(np.float32)
            for name, module in self.model.named_modules()
            if has_weights(module) and module.weight.numel() > 1
        }

    def inside(self, X: Array, y: Array) -> Inside:
        """What a copy is inside, on these rows; the step is on as many of them as a batch has."""
        torch, size = self.torch, min(self.settings.batch or 32, len(X))
        model = copied(torch, self.model)
        given, targets = torch.as_tensor(X).to(next(model.parameters()).dtype), self.target(y)
        layers = layers_called(torch, model, given)
        biases = [getattr(layer, "bias", None) for layer in layers]
        drawn = [
            (weights_of(layer), None if b is None else b.detach().double().numpy().copy())
            for layer, b in zip(layers, biases, strict=True)
        ]
        hidden, unseen = hidden_units(torch, model, given), {}
        if not layers:
            unseen["layers"] = "it has no dense or convolutional layer"
        if not hidden and len(layers) > 1:
            unseen["hidden"] = "no activation that is known here is called between its layers"
        optimizer = self.optimizer.make(model, 1.0, whole=False)
        gradients: list[Array] = []
        step: list[tuple[Array, Array]] = []
        if optimizer is None:
            unseen |= dict.fromkeys(("gradients", "step"), "its optimizer holds none of its parameters")
        else:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)
                gradients, step = gradient_and_step(
                    optimizer, layers,
                    lambda: self.loss(model(given), targets), lambda: self.loss(model(given[:size]), targets[:size]),
                )  # fmt: skip
        return Inside(
            drawn, hidden=None if "hidden" in unseen else hidden, gradients=gradients, step=step, unseen=unseen
        )

    def why_not(self, changes: Sequence[Change]) -> str | None:
        """None if a copy can be trained with these changes, or the reason."""
        for change in changes:
            reason = self._why_not(change)
            if reason:
                return reason
        return None

    def _why_not(self, change: Change) -> str | None:
        kind, numbers = change.kind, change.numbers
        if kind == "mend" and steps_of([change]) and not self._can_be_repaired(change):
            return "what is wrong there cannot be mended on a copy"
        if kind == "rate" and "lr" not in self.optimizer.options:
            return "its optimizer has no learning rate `lr`"
        if kind in ("rate", "epochs", "batch", "shuffle", "scale-inputs", "mend", "rows"):
            return "it has no rule for stopping early" if "early_stop" in numbers else None
        if kind == "weights":
            if numbers["scheme"] not in SCHEMES:
                return f"initial weights '{numbers['scheme']}' are not drawn in a module"
            return None if self.weights() else "it has no dense or convolutional layer"
        if kind == "activation":
            if numbers["name"] not in ACTIVATIONS:
                return f"no activation '{numbers['name']}' is put into a module"
            return None if self._activations() else "its activations are calls inside forward, no modules"
        if kind == "output":
            if numbers["name"] != "identity":
                return "no module is added after the last layer"
            return None if self.squash in ("softmax", "log-softmax", "sigmoid") or self._last_squash() else UNKNOWN
        if kind == "dropout":
            return None if self._dropouts() else "it has no dropout layers, and none is added"
        if kind == "penalty":
            known = "weight_decay" in self.optimizer.options or (numbers.get("off") and self._dropouts())
            return None if known else "its optimizer has no weight decay"
        if kind == "scale-targets":
            return None if self._of_numbers else "class numbers are not scaled"
        if kind == "cost":
            known = self._of_numbers and numbers.get("name") in LOSSES
            return None if known else "no other loss is tried, as its targets would have to be others too"
        return NOT_MADE.get(kind, f"a module is not trained with another {kind}")

    def _can_be_repaired(self, change: Change) -> bool:
        steps = steps_of([change])
        called = self.example is not None or all(step[0] not in CALLS for step in steps)
        return (
            called and self._repaired(copied(self.torch, self.model), steps) and self._repaired_loss(steps) is not None
        )

    def _repaired(self, model: Any, steps: Sequence[Step]) -> bool:
        dtype = next(model.parameters()).dtype
        return repaired(self.torch, model, lambda one: one(self.example.to(dtype)), steps)

    def _repaired_loss(self, steps: Sequence[Step]) -> Any:
        return repaired_loss(self.torch, self.loss, steps)

    @property
    def _of_numbers(self) -> bool:
        return self.problem is not None and self.problem.kind == "regression"

    def _modules(self, model: Any, names: Sequence[str]) -> list[tuple[str, Any]]:
        return [(path, one) for path, one in model.named_modules() if type(one).__name__ in names]

    def _activations(self) -> list[str]:
        last = self._last_squash()
        kinds = [*ACTIVATIONS.values(), "ELU", "GELU", "Softmax"]
        return [path for path, _ in self._modules(self.model, kinds) if path and path != last]

    def _last_squash(self) -> str | None:
        """The path of the module that comes last, if it squashes."""
        leaves: list[tuple[str, Any]] = [
            (path, one) for path, one in self.model.named_modules() if not list(one.children()) and path
        ]
        if leaves and SQUASHES.get(type(leaves[-1][1]).__name__, "") == self.squash:
            return leaves[-1][0]
        return None

    def _dropouts(self) -> list[str]:
        return [path for path, one in self.model.named_modules() if type(one).__name__.startswith("Dropout")]

    # ---- a copy with the changes

    def _copy(self, changes: Sequence[Change], seed: int) -> Any:
        torch, nn = self.torch, self.torch.nn
        model = copied(torch, self.model)
        if seed:  # another seed is another draw, of the same kind
            _redrawn(torch, model, self.model)
        for change in changes:
            numbers = change.numbers
            if change.kind == "weights":
                self._draw(model, numbers["scheme"], numbers.get("part", "all"))
            elif change.kind == "activation":
                for path in self._activations():
                    _put(model, path, getattr(nn, ACTIVATIONS[numbers["name"]])())
                if "weights" in numbers:
                    self._draw(model, numbers["weights"], "all")
            elif change.kind == "output" and self._last_squash():
                _put(model, self._last_squash() or "", nn.Identity())
            elif change.kind in ("dropout", "penalty"):
                for path in self._dropouts():
                    if change.kind == "dropout" or numbers.get("off"):
                        model.get_submodule(path).p = numbers.get("rate", 0.0)
        self._repaired(model, _repairs(changes))
        return model

    def _loss(self, changes: Sequence[Change]) -> Any:
        """The loss; of what a call inside forward squashes, the loss of what was squashed."""
        loss, names = (
            self._repaired_loss(_repairs(changes)),
            [change.numbers.get("name") for change in changes if change.kind == "cost"],
        )
        if names:
            loss = getattr(self.torch.nn, LOSSES[str(names[-1])])()
        crossed = CROSSED in mended(self.fitting, changes)
        if (names or CROSSED in self.fitting) and not crossed:
            return self._bared(lambda outputs, targets: loss(outputs, targets.reshape(outputs.shape)), changes)
        return self._bared(loss, changes)

    def _bared(self, loss: Any, changes: Sequence[Change]) -> Any:
        undo = self._undo(changes)
        return loss if undo is None else lambda outputs, targets: loss(undo(outputs), targets)

    def _undo(self, changes: Sequence[Change]) -> Callable[[Any], Any] | None:
        """What takes away the squashing by a call inside forward; None where that is not asked for."""
        if not has(changes, "output") or self._last_squash():
            return None
        torch = self.torch
        inverse: dict[str, Callable[[Any], Any]] = {
            "softmax": lambda a: a.clamp(min=1e-30).log(),
            "sigmoid": lambda a: torch.logit(a, eps=1e-7),
        }
        undo: Callable[[Any], Any] = inverse.get(self.squash, lambda a: a)
        return undo

    def _draw(self, model: Any, scheme: str, part: str) -> None:
        init = self.torch.nn.init
        layers = [one for one in model.modules() if has_weights(one)]
        for layer in layers[-1:] if part == "output weights" else layers:
            bias = getattr(layer, "bias", None)
            if part == "biases":
                if bias is not None:
                    init.zeros_(bias)
                continue
            if scheme == "anew":
                layer.reset_parameters()
                continue
            fan_in = layer.weight[0].numel()
            sd = {"he": (2 / fan_in) ** 0.5, "scaled-normal": fan_in**-0.5, "zeros": 0.0}.get(scheme)
            if sd is None:
                init.xavier_normal_(layer.weight)
            else:
                init.normal_(layer.weight, std=sd)
            if bias is not None:
                init.zeros_(bias)

    def _shown(self, outputs: Array, steps: Sequence[Step]) -> Array:
        """Outputs, (rows, outputs), with what a repair puts behind them, around the same middle."""
        made = put(self.torch, self.torch.as_tensor(outputs).reshape(len(outputs), *self.shape), steps)
        own: Array = made.reshape(len(outputs), -1).numpy()
        return own + (self.middle - 0.5) if steps[-1][0] == "sigmoid" else own

    def steps_from(
        self,
        layers: Sequence[tuple[Array, Array]],
        X: Array,
        y: Array,
        steps: int,
        *,
        times: float = 1.0,
        dropout: bool = True,
    ) -> Trained:
        """A few steps on the rows as they lie, from these weights of its dense layers."""
        plain = copy.copy(self)
        plain.settings, plain.chance = replace(self.settings, order="file"), not dropout
        plain.model = copied(self.torch, self.model)
        for layer, (W, b) in zip(called(self.torch, plain.model, X[:2]), layers, strict=True):
            with self.torch.no_grad():
                layer.weight.copy_(self.torch.as_tensor(W.T.copy()))
                layer.bias.copy_(self.torch.as_tensor(b.copy()))
        rate = (Change("rate", {"times": times}),)
        return plain.train(X, y, rate, seed=0, steps=steps, stop=lambda: False)

    def _to_train(self, model: Any) -> None:
        """Training mode; without chance only where statistics are taken."""
        model.train(self.chance)
        if not self.chance:
            for one in model.modules():
                if hasattr(one, "running_mean"):
                    one.train()

    def train(
        self, X: Array, y: Array, changes: Sequence[Change], *, seed: int, steps: int, stop: Callable[[], bool]
    ) -> Trained:
        """One arm, on one thread where it is small."""
        threads = self.torch.get_num_threads()
        if self._multiply_adds * (self.settings.batch or 32) < SEVERAL:
            self.torch.set_num_threads(1)
        try:
            with warnings.catch_warnings():  # they are said of the original where they say something
                warnings.simplefilter("ignore", UserWarning)
                return self._train(X, y, changes, seed, steps, stop)
        finally:
            self.torch.set_num_threads(threads)

    def _train(
        self, X: Array, y: Array, changes: Sequence[Change], seed: int, total: int, stop: Callable[[], bool]
    ) -> Trained:
        torch, loss = self.torch, self._loss(changes)
        size = min(int(number(changes, "batch", "size") or self.settings.batch or 32), len(X))
        torch.manual_seed(seed)
        model = self._copy(changes, seed)
        left = mended(self.fitting, changes)
        gone = set(self.fitting) - set(left)
        whole = bool(gone & {FROZEN, FORGOTTEN}) and not {FROZEN, FORGOTTEN} & set(left)
        if whole:
            model.requires_grad_(True)
        decay = 0.0 if number(changes, "penalty", "off") else number(changes, "penalty", "l2")
        optimizer = self.optimizer.make(model, times(changes), whole=whole, decay=decay)
        dtype = next(model.parameters()).dtype
        prepare = prepared(X, changes)
        fitted = None if self.problem is None else targets_as(self.problem, y, changes)
        given = torch.as_tensor(prepare(X)).to(dtype)
        targets = self.target(fitted.targets(y, fitted.outputs) if fitted is not None and self._of_numbers else y)
        shown = [step for step in _repairs(changes) if step[0] in OUTPUTS]

        def cost() -> float:
            model.train(False)
            with torch.no_grad():
                return float(loss(model(given[:PROBE]), targets[:PROBE]))

        def scores(rows: Array) -> Array:
            outputs = outputs_of(torch, model, torch.as_tensor(prepare(rows)))
            if shown:
                outputs = self._shown(outputs, shown)
            if fitted is not None and self._of_numbers:
                undo = self._undo(changes)
                return fitted.predictions(outputs if undo is None else undo(torch.as_tensor(outputs)).numpy())
            bare = has(changes, "output") and self.squash == "sigmoid" and self._last_squash()
            return squashed("sigmoid", outputs) if bare else outputs  # `middle` is that of squashed outputs

        shuffled = self.settings.order != "file" or has(changes, "shuffle")
        start, curve, taken, epoch = cost(), [], 0, 0
        if optimizer is None:  # it holds nothing of this module: its steps change nothing
            taken = total
        loop = None if optimizer is None else Loop(torch, optimizer, self.loop.without(gone))
        while loop is not None and taken < total and not stop():
            order = orders(len(X), seed, epoch, shuffled=shuffled)
            self._to_train(model)
            for first in range(0, len(X), size):
                rows = torch.as_tensor(order[first : first + size])
                if len(rows) < 2 and first:  # a rest of one row, which normalisation cannot do
                    continue

                def value_of(rows: Any = rows) -> Any:
                    return loss(model(given[rows]), targets[rows])

                value = loop.step(value_of)
                taken += 1
                if taken in (1, 2, 4, 8) or taken % max(1, total // 8) == 0:
                    curve.append((taken, float(value)))
                if taken >= total or stop():
                    break
            epoch += 1
        final = cost()

        def hidden(rows: Array) -> Hidden:
            return hidden_units(torch, model, torch.as_tensor(prepare(rows)).to(dtype))

        finite = bool(np.isfinite(final))
        return Trained(scores, start, final, tuple(curve), taken, finite, hidden=hidden if finite else None)


def _repairs(changes: Sequence[Change]) -> tuple[Step, ...]:
    """The steps of the mends among them: those of other changes are made otherwise here."""
    return steps_of(change for change in changes if change.kind == "mend")


def called(torch: Any, model: Any, X: Array) -> list[Any]:
    """The dense layers, in the order in which they are called.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> model = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.ReLU(), torch.nn.Linear(3, 1))
    >>> [layer.out_features for layer in called(torch, model, np.zeros((1, 2)))]
    [3, 1]
    """
    found: list[Any] = []
    hooks = [
        one.register_forward_hook(lambda module, *_: found.append(module))
        for one in model.modules()
        if isinstance(one, torch.nn.Linear)
    ]
    try:
        outputs_of(torch, model, torch.as_tensor(X))
    finally:
        for hook in hooks:
            hook.remove()
    return found


def _put(model: Any, path: str, module: Any) -> None:
    """Another module in this place."""
    holder, _, name = path.rpartition(".")
    setattr(model.get_submodule(holder) if holder else model, name, module)


def _redrawn(torch: Any, model: Any, own: Any) -> None:
    """Weights drawn anew, each layer's with the spread (and the mean) that its owner gave it."""
    originals = dict(own.named_parameters())
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            first = originals[name].detach().float()
            if parameter.ndim < 2 or first.numel() < 2 or not parameter.is_floating_point() or float(first.std()) == 0:
                continue
            rows = parameter.reshape(len(parameter), -1)
            if len(rows) > 1 and bool((rows == rows[:1]).all()):  # units that are alike stay alike
                rows.copy_(rows[:, torch.randperm(rows.shape[1])])
                continue
            mean, sd = float(first.mean()), float(first.std())
            flat = float((((first - mean) / sd) ** 4).mean()) < 2.2  # uniform 1.8, normal 3
            low = sd * 3**0.5
            if flat:
                parameter.uniform_(mean - low, mean + low)
            else:
                parameter.normal_(mean, sd)


def _multiply_adds(torch: Any, model: Any, example: Any) -> float:
    """Those of one row, from the shapes that layers see; at least one for each weight."""
    found = [float(sum(one.numel() for one in model.parameters()))]
    if example is None:
        return found[0]

    def look(module: Any, _: Any, made: Any) -> None:
        if hasattr(made, "shape") and has_weights(module, ("Conv",)):
            found.append(float(made[0].numel() / max(made.shape[1], 1) * module.weight.numel()))

    watched = copied(torch, model)
    hooks = [module.register_forward_hook(look) for module in watched.modules()]
    try:
        outputs_of(torch, watched, example)
    except UsageError:
        return found[0]
    finally:
        for hook in hooks:
            hook.remove()
    return sum(found)
