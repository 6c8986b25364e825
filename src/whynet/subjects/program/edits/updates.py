"""Updates that are missing, come too early, or pile up."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from whynet.subjects.program.edits.names import last, pool
from whynet.subjects.program.edits.operands import RATE, conditions
from whynet.subjects.program.edits.source import Source
from whynet.subjects.program.edits.terms import factors
from whynet.subjects.program.meant import Meant


def missing(
    source: Source, statement: Any, parameter: str, meant: Meant, parameters: Sequence[str]
) -> Iterator[str | None]:
    """Texts with the update of a parameter that no line moves, as its neighbours are updated.

    >>> source = Source("for i in range(9):\\n    W1 -= rate * dW1\\n    dW2 = d @ x\\n")
    >>> print(next(missing(source, source.statement(3), "W2", Meant(value="dW2"), ["W1"])))
    for i in range(9):
        W1 -= rate * dW1
        dW2 = d @ x
        W2 -= rate * dW2
    <BLANKLINE>
    """
    yield from _under_its_name(source, statement)
    own = last(re.sub(r"\[\]|\[\d+\]$", "", parameter))
    siblings = [one for one in _updates(source, parameters) if source.target(one)]
    for one in source.statements:  # an update that changes nothing, or only some parameters
        if last(source.target(one)) == own and re.search(r"\b0 \*|\* 0\b", source.code(one)):
            for sibling in siblings:
                line = _renamed(source, sibling, source.target(one), meant, one)
                yield from (_instead(source, one, text) for text in line)
    for one in [*siblings, *_by_key(source)]:
        yield from conditions(source, one)
    for sibling in siblings[::-1]:
        if last(source.target(sibling)) == own:
            continue
        for target in _targets(source, sibling, own, parameter):
            for text in _renamed(source, sibling, target, meant, sibling):
                yield _after(source, _later(source, sibling, statement, meant), text)
                yield from _in_place_of_nothing(source, sibling, text)
                for loop in source.loops(sibling)[:1]:
                    yield _after(source, loop, text)


def _under_its_name(source: Source, statement: Any) -> Iterator[str | None]:
    """Texts in which what a function makes of something is kept under that one's name: `w = moved(w, g)`."""
    cst, value = source.cst, source.value(statement)
    small = source.small(statement)[:1]
    if not isinstance(value, cst.Call) or not small or not isinstance(small[0], cst.Assign):
        return
    target = small[0].targets[0].target
    for given in value.args[:3]:
        if isinstance(target, cst.Name) and isinstance(given.value, cst.Name) and given.value.value != target.value:
            yield source.replaced({target: given.value})


def _updates(source: Source, parameters: Sequence[str]) -> list[Any]:
    """The statements that move parameters."""
    names = {last(re.sub(r"\[\]|\[\d+\]$", "", one)) for one in parameters}
    found = []
    for one in source.statements:
        target = source.target(one)
        if not target:
            continue
        small = source.small(one)[0]
        stepped = isinstance(small, source.cst.AugAssign) and isinstance(
            small.operator, (source.cst.AddAssign, source.cst.SubtractAssign)
        )
        value = source.value(one)
        again = isinstance(value, source.cst.BinaryOperation) and source.code(value.left) == target
        plain = last(re.sub(r"(\[[^\[\]]*\])+$", "", target))
        if (stepped or again) and (plain in names or last(target) in names or _has_rate(source, one)):
            found.append(one)
    return found


def _has_rate(source: Source, one: Any) -> bool:
    return any(source.is_value(node) and RATE.match(last(source.code(node))) for node in source.expressions(one))


def _by_key(source: Source) -> list[Any]:
    """Updates of all parameters in one line."""
    return [one for one in source.statements if source.target(one) and _has_rate(source, one)]


