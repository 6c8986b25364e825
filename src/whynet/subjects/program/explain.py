"""Which values of a backward pass are exact derivatives, and of what."""

from __future__ import annotations

from collections import Counter
from typing import Any

from whynet.subjects.program.activations import within_activations
from whynet.subjects.program.costs import slopes
from whynet.subjects.program.judgement import Judged
from whynet.subjects.program.match import Exact, is_single
from whynet.subjects.program.tape import Tape


def explain(one: Judged) -> None:
    """Which of the values that come after the error are derivatives, and of what.

    >>> explain.__annotations__["one"]
    'Judged'
    """
    if one.cost is None:
        return
    table, flow, tape = Exact(), one.flow, one.tape
    nodes = sorted(one.forward | {-index - 1 for index in range(len(tape.leaves))}, reverse=True)
    inner = within_activations(flow, one.forward)
    for node in nodes:
        values = [None if node in inner else adj.values.get(node) for adj in one.adjoints]
        if all(value is not None for value in values):
            table.add(node, values)
    _add_uses(one, table, inner)
    extra = [slopes(one.cost, each) for each in flow.tapes]
    for node in extra[0]:
        if all(node in each for each in extra):
            table.add(node, [each[node] for each in extra])
            for adj, each in zip(one.adjoints, extra, strict=True):
                adj.values.setdefault(node, each[node])
    named = {node for node, name, _ in tape.names if not name.startswith("= ")}
    meant: dict[tuple[Any, bool], tuple[Any, ...]] = {}  # of z and -z, what has a name, or z

    def likelier(key: Any, turned: bool) -> tuple[Any, ...]:
        if (key, turned) not in meant:
            hit = key[1] if isinstance(key, tuple) else key
            meant[key, turned] = turned, hit >= 0 and hit not in named, _turns(tape, hit), -hit
        return meant[key, turned]

    table.sort(likelier)
    for node in one.carriers:
        values = one.values(node)
        hits = table.find(values, is_single(values))
        one.partial.update([node] if hits and all(isinstance(key, tuple) for key, _, _ in hits) else [])
        if hits:
            key, c, turned = min(hits, key=lambda hit: likelier(hit[0], hit[2]))
            one.exact[node] = key[1] if isinstance(key, tuple) else key, c, turned


def _add_uses(one: Judged, table: Exact, inner: set[int]) -> None:
    """Of what is used several times, each use has its derivative: of each example, or of each moment."""
    uses = Counter(node for _, node in one.adjoints[0].parts)
    for place, node in one.adjoints[0].parts:
        if uses[node] > 1 and node not in inner and all((place, node) in adj.parts for adj in one.adjoints):
            table.add((place, node), [adj.parts[place, node] for adj in one.adjoints])


def _turns(tape: Tape, node: int) -> bool:
    return node >= 0 and tape.ops[node].name == "neg"
