"""The process that runs somebody's program under the recorder. The only place where code from a file is run.

    python -m whynet.subjects.program.child FOLDER SCRIPT ARGUMENTS ...
    python -m whynet.subjects.program.child --trials FOLDER SCRIPT ARGUMENTS ...
    python -m whynet.subjects.program.child --look FOLDER SCRIPT FILE LINE ARGUMENTS ...
    python -m whynet.subjects.program.child --guests FOLDER SCRIPT ASKED ARGUMENTS ...

It writes the tapes into FOLDER as they end, so that what was seen is there even if the process is ended from outside.
With `--trials` copies of it go on from its first step, each with one thing changed, and what they predict is written.
With `--look` it takes one step of the loop that begins in that line, and what it says of itself is recorded.
With `--guests` the program's text stays as it is: the libraries that it trains with are watched.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import CodeType, FrameType, ModuleType
from typing import Any

import numpy as np

from whynet.subjects.program.autodiff import Gradients
from whynet.subjects.program.costs import takes_steps
from whynet.subjects.program.evaluator import Evaluator
from whynet.subjects.program.looked import Looked
from whynet.subjects.program.notes import LARGEST, TAKEN
from whynet.subjects.program.onlooker import Onlooker
from whynet.subjects.program.outside import watch
from whynet.subjects.program.overrides import seeded
from whynet.subjects.program.place import SKIPPED, home_of, module_of
from whynet.subjects.program.recorder import Recorder
from whynet.subjects.program.rewrite import NAME, rewritten
from whynet.subjects.program.sites import Sites
from whynet.subjects.program.tape import Enough, Shared, Tape
from whynet.subjects.program.writes import Writes

MANY = 150_000
"""Operations of all tapes: a program of single numbers has many in an iteration, and few iterations tell."""
LONG = 20_000
"""Operations of an iteration: of a loop that takes steps, so long a one is not judged again before it is kept."""


class Watching:
    """Runs a program and writes down its tapes.

    >>> Watching(Path("somewhere"), Path("train.py")).tapes
    0
    """

    def __init__(
        self, folder: Path, script: Path, onlooker: Onlooker | None = None, at: tuple[str, int] | None = None
    ) -> None:
        self.folder, self.script, self.home = folder, script, home_of(script)
        self.sites, self.shared = Sites(), Shared(folder)
        self.recorder: Recorder | Onlooker = onlooker or (
            Recorder(self.sites, set(), self.taken, self.leave)
            if at is None
            else Evaluator(self.sites, at, self.keep, self.leave)
        )
        self.tapes = self.left = self.bytes = self.operations = 0
        looks = type(self.recorder) is Recorder
        self.gradients = Gradients(self.recorder.files, self.leave) if looks else None
        if onlooker is None:
            os.register_at_fork(after_in_child=self.forked)

    def taken(self, tape: Tape) -> bool:
        """Write a tape, if its loop may be the one that takes the steps."""
        assert isinstance(self.recorder, Recorder)
        known = len(tape.ops) > LONG and self.recorder.decided.get(tape.loop, False)
        if not known and not takes_steps(tape):
            return False
        self.keep(tape)
        self.bytes, self.operations = self.bytes + self.recorder.bytes, self.operations + len(tape.ops)
        last = tape.cost is None and tape.iteration == TAKEN[-1]
        self.recorder.enough = last or self.bytes > LARGEST or self.operations > MANY
        return True

    def keep(self, tape: Tape) -> None:
        """Write a tape."""
        self.write()
        tape.save(self.folder / f"tape{self.tapes:03}.npz", self.shared)
        self.tapes += 1

    def forked(self) -> None:
        """In a worker of the program's: it goes on, and is not recorded."""
        assert isinstance(self.recorder, Recorder)
        self.taken, self.leave = lambda tape: False, lambda: False  # type: ignore[method-assign]
        self.recorder.leave = self.leave
        self.recorder.stop()

    def leave(self) -> bool:
        """End the program: all was seen. One that catches everything, or runs in a thread, is left at once."""
        self.left += 1
        if self.left == 1 and threading.current_thread() is threading.main_thread():
            raise Enough
        self.end({"how": "enough", "error": ""})
        os._exit(0)

    def end(self, ended: dict[str, Any]) -> None:
        """Write how the program ended."""
        recorder = self.recorder
        assert isinstance(recorder, Recorder)
        if isinstance(recorder, Evaluator):
            recorder.close()
        self.write()
        ended["loops"] = {str(loop): count + 1 for loop, count in recorder.counts.items()}
        ended["inner"] = {str(loop): sorted(inner) for loop, inner in recorder.inner.items()}
        ended["crowded"] = recorder.crowded
        descents = self.gradients.descents() if self.gradients is not None else []
        ended["descents"] = [replace(one, file=self.named(one.file), moved_file=self.named(one.moved_file)).as_dict()
                             for one in descents]  # fmt: skip
        (self.folder / "ended.json").write_text(json.dumps(ended), encoding="utf-8")
        with contextlib.suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()

    def named(self, file: str) -> str:
        """A file's name, seen from the program."""
        return os.path.relpath(file, self.script.parent) if file else ""

    def write(self) -> None:
        """Write the places that tapes speak of."""
        said = [[one.file, one.line, one.statement, one.text, one.operands, one.around] for one in self.sites.known]
        (self.folder / "sites.json").write_text(json.dumps(said), encoding="utf-8")

    def run(self, arguments: Sequence[str]) -> None:
        """The program as `__main__`, with its arguments."""
        sys.meta_path.insert(0, _Finder(self))
        recorder = self.recorder
        if isinstance(recorder, Recorder):
            wanted = {"scipy.optimize": lambda module: watch(module, recorder)}
            if self.gradients is not None:
                wanted["jax"] = self.gradients.watch
            sys.meta_path.insert(0, _After(wanted))
        _as_main(_Loader("__main__", str(self.script), self), arguments)


