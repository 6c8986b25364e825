"""Edits of data: inputs and targets brought to a usual size, where the program makes them."""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst

from whynet.subjects.frameworks.scikit_linear import LINEAR
from whynet.subjects.program.guests.edits.about import About
from whynet.subjects.program.guests.edits.settings import PERCEPTRONS
from whynet.subjects.program.guests.edits.source import Source, Splice, argument, called
from whynet.subjects.program.guests.edits.values import assigned

PASSES = ("tensor", "from_numpy", "Tensor", "FloatTensor", "as_tensor", "array", "asarray", "Variable", "to_numpy")
METHODS = ("float", "to", "astype", "reshape", "view", "copy", "cuda", "double", "unsqueeze", "type")
SIBLINGS = (("train", "test"), ("train", "val"), ("train", "valid"), ("tr", "te"), ("tr", "va"), ("Train", "Test"))
PIXELS = (100.0, 256.0)
"""Between these lies the largest input of pictures in bytes."""
PREPROCESSING = "from sklearn.preprocessing import StandardScaler"
DEEPEST = 8


def inputs(source: Source, about: About) -> Iterator[str]:
    """Inputs of a usual size: pictures divided by 255, columns standardised, with scikit-learn in a pipeline.

    >>> text = "from sklearn import datasets\\nX, y = load()\\nmodel.fit(X, y)\\n"
    >>> print(next(inputs(Source(text), About("input-not-scaled", "Keras"))), end="")
    from sklearn import datasets
    from sklearn.preprocessing import StandardScaler
    X, y = load()
    scaler = StandardScaler()
    X = scaler.fit_transform(X)
    model.fit(X, y)
    """
    if about.library == "scikit-learn":
        yield from _pipeline(source)
    largest = about.facts.get("largest-input", 0.0)
    for name, spot in roots(source, about, 0):
        if PIXELS[0] < largest < PIXELS[1]:
            yield from _divided(source, name, spot, round(largest) if largest < 17 else 255)
        yield from _standardised(source, name, spot)


def targets(source: Source, about: About) -> Iterator[str]:
    """Targets of a usual size; those that are tested on by the numbers of those that are trained on.

    >>> print(next(targets(Source("X, y = load()\\nmodel.fit(X, y)\\n"), About("target-not-scaled", "Keras"))), end="")
    X, y = load()
    y = (y - y.mean()) / y.std()
    model.fit(X, y)
    """
    for call in source.calls(*PERCEPTRONS, *LINEAR):
        words = f"TransformedTargetRegressor({source.code(call)}, transformer=StandardScaler())"
        imports = "from sklearn.compose import TransformedTargetRegressor\n" + PREPROCESSING
        yield _with_import(source, imports, source.put(call, words))
    for name, spot in roots(source, about, 1):
        others = {
            one: made for one, made in siblings(source, name).items() if source.function(made) is source.function(spot)
        }
        if others:
            last = max([spot, *others.values()], key=source.line)
            lines = [f"{name}_mean, {name}_std = {name}.mean(), {name}.std()"]
            lines += [f"{one} = ({one} - {name}_mean) / {name}_std" for one in (name, *others)]
            yield source.but(block(source, last, lines))
            continue
        for line in (f"{name} = ({name} - {name}.mean()) / {name}.std()", f"{name} = {name} / {name}.max()"):
            yield source.but(source.after(spot, line))


def roots(source: Source, about: About, place: int) -> list[tuple[str, cst.CSTNode]]:
    """The arrays that a network is trained on, by name, and where each is made: inputs (0) or targets (1).

    >>> source = Source("X, y = load()\\nXt = torch.tensor(X)\\nloss = f(net(Xt), y)\\noptimizer = A(net.parameters())")
    >>> [(name, source.line(spot)) for name, spot in roots(source, About("input-not-scaled"), 0)]
    [('Xt', 2), ('X', 1)]
    """
    found: dict[str, cst.CSTNode] = {}
    for node in _fed(source, about, place):
        for name, spot in _traced(source, node, place, DEEPEST):
            found.setdefault(name, spot)
    return list(found.items())