def _targets(source: Source, sibling: Any, own: str, parameter: str) -> list[str]:
    """How the parameter is called where its sibling is updated."""
    there = source.target(sibling)
    bare = re.sub(r"(\[[^\[\]]*\])+$", "", there) if last(there) == last(re.sub(r"\[.*", "", there)) else there
    found = []
    if "." in bare:
        found.append(f"{bare.rpartition('.')[0]}.{own}")
    elif re.search(r"\[['\"]\w+['\"]\]$", there):
        found.append(re.sub(r"(\[['\"])\w+(['\"]\])$", rf"\g<1>{own}\g<2>", there))
    index = re.search(r"\[(\d+)\]$", parameter)
    if index:
        found.append(re.sub(r"\[[^\[\]]*\]$", "[-1]", there))
        found.append(re.sub(r"\[[^\[\]]*\]$", f"[{index.group(1)}]", there))
    return [*found, own, parameter] if re.fullmatch(r"[\w.]+", parameter) else [*found, own]


def _renamed(source: Source, sibling: Any, target: str, meant: Meant, where: Any) -> Iterator[str]:
    """A sibling's update as that of another parameter: with its gradient, or without what its weights are times."""
    line = source.code(sibling).split("\n")[-1].strip()
    there = source.target(sibling)
    ours, theirs = last(target), last(there)
    names = pool(source, where)
    value = source.value(sibling)
    if meant.value and source.known(meant.value, where):
        whole = value.right if isinstance(source.small(sibling)[0], source.cst.Assign) else value
        rates = [source.code(one) for one in factors(source, whole) if RATE.match(last(source.code(one)))]
        yield line.replace(source.code(whole), " * ".join([*rates, meant.value])).replace(there, target)
        for gradient in _gradients(source, sibling):
            yield line.replace(gradient, meant.value).replace(there, target)
    for gradient in _gradients(source, sibling):
        for name in names:
            if name != gradient and _alike(last(gradient), theirs, last(name), ours):
                yield line.replace(gradient, name).replace(there, target)
    for node in [value, *source.expressions(sibling)]:
        parts = factors(source, node)
        if len(parts) > 2:
            for left_out in (len(parts) - 1, *range(len(parts) - 1)):
                kept = " * ".join(source.code(part) for i, part in enumerate(parts) if i != left_out)
                yield line.replace(source.code(node), kept).replace(there, target)
    for node in source.expressions(sibling):  # X.T @ d -> d.sum(axis=0)
        if isinstance(node, source.cst.BinaryOperation) and isinstance(node.operator, source.cst.MatrixMultiply):
            for side in (node.right, node.left):
                yield line.replace(source.code(node), f"{source.code(side)}.sum(axis=0)").replace(there, target)
                yield line.replace(source.code(node), f"{source.code(side)}.sum()").replace(there, target)


def _gradients(source: Source, sibling: Any) -> list[str]:
    """The values in an update that may be its gradient."""
    target = source.target(sibling)
    nodes = [source.code(node) for node in source.expressions(sibling) if source.is_value(node)]
    nodes = [one for one in nodes if one != target and not RATE.match(last(one)) and not target.startswith(one)]
    return nodes[::-1]


def _alike(gradient: str, parameter: str, other: str, ours: str) -> bool:
    """Whether one gradient is called to its parameter as another is to its own."""
    if other == gradient.replace(parameter, ours):
        return True
    short = gradient.replace(parameter[0], ours[0])
    return parameter[0] != ours[0] and other == short


def _instead(source: Source, statement: Any, line: str) -> str | None:
    return source.with_lines(
        (source.first(statement), source.last(statement) + 1, [source.indent(statement) + line])
    )  # fmt: skip


def _after(source: Source, statement: Any, line: str) -> str | None:
    at = source.last(statement) + 1
    return source.with_lines((at, at, [source.indent(statement) + line]))


