"""The derivative of an activation, put in where it is left out, or in place of a wrong one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from whynet.subjects.program.edits.names import last, like, others, pool
from whynet.subjects.program.edits.source import Source
from whynet.subjects.program.edits.terms import bound, factors, times
from whynet.subjects.program.meant import Meant

DERIVATIVE = re.compile(r"(?i)(deriv|prime|slope|gradient_of|backward|(^|_)d_|^d(sig|tanh|relu|act|f$|g$)|_d$|_grad$)")
HOLE = "_0_"
"""Where the argument of a call goes."""
NEAR = 5
"""So many of the program's values are tried in each role."""


def slopes(source: Source, statement: Any, meant: Meant) -> Iterator[str]:
    """The derivative of an activation as the program could say it where a statement stands, likeliest first.

    >>> source = Source("def step(x, w, y):\\n    h = tanh(x @ w)\\n    d = h - y\\n    return x.T @ d")
    >>> list(slopes(source, source.statement(3), Meant("", "h", "x @ w", ("(1 - {a} ** 2)",))))[:1]
    ['(1 - h ** 2)']
    """
    names = pool(source, statement)
    target = source.target(statement)
    names = [name for name in names if name != target]
    inside = {source.code(node) for node in source.expressions(statement)}
    names.sort(key=lambda name: name in inside)
    comes, goes = _role(source, statement, meant.value, names), _role(source, statement, meant.argument, names)
    calls = list(_own(source))
    mask = _factor(source, meant, statement)
    if mask:
        yield mask
    done: set[str] = set()
    for a, z in [(a, z) for a in comes[:NEAR] for z in goes[:1]] + [(a, z) for a in comes[:1] for z in goes[1:NEAR]]:
        for call, method in calls:
            for hole in (a, z):
                text = call.replace(HOLE, hole.rpartition(".")[0] if method else hole)
                if text not in done and hole and HOLE not in text and not text.startswith((".", "self.self")):
                    done.add(text)
                    if source.known(text, statement):
                        yield text
        for template in meant.slopes:
            text = spelled(source, template).format(a=bound(a), z=bound(z))
            needs = [one for one, name in ((a, "{a}"), (z, "{z}")) if name in template]
            if text not in done and all(needs):
                done.add(text)
                yield text
    if any(">" in template for template in meant.slopes):
        yield from _masks(source, names, statement)


def _role(source: Source, statement: Any, text: str, names: list[str]) -> list[str]:
    """The values that may be what something is called elsewhere."""
    same = [text] if text and source.known(text, statement) else []
    whose = source.target(statement).rpartition(".")[0]
    if not same and whose and text.startswith("self."):  # the object whose delta it is
        same = [f"{whose}.{text[5:]}"]
    return same + [name for name in like(text, names) if name != text and not name.isupper()]


def _own(source: Source) -> Iterator[tuple[str, bool]]:
    """The program's own derivatives, as calls with a place for the argument; and whether that is the object."""
    seen = set()
    for node in source.walk():
        if not isinstance(node, source.cst.Call):
            continue
        name = source.code(node.func)
        keyword = any(arg.keyword is not None and DERIVATIVE.search(arg.keyword.value) for arg in node.args)
        text = ""
        if node.args and (DERIVATIVE.search(last(name)) or keyword) and "." not in name.replace("self.", ""):
            rest = [source.code(arg).rstrip(", ") for arg in node.args[1:]]
            text = f"{name}({', '.join([HOLE, *rest])})"
        elif not node.args and DERIVATIVE.search(last(name)) and "." in name:
            text = f"{HOLE}.{last(name)}()"
        if text and text not in seen:
            seen.add(text)
            yield text, not node.args
    for node in source.walk():
        if isinstance(node, source.cst.FunctionDef) and DERIVATIVE.search(node.name.value):
            arguments = [one.name.value for one in node.params.params if one.default is None]
            text = f"{node.name.value}({HOLE})"
            if len(arguments) == 1 and arguments != ["self"] and text not in seen:
                seen.add(text)
                yield text, False


