"""Texts in which a wrong line is another: what people mean by such a line, the likeliest first."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import zip_longest
from typing import Any

from whynet.subjects.program.edits import (
    kernels,
    momentum,
    operands,
    packing,
    penalties,
    shapes,
    signs,
    slopes,
    sums,
    updates,
)
from whynet.subjects.program.edits.names import last
from whynet.subjects.program.edits.source import Source, unreadable
from whynet.subjects.program.xray import Finding, Xray

Texts = Iterator[str | None]


def mends(source_text: str, finding: Finding, xray: Xray) -> Iterator[str]:
    """Texts that differ from a program's in what a finding accuses; each only once.

    >>> one = Finding("sign", 2, "f.py", "w", "w", "plus where minus belongs")
    >>> next(mends("e = y - x @ w\\nw += x.T @ e\\n", one, Xray("ended")))
    'e = y - x @ w\\nw -= x.T @ e\\n'
    """
    seen = {source_text}
    with suppress(*unreadable()):
        source = Source(source_text)
        statement = source.statement(finding.line)
        ways = KINDS.get(finding.kind)
        texts = ways(source, statement, finding, xray) if ways is not None and statement is not None else ()
        for text in texts:
            if text is not None and text not in seen:
                seen.add(text)
                yield text


def _sign(source: Source, statement: Any, finding: Finding, xray: Xray) -> Texts:
    alike = [one for one in xray.findings if (one.kind, one.file) == (finding.kind, finding.file)]
    if len(alike) > 1:
        yield from signs.shared(source, [source.statement(one.line) for one in alike])
    yield from signs.signs(source, statement)
    for other in _near(source, statement):
        yield from signs.signs(source, other)


def _left_out(source: Source, statement: Any, finding: Finding, xray: Xray) -> Texts:
    yield from slopes.left_out(source, statement, finding.meant)


def _slope(source: Source, statement: Any, finding: Finding, xray: Xray) -> Texts:
    if finding.words.endswith("the error itself"):  # no slope belongs there
        once = [text for text in operands.fewer(source, statement) if text is not None]
        for other in map(Source, once):
            yield from operands.fewer(other, other.statement(finding.line))
        yield from once
    each = [slopes.wrong(source, one, finding.meant) for one in (statement, *_makers(source, statement))]
    yield from _in_turn(each)


def _operand(source: Source, statement: Any, finding: Finding, xray: Xray) -> Texts:
    yield from operands.operands(source, statement, finding.meant)


def _weights(source: Source, statement: Any, finding: Finding, xray: Xray) -> Texts:
    yield from operands.weights(source, statement, finding.meant, _parameters(xray))


def _transposed(source: Source, statement: Any, finding: Finding, xray: Xray) -> Texts:
    yield from operands.turned(source, statement)


def _bias(source: Source, statement: Any, finding: Finding, xray: Xray) -> Texts:
    yield from sums.along(source, statement)


def _factor(source: Source, statement: Any, finding: Finding, xray: Xray) -> Texts:
    less = finding.words.startswith("it is divided")
    if finding.meant.value:
        for one in (statement, *_makers(source, statement)):
            yield from sums.scaled(source, one, finding.meant.value)
    if share := re.match(r"each of (\d+) numbers of a mean", finding.words):
        for one in (statement, *_makers(source, statement)):
            yield from sums.shared(source, one, share[1])
    for one in (statement, *_makers(source, statement), *_near(source, statement)):
        yield from sums.divided(source, one, less)


def _missing(source: Source, statement: Any, finding: Finding, xray: Xray) -> Texts:
    yield from updates.missing(source, statement, finding.parameter, finding.meant, _parameters(xray))


def _early(source: Source, statement: Any, finding: Finding, xray: Xray) -> Texts:
    yield from updates.too_early(source, statement, finding.meant)


def _piled(source: Source, statement: Any, finding: Finding, xray: Xray) -> Texts:
    yield from updates.piled(source, statement)


def _columns(source: Source, statement: Any, finding: Finding, xray: Xray) -> Texts:
    yield from shapes.columns(source, statement, finding.meant, finding.words)


def _apart(source: Source, statement: Any, finding: Finding, xray: Xray) -> Texts:
    yield from shapes.apart(source, statement, finding.words)


def _packed(source: Source, statement: Any, finding: Finding, xray: Xray) -> Texts:
    yield from packing.reordered(source, statement)


def _kept(source: Source, statement: Any, finding: Finding, xray: Xray) -> Texts:
    yield from momentum.kept(source, statement)


def _penalty(source: Source, statement: Any, finding: Finding, xray: Xray) -> Texts:
    for one in (statement, *_makers(source, statement)):
        yield from penalties.penalised(source, one)


def _weighed(source: Source, statement: Any, finding: Finding, xray: Xray) -> Texts:
    yield from penalties.weighed(source, statement)


def _any(source: Source, statement: Any, finding: Finding, xray: Xray) -> Texts:
    """Of a line of which no more is known than that it is wrong: a little of everything."""
    meant = finding.meant
    each = []
    for one in (statement, *_users(source, statement), *_makers(source, statement)):
        ways: list[Texts] = [
            kernels.kernels(source, one),
            operands.conditions(source, one),
            operands.compared(source, one),
            operands.turned(source, one),
            operands.fewer(source, one),
            slopes.wrong(source, one, meant),
            operands.operands(source, one, meant),
            operands.weights(source, one, meant, _parameters(xray)),
            signs.signs(source, one),
            sums.along(source, one, sums_alone=True),
        ]
        each.append(_in_turn(ways))
    first, *rest = each
    yield from (text for one, other in zip_longest(_pairs(first), _in_turn(rest)) for text in (*(one or ()), other))


KINDS: dict[str, Callable[[Source, Any, Finding, Xray], Texts]] = {
    "sign": _sign,
    "derivative-left-out": _left_out,
    "derivative-wrong": _slope,
    "wrong-operand": _operand,
    "wrong-weights": _weights,
    "weights-left-out": _weights,
    "transposed": _transposed,
    "bias-summed-wrong": _bias,
    "factor": _factor,
    "missing-update": _missing,
    "used-after-change": _early,
    "never-cleared": _piled,
    "shapes-spread": _columns,
    "examples-mixed": _apart,
    "decay-grows": _sign,
    "shape-grows": _bias,
    "packing-wrong": _packed,
    "momentum-wrong": _sign,
    "momentum-unscaled": _kept,
    "regularisation-missing": _penalty,
    "penalty-wrong": _weighed,
    "wrong": _any,
}


def _parameters(xray: Xray) -> list[str]:
    return [re.sub(r"\[\]", "", name) for name in xray.parameters]


def _in_turn(each: list[Texts]) -> Texts:
    """One of each, then the next of each."""
    for some in zip_longest(*each):
        yield from some


def _pairs(texts: Texts) -> Iterator[tuple[str | None, ...]]:
    """Two at a time."""
    kept = [text for text in texts if text is not None]
    yield from (tuple(kept[at : at + 2]) for at in range(0, len(kept), 2))


def _makers(source: Source, statement: Any) -> list[Any]:
    """The statements of the same function that give what a statement uses."""
    names = {source.code(node) for node in source.expressions(statement) if source.is_value(node)}
    here = source.first(statement)
    found = [
        one
        for one in source.statements
        if source.function(one) is source.function(statement)
        and source.first(one) < here
        and source.target(one) in names
        and source.loops(one)[-1:] == source.loops(statement)[-1:]
    ]
    return found[::-1][:3]


def _users(source: Source, statement: Any) -> list[Any]:
    """The first statement after one that uses what it gives."""
    target = source.target(statement)
    whole = re.sub(r"(\[[^\[\]]*\])+$", "", target)
    here = source.first(statement)
    for one in source.statements:
        if source.function(one) is source.function(statement) and source.first(one) > here and source.small(one):
            used = {source.code(node) for node in source.expressions(one) if source.is_value(node)}
            if used & {target, whole}:
                return [one]
    return []


def _near(source: Source, statement: Any) -> list[Any]:
    """What makes what a step uses: momentum, an error."""
    uses = [last(source.code(node)) for node in source.expressions(statement) if source.is_value(node)]
    return [one for one in _makers(source, statement) if last(source.target(one)) in uses]
