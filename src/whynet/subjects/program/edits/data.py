"""A program's text with its inputs scaled, its test data as its training data, or its rows shuffled in each epoch."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from whynet.subjects.program.edits.epochs import epoch_loops
from whynet.subjects.program.edits.literals import callers
from whynet.subjects.program.edits.names import last
from whynet.subjects.program.edits.source import Source
from whynet.subjects.program.xray import Xray

TESTED = ("test", "val", "valid", "dev", "eval")


def scaled(source: Source, numbers: Mapping[str, Any], facts: Xray) -> str | None:
    """The text with its inputs scaled where they are made.

    >>> from whynet.subjects.program.origins import Origins
    >>> facts = Xray("ended", origins=Origins(inputs="X", line=3))
    >>> print(scaled(Source("import numpy as np\\nX = load()\\ny = X @ w"), {"scheme": "standard"}, facts))
    import numpy as np
    X = load()
    X = (X - X.mean(axis=0)) / (X.std(axis=0) + 1e-8)
    y = X @ w
    """
    where = _made(source, facts.origins.inputs, facts.origins.line)
    listed = re.search(r"\[\d+\]", facts.origins.inputs)
    if where is None or listed or not re.search(r"import numpy as np\b", source.text):
        return None
    name, statement = where
    axis = facts.origins.examples
    others = _tested(source, name, statement)
    along = f"axis={axis}" if axis == 0 else f"axis={axis}, keepdims=True"
    along = along if len(facts.origins.shape) != 1 else ""
    if numbers.get("scheme") == "0..1":
        top = facts.health.get("largest-input", 0.0)
        size = "255.0" if top == 255 else f"np.abs({name}).max()"
        lines = [f"{name} = {name} / {size}"] if not others else (
            [f"{', '.join([name, *others])} = {', '.join(f'{one} / {size}' for one in (name, *others))}"])  # fmt: skip
    elif not others:
        lines = [f"{name} = ({name} - {name}.mean({along})) / ({name}.std({along}) + 1e-8)"]
    else:
        each = [f"({one} - mean) / std" for one in (name, *others)]
        lines = [
            f"mean, std = {name}.mean({along}), {name}.std({along}) + 1e-8",
            f"{', '.join([name, *others])} = {', '.join(each)}",
        ]
    last_one = max([statement, *(_assigned(source, one, statement) for one in others)], key=source.last)
    at = source.last(last_one) + 1
    return source.with_lines((at, at, [source.indent(last_one) + line for line in lines]))


def _made(source: Source, name: str, line: int) -> tuple[str, Any] | None:
    """The name that inputs have where they are made, and the statement that does it."""
    base = re.sub(r"\[.*", "", name)
    if not base:
        return None
    function = source.function(source.statement(line)) if source.statement(line) is not None else source.module
    for _ in range(6):
        attribute = base.startswith("self.")
        found = [
            one
            for one in source.statements
            if base in _targets(source, one) and (attribute or source.function(one) is function)
        ]
        cut = [one for one in found if not _is_cut(source, one, base)]
        own = cut[-1:] or found[-1:]
        passed = _argument(source, function, base) if not own or attribute else None
        if attribute and own:
            value = source.value(own[0])
            if isinstance(value, source.cst.Tuple):  # self.X, self.y = X, y
                place = _targets(source, own[0]).index(base)
                value = value.elements[place].value
            passed = None
            if isinstance(value, source.cst.Name):
                passed = _argument(source, source.function(own[0]), value.value)
        if passed is not None:
            base, function = passed
            continue
        taken = source.value(own[0]) if own and source.loops(own[0]) else None
        if isinstance(taken, source.cst.Subscript) and source.code(taken.value) != base:
            base = source.code(taken.value)  # a batch: what it is taken from
            continue
        if own:
            return None if source.loops(own[0]) else (base, own[0])
        if function is source.module:
            return None
        function = source.module
    return None


def _targets(source: Source, one: Any) -> list[str]:
    """The names that a statement gives values to."""
    found = []
    for small in source.small(one):
        for target in getattr(small, "targets", ()):
            whole = target.target
            parts = whole.elements if isinstance(whole, (source.cst.Tuple, source.cst.List)) else ()
            found += [source.code(part.value) for part in parts] or [source.code(whole)]
    return found


def _is_cut(source: Source, one: Any, name: str) -> bool:
    """Whether a statement takes the values from themselves, in a loop: a batch, a new order."""
    value = source.value(one)
    own = value is not None and re.search(rf"(?<![\w.]){re.escape(name)}\[", source.code(value))
    return bool(source.loops(one)) and bool(own)


def _argument(source: Source, function: Any, name: str) -> tuple[str, Any] | None:
    """What the callers of a function hand over as one of its arguments: a name, and the function that it is one in."""
    if function is source.module:
        return None
    names = [param.name.value for param in function.params.params]
    if name not in names:
        return None
    at = names.index(name) - (1 if source.owner(function) is not None else 0)
    for call in callers(source, function):
        named = [arg.value for arg in call.args if arg.keyword is not None and arg.keyword.value == name]
        places = [arg.value for arg in call.args if arg.keyword is None]
        node = named[0] if named else places[at] if 0 <= at < len(places) else None
        while isinstance(node, source.cst.Subscript) or (
            isinstance(node, source.cst.Attribute) and node.attr.value == "T"
        ):
            node = node.value
        if (node is not None and source.is_value(node) and source.code(node) != name) or (
            node is not None and source.is_value(node) and source.function(call) is not function
        ):  # fmt: skip
            return source.code(node), source.function(call)
    return None


def _tested(source: Source, name: str, statement: Any) -> list[str]:
    """The same data for tests, made in the same lines."""
    found = []
    here = source.function(statement)
    made = [one for other in source.statements if source.function(other) is here for one in _targets(source, other)]
    for word in TESTED:
        for old in ("train", "tr"):
            other = re.sub(rf"(^|_){old}($|_)", rf"\g<1>{word}\g<2>", name)
            other = re.sub(r"(?<=[a-z])Train|^train", word.title() if "Train" in name else word, other)
            if other != name and other in made:
                found.append(other)
        found += [
            one for one in (f"{name}_{word}", f"{name}{word}", f"{word}_{name}", f"{name}{word[0]}") if one in made
        ]
    return list(dict.fromkeys(found))


def _assigned(source: Source, name: str, statement: Any) -> Any:
    here = source.function(statement)
    return [one for one in source.statements if source.function(one) is here and name in _targets(source, one)][-1]


def shuffled(source: Source, numbers: Mapping[str, Any], facts: Xray) -> str | None:
    """The text with the rows in another order in each epoch.

    >>> text = "import random\\nfor epoch in range(9):\\n    for x, t in rows:\\n        step(x, t)\\n"
    >>> print(shuffled(Source(text), {}, Xray("ended", loop_line=3)))
    import random
    for epoch in range(9):
        random.shuffle(rows)
        for x, t in rows:
            step(x, t)
    <BLANKLINE>
    """
    loops = epoch_loops(source, facts)
    inner = source.statement(facts.loop_line)
    if not loops or inner is loops[-1] or not isinstance(inner, source.cst.For):
        return None
    epochs = loops[-1]
    if source.loops(inner)[-1:] != [epochs] and epochs not in source.loops(inner):
        return None
    chain = [inner, *source.loops(inner)]
    rows = chain[chain.index(epochs) - 1]
    whole = source.code(rows.iter) if isinstance(rows, source.cst.For) else ""
    indent = source.indent(epochs.body.body[0])
    numpy = bool(re.search(r"import numpy as np\b", source.text))
    if re.fullmatch(r"[\w.]+", whole):
        name = "random" if re.search(r"^import random\b", source.text, re.MULTILINE) else "np.random" if numpy else ""
        lines = [f"{name}.shuffle({whole})"] if name else []
    else:
        lines = _reordered(source, whole, facts) if numpy else []
    if not lines:
        return None
    at = source.first(epochs.body.body[0])
    return source.with_lines((at, at, [indent + line for line in lines]))


def _reordered(source: Source, whole: str, facts: Xray) -> list[str]:
    """Inputs and targets in a common new order."""
    zipped = re.fullmatch(r"zip\(([\w.]+), ?([\w.]+)\)", whole)
    own = facts.origins
    x, y = (zipped[1], zipped[2]) if zipped else (re.sub(r"\[.*", "", own.inputs), re.sub(r"\[.*", "", own.targets))
    axis = 0 if zipped else own.examples
    if not x or not y or last(x) == last(y):
        return []
    count = f"len({x})" if axis == 0 else f"{x}.shape[1]"
    part = "[order]" if axis == 0 else "[:, order]"
    return [f"order = np.random.permutation({count})", f"{x}, {y} = {x}{part}, {y}{part}"]
