"""A network as a Python file for PyTorch or Keras that builds the model and reads its weights from the model file."""

from __future__ import annotations

from itertools import count

from whynet.interfaces.exchange.numpy_file import given
from whynet.interfaces.exchange.steps import Step, steps_of
from whynet.network.network import Network

TORCH = {
    "elu": "nn.ELU()", "gelu": 'nn.GELU(approximate="tanh")', "leaky-relu": "nn.LeakyReLU(0.01)", "relu": "nn.ReLU()",
    "scaled-tanh": "ScaledTanh()", "sigmoid": "nn.Sigmoid()", "softmax": "nn.Softmax(dim=1)", "tanh": "nn.Tanh()",
}  # fmt: skip
KERAS = {
    "elu": '"elu"', "gelu": "tanh_gelu", "leaky-relu": "leaky_relu", "relu": '"relu"',
    "scaled-tanh": "scaled_tanh", "sigmoid": '"sigmoid"', "softmax": '"softmax"', "tanh": '"tanh"', "shares": "shares",
}  # fmt: skip
OWN_TORCH = """class ScaledTanh(nn.Module):
    def forward(self, z):
        return 1.7159 * torch.tanh(z * (2 / 3))


"""
UNEVEN = """class UnevenConv2d(nn.Conv2d):
    def __init__(self, zeros, *arguments, **options):
        super().__init__(*arguments, **options)
        self.zeros = zeros  # left, right, above, below

    def forward(self, x):
        return super().forward(nn.functional.pad(x, self.zeros))


"""
OWN_KERAS = {
    "tanh_gelu": "def tanh_gelu(z):\n    return keras.ops.gelu(z, approximate=True)\n\n\n",
    "leaky_relu": "def leaky_relu(z):\n    return keras.ops.leaky_relu(z, negative_slope=0.01)\n\n\n",
    "scaled_tanh": "def scaled_tanh(z):\n    return 1.7159 * keras.ops.tanh(z * (2 / 3))\n\n\n",
    "shares": "def shares(z):\n    z = keras.ops.clip(z, 0, 1)\n"
    "    return z / keras.ops.maximum(keras.ops.sum(z, axis=1, keepdims=True), 1e-37)\n\n\n",
}
PROBABILITIES = {
    "softmax": "torch.softmax(x, dim=1)",
    "sigmoid": "torch.sigmoid(x)",
    "shares": "x.clamp(0, 1) / x.clamp(0, 1).sum(dim=1, keepdim=True).clamp_min(1e-37)",
}


def torch_file(network: Network, weights: str = "model.safetensors") -> str:
    """A `Model(nn.Module)`, and `load()`, which fills it from the model file.

    >>> "nn.Linear(4, 3)" in torch_file(Network([4, 3, 2], activation="relu"))
    True
    """
    layers: list[str] = []
    shapes: dict[int, tuple[int, ...]] = {}
    before, after = [], []
    steps = steps_of(network)
    for step in steps:
        if step.view is not None:
            shapes[len(layers)] = step.view.shape
            layers.append(_torch_on_pictures(step))
        elif step.kind == "dense":
            layers.append("nn.Linear({}, {})".format(*step.arrays["W"].shape))
        elif step.kind == "normalise":
            layers.append(f"nn.BatchNorm1d({len(step.arrays['mean'])}, eps={step.number!r})")
        elif step.kind == "activation":
            layers.append(TORCH[step.name])
        elif step.kind in ("chance", "flatten"):
            layers.append("nn.Identity()")
        elif step.kind == "scale":
            before.append(
                f"x = ((x.double() - {_torch(step, 'offset')}) / {_torch(step, 'divisor')}).to({_type(network)})"
            )
        elif step.kind == "unscale":
            after.append(f"x = x.double() * {_torch(step, 'divisor')} + {_torch(step, 'offset')}")
        else:
            after.append(f"x = {_share(step, network)}")
    through = ["x = self.layers(x)"]
    if shapes:  # rows between the layers, as in whynet: the pixels row by row, the channels of each side by side
        through = [
            f"shapes = {shapes!r}  # (rows, columns, channels) of the pictures that go into a layer",
            "for number, layer in enumerate(self.layers):",
            "    if number not in shapes:",
            "        x = layer(x)",
            "        continue",
            "    x = layer(x.reshape(-1, *shapes[number]).permute(0, 3, 1, 2))",
            "    x = x.permute(0, 2, 3, 1).reshape(len(x), -1)",
        ]
    body = "".join(f"        {line}\n" for line in [*before, *through, *after])
    stack = "".join(f"            {layer},\n" for layer in layers)
    return (
        f'"""{network!r}"""\n\nimport torch\nfrom safetensors.torch import load_file\nfrom torch import nn\n\n\n'
        + (OWN_TORCH if "ScaledTanh()" in layers else "")
        + (UNEVEN if any(layer.startswith("UnevenConv2d") for layer in layers) else "")
        + f'class Model(nn.Module):\n    """Takes (n, {network.layers[0].inputs}) {given(network)}; puts out '
        f'{"numbers" if network.problem.kind == "regression" else "probabilities"}."""\n\n'
        "    def __init__(self):\n        super().__init__()\n"
        f"        self.layers = nn.Sequential(\n{stack}        )\n\n"
        f"    def forward(self, x):\n{body}        return x\n\n\n"
        f'def load(path="{weights}"):\n    model = Model().to({_type(network)})\n'
        "    arrays = load_file(path)\n"
        "    missing = model.layers.load_state_dict(arrays, strict=False).missing_keys\n"
        '    assert all(name.endswith("num_batches_tracked") for name in missing), missing\n'
        "    return model.eval()\n"
    )


