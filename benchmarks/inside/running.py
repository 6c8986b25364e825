"""One patient: how well it learns, and what the doctor says of it."""

from __future__ import annotations

import time
import warnings
from functools import cache
from typing import Any

from benchmarks.inside.architectures import Spec
from benchmarks.inside.healthy import Sound
from benchmarks.inside.plants import Patient

HARM = 0.05  # of accuracy or R2, that a sick network is worse by
LEARNED = 0.55  # a sound network is at least as good


def made(spec: Spec) -> tuple[Any, Any]:
    """The patient of a spec, and the function that trains it; its library is imported here."""
    if spec.library == "torch":
        import torch
        from benchmarks.inside import torch_training as home

        torch.set_num_threads(1)
        return home.patient(spec), home.train
    from benchmarks.inside import keras_networks

    return keras_networks.patient(spec), keras_networks.train


@cache
def learned(spec: Spec) -> tuple[float, str]:
    """How good it gets, and what stopped it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            one, train = made(spec)
            train(one)
            return one.quality(), ""
        except Exception as error:
            return 0.0, f"{type(error).__name__}: {str(error).splitlines()[0][:100] if str(error) else ''}"


def harm(patient: Patient) -> dict[str, Any]:
    """How good the sick network and its sound twin get."""
    sick, sound = patient.specs()
    worse, stopped = learned(sick)
    better, trouble = learned(sound)
    measured = bool(better - worse >= HARM)
    return {
        "sick": round(worse, 3), "sound": round(better, 3), "harmed": measured or patient.plant.certain,
        "measured": measured, "stopped": stopped, "trouble": trouble,
    }  # fmt: skip


def spec_of(one: Patient | Sound) -> Spec:
    """The network that is shown to the doctor."""
    return one.specs()[0] if isinstance(one, Patient) else one.spec()


def diagnosed(spec: Spec, effort: float | None) -> Any:
    """What a user would call."""
    import whynet

    more: dict[str, Any] = {} if effort is None else {"effort": effort}
    one, _ = made(spec)
    if spec.library == "torch" and spec.watched:
        return _watched(one, more)
    order = {"shuffle": False} if spec.inputs == "sorted" else {}
    if spec.inputs == "raw test" or spec.has("tested"):
        more["test"] = one.test
    if spec.library == "keras":
        return whynet.diagnose(one.model, (one.X, one.y), epochs=spec.epochs, batch_size=spec.batch, **order, **more)
    about = {"loss": one.loss, "optimizer": one.optimizer, "epochs": spec.epochs, **more}
    if spec.loader or spec.has("several inputs") or spec.has("by name"):
        return whynet.diagnose(one.model, one.loader(), **about)
    return whynet.diagnose(one.model, (one.X, one.y), batch_size=spec.batch, **order, **about)


def _watched(one: Any, more: dict[str, Any]) -> Any:
    from benchmarks.inside.torch_training import loop

    import whynet

    with whynet.watch(one.model, loss=one.loss, optimizer=one.optimizer) as watched:
        loop(one, watched.loss)
    return watched.diagnosis(**more)


def row(one: Patient | Sound, effort: float | None) -> dict[str, Any]:
    """What is written down of a patient; its seconds are the processor's."""
    from whynet.errors import WhynetError

    spec, started = spec_of(one), time.process_time()
    found: dict[str, Any] = {"name": one.name, "library": one.library, "architecture": one.architecture, "error": ""}
    if isinstance(one, Patient):
        plant = one.plant
        found |= {"plant": plant.name, "planted": plant.right, "certain": plant.certain, "cure": plant.cure}
    else:
        found |= {"plant": "", "habit": one.habit.name}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            told = diagnosed(spec, effort)
        found |= {
            "state": told.state,
            "said": [(finding.cause, finding.status) for finding in told.verdict[:3]],
            "proved": any(finding.status == "proved" for finding in told.verdict),
            "proved right": isinstance(one, Patient)
            and any(finding.status == "proved" and finding.cause in one.plant.right for finding in told.verdict),
            "problem": str(told.as_dict().get("used", {}).get("problem", "")),
        }  # fmt: skip
    except WhynetError as error:
        found["error"] = f"refused: {error}"[:500]
    except Exception as error:
        import traceback

        where = traceback.extract_tb(error.__traceback__)[-1]
        found["error"] = f"crashed: {type(error).__name__}: {error} ({where.filename}:{where.lineno})"[:500]
    found["seconds"] = round(time.process_time() - started, 1)
    return found
