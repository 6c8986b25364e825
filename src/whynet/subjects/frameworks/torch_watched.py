"""What a watch has seen -> a diagnosis: by trials where rows and their loss are known, else by the loss alone."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from whynet.doctor.change import Wording
from whynet.doctor.diagnosis import STATUSES, UNKNOWN, Diagnosis, Finding, Gap, Outcome, Remark, said
from whynet.doctor.symptoms.inside import GRADIENTS_WITHOUT_STEP, RISEN_AGAIN
from whynet.doctor.symptoms.passes import MODES_APART
from whynet.doctor.symptoms.update import GRADIENTS_KEPT
from whynet.errors import UsageError
from whynet.metric import Metric
from whynet.subjects.frameworks.pytorch import Patient, training_of
from whynet.subjects.frameworks.torch_batches import SINGLE
from whynet.subjects.frameworks.torch_checks import CHECKS
from whynet.subjects.frameworks.torch_data import read_data
from whynet.subjects.frameworks.torch_late import late_findings, since, trouble_in
from whynet.subjects.frameworks.torch_nested import arrays_of, rows_of, threads_for, undisturbed
from whynet.subjects.frameworks.torch_probe import TorchProbe
from whynet.subjects.frameworks.torch_rates import usual
from whynet.subjects.frameworks.torch_trace import outputs_of
from whynet.subjects.frameworks.torch_training import OptimizerSettings, copied
from whynet.subjects.inside.by_loss import judged_curve, settled
from whynet.subjects.inside.few_kinds import few_kinds
from whynet.subjects.inside.how import CLIPPED, FADED, IDLE, RISEN, STALE, How, mending, parts_of
from whynet.subjects.inside.judged import judge
from whynet.subjects.inside.look import Look
from whynet.subjects.inside.probe import ProbeError
from whynet.subjects.inside.unlike_rows import unlike_rows

MOST_PASSES = 8  # over rows that are a part of all, in place of fewer over all: more, and they are known by heart
FIRST, WINDOWS = 5, 12  # means of the first losses, and of so many parts of the others: that of one batch says little
SCATTER = 0.1  # of the first losses: where they are known less well, nothing is said of a small fall
BLOWN = ("diverged", "non-finite")
UNLIKE = 0.1  # of accuracy or R2
ALIKE = 0.95  # so many equal predictions are one answer
UNTOLD = "the loss is no function of the outputs and of targets that could be told"


def diagnosed(
    watch: Any, *, test: Any, effort: float, budget: float | None, trials: bool, say: Callable[[str], None]
) -> Diagnosis:
    """Why what was watched does not learn.

    >>> diagnosed.__name__  # see `watch`
    'diagnosed'
    """
    asked: dict[str, Any] = {"effort": effort, "budget": budget, "trials": trials, "say": say}
    watch.trouble = trouble = trouble_in([(step, float(cost)) for step, cost in watch.costs.kept])
    if trouble is None:
        return _diagnosed(watch, test, asked)
    found = _diagnosed(since(watch, trouble), test, asked)
    if found.state not in BLOWN:  # the trials did not come to where the trouble is, or do not make it
        found.remarks.append(said("The trials, which make no more than the first part of its steps, end otherwise."))
        finite = math.isfinite(trouble.last)
        found.state = "diverged" if finite else "non-finite"
        found.before = Outcome(trouble.last, math.nan, steps=watch.steps, finite=finite)  # the loop's, not a copy's
    if math.isfinite(trouble.last):
        risen = (trouble.last - trouble.lowest) / (trouble.first - trouble.lowest)  # a loss may be below 0
        found.symptoms[RISEN_AGAIN.name] = RISEN_AGAIN.measured(risen)
    return found


def _diagnosed(watch: Any, test: Any, asked: dict[str, Any]) -> Diagnosis:
    torch, meaning = watch.torch, watch.meaning
    with undisturbed(torch), threads_for(torch, watch.first):
        if not watch.batches.kept:
            reason = ProbeError(f"its batches could not be copied: {watch.not_kept}")
            return _by_costs(watch, Look(), reason, [])
        loss = meaning.times(watch.losses / max(watch.looked, 1))
        if loss is None:
            return _alone(watch, asked)
        try:
            X, y = watch.batches.tensors()
        except UsageError as reason:
            return _of_any_form(watch, loss, reason, asked)
        rows, order = watch.batches.epoch(X)
        share = watch.looked / watch.steps if watch.looked else 1.0
        each = watch.seen_rows / len(rows)
        wanted = round(each / share)  # as many steps as the loop took
        size = int(np.median([rows for _, rows in watch.rows.kept]))
        patient = Patient(
            torch=torch,
            model=watch.first,
            loss=loss,
            settings=settings_of(watch),
            X=X[rows],
            y=y[rows],
            test=None if test is None else read_data(torch, test, size, False)[:2],
            epochs=max(1, min(wanted, max(_passes(each, share), MOST_PASSES))),
            batch_size=size,
            order=order,
            remarks=remarks_of(watch),
            not_examined=gaps_of(watch),
        )
        look = _looked(watch, loss, patient.X[:size], patient.y[:size])
        patient.loop = _loop_of(watch, look)
        patient.found += look.findings
        patient.noted += look.facts
        patient.not_examined += look.gaps
        try:
            patient.read()
        except UsageError as reason:
            look.findings = list(patient.found)
            data = patient.X, patient.y
            training = training_of(look, data, patient.epochs, size, order == "shuffled")
            found = unlike_rows(look, reason, replace(training, loop=patient.loop), gaps=gaps_of(watch), **asked)
            found.remarks[:0] = remarks_of(watch)
            return found
        found = patient.diagnose(**asked)
        found.remarks[:0] = _as_it_was_left(watch, patient, found)
        return found


def _as_it_was_left(watch: Any, patient: Patient, found: Diagnosis) -> list[Remark]:
    """How good the network is that the loop left, where the copy that stands for it came to something else.

    Its rows come in another order, and a loop whose gradients are never cleared may end anywhere. That a copy gives one
    answer is not said of a network that gives several.
    """
    problem, before = patient.what.problem, found.before
    if before is None or not before.finite:
        return []
    try:
        scores = outputs_of(watch.torch, copied(watch.torch, watch.model), patient.X)
        metric = problem.metric(scores, patient.what.y, patient.said.middle)
        quality = problem.quality(scores, patient.what.y, patient.said.middle)
        alike = problem.one_answer(scores, patient.said.middle)
    except Exception:  # it may be in a state in which it cannot be called any more
        return []
    if not abs(quality - before.quality) > UNLIKE or not math.isfinite(metric.value):
        return []
    curve = [(step, float(cost)) for step, cost in watch.costs.kept if math.isfinite(cost)]
    if found.state == "constant-answer" and alike < ALIKE and before.quality < quality < found.yardstick and curve:
        shown = None if before.metric is None else metric
        found.state = settled(curve, whole=True)
        found.before = replace(before, cost=curve[-1][1], quality=quality, metric=shown, one_answer=alike)
    copy = before.metric or Metric("accuracy", before.quality)
    words = f"The network that was watched ends at {metric.name} {metric.value:.3g} on the rows that were kept"
    return [said(f"{words}, the copy that was trained in its place at {copy.value:.3g} on others.")]


def judged_by_costs(watch: Any, why: str) -> Diagnosis:
    """By one batch and the losses that were seen, where the training is not the module's and the optimizer's alone.

    >>> judged_by_costs.__name__
    'judged_by_costs'
    """
    with undisturbed(watch.torch):
        if not watch.batches.kept:
            return _by_costs(watch, Look(), ProbeError(why), [])
        batch, loss = watch.batches.kept[0], watch.meaning.times(watch.losses / max(watch.looked, 1))
        look = _looked(watch, loss or _untold, batch.X, batch.y if loss else None)
        return _by_costs(watch, look, ProbeError(why), look.gaps)


def _alone(watch: Any, asked: dict[str, Any]) -> Diagnosis:
    """The loss comes out of the module, or is none that is known."""
    if watch.meaning.own:
        return _of_any_form(watch, None, ProbeError("the loss comes out of the module"), asked)
    X = watch.batches.kept[0].X
    reason = ProbeError(SINGLE if getattr(X, "ndim", 2) < 2 else UNTOLD)
    look = _looked(watch, _untold, X, None)
    without = [one.what for one in look.gaps if UNTOLD in one.why]
    gaps = [one for one in look.gaps if UNTOLD not in one.why]
    return _by_costs(watch, look, reason, [*gaps, Gap(", ".join(without), UNTOLD)] if without else gaps)


def _never_stepped(watch: Any) -> Finding:
    """Gradients that nobody takes a step by."""
    words = f"backward() was called {watch.losses:,} times, `optimizer.step()` never: call it after each backward()"
    return Finding(
        "update-order-wrong", "found", (GRADIENTS_WITHOUT_STEP.measured(watch.losses),), mending(IDLE), detail=words
    )


def _loop_of(watch: Any, look: Look) -> How:
    """The mistakes of the loop that were found, as the trials make them too."""
    mends = [one.change.mistakes for one in look.findings if one.status == "found" and one.change is not None]
    names = {name for mistakes in mends for name in mistakes}
    return How(
        stale=STALE in names,
        idle=IDLE in names,
        clip=watch.steps_seen.lengths[0] if CLIPPED in names else 0.0,
        rates=parts_of(watch.rates.kept, settings_of(watch).options.get("lr")) if {FADED, RISEN} & names else (),
    )


def settings_of(watch: Any) -> OptimizerSettings:
    """The optimizer's, at the rate that the trials keep to: that of the first step, or the mean where it was warmed up.
    Where a loss rose, the trials begin with the rate that it had.

    >>> settings_of.__name__
    'settings_of'
    """
    return watch.settings if watch.trouble is not None else usual(watch.settings, watch.rates.kept)


def _untold(outputs: Any, targets: Any) -> Any:
    raise ProbeError(UNTOLD)


_untold.__name__ = "a loss that is not told"


def _of_any_form(watch: Any, loss: Any, reason: UsageError, asked: dict[str, Any]) -> Diagnosis:
    """Batches that are no rows of one kind: a copy is trained on them as they are."""
    batch = watch.batches.kept[0]
    look = _looked(watch, loss, batch.X, batch.y)
    passes = max(1, round(max(watch.steps, watch.losses if not watch.steps else 0) / len(watch.batches)))
    if not look.priced:
        return _by_costs(watch, look, look.refused or reason, look.gaps)
    training = training_of(look, watch.batches, passes, rows_of(batch.X, batch.y, watch.torch), False)
    training = replace(training, loop=_loop_of(watch, look))
    found = unlike_rows(look, reason, training, gaps=gaps_of(watch), **asked)
    found.remarks[:0] = remarks_of(watch)
    return found


def _by_costs(watch: Any, look: Look, reason: Exception, gaps: list[Gap]) -> Diagnosis:
    """By the losses that were seen, without a step of anybody else's."""
    kept = watch.costs.kept if watch.steps else enumerate((cost for _, cost in watch.costs.kept), 1)
    costs = np.array([(step, float(cost)) for step, cost in kept])
    rest = costs[FIRST:]
    parts = [costs[:FIRST], *(np.array_split(rest, min(WINDOWS, len(rest))) if len(rest) else [])]
    curve = [(round(float(part[:, 0].mean())), float(part[:, 1].mean())) for part in parts]
    found = Diagnosis(
        "not-examined",
        verdict=sorted(look.findings, key=lambda one: STATUSES.index(one.status)),
        used=look.used() if look.probe is not None else {},
        remarks=remarks_of(watch),
        not_examined=[Gap("trials", getattr(reason, "message", str(reason))), *gaps_of(watch), *gaps],
        problem=UNKNOWN,
        symptoms={fact.name: fact for fact in look.facts},
        wording=Wording("PyTorch"),
    )
    judged = judged_curve(curve, watch.steps, watch.steps)
    state = _beyond_chance(parts, judged.state) if watch.steps else "not-started"
    if state:
        judge(found, judged._replace(state=state))
    else:
        found.not_examined.append(Gap("its state", "the losses of its batches scatter too much"))
    return found


