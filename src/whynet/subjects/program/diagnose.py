"""From what was seen of a program to a diagnosis: what is wrong, right, suspected, and what is unknown."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from whynet.doctor.budget import TIMES
from whynet.doctor.change import Change
from whynet.doctor.diagnosis import Diagnosis, Fix, Gap, Remark, said
from whynet.errors import UsageError
from whynet.subjects.program.edits.patch import Mended, Patch, mended, written
from whynet.subjects.program.guests import examine_guest
from whynet.subjects.program.guests.told import Told
from whynet.subjects.program.notebook import Source, read_source
from whynet.subjects.program.patient import Program
from whynet.subjects.program.proof import of_lines, of_settings, subject_of
from whynet.subjects.program.settled import NEAR, in_the_text, settled, still_falls, text_of
from whynet.subjects.program.subject import ProgramSubject
from whynet.subjects.program.verdict import diagnosis_of, measured
from whynet.subjects.program.xray import Xray, examine

SUFFIXES = (".py", ".pyw", ".ipynb")
SECONDS = 60.0
LONGER, MORE = 5, 0.02
"""A cured program that still gets better is run so many times as long, and that is kept if it gains so much."""
CAP, LONGEST_CAP, LOOKS = 120.0, 300.0, 20.0
"""Seconds of a whole diagnosis, where no cap is given. Of a slow program so many times what the look into it took: in
less, its trials would be too short to prove anything."""
MENDING_GUESTS = 240.0
"""Of a program of a library, the seconds spent on a patch at most."""
MENDING, LEAST = 0.5, 0.15
"""Of the seconds that are left, the part that a patch of wrong lines may be looked for; and of all, that which trials
have in any case."""


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
    apply: str | Path | None = None,
    in_place: bool = False,
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
        As for objects. Of a training written by hand the cap holds for all of it, from the first look to the run of the
        patch; without `trials` it is looked into only.
    echo
        Whether its output is passed on to stderr.
    apply, in_place
        Where a patch is found that heals its text: the new file that the healed text goes into, or whether it goes into
        the program's own file, with the old text beside it (`train.py.orig`).

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
    >>> print(found.patch.split("\\n")[-2])
    -    w += 0.1 * X.T @ error / 20

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
    if apply is not None and Path(apply).exists():
        raise UsageError("the file for the mended program exists", where=str(apply), do="Choose another name")
    if source.cells and (apply is not None or in_place):
        raise UsageError("a notebook is not written", where=str(path), do="Change its cells as the patch says")
    own = [str(one) for one in args]
    say(f"running {path.name} in a copy of its folder, for at most {seconds:g} seconds; its own output follows")
    text = source.text if source.cells else None
    told = examine_guest(path, own, seconds, effort, budget, trials, text=text, echo=echo)
    if told is not None:
        if not trials:
            return Told.of(told, path, source)
        mended_too = _mended(told, path, source, own, (seconds, effort, budget), say)
        _write(mended_too.patches(path), path, apply, in_place, say)
        return mended_too
    began = time.monotonic()
    seen = examine(path, own, seconds, echo=echo, text=text)
    cap = min(max(CAP, LOOKS * seen.seconds), LONGEST_CAP) if budget is None else budget
    ends = began + cap
    remarks: list[Remark] = []
    mend = Mended((), seen)
    if trials and seen.spoiling and not seen.cut:
        say("looking for a patch: each change of a wrong line is run before it is shown")
        try:
            mend = mended(patient, own, MENDING * max(ends - time.monotonic(), LEAST * cap), seen)
        except KeyboardInterrupt:
            remarks.append(Remark("interrupted"))
    found = diagnosis_of(seen, source, path)
    patches: Sequence[Patch] = mend.patches
    found.patch, found.remarks = mend.diff, [*found.remarks, *remarks]
    if mend.patches:
        found.remarks.insert(0, said(mend.words))
    if trials and not remarks and not seen.cut:
        program = Program(path, tuple(own), text)
        found, patches = _tried(found, seen, mend, program, seconds, effort, (cap, ends), say)
        found.patch = "\n".join(one.diff() for one in patches)
    _write(patches, path, apply, in_place, say)
    if found.xray is not None:
        found.xray = {**found.xray, "arguments": own}
    return found


def _write(
    patches: Sequence[Patch], path: Path, apply: str | Path | None, in_place: bool, say: Callable[[str], None]
) -> None:
    """Write patches where they are wanted."""
    for words in written(patches, path, apply, in_place):
        say(words)


def _tried(
    found: Diagnosis,
    seen: Xray,
    mend: Mended,
    program: Program,
    seconds: float,
    effort: float,
    limits: tuple[float, float],
    say: Callable[[str], None],
) -> tuple[Diagnosis, Sequence[Patch]]:
    """The diagnosis with what trials of the program itself say, and the patches that heal it. `limits`: the cap in
    seconds, and when it is reached."""
    cap, ends = limits
    sick = subject_of(seen, program, measured(seen), seconds, in_the_text(program, seen))
    if sick is None:
        return found, mend.patches
    healed, other, facts = None, program, seen
    if mend.patches and not mend.xray.spoiling:
        texts = {edit.file: edit.after for edit in mend.edits}
        text = texts.pop(program.path, program.text)
        beside = {str(file.relative_to(program.path.parent)): text for file, text in texts.items()}
        other, facts = replace(program, text=text, beside=beside), mend.xray
        healed = subject_of(facts, other, measured(facts), seconds, in_the_text(other, facts))
    left = max(ends - time.monotonic(), LEAST * cap)
    try:
        if seen.spoiling:
            told = of_lines(found, sick, healed, effort, left, say)
        else:
            told = of_settings(found, sick, effort, left, say)
        cured = _cured(told)
        as_it_is = cured is not None and all(one.kind != "mend" for one in cured.changes)
        if healed is None or as_it_is:
            patch = _settled(told, program, program, seen, sick, ends, say)
        else:
            patch = _settled(told, program, other, facts, healed, ends, say)
    finally:
        for one in (sick, healed):
            if one is not None:
                one.close()
    others = [one for one in mend.patches if Path(one.file) != program.path and not as_it_is]
    return told, mend.patches if patch is None else [patch, *others]


def _settled(
    told: Diagnosis,
    program: Program,
    mended: Program,
    facts: Xray,
    subject: ProgramSubject,
    ends: float,
    say: Callable[[str], None],
) -> Patch | None:
    """The patch with the proved settings, where they can be written into the text and it then learns; run longer where
    there is time for that before it `ends`."""
    cured = _cured(told)
    changes = [] if cured is None else [one for one in cured.changes if one.kind != "mend"]
    if cured is None or not changes:
        return None
    say("writing the cure into the text, and running that")
    before, after = cured.before.quality, cured.after.quality
    longer = [*changes, Change("epochs", {"times": LONGER})]
    made = None
    in_time = time.monotonic() + subject.seconds_of(longer) < ends
    if in_time and still_falls(cured.after) and not any(one.kind == "epochs" for one in changes):
        made = settled(
            mended, facts, subject, longer, before, after + (1 - NEAR) / NEAR * (after - before) + MORE / NEAR
        )
    made = made or settled(mended, facts, subject, changes, before, after)
    if made is None:
        told.not_examined.append(Gap("a patch", "the cure could not be written into the text by itself"))
        return None
    told.remarks = [one for one in told.remarks if one.kind != "said" or "with the patch" not in one.numbers["text"]]
    told.remarks.insert(0, said("The program was run with the patch, and learns as well as in the trials."))
    return Patch(text_of(program), made[0], str(program.path), read_source(program.path).cells)


def _cured(told: Diagnosis) -> Fix | None:
    """What cures it: trained to its end, or, where there was no time for that, what is proved together."""
    if told.fix is not None:
        return told.fix
    found = [one for one in told.verdict if one.status == "proved" and one.change is not None and one.after is not None]
    after = max((one.after for one in found if one.after is not None), key=lambda end: end.quality, default=None)
    if told.before is None or after is None:
        return None
    return Fix(tuple(one.change for one in found if one.change is not None), told.before, after)


def _mended(
    told: dict[str, Any],
    path: Path,
    source: Source,
    own: list[str],
    limits: tuple[float, float, float | None],
    say: Callable[[str], None],
) -> Told:
    """The diagnosis with a patch, where a changed text that was run mends the program."""
    from whynet.subjects.program.guests.heal import healed, texts_of  # it reads with a parser of its own

    seconds, effort, budget = limits

    def examine(instead: Mapping[str, str]) -> dict[str, Any] | None:
        say("running the program with a change that may mend it")
        beside, text = dict(instead), None
        if source.cells:
            text = beside.pop(path.name, source.text)
        return examine_guest(path, own, seconds, effort, budget, False, text=text, instead=beside, echo=False)

    found, ended = Told.of(told, path, source), told["program"]
    if ended["how"] == "stopped" and ended.get("seconds", seconds) < 0.9 * seconds:  # by Ctrl-C
        return found
    most = MENDING_GUESTS if budget is None else max(MENDING_GUESTS / 2, 2 * budget)
    try:
        return found.mended(healed(told, texts_of(path, told), path.name, examine, most))
    except KeyboardInterrupt:
        found.remarks.append(Remark("interrupted"))
        return found
