"""Which line of a hand-written gradient is wrong, and how. What follows from a wrong line is not accused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from whynet.subjects.program.audit import audited
from whynet.subjects.program.costs import base
from whynet.subjects.program.examples import mixed_examples
from whynet.subjects.program.judged import step_by
from whynet.subjects.program.judgement import Judged, Step
from whynet.subjects.program.loop import Group
from whynet.subjects.program.lost import lost
from whynet.subjects.program.match import factor, flat
from whynet.subjects.program.meant import Meant, slopes
from whynet.subjects.program.memory import remembered
from whynet.subjects.program.metrics import GAINS
from whynet.subjects.program.partly import Partly, partly_right
from whynet.subjects.program.region import GATHERED, misordered, odd_one, region, same_before, told
from whynet.subjects.program.returned import returned
from whynet.subjects.program.shapes import shapes
from whynet.subjects.program.shares import shares
from whynet.subjects.program.sites import Site
from whynet.subjects.program.suspects import suspects
from whynet.subjects.program.text import Text
from whynet.subjects.program.unmoved import Blame, unmoved

CLOSE = 1e-5


def blames(one: Judged, sites: Sequence[Site]) -> list[Blame]:
    """The wrong lines, the first one first.

    >>> from whynet.subjects.program.loop import Flow
    >>> from whynet.subjects.program.tape import Tape
    >>> blames(Judged(Flow([Tape(0, 1)]), [], [], []), [])
    []
    """
    text = Text(sites, one)
    partly = partly_right(one)
    if partly is not None:
        return mixed_examples(one, text) or [_in_part(one, partly, text)]
    found = returned(one, text)
    if any(blame.kind == "packing-wrong" for blame in found):
        return found
    gain = _is_gain(one, text)
    for step in one.steps:
        if gain:
            break
        if not (step.right or step.untold) and one.ends(step.group):
            matched = step.matched
            if not matched and _leaves(one, step.group) & one.shared:
                continue  # two errors meet in it, and only one is known
            if not matched and any(value is None for path in step.group.paths[:8] for value in one.at(path)):
                continue  # its derivative goes through something that is not known
            if not matched and one.repeated:
                continue  # each of its steps has a cost of its own
            if not matched and len(one.flow.tapes) == 1 and not region(one, one.ends(step.group)[:8])[1]:
                continue  # of single numbers, one iteration tells too little
            found.append(_uphill(one, step, text) if matched else _wrong(one, step, text))
    found += _piled(one, text)
    found += shapes(one, text)
    found += mixed_examples(one, text)
    found += audited(one, text)
    found += lost(one, text)
    found += remembered(one, text)
    if not found:
        found += shares(one, text) or _factors(one, text)
    found.sort(key=lambda blame: (blame.node, blame.kind == "wrong"))
    kept: list[Blame] = []
    for blame in found:
        before = one.flow.before([blame.node])
        same = next((i for i, other in enumerate(kept) if (other.file, other.line) == (blame.file, blame.line)), None)
        if same is not None and kept[same].kind == "wrong":  # another parameter tells more of the same line
            kept[same] = blame
        elif same is None and not any(other.node in before for other in kept):
            kept.append(blame)
    explained = any(step.right for step in one.steps) or any(blame.kind != "wrong" for blame in kept)
    if not explained and one.cost is not None and one.cost.name != "recorded":
        return []  # nothing is as this cost says: it may be another that is meant
    return [_called(one, blame, text) for blame in kept] + unmoved(one, text)


def _in_part(one: Judged, partly: Partly, text: Text) -> Blame:
    """A value of which a part is the derivative of the program's own cost, and the rest is not."""
    node = text.statement(partly.node, one.carriers)
    site, name = text.site(node), text.names.get(node, text.named(partly.meant))
    rest = "the rest has its sign turned" if partly.turned else "the rest is not"
    words = f"{partly.share:.0%} of its numbers are the derivative of the cost that the program computes; {rest}"
    return Blame("wrong", site.file, site.line, name, name, words, node)


def _called(one: Judged, blame: Blame, text: Text) -> Blame:
    """A line of a helper that the forward pass, or the error, uses too, is right: it is called with something wrong."""
    op = one.tape.ops[blame.node]
    context = op.context
    right = {pair.node for pair in one.cost.pairs} if one.cost else set()
    helping = {(other.site, other.context) for node in one.forward | right for other in [one.tape.ops[node]]}
    site = op.site
    while context and any(other == site and where != context for other, where in helping):
        site, context = context[-1], context[:-1]
    if site == op.site:
        return blame
    place = text.sites[site]
    return replace(blame, file=place.file, line=place.line, name=place.text)


