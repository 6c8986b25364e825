"""From what was seen of a program to a diagnosis: what is wrong, right, suspected, and what is unknown."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from whynet.doctor.budget import TIMES
from whynet.doctor.diagnosis import Diagnosis, Finding, Gap, Remark, Where, said
from whynet.doctor.symptom import Measured, Symptom
from whynet.doctor.symptoms.data import FEATURE_SIZE, LARGEST_INPUT
from whynet.doctor.symptoms.units import SATURATED, SPREAD
from whynet.doctor.symptoms.weights import IDENTICAL_UNITS, LEAST_WEIGHT_GAIN, ONE_SIDED_PUSH, WEIGHT_GAIN
from whynet.errors import UsageError
from whynet.subjects.program.guests import examine_guest
from whynet.subjects.program.guests.told import Told
from whynet.subjects.program.notebook import Source, imported, read_source
from whynet.subjects.program.xray import Finding as Wrong
from whynet.subjects.program.xray import Xray, examine

SUFFIXES = (".py", ".pyw", ".ipynb")
SECONDS = 60.0
CAUSES = {  # the kinds of an x-ray, and the cause that each is an example of
    "sign": "gradient-sign-flipped",
    "derivative-left-out": "gradient-missing-derivative",
    "derivative-wrong": "gradient-wrong-derivative",
    "transposed": "gradient-wrong-transpose",
    "wrong-operand": "gradient-wrong-term",
    "wrong-weights": "gradient-wrong-term",
    "weights-left-out": "gradient-wrong-term",
    "bias-summed-wrong": "gradient-wrong-term",
    "used-after-change": "gradient-wrong-term",
    "wrong": "gradient-wrong-term",
    "factor": "gradient-not-averaged",
    "never-cleared": "gradient-buffer-not-reset",
    "shapes-spread": "loss-broadcast",
    "examples-mixed": "batch-mixed",
}
HANDED = {  # a library whose own networks are handed over as objects, and how
    "torch": "whynet.diagnose(model, loader, loss=loss, optimizer=optimizer, epochs=5)",
    "keras": "whynet.diagnose(model, (X, y), epochs=5, batch_size=32)",
    "tensorflow": "whynet.diagnose(model, (X, y), epochs=5, batch_size=32)",
    "sklearn.neural_network": "whynet.diagnose(MLPClassifier(...), (X, y))",
}
SYMPTOMS: tuple[Symptom, ...] = (
    LARGEST_INPUT, FEATURE_SIZE, SATURATED["start"], SPREAD["start"], IDENTICAL_UNITS, WEIGHT_GAIN, LEAST_WEIGHT_GAIN,
    ONE_SIDED_PUSH,
)  # fmt: skip


def is_program(patient: object) -> bool:
    """Whether a patient is a file of Python, by its name.

    >>> is_program("train.py"), is_program(Path("a/b.ipynb")), is_program("recipe.toml"), is_program("vectorised")
    (True, True, False, False)
    """
    return isinstance(patient, (str, Path)) and Path(patient).suffix.lower() in SUFFIXES and not Path(patient).is_dir()


def diagnose_program(
    patient: str | Path,
    data: Any = None,
    *,
    args: Sequence[str] = (),
    seconds: float = SECONDS,
    effort: float = TIMES,
    budget: float | None = None,
    trials: bool = True,
    echo: bool = True,
    say: Callable[[str], None] = lambda _: None,
) -> Diagnosis:
    """Run a program or a notebook, unchanged and in a copy of its folder, and say which of its lines is wrong.

    Parameters
    ----------
    patient
        A file of Python source, or a notebook.
    args
        The program's own arguments.
    seconds
        How long it is watched; what was seen by then is judged.
    effort, budget, trials
        As for objects, where the program trains with PyTorch, Keras or scikit-learn; a training written by hand is
        looked into, and not repeated.
    echo
        Whether its output is passed on to stderr.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "f.py"
    ...     _ = file.write_text('''
    ... import numpy as np
    ... X = np.random.randn(20, 3)
    ... y = X @ np.array([1.0, -2.0, 0.5])
    ... w = np.zeros(3)
    ... for i in range(100):
    ...     error = X @ w - y
    ...     w += 0.1 * X.T @ error / 20
    ... ''')
    ...     found = diagnose_program(file, echo=False)
    >>> found.verdict[0].cause, found.verdict[0].where.line, found.state
    ('gradient-sign-flipped', 8, 'diverged')

    Raises
    ------
    UsageError, BadFile
        There is no such program, or it is not Python.
    """
    if data is not None:
        raise UsageError("a program has its own data", found="data", do="Leave it out")
    if isinstance(args, str):
        raise UsageError("the program's arguments are a list", expected='["--epochs", "5"]', found=repr(args))
    path = Path(patient)
    source = read_source(path)
    own = [str(one) for one in args]
    say(f"running {path.name} in a copy of its folder, for at most {seconds:g} seconds; its own output follows")
    if not source.cells:
        told = examine_guest(path, own, seconds, effort, budget, trials, echo=echo)
        if told is not None:
            return Told.of(told, path)
    seen = examine(path, own, seconds, echo=echo, text=source.text if source.cells else None)
    return diagnosis_of(seen, source, path)


def diagnosis_of(seen: Xray, source: Source, path: Path) -> Diagnosis:
    """What was seen, as a diagnosis.

    >>> diagnosis_of(Xray("ended"), Source("x = 1", "train.py"), Path("train.py")).state
    'not-examined'
    """
    seen = _placed(seen, source, path)
    found = Diagnosis(_state(seen), patient=str(path), seconds=seen.seconds, problem="unknown")
    found.verdict = [_finding(one, source, path) for one in seen.findings] + _suspected(seen)
    found.symptoms = {one.symptom.name: one for one in _measured(seen)}
    found.used = _used(seen, source)
    found.not_examined = _gaps(seen)
    found.remarks = _remarks(seen, source)
    found.xray = seen.as_dict()
    return found


def _placed(seen: Xray, source: Source, path: Path) -> Xray:
    """Of a notebook: cells in place of lines of the whole."""
    if source.cells:
        own = f"{path.name}.py"

        def at(one: Any) -> Any:
            if one.file != own:
                return one
            file, line = source.where(one.line)
            return type(one)(**{**asdict(one), "file": file, "line": line})

        if seen.error_file == own:
            seen.error_file, seen.error_line = source.where(seen.error_line)
        seen.findings, seen.rows = [at(one) for one in seen.findings], [at(one) for one in seen.rows]
    return seen


def _state(seen: Xray) -> str:
    """What the error itself shows; of a few iterations, no more than that it rose or blew up."""
    costs = [cost for _, cost in seen.course]
    if any(not math.isfinite(cost) for cost in costs):
        return "non-finite"
    return "diverged" if len(costs) > 2 and costs[-1] > 1.02 * costs[0] else "not-examined"


def cause_of(kind: str, parameter: str) -> str:
    """The cause that a wrong line is an example of.

    >>> cause_of("sign", "W1"), cause_of("missing-update", "self.b1"), cause_of("missing-update", "W1")
    ('gradient-sign-flipped', 'bias-not-updated', 'layer-not-updated')
    """
    if kind == "missing-update":
        name = parameter.rpartition(".")[2].lower().lstrip("_")
        bias = name.startswith(("b", "theta", "offset", "intercept")) or "bias" in name
        return "bias-not-updated" if bias else "layer-not-updated"
    return CAUSES.get(kind, "gradient-wrong-term")


def _finding(one: Wrong, source: Source, path: Path) -> Finding:
    words = one.words if one.name and one.name in one.words.split(" ")[:2] else f"{one.name}: {one.words}"
    where = Where(one.file, one.line, _line(one, source, path))
    return Finding(cause_of(one.kind, one.parameter), "found", where=where, detail=words)


def _line(one: Wrong, source: Source, path: Path) -> str:
    """The text of a line, of the program or of a module beside it."""
    if one.file == path.name:
        return source.line(one.line)
    for number, (cell, within) in enumerate(source.cells, 1):
        if (one.file, one.line) == (f"{source.name}, cell {cell}", within):
            return source.line(number)
    try:
        return Source((path.parent / one.file).read_text(encoding="utf-8"), one.file).line(one.line)
    except (OSError, UnicodeDecodeError):
        return ""


def _measured(seen: Xray) -> list[Measured]:
    return [one.measured(seen.health[one.name]) for one in SYMPTOMS if one.name in seen.health]


def _suspected(seen: Xray) -> list[Finding]:
    """What the numbers of the start speak for, where they are far out of what is usual."""
    has = {name: seen.health.get(name, math.nan) for name in (one.name for one in SYMPTOMS)}
    names: dict[str, tuple[str, ...]] = {}
    saturated = has["saturated-start"] > 0.5
    if has["largest-input"] >= 100 and has["feature-size"] > 10:
        names["input-not-scaled"] = ("largest-input", "feature-size", "saturated-start")
    elif saturated and has["one-sided-push"] > 4:
        names["init-positive-saturation"] = ("saturated-start", "one-sided-push")
    elif saturated and has["weight-gain"] > 4:
        names["init-too-large"] = ("saturated-start", "weight-gain")
    if has["identical-units"] == 1:
        names["symmetric-init"] = ("identical-units",)
    elif has["spread-start"] < 0.02 and has["least-weight-gain"] < 0.1:
        names["init-too-small"] = ("spread-start", "least-weight-gain")
    known = {one.symptom.name: one for one in _measured(seen)}
    return [
        Finding(cause, "suspected", tuple(known[name] for name in evidence if name in known))
        for cause, evidence in names.items()
    ]


def _used(seen: Xray, source: Source) -> dict[str, str]:
    if not seen.loop_line:
        return {}
    file, line = source.where(seen.loop_line)
    used = {
        "loop": (f"{file}, line {line}" if source.cells else f"line {line}")
        + (f", {seen.iterations} iterations" if seen.iterations else "")
        + f", {seen.watched} looked at",
        "parameters": ", ".join(f"{name} {_shape(shape)}".strip() for name, shape in seen.parameters.items()),
    }
    if seen.output:
        used["output"], used["target"] = seen.output, seen.target
    if seen.cost:
        used["cost"] = COSTS.get(seen.cost, seen.cost)
    if len(seen.course) > 1:
        (first, before), (last, after) = seen.course[0], seen.course[-1]
        used["mean squared error"] = f"{before:.4g} in iteration {first}, {after:.4g} in iteration {last}"
    return used


COSTS = {
    "squares": "squared error",
    "absolute": "absolute error",
    "logistic": "cross-entropy of a sigmoid",
    "softmax": "cross-entropy of a softmax",
    "tanh": "one whose derivative before the tanh is the error itself",
    "exponential": "that of counts (Poisson)",
    "threshold": "the perceptron's",
    "recorded": "the one that the program computes",
}


def _shape(shape: Sequence[int]) -> str:
    return "x".join(map(str, shape))


def _gaps(seen: Xray) -> list[Gap]:
    gaps = [Gap("trials", "the program was run and looked at; it was not trained again")]
    if seen.loop_line:
        ended = f"it was ended after {seen.iterations} iterations, when enough was seen"
        gaps.append(Gap("its quality", ended if seen.how == "enough" else "only a few iterations were looked at"))
    gaps += [Gap(one.strip("<>"), "what this call computes is not known") for one in seen.opaque]
    spoiled = {row.name for row in seen.rows if row.verdict in ("wrong", "follows")}
    untold = set(seen.parameters) - set(seen.right) - {one.parameter for one in seen.findings} - spoiled
    if untold and not seen.findings:
        gaps.append(Gap(f"the steps of {', '.join(sorted(untold))}", "whether they are right could not be told"))
    return gaps


def _remarks(seen: Xray, source: Source) -> list[Remark]:
    """How it ended, where that matters, and why nothing was seen, if that is so."""
    told = []
    then = "What is said here is about what ran before."
    if seen.cut == "interrupt":
        told.append(Remark("interrupted"))
    elif seen.cut == "time":
        stopped = "it would not stop and was killed" if seen.how == "killed" else "it was stopped"
        told.append(said(f"It was still running when its time was over (--seconds), and {stopped}."))
    elif seen.how == "crashed":
        where = f" in {seen.error_file}, line {seen.error_line}" if seen.error_line else ""
        then = then if seen.loop_line else ""
        told.append(said(f"It crashed{where}: {seen.error}. {_hint(seen.error)}{then}".strip()))
    elif seen.how == "exited":
        told.append(said(f"It ended by itself before its end: {seen.error}."))
    elif seen.how == "killed":
        told.append(said(f"It was ended by something else ({seen.error or 'no reason is known'}). {then}"))
    if not seen.loop_line:
        told.append(said(_no_loop(seen, imported(source))))
    return told


HINTS = {
    "EOFError": "It asks for input, and is run without a keyboard: give it arguments or constants. ",
    "FileNotFoundError": (
        "It runs in a copy of its folder, and that is its current folder: paths are relative to the program's file. "
    ),
    "MemoryError": "It may have 8 GB of memory. ",
    "ModuleNotFoundError": "It is run by the Python that whynet is installed in. ",
    "_tkinter.TclError": "It is run without a display. ",
}


def _hint(error: str) -> str:
    return HINTS.get(error.partition(":")[0], "")


def _no_loop(seen: Xray, libraries: set[str]) -> str:
    line = next((line for name, line in HANDED.items() if name in libraries), "")
    none = "No loop was seen that moves numbers by the error of a prediction, several times over"
    if "whynet" in libraries:
        return f"{none}. It asks whynet itself: run it with Python, and read what it prints."
    if line:
        name = next(name for name in HANDED if name in libraries).partition(".")[0]
        return f"{none}. It imports {name}: such networks are handed over as objects so far: {line}"
    if seen.how in ("crashed", "exited", "killed", "stopped"):
        return f"{none}, until then."
    return f"{none}: what is looked into are trainings written by hand, in NumPy or plain Python."
