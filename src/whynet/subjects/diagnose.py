"""`whynet.diagnose`: one door for every kind of patient."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from importlib import import_module
from inspect import signature
from os import PathLike
from pathlib import Path
from typing import Any, ParamSpec, TypeVar, overload

from whynet.doctor.budget import TIMES
from whynet.doctor.diagnosis import Diagnosis, LogDiagnosis
from whynet.errors import UsageError, WhynetError, did_you_mean
from whynet.training.recipe import Recipe

Found = TypeVar("Found")
Given = ParamSpec("Given")


def _in_a_sentence(function: Callable[Given, Found]) -> Callable[Given, Found]:
    """The same function, whose refusals end the traceback at its caller: of what was asked in vain the sentence says
    everything, and the frames of whynet above it nothing. What went wrong in the owner's own code stays its cause."""

    @wraps(function)
    def asked(*arguments: Given.args, **named: Given.kwargs) -> Found:
        try:
            return function(*arguments, **named)
        except WhynetError as error:
            raise error.with_traceback(None) from error.__cause__

    return asked


@overload
def diagnose(patient: None = None, data: None = None, *, log: str | PathLike[str], **about: Any) -> LogDiagnosis: ...


@overload
def diagnose(patient: Any = None, data: Any = None, y: Any = None, *, log: None = None, **about: Any) -> Diagnosis: ...


@_in_a_sentence
def diagnose(
    patient: Any = None,
    data: Any = None,
    y: Any = None,
    *,
    log: str | PathLike[str] | None = None,
    parameters: Any = None,
    loss: Any = None,
    gradients: Callable[..., Any] | None = None,
    effort: float = TIMES,
    budget: float | None = None,
    trials: bool = True,
    say: Callable[[str], None] = lambda _: None,
    **about: Any,
) -> Diagnosis | LogDiagnosis:
    """Why does this network not learn?

    Parameters
    ----------
    patient
        A `Recipe` or the name of one, a `Run` or its folder, a recipe file; a program of your own, as a file
        (`train.py`, `notebook.ipynb`), with `args=[...]` and `seconds=60`; a PyTorch module, a Keras model, a
        scikit-learn `MLPClassifier`, `MLPRegressor` or `SGD...`; a `WhyNetClassifier` or `WhyNetRegressor`, fitted, or
        with its data; an object of a class that you wrote.
    data
        What it is trained on: for recipes a `Dataset` or what `whynet.load` takes, else `(X, y)` or, for PyTorch, a
        loader.
    y
        The targets, where `data` are the inputs alone: `diagnose(model, X, y)` is `diagnose(model, (X, y))`.
    log
        Instead of a patient: what it printed, as text, or a `Path` where it was logged. `cost=`, `classes=`, `labels=`
        may help to read it.
    parameters, loss, gradients
        Instead of a patient: the arrays and functions of hand-written code. `help(whynet.subjects.own_code.diagnose)`
        says what they may take, and `step=`, `predict=`, `check=`, `learning_rate=`, `batch_size=`, `epochs=`. For
        PyTorch `loss` is the loss module, beside `optimizer=` and `epochs=`.
    effort, budget
        How much may be trained, counted in work: so many times the patient's own training. `budget` is a cap in
        seconds, None for none. Without `trials` nothing is proved.
    say
        Is told what is going on.

    >>> from whynet.data.sources import load
    >>> found = diagnose(Recipe(data="digits", init="zeros", epochs=3, learning_rate=0.5), load("digits"))
    >>> found.verdict[0].cause, found.verdict[0].status
    ('symmetric-init', 'proved')

    Raises
    ------
    UsageError, BadFile, ResourceError
        Nothing to diagnose, or something that cannot be.
    """
    if y is not None:
        data = (data, y)
    common: dict[str, Any] = {"effort": effort, "budget": budget, "trials": trials, "say": say}
    given = [
        name for name, value in (("a patient", patient), ("log", log), ("parameters", parameters)) if value is not None
    ]
    if len(given) != 1:
        raise UsageError(
            "there must be one thing to diagnose", expected="a patient, or log=, or parameters=",
            found=" and ".join(given) or "nothing",
        )  # fmt: skip
    if log is not None:
        if isinstance(log, PathLike):
            from whynet.logs.runs import diagnose_path

            return _asked(diagnose_path, Path(log), about)
        from whynet.logs.log import diagnose_log

        return _asked(diagnose_log, log, about)
    from whynet.training.run import Run

    if isinstance(patient, Run):
        patient, data = patient.recipe, patient.data if data is None else data
    if isinstance(patient, (str, PathLike)):
        patient = str(patient)
        from whynet.subjects.program.diagnose import diagnose_program, is_program

        if is_program(patient):
            own = {"loss": loss, "gradients": gradients}
            given_too = {name: value for name, value in own.items() if value is not None}
            return _asked(diagnose_program, patient, {"data": data, **given_too, **about, **common})
    if isinstance(patient, (Recipe, str)):
        if about or loss is not None or gradients is not None:
            raise UsageError("a recipe says all about itself", found=", ".join(sorted(about) or ["loss or gradients"]))
        from whynet.subjects.recipe import diagnose_recipe

        return diagnose_recipe(patient, data, **common)
    if isinstance(patient, type):
        raise UsageError(
            "this is a class, and nothing made of it yet", expected="an object", found=patient.__name__,
            do=f"Hand over {patient.__name__}(...)",
        )  # fmt: skip
    if patient is not None and hasattr(type(patient), "diagnosed"):  # an estimator of whynet's own
        ask: Callable[..., Diagnosis] = type(patient).diagnosed
        return _asked(ask, patient, {"data": data, **about, **common})
    guest = None if patient is None else guest_of(patient)
    if guest is not None:
        given_loss = {} if loss is None else {"loss": loss}
        diagnose_guest: Callable[..., Diagnosis] = getattr(import_module(guest[0]), guest[1])
        return _asked(diagnose_guest, patient, {"data": data, **given_loss, **about, **common})
    from whynet.subjects.own_code.diagnose import diagnose_code

    code = {"data": data, "parameters": parameters, "loss": loss, "gradients": gradients}
    return _asked(diagnose_code, patient, {**code, **about, **common})