def _fed(source: Source, about: About, place: int) -> list[cst.CSTNode]:
    """What a network is given: in `fit`, in a data set of tensors, in its call."""
    found: list[cst.CSTNode] = []
    for call in source.at(source.calls("fit"), about.lines.get("fit")):
        given = argument(call, "Xy"[place] if about.library == "scikit-learn" else "xy"[place], place)
        if given is not None and about.library != "PyTorch":
            found.append(given.value)
    sets = [one for one in source.calls("TensorDataset") if len(one.args) > place]
    found += [one.args[place].value for one in sets]
    line = about.lines.get("forward")
    calls = [one for one in source.all(cst.Call) if line is None or source.covers(source.statement(one), line)]
    models = {source.receiver(one) for one in source.calls("parameters", "train", "eval")}
    for call in calls:
        if place == 0 and call.args and source.code(call.func) in models:
            found.append(call.args[0].value)
        elif place == 1 and len(call.args) == 2 and re.search("loss|crit|mse", source.code(call.func), re.IGNORECASE):
            found.append(call.args[1].value)
    return found


def _traced(source: Source, node: cst.CSTNode, place: int, deep: int) -> Iterator[tuple[str, cst.CSTNode]]:
    """Names of the array on its way back, and the statement that makes it."""
    if deep == 0:
        return
    if isinstance(node, cst.Subscript):
        yield from _traced(source, node.value, place, deep - 1)
    elif isinstance(node, cst.Call):
        if called(node) in PASSES and node.args:
            yield from _traced(source, node.args[0].value, place, deep - 1)
        elif called(node) in METHODS and isinstance(node.func, cst.Attribute):
            yield from _traced(source, node.func.value, place, deep - 1)
    elif isinstance(node, cst.Attribute):
        yield from _traced(source, node.value, place, deep - 1)
    elif isinstance(node, cst.Name):
        name, function = node.value, source.function(node)
        made = [one for one in source.all(cst.Assign) if _binds(one, name)]
        made = [one for one in made if source.function(one) in (function, source.module)]
        for one in reversed(made):
            yield name, one
        for one in made:
            for value in _values(one.targets[0].target, one.value, name):
                yield from _traced(source, value, place, deep - 1)
        if not made:
            for value in assigned(source, node):  # a parameter
                yield from _traced(source, value, place, deep - 1)


def _values(target: cst.CSTNode, value: cst.CSTNode, name: str) -> Iterator[cst.CSTNode]:
    """What a name gets of what is assigned, where both sides are written out."""
    if isinstance(target, cst.Name) and target.value == name:
        yield value
    elif isinstance(target, cst.Tuple) and isinstance(value, cst.Tuple):
        for part, one in zip(target.elements, value.elements, strict=False):
            yield from _values(part.value, one.value, name)


def _binds(assign: cst.Assign, name: str) -> bool:
    """Whether an assignment gives something this name.

    >>> _binds(Source("X, y = load()").all(cst.Assign)[0], "y")
    True
    """
    return name in [one for each in assign.targets for one in _bound(each.target)]


def _bound(node: cst.CSTNode) -> list[str]:
    if isinstance(node, (cst.Tuple, cst.List)):
        return [name for one in node.elements for name in _bound(one.value)]
    return [node.value] if isinstance(node, cst.Name) else []


def siblings(source: Source, name: str) -> dict[str, cst.Assign]:
    """Other parts of the same data, by name, and where each is made: `X_test` of `X_train`.

    >>> list(siblings(Source("X_train, X_test = load()"), "X_train"))
    ['X_test']
    """
    names = {name.replace(old, new) for old, new in SIBLINGS if old in name} - {name}
    found = {}
    for one in source.all(cst.Assign):
        for other in names:
            if _binds(one, other):
                found[other] = one
    return found


def _divided(source: Source, name: str, spot: cst.CSTNode, by: int) -> Iterator[str]:
    """Pictures divided by 255, and those to test on with them."""
    both = {name: spot, **siblings(source, name)}
    lines: list[Splice] = []
    for other, one in both.items():
        value = one.value if isinstance(one, cst.Assign) and isinstance(one.targets[0].target, cst.Name) else None
        if isinstance(value, cst.Call) and called(value) in ("astype", "float", "tensor", "Tensor", "FloatTensor"):
            end = source.span(value)[1]
            lines.append(Splice(end, end, f" / {by}.0"))
        else:
            lines.append(source.after(one, f"{other} = {other} / {by}.0"))
    yield source.but(*lines)