def _as_main(loader: SourceFileLoader, arguments: Sequence[str]) -> None:
    name, home = module_of(Path(loader.path))
    sys.argv = [loader.path, *arguments]
    sys.path.insert(0, str(home))
    spec = spec_from_loader("__main__", loader)
    assert spec is not None
    module = module_from_spec(spec)
    module.__file__ = loader.path
    module.__spec__ = None
    module.__package__ = name.rpartition(".")[0] or None
    sys.modules["__main__"] = module
    loader.exec_module(module)


class _Loader(SourceFileLoader):
    def __init__(self, name: str, path: str, watching: Watching) -> None:
        super().__init__(name, path)
        self.watching = watching

    def get_code(self, fullname: str) -> CodeType:
        data = Path(self.path).read_bytes()
        kind = Looked if isinstance(self.watching.recorder, Evaluator) else None
        only = self.watching.recorder.only
        code: CodeType = compile(rewritten(data, self.path, self.watching.sites, kind, only), self.path, "exec")
        return code

    def exec_module(self, module: ModuleType) -> None:
        setattr(module, NAME, self.watching.recorder)
        self.watching.recorder.files.add(self.path)
        self.watching.recorder.owned.add(module.__name__)
        super().exec_module(module)


class _Finder(MetaPathFinder):
    """Modules that Python finds in the copied folder are the program's own."""

    def __init__(self, watching: Watching) -> None:
        self.watching = watching

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> ModuleSpec | None:
        if fullname in sys.builtin_module_names:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is None or not spec.origin or not spec.origin.endswith(".py"):
            return None
        file = Path(spec.origin).absolute()
        home = self.watching.home
        if home not in file.parents or {*SKIPPED, "site-packages"} & set(file.relative_to(home).parts):
            return None
        spec.loader = _Loader(fullname, str(file), self.watching)
        return spec


class _After(MetaPathFinder):
    """Tells when the program has imported a module: a callback for each name."""

    def __init__(self, wanted: dict[str, Callable[[ModuleType], None]]) -> None:
        self.wanted = wanted

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> ModuleSpec | None:
        told = self.wanted.pop(fullname, None)
        if told is None:
            return None
        finders = [one for one in sys.meta_path if one is not self]
        spec = next(filter(None, (one.find_spec(fullname, path, target) for one in finders)), None)
        if spec is None or spec.loader is None:
            return spec
        run = spec.loader.exec_module

        def and_tell(module: ModuleType) -> None:
            run(module)
            told(module)

        spec.loader.exec_module = and_tell  # type: ignore[method-assign]
        return spec


def _prepared(folder: Path, script: Path, wanted: dict[str, Callable[[ModuleType], None]]) -> None:
    """What is the same for all programs: no seed is 0, no window opens, what it writes elsewhere is noted."""
    random.seed(0)
    np.random.seed(0)  # noqa: NPY002
    sys.meta_path.insert(0, _After({"matplotlib": _without_windows, **wanted}))
    Writes(folder, home_of(script), [folder.parent]).watch()


def _without_windows(matplotlib: ModuleType) -> None:
    """A program that asks for a window gets none, and does not end by it."""
    setattr(matplotlib, "use", lambda *args, **kwargs: None)  # noqa: B010


