"""A network as an ONNX model, checked by ONNX itself."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

from whynet.errors import ResourceError
from whynet.interfaces.exchange.steps import Step, steps_of
from whynet.network.network import Network
from whynet.types import Array

OPSET, IR = 20, 9
OPERATORS: dict[str, tuple[str, dict[str, Any]]] = {
    "elu": ("Elu", {}),
    "gelu": ("Gelu", {"approximate": "tanh"}),
    "leaky-relu": ("LeakyRelu", {"alpha": 0.01}),
    "relu": ("Relu", {}),
    "sigmoid": ("Sigmoid", {}),
    "softmax": ("Softmax", {"axis": 1}),
    "tanh": ("Tanh", {}),
}


def onnx_file(network: Network) -> bytes:
    """The model's bytes: an input `X` (N, features) float32, as examples are handed over, and an output `outputs`,
    probabilities or numbers.

    Raises
    ------
    ResourceError
        The package `onnx` is not installed.
    """
    try:
        onnx = import_module("onnx")
    except ImportError:
        raise ResourceError("ONNX is not installed", do="Install it: pip install onnx") from None
    graph = _Graph(onnx)
    x = "X"
    for step in steps_of(network):
        x = graph.step(step, x, network)
    graph.add("Identity", [x], "outputs")
    helper, floats = onnx.helper, onnx.TensorProto.FLOAT
    made = helper.make_graph(
        graph.nodes, "whynet",
        [helper.make_tensor_value_info("X", floats, ["N", network.layers[0].inputs])],
        [helper.make_tensor_value_info("outputs", floats, ["N", network.layers[-1].outputs])],
        graph.arrays,
    )  # fmt: skip
    model = helper.make_model(
        made, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR, producer_name="whynet",
        doc_string=f"names: {', '.join(network.problem.names)}" if network.problem.names else "",
    )  # fmt: skip
    onnx.checker.check_model(model, full_check=True)
    content: bytes = model.SerializeToString()
    return content


class _Graph:
    def __init__(self, onnx: Any) -> None:
        self.onnx = onnx
        self.nodes: list[Any] = []
        self.arrays: list[Any] = []
        self.count = 0

    def constant(self, array: Array, dtype: str = "float32") -> str:
        name = f"c{len(self.arrays)}"
        self.arrays.append(self.onnx.numpy_helper.from_array(np.asarray(array).astype(dtype), name))
        return name

    def add(self, operator: str, inputs: list[str], output: str | None = None, **attributes: Any) -> str:
        self.count += 1
        output = output or f"x{self.count}"
        self.nodes.append(self.onnx.helper.make_node(operator, inputs, [output], **attributes))
        return output

    def step(self, step: Step, x: str, network: Network) -> str:
        own = step.arrays
        if step.kind in ("scale", "unscale"):  # in double precision: single loses digits far from 0
            x = self.add("Cast", [x], to=self.onnx.TensorProto.DOUBLE)
            first, second = ("Sub", "Div") if step.kind == "scale" else ("Mul", "Add")
            order = ("offset", "divisor") if step.kind == "scale" else ("divisor", "offset")
            for operator, name in zip((first, second), order, strict=True):
                x = self.add(operator, [x, self.constant(own[name], "float64")])
            return self.add("Cast", [x], to=self.onnx.TensorProto.FLOAT)
        if step.kind == "dense":
            return self.add("Gemm", [x, self.constant(own["W"]), self.constant(own["b"])])
        if step.view is not None:
            return self.flat(self.on_pictures(step, self.pictures(x, step.view.shape)))
        if step.kind == "normalise":
            return self.normalised(step, x)
        if step.kind in ("chance", "flatten"):
            return x
        if step.name == "scaled-tanh":
            inside = self.add("Tanh", [self.add("Mul", [x, self.constant(np.array(2 / 3))])])
            return self.add("Mul", [inside, self.constant(np.array(1.7159))])
        if step.name == "shares":
            x = self.add("Clip", [x, self.constant(np.array(0.0)), self.constant(np.array(1.0))])
            if network.layers[-1].outputs == 1:
                return x
            total = self.add("ReduceSum", [x, self.constant(np.array([1]), "int64")], keepdims=1)
            tiny = self.constant(np.array(np.finfo(np.float32).tiny))
            return self.add("Div", [x, self.add("Max", [total, tiny])])
        operator, attributes = OPERATORS[step.name]
        return self.add(operator, [x], **attributes)

    def normalised(self, step: Step, x: str) -> str:
        arrays = [self.constant(step.arrays[name]) for name in ("scale", "shift", "mean", "variance")]
        return self.add("BatchNormalization", [x, *arrays], epsilon=step.number)

    def pictures(self, x: str, shape: tuple[int, ...]) -> str:
        """Rows as pictures, channel by channel."""
        x = self.add("Reshape", [x, self.constant(np.array([-1, *shape]), "int64")])
        return self.add("Transpose", [x], perm=[0, 3, 1, 2])

    def flat(self, x: str) -> str:
        """Pictures as rows, the channels of a pixel side by side."""
        x = self.add("Transpose", [x], perm=[0, 2, 3, 1])
        return self.add("Flatten", [x], axis=1)

    def on_pictures(self, step: Step, x: str) -> str:
        assert step.view is not None
        shape, size, stride, zeros = step.view
        if step.kind == "normalise":
            return self.normalised(step, x)
        if step.name == "all":
            return self.add("GlobalAveragePool", [x])
        windows: dict[str, Any] = {"kernel_shape": list(size), "strides": list(stride)}
        if step.kind == "pool":
            return self.add("MaxPool" if step.name == "max" else "AveragePool", [x], **windows)
        kernels = step.arrays["W"].reshape(*size, shape[2], -1).transpose(3, 2, 0, 1)
        (above, below), (left, right) = zeros
        arrays = [self.constant(kernels), self.constant(step.arrays["b"])]
        return self.add("Conv", [x, *arrays], pads=[above, left, below, right], **windows)
