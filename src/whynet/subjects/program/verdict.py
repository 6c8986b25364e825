"""What an x-ray says, as a diagnosis: what is wrong, right, suspected, and what is unknown."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from whynet.doctor.diagnosis import Diagnosis, Finding, Gap, Remark, Where, said
from whynet.doctor.symptom import Measured, Symptom
from whynet.doctor.symptoms.data import FEATURE_SIZE, LARGEST_INPUT
from whynet.doctor.symptoms.units import DEAD, SATURATED, SPREAD
from whynet.doctor.symptoms.weights import IDENTICAL_UNITS, LEAST_WEIGHT_GAIN, ONE_SIDED_PUSH, WEIGHT_GAIN
from whynet.subjects.program.notebook import Source, decoded, imported, runs_text
from whynet.subjects.program.writes import in_words
from whynet.subjects.program.xray import Finding as Wrong
from whynet.subjects.program.xray import Xray

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
    "decay-grows": "gradient-sign-flipped",
    "momentum-unscaled": "momentum-unscaled",
    "momentum-wrong": "gradient-wrong-term",
    "regularisation-missing": "gradient-wrong-term",
    "penalty-wrong": "gradient-wrong-term",
    "packing-wrong": "gradient-wrong-term",
    "metric-wrong": "metric-wrong",
    "gradient-check-invalid": "gradient-check-invalid",
    "shape-grows": "gradient-wrong-term",
    "lost-steps": "layer-not-updated",
    "unread": "bias-not-updated",
    "schedule": "schedule-exhausted",
    "several-true": "wrong-output-activation",
}
HANDED = {  # a library whose own networks are handed over as objects, and how
    "torch": "whynet.diagnose(model, loader, loss=loss, optimizer=optimizer, epochs=5)",
    "keras": "whynet.diagnose(model, (X, y), epochs=5, batch_size=32)",
    "tensorflow": "whynet.diagnose(model, (X, y), epochs=5, batch_size=32)",
    "sklearn.neural_network": "whynet.diagnose(MLPClassifier(...), (X, y))",
}
SYMPTOMS: tuple[Symptom, ...] = (
    LARGEST_INPUT, FEATURE_SIZE, SATURATED["start"], SPREAD["start"], DEAD["start"], IDENTICAL_UNITS, WEIGHT_GAIN,
    LEAST_WEIGHT_GAIN, ONE_SIDED_PUSH,
)  # fmt: skip


def diagnosis_of(seen: Xray, source: Source, path: Path) -> Diagnosis:
    """What was seen, as a diagnosis.

    >>> diagnosis_of(Xray("ended"), Source("x = 1", "train.py"), Path("train.py")).state
    'not-examined'
    """
    seen = _placed(seen, source, path)
    found = Diagnosis(_state(seen), patient=str(path), seconds=seen.seconds, problem="unknown")
    found.verdict = [_finding(one, source, path) for one in seen.findings] + _suspected(seen)
    found.symptoms = {one.symptom.name: one for one in measured(seen)}
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
            return replace(one, file=file, line=line)

        if seen.error_file == own:
            seen.error_file, seen.error_line = source.where(seen.error_line)
        seen.wrote = [(to, *source.where(line)) if file == own else (to, file, line) for to, file, line in seen.wrote]
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
        return Source(decoded((path.parent / one.file).read_bytes()), one.file).line(one.line)
    except (OSError, UnicodeDecodeError, SyntaxError):
        return ""


def measured(seen: Xray) -> list[Measured]:
    """The symptoms of a program's start.

    >>> [one.symptom.name for one in measured(Xray("ended", health={"weight-gain": 9.0}))]
    ['weight-gain']
    """
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
    if not seen.findings and _rose(seen):
        names["lr-too-high"] = ()
    known = {one.symptom.name: one for one in measured(seen)}
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
    "autodiff": "what JAX takes the gradient of",
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
        told.append(said(f"It crashed{where}: {seen.error.removesuffix('.')}. {_hint(seen)}{then}".strip()))
    elif seen.how == "exited":
        asks = seen.error == "2" and "argparse" in imported(source)
        told.append(said(f"It ended by itself before its end: {seen.error}.{ARGUMENTS if asks else ''}"))
    elif seen.how == "killed":
        told.append(said(f"It {'was ended' if seen.error.startswith('by') else 'left'} {seen.error}. {then}"))
    elif seen.how == "stopped":
        told.append(said(f"It raised KeyboardInterrupt itself, and ended by it. {then}"))
    if seen.wrote:
        told.append(said(in_words(seen.wrote)))
    if not seen.loop_line:
        told.append(said(_no_loop(seen, source)))
    if seen.descents and not seen.findings and _rose(seen):
        values = seen.descents[0].values
        told.append(said(f"What {seen.descents[0].function} gives went from {values[0]:.4g} to {values[-1]:.4g}."))
    return told


def _rose(seen: Xray) -> bool:
    """Whether what JAX takes the gradient of grew, though every step goes down: the steps are too long."""
    values = seen.descents[0].values if seen.descents else ()
    return len(values) > 1 and (not math.isfinite(values[-1]) or values[-1] > 2 * abs(values[0]))


HINTS = {
    "EOFError": "It asks for input, and is run without a keyboard: give it arguments or constants. ",
    "MemoryError": "It may have 8 GB of memory. ",
    "ModuleNotFoundError": "It is run by the Python that whynet is installed in. ",
    "TclError": "It is run without a display. ",
}
ARGUMENTS = " Its own arguments stand after its name: whynet diagnose train.py --rate 0.1"


def _hint(seen: Xray) -> str:
    name = seen.error.partition(":")[0].rpartition(".")[2].removeprefix("_Array")  # NumPy's kind of MemoryError
    return f"{seen.place} " if name == "FileNotFoundError" else HINTS.get(name, "")


def _no_loop(seen: Xray, source: Source) -> str:
    libraries = imported(source)
    handed = next((line for name, line in HANDED.items() if name in libraries), "")
    none = "No loop was seen that moves numbers by the error of a prediction, several times over"
    if "whynet" in libraries:
        return f"{none}. It asks whynet itself: run it with Python, and read what it prints."
    if handed:
        name = next(name for name in HANDED if name in libraries).partition(".")[0]
        return f"{none}. It imports {name}: such networks are handed over as objects so far: {handed}"
    if seen.crowded:
        return f"{none}, without other threads of the program's at work beside it."
    if seen.how in ("crashed", "exited", "killed", "stopped"):
        return f"{none}, until then."
    line = runs_text(source)
    if line:
        file, line = source.where(line)
        return f"{none}. {file}, line {line}, runs a text (exec), and what that does is not looked into."
    return f"{none}: what is looked into are trainings written by hand, in NumPy or plain Python."