def _beyond_chance(parts: list[Any], state: str) -> str:
    """What is said of a loss, where the losses of single batches do not scatter too much to tell; nothing else."""
    first, last = parts[0][:, 1], parts[-1][:, 1]
    if state in ("healthy", "non-finite"):
        return state
    if min(len(first), len(last)) < 2:
        return ""
    doubt = 2 * math.hypot(*(float(one.std(ddof=1)) / len(one) ** 0.5 for one in (first, last)))
    if abs(float(first.mean() - last.mean())) > doubt:
        return state
    return "not-started" if doubt < SCATTER * abs(float(first.mean())) else ""


def _looked(watch: Any, loss: Any, X: Any, y: Any) -> Look:
    """What one batch shows of the module as it was, the modes, and the steps of the order that they were taken in."""
    torch, model = watch.torch, watch.first
    twin = copied(torch, model)
    rows = rows_of(X, y, torch)
    look = Look.of(TorchProbe(torch, twin, loss, X, y, rows, settings_of(watch), way=tuple), CHECKS)
    facts, found = watch.modes.findings(torch, model, X, watch.looked)
    # the steps tell the mode: they are counted
    by_mode = {MODES_APART.name}
    seen = [one for one in look.findings if {fact.name for fact in one.evidence} != by_mode]
    held = {id(one) for group in watch.optimizer.param_groups for one in group["params"]}
    own = any(id(one) in held for one in watch.model.parameters())  # else its gradients are not those of the steps
    steps = watch.steps_seen.findings(watch.cut) if own and watch.steps else []
    late = late_findings(watch, look)
    look.findings = [*found, *seen, *steps, *late, *([] if watch.steps else [_never_stepped(watch)])]
    look.facts += facts
    if own and watch.again.stale and all(watch.again.stale):
        evidence = (GRADIENTS_KEPT.measured(float(np.mean(watch.again.stale))),)
        words = "`optimizer.zero_grad()` before each `loss.backward()`"
        look.findings.append(Finding("gradient-buffer-not-reset", "found", evidence, mending(STALE), detail=words))
    arrays = ((arrays_of(one.X, torch), arrays_of(one.y, torch)) for one in watch.batches.kept)
    others = watch.modes.most_rows
    look.add("whether rows come again", lambda: few_kinds(arrays, steps=watch.steps, others=others))
    return look


