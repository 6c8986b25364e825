"""Hand-written code, trained as it is: with its own step, or with its own gradient; and with one thing changed."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from whynet.doctor.change import Change, Wording
from whynet.doctor.diagnosis import Settings
from whynet.mistakes.catalogue import MENDED_AS
from whynet.mistakes.mistake import Mistake
from whynet.network.activations import ACTIVATIONS
from whynet.subjects.adapter import Hidden, Inside, Trained, drawn_like, has, mended, number, orders, prepared, times
from whynet.subjects.own_code.anatomy import targets_of
from whynet.subjects.own_code.backward import backward
from whynet.subjects.own_code.code import Examples, is_vector
from whynet.subjects.own_code.reading import Audit
from whynet.types import Array

PROBE = 200  # rows that a cost is of; where one example is asked about at a time, so many fewer
SINGLE_PROBE = 30
POINTS = 8  # on the way, at which the cost is looked at
OF_THE_STEP = {"forgotten-bias", "frozen-layer", "raw-momentum"}  # no gradient with the others left in shows them
COSTS = {
    **{name: name for name in ("quadratic", "sigmoid-cross-entropy", "softmax-cross-entropy")},
    "absolute error": "absolute",
}
"""The costs that are settings, by what they are called where they are told from the code."""
SCHEMES: dict[str, Callable[[int, int], float]] = {  # -> standard deviation
    "he": lambda fan_in, _: float(np.sqrt(2 / fan_in)),
    "scaled-normal": lambda fan_in, _: float(np.sqrt(1 / fan_in)),
    "glorot": lambda fan_in, fan_out: float(np.sqrt(2 / (fan_in + fan_out))),
    "zeros": lambda *_: 0.0,
}


class CodeAdapter:
    """Trains copies of the parameters of hand-written code. `rows` are those of its examples that it trains on.

    >>> CodeAdapter.why_not.__doc__
    'None if the code can be trained with these changes, or the reason.'
    """

    def __init__(self, audit: Audit, settings: Settings, *, momentum: float, middle: float) -> None:
        assert audit.code.examples is not None
        self.audit, self.code, self.settings, self.momentum, self.middle = (
            audit, audit.code, settings, momentum, middle,
        )  # fmt: skip
        self.examples: Examples = audit.code.examples
        self.rows = np.arange(len(self.examples))
        self.first: list[Array] | None = None
        """Other numbers to begin with than those that the parameters have."""
        self.wording = Wording("NumPy")
        found = [MENDED_AS[one.cause] for one in audit.findings if one.cause in MENDED_AS and one.status == "found"]
        self.fitting = tuple(dict.fromkeys(found))

    @property
    def trains(self) -> bool:
        """Whether it can be trained at all: it has a step or a gradient, and a rate to go with it."""
        return self.code.step is not None or (self.code.gradients is not None and self.settings.rate is not None)

    def multiply_adds(self) -> float:
        """Those of one row on its way forward: one for each parameter."""
        return float(sum(array.size for array in self.code.arrays))

    def weights(self) -> Mapping[str, Array]:
        """The weights of each layer, (fan_in, fan_out), where it is known which network this is."""
        anatomy = self.audit.anatomy
        if anatomy is None:
            return {}
        names = {place.layer: name for place, name in zip(anatomy.shape.places, self.code.names, strict=True)}
        return {names.get(i, str(i)): W for i, (W, _) in enumerate(anatomy.shape.read(self.code.values))}

    def why_not(self, changes: Sequence[Change]) -> str | None:
        """None if the code can be trained with these changes, or the reason."""
        mending = {name for change in changes for name in change.mistakes}
        for change in changes:
            reason = self._why_not(change, mending)
            if reason is not None:
                return reason
        return None

    def _why_not(self, change: Change, mending: set[str]) -> str | None:
        kind, update = change.kind, self.audit.update
        if kind in ("epochs", "shuffle", "scale-inputs"):
            return "it has no rule for stopping early" if "early_stop" in change.numbers else None
        if kind == "rate":
            loops = update is not None and update.updates > 1 and not update.by_row
            return "each of its steps makes several updates, whose rate is inside" if loops else None
        if kind == "batch":
            asked = self.code.step or self.code.gradients
            if self._singly or asked is None or not self.code.takes_batch(asked):
                return "the code decides itself which examples a step is on"
            return None
        if kind == "weights":
            return None if self.audit.anatomy is not None else "which array is which layer is not known"
        if kind == "mend":
            known, found = self.audit.anatomy is not None, self.audit.gradient
            told = found is not None and found.explained and not self._wrong_steps
            told = told and not (set(self.fitting) & OF_THE_STEP and len(self.fitting) > 1)
            if not set(change.mistakes) & set(self.fitting) or (known and (told or set(self.fitting) <= mending)):
                return None
            return "which part of the gradient is the mistake could not be told exactly enough to take it out alone"
        return f"your code has no setting for another {kind.replace('-', ' ')}: that is a change of its text"

    @property
    def _singly(self) -> bool:
        """Whether each step is on one example."""
        return self.examples.single and self.code.step is not None and self.audit.pairs is None

    @property
    def _wrong_steps(self) -> bool:
        return self.audit.update is not None and bool(self.audit.update.wrong)

    def inside(self, X: Array, y: Array) -> Inside:
        """Its own gradient and its own step; what it does with these rows where it is known which network it is."""
        anatomy, rows = self.audit.anatomy, self.rows
        own, self.code.examples = self.code.examples, self._examples(rows)
        try:
            values = self.code.values
            after = next(self._steps(values, (), 0, len(rows)))
            step = [(a, b) for a, b in zip(values, after, strict=True) if a.ndim == 2]
            if anatomy is None:
                why = "which network it is could not be told"
                return Inside(step=step, unseen=dict.fromkeys(("layers", "hidden", "gradients"), why))
            layers, x = anatomy.shape.read(values), X.reshape(len(X), -1).astype(np.float64)
            units = [z for z, _ in anatomy.forward(layers, x)]
            known = set(anatomy.hidden) <= set(ACTIVATIONS)
            slopes = anatomy.shape.read(self._gradient(values, self._some(len(rows)), self.fitting))
        finally:
            self.code.examples = own
        return Inside(
            layers, x, units[0], list(zip(anatomy.hidden, units, strict=False)) if known else None,
            [W for W, _ in slopes], step, {} if known else {"hidden": f"it has {', '.join(anatomy.hidden)} units"},
        )  # fmt: skip

    def _some(self, n: int) -> Array:
        """Rows to ask for a gradient on: one, where one is asked about at a time."""
        return np.arange(1 if self.examples.single else min(n, PROBE))

    # ---- examples

    def _examples(self, rows: Array, X: Array | None = None) -> Examples:
        """Those of these rows; with other inputs `X (rows, features)` in their place."""
        own, few = self.examples, copy.copy(self.examples)
        few.count = len(rows)
        if isinstance(own.X, list):
            few.X, few.y = [own.X[i] for i in rows], [own.y[i] for i in rows]
            if X is not None:
                few.X = [x.reshape(old.shape) for x, old in zip(X, few.X, strict=True)]
            return few
        if own.axis == -2:
            if X is not None:
                few.X = X[0].reshape(own.X.shape)
            return few
        few.X = np.take(own.X, rows, axis=own.axis)
        few.y = np.take(own.y, rows, axis=0 if own.axis == 0 else np.ndim(own.y) - 1)
        if X is not None:
            few.X = X.reshape(few.X.shape) if own.axis == 0 else X.T.reshape(few.X.shape)
        given = vars(own).get("given")
        if given is not None:
            vars(few)["given"] = given[rows]
        return few

    # ---- training

    def steps_from(
        self,
        layers: Sequence[tuple[Array, Array]],
        X: Array,
        y: Array,
        steps: int,
        *,
        times: float = 1.0,
        dropout: bool = True,
    ) -> Trained:
        """A few steps on the rows as they lie, from these weights."""
        anatomy, plain = self.audit.anatomy, copy.copy(self)
        assert anatomy is not None
        written = anatomy.shape.write(layers, self.code.arrays)
        plain.first = [value.astype(own.dtype) for value, own in zip(written, self.code.arrays, strict=True)]
        plain.settings = replace(self.settings, order="file")
        changes = () if times == 1 else (Change("rate", {"times": times}),)
        return plain.train(X, y, changes, seed=0, steps=steps, stop=lambda: False)

    def train(
        self, X: Array, y: Array, changes: Sequence[Change], *, seed: int, steps: int, stop: Callable[[], bool]
    ) -> Trained:
        """One arm, from the numbers that the parameters have; another seed draws others of the same spread."""
        prepare = prepared(X, changes)
        own, few = self.code.examples, self._examples(self.rows, prepare(X) if has(changes, "scale-inputs") else None)
        self.code.examples = few
        try:
            values = first = self._start(changes, seed)
            start, curve, taken = self._cost(values, len(X)), [], 0
            every = max(1, steps // POINTS)
            for after in self._steps(first, changes, seed, len(X)):
                values, taken = after, taken + 1
                if taken in (1, 2, 4, 8) or taken % every == 0:
                    curve.append((taken, self._cost(values, len(X))))
                if taken >= steps or stop() or not all(np.isfinite(value).all() for value in values):
                    break
            final = self._cost(values, len(X))
        finally:
            self.code.examples = own
        known = bool(np.isfinite(final)) or self.code.loss is None  # without a loss there is no cost to blow up
        finite = known and all(bool(np.isfinite(value).all()) for value in values)
        hidden = self._hidden_units(values, prepare) if finite else None
        return Trained(
            lambda rows: self._scores(values, prepare(rows)), start, final, tuple(curve), taken, finite, hidden=hidden
        )

    def _hidden_units(
        self, values: Sequence[Array], prepare: Callable[[Array], Array]
    ) -> Callable[[Array], Hidden] | None:
        """The hidden units with these numbers, where it is known what they are."""
        anatomy = self.audit.anatomy
        if anatomy is None or not set(anatomy.hidden) <= set(ACTIVATIONS):
            return None

        def hidden(X: Array) -> Hidden:
            x = prepare(X).reshape(len(X), -1).astype(np.float64)
            units = [z for z, _ in anatomy.forward(anatomy.shape.read(values), x)]
            return list(zip(anatomy.hidden, units, strict=False))

        return hidden

    def _start(self, changes: Sequence[Change], seed: int) -> list[Array]:
        values = self.code.values if self.first is None else [value.copy() for value in self.first]
        if seed:
            rng = np.random.default_rng([seed, 0])
            values = [value if is_vector(value) and len(values) > 1 else drawn_like(value, rng) for value in values]
        for change in changes:
            if change.kind == "weights":
                values = self._drawn(values, change.numbers["scheme"], change.numbers.get("part", "all"), seed)
        return values

    def _drawn(self, values: Sequence[Array], scheme: str, part: str, seed: int) -> list[Array]:
        anatomy = self.audit.anatomy
        assert anatomy is not None
        layers = anatomy.shape.read(values)
        made = []
        for index, (W, b) in enumerate(layers):
            rng = np.random.default_rng([seed, 0, index])
            if part == "biases" or (part == "output weights" and index < len(layers) - 1):
                made.append((W, 0 * b if part == "biases" else b))
            else:
                made.append((rng.normal(0, 1, W.shape) * SCHEMES[scheme](*W.shape), 0 * b))
        written = anatomy.shape.write(made, self.code.arrays)
        return [value.astype(own.dtype) for value, own in zip(written, self.code.arrays, strict=True)]

    def _steps(self, values: list[Array], changes: Sequence[Change], seed: int, n: int) -> Iterator[list[Array]]:
        """The parameters after each step, without end."""
        left = mended(self.fitting, changes)
        if self.code.step is not None and left == self.fitting:
            yield from self.code.stepping(values, self._batches(changes, seed, n), times(changes))
        else:
            yield from self._descent(values, changes, left, self._batches(changes, seed, n))

    def _batches(self, changes: Sequence[Change], seed: int, n: int) -> Iterator[Array]:
        size = min(int(number(changes, "batch", "size") or self.settings.batch or 1), n)
        update = self.audit.update
        if self._singly or (update is not None and update.by_row and self.code.step is not None):
            size = 1
        shuffled = self.settings.order != "file" or has(changes, "shuffle")
        epoch = 0
        while True:
            order = orders(n, seed, epoch, shuffled=shuffled)
            yield from (order[first : first + size] for first in range(0, n, size))
            epoch += 1

    def _descent(
        self, values: list[Array], changes: Sequence[Change], left: Sequence[str], batches: Iterator[Array]
    ) -> Iterator[list[Array]]:
        """Steps along their gradient, or along the exact one with the mistakes that are left."""
        rate = (number(changes, "mend", "rate") or self.settings.rate or 0.0) * times(changes)
        velocity = [np.zeros_like(value) for value in values]
        for rows in batches:
            slopes = self._gradient(values, rows, left)
            with np.errstate(all="ignore"):
                velocity = [self.momentum * v - rate * g for v, g in zip(velocity, slopes, strict=True)]
                values = [(value + v).astype(value.dtype) for value, v in zip(values, velocity, strict=True)]
            yield values

    def _gradient(self, values: Sequence[Array], rows: Array, left: Sequence[str]) -> list[Array]:
        if self.examples.single and len(rows) > 1:
            each = [self._gradient(values, rows[i : i + 1], left) for i in range(len(rows))]
            together = np.sum if self.audit.pairs == "sum" else np.mean
            return [np.asarray(together(slopes, axis=0)) for slopes in zip(*each, strict=True)]
        if tuple(left) == self.fitting and self.code.gradients is not None:
            return self.code.slopes(values, rows)
        anatomy, examples, found = self.audit.anatomy, self.code.examples, self.audit.gradient
        assert anatomy is not None and examples is not None
        kept: tuple[Mistake, ...] = ()
        if found is not None:
            kept = tuple(one for one in found.mistakes if MENDED_AS.get(one.cause) in left)
        X, y = examples.rows(rows)
        exact = backward(anatomy, anatomy.shape.read(values), X, targets_of(y, anatomy.shape.sizes[-1]), kept)
        return anatomy.shape.write(exact, self.code.arrays)

    # ---- what it comes to

    def _cost(self, values: Sequence[Array], n: int) -> float:
        """Their own loss, in their own arithmetic."""
        code = self.code
        if code.loss is None:
            return float("nan")
        if code.examples is not None and code.examples.single:
            rows = np.linspace(0, n - 1, min(n, SINGLE_PROBE)).astype(np.intp)
            return float(np.mean([code.cost(values, [row]) for row in rows]))
        return code.cost(values, np.linspace(0, n - 1, min(n, PROBE)).astype(np.intp))

    def _scores(self, values: Sequence[Array], X: Array) -> Array:
        anatomy, code = self.audit.anatomy, self.code
        with np.errstate(all="ignore"):
            if anatomy is not None:
                scores: Array = anatomy.forward(anatomy.shape.read(values), X.astype(np.float64))[-1][1]
                return scores
            own = code.examples
            code.examples = self._examples(np.zeros(len(X), dtype=np.intp), X)
            try:
                rows = np.arange(len(X))
                if code.examples.single:
                    return np.concatenate([code.outputs(values, rows[i : i + 1]) for i in rows])
                return code.outputs(values, rows)
            finally:
                code.examples = own


def settings_of(audit: Audit, **known: Any) -> Settings:
    """What is known of the code's settings, as far as it was identified.

    >>> from whynet.subjects.own_code.code import Code
    >>> settings_of(Audit(Code([np.zeros((2, 2))])), rate=0.1).rate
    0.1
    """
    anatomy = audit.anatomy
    if anatomy is None:
        return Settings(**known)
    cost = COSTS.get(anatomy.cost)
    same = len(set(anatomy.hidden)) == 1
    return Settings(
        widths=anatomy.shape.sizes,
        activation=anatomy.hidden[0] if same else None,
        output=anatomy.output if cost else None,
        cost=cost,
        **known,
    )
