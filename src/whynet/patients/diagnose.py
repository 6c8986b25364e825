"""`whynet.diagnose`: one door for every kind of patient."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from os import PathLike
from typing import Any

from whynet.doctor.verdict import Diagnosis
from whynet.doctor.verdict import diagnose as diagnose_recipe
from whynet.errors import UsageError
from whynet.training.recipe import Recipe
from whynet.training.run import Run


def diagnose(
    patient: Any = None,
    data: Any = None,
    *,
    log: str | None = None,
    parameters: Any = None,
    loss: Any = None,
    gradients: Callable[..., Any] | None = None,
    budget: float = 30.0,
    trials: bool = True,
    say: Callable[[str], None] = lambda _: None,
    **about: Any,
) -> Diagnosis:
    """Why does this network not learn?

    Parameters
    ----------
    patient
        A `Recipe` or the name of one, a `Run` or its folder, a recipe file; a PyTorch module, a Keras model, a
        scikit-learn `MLPClassifier` or `MLPRegressor`; an object of a class that you wrote.
    data
        What it is trained on: for recipes a `Dataset` or what `whynet.load` takes, else `(X, y)` or, for PyTorch, a
        loader.
    log
        Instead of a patient: what it printed, as text. `cost=`, `classes=`, `labels=` may help to read it.
    parameters, loss, gradients
        Instead of a patient: the arrays and functions of hand-written code. See `patients/handwritten.py` for what
        they may take, and for `step=`, `predict=`, `check=`, `learning_rate=`, `batch_size=`, `epochs=`. For PyTorch
        `loss` is the loss module, beside `optimizer=` and `epochs=`.
    budget
        Seconds for the trials; without `trials` nothing is proved.
    say
        Is told what is going on.

    >>> from whynet.data.sources import load
    >>> found = diagnose(Recipe(data="digits", init="zeros", epochs=3, learning_rate=0.5), load("digits"), budget=20)
    >>> found.verdict[0].cause, found.verdict[0].status
    ('symmetric-init', 'proved')

    Raises
    ------
    UsageError, BadFile, ResourceError
        Nothing to diagnose, or something that cannot be.
    """
    common: dict[str, Any] = {"budget": budget, "trials": trials, "say": say}
    given = [
        name for name, value in (("a patient", patient), ("log", log), ("parameters", parameters)) if value is not None
    ]
    if len(given) != 1:
        raise UsageError(
            "there must be one thing to diagnose", expected="a patient, or log=, or parameters=",
            found=" and ".join(given) or "nothing",
        )  # fmt: skip
    if log is not None:
        read: Diagnosis = import_module("whynet.patients.log").diagnose_log(log, **about)
        return read
    if isinstance(patient, Run):
        patient, data = patient.recipe, patient.data if data is None else data
    if isinstance(patient, (str, PathLike)):
        patient = str(patient)
    if isinstance(patient, (Recipe, str)):
        if about or loss is not None or gradients is not None:
            raise UsageError("a recipe says all about itself", found=", ".join(sorted(about) or ["loss or gradients"]))
        return diagnose_recipe(patient, data, **common)
    for library, module, function in FRAMEWORKS:
        if patient is not None and any(kind.__module__.split(".")[0] == library for kind in type(patient).__mro__):
            if loss is not None:
                about["loss"] = loss
            found: Diagnosis = getattr(import_module(module), function)(patient, data=data, **about, **common)
            return found
    from whynet.patients.handwritten import diagnose_code

    return diagnose_code(patient, data, parameters=parameters, loss=loss, gradients=gradients, **about, **common)


FRAMEWORKS = (  # the library of which a patient's class is one, and who diagnoses it
    ("torch", "whynet.patients.pytorch", "diagnose_torch"),
    ("keras", "whynet.patients.keras", "diagnose_keras"),
    ("sklearn", "whynet.patients.sklearn", "diagnose_sklearn"),
)
