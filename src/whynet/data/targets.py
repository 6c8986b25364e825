"""Targets: which columns are to be predicted, and what kind of problem that is.

    texts, true and false                                   classes, sorted
    two different whole numbers                             classes
    at most 20 of them, each ten times on the average       classes
    other numbers                                           a regression
    several columns of 0 and 1, or of true and false        labels: each is there or not
    several columns of other numbers                        a regression of several numbers

What was taken for what is said; `problem` says otherwise.
"""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

import numpy as np

from whynet.data.columns import DATE, FLAGS, kind_of, missing_cell, numbers_of
from whynet.data.problem import Classification, MultiLabel, Regression
from whynet.data.protocol import Problem
from whynet.data.table import Cells, Say, Table, is_number, spelt
from whynet.errors import BadFile, UsageError, did_you_mean
from whynet.types import Array

CHOICES = ("auto", "classification", "regression", "labels")
MOST_NUMBERS, EACH = 20, 10  # classes that are numbers: so many at most, and each so often on the average
MOST_CLASSES = 1_000


class Target(NamedTuple):
    """What is to be predicted: `y` as the problem keeps it.

    >>> table = Table((Cells.of("kind", ["cat", "dog", "cat"]),), range(2, 5))
    >>> target_of(table)
    Target(problem=Classification(classes=('cat', 'dog')), y=array([0, 1, 0]))
    """

    problem: Problem
    y: Array


def target_names(target: str | None, there: tuple[str, ...], where: str) -> tuple[str, ...]:
    """The names in `target`, which are separated by commas.

    >>> target_names("c,a", ("a", "b", "c"), "x.csv")
    ('c', 'a')

    Raises
    ------
    UsageError
        None is given.
    BadFile
        One of them is no column.
    """
    listed = ", ".join(there[:20]) + (f" and {len(there) - 20:,} more" if len(there) > 20 else "")
    if target is None or not target.strip():
        raise UsageError(
            "which column is to be predicted?", where=where or None, expected="--target NAME (in Python: target=NAME)",
            do=f"There are: {listed}",
        )  # fmt: skip
    names = (target,) if target in there else tuple(name.strip() for name in target.split(",") if name.strip())
    for name in names:
        if name not in there:
            raise BadFile(f"there is no column '{name}' to predict", where=where or None, do=did_you_mean(name, there))
    if len(set(names)) < len(names):
        raise UsageError("a column is to be predicted twice", found=target)
    return names


def target_of(table: Table, problem: str = "auto", say: Say = lambda _: None) -> Target:
    """The problem and the targets that the columns of this table hold.

    >>> prices = Table((Cells.of("price", ["9.5", "8", "12.25"]),), range(2, 5))
    >>> target_of(prices, say=print).y.tolist()
    Target 'price': 3 different numbers: a regression; --problem classification says otherwise.
    [[9.5], [8.0], [12.25]]

    Raises
    ------
    BadFile
        A target is missing, is nothing that can be predicted, or is always the same.
    UsageError
        The problem does not fit the columns.
    """
    if problem not in CHOICES:
        raise UsageError(f"there is no problem '{problem}'", do=did_you_mean(problem, CHOICES))
    for cells in table.columns:
        if cells.missing.any():
            raise missing_cell(cells, table, do="Remove the rows without a target")
        if cells.numbers is not None:
            numbers_of(cells, table)  # are they finite?
    if len(table.columns) == 1 and problem != "labels":
        return _one(table, problem, say)
    return _several(table, problem, say)


def targets_like(table: Table, problem: Problem) -> Array:
    """The targets in these columns, of a problem that is known already.

    >>> table = Table((Cells.of("kind", ["dog", "cat", "dog"]),), range(2, 5), "pets.csv")
    >>> targets_like(table, Classification(("cat", "dog")))
    array([1, 0, 1])

    Raises
    ------
    BadFile
        A target is missing, or is none of the classes.
    """
    for cells in table.columns:
        if cells.missing.any():
            raise missing_cell(cells, table, do="Remove the rows without a target")
    if problem.kind != "classification" or len(table.columns) > 1:
        y = _columns_of(table)
        return y.argmax(axis=1) if problem.kind == "classification" else y
    cells = table.columns[0]
    places = {name: place for place, name in enumerate(problem.names)}
    texts = [str(text) for text in cells.spelt()]
    for row, text in enumerate(texts):
        if text not in places and is_number(text):  # 1.0 for 1
            texts[row] = text = spelt(float(text))
        if text not in places:
            raise table.bad("this is none of the classes", cells.name, row, found=repr(text),
                            do=did_you_mean(text, problem.names))  # fmt: skip
    return np.array([places[text] for text in texts])


