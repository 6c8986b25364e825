"""Words: what the words beside a number say it is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Literal

Split = Literal["train", "held-out", ""]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


COST = _words(
    "loss losses cost costs error errors err objective mse sse mae rmse rms nll nllloss xent bce ce entropy "
    "crossentropy criterion energy misfit obj logloss deviance perplexity perplexities ppl"
)
ACCURACY = _words(
    "accuracy accuracies acc correct correctly right score performance hits recognised recognized accurate "
    "hit corr ncorr ncorrect nright ok r2 mcc"
)
BESIDE = _words("done before after initial current is start")  # of a name, what is no part of it
EPOCHS = _words("epoch epochs iterations iters steps pass passes round rounds")
VAGUE = _words("performance score")
ERRORS = _words("error errors err")
SQUARES = _words("mse sse squared square mean sum")
WRONG = _words("wrong incorrect incorrectly misclassified misclassification misclassifications mistakes misses missed")
STEP = _words(
    "epoch epochs ep iter iters iteration iterations step steps batch batches minibatch mb round rounds sample "
    "samples example examples image images digits pass passes update updates row rows "
    "trainings global i k t n no cycle"
)
COUNTED = _words("sample samples example examples image images digits rows")
OTHER = _words(
    "time eta lr speed sec secs second seconds elapsed duration norm grad gradient gradients momentum lambda decay "
    "alpha memory mem gpu size sizes seed dropout unit units neuron neurons layer layers hidden version prediction "
    "predicted expected output outputs weight weights bias biases regularization regularisation penalty "
    "strength width node nodes parameter parameters params std tol tolerance threshold patience best recall f1 auc "
    "probability confidence class classes remaining workers port temperature beta gamma reg "
    "check checking label labels target targets pixel pixels input inputs"
)
HELD_OUT = _words("val valid validation test testing dev eval evaluation heldout holdout unseen cv xval va vl te tst")
HEADING = HELD_OUT | {"evaluate", "evaluating", "testing", "validating"}
TRAIN = _words("train training trn tr minibatch")
LISTS = _words("np array list history hist mean batches epochs all per")  # of a name that is a list's
UNITS = _words(
    "epochs iterations iters steps batches rounds passes updates outputs units neurons layers hidden classes"
)
FILLER = _words(
    "a about after again all almost always and are around as at be became becomes been but by constant drops end ended "
    "ends even ever exactly fell falls finally first flat for forever from gets goes hovers in initially is it its "
    "just levels never no of off on only or over remains same settles so start started starts stays still stops stuck "
    "tends than that the then to toward towards until up very was were what with within nearly roughly approximately "
    "ca zu de puis un une der die das ist sind only reaches reached low high"
)


def spaced(label: str) -> str:
    """A label with spaces between its words.

    >>> spaced("valLoss"), spaced("val_loss")
    ('val Loss', 'val loss')
    """
    return re.sub(r"(?<=[a-zà-ÿ])(?=[A-Z])", " ", label).replace("_", " ")


def terms_of(label: str) -> list[str]:
    """The words of a label, in small letters.

    >>> terms_of("trainLoss/epoch_3"), terms_of("1.2e-05 f1")
    (['train', 'loss', 'epoch'], ['f1'])
    """
    return re.findall(r"(?<!\d)[^\W\d_]+\d?(?![^\W\d_])", spaced(label).lower())


def role_of(terms: Sequence[str]) -> str:
    """What a number is, by the words before it: the nearest that means something decides.

    >>> role_of(["validation", "loss"]), role_of(["error", "rate"]), role_of(["learning", "rate"])
    ('cost', 'wrong', 'other')
    """
    if set(terms) - TRAIN - HELD_OUT - LISTS in ({"e"}, {"j"}):
        return "cost"
    if "value" in terms and set(terms) <= {"value", "iter", "initial", "final"}:
        return "cost"  # of an optimiser
    for index in range(len(terms) - 1, -1, -1):
        word = terms[index] if terms[index] in ACCURACY else terms[index].rstrip("0123456789") or terms[index]
        before = terms[index - 1] if index else ""
        if word in ("rate", "quote"):
            if before in COST or before in WRONG or before in ("failure", "err"):
                return "wrong"
            return "accuracy" if before in ("success", "recognition", "hit", "detection") else "other"
        if word in WRONG:
            return "wrong"
        if word == "cost" and before in ("time", "takes", "took"):
            return "other"
        if word == "total" and index == len(terms) - 1 and set(terms) & HELD_OUT:
            return "total"
        if set(terms) <= {"n", "num"} | TRAIN | HELD_OUT and {"n", "num"} & set(terms) and len(terms) > 1:
            return "total"  # `n_train`
        if word in COST or word in ACCURACY:
            if {"gradient", "gradients", "best", "penalty", "regularization", "regularisation", "reg"} & set(terms):
                return "other"
            return "cost" if word in COST else "accuracy"
        if word in OTHER:
            return "other"
        if word in COUNTED and set(terms[:index]) & (ACCURACY | WRONG):
            continue  # `correctly classified samples`
        if word in LISTS and (before in COST | ACCURACY | WRONG or before in ("on", "of", "over", "per")):
            continue  # `acc batches`, `loss on batches`
        if word in ("batch", "epoch", "pass") and before in ("of", "per"):
            continue  # `cost of batch`
        if word in STEP and (len(word) > 1 or index == 0):
            return "step"
    return ""


def split_of(terms: Iterable[str]) -> Split:
    """Which examples: the last word that says so.

    >>> split_of(["val", "loss"])
    'held-out'
    """
    found: Split = ""
    for term in terms:
        if term in HELD_OUT or term in TRAIN:
            found = "held-out" if term in HELD_OUT else "train"
    return found
