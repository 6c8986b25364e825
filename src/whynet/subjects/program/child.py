"""The process that runs somebody's program under the recorder. The only place where code from a file is run.

    python -m whynet.subjects.program.child FOLDER SCRIPT ARGUMENTS ...
    python -m whynet.subjects.program.child --guests FOLDER SCRIPT ASKED ARGUMENTS ...

It writes the tapes into FOLDER as they end, so that what was seen is there even if the process is ended from outside.
With `--guests` the program's text stays as it is: the libraries that it trains with are watched.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Callable, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import module_from_spec, spec_from_file_location, spec_from_loader
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

import numpy as np

from whynet.subjects.program.loop import takes_steps
from whynet.subjects.program.recorder import TAKEN, Enough, Recorder
from whynet.subjects.program.rewrite import NAME, Sites, rewritten
from whynet.subjects.program.tape import Tape


class Watching:
    """Runs a program and writes down its tapes.

    >>> Watching(Path("somewhere"), Path("train.py")).tapes
    0
    """

    def __init__(self, folder: Path, script: Path) -> None:
        self.folder, self.script = folder, script
        self.sites = Sites()
        self.recorder = Recorder(self.sites, set(), self.taken)
        self.tapes = 0

    def taken(self, tape: Tape) -> bool:
        """Write a tape, if its loop may be the one that takes the steps."""
        if not takes_steps(tape):
            return False
        self.write()
        tape.save(self.folder / f"tape{self.tapes:03}.npz")
        self.tapes += 1
        self.recorder.enough = tape.iteration == TAKEN[-1]
        return True

    def write(self) -> None:
        """Write the places that tapes speak of."""
        said = [[one.file, one.line, one.statement, one.text, one.operands] for one in self.sites.known]
        (self.folder / "sites.json").write_text(json.dumps(said), encoding="utf-8")

    def run(self, arguments: Sequence[str]) -> None:
        """The program as `__main__`, with its arguments."""
        sys.meta_path.insert(0, _Finder(self))
        _as_main(_Loader("__main__", str(self.script), self), arguments)


def _as_main(loader: SourceFileLoader, arguments: Sequence[str]) -> None:
    sys.argv = [loader.path, *arguments]
    sys.path.insert(0, str(Path(loader.path).parent))
    spec = spec_from_loader("__main__", loader)
    assert spec is not None
    module = module_from_spec(spec)
    module.__file__ = loader.path
    module.__spec__ = None
    sys.modules["__main__"] = module
    loader.exec_module(module)


class _Loader(SourceFileLoader):
    def __init__(self, name: str, path: str, watching: Watching) -> None:
        super().__init__(name, path)
        self.watching = watching

    def get_code(self, fullname: str) -> CodeType:
        data = Path(self.path).read_bytes()
        code: CodeType = compile(rewritten(data, self.path, self.watching.sites), self.path, "exec")
        return code

    def exec_module(self, module: ModuleType) -> None:
        setattr(module, NAME, self.watching.recorder)
        self.watching.recorder.files.add(self.path)
        self.watching.recorder.owned.add(module.__name__)
        super().exec_module(module)


class _Finder(MetaPathFinder):
    """The modules that lie beside the program are its own."""

    def __init__(self, watching: Watching) -> None:
        self.watching = watching

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> ModuleSpec | None:
        for folder in [Path(one) for one in path] if path else [self.watching.script.parent]:
            if self.watching.script.parent not in (folder, *folder.parents):
                continue
            stem = folder / fullname.rpartition(".")[2]
            package = stem / "__init__.py"
            file = package if package.is_file() else stem.with_suffix(".py")
            if file.is_file():
                loader = _Loader(fullname, str(file), self.watching)
                inside = [str(stem)] if file is package else None
                return spec_from_file_location(fullname, file, loader=loader, submodule_search_locations=inside)
        return None


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


def guests(arguments: Sequence[str]) -> int:
    """Run the program as it is, with the libraries that it imports watched; then what they trained is examined.

    >>> guests([])
    Traceback (most recent call last):
    ...
    ValueError: not enough values to unpack (expected at least 3, got 0)
    """
    from whynet.subjects.program.guests.inside import Inside

    folder, script, asked, *rest = arguments
    random.seed(0)
    np.random.seed(0)  # noqa: NPY002
    inside = Inside(Path(folder), Path(script), json.loads(asked))
    sys.meta_path.insert(0, _After(inside.wanted()))
    return inside.run(lambda: _as_main(SourceFileLoader("__main__", script), rest))


def main(arguments: Sequence[str]) -> int:
    """Run the program; 0 if it ended, or as it would have exited.

    >>> main([])
    Traceback (most recent call last):
    ...
    ValueError: not enough values to unpack (expected at least 2, got 0)
    """
    folder, script, *rest = arguments
    random.seed(0)  # of programs that set none, each run is the same
    np.random.seed(0)  # noqa: NPY002
    watching = Watching(Path(folder), Path(script))
    ended = {"how": "ended", "error": ""}
    code = 0
    try:
        watching.run(rest)
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
    watching.write()
    ended["loops"] = {str(loop): count + 1 for loop, count in watching.recorder.counts.items()}  # type: ignore[assignment]
    (watching.folder / "ended.json").write_text(json.dumps(ended), encoding="utf-8")
    sys.stdout.flush()
    sys.stderr.flush()
    return code


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
    return {"file": Path(file).name, "line": line}


def _trace(error: BaseException, watching: Watching) -> None:
    """The program's own lines of a traceback; the recorder's would only puzzle."""
    lines = [f'  File "{Path(name).name}", line {line}' for name, line in _steps(error, watching)]
    said = f"{type(error).__name__}: {error}"
    sys.stderr.write("\n".join(["Traceback (most recent call last):", *lines, said]) + "\n")


if __name__ == "__main__":
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    status = guests(sys.argv[2:]) if sys.argv[1:2] == ["--guests"] else main(sys.argv[1:])
    sys.exit(status)
