"""A program's text with its initial weights drawn otherwise."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from whynet.subjects.program.edits.literals import callers, number
from whynet.subjects.program.edits.names import last
from whynet.subjects.program.edits.source import Source
from whynet.subjects.program.edits.terms import bound
from whynet.subjects.program.xray import Xray

DRAWS = ("randn", "rand", "random", "random_sample", "standard_normal", "normal", "uniform", "zeros", "ones", "full")
GAINS = {"he": "2", "he-normal": "2", "he-uniform": "2"}
SMALL = {"anew", "scaled-normal", "xavier", "glorot", "lecun", "normal", "he", "he-normal", "he-uniform"}


def drawn(source: Source, numbers: Mapping[str, Any], facts: Xray) -> str | None:
    """The text with weights of the size that their units' inputs ask for.

    >>> from whynet.subjects.program.origins import Origins
    >>> facts = Xray("ended", origins=Origins(fans={"W": 0}))
    >>> drawn(Source("import numpy as np\\nW = np.random.rand(4, 8)"), {"scheme": "he"}, facts).split("\\n")[1]
    'W = np.random.randn(4, 8) * np.sqrt(2 / 4)'
    """
    scheme, part = str(numbers.get("scheme", "")), numbers.get("part", "all")
    if part == "biases":
        return None
    gain = GAINS.get(scheme, "1")
    fans = facts.origins.fans
    if not fans and part == "all" and scheme != "zeros":
        pairs = _in_lists(source, [*facts.parameters], gain)
    elif re.search(r"import numpy as np\b", source.text):
        if part == "output weights":
            fans = {name: axis for name, axis in fans.items() if name == facts.origins.output}
        pairs = _in_arrays(source, fans, "zeros" if scheme == "zeros" else gain)
    else:
        pairs = {}
    return source.put_all(list(pairs.items())) if pairs else None


def _in_arrays(source: Source, fans: Mapping[str, int], gain: str) -> dict[Any, str]:
    pairs: dict[Any, str] = {}
    for name, axis in fans.items():
        for call in _draws(source, name):
            sizes = _sizes(source, call)
            if len(sizes) != 2:
                continue
            size, whole = ", ".join(sizes), _product(source, call)
            own = source.code(call.func)
            root = own.rpartition(".")[0]
            if own.endswith((".randn", ".standard_normal")):
                draw = source.code(call)
            elif root in ("np", "numpy"):  # zeros and ones are drawn from nowhere
                draw = f"{root}.random.randn({size})"
            else:
                draw = f"{root}.normal(size=({size}))" if _generator(source, root) else f"{root}.randn({size})"
            new = f"{root}.zeros(({size}))" if gain == "zeros" else f"{draw} * np.sqrt({gain} / {bound(sizes[axis])})"
            inner = isinstance(source.parents.get(whole), source.cst.Attribute)  # `.astype(...)`
            pairs[whole] = f"({new})" if inner else new
    return pairs


def _in_lists(source: Source, parameters: list[str], gain: str) -> dict[Any, str]:
    """Weights in lists of numbers, each list the inputs of a unit."""
    names = {last(re.sub(r"(\[\d*\])+$", "", name)) for name in parameters}
    pairs: dict[Any, str] = {}
    for node in source.walk():
        if not isinstance(node, source.cst.ListComp) or not isinstance(node.for_in.iter, source.cst.Call):
            continue
        text = source.code(node.elt)
        if "[" in text:
            continue  # a list of units: each has a list of its own
        count = re.fullmatch(r"range\((.+)\)", source.code(node.for_in.iter))
        called = re.search(r"(?<![\w.])((?:\w+\.)?)(uniform|gauss|random|normalvariate)\(", text)
        if count is None or not (called or re.fullmatch(r"0(\.0*)?", text)) or not _made_for(source, node, names):
            continue
        size = f"({gain} / {bound(count[1])}) ** 0.5"
        if re.search(r"^import random\b", source.text, re.MULTILINE):
            pairs[node.elt] = f"random.gauss(0, {size})"
        elif called and called[2] == "random":
            wide = "3" if gain == "1" else "6"  # a uniform draw of the same size
            pairs[node.elt] = f"(2 * {called[1]}random() - 1) * ({wide} / {bound(count[1])}) ** 0.5"
    return pairs


def _made_for(source: Source, node: Any, names: set[str]) -> bool:
    """Whether a list is a parameter's first value, or part of it, or what a function gives that makes it."""
    statement = source.statement(source.first(node))
    whole = source.code(statement)
    if any(re.search(rf"(?<!\w){re.escape(name)}['\"]?\]? ?[=:,]", whole) for name in names):
        return True
    function = source.function(node)
    if function is source.module or not isinstance(source.small(statement)[:1], list):
        return False
    calls = [source.statement(source.first(call)) for call in callers(source, function)]
    return any(last(source.target(one)) in names for one in calls if one is not None)


