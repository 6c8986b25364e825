"""Parts of a flat vector that are joined in another order than they are taken apart."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, permutations
from typing import Any

from whynet.subjects.program.edits.source import Source


def reordered(source: Source, statement: Any) -> Iterator[str | None]:
    """Texts with the parts of a list or tuple in a statement in another order: two exchanged, then all orders.

    >>> source = Source("g = np.concatenate([db, dW])")
    >>> next(reordered(source, source.statement(1)))
    'g = np.concatenate([dW, db])'
    """
    for node in source.walk(statement):
        if not isinstance(node, (source.cst.List, source.cst.Tuple)) or len(node.elements) < 2:
            continue
        parts = [one.value for one in node.elements]
        texts = [source.code(part) for part in parts]
        places = range(len(parts))
        orders: list[tuple[int, ...]] = []
        for first, second in combinations(places, 2):
            swapped = list(places)
            swapped[first], swapped[second] = second, first
            orders.append(tuple(swapped))
        orders += [order for order in permutations(places) if len(parts) <= 4]
        for order in dict.fromkeys(orders):
            pairs = [(part, texts[place]) for part, place in zip(parts, order, strict=True) if part is not parts[place]]
            yield source.put_all(pairs) if pairs else None