def _one(table: Table, problem: str, say: Say) -> Target:
    cells = table.columns[0]
    different = cells.different()
    if problem == "auto":
        problem = _guess(cells, table)
        other = "regression" if problem == "classification" else "classification"
        what = "numbers" if cells.numbers is not None else "texts"
        as_what = "classes" if problem == "classification" else "a regression"
        hint = f"; --problem {other} says otherwise" if cells.numbers is not None else ""
        say(f"Target '{cells.name}': {len(different):,} different {what}: {as_what}{hint}.")
    if problem == "regression":
        return Target(Regression((cells.name,)), _numbers(table, say))
    texts = cells.spelt()
    names = [spelt(one) for one in different] if cells.numbers is not None else _sorted(different)
    if len(names) > MOST_CLASSES:
        raise table.bad("there are too many classes", cells.name, expected=f"{MOST_CLASSES:,}", found=f"{len(names):,}")
    _check_two(table, names)
    places = {name: place for place, name in enumerate(names)}
    y = np.array([places[str(text)] for text in texts])
    alone = [name for name, count in zip(names, np.bincount(y).tolist(), strict=True) if count == 1]
    if alone:
        say(f"Target '{cells.name}': a single row each of {', '.join(alone[:10])}{', ...' if len(alone) > 10 else ''}: "
            "too few to learn from and to test on.")  # fmt: skip
    return Target(Classification(tuple(names)), y)


def _guess(cells: Cells, table: Table) -> str:
    """Classes, or numbers."""
    if cells.numbers is not None:
        different = cells.different()
        whole = all(float(one).is_integer() for one in different)
        few = len(different) <= 2 or (len(different) <= MOST_NUMBERS and len(different) * EACH <= len(cells))
        return "classification" if whole and few else "regression"
    texts = Counter(cells.texts or ())
    if sum(count for text, count in texts.items() if is_number(str(text))) * 2 > len(cells):
        kind_of(cells, table)  # a few texts among numbers: this says where
    if all(DATE.fullmatch(str(text)) for text in texts) or (len(texts) > MOST_NUMBERS and len(texts) * 2 > len(cells)):
        row = 0
        raise table.bad(
            "this is neither a class nor a number", cells.name, row, expected="texts that come again, or numbers",
            found=f"{len(texts):,} different texts in {len(cells):,} rows, such as '{(cells.texts or [''])[row]}'",
            do="Choose another --target",
        )  # fmt: skip
    return "classification"


def _several(table: Table, problem: str, say: Say) -> Target:
    y, names = _numbers(table, say), table.names
    binary = bool(np.isin(y, (0, 1)).all())
    single = binary and bool((y.sum(axis=1) == 1).all())
    listed = ", ".join(f"'{name}'" for name in names[:5]) + (", ..." if len(names) > 5 else "")
    if problem == "auto":
        problem = "labels" if binary else "regression"
        what = "labels, each there or not" if binary else "a regression of several numbers"
        hint = "; each row has exactly one: --problem classification takes them for classes" if single else ""
        say(f"Targets {listed}: {what}{hint}.")
    if problem == "regression":
        return Target(Regression(names), y)
    if not binary:
        row, column = np.argwhere(~np.isin(y, (0, 1)))[0]
        raise table.bad(
            "a label is neither there nor not", names[column], int(row), expected="0 or 1", found=spelt(y[row, column])
        )
    if problem == "labels":
        return Target(MultiLabel(names), y.astype(np.uint8))
    if not single:
        row = int(np.flatnonzero(y.sum(axis=1) != 1)[0])
        raise table.bad(
            "this row is not of exactly one class", names[0], row, expected="a single 1 in the columns of the target",
            found=f"{int(y[row].sum())}", do="--problem labels takes each column by itself",
        )  # fmt: skip
    return Target(Classification(names), y.argmax(axis=1))


def _numbers(table: Table, say: Say) -> Array:
    """All columns as numbers, (n, columns); one that is the same in each row can teach nothing."""
    y = _columns_of(table)
    constant = [(name, spelt(one[0])) for name, one in zip(table.names, y.T, strict=True) if np.ptp(one) == 0]
    if len(constant) == len(table.names):
        _check_two(table, [constant[0][1]])
    if constant:
        say(f"Target '{constant[0][0]}' is {constant[0][1]} in every row: there is nothing to learn about it.")
    return y


def _columns_of(table: Table) -> Array:
    made = []
    for cells in table.columns:
        flag = cells.texts is not None and all(str(text).lower() in FLAGS for text in cells.texts)
        made.append(numbers_of(cells, table, flag=flag))
    return np.stack(made, axis=1)


def _check_two(table: Table, found: list[str]) -> None:
    if len(found) < 2:
        raise table.bad(
            "the target is the same in every row", table.names[0], expected="two different values, or more",
            found=found[0] if found else "none", do="There is nothing to learn: choose another --target",
        )  # fmt: skip


def _sorted(texts: list[str]) -> list[str]:
    """By their numbers where all of them are numbers."""
    return sorted(texts, key=float) if all(map(is_number, texts)) else sorted(texts)


def check_class_names(names: tuple[str, ...], where: str) -> None:
    """Refuse fewer than two classes.

    >>> check_class_names(("cat",), "pictures")
    Traceback (most recent call last):
    whynet.errors.BadFile: there is only one class (in pictures; expected two or more; found cat)

    Raises
    ------
    BadFile
        Which there are.
    """
    if len(names) < 2:
        raise BadFile("there is only one class", where=where or None, expected="two or more", found=", ".join(names))
