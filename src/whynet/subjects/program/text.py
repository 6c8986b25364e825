"""What a program calls its values, and where they are computed."""

from __future__ import annotations

from collections.abc import Sequence

from whynet.subjects.program.judgement import Judged
from whynet.subjects.program.sites import Site


class Text:
    """What the program calls its values, and where.

    >>> Text([Site("a.py", 3, 3, "x @ W")]).sites[0].line
    3
    """

    def __init__(self, sites: Sequence[Site], one: Judged | None = None) -> None:
        self.sites, self.one = sites, one
        self.names: dict[int, str] = {}
        self.again: dict[int, tuple[str, int]] = {}
        """The last further name that a value got, where it was handed on as it was: `dZ = dA`, or `return dA`."""
        for node, name, site in one.tape.names if one else ():
            if name.startswith("= "):
                name = name[2:]
                self.again[node] = (name, site)
            if " " in name and name.startswith("what "):
                continue
            self.names.setdefault(node, name)

    def named(self, node: int) -> str:
        """The name of a value, or its text."""
        assert self.one is not None
        if node in self.names:
            return self.names[node]
        if node < 0:
            leaf = self.one.tape.leaves[node * -1 - 1]
            return leaf.path or "a number"
        return self.sites[self.one.tape.ops[node].site].text

    def site(self, node: int) -> Site:
        """Where a value was computed."""
        assert self.one is not None
        return self.sites[self.one.tape.ops[node].site]

    def statement(self, node: int, among: set[int]) -> int:
        """The value that the statement of a node ends with, among some nodes."""
        assert self.one is not None
        here, context = self.site(node), self.one.tape.ops[node].context
        same = [
            other
            for other in among
            if (self.site(other).file, self.site(other).statement) == (here.file, here.statement)
            and self.one.tape.ops[other].context == context
        ]
        named = [other for other in same if other in self.names]
        return max(named or same or [node])
