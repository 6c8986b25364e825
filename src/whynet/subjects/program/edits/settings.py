"""A program's text with another setting: its rate, its epochs, the size of its batches, its data or its start."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any

from whynet.doctor.change import Change
from whynet.subjects.program.edits.batches import cut
from whynet.subjects.program.edits.data import scaled, shuffled
from whynet.subjects.program.edits.epochs import counts, epoch_loops
from whynet.subjects.program.edits.literals import literals, number
from whynet.subjects.program.edits.names import last
from whynet.subjects.program.edits.source import Source, unreadable
from whynet.subjects.program.edits.start import drawn
from whynet.subjects.program.edits.terms import left
from whynet.subjects.program.origins import Place
from whynet.subjects.program.xray import Xray

RATE = re.compile(r"(?i)(^|_)(lr|rate|eta|alpha|step_?size|learning_?rate|learnrate|lrate)\d*$")
BATCH = re.compile(r"(?i)batch|^bs$|^mb_?size$")


def edited(source_text: str, change: Change, facts: Xray) -> str | None:
    """The text with one setting changed, as the program would say it; None where it cannot be found.

    >>> from whynet.subjects.program.origins import Origins, Place
    >>> facts = Xray("ended", loop_line=2, origins=Origins((Place("f.py", 3, "lr", 0.1),)))
    >>> text = "lr = 0.1\\nfor epoch in range(100):\\n    w -= lr * g(w)\\n"
    >>> edited(text, Change("rate", {"times": 10}), facts).split("\\n")[0]
    'lr = 1.0'
    >>> edited(text, Change("epochs", {"times": 3}), facts).split("\\n")[1]
    'for epoch in range(300):'
    """
    kinds: dict[str, Callable[[Source, Mapping[str, Any], Xray], str | None]] = {
        "rate": _rate, "epochs": _epochs, "batch": _batch,
        "shuffle": shuffled, "scale-inputs": scaled, "weights": drawn,
    }  # fmt: skip
    with suppress(*unreadable()):
        text = kinds[change.kind](Source(source_text), change.numbers, facts) if change.kind in kinds else None
        return None if text == source_text else text
    return None


def _rate(source: Source, numbers: Mapping[str, Any], facts: Xray) -> str | None:
    places = facts.origins.rate
    named = {place.line: place for place in places[::-1] if RATE.search(last(place.text))}
    steps = {row.line for row in facts.rows if row.meaning == "step"}
    found: list[Any] = []
    for place in named.values():
        statement = source.statement(place.line)
        for node in source.expressions(statement) if statement is not None else ():
            if source.code(node) == place.text:
                found += literals(source, node)
    if found:
        return _numbered(source, found, numbers, next(iter(named.values())).value)
    written = [place for place in places if re.fullmatch(r"-?[\d.]+(e-?\d+)?", place.text)]
    by_name = [node for line in sorted(steps) for node in _named(source, line)]
    if by_name:
        return _numbered(source, [one for node in by_name for one in literals(source, node)], numbers, math.nan)
    value, nodes = _written(source, steps, written)
    if nodes:
        return _numbered(source, nodes, numbers, value)
    return None if places else _multiplied(source, numbers, steps)


def _named(source: Source, line: int) -> list[Any]:
    """What is called a rate in a line."""
    statement = source.statement(line)
    nodes = source.expressions(statement) if statement is not None else []
    return [node for node in nodes if source.is_value(node) and RATE.search(last(source.code(node)))]


def _written(source: Source, steps: Iterable[int], places: Iterable[Place]) -> tuple[float, list[Any]]:
    """The smallest number that all steps are multiplied by, where it is written in their lines."""
    lines = {place.line for place in places} | set(steps)
    each = {line: _factors(source, line) for line in sorted(lines)}
    each = {line: nodes for line, nodes in each.items() if nodes}
    shared = set.intersection(*({number(source, node) for node in nodes} for nodes in each.values())) if each else set()
    known = {abs(value) for value in shared if value is not None}
    if not known:
        return math.nan, []
    value = min(known)
    beside = {source.first(one) for line in each for one in source.block(source.statement(line))}
    found = [node for line in sorted(set(each) | beside) for node in _factors(source, line) if _is(source, node, value)]
    return value, found


def _is(source: Source, node: Any, value: float) -> bool:
    return abs(number(source, node) or 0.0) == value


def _factors(source: Source, line: int) -> list[Any]:
    """The numbers that something is multiplied by in a line that moves something."""
    cst = source.cst
    statement = source.statement(line)
    if not isinstance(statement, cst.SimpleStatementLine):
        return []
    own = source.target(statement)
    value = source.value(statement)
    stepped = any(isinstance(small, cst.AugAssign) for small in source.small(statement))
    if not (stepped or (own and value is not None and own in source.code(value)) or "lambda" in source.code(statement)):
        return []
    found = []
    for node in source.expressions(statement):
        parent = source.parents.get(node)
        if isinstance(parent, cst.UnaryOperation):
            parent = source.parents.get(parent)
        times = isinstance(parent, cst.BinaryOperation) and isinstance(parent.operator, cst.Multiply)
        if isinstance(node, (cst.Integer, cst.Float)) and times and number(source, node) not in (None, 0.0, 1.0):
            found.append(node)
    return found


def _multiplied(source: Source, numbers: Mapping[str, Any], steps: Iterable[int]) -> str | None:
    """Steps that are multiplied by nothing get a rate."""
    rate = numbers.get("rate", numbers.get("times"))
    pairs = []
    for line in steps:
        statement = source.statement(line)
        for small in source.small(statement) if statement is not None else ():
            pairs += (
                [(small.value, f"{_said(rate)} * {left(source.code(small.value))}")] if _moves(source, small) else []
            )
    return source.put_all(pairs) if pairs and rate else None


def _moves(source: Source, small: Any) -> bool:
    return isinstance(small, source.cst.AugAssign)


def _numbered(source: Source, nodes: Iterable[Any], numbers: Mapping[str, Any], was: float) -> str | None:
    """The text with other numbers in place of some."""
    pairs = []
    for node in dict.fromkeys(nodes):
        old = number(source, node)
        if old is None or old == 0:
            continue
        new = numbers["rate"] if "rate" in numbers and "times" not in numbers else old * numbers.get("times", 1)
        if "rate" in numbers and "times" in numbers and math.isclose(old, was):
            new = numbers["rate"]
        pairs.append((node, _said(new)))
    return source.put_all(pairs) if pairs else None


def _said(value: float) -> str:
    text = f"{float(value):.6g}"
    return text if re.search(r"[.e]", text) else f"{text}.0"


def _epochs(source: Source, numbers: Mapping[str, Any], facts: Xray) -> str | None:
    loops = epoch_loops(source, facts)
    if not loops or "early_stop" in numbers:
        return None
    pairs = []
    for node in dict.fromkeys(counts(source, loops[-1])):
        old = number(source, node)
        if old is not None and old >= 1:
            new = numbers["epochs"] if "times" not in numbers else old * numbers["times"]
            pairs.append((node, f"{max(round(new), 1)}"))
    return source.put_all(pairs) if pairs else None


def _batch(source: Source, numbers: Mapping[str, Any], facts: Xray) -> str | None:
    """The number that batches are cut by."""
    found: list[Any] = []
    for node in source.walk():
        if source.is_value(node) and BATCH.search(last(source.code(node))):
            values = [one for one in literals(source, node) if (number(source, one) or 0) >= 1]
            found += [one for one in values if number(source, one) == int(number(source, one) or 0)]
    nodes = list(dict.fromkeys(found))
    if not nodes:
        return cut(source, int(numbers["size"]), facts)
    return source.put_all([(node, str(int(numbers["size"]))) for node in nodes])