def _torch_on_pictures(step: Step) -> str:
    assert step.view is not None
    shape, size, stride, ((above, below), (left, right)) = step.view
    if step.kind == "normalise":
        return f"nn.BatchNorm2d({shape[2]}, eps={step.number!r})"
    if step.name == "all":
        return "nn.AdaptiveAvgPool2d(1)"
    if step.kind == "pool":
        return f"nn.{'MaxPool2d' if step.name == 'max' else 'AvgPool2d'}({size!r}, {stride!r})"
    options = f"{shape[2]}, {step.arrays['W'].shape[1]}, {size!r}, {stride!r}"
    if (above, left) == (below, right):
        return f"nn.Conv2d({options}, padding={(above, left)!r})"
    return f"UnevenConv2d({(left, right, above, below)!r}, {options})"


def _keras_on_pictures(step: Step) -> list[str]:
    assert step.view is not None
    shape, size, stride, zeros = step.view
    if step.kind == "normalise":
        made = [f"keras.layers.BatchNormalization(epsilon={step.number!r})"]
    elif step.name == "all":
        made = ["keras.layers.GlobalAveragePooling2D()"]
    elif step.kind == "pool":
        made = [f"keras.layers.{'Max' if step.name == 'max' else 'Average'}Pooling2D({size!r}, strides={stride!r})"]
    else:
        made = [f"keras.layers.Conv2D({step.arrays['W'].shape[1]}, {size!r}, strides={stride!r})"]
        made = [*([f"keras.layers.ZeroPadding2D({zeros!r})"] if zeros != ((0, 0), (0, 0)) else []), *made]
    return [f"keras.layers.Reshape({shape!r})", *made, "keras.layers.Flatten()"]


def keras_file(network: Network, weights: str = "model.safetensors") -> str:
    """`build()` a Keras model, and `load()`, which fills it from the model file.

    >>> 'keras.layers.Dense(3)' in keras_file(Network([4, 3, 2], activation="relu"))
    True
    """
    layers, own, arrays, places = [], [], [], count()
    for step in steps_of(network):
        if step.kind == "scale":
            layers.append(f"keras.layers.Lambda(lambda x: (x - {_list(step, 'offset')}) / {_list(step, 'divisor')})")
        elif step.kind == "unscale":
            layers.append(f"keras.layers.Lambda(lambda x: x * {_list(step, 'divisor')} + {_list(step, 'offset')})")
        elif step.view is not None:
            layers += _keras_on_pictures(step)
            at = next(places)
            if step.kind == "convolve":
                arrays.append(f'arrays["{at}.weight"].transpose(2, 3, 1, 0), arrays["{at}.bias"]')
            elif step.kind == "normalise":
                arrays.append(_keras_averages(at))
        elif step.kind == "dense":
            layers.append(f"keras.layers.Dense({step.arrays['W'].shape[1]})")
            at = next(places)
            arrays.append(f'arrays["{at}.weight"].T, arrays["{at}.bias"]')
        elif step.kind == "normalise":
            layers.append(f"keras.layers.BatchNormalization(epsilon={step.number!r})")
            arrays.append(_keras_averages(next(places)))
        elif step.kind in ("chance", "flatten"):
            next(places)
        else:
            if step.kind == "activation":
                next(places)
            one = step.name == "shares" and network.layers[-1].outputs == 1
            name = "lambda z: keras.ops.clip(z, 0, 1)" if one else KERAS[step.name]
            layers.append(f"keras.layers.Activation({name})")
            own.append("" if one else OWN_KERAS.get(name, ""))
    stack = "".join(f"        {layer},\n" for layer in layers)
    order = "".join(f"        {one},\n" for one in arrays)
    return (
        f'"""{network!r}"""\n\nimport keras\nimport numpy as np\nfrom safetensors.numpy import load_file\n\n\n'
        + "".join(dict.fromkeys(own))
        + f'def build():\n    """Takes (n, {network.layers[0].inputs}) {given(network)}; puts out '
        f'{"numbers" if network.problem.kind == "regression" else "probabilities"}."""\n'
        f"    return keras.Sequential([\n        keras.Input(({network.layers[0].inputs},)),\n{stack}    ])\n\n\n"
        f'def load(path="{weights}"):\n    arrays, model = load_file(path), build()\n'
        f"    model.set_weights([\n{order}    ])\n    return model\n"
    )


def _keras_averages(at: int) -> str:
    return ", ".join(f'arrays["{at}.{name}"]' for name in ("weight", "bias", "running_mean", "running_var"))


def _type(network: Network) -> str:
    return f"torch.{network.dtype.name}"


def _torch(step: Step, name: str) -> str:
    return f"torch.tensor({step.arrays[name].tolist()!r}, dtype=torch.float64)"


def _list(step: Step, name: str) -> str:
    values = step.arrays[name].tolist()
    return repr(values) if not isinstance(values, list) else f"np.array({values!r}, np.float32)"


def _share(step: Step, network: Network) -> str:
    if step.name == "shares" and network.layers[-1].outputs == 1:
        return "x.clamp(0, 1)"
    return PROBABILITIES[step.name]