def _asked(function: Callable[..., Found], patient: Any, arguments: dict[str, Any]) -> Found:
    """The function's answer; a sentence where it has no such argument, or needs another."""
    parameters = signature(function).parameters.items()
    known = {name: one for name, one in parameters if one.kind is one.KEYWORD_ONLY or name == "data"}
    for name in arguments:
        if name not in known:
            raise UsageError(f"there is no argument {name}= for such a patient", do=did_you_mean(name, known))
    needed = [name for name, one in known.items() if one.default is one.empty and arguments.get(name) is None]
    if needed:
        raise UsageError(f"such a patient needs {needed[0]}=", expected=", ".join(f"{name}=" for name in needed))
    return function(patient, **arguments)


def guest_of(patient: Any) -> tuple[str, str] | None:
    """The module and the function that diagnose an object of this class; None where it is of no library that is known.

    A model of Keras that runs on PyTorch is a module of PyTorch as well.

    >>> Module = type("Module", (), {"__module__": "torch.nn"})
    >>> guest_of(Module())[1], guest_of(type("Model", (Module,), {"__module__": "keras.models"})())[1]
    ('diagnose_torch', 'diagnose_keras')
    """
    kinds = {kind.__module__.split(".")[0] for kind in type(patient).__mro__}
    return next(((module, name) for library, module, name in FRAMEWORKS if library in kinds), None)


FRAMEWORKS = (  # the library of which a patient's class is one, and who diagnoses it: Keras before what it may run on
    ("keras", "whynet.subjects.frameworks.keras3", "diagnose_keras"),
    ("torch", "whynet.subjects.frameworks.pytorch", "diagnose_torch"),
    ("sklearn", "whynet.subjects.frameworks.scikit", "diagnose_sklearn"),
)