def _is_gain(one: Judged, text: Text) -> bool:
    """Whether what the program computes is something that it wants to grow, and calls so."""
    if one.cost is None or one.cost.name != "recorded" or one.tape.cost is not None:
        return False
    uphill = all(not step.downhill and (step.node is not None or step.rate is not None) for step in one.steps)
    return uphill and GAINS.search(text.named(one.cost.at[0][0])) is not None


def _uphill(one: Judged, step: Step, text: Text) -> Blame:
    """The right derivative, and the step goes up: where the sign turns."""
    end = one.ends(step.group)[0]
    mine = one.flow.before([end]) & one.carriers
    fine: set[int] = set()
    for other in one.steps:
        if other.right:
            fine |= one.flow.before(one.ends(other.group))
    node = end
    if fine:
        for here in sorted(mine - fine):
            signs = {np.sign(one.exact[i][1]) for i in one.flow.inputs[here] if i in one.exact and i in one.carriers}
            if not signs:  # where errors begin: as those begin that are right
                signs = {
                    np.sign(one.exact[i][1]) for i in fine & set(one.exact) if not one.flow.inputs[i] & one.carriers
                }
            if here in one.exact and len(signs) == 1 and np.sign(one.exact[here][1]) not in signs:
                node = text.statement(here, mine)
                break
    elif one.tape.ops[end].name == "sub":  # minus is as it should be: what is subtracted points the other way
        turned = [here for here in sorted(mine) if here in one.exact and one.exact[here][1] < 0]
        turned = turned or [here for here in sorted(mine) if step.node is not None and _by_less_than_nothing(one, here)]
        node = text.statement(turned[0], mine) if turned else end
    site = text.site(node)
    name = text.names.get(node, step.group.name) if node != end else step.group.name
    words = "the step goes up the slope: plus where minus belongs" if node == end else "its sign is turned"
    return Blame("sign", site.file, site.line, name, step.group.name, words, node)


def _by_less_than_nothing(one: Judged, node: int) -> bool:
    """Whether an error is divided by a negative number, or multiplied by one, that is computed."""
    op = one.tape.ops[node]
    others = [read for read in op.inputs if read not in one.carriers and read >= 0 and read not in one.forward]
    return op.name in ("mul", "div") and len(others) == 1 and np.size(one.tape.value(others[0])) == 1 and bool(
        np.max(one.tape.value(others[0])) < 0
    )  # fmt: skip


def _wrong(one: Judged, step: Step, text: Text) -> Blame:
    """The first value that is no exact derivative, and what it is instead."""
    group, ends = step.group, one.ends(step.group)[:8]
    bad, good = region(one, ends)
    changed = _changed(one, bad, group, text)
    if changed is not None:
        return changed
    first = min(told(one, bad, good) or bad) if bad else ends[0]
    odd = odd_one(one, first)
    if odd is not None:
        turned = {here for here in one.exact if (one.exact[here][1] < 0) == (one.exact[odd][1] < 0)}
        turned -= one.flow.before([here for here in one.flow.inputs[first] if here != odd])
        while before := one.flow.inputs[odd] & turned:
            odd = min(before)
        node = text.statement(odd, one.carriers)
        site = text.site(node)
        return Blame("sign", site.file, site.line, text.names.get(node, group.name), group.name,
                     "its sign is turned: it is added to derivatives of the other sign", node)  # fmt: skip
    kind, words, meant = "wrong", "it is not the derivative", Meant()
    for here in (first, *same_before(one, one.flow.inputs[first] & good)):
        other = misordered(one, here)
        if other is None:
            continue
        node = text.statement(here, one.carriers)
        site = text.site(node)
        words = f"its numbers lie in another order than those of {text.named(other)}, whose derivative they are"
        return Blame(kind, site.file, site.line, text.names.get(node, group.name), group.name, words, here)
    node = text.statement(first, bad or {first})
    stray = [here for here in one.flow.inputs[first] & good if _is_stray(one, here, _leaves(one, group))]
    for here in stray[:1]:
        first = here
        node = text.statement(here, one.carriers)
    way = _one_way(one, group, first, good) if not stray else None
    if way is not None:
        first, several = way
        words = f"it goes by one way from {text.named(several)}, which has several"
        node = text.statement(first, one.carriers)
    if _transposed(one, group):
        kind, words = "transposed", "rows and columns are exchanged"
    else:
        for suspect in suspects(one, group, text.named, {one.exact[here][0] for here in good}):
            if step_by(one, group, suspect.adjoints).right:
                kind, words, meant = suspect.kind, suspect.words, suspect.meant
                meant = replace(meant, slopes=slopes(one, *suspect.edge))
                if kind == "derivative-left-out":
                    node = _delta(one, suspect.node, good, bad, text) or node
                break
    if bad <= set(ends) and len(good) == 1 and kind != "derivative-left-out":  # an exact value, of something else
        whose = _whose(one, group, next(iter(good)))
        if whose is not None:
            site, words = text.site(ends[0]), f"it is moved by the gradient of {whose.name}"
            return Blame("wrong-operand", site.file, site.line, group.name, group.name, words, ends[0])
        node = first = _origin(one, next(iter(good)))
        node = text.statement(node, one.carriers)
    site, name = text.site(node), text.names.get(node, group.name)
    if kind == "derivative-left-out" and node in text.again and node in one.exact:
        name, number = text.again[node]
        site = text.sites[number]
    return Blame(kind, site.file, site.line, name, group.name, words, min(node, first), meant)