def _later(source: Source, sibling: Any, statement: Any, meant: Meant) -> Any:
    """Where the update goes: after its neighbour, or after its gradient if that comes later in the same block."""
    block = source.block(sibling)
    if meant.value and statement in block and block.index(statement) > block.index(sibling):
        return statement
    return sibling


def _in_place_of_nothing(source: Source, sibling: Any, line: str) -> Iterator[str | None]:
    """In the same function, where `pass` keeps the place."""
    for one in source.statements:
        small = source.small(one)
        near = source.function(one) is source.function(sibling)
        if near and len(small) == 1 and isinstance(small[0], source.cst.Pass):
            at = source.first(one)
            yield source.with_lines((at, at + 1, [source.indent(one) + line]))


def too_early(source: Source, statement: Any, meant: Meant) -> Iterator[str | None]:
    """Texts in which a parameter is changed after its last use in the step, or its old value is kept.

    >>> source = Source("w2 -= d2 * h\\nd1 = d2 * w2\\nw1 -= d1 * x")
    >>> next(too_early(source, source.statement(2), Meant("w2", line=1)))
    'd1 = d2 * w2\\nw2 -= d2 * h\\nw1 -= d1 * x'
    """
    chain = [statement]
    while source.parents.get(chain[-1]) is not None:
        chain.append(source.parents[chain[-1]])
    blocks = [one for one in chain if isinstance(one, source.cst.BaseStatement)]
    for one in blocks:
        block = source.block(one)
        if one not in block:
            continue
        before = block[: block.index(one)]
        exact = [other for other in before if source.first(other) <= meant.line <= source.last(other)]
        for other in exact or before[::-1]:
            yield _moved(source, other, one)
            if not exact and isinstance(other, source.cst.SimpleStatementLine):
                yield _moved(source, other, block[-1])
        if exact:
            yield from _kept(source, exact[0], statement, meant)
            break


def _moved(source: Source, one: Any, after: Any) -> str | None:
    """The text with a statement's lines after those of another."""
    lines = source.own_lines(one)
    at = source.last(after) + 1
    if at <= source.first(one):
        return None
    return source.with_lines((source.first(one), source.last(one) + 1, []), (at, at, lines))


def _kept(source: Source, change: Any, statement: Any, meant: Meant) -> Iterator[str | None]:
    """The old value under another name, used where it is meant."""
    used = meant.used
    name = f"old_{re.sub(r'[^A-Za-z_]', '', last(used).lower()) or 'value'}"
    line = source.own_lines(statement)
    if not any(used in one for one in line) or change is statement:
        return
    copied = f"np.copy({used})" if re.search(r"import numpy as np\b", source.text) else f"{used}"
    first = source.first(change)
    yield source.with_lines(
        (first, first, [f"{source.indent(change)}{name} = {copied}"]),
        (source.first(statement), source.last(statement) + 1,
         [re.sub(rf"(?<![\w.]){re.escape(used)}(?!\w)", name, one) for one in line]),
    )  # fmt: skip


def piled(source: Source, statement: Any) -> Iterator[str | None]:
    """Texts in which a sum of gradients begins anew in each step.

    >>> source = Source("for i in range(9):\\n    g += x\\n    w -= g\\n")
    >>> next(piled(source, source.statement(2))).split("\\n")[1]
    '    g = x'
    """
    for small in source.small(statement):
        if not isinstance(small, source.cst.AugAssign):
            value = source.value(statement)
            own = source.target(statement)
            if isinstance(value, source.cst.BinaryOperation) and own in (source.code(value.left),):
                yield source.put(value, source.code(value.right))
            continue
        target, value_text = source.code(small.target), source.code(small.value)
        yield _instead(source, statement, f"{target} = {value_text}")
    target = source.target(statement)
    for loop in source.loops(statement):
        at = source.first(loop.body.body[0])
        indent = source.indent(loop.body.body[0])
        for line in (f"{target} = np.zeros_like({target})", f"{target} = 0"):
            yield source.with_lines((at, at, [indent + line]))
