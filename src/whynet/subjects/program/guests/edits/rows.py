"""Edits of rows: targets that are shuffled with their inputs, test rows that are prepared as those of training are."""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst

from whynet.subjects.program.guests.edits.about import About
from whynet.subjects.program.guests.edits.scaling import block, roots, siblings
from whynet.subjects.program.guests.edits.source import Source

OWN_NUMBERS = r"\.(mean|std|min|max|var|sum|quantile)\("
"""What an array is scaled by, where that is computed of itself."""


def together(source: Source, about: About) -> Iterator[str]:
    """Inputs and targets in the same new order.

    >>> text = "X, y = load()\\nnp.random.shuffle(X)\\nmodel.fit(X, y)\\n"
    >>> print(next(together(Source(text), About("label-order-mismatch", "Keras"))), end="")
    X, y = load()
    order = np.random.permutation(len(X))
    X, y = X[order], y[order]
    model.fit(X, y)
    """
    inputs, targets = (list(dict.fromkeys(name for name, _ in roots(source, about, place))) for place in (0, 1))
    if not inputs or not targets:
        return
    pairs = dict.fromkeys(inputs, targets[-1]) | dict.fromkeys(targets, inputs[-1])
    alone = [one for one in source.calls("shuffle") if isinstance(source.parent(one), cst.Expr) and len(one.args) == 1]
    named = [(one, source.code(one.args[0].value)) for one in alone]
    for call, name in named:
        if name in pairs:
            rest = [source.without(one) for one, other in named if other == pairs[name]]
            draws = "np.random.permutation" if "np" in source.text else "numpy.random.permutation"
            way = next(one for one in ("order", "mixed", "new_order") if not re.search(rf"\b{one}\b", source.text))
            lines = [f"{way} = {draws}(len({name}))", f"{name}, {pairs[name]} = {name}[{way}], {pairs[name]}[{way}]"]
            yield source.but(block(source, call, lines), source.without(call), *rest)
    for one in source.all(cst.Assign):  # X = X[order]
        target, value = source.code(one.targets[0].target), one.value
        if target in pairs and isinstance(value, cst.Subscript) and source.code(value.value) == target:
            order = source.code(value)[len(target) :]
            if isinstance(value.slice[0].slice, cst.Index) and isinstance(value.slice[0].slice.value, cst.Name):
                yield source.but(source.after(one, f"{pairs[target]} = {pairs[target]}{order}"))


def alike(source: Source, about: About) -> Iterator[str]:
    """Test rows that go through what training rows go through, by the numbers of these.

    >>> text = "x_train = x_train / 255.0\\nx_test = x_test * 1.0\\nmodel.fit(x_train, y_train)\\n"
    >>> print(next(alike(Source(text), About("validation-unlike-training", "Keras"))), end="")
    x_train = x_train / 255.0
    x_test = x_test / 255.0
    model.fit(x_train, y_train)
    """
    for name in dict.fromkeys(name for name, _ in roots(source, about, 0)):
        own = re.compile(rf"\b{re.escape(name)}\b")
        made = [source.code(one.value) for one in _assigned(source, name)]
        made = [code for code in made if own.search(code) and not re.search(own.pattern + OWN_NUMBERS, code)]
        for other, spot in siblings(source, name).items():
            there = _assigned(source, other)
            for code in reversed(made):
                new = own.sub(other, code).replace("fit_transform(", "transform(")
                for one in reversed(there):
                    yield source.but(source.put(one.value, new))
                yield source.but(source.after(spot, f"{other} = {new}"))


def _assigned(source: Source, name: str) -> list[cst.Assign]:
    """Where something is given this name alone."""
    return [one for one in source.all(cst.Assign) if source.code(one.targets[0].target) == name]
