"""Where a value of a program is written: the literals that an expression gets its value from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import libcst as cst

from whynet.subjects.program.guests.edits.source import Source, argument, called, last_name

LITERALS = (cst.Integer, cst.Float, cst.SimpleString)
CONSTANTS = ("True", "False", "None")
PASSED_ON = ("float", "int", "str", "tuple", "list")
DEEPEST = 6


def number_of(source: Source, node: cst.CSTNode) -> float | None:
    """A number that is written there: `1e-3`, `-2`, `10 ** -3`.

    >>> source = Source("a = 10 ** -3")
    >>> number_of(source, source.all(cst.BinaryOperation)[0])
    0.001
    """
    if isinstance(node, (cst.Integer, cst.Float)):
        return float(node.evaluated_value)
    if isinstance(node, cst.UnaryOperation) and isinstance(node.operator, cst.Minus):
        inner = number_of(source, node.expression)
        return None if inner is None else -inner
    if isinstance(node, cst.BinaryOperation):
        left, right = number_of(source, node.left), number_of(source, node.right)
        if left is None or right is None:
            return None
        if isinstance(node.operator, cst.Power):
            return float(left**right) if left > 0 and abs(right) < 40 else None
        if isinstance(node.operator, cst.Multiply):
            return left * right
        if isinstance(node.operator, cst.Divide):
            return left / right if right else None
    return None


def text_of(node: cst.CSTNode) -> str | None:
    """A text that is written there.

    >>> text_of(cst.parse_expression("'adam'")), text_of(cst.parse_expression("3"))
    ('adam', None)
    """
    value = node.evaluated_value if isinstance(node, cst.SimpleString) else None
    return value if isinstance(value, str) else None


def written(value: float, like: str = "") -> str:
    """A number as people write it.

    >>> written(0.005), written(1e-5), written(16.0, "32"), written(0.30000000000000004)
    ('0.005', '1e-5', '16', '0.3')
    """
    if like.strip().isdigit():
        return str(round(value))
    text = f"{value:.6g}".replace("e-0", "e-").replace("e+0", "e")
    return text if "." in text or "e" in text else f"{text}.0"


def quoted(text: str, like: str) -> str:
    """A text in the quotes of another one.

    >>> quoted("sigmoid", "'softmax'")
    "'sigmoid'"
    """
    quote = "'" if like.lstrip("rRbBuUfF").startswith("'") else '"'
    return f"{quote}{text}{quote}"


def origins(source: Source, node: cst.CSTNode) -> list[Any]:
    """The literals that an expression may get its value from: through names, parameters, options, dictionaries.

    >>> source = Source('''
    ... def make(lr):
    ...     return SGD(lr=lr)
    ... make(0.5)
    ... ''')
    >>> [source.line(one) for one in origins(source, source.calls("SGD")[0].args[0].value)]
    [4]
    """
    found: list[Any] = []
    for one in _origins(source, node, DEEPEST):
        if one not in found:
            found.append(one)
    return found


def _origins(source: Source, node: cst.CSTNode, deep: int) -> Iterator[cst.CSTNode]:
    if isinstance(node, LITERALS) or last_name(node) in CONSTANTS or number_of(source, node) is not None:
        yield node
    elif deep == 0:
        return
    elif isinstance(node, cst.IfExp):
        yield from _origins(source, node.body, deep - 1)
        yield from _origins(source, node.orelse, deep - 1)
    elif isinstance(node, cst.Call) and called(node) in PASSED_ON and len(node.args) == 1:
        yield from _origins(source, node.args[0].value, deep - 1)
    elif isinstance(node, (cst.Name, cst.Attribute)):
        for one in assigned(source, node):
            yield from _origins(source, one, deep - 1)
    elif isinstance(node, cst.Subscript):
        key = text_of(getattr(node.slice[0].slice, "value", node))
        for one in source.all(cst.DictElement):
            if key and text_of(one.key) == key:
                yield from _origins(source, one.value, deep - 1)
        if key:
            yield from _options(source, key, deep)


def assigned(source: Source, node: cst.Name | cst.Attribute) -> list[cst.BaseExpression]:
    """What a name or an attribute is set to, anywhere that may be meant.

    >>> source = Source("a = 1\\nb = a")
    >>> [source.code(one) for one in assigned(source, source.all(cst.Assign)[1].value)]
    ['1']
    """
    name = last_name(node)
    own = isinstance(node, cst.Name)
    found: list[cst.BaseExpression] = []
    function = source.function(node)
    for one in source.all(cst.Assign, cst.AnnAssign):
        targets = [one.target] if isinstance(one, cst.AnnAssign) else [each.target for each in one.targets]
        if one.value is None or not any(last_name(target) == name for target in targets):
            continue
        scope = source.function(one)
        plain = any(isinstance(target, cst.Name) for target in targets)
        in_class = source.outer(one, cst.FunctionDef, cst.ClassDef)
        if own:
            if plain and (scope is function or scope is source.module):
                found.append(one.value)
        elif not plain or isinstance(in_class, cst.ClassDef):
            found.append(one.value)
    if own and isinstance(function, cst.FunctionDef):
        found += _handed_over(source, function, name)
    if not own:
        found += [one.value for option in _declared(source, name) if (one := argument(option, "default")) is not None]
    return found


def _declared(source: Source, name: str) -> list[cst.Call]:
    """The option of a command line that becomes this attribute."""
    options = [*source.calls("add_argument"), *source.calls("option")]
    return [
        one
        for one in options
        if any(
            (text_of(each.value) or "").lstrip("-").replace("-", "_") == name for each in one.args if not each.keyword
        )
    ]


def _options(source: Source, key: str, deep: int) -> Iterator[cst.CSTNode]:
    for call in source.calls("dict"):
        given = argument(call, key)
        if given is not None:
            yield from _origins(source, given.value, deep - 1)


def _handed_over(source: Source, function: cst.FunctionDef, name: str) -> list[cst.BaseExpression]:
    """What calls give a function for a parameter, then the parameter's own value."""
    every = [*function.params.posonly_params, *function.params.params]
    names = [one.name.value for one in every]
    own = next((one for one in [*every, *function.params.kwonly_params] if one.name.value == name), None)
    if own is None:
        return []
    place = names.index(name) if name in names else None
    owner = source.outer(function, cst.ClassDef, cst.FunctionDef)
    method = isinstance(owner, cst.ClassDef) and bool(names) and names[0] in ("self", "cls")
    called_as = owner.name.value if method and function.name.value == "__init__" else function.name.value
    if method and place is not None:
        place -= 1
    found = [one.value for call in source.calls(called_as) if (one := argument(call, name, place)) is not None]
    return found + ([own.default] if own.default is not None else [])
