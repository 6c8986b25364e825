"""The gradient of an identified network, exact or with mistakes made in it."""

from __future__ import annotations

from collections.abc import Sequence

from whynet.mistakes.backward import of_layer, whole
from whynet.mistakes.formulas import LOSSES
from whynet.mistakes.mistake import Mistake
from whynet.mistakes.passes import Pass
from whynet.mistakes.search import Gradient
from whynet.subjects.own_code.anatomy import Anatomy
from whynet.types import Array


def backward(
    anatomy: Anatomy,
    layers: Sequence[tuple[Array, Array]],
    X: Array,
    targets: Array,
    mistakes: Sequence[Mistake] = (),
    penalty: tuple[float, float] | None = None,
) -> Gradient:
    """The gradient of the identified loss, with these mistakes made; without any, the exact one.

    >>> import numpy as np
    >>> from whynet.subjects.own_code.anatomy import Place, Shape
    >>> shape = Shape((2, 1), (Place(0, "W"), Place(0, "b")), columns=False, bias_row=None)
    >>> one = Anatomy(shape, (), "identity", "quadratic", True)
    >>> layers = [(np.array([[1.0], [2.0]]), np.zeros(1))]
    >>> backward(one, layers, np.array([[1.0, 1.0]]), np.array([[0.0]]))[0][0].ravel().tolist()
    [3.0, 3.0]
    """
    passed = anatomy.forward(layers, X)
    z, y = [one for one, _ in passed], [one for _, one in passed]
    divisor = (len(X) if anatomy.mean else 1) / anatomy.scale
    acts = [anatomy.act(layer) for layer in range(len(layers))]
    p = Pass(
        [X, *y[:-1]], z, acts, layers, targets, anatomy.cost,
        lambda t: LOSSES[anatomy.cost].slope(y[-1], t) / divisor, divisor, known=dict(enumerate(y)),
    )  # fmt: skip
    l2, bias_l2 = (anatomy.l2, anatomy.bias_l2) if penalty is None else penalty
    factor, raw = whole(mistakes, len(X)), p.slope(targets)
    found: Gradient = []
    for layer in reversed(range(len(layers))):
        W, b = layers[layer]
        dW, db = of_layer(p, layer, raw, mistakes)
        found.insert(0, (factor * (dW + 2 * l2 * W), factor * (db + 2 * bias_l2 * b)))
        raw = p.errors[layer] @ W.T
    return found