def _standardised(source: Source, name: str, spot: cst.CSTNode) -> Iterator[str]:
    """Columns of mean 0 and spread 1; what is tested on goes by the numbers of what is trained on."""
    others = siblings(source, name)
    last = max([spot, *others.values()], key=source.line)
    same = [other for other, one in others.items() if source.function(one) is source.function(spot)]
    code = source.code(spot)
    tensor = "torch" in code or "Variable" in code
    if not tensor:
        lines = [f"{name} = scaler.fit_transform({name})", *(f"{one} = scaler.transform({one})" for one in same)]
        if PREPROCESSING in source.text or re.search(
            r"^from sklearn\.preprocessing import .*StandardScaler", source.text, re.M
        ):
            yield source.but(block(source, last, ["scaler = StandardScaler()", *lines]))
        elif "sklearn" in source.text:
            yield _with_import(source, PREPROCESSING, block(source, last, ["scaler = StandardScaler()", *lines]))
    axis = "dim=0" if tensor else "axis=0"
    for mean, spread in ((f"{name}.mean({axis})", f"{name}.std({axis})"), (f"{name}.mean()", f"{name}.std()")):
        lines = [f"mean, std = {mean}, {spread}", *(f"{one} = ({one} - mean) / std" for one in (name, *same))]
        yield source.but(block(source, last, lines))


def block(source: Source, spot: cst.CSTNode, lines: list[str]) -> Splice:
    """Several lines after a statement.

    >>> source = Source("x = 1\\n")
    >>> source.but(block(source, source.all(cst.Assign)[0], ["y = 2", "z = 3"]))
    'x = 1\\ny = 2\\nz = 3\\n'
    """
    first = source.after(spot, "\0")
    start, _, end = first.new.partition("\0")
    if end:
        return Splice(first.start, first.end, "".join(f"{start}{line}{end}" for line in lines))
    return Splice(first.start, first.end, "".join(f"{start}{line}" for line in lines))


def _pipeline(source: Source) -> Iterator[str]:
    """A perceptron behind a scaler."""
    imports = "from sklearn.pipeline import make_pipeline\n" + PREPROCESSING
    for call in source.calls(*PERCEPTRONS, *LINEAR):
        old, made = source.code(call), source.statement(call)
        if "\n" in old and isinstance(made, cst.SimpleStatementLine) and isinstance(made.body[0], cst.Assign):
            name = source.code(made.body[0].targets[0].target)
            words = f"{name} = make_pipeline(StandardScaler(), {name})"
            yield _with_import(source, imports, source.after(call, words))
        else:
            yield _with_import(source, imports, source.put(call, f"make_pipeline(StandardScaler(), {old})"))


def _with_import(source: Source, words: str, *splices: Splice) -> str:
    """The text with those pieces exchanged and something imported, in its place by the alphabet."""
    found = [one for one in source.all(cst.Import, cst.ImportFrom) if source.function(one) is source.module]
    new = [one for one in words.split("\n") if not re.search(rf"^{re.escape(one)}\b", source.text, re.MULTILINE)]
    if not found:
        return ""
    lines: list[Splice] = []
    for word in new:
        later = [
            one for one in found if isinstance(one, cst.ImportFrom) and source.code(one).split()[1] > word.split()[1]
        ]
        same = [one for one in later if "sklearn" in source.code(one)]
        lines.append(source.before(same[0], word) if same else source.after(found[-1], word))
    return source.but(*_joined(lines), *splices)


def _joined(splices: list[Splice]) -> list[Splice]:
    """Pieces for the same place as one."""
    found: dict[int, Splice] = {}
    for one in splices:
        before = found.get(one.start)
        found[one.start] = one if before is None else Splice(one.start, one.end, before.new + one.new)
    return list(found.values())