def _is_stray(one: Judged, node: int, leaves: set[int]) -> bool:
    """Whether a derivative is that of a value which does not hang on these, and serves for nothing that is right."""
    meant = one.exact[node][0]
    hanging = one.flow.after(leaves)
    return meant not in hanging | leaves and meant >= 0 and not (one.flow.after({node}) - {node}) & set(one.exact)


def _one_way(one: Judged, group: Group, first: int, good: set[int]) -> tuple[int, int] | None:
    """The derivative by one way only that the first wrong value is made of, and the value that has several ways."""
    read = one.flow.inputs[first] & good
    part = read & one.partial
    if part and one.tape.ops[first].name not in GATHERED and any(one.exact[here][0] >= 0 for here in part):
        return max(part), one.exact[max(part)][0]
    leaves = _leaves(one, group)
    uses = [use for use in one.adjoints[0].parts if all(use in adj.parts for adj in one.adjoints)]
    for meant in sorted(node for node in one.forward if one.flow.leaves[node] & leaves):
        ways = [node for node in one.forward if meant in one.flow.inputs[node]]
        while len(ways) == 1 and one.tape.ops[ways[0]].name == "add":
            meant = ways[0]
            ways = [node for node in one.forward if meant in one.flow.inputs[node]]
        parts = [flat([adj.parts[use] for adj in one.adjoints]) for use in uses if use[1] == meant and len(ways) > 1]
        beside = [node for node in one.tape.ops[first].inputs if node not in read and one.tape.ops[first].name != "mul"]
        if any(factor(flat(one.values(node)), part) is not None for node in beside for part in parts):
            continue  # another way is there too, in some form
        for here in read:
            if any(factor(flat(one.values(here)), part) is not None for part in parts):
                return here, meant
    return None


def _whose(one: Judged, group: Group, node: int) -> Group | None:
    """The other parameter whose gradient moves this one: it is used there too, or nothing right is."""
    for step in one.steps:
        if step.group is not group and one.exact[node][0] in _leaves(one, step.group):
            used = node in one.flow.before(one.ends(step.group))
            return step.group if used or not step.right else None
    return None


def _origin(one: Judged, node: int) -> int:
    """The first of the values that are this one but for a factor."""
    meant = one.exact[node][0]
    while True:
        before = [read for read in one.flow.inputs[node] if read in one.exact and one.exact[read][0] == meant]
        if not before:
            return node
        node = min(before)


def _delta(one: Judged, meant: int, good: set[int], bad: set[int], text: Text) -> int | None:
    """The value that serves as a delta without the derivative; None if what it is has its right use elsewhere."""

    def means(here: int) -> bool:
        hit = base(one.tape, one.exact[here][0])
        return hit >= 0 and one.tape.ops[hit].site == one.tape.ops[base(one.tape, meant)].site

    held = [here for here in good if means(here)]
    if not held:
        return None
    node = max(held)
    after = one.flow.after({node}) & set(one.exact)
    if any(not means(here) for here in after - bad):
        return None
    used = {(text.site(here).file, text.site(here).statement) for here in bad}
    while (text.site(node).file, text.site(node).statement) in used:  # `rate * delta`, where it is used
        before = [read for read in one.flow.inputs[node] if read in one.exact and means(read)]
        if not before:
            break
        node = max(before)
    whole = text.statement(node, one.carriers)
    return whole if whole in one.exact and means(whole) else node


def _transposed(one: Judged, group: Group) -> bool:
    shape = np.shape(one.tape.value(one.tape.start[group.paths[0]]))
    square = len(shape) == 2 and shape[0] == shape[1] > 1 and len(group.paths) == 1
    return square and step_by(one, group, one.adjoints, turned=True).right