def _factor(source: Source, meant: Meant, statement: Any) -> str:
    """What a value is multiplied by to give another: a mask of dropout is its own derivative."""
    for one in source.statements:
        value = source.value(one)
        if value is None or source.target(one) != meant.value:
            continue
        parts = [source.code(part) for part in factors(source, value)]
        if meant.argument in parts and len(parts) == 2:
            other = next(part for part in parts if part != meant.argument)
            return other if source.known(other, statement) else ""
    return ""


def _masks(source: Source, names: list[str], statement: Any) -> Iterator[str]:
    """What the program keeps of a comparison with zero."""
    for one in source.statements:
        value, target = source.value(one), source.target(one)
        if target and target in names and isinstance(value, source.cst.Comparison):
            yield target
    yield from (name for name in names if "mask" in name)


def spelled(source: Source, template: str) -> str:
    """A derivative with the functions that the program has.

    >>> spelled(Source("import math"), "(1 - np.exp(-{a}))"), spelled(Source("import numpy"), "np.cos({z})")
    ('(1 - math.exp(-{a}))', 'numpy.cos({z})')
    """
    if re.search(r"import numpy as np\b", source.text):
        return template
    if re.search(r"^\s*import numpy\b", source.text, re.MULTILINE):
        return template.replace("np.", "numpy.")
    chosen = re.fullmatch(r"np\.where\((.*), (.*), (.*)\)", template)
    if chosen:
        return "({1} if {0} else {2})".replace("{0}", chosen[1]).replace("{1}", chosen[2]).replace("{2}", chosen[3])
    return template.replace("np.", "math.")


def left_out(source: Source, statement: Any, meant: Meant) -> Iterator[str | None]:
    """Texts in which a statement's value is multiplied by the derivative that it lacks.

    >>> source = Source("def back(d, W, h):\\n    d = d @ W.T\\n    return d")
    >>> print(next(left_out(source, source.statement(2), Meant("", "h", "", ("h * (1 - h)",)))).split("\\n")[1])
        d = (d @ W.T) * h * (1 - h)
    """
    value = source.value(statement)
    if value is None:
        return
    text = source.code(value)
    for node in source.expressions(statement):  # the derivative is there, on one side of a condition
        if isinstance(node, source.cst.IfExp):
            yield source.put(node, source.code(node.body))
            yield source.put(node, source.code(node.orelse))
    delta = [name for name in _deltas(source, statement) if name not in text]
    inner = [value.elt] if isinstance(value, (source.cst.ListComp, source.cst.GeneratorExp)) else []
    for slope in slopes(source, statement, meant):
        yield source.put(value, times(text, slope)) if not inner else None
        for node in inner:
            yield source.put(node, times(source.code(node), slope))
        if isinstance(value, source.cst.BinaryOperation) and isinstance(
            value.operator, (source.cst.Add, source.cst.Subtract)
        ):
            yield source.put(value, times(source.code(value.left), slope))
        for name in delta[:1]:
            for node in source.expressions(statement):
                if source.is_value(node) and last(name)[:2] == last(source.code(node))[:2]:
                    yield source.put(node, name)


def _deltas(source: Source, statement: Any) -> list[str]:
    """Values that were made of a derivative before."""
    here = source.first(statement)
    before = [source.target(one) for one in source.block(statement) if source.first(one) < here]
    return [name for name in before[::-1] if re.search(r"delta|^d[A-Z_]|^d\d", name)]


