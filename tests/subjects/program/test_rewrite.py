"""A rewritten program does what the program does, whether it is recorded or not."""

from __future__ import annotations

import ast
import contextlib
import io
import sys
from types import FunctionType, ModuleType

import pytest

from whynet.subjects.program.recorder import Recorder
from whynet.subjects.program.rewrite import NAME, rewritten
from whynet.subjects.program.sites import Sites

ODD = '''
"""A module's text."""
from __future__ import annotations

import asyncio
import functools
from dataclasses import dataclass

import numpy as np

total = 0


def counted(function):
    @functools.wraps(function)
    def inner(*args, **kwargs):
        global total
        total += 1
        return function(*args, **kwargs)
    return inner


class Base:
    """Text of a class."""

    def __init__(self, n):
        self.__hidden = [0.5] * n
        self.__sum = 0.0

    def add(self, by):
        self.__sum += by
        self.__hidden[0] -= by
        return self.__sum, self.__hidden


class Child(Base):
    def __init__(self):
        super().__init__(3)
        self.kept = np.arange(6.0).reshape(2, 3)

    @property
    def both(self):
        return self.kept.T @ self.kept

    def __call__(self, x, *rest, scale=2, **more):
        return x * scale + sum(rest) + len(more)


@dataclass
class Pair:
    a: float = 1.0
    b: float = 2.0


def maker():
    count = 0

    def up():
        nonlocal count
        for _ in range(2):
            count += 1
        return count
    return up


def numbers(n):
    """A generator."""
    for i in range(n):
        if i == 3:
            continue
        got = yield i * 1.5
        if got:
            yield from [got, got * 2]


@counted
def work(x, y=lambda v: v ** 2, *, flag=True):
    try:
        first, *rest = [x, y(x), x / 3]
        (a, b), c = (x, x + 1), -x
        if (n := len(rest)) > 1 and 0 < x < 10 or not flag:
            a += n
        with contextlib_open() as text:
            print(f"{a:.2f} {b!r} {c} {first} {text:>{n + 3}}")
    except ZeroDivisionError as error:
        print("never", error)
    else:
        del first
    finally:
        last = x if flag else None
    return last


class contextlib_open:
    def __enter__(self):
        return "in"

    def __exit__(self, *_):
        return False


def kind(value):
    match value:
        case {"w": float(w), **rest}:
            return w * 2, rest
        case [x, y, *_]:
            return x + y
        case Pair(a=1.0):
            return "pair"
        case _:
            return None


async def later(x):
    await asyncio.sleep(0)
    return x + 1


child = Child()
up = maker()
table = {"w": np.ones((2, 2)), "list": [1, 2, 3]}
for step in range(4):
    if step == 2:
        continue
    w = table["w"]
    w[0, :] += step
    w[1][0] *= 2.0
    table["w"] = w - 0.1 * (w @ w.T)
    table["list"][step % 3] -= 1
    x = y = float(step) + 0.5
    print(step, work(x), child.add(x), child(x, 1, 2, q=3), up(), child.both.sum())
    print(list(numbers(5)), kind({"w": x, "k": 1}), kind((x, y)), kind(Pair()), kind(None))
    print([[i * j for j in range(i)] for i in range(4)], {k: v for k, v in zip("ab", [x, y])}, {*"aa"})
    print(*(round(float(v), 4) for v in table["w"].flat), max(0, -x), min([x, 2]), abs(-x), sum(v for v in (x, y)))
    a, b = np.split(np.arange(4.0), 2)
    p, q = np.array([x, y])
    print(a, b, p, q, asyncio.run(later(step)), x is y, 3 if x > 1 else 4, not x, x == y != step)
    if step == 3:
        break
else:
    print("no break")
while total < 6:
    total += 1
print(total, sorted(table), __name__, __doc__)
'''


def run(tree, recorder=None):
    module = sys.modules["odd"] = ModuleType("odd", "A module's text.")
    setattr(module, NAME, recorder)
    shown = io.StringIO()
    with contextlib.redirect_stdout(shown):
        FunctionType(compile(tree, "odd.py", "exec", dont_inherit=True), module.__dict__)()
    del sys.modules["odd"]
    return shown.getvalue()


@pytest.mark.parametrize("watched", [False, True])
def test_odd_programs_do_what_they_do(watched):
    plain = run(ast.parse(ODD))
    recorder = Recorder(Sites(), {"odd.py"} if watched else set())
    if not watched:
        recorder.tick = lambda loop: False
    assert run(rewritten(ODD, "odd.py", recorder.sites), recorder) == plain
    assert len(plain.splitlines()) > 15


def test_a_place_has_one_number_in_both_copies():
    sites = Sites()
    text = "for i in range(3):\n    def f(a):\n        return a @ a\n    f(i)\n"
    tree = rewritten(text, "f.py", sites)
    numbers = [
        node.args[0].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "bin"
    ]
    assert len(numbers) >= 2 and len(set(numbers)) == 1
    assert sites.known[numbers[0]].line == 3


def test_an_innermost_loop_that_takes_no_steps_asks_once():
    text = """
def total(values):
    z = 0.0
    for v in values:
        z += v
    return z
found = [total([1.0, 2.0, 4.0]) for _ in range(50)]
"""
    recorder = Recorder(Sites(), {"odd.py"}, lambda tape: False)
    names = {NAME: recorder}
    exec(compile(rewritten(text, "odd.py", recorder.sites), "odd.py", "exec"), names)  # noqa: S102
    assert names["found"] == [7.0] * 50
    assert max(recorder.counts.values()) < 5