def _changed(one: Judged, bad: set[int], group: Group, text: Text) -> Blame | None:
    """A parameter that is used for a gradient after it got its new value."""
    new: dict[int, Group] = {end: other for other in one.moved if other is not group for end in one.ends(other)}
    for node in sorted(bad):
        for read in one.flow.inputs[node]:
            while read >= 0 and one.tape.ops[read].name in ("T", "transpose", "reshape", "getitem", "copy"):
                if read in new:
                    break
                read = min(one.flow.inputs[read], default=-1)
            if read in new and node not in one.ends(new[read]):
                site, name = text.site(node), new[read].name
                where = text.site(read).line
                words = f"{name} is used after it was changed in line {where}"
                whole = text.statement(node, bad)
                return Blame("used-after-change", site.file, site.line, text.names.get(whole, group.name), group.name,
                             words, node, Meant(text.named(read), line=where))  # fmt: skip
    return None


def _piled(one: Judged, text: Text) -> list[Blame]:
    """Gradients that are added to those of the steps before."""
    found = []
    for state in one.state:
        for path in state.paths[:1]:
            end = one.tape.end.get(path)
            if end is None or end < 0:
                continue
            op = one.tape.ops[end]
            leaf = one.tape.start[path]
            if op.name != "add" or leaf not in op.inputs:
                continue
            added = next((node for node in op.inputs if node != leaf), -1)
            moved = [step.group for step in one.steps if end in one.flow.before(one.ends(step.group))]
            if added in one.exact and any(one.exact[added][0] in _leaves(one, group) for group in moved):
                site = text.site(end)
                words = "each step adds its gradient to those of the steps before: it is never cleared"
                found.append(Blame("never-cleared", site.file, site.line, state.name, moved[0].name, words, end))
    return found


def _leaves(one: Judged, group: Group) -> set[int]:
    return {one.tape.start[path] for path in group.paths}


def _factors(one: Judged, text: Text) -> list[Blame]:
    """Of parameters that all go downhill, those that were not divided by the number of examples as the others were."""
    rates = [(step, abs(step.scale)) for step in one.steps if step.scale is not None]
    many = {n for output in one.outputs for n in np.shape(one.tape.value(output)) if n > 1} or {1}
    if len(one.outputs) > 1:
        many.add(len(one.outputs))
    found = []
    if len(rates) < 2 or len(rates) != len(one.steps):
        return []
    small = min(rate for _, rate in rates)
    large = [step for step, rate in rates if any(abs(rate / small / n - 1) < CLOSE for n in many if n > 1)]
    equal = [step for step, rate in rates if abs(rate / small - 1) < CLOSE]
    if large and len(large) + len(equal) == len(rates):
        twice = _twice(one, equal, many) if len(large) >= len(equal) else False
        for step in large if len(large) <= len(equal) and not twice else equal:
            end = one.ends(step.group)[0]
            node = step.node if step.node is not None else end
            held = [n for n in one.flow.before([node]) & one.carriers if _gradient_of(one, n, step)]
            node = min(held, default=node)
            others = [_first(one, other, text) for other, _ in rates if (other in large) != (step in large)]
            if (
                others
                and node in one.exact
                and all(abs(abs(value / one.exact[node][1]) - 1) < CLOSE for value in others)
            ):
                later = [n for n in held if abs(one.exact[n][1] / one.exact[node][1] - 1) > CLOSE]
                node = min(later, default=end)  # both are sums: the others are divided further on
            site = text.site(node)
            more = step in large
            words = (
                "the sum over the examples is not divided by their number, as that of other parameters is"
                if more
                else "it is divided by the number of examples, as that of other parameters is not"
            )
            name = text.names.get(text.statement(node, one.carriers), step.group.name)
            found.append(Blame("factor", site.file, site.line, name, step.group.name, words, node))
    return found


def _twice(one: Judged, steps: Sequence[Step], many: set[int]) -> bool:
    """Whether gradients are divided by the number of examples twice, which is never meant."""
    for step in steps:
        end = one.ends(step.group)[0]
        held = [node for node in one.flow.before([end]) & one.carriers if _gradient_of(one, node, step)]
        c = abs(one.exact[min(held)][1]) if held else 0.0
        if not any(abs(c * n * n / k - 1) < CLOSE for n in many if n > 2 for k in (0.5, 1, 2)):
            return False
    return bool(steps)


def _first(one: Judged, step: Step, text: Text) -> float:
    """The factor of a parameter's gradient at the end of the statement where it first is one."""
    end = one.ends(step.group)[0]
    held = {node for node in one.flow.before([end]) & one.carriers if _gradient_of(one, node, step)}
    return one.exact[text.statement(min(held), held)][1] if held else 0.0


def _gradient_of(one: Judged, node: int, step: Step) -> bool:
    return node in one.exact and one.exact[node][0] in _leaves(one, step.group)