def wrong(source: Source, statement: Any, meant: Meant) -> Iterator[str | None]:
    """Texts in which another derivative stands where a wrong one stood.

    >>> source = Source("d = g * (1 - z ** 2)")
    >>> next(wrong(source, source.statement(1), Meant("z", "a", "z", ("(1 - {a} ** 2)",))))
    'd = g * (1 - a ** 2)'
    """
    cst = source.cst
    nodes = source.expressions(statement)
    swaps = swapped(source, statement, meant.used, [meant.value, meant.argument])
    if meant.used != meant.value:
        yield from swaps
    names = pool(source, statement)
    for node in nodes:  # sigmoid(sigmoid(z))
        if isinstance(node, cst.Call) and len(node.args) == 1 and source.code(node.func) not in ("len", "range"):
            inner = source.code(node.args[0].value)
            name = source.code(node.func)
            if not DERIVATIVE.search(last(name)) and not name.endswith((".T", "sum", "dot")):
                yield _everywhere(source, nodes, source.code(node), inner)
    for node in nodes:  # the right function, of another value
        if isinstance(node, cst.Call) and len(node.args) >= 1 and source.is_value(node.args[0].value):
            called = source.code(node.func)
            if DERIVATIVE.search(last(called)) or isinstance(node.func, cst.Subscript):
                text = source.code(node.args[0].value)
                found = like(meant.argument, list(dict.fromkeys(others(source, statement, text, names))))
                for other in found[: 2 * NEAR]:
                    yield source.put(node.args[0].value, other)
    yield from swaps
    value = source.value(statement)
    for chain in products(source, nodes):
        parts = factors(source, chain)
        for slope in list(slopes(source, statement, meant))[:2]:
            new = times(source.code(parts[0]), slope)
            yield source.put(chain, f"({new})" if chain.lpar and chain is not value else new)
    for node in nodes:  # the same shape, of another value
        if isinstance(node, cst.Comparison) or (
            isinstance(node, cst.BinaryOperation)
            and isinstance(node.operator, cst.Subtract)
            and isinstance(node.left, (cst.Integer, cst.Float))
        ):
            for inner in source.walk(node):
                if source.is_value(inner) and not isinstance(source.parents.get(inner), (cst.Subscript, cst.Index)):
                    text = source.code(inner)
                    for other in list(others(source, statement, text, names))[:NEAR]:
                        yield _everywhere(source, nodes, text, other)


def products(source: Source, nodes: list[Any]) -> list[Any]:
    """The products in a statement, first those that are not part of another.

    >>> source = Source("d = a * b + f(c * e)")
    >>> [source.code(one) for one in products(source, list(source.expressions(source.statement(1))))]
    ['a * b', 'c * e']
    """
    found = [node for node in nodes if len(factors(source, node)) > 1]
    inner = {id(part) for node in found for part in source.walk(node) if part is not node}
    return [node for node in found if id(node) not in inner] + [node for node in found if id(node) in inner]


def swapped(source: Source, statement: Any, used: str, instead: list[str]) -> Iterator[str | None]:
    """Texts in which something stands everywhere where something else stood, by their names elsewhere.

    >>> source = Source("d = z * (1 - z)")
    >>> list(swapped(source, source.statement(1), "z", ["a", "z"]))
    ['d = a * (1 - a)']
    """
    nodes = source.expressions(statement)
    there = list(dict.fromkeys(source.code(node) for node in nodes if source.is_value(node)))
    for text in [text for text in there if text == used] or [text for text in there if last(text) == last(used)]:
        for other in instead:
            if not other or other == text:
                continue
            exact = other if source.known(other, statement) or source.owner(statement) is None else ""
            found = [exact] if exact else [name for name in pool(source, statement) if last(name) == last(other)]
            for name in found[:2]:
                if name != text:
                    yield _everywhere(source, nodes, text, name)


def _everywhere(source: Source, nodes: list[Any], text: str, other: str) -> str | None:
    """A text with all of a statement's occurrences of an expression replaced."""
    same = [node for node in nodes if source.code(node) == text]
    covered = {id(part) for node in same for part in source.walk(node) if part is not node}
    return source.put_all([(node, fitting(source, node, other)) for node in same if id(node) not in covered])


def fitting(source: Source, node: Any, other: str) -> str:
    """An expression as it may stand in place of another: an argument needs no brackets.

    >>> source = Source("y = f(x) * x")
    >>> [fitting(source, node, "a + b") for node in source.expressions(source.statement(1)) if source.is_value(node)]
    ['a + b', '(a + b)']
    """
    return other if isinstance(source.parents.get(node), (source.cst.Arg, source.cst.Index)) else bound(other)
