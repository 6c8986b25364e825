"""What to change, as Keras says it: the words of the checks that look inside any network."""

from __future__ import annotations

WORDS: dict[str, str] = {
    "along": "axis={axis}",
    "averaged": "`reduction='sum_over_batch_size'`",
    "batch-axis": "axis 0 is the batch",
    "between-layers": "in `call`, between its layers",
    "call-with-gradients": "call it without `stop_gradient`, outside `torch.no_grad()`",
    "called-in-evaluation": (
        "`{name}` acts in training as in evaluation: in `call` hand its own `training` on, not `training=False`"
    ),
    "classes-moved": "`keras.ops.transpose(outputs, (0, 2, 1))`, classes along the last axis",
    "clip": "`clipnorm=1.0` of the optimizer",
    "clip-steps": "`clipnorm=` of the optimizer",
    "colours-elsewhere": (
        "`{name}` takes the {side} of the pictures for colours: `keras.ops.transpose(x, ({order}))` of the inputs"
    ),
    "colours-reshaped": (
        "what `{name}` is given was reshaped from colours {place}: `keras.ops.transpose(x, ({order}))` in place of"
        " `reshape`"
    ),
    "draw": "`kernel_initializer='glorot_uniform'`",
    "drops": "`{name}` drops in evaluation mode too: hand it a rate of 0 there",
    "drops-in-layer": "`{name}` drops in evaluation mode too: call it without `training=True`",
    "dropout-called-off": "`keras.layers.Dropout`, which knows when it is trained",
    "embedding-first": "an embedding of the words as the first layer: `keras.layers.Embedding(words, 32)`",
    "few-to-normalise": (
        "`{name}` takes means of {values} values: `batch_size=16` or more, or `keras.layers.GroupNormalization`, "
        "`LayerNormalization`"
    ),
    "first-step-read": (
        "after `{name}` the first step is read, which has seen one: the last step, `[:, -1]`, or "
        "`return_sequences=False`"
    ),
    "handed-over-in-evaluation": "trained in evaluation mode: `model(X, training=True)` in a loop of your own",
    "handed-time-first": (
        "`{name}` ({own}) takes axis 0 for the batch, and is handed time: no `keras.ops.transpose(x, (1, 0, 2))` before"
    ),
    "he": "`kernel_initializer='he_normal'`",
    "keep-off-zero": "`keras.ops.maximum(x, 1e-6)` before `log`, `sqrt` or a division",
    "kept": (
        "something is kept from batch to batch: `stateful=False`, or `layer.reset_state()` where the examples "
        "begin anew"
    ),
    "kept-by-name": (
        "`{name}` is kept from batch to batch: `stateful=False`, or `layer.reset_state()` where the examples begin anew"
    ),
    "later-inputs-seen": "an output changes with later inputs: let each step see itself and earlier ones alone",
    "left-out": "`ignore_class={value}`",
    "left-out-in-loss": "`ignore_class={value}` in the loss, or a `sample_weight` of 0 there",
    "log-softmax-instead": "`keras.ops.log_softmax(scores, axis={axis})`, not the softmax",
    "log-softmax-or-loss": (
        "`keras.losses.SparseCategoricalCrossentropy(from_logits=True)`, or `activation='log_softmax'` of the last"
        " `Dense`"
    ),
    "loss-of-classes": "`keras.losses.SparseCategoricalCrossentropy()`",
    "loss-of-labels": "`activation='sigmoid'` of the last `Dense` and `keras.losses.BinaryCrossentropy()`",
    "loss-of-numbers": "`keras.losses.MeanSquaredError()`",
    "loss-of-one-output": "`activation='sigmoid'` of the last `Dense` and `keras.losses.BinaryCrossentropy()`",
    "no-causal-mask": "attention sees later steps: call it with `use_causal_mask=True`",
    "no-positions": (
        "add positions before the first attention layer: `x = x + keras.layers.Embedding(T, "
        "width)(keras.ops.arange(T))`"
    ),
    "nothing-cut": "no `keras.ops.stop_gradient`, `keras.ops.convert_to_numpy`, `argmax` or rounding there",
    "one-hot-or-loss": "rows `keras.ops.one_hot({y}, {count})`, or `keras.losses.SparseCategoricalCrossentropy()`",
    "padding-read": (
        "after `{name}` the last step is read, and it is padding: `keras.layers.Embedding(..., mask_zero=True)`, "
        "or `keras.layers.Masking()` before it"
    ),
    "pads-both-ends": "`{name}` pads both ends: `padding='causal'`",
    "positive": "`activation='softmax'` or `'sigmoid'` for probabilities, `'softplus'` for numbers",
    "reads-both-ways": "`{name}` reads from both ends: without `keras.layers.Bidirectional`",
    "rows-mixed-after": "after `{name}` rows are mixed: no sum, softmax or `reshape` over axis 0",
    "rows-mixed-between": (
        "{after} rows are mixed: `keras.ops.transpose` in place of `reshape`; no sum over axis 0, which is the batch"
    ),
    "rows-mixed-in": "`{name}` ({own}) mixes the rows of a batch: axis 0 is the batch",
    "sigmoid-alone": "`activation='sigmoid'` of the last `Dense` and `keras.losses.BinaryCrossentropy()`",
    "sigmoid-or-loss": (
        "`activation='sigmoid'` of the last `Dense`, or `keras.losses.BinaryCrossentropy(from_logits=True)`"
    ),
    "softmax-or-loss": "`activation='softmax'` of the last `Dense`, or `from_logits=True` in the loss",
    "softmax-over-batch": "`{name}` is a softmax over the batch: `{own}(axis=-1)`",
    "time-first": "`{name}` ({own}) takes axis 0 for time: the batch comes first",
    "to-real": ".astype('float32')",
    "to-real-as-outputs": ".astype(outputs.dtype)",
    "to-whole": ".astype('int64')",
    "too-much-pooling": "of {size} places, {which} sees 1: fewer poolings, or `strides=1`, before it",
    "weight-of-positives": "a `class_weight` falls with the count",
}