def _generator(source: Source, root: str) -> bool:
    """Whether numbers come from NumPy's newer generator, which knows no `randn`."""
    return bool(re.search(rf"(?<!\w){re.escape(root)} = np\.random\.default_rng\(", source.text))


def _draws(source: Source, name: str) -> Iterator[Any]:
    """The calls that make a parameter's first value, also within the function that is called for it."""
    bare = re.sub(r"(\[\d+\]|\[\])+$", "", name)
    own = last(bare)
    plain = own.rstrip("0123456789") or own
    if own in ("value", "data", "array"):
        own = plain = last(bare.rpartition(".")[0])
    nodes = []
    for one in source.statements:
        for small in source.small(one):
            for target in getattr(small, "targets", ()):
                whole = target.target
                if isinstance(whole, source.cst.Tuple) and isinstance(small.value, source.cst.Tuple):
                    pairs = zip(whole.elements, small.value.elements, strict=False)
                    nodes += [right.value for left, right in pairs if last(source.code(left.value)) == own]
                elif isinstance(whole, source.cst.Tuple):
                    found = [last(source.code(part.value)) for part in whole.elements]
                    nodes += [small.value] if own in found else []
                elif last(source.code(whole)) in ((own, plain) if "+" in source.code(whole) else (own,)):
                    nodes.append(small.value)
    for node in source.walk():
        if (isinstance(node, source.cst.DictElement) and source.code(node.key).strip("'\"") == own) or (
            isinstance(node, source.cst.Arg) and node.keyword is not None and node.keyword.value == own
        ):
            nodes.append(node.value)
    for node in nodes:
        yield from _within(source, node, 0)


def _within(source: Source, node: Any, depth: int) -> Iterator[Any]:
    for inner in source.walk(node):
        if not isinstance(inner, source.cst.Call):
            continue
        called = last(source.code(inner.func))
        if called in DRAWS and "." in source.code(inner.func):
            yield inner
        elif depth < 2:
            functions = [one for one in source.walk() if isinstance(one, source.cst.FunctionDef)]
            for function in [one for one in functions if one.name.value == called]:
                yield from _within(source, function.body, depth + 1)


def _sizes(source: Source, call: Any) -> list[str]:
    """How many rows and columns are drawn."""
    called = last(source.code(call.func))
    named = [arg.value for arg in call.args if arg.keyword is not None and arg.keyword.value in ("size", "shape")]
    places = [arg.value for arg in call.args if arg.keyword is None]
    if called in ("rand", "randn") and len(places) == 2:
        return [source.code(one) for one in places]
    whole = named[0] if named else places[-1] if called in ("normal", "uniform") and len(places) == 3 else None
    if whole is None and called not in ("normal", "uniform") and places:
        whole = places[0]
    if isinstance(whole, (source.cst.Tuple, source.cst.List)):
        return [source.code(part.value) for part in whole.elements]
    return []


def _product(source: Source, call: Any) -> Any:
    """The call with the numbers that it is multiplied by, or that are taken from it."""
    node = call
    while True:
        parent = source.parents.get(node)
        cst = source.cst
        if not isinstance(parent, cst.BinaryOperation) or not isinstance(
            parent.operator, (cst.Multiply, cst.Divide, cst.Subtract, cst.Add)
        ):
            return node
        other = parent.right if parent.left is node else parent.left
        text = source.code(other)
        if number(source, other) is None and not re.match(
            r"np\.sqrt|math\.sqrt|sqrt|scale|std|sigma|eps|.*\*\* ?0?\.5$", text
        ):
            return node
        node = parent
