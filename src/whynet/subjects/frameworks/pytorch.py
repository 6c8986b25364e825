"""PyTorch: a module, its loss, its optimizer and its data -> why it does not learn.

Everything is done on a copy: the module, the optimizer and every state of chance are left as they were.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from whynet.doctor.budget import TIMES
from whynet.doctor.change import Change, Wording
from whynet.doctor.diagnosis import Diagnosis, Finding, Gap, Remark, Settings
from whynet.doctor.symptom import Measured
from whynet.doctor.symptoms.data import ROWS_VISITED
from whynet.doctor.symptoms.gradient import LOSS_OF_DOUBLED_SCORES, LOSS_OF_EXCHANGED_TARGETS
from whynet.errors import NoRecipe, ResourceError, UsageError
from whynet.optimizers.optimizers import RMSprop
from whynet.subjects.frameworks.course import Course, finite_weights
from whynet.subjects.frameworks.outputs import Outputs
from whynet.subjects.frameworks.targets import Learned, is_whole, learned
from whynet.subjects.frameworks.torch_arms import in_arrays, mixes, settings_of
from whynet.subjects.frameworks.torch_checks import CHECKS
from whynet.subjects.frameworks.torch_data import read_data
from whynet.subjects.frameworks.torch_nested import (
    as_it_was,
    batches_of,
    first_batches,
    per_epoch,
    threads_for,
    undisturbed,
)
from whynet.subjects.frameworks.torch_parameters import frozen_on_purpose
from whynet.subjects.frameworks.torch_probe import TorchProbe
from whynet.subjects.frameworks.torch_rates import meant
from whynet.subjects.frameworks.torch_refusals import why_refused
from whynet.subjects.frameworks.torch_trace import PROBE, Traced, outputs_of, squash_of
from whynet.subjects.frameworks.torch_training import (
    ACTIVATIONS,
    CROSSED,
    FORGOTTEN,
    FROZEN,
    OptimizerSettings,
    TorchAdapter,
    copied,
)
from whynet.subjects.inputs import picture_of
from whynet.subjects.inside.counted import weights_in_all_rows
from whynet.subjects.inside.few_kinds import few_kinds
from whynet.subjects.inside.how import STALE, How
from whynet.subjects.inside.look import Look
from whynet.subjects.inside.pictures import unlike_training
from whynet.subjects.inside.repairs import BARE, repairs_in
from whynet.subjects.inside.through_time import told_out_of_reach
from whynet.subjects.inside.unlike_rows import Training, unlike_rows
from whynet.subjects.losses import recognise
from whynet.subjects.recreate import Description, squashed
from whynet.types import Array

FEW = 10  # rows over and over: what the mistake `few-rows` of a recipe is
NAMES = {"SGD": "sgd", "Adam": "adam", "AdamW": "adamw", "RMSprop": "rmsprop"}


def library() -> Any:
    """PyTorch itself.

    >>> callable(library)
    True

    Raises
    ------
    ResourceError
        It is not installed.
    """
    try:
        import torch
    except ImportError:
        raise ResourceError("PyTorch is not installed", do="Install it: pip install torch") from None
    return torch


def diagnose_torch(
    model: Any,
    *,
    loss: Any = None,
    optimizer: Any,
    data: Any,
    test: Any = None,
    epochs: int = 1,
    batch_size: int = 32,
    shuffle: bool = True,
    effort: float = TIMES,
    budget: float | None = None,
    trials: bool = True,
    say: Callable[[str], None] = lambda _: None,
) -> Diagnosis:
    """Why does this module not learn?

    `data` (and `test`) are a `DataLoader`, or `(X, y)`, which `batch_size` and `shuffle` are for; `loss(outputs, y)`
    gives a number; `epochs` are those that the training is meant to take. A chain of `Linear`, activations, `Dropout`
    and `BatchNorm1d` is trained again as a recipe of whynet's, with every trial; anything else is trained by PyTorch
    itself, with fewer.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> model = torch.nn.Sequential(torch.nn.Linear(64, 30), torch.nn.ReLU(), torch.nn.Linear(30, 10))
    >>> from whynet.data.sources import load
    >>> digits = load("digits")
    >>> for parameter in model.parameters():
    ...     _ = torch.nn.init.zeros_(parameter)
    >>> found = diagnose_torch(
    ...     model, loss=torch.nn.CrossEntropyLoss(), optimizer=torch.optim.SGD(model.parameters(), lr=0.1),
    ...     data=(digits.inputs / 255, digits.labels), epochs=5)
    >>> found.verdict[0].cause, found.wording.library
    ('symmetric-init', 'PyTorch')

    Raises
    ------
    UsageError
        Something that is not what it should be; the message says what.
    ResourceError
        PyTorch is not installed.
    """
    torch = library()
    check(torch, model, loss, optimizer, epochs)
    check_limits(effort, budget)
    named = ((name, one.detach()) for name, one in model.named_parameters() if one.is_floating_point())
    finite_weights((name, one.double().cpu().numpy()) for name, one in named)
    asked: dict[str, Any] = {"effort": effort, "budget": budget, "trials": trials, "say": say}
    with undisturbed(torch), threads_for(torch, model):
        own, settings = copied(torch, model), meant(OptimizerSettings.of(model, optimizer))
        look = look_at(torch, model, loss, settings, data, batch_size)
        training = training_of(look, data, epochs, batch_size, shuffle)
        gaps = unseen(optimizer)
        if look.probe is None and look.refused is not None and look.findings:  # it cannot be run, and why is known
            return unlike_rows(look, look.refused, training, gaps=gaps, **asked)
        try:
            loaded = read_data(torch, data, batch_size, shuffle)
        except UsageError as reason:
            return unlike_rows(look, reason, training, gaps=gaps, **asked)
        pair = loaded.X.numpy(), loaded.y.numpy()
        streamed = 0 if isinstance(data, (tuple, list)) or len(loaded.visited) else len(pair[0]) // loaded.batch_size
        look.add("whether rows come again", lambda: few_kinds([pair], steps=streamed))  # of a stream others may follow
        own_probe = look.probe
        if own_probe is not None:
            look.add("what the classes weigh", lambda: weights_in_all_rows(own_probe, pair[1]))
            look.add("which steps of a sequence tell the targets", lambda: told_out_of_reach(own_probe, *pair))
        held = None if test is None else read_data(torch, test, batch_size, False)[:2]
        if held is not None:
            look.add("whether the test rows are like the training rows", lambda: unlike_training(loaded.X, held[0]))
        patient = Patient(
            torch=torch,
            model=own,
            loss=loss,
            settings=settings,
            X=loaded.X,
            y=loaded.y,
            test=held,
            epochs=epochs,
            batch_size=loaded.batch_size,
            order=loaded.order,
            found=list(look.findings),
            noted=list(look.facts),
            not_examined=[*gaps, *look.gaps],
        )
        patient.visited(loaded.visited)
        try:
            patient.read()
        except UsageError as reason:
            look.findings = list(patient.found)
            return unlike_rows(look, reason, training, gaps=gaps, **asked)
        return patient.diagnose(**asked)


def look_at(torch: Any, model: Any, loss: Any, settings: OptimizerSettings, data: Any, batch_size: int) -> Look:
    """What the first batch of the data shows.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> model, data = torch.nn.Linear(2, 2), (torch.ones(4, 2), torch.ones(4, 2))
    >>> settings = OptimizerSettings.of(model, torch.optim.SGD(model.parameters(), lr=0.1))
    >>> look_at(torch, model, torch.nn.MSELoss(), settings, data, 2).priced
    True
    """

    def make() -> TorchProbe:
        batch = first_batches(data, 1, batch_size=batch_size)[0]
        return TorchProbe.of(torch, model, loss, batch, settings)

    return Look.at(make, CHECKS, known=why_refused)


def training_of(look: Look, data: Any, epochs: int, batch_size: int, shuffle: bool) -> Training:
    """How a module that was looked at is trained, by the batches that its probe takes apart.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> model, data = torch.nn.Linear(2, 1), (torch.ones(64, 2), torch.ones(64, 1))
    >>> settings = OptimizerSettings.of(model, torch.optim.SGD(model.parameters(), lr=0.1))
    >>> look = look_at(torch, model, torch.nn.MSELoss(), settings, data, 32)
    >>> training_of(look, data, 3, 32, True).per_epoch
    2
    """
    probe = look.probe
    if not isinstance(probe, TorchProbe):
        return Training(lambda: iter([]), None, epochs, Settings())

    def epoch() -> Iterator[Any]:
        for batch in batches_of(data, batch_size=batch_size):
            yield in_arrays(probe.way(batch), probe.torch)

    own = settings_of(probe, mixed=mixes(data, shuffle))
    return Training(epoch, per_epoch(data, batch_size), epochs, own, kept=lambda: as_it_was(data))


def check_limits(effort: float, budget: float | None) -> None:
    """Whether these are limits.

    >>> check_limits(12, None)

    Raises
    ------
    UsageError
        They are not.
    """
    if budget is not None and not budget > 0:
        raise UsageError("the budget makes no sense", expected="seconds, more than 0", found=repr(budget))
    if not 0 < effort < math.inf:
        raise UsageError("the effort makes no sense", expected="a number above 0", found=repr(effort))


def check(torch: Any, model: Any, loss: Any, optimizer: Any, epochs: int) -> None:
    """Whether these are what a diagnosis can be made of.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> check(torch, 3, None, None, 1)
    Traceback (most recent call last):
    whynet.errors.UsageError: this is no module (expected a torch.nn.Module; found int)

    Raises
    ------
    UsageError
        They are not; the message says which.
    """
    if not isinstance(model, torch.nn.Module):
        raise UsageError("this is no module", expected="a torch.nn.Module", found=type(model).__name__)
    if not any(True for _ in model.parameters()):
        raise UsageError("the module has no parameters: there is nothing to learn")
    away = sorted({parameter.device.type for parameter in model.parameters()} & {"meta"})
    if away:
        raise UsageError(
            "the module's parameters hold no numbers: they are on the device 'meta'",
            do="Give them memory and numbers: model.to_empty(device='cpu'), then initialise them",
        )
    if loss is not None and (not callable(loss) or isinstance(loss, type)):
        found = f"the class {loss.__name__}" if isinstance(loss, type) else type(loss).__name__
        raise UsageError("this is no loss", expected="a callable (outputs, y), made already", found=found)
    if not isinstance(optimizer, torch.optim.Optimizer):
        raise UsageError(
            "this is no optimizer", expected="a torch.optim.Optimizer, made already", found=type(optimizer).__name__
        )
    if not isinstance(epochs, int) or isinstance(epochs, bool) or epochs < 1:
        raise UsageError("epochs makes no sense", expected="a whole number, 1 or more", found=repr(epochs))


def unseen(optimizer: Any) -> list[Gap]:
    """What hangs on an optimizer and is not carried over to the copies that are trained.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=0.1)
    >>> scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.9)
    >>> unseen(optimizer)[0].what
    'the schedule of the learning rate'
    """
    found = []
    if any("initial_lr" in group for group in optimizer.param_groups):
        found.append(Gap("the schedule of the learning rate", "in the trials it stays constant"))
    if optimizer._optimizer_step_pre_hooks or optimizer._optimizer_step_post_hooks:
        found.append(Gap("the hooks of the optimizer", "they belong to the original; copies are trained without them"))
    if optimizer.state:
        found.append(Gap("what the optimizer remembers of earlier steps", "the trials begin with a new one"))
    return found


@dataclass
class Patient:
    """A module with everything that its training is; `diagnose` says why it does not learn.

    >>> Patient.__name__  # see `diagnose_torch`, which makes one
    'Patient'
    """

    torch: Any
    model: Any
    loss: Any
    settings: OptimizerSettings
    X: Any
    y: Any
    test: Any = None
    epochs: int = 1
    batch_size: int = 32
    order: str = "shuffled"
    faults: tuple[str, ...] = ()
    loop: How = How()
    """Mistakes of the user's loop."""
    found: list[Finding] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    noted: list[Measured] = field(default_factory=list)
    not_examined: list[Gap] = field(default_factory=list)
    outputs: int = 0
    what: Learned = field(init=False)
    """What is learned."""
    said: Outputs = field(init=False)
    """What the loss makes of the outputs."""

    def read(self) -> None:
        """What is learned, what the loss makes of the outputs, and what can be seen of both at once.

        Raises
        ------
        UsageError
            It is no row of numbers with an answer for each; the message says why.
        """
        if self.loss is None:
            raise UsageError("such a patient needs loss=", expected="a callable (outputs, y)")
        indexed = next((one for one in self.model.modules() if type(one).__name__.startswith("Embedding")), None)
        if indexed is not None:
            raise UsageError(
                "a module whose inputs are numbers of rows in a table is not looked at yet",
                found=type(indexed).__name__, do="Hand over the part after the embedding, and what the embedding gives",
            )  # fmt: skip
        outputs = outputs_of(self.torch, self.model, self.X[:PROBE])
        self.outputs = outputs.shape[1]
        self._shape_of_outputs()
        self.what = learned(self.y.numpy(), self.outputs, self._measure, self._name_of_loss)
        self._loss_is_a_number(outputs)
        self._crossed()
        self._left_out()
        self._raw_scores(outputs)
        self.said = Outputs(
            outputs, squash_of(self.torch, self.model, self.X), self._loss_of,
            smoothing=float(getattr(self.loss, "label_smoothing", 0.0)), problem=self.what.problem,
            shares=self._shares,
        )  # fmt: skip
        self.noted += self.said.facts(self.what.y)
        self.found += [one for one in self.said.squashed_twice() if not self._is_found(one.cause)]

    def diagnose(self, *, effort: float, budget: float | None, trials: bool, say: Callable[[str], None]) -> Diagnosis:
        """As a recipe where it can be said as one, else by trials of PyTorch's own; what was not `read` is read."""
        if not hasattr(self, "said"):
            self.read()
        return Course(
            self.X.numpy(),
            self.what.y,
            self.what.problem,
            describe=self.describe,
            adapter=self._adapter,
            test=None if self.test is None else (self.test[0].numpy(), self.what.again(self.test[1].numpy())),
            found=self.found,
            remarks=self.remarks,
            noted=self.noted,
            used=self._used(),
            not_examined=self.not_examined,
        ).run(effort=effort, budget=budget, trials=trials, say=say)

    def _used(self) -> dict[str, str]:
        """What was used as what."""
        shape = tuple(self.X.shape[1:])
        return {
            "model": f"{type(self.model).__name__}, called with rows of shape {shape}",
            "loss": f"{self._name_of_loss}(outputs, y)",
            "problem": self.what.words,
            "optimizer": self.settings.kind.__name__,
            "predictions": self.said.words,
        }

    @property
    def _name_of_loss(self) -> str:
        return str(getattr(self.loss, "__name__", type(self.loss).__name__))

    @property
    def _shares(self) -> bool:
        """Whether its targets are numbers from 0 to 1."""
        y = self.what.y
        return bool(y.min() >= 0 and y.max() <= 1)

    def _is_found(self, cause: str) -> bool:
        """Whether it was seen before, when one batch was looked at."""
        return any(one.cause == cause for one in self.found)

    def _crossed(self) -> None:
        """A loss that compares each output with every target."""
        if not self.what.crossed:
            return
        evidence = (LOSS_OF_EXCHANGED_TARGETS.measured(1.0),)
        given, shape = (len(self.X), *self.shape), tuple(self.y.shape)
        words = f"outputs {given} against targets {shape}: `y = y.reshape(outputs.shape)`"
        self.faults += (CROSSED,)
        if not self._is_found("loss-broadcast"):
            self.found.append(Finding("loss-broadcast", "found", evidence, detail=words))

    def visited(self, rows: Array) -> None:
        """The rows that a loader goes through in an epoch; many of them never is a mistake."""
        kinds, n = np.unique(rows), len(self.X)
        if not len(rows) or len(kinds) >= 0.5 * n:
            return
        share = ROWS_VISITED.measured(len(kinds) / n)
        words = "let the sampler visit every row once an epoch: `DataLoader(..., shuffle=True)`"
        self.noted.append(share)
        if not self._is_found("data-index-bug"):
            self.found.append(Finding("data-index-bug", "found", (share,), detail=words))
        if len(kinds) <= FEW:
            others = np.setdiff1d(np.arange(n), kinds)
            first = self.torch.as_tensor(np.concatenate([kinds, others]))
            self.X, self.y, self.faults = self.X[first], self.y[first], (*self.faults, "few-rows")
        else:
            chosen = self.torch.as_tensor(kinds)
            self.X, self.y = self.X[chosen], self.y[chosen]

    def _left_out(self) -> None:
        """Of parameters that the optimizer does not move, two kinds are mistakes that a recipe can make too."""
        out, names = set(self.settings.left_out), [name for name, _ in self.model.named_parameters()]
        if not out or frozen_on_purpose(self.model, self.settings):
            return
        biases = {name for name in names if name.endswith("bias")}
        if out == biases:
            self.faults += ("forgotten-bias",)
        elif out == {name for name in names if name.rpartition(".")[0] == names[0].rpartition(".")[0]} != set(names):
            self.faults += ("frozen-layer",)

    def _raw_scores(self, outputs: Array) -> None:
        """A loss that is a straight line in the scores has no least value: it was made for logarithms of shares."""
        known = self._is_found("missing-output-activation") or self._is_found("unstable-softmax")
        if self.what.problem.kind != "classification" or known:
            return
        Z = np.random.default_rng(0).normal(size=(8, outputs.shape[1]))
        try:
            once, twice, back = (self._loss_of(by * Z, np.arange(8) % max(self.outputs, 2)) for by in (1, 2, -1))
        except Exception:  # a loss that takes no such numbers is no straight line
            return
        with np.errstate(all="ignore"):  # raw scores may be in the hundreds
            shares = np.allclose(np.exp(outputs).sum(axis=1), 1, atol=1e-3)
        if shares or not once or not np.allclose([twice, back], [2 * once, -once], rtol=1e-4):
            return
        evidence = (LOSS_OF_DOUBLED_SCORES.measured(twice / once),)
        words = "`nn.CrossEntropyLoss()` of the scores, or `nn.LogSoftmax(dim=1)` after the last layer"
        self.found.append(Finding("missing-output-activation", "found", evidence, detail=words))

    # ---- what it is

    def describe(self) -> Description:
        """The module and its training, read off one pass of numbers through it.

        Raises
        ------
        NoRecipe
            It is no plain multilayer perceptron, or is trained in a way that a recipe has no words for.
        """
        options = self.settings.options
        if self.settings.left_out and not {"frozen-layer", "forgotten-bias"} & set(self.faults):
            raise NoRecipe("some of its parameters are not trained", found=", ".join(self.settings.left_out[:3]))
        beyond = [name for name in self.loop.mistakes if name != STALE]
        if beyond:
            raise NoRecipe("its loop is not that of a recipe", found=", ".join(beyond))
        if any(change not in (None, BARE) for change in self._repairs):
            raise NoRecipe("what was found in it is mended in the module itself")
        if CROSSED in self.faults:
            raise NoRecipe("its loss compares each output with every target")
        traced = Traced(self.torch, self.model, self.X)
        last = traced.last
        if (
            self.outputs == 1
            and self.said.squash == "sigmoid"
            and any(one.cause == "wrong-output-activation" for one in self.found)
        ):
            raise NoRecipe("a recipe judges a single output by its sign, and this one is squashed already")
        loss = recognise(
            lambda Z, y: self._loss_of(squashed(last, Z), y),
            traced.layers[-1][0].shape[1],
            problem=self.what.problem,
            shares=self._shares,
            smoothing=float(getattr(self.loss, "label_smoothing", 0.0)),
        )
        return Description(
            layers=traced.layers,
            X=traced.X,
            y=self.what.y,
            problem=self.what.problem,
            outputs=traced.outputs,
            last=last,
            X_test=None if self.test is None else traced.features(self.test[0]),
            y_test=None if self.test is None else self.what.again(self.test[1].numpy()),
            picture=picture_of(self.X.numpy(), traced.X.shape[1]),
            activation=traced.activation,
            output_activation=loss.output_activation,
            cost=loss.cost,
            factor=loss.factor * (-1 if options.get("maximize") else 1),
            smoothing=loss.smoothing,
            faults=(*self.faults, *self.loop.mistakes, *(("summed-gradient",) if loss.summed else ())),
            **self._steps(),
            batch_size=self.batch_size,
            epochs=self.epochs,
            order=self.order,
            dropout=traced.dropout,
            input_dropout=traced.input_dropout,
            batch_norm=traced.batch_norm,
        )

    def _steps(self) -> dict[str, Any]:
        """The optimizer's settings as fields of a description."""
        kind, options = self.settings.kind.__name__, self.settings.options
        if kind not in NAMES or not self.settings.kind.__module__.startswith("torch."):
            raise NoRecipe(f"a recipe has no optimizer '{kind}'", expected=", ".join(NAMES))
        if any(other != options for _, other in self.settings.groups):
            raise NoRecipe("its optimizer has several groups of parameters with settings of their own")
        odd = [name for name in ("dampening", "amsgrad", "centered") if options.get(name)]
        if odd:
            raise NoRecipe(f"a recipe has no '{odd[0]}'", found=f"{odd[0]}={options[odd[0]]}")
        steps: dict[str, Any] = {"optimizer": NAMES[kind], "learning_rate": float(options["lr"])}
        decay = float(options.get("weight_decay", 0.0))
        steps["weight_decay" if kind == "AdamW" or options.get("decoupled_weight_decay") else "l2"] = decay
        if kind == "SGD":
            steps["momentum"] = float(options["momentum"])
            if options["nesterov"]:
                steps["optimizer"] = "nesterov"
        elif kind == "RMSprop":
            steps["momentum"] = float(options["momentum"])
            if options["alpha"] != RMSprop.decay:
                raise NoRecipe(f"alpha is {options['alpha']:g}", expected=f"{RMSprop.decay:g}")
        else:
            beta1, beta2 = options["betas"]
            steps["momentum"] = 0.0 if beta1 == 0.9 else float(beta1)
            if beta2 != 0.999:
                raise NoRecipe(f"beta2 is {beta2:g}", expected="0.999")
        return steps

    # ---- numbers through it

    def _target(self, y: Array) -> Any:
        """What the problem keeps, in the form that the user's loss is given it."""
        torch, own = self.torch, self.y
        if self.what.problem.kind != "classification":
            dtype = own.dtype if own.is_floating_point() or is_whole(y) else torch.get_default_dtype()
            return torch.as_tensor(y).to(dtype).reshape(-1, *own.shape[1:])
        if own.ndim == 2 and own.shape[1] > 1:
            return torch.eye(max(self.outputs, 2), dtype=own.dtype)[torch.as_tensor(y)]
        return torch.as_tensor(y).to(own.dtype).reshape(-1, *own.shape[1:])

    def _loss_of(self, outputs: Array, y: Array) -> float:
        return self._value(outputs, self._target(y))

    def _measure(self, outputs: Array, targets: Array) -> float:
        """The loss of numbers, each for an output."""
        given = self.torch.as_tensor(targets).to(self.y.dtype).reshape(-1, *self.y.shape[1:])
        return self._value(outputs, given)

    def _value(self, outputs: Array, targets: Any) -> float:
        with self.torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of shapes that are broadcast: it is said where it is found
            return float(self.loss(self._given(outputs), targets))

    def _given(self, outputs: Array) -> Any:
        """Outputs (rows, outputs) as the module gives them."""
        given = self.torch.as_tensor(outputs).to(next(self.model.parameters()).dtype)
        return given.reshape(-1, *self.shape)

    def _shape_of_outputs(self) -> None:
        """That of one row's."""
        with self.torch.no_grad():
            made = self.model(self.X[:2].to(next(self.model.parameters()).dtype))
        self.shape = tuple(made.shape[1:])

    def _loss_is_a_number(self, outputs: Array) -> None:
        torch = self.torch
        given = self._given(outputs)
        try:
            with torch.no_grad(), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                value = self.loss(given, self.y[: len(outputs)])
        except Exception as error:
            raise UsageError(
                f"the loss cannot be computed: {str(error).splitlines()[0]}",
                found=f"outputs {tuple(given.shape)} and targets {self.y.dtype} {tuple(self.y.shape)}",
                do="Cross-entropy takes class numbers, y.long() of the shape (n,), or shares, y.float() of (n, classes)"
                if given.ndim == 2 and given.shape[1] > 1
                else "Hand over targets of the shape of the outputs, such as y.float()[:, None]",
            ) from None
        if not isinstance(value, torch.Tensor) or value.numel() != 1:
            found = tuple(value.shape) if isinstance(value, torch.Tensor) else type(value).__name__
            raise UsageError(
                "the loss is no single number", expected="one number for a batch", found=str(found),
                do="Give it reduction='mean'",
            )  # fmt: skip

    def _adapter(self) -> TorchAdapter:
        options, kind = self.settings.options, self.settings.kind.__name__
        rate = float(options.get("lr", np.nan))
        dropout = [float(one.p) for one in self.model.modules() if type(one).__name__.startswith("Dropout")]
        momentum = options.get("momentum", options.get("betas", (None,))[0])
        settings = Settings(
            optimizer=NAMES.get(kind),
            rate=rate if np.isfinite(rate) and rate > 0 else None,
            momentum=momentum,
            batch=min(self.batch_size, len(self.X)),
            epochs=self.epochs,
            order=self.order,
            widths=None,
            l2=float(options.get("weight_decay", 0.0)),
            dropout=max(dropout, default=0.0),
            activation=self._hidden_activation(),
            **self.said.settings,
        )
        return TorchAdapter(
            self.torch,
            self.model,
            self.loss,
            self.settings,
            self._target,
            settings,
            Wording("PyTorch", optimizer="" if kind in NAMES else kind),
            fitting=self._fitting(),
            loop=self.loop,
            shape=self.shape,
            middle=self.said.middle,
            squash=self.said.squash,
            example=self.X[:2],
            problem=self.what.problem,
        )

    @property
    def _repairs(self) -> tuple[Change, ...]:
        """What mends the mistakes that were found by looking."""
        return repairs_in(self.found)

    def _fitting(self) -> tuple[str, ...]:
        named = [name for change in self._repairs for name in change.mistakes]
        faults = dict.fromkeys((*self.faults, *self.loop.mistakes, *named))
        own = set(faults) - {CROSSED, *self.loop.mistakes, *named}
        return tuple(faults) if own else tuple(dict.fromkeys((*faults, *self._thawed())))

    def _thawed(self) -> tuple[str, ...]:
        """What is mended by handing all parameters to the optimizer."""
        out = set(self.settings.left_out)
        if not out or frozen_on_purpose(self.model, self.settings):
            return ()
        return (FORGOTTEN,) if all(name.endswith("bias") for name in out) else (FROZEN,)

    def _hidden_activation(self) -> str | None:
        """That of its hidden layers, where all are of one kind of module."""
        names = {theirs: ours for ours, theirs in ACTIVATIONS.items() if ours != "identity"}
        kinds = [type(one).__name__ for one in self.model.modules() if not list(one.children())]
        found = {names[kind] for kind in kinds[:-1] if kind in names}
        return found.pop() if len(found) == 1 else None
