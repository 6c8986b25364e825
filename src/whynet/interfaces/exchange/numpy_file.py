"""A network as one Python file that predicts with NumPy alone."""

from __future__ import annotations

import base64

import numpy as np

from whynet.interfaces.exchange.steps import Step, steps_of
from whynet.network.network import Network
from whynet.types import Array

ACTIVATIONS = {
    "elu": "np.where(x > 0, x, np.expm1(np.minimum(x, 0)))",
    "gelu": "0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))",
    "leaky-relu": "np.where(x > 0, x, 0.01 * x)",
    "relu": "np.maximum(x, 0)",
    "scaled-tanh": "1.7159 * np.tanh(x * (2 / 3))",
    "sigmoid": "1 / (1 + np.exp(-x))",
    "softmax": "np.exp(x - x.max(axis=1, keepdims=True))\n    x = x / x.sum(axis=1, keepdims=True)",
    "tanh": "np.tanh(x)",
    "shares": "np.clip(x, 0, 1)",
}
SHARE = "\n    x = x / np.maximum(x.sum(axis=1, keepdims=True), np.finfo(x.dtype).tiny)"
WINDOWS = '''
def windows(x, shape, size, stride, zeros):
    """What lies under a window at each place of pictures, (n, down, across, window rows, window columns, channels)."""
    x = np.pad(x.reshape(-1, *shape), ((0, 0), *zeros, (0, 0)))
    seen = np.lib.stride_tricks.sliding_window_view(x, size, axis=(1, 2))
    return seen[:, :: stride[0], :: stride[1]].transpose(0, 1, 2, 4, 5, 3)

'''
FILE = '''"""{about}

    from {module} import outputs, predict
    predict(X)  # X (n, {inputs}): {given}

Made by whynet; it needs NumPy and nothing else.
"""

import base64
{math}
import numpy as np

{names}

def array(name):
    dtype, shape, text = ARRAYS[name]
    return np.frombuffer(base64.b64decode(text), dtype).reshape(shape)

{windows}
def outputs(X):
    """{what}, (n, {outputs})."""
    x = np.asarray(X).reshape(len(X), -1)
{body}
    return x


def predict(X):
    """{answer}"""
    return {predict}


ARRAYS = {{
{arrays}
}}
'''


def numpy_file(network: Network, module: str = "model") -> str:
    """The text of the file.

    >>> text = numpy_file(Network([4, 3, 2], activation="relu"))
    >>> len(text.split("ARRAYS = {")[0].splitlines()) < 40, "np.maximum(x, 0)" in text
    (True, True)
    """
    arrays: dict[str, Array] = {}
    lines = []
    steps = steps_of(network)
    if not steps or steps[0].kind != "scale":
        lines.append(f'x = x.astype("{network.dtype.name}")')
    for index, step in enumerate(steps):
        lines += _line(step, index, arrays, network)
    problem = network.problem
    regression, labels = problem.kind == "regression", problem.kind == "labels"
    single = network.layers[-1].outputs == 1
    answers = {
        "classification": ("(outputs(X)[:, 0] > 0.5).astype(int)" if single else "outputs(X).argmax(axis=1)",
                           "The class of each example, (n,): its place in NAMES."),
        "labels": ("(outputs(X) > 0.5).astype(int)", "1 where a label is there, in the order of NAMES."),
        "regression": ("outputs(X)", "The numbers, in their own units."),
    }  # fmt: skip
    predict, answer = answers[problem.kind]
    what = "The numbers" if regression else "The probability of each " + ("label" if labels else "class")
    return FILE.format(
        about=f"{network!r}"[8:-1], module=module, inputs=network.layers[0].inputs, given=given(network),
        names=f"NAMES = {list(problem.names)!r}\n" if problem.names else "", what=what, answer=answer,
        outputs=network.layers[-1].outputs, body="\n".join(f"    {line}" for line in lines), predict=predict,
        windows=WINDOWS if any("windows(" in line for line in lines) else "",
        math="import math\n" if any("math." in line for line in lines) else "",
        arrays="\n".join(f'    "{name}": {_text(array)},' for name, array in arrays.items()),
    )  # fmt: skip


def given(network: Network) -> str:
    """What an example is, in words.

    >>> given(Network([4, 2]))
    'features'
    """
    if network.scaling is None:
        return "features"
    if not network.scaling.of_floats:
        return "bytes, 0 to 255"
    if network.encoding is None:
        return "features, not scaled"
    return "features, words already made into numbers, not scaled"


def _line(step: Step, index: int, arrays: dict[str, Array], network: Network) -> list[str]:
    own = {name: f"{index}.{name}" for name in step.arrays}
    arrays |= {own[name]: np.ascontiguousarray(array) for name, array in step.arrays.items()}
    at = {name: f'array("{full}")' for name, full in own.items()}
    if step.kind == "scale":
        return [f'x = ((x - {at["offset"]}) / {at["divisor"]}).astype("{network.dtype.name}")']
    if step.kind == "unscale":
        return [f'x = x.astype("float64") * {at["divisor"]} + {at["offset"]}']
    if step.kind == "dense":
        return [f"x = x @ {at['W']} + {at['b']}"]
    if step.kind == "normalise":
        lines = [
            f"x = (x - {at['mean']}) / np.sqrt({at['variance']} + {step.number!r})",
            f"x = x * {at['scale']} + {at['shift']}",
        ]
        if step.view is None:
            return lines
        return [f"x = x.reshape(-1, {step.view.shape[2]})", *lines, "x = x.reshape(len(X), -1)"]
    if step.view is not None:
        shape, size, stride, zeros = step.view
        seen = f"windows(x, {shape!r}, {size!r}, {stride!r}, {zeros!r})"
        if step.kind == "convolve":
            fan_in = step.arrays["W"].shape[0]
            return [f"x = ({seen}.reshape(-1, {fan_in}) @ {at['W']} + {at['b']}).reshape(len(X), -1)"]
        if step.name == "all":
            return [f"x = x.reshape(len(X), -1, {shape[2]}).mean(axis=1)"]
        return [f"x = {seen}.{step.name}(axis=(3, 4)).reshape(len(X), -1)"]
    if step.kind in ("chance", "flatten"):
        return []
    more = SHARE if step.name == "shares" and network.layers[-1].outputs > 1 else ""
    return [f"x = {ACTIVATIONS[step.name]}{more}"]


def _text(array: Array) -> str:
    return f'("{array.dtype.str}", {array.shape!r}, "{base64.b64encode(array.tobytes()).decode()}")'
