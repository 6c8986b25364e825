"""What to change, as PyTorch says it: the words of the checks that look inside any network."""

from __future__ import annotations

WORDS: dict[str, str] = {
    "along": "dim={axis}",
    "averaged": "`reduction='mean'`",
    "batch-axis": "dim 0 is the batch",
    "between-layers": "in `forward`, between its layers",
    "call-with-gradients": "call it outside `torch.no_grad()`",
    "called-in-evaluation": "`{name}` acts in training as in evaluation: its mode is the module's, `self.training`",
    "classes-moved": "`outputs.transpose(1, 2)`, classes along dim=1",
    "clip": "`nn.utils.clip_grad_norm_(model.parameters(), 1.0)`",
    "clip-steps": "`nn.utils.clip_grad_norm_`",
    "colours-elsewhere": "`{name}` takes the {side} of the pictures for colours: `X.permute({order})`",
    "colours-reshaped": (
        "what `{name}` is given was reshaped from colours {place}: `X.permute({order})` in place of `reshape`"
    ),
    "draw": "`nn.init.kaiming_uniform_`",
    "drops": "`F.{name}` drops in evaluation mode too: `training=self.training`, or `p=0` there",
    "drops-in-layer": (
        "`{name}` drops in evaluation mode too: `F.dropout(x, p, training=self.training)`, or `nn.Dropout(p)`"
    ),
    "dropout-called-off": "`functional.dropout(x, p, training=self.training)`, not `training=False`",
    "embedding-first": "an embedding of the words as the first layer: `nn.Embedding(words, 32)`",
    "few-to-normalise": (
        "`{name}` takes means of {values} values: batches of 16 or more, or `nn.GroupNorm`, `nn.LayerNorm`"
    ),
    "first-step-read": "after `{name}` the first step is read, which has seen one: the last step, `[:, -1]`",
    "handed-over-in-evaluation": (
        "handed over in evaluation mode: `model.train()` before each epoch, `model.eval()` to evaluate only"
    ),
    "handed-time-first": "`{name}` ({own}) takes dim 0 for the batch, and is handed time: no `transpose(0, 1)` before",
    "he": "`nn.init.kaiming_normal_`",
    "keep-off-zero": "`clamp(min=1e-6)` before `log`, `sqrt` or a division",
    "kept": (
        "something is kept from batch to batch: begin with zeros in `forward`, or `.detach()` it and clear it "
        "where the examples begin anew"
    ),
    "kept-by-name": (
        "`self.{name}` is kept from batch to batch: begin with zeros in `forward`, or `.detach()` it and clear it "
        "where the examples begin anew"
    ),
    "later-inputs-seen": "an output changes with later inputs: let each step see itself and earlier ones alone",
    "left-out": "`ignore_index={value}`",
    "left-out-in-loss": "`ignore_index={value}` in the loss",
    "log-softmax-instead": "`torch.log_softmax(scores, dim={axis})`, not the softmax",
    "log-softmax-or-loss": "`nn.CrossEntropyLoss()`, or `nn.LogSoftmax(dim={axis})` at the end",
    "loss-of-classes": "`nn.CrossEntropyLoss()`",
    "loss-of-labels": "`nn.BCEWithLogitsLoss()`",
    "loss-of-numbers": "`nn.MSELoss()`",
    "loss-of-one-output": "`nn.BCEWithLogitsLoss()` and float targets (n, 1)",
    "no-causal-mask": (
        "attention sees later steps: hand it a causal mask, `nn.Transformer.generate_square_subsequent_mask(T)`"
    ),
    "no-positions": "add positions before the first attention layer: `x = x + self.positions(torch.arange(x.size(1)))`",
    "nothing-cut": "no `.detach()`, `.item()`, `.numpy()`, `argmax` or rounding there",
    "one-hot-or-loss": "rows `F.one_hot({y}, {count}).float()`, or `nn.CrossEntropyLoss()`",
    "padding-read": (
        "after `{name}` the last step is read, and it is padding: `out[range(n), lengths - 1]`, or "
        "`pack_padded_sequence`"
    ),
    "pads-both-ends": "`{name}` pads both ends: pad (kernel - 1) steps on the left alone, `F.pad(x, (k - 1, 0))`",
    "positive": "a softmax or sigmoid for probabilities, `nn.Softplus()` for numbers",
    "reads-both-ways": "`{name}` reads from both ends: `bidirectional=False`",
    "rows-mixed-after": "after `{name}` rows are mixed: no sum, softmax or `view` over dim 0",
    "rows-mixed-between": "{after} rows are mixed: `permute` in place of `view` and `reshape`; no sum over dim 0",
    "rows-mixed-in": "`{name}` ({own}) mixes the rows of a batch: dim 0 is the batch",
    "sigmoid-alone": "`torch.sigmoid`, or `nn.BCEWithLogitsLoss()` of the scores",
    "sigmoid-or-loss": "`torch.sigmoid` of the outputs, or `nn.BCEWithLogitsLoss()`",
    "softmax-or-loss": "`nn.Softmax(dim={axis})` at the end, or `nn.CrossEntropyLoss()` of the scores",
    "softmax-over-batch": "`{name}` is a softmax over the batch: `nn.{own}(dim=-1)`",
    "time-first": "`{name}` takes dim 0 for time: `nn.{own}(..., batch_first=True)`",
    "to-real": ".float()",
    "to-real-as-outputs": ".to(outputs.dtype)",
    "to-whole": ".long()",
    "too-much-pooling": "of {size} places, {which} sees 1: fewer poolings, or stride 1, before it",
    "weight-of-positives": "`pos_weight` is negatives / positives",
}
