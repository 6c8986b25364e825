"""From a finding to new texts of the program that may mend it: a few lines changed, in the program's own style.

`candidates` only proposes. Which text mends is told by running it: see `heal`.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from whynet.errors import UsageError
from whynet.subjects.program.guests.edits import layers, loop, output, rows, scaling, settings, shapes
from whynet.subjects.program.guests.edits.about import About as About
from whynet.subjects.program.guests.edits.about import Editor
from whynet.subjects.program.guests.edits.source import Source

OF_CAUSE: dict[str, tuple[Editor, ...]] = {
    "gradient-buffer-not-reset": (loop.clear, loop.order),
    "update-order-wrong": (loop.order, loop.clear),
    "mode-wrong-in-training": (loop.train_mode,),
    "mode-wrong-in-evaluation": (loop.eval_mode,),
    "gradient-cut": (loop.uncut, layers.unfrozen),
    "clipping-too-strong": (loop.unclipped, settings.unclipped_by_optimizer),
    "schedule-exhausted": (loop.unscheduled, settings.unscheduled_rate),
    "state-carried-over": (loop.detached_state,),
    "wrong-output-activation": (output.bare, output.no_logits, output.single_unit),
    "output-units-saturated": (output.bare,),
    "unstable-softmax": (output.bare, output.of_scores),
    "output-range-mismatch": (output.bare,),
    "missing-output-activation": (output.of_scores,),
    "cost-mismatch": (output.of_scores, output.no_logits),
    "softmax-single-unit": (output.single_unit, output.bare),
    "loss-broadcast": (shapes.like_outputs,),
    "output-shape-mismatch": (shapes.like_outputs, shapes.encoded),
    "label-encoding-mismatch": (shapes.encoded, shapes.like_outputs),
    "batch-mixed": (shapes.batch_first, shapes.permuted, shapes.over_classes),
    "wrong-time-step": (shapes.last_step, shapes.batch_first, shapes.permuted),
    "image-axes-confused": (shapes.permuted,),
    "gradient-not-averaged": (shapes.meaned,),
    "layer-not-updated": (layers.listed, layers.all_held, layers.unfrozen),
    "bias-not-updated": (layers.all_held, layers.unfrozen),
    "symmetric-init": (layers.drawn_anew,),
    "init-too-large": (layers.drawn_anew,),
    "init-too-small": (layers.drawn_anew,),
    "init-positive-saturation": (layers.drawn_anew,),
    "dead-relu": (layers.drawn_anew, settings.rate),
    "missing-activation": (layers.activated,),
    "wrong-hidden-activation": (layers.activated,),
    "input-not-scaled": (scaling.inputs,),
    "input-not-centred": (scaling.inputs,),
    "target-not-scaled": (scaling.targets,),
    "label-order-mismatch": (rows.together,),
    "validation-unlike-training": (rows.alike,),
    "preprocess-mismatch": (rows.alike,),
    "not-shuffled": (settings.shuffled,),
    "lr-too-high": (settings.rate,),
    "lr-too-low": (settings.rate,),
    "undertrained": (settings.epochs,),
    "batch-too-large": (settings.batch,),
    "regularisation-too-strong": (settings.unregularised,),
    "class-weights-inverted": (settings.unweighted,),
    "momentum-unscaled": (settings.momentum, settings.rate),
}
OF_CHANGE: dict[str, tuple[Editor, ...]] = {
    "rate": (settings.rate,),
    "epochs": (settings.epochs,),
    "batch": (settings.batch,),
    "shuffle": (settings.shuffled,),
    "scale-inputs": (scaling.inputs,),
    "scale-targets": (scaling.targets,),
    "weights": (layers.drawn_anew,),
    "penalty": (settings.unregularised,),
    "dropout": (settings.unregularised,),
    "output": (output.bare,),
}


def candidates(text: str, about: About) -> Iterator[str]:
    """New texts, each once, the likeliest first.

    >>> text = "loss = f(net(x), y)\\nloss.backward()\\noptimizer.step()\\n"
    >>> print(next(candidates(text, About("gradient-buffer-not-reset"))), end="")
    loss = f(net(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    """
    try:
        source = Source(text)
    except UsageError:
        return
    seen = {"", text}
    editors = dict.fromkeys((*OF_CAUSE.get(about.cause, ()), *OF_CHANGE.get(about.kind, ())))
    for new in chain.from_iterable(editor(source, about) for editor in editors):
        if new not in seen:
            seen.add(new)
            yield new