def guests(arguments: Sequence[str]) -> int:
    """Run the program as it is, with the libraries that it imports watched; then what they trained is examined.

    >>> guests([])
    Traceback (most recent call last):
    ...
    ValueError: not enough values to unpack (expected at least 3, got 0)
    """
    from whynet.subjects.program.guests.inside import Inside

    folder, script, asked, *rest = arguments
    inside = Inside(Path(folder), Path(script), json.loads(asked))
    _prepared(Path(folder), Path(script), inside.wanted())
    return inside.run(lambda: _as_main(SourceFileLoader("__main__", script), rest))


def look(arguments: Sequence[str]) -> int:
    """Run the program for one step, and record what it says of itself.

    >>> look([])
    Traceback (most recent call last):
    ...
    ValueError: not enough values to unpack (expected at least 4, got 0)
    """
    folder, script, file, line, *rest = arguments
    return _watched(Watching(Path(folder), Path(script), at=(str(Path(script).parent / file), int(line))), rest)


def trials(arguments: Sequence[str]) -> int:
    """Run the program up to its first step; from there on copies of it go on, each with one thing changed.

    >>> trials([])
    Traceback (most recent call last):
    ...
    ValueError: not enough values to unpack (expected at least 2, got 0)
    """
    from whynet.subjects.program.forks import ASKED, copy_at_the_first_step
    from whynet.subjects.program.plan import Plan
    from whynet.subjects.program.trial import Trial

    folder, script, *rest = arguments
    out = Path(folder)
    asked = json.loads((out / ASKED).read_text(encoding="utf-8"))
    _prepared(out, Path(script), {})
    seeded(asked["seed"])

    def first(frame: FrameType) -> None:
        nonlocal out
        one, out = copy_at_the_first_step(out)
        one.begin(onlooker, frame)

    onlooker = Onlooker(Plan.read(asked["plan"]), first)
    watching = Watching(out, Path(script), onlooker)
    ended, _ = _ended(watching, rest)
    Trial.write(out, onlooker, ended)
    os._exit(0)  # what the program does at its end is not waited for


def main(arguments: Sequence[str]) -> int:
    """Run the program; 0 if it ended, or as it would have exited.

    >>> main([])
    Traceback (most recent call last):
    ...
    ValueError: not enough values to unpack (expected at least 2, got 0)
    """
    folder, script, *rest = arguments
    return _watched(Watching(Path(folder), Path(script)), rest)


def _watched(watching: Watching, arguments: Sequence[str]) -> int:
    """Run the program and write what was recorded of it."""
    process = os.getpid()
    _prepared(watching.folder, watching.script, {})
    ended, code = _ended(watching, arguments)
    if os.getpid() != process:  # forked by the program
        return code
    watching.end(ended)
    if ended["how"] == "enough":
        os._exit(0)  # its threads and what it does at its end are not waited for
    return code


def _ended(watching: Watching, arguments: Sequence[str]) -> tuple[dict[str, Any], int]:
    """Run the program: how it ended, and the status."""
    ended: dict[str, Any] = {"how": "ended", "error": ""}
    code = 0
    try:
        watching.run(arguments)
        _wait_for_threads()
    except Enough:
        ended["how"] = "enough"
    except KeyboardInterrupt:
        ended["how"] = "stopped"
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else int(error.code is not None)
        ended["how"] = "ended" if code == 0 else "exited"
        ended["error"] = str(error.code) if code else ""
    except BaseException as error:
        code = 1
        _trace(error, watching)
        ended = {"how": "crashed", "error": f"{type(error).__name__}: {error}", **_place(error, watching)}
    return ended, code


def _wait_for_threads() -> None:
    """A program ends with the last of its threads."""
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join()


def _steps(error: BaseException, watching: Watching) -> list[tuple[str, int]]:
    found, trace = [], error.__traceback__
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename
        if name in watching.recorder.files:
            found.append((name, trace.tb_lineno))
        trace = trace.tb_next
    if isinstance(error, SyntaxError) and error.filename:
        found.append((error.filename, error.lineno or 0))
    return found


def _place(error: BaseException, watching: Watching) -> dict[str, Any]:
    """The file and the line of the program that it came from."""
    file, line = (_steps(error, watching) or [("", 0)])[-1]
    return {"file": watching.named(file), "line": line}


def _trace(error: BaseException, watching: Watching) -> None:
    """The program's own lines of a traceback; the recorder's would only puzzle."""
    lines = [f'  File "{watching.named(name)}", line {line}' for name, line in _steps(error, watching)]
    said = f"{type(error).__name__}: {error}"
    sys.stderr.write("\n".join(["Traceback (most recent call last):", *lines, said]) + "\n")


if __name__ == "__main__":
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    modes = {"--guests": guests, "--trials": trials, "--look": look}
    mode = modes.get("".join(sys.argv[1:2]))
    sys.exit(main(sys.argv[1:]) if mode is None else mode(sys.argv[2:]))