def gaps_of(watch: Any) -> list[Gap]:
    """What a watch could not look at.

    >>> gaps_of.__name__
    'gaps_of'
    """
    found = []
    if watch.more:
        found.append(Gap("what is added to the loss", "the trials go by the loss that was seen alone"))
    if watch.steps_seen.closure:
        found.append(Gap("the gradients of its steps", "they are computed within `optimizer.step`"))
    memory = f"{watch.batches.most / 1e6:g} MB"
    if watch.batches.cut:
        found.append(Gap("all rows of its batches", f"a batch is larger than a quarter of {memory}"))
    if watch.batches.full:
        kept = f"of {watch.steps:,} batches {len(watch.batches):,} are kept, as many as {memory} hold"
        found.append(Gap("all of its batches", kept))
    if watch.not_kept:
        found.append(Gap("all of its batches", f"some could not be copied: {watch.not_kept}"))
    return found


def remarks_of(watch: Any) -> list[Remark]:
    """What was seen beside it.

    >>> remarks_of.__name__
    'remarks_of'
    """
    used = settings_of(watch).options.get("lr", math.nan)
    begun, watch = watch.begun, watch.whole or watch
    costs = [(step, float(cost)) for step, cost in watch.costs.kept]
    broken = next((step for step, cost in costs if not math.isfinite(cost)), None)
    moved = (
        f"; a step moved the weights by {np.median(watch.again.moves):.2g} of their length" if watch.again.moves else ""
    )
    remarks = [
        f"Watched: {watch.steps:,} steps, {watch.looked:,} of them looked at; cost {costs[0][1]:.4g} -> "
        f"{costs[-1][1]:.4g}{moved}."
    ]
    if watch.trouble is not None:
        begin = f" The trials begin with the weights of step {begun:,}." if begun else ""
        remarks.append(watch.trouble.words + begin)
    if broken is not None:
        remarks.append(f"By step {broken:,} the cost was NaN or infinite.")
    rates = [rate for _, rate in watch.rates.kept]
    if min(rates) != max(rates):
        most = f", {max(rates):g} at most" if max(rates) > max(rates[0], rates[-1]) else ""
        remarks.append(
            f"The rate went from {rates[0]:g} to {rates[-1]:g}{most}; in the trials it is {used:.3g} all along."
        )
    if watch.several:
        remarks.append("Several batches were added up for a step; the trials take a step for each.")
    return [said(text) for text in remarks]


def _passes(often: float, share: float) -> int:
    """How many passes were made if of each this share of the rows was seen, and those that were seen, so often."""
    passes = 1
    while passes * share / (1 - (1 - share) ** passes) < often - 0.01 and passes * share < often:
        passes += 1
    return passes
