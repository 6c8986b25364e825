"""Look into somebody's program: what it computes by itself, right or wrong, and the first wrong line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from whynet.doctor.diagnosis import Settings
from whynet.subjects.program.autodiff import GAINS, Descent
from whynet.subjects.program.blame import blames
from whynet.subjects.program.evaluation import SAID, evaluated
from whynet.subjects.program.health import course, health
from whynet.subjects.program.judged import judged
from whynet.subjects.program.judgement import Judged
from whynet.subjects.program.looked import worth_a_look
from whynet.subjects.program.meant import Meant
from whynet.subjects.program.origins import Origins, origins
from whynet.subjects.program.plan import Plan, plan_of, settings_of
from whynet.subjects.program.run import Ran, run
from whynet.subjects.program.schedule import faded
from whynet.subjects.program.sites import Site
from whynet.subjects.program.start import start_of
from whynet.subjects.program.tape import Tape
from whynet.subjects.program.text import Text
from whynet.subjects.program.unmoved import Blame
from whynet.subjects.program.writes import Written

ROWS = 200
LOOK = 20.0
"""Seconds of a second run, in which the program takes one step and says what it says at its end."""


@dataclass(frozen=True)
class Row:
    """One value that the program names: what it is, and whether it is right.

    >>> Row("dW1", 41, "train.py", "gradient", "right").verdict
    'right'
    """

    name: str
    line: int
    file: str
    meaning: str
    """`z`, `a`, `output`, `error`, `delta`, `gradient`, `step` or `value`."""
    verdict: str
    """`right`, `wrong`, `follows` (from a wrong line before it), `untold`, or empty for the forward pass."""
    words: str = ""


@dataclass(frozen=True)
class Finding:
    """A wrong line.

    >>> Finding("sign", 12, "train.py", "W1", "W1", "it goes uphill").line
    12
    """

    kind: str
    line: int
    file: str
    name: str
    parameter: str
    words: str
    meant: Meant = Meant()
    """What belongs there, where that is known."""


@dataclass
class Xray:
    """All that was seen of a program; plain data.

    >>> Xray("ended").as_dict()["findings"]
    []
    """

    how: str
    """`ended`, `enough`, `stopped`, `crashed`, `exited` or `killed`."""
    error: str = ""
    error_line: int = 0
    error_file: str = ""
    loop_line: int = 0
    """Where the loop that takes the steps begins; 0 if there is none."""
    iterations: int = 0
    watched: int = 0
    """Iterations that were recorded and compared."""
    cost: str = ""
    parameters: dict[str, tuple[int, ...]] = field(default_factory=dict)
    output: str = ""
    target: str = ""
    rates: dict[str, float] = field(default_factory=dict)
    """Of each parameter that is moved against its gradient, the step as a multiple of it."""
    right: list[str] = field(default_factory=list)
    """The parameters that are moved down the exact slope of the cost."""
    rows: list[Row] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    """The wrong lines, the first one first; what follows from them is not among them."""
    opaque: list[str] = field(default_factory=list)
    """Operations that were not looked into."""
    health: dict[str, float] = field(default_factory=dict)
    """What the first tape says of inputs, initial weights and hidden units, by the names of symptoms."""
    course: list[tuple[int, float]] = field(default_factory=list)
    """Iterations, and the mean squared error of the outputs; empty where each saw other examples."""
    origins: Origins = field(default_factory=Origins)
    """Where its settings stand in its text."""
    cut: str = ""
    """`time` or `interrupt` where it was ended from outside."""
    seconds: float = 0.0
    plan: Plan | None = None
    """What a trial watches; None where none can be judged."""
    settings: Settings | None = None
    place: str = ""
    """Where it ran, in words."""
    wrote: list[Written] = field(default_factory=list)
    """Paths outside the copy of its folder that it wrote to, with the file and the line."""
    crowded: bool = False
    """Whether threads of its own were at work beside its loop, which was not recorded then."""
    descents: list[Descent] = field(default_factory=list)
    """What the gradients that JAX took for it were used for."""

    @property
    def first(self) -> Finding | None:
        """The first wrong line."""
        return self.findings[0] if self.findings else None

    @property
    def spoiling(self) -> list[Finding]:
        """The wrong lines that spoil the training; not those in which the program says something wrong of itself."""
        return [one for one in self.findings if one.kind not in SAID]

    def as_dict(self) -> dict[str, Any]:
        """Everything but what trials need, as JSON has it."""
        return {name: value for name, value in asdict(self).items() if name not in ("plan", "settings")}


def examine(
    path: str | Path,
    args: Sequence[str] = (),
    seconds: float = 60.0,
    *,
    echo: bool = True,
    text: str | None = None,
    beside: Mapping[str, str] | None = None,
    twice: bool = True,
) -> Xray:
    """Run a program unchanged and judge what it computes; its own output goes to stderr.

    `text` stands in for what is in the file; `beside`, for what is in files of its folder. `twice`: whether a program
    that says something of itself is run again, for one step, to see whether that is so.

    >>> import shutil, tempfile
    >>> folder = tempfile.mkdtemp()
    >>> file = Path(folder) / "f.py"
    >>> _ = file.write_text('''
    ... import numpy as np
    ... X = np.random.randn(20, 3)
    ... y = X @ np.array([1.0, -2.0, 0.5])
    ... w = np.zeros(3)
    ... for i in range(100):
    ...     error = X @ w - y
    ...     w += 0.1 * X.T @ error / 20
    ... ''')
    >>> found = examine(file, echo=False)
    >>> shutil.rmtree(folder)
    >>> found.first.kind, found.first.line, found.first.name
    ('sign', 8, 'w')
    """
    ran = run(path, args, seconds, echo=echo, text=text, beside=beside)
    best = _best(ran.tapes)
    again = None
    if not twice or best is None or ran.crowded or ran.cut == "interrupt":
        return xray(ran, best=best)
    at = ran.sites[best.tape.loop]
    if at.can_be_left and worth_a_look(_sources(Path(path), text, beside or {}, ran)):
        again = run(path, args, min(seconds, LOOK), echo=False, text=text, beside=beside, look=(at.file, at.line))
        ran.cut = "interrupt" if again.cut == "interrupt" else ran.cut
    return xray(ran, again, best)


def _sources(path: Path, text: str | None, beside: Mapping[str, str], ran: Ran) -> str:
    """The text of a program and of the modules beside it."""
    names = dict.fromkeys(site.file for site in ran.sites if site.file != path.name)
    files = (
        [path, *(path.parent / name for name in names if name not in beside)]
        if text is None
        else [path.parent / name for name in names if name not in beside]
    )
    said = [file.read_text(errors="replace") for file in files if file.is_file()]
    return "\n".join([text or "", *beside.values(), *said])


def xray(ran: Ran, again: Ran | None = None, best: Judged | None = None) -> Xray:
    """Judge what a program did; `again`: and what it said of itself in a run of one step. `best` is its loop as judged,
    where that is known.

    >>> xray(Ran("crashed", "ValueError: no", 3)).error_line
    3
    """
    found = Xray(ran.how, ran.error, ran.line, ran.file, cut=ran.cut, seconds=ran.seconds)
    found.place, found.wrote, found.crowded = ran.place, ran.wrote, ran.crowded
    best = _best(ran.tapes) if best is None else best
    found.descents = ran.descents
    if best is None:
        descended(found)
        return found
    text = Text(ran.sites, best)
    wrong = blames(best, ran.sites)
    around = [ran.loops.get(loop, 0) for loop, inner in ran.inner.items() if best.tape.loop in inner]
    wrong += faded(best, min(around, default=0), text)
    wrong += evaluated(best, ran.sites, again)
    found.loop_line = ran.sites[best.tape.loop].line
    found.iterations, found.watched = ran.loops.get(best.tape.loop, 0), len(best.flow.tapes)
    found.cost = best.cost.name if best.cost else ""
    found.parameters = {group.name: _shape(best.tape, group.paths) for group in best.moved}
    if best.cost is not None and best.cost.pairs:
        found.output = text.named(best.cost.pairs[0].output)
        pair = best.cost.pairs[0]
        found.target = "labels" if pair.labels else text.named(pair.target)
    found.rates = {step.group.name: -step.rate for step in best.steps if step.rate is not None}
    found.right = [step.group.name for step in best.steps if step.right]
    found.findings = [
        Finding(one.kind, one.line, one.file, one.name, one.parameter, one.words, one.meant) for one in wrong
    ]
    found.rows = _rows(best, text, wrong)
    found.health, found.course = health(best), course(best)
    outer = [loop for loop, inner in ran.inner.items() if best.tape.loop in inner]
    if best.tape.cost is None:  # an optimiser from outside has no loop in which a trial could look on
        found.plan = plan_of(best, sorted(outer, key=lambda loop: len(ran.inner[loop])))
    found.settings = settings_of(best, found.plan)
    if found.plan is not None:
        found.health |= start_of(best, found.plan)
    found.origins = origins(best, text)
    found.opaque = sorted(set().union(*(adj.opaque for adj in best.adjoints)))
    return found


def descended(found: Xray) -> None:
    """What follows from the gradients that JAX took: they are right, and where the parameters went is known.

    >>> seen = Xray("ended", descents=[Descent("loss", "f.py", 9, 12, {"w": ()}, uphill=True)])
    >>> descended(seen), seen.first.kind
    (None, 'sign')
    """
    for one in sorted(found.descents, key=lambda one: -one.asked)[:1]:
        found.loop_line, found.iterations, found.watched = one.line, one.asked, one.asked
        found.cost, found.parameters, found.rates = "autodiff", one.parameters, one.rates
        moved = (one.moved_line, one.moved_file) if one.moved_line else (one.line, one.file)
        if one.still:
            words = "every gradient is taken at the same parameters: what a step makes of them is not kept"
            found.findings.append(Finding("missing-update", *moved, "the parameters", "the parameters", words))
        elif one.uphill and not GAINS.search(one.function):
            words = f"each step goes up the slope of {one.function}: plus where minus belongs"
            found.findings.append(Finding("sign", *moved, "the parameters", "the parameters", words))
        elif not one.uphill:
            found.right = list(one.down)


def _best(tapes: Sequence[Tape]) -> Judged | None:
    """Of all loops that were recorded, the one most of whose parameters are explained."""
    found = []
    for loop in dict.fromkeys(tape.loop for tape in tapes):
        one = judged([tape for tape in tapes if tape.loop == loop])
        if one is not None:
            found.append(one)
    return max(found, key=lambda one: (len(one.moved), sum(step.right for step in one.steps)), default=None)


def _shape(tape: Tape, paths: Sequence[str]) -> tuple[int, ...]:
    return np.shape(tape.value(tape.start[paths[0]])) if len(paths) == 1 else (len(paths),)


def _rows(one: Judged, text: Text, wrong: Sequence[Blame]) -> list[Row]:
    """The values that have names, in the order of the computation."""
    blamed = {blame.node for blame in wrong}
    follows = one.flow.after(blamed) if blamed else set()
    where = {(blame.file, blame.line): blame for blame in wrong}
    ends = {end: step for step in one.steps for end in one.ends(step.group)}
    leaves = {one.tape.start[path] for group in one.moved for path in group.paths}
    errors = {pair.node for pair in one.cost.pairs} if one.cost else set()
    rows: dict[tuple[str, int, str], Row] = {}
    for node, name, site in one.tape.names:
        place: Site = text.sites[site]
        name = name.removeprefix("= ")
        if node < 0 or len(rows) >= ROWS:
            continue
        key = (place.file, place.line, name)
        blame = where.get((place.file, place.line))
        if node in ends:
            meaning, verdict = "step", _moved(ends[node].right, node in follows)
        elif node in one.forward:
            meaning, verdict = _forward(one, node, leaves), ""
        elif node in errors:
            meaning, verdict = "error", "right"
        elif node in one.carriers:
            meaning, verdict = _backward(one, node, leaves)
            if not verdict:
                verdict = "follows" if node in follows else "untold"
        else:
            continue
        if blame is not None and (blame.node in one.flow.before([node]) or node in ends):
            verdict = "wrong"
        rows.setdefault(
            key,
            Row(name, place.line, place.file, meaning, verdict, blame.words if blame and verdict == "wrong" else ""),
        )
    return list(rows.values())


def _moved(right: bool, follows: bool) -> str:
    return "right" if right else "follows" if follows else "untold"


def _forward(one: Judged, node: int, leaves: set[int]) -> str:
    """What a value of the forward pass is: sums of products are z, what is made of them a."""
    if node in one.outputs:
        return "output"
    sums = {"matmul", "dot", "sum", "total", "einsum", "inner"}
    op = one.tape.ops[node]
    if op.name in sums or (op.name == "add" and (one.flow.leaves[node] & leaves or any(
        one.tape.ops[read].name in sums for read in one.flow.inputs[node]))):  # fmt: skip
        return "z"
    return "a" if np.size(op.value) > 1 or op.name not in ("mul", "add") else "value"


def _backward(one: Judged, node: int, leaves: set[int]) -> tuple[str, str]:
    """What a value after the error is, and `right` if it is what it should be."""
    hit = one.exact.get(node)
    if hit is None:
        return "value", ""
    return ("gradient" if hit[0] in leaves else "delta"), "right"
