"""What one pass back and a few steps show of any module, and what they must not take for a mistake."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed; it is a guest, not a dependency")

from whynet.subjects.frameworks.torch_parameters import hidden, left_out  # noqa: E402
from whynet.subjects.frameworks.torch_precision import precision  # noqa: E402
from whynet.subjects.frameworks.torch_probe import TorchProbe  # noqa: E402
from whynet.subjects.frameworks.torch_training import OptimizerSettings  # noqa: E402
from whynet.subjects.inside.gradients import exploding, gradient_cut, identical_units  # noqa: E402
from whynet.subjects.inside.numbers import dead_units, not_finite  # noqa: E402

nn = torch.nn


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


def probe_of(model, batch, loss=None, rate=0.1, held=None):
    settings = OptimizerSettings.of(model, torch.optim.SGD(held or model.parameters(), lr=rate))
    return TorchProbe.of(torch, model, loss, batch, settings)


class Chain(nn.Module):
    """Two layers, and something between them."""

    def __init__(self, between=lambda x: x, first=None):
        super().__init__()
        self.first, self.last = first or nn.Linear(6, 5), nn.Linear(5, 3)
        self.between = between

    def forward(self, x):
        return self.last(self.between(self.first(x)))


class Quiet(Chain):
    """Its first layer is called without gradients."""

    def forward(self, x):
        with torch.no_grad():
            x = self.first(x)
        return self.last(x)


class Headed(Chain):
    """It has a second head, whose answer nobody asks for."""

    def __init__(self):
        super().__init__()
        self.spare, self.unused = nn.Linear(5, 2), nn.Linear(5, 2)

    def forward(self, x):
        x = torch.relu(self.first(x))
        return self.last(x), self.spare(x)


X, Y = torch.rand(16, 6), torch.arange(16) % 3
ENTROPY = nn.CrossEntropyLoss()


def first_of(outputs, y):
    return ENTROPY(outputs[0] if isinstance(outputs, tuple) else outputs, y)


CUTS = {
    "detach": lambda x: x.detach(),
    "numpy": lambda x: torch.from_numpy(x.detach().numpy()),
    "a new tensor": lambda x: torch.tensor(x.tolist()),
    "a comparison": lambda x: (x > 0).float(),
    "rounding": lambda x: torch.round(3 * x),
}


@pytest.mark.parametrize("name", CUTS)
def test_a_chain_that_is_cut_is_named_with_the_layers_before_it(name):
    (found,) = gradient_cut(probe_of(Chain(CUTS[name]), (X, Y), ENTROPY)).findings
    assert (found.cause, found.status, found.evidence[0].value) == ("gradient-cut", "found", 2)
    assert "`first.weight`" in found.detail and "`last" in found.detail and "`last.weight`" not in found.detail


def test_a_loss_that_hangs_on_no_weight_and_a_layer_without_gradients():
    (found,) = gradient_cut(probe_of(Chain(), (X, Y), lambda o, y: ENTROPY(o.detach(), y))).findings
    assert found.evidence[0].value == 4 and "after `last`" in found.detail
    (found,) = gradient_cut(probe_of(Quiet(), (X, Y), ENTROPY)).findings
    assert "outside `torch.no_grad()`" in found.detail


def trained():
    layer = nn.Linear(6, 5)
    with torch.no_grad():
        layer.weight.mul_(2)
    return layer


def frozen(model):
    model.first.requires_grad_(False)
    return model


def tied():
    model = nn.Sequential(nn.Linear(6, 6), nn.Tanh(), nn.Linear(6, 6))
    model[2].weight = model[0].weight
    return model


def halved(x):
    """A quarter of it is not passed on."""
    return x * torch.tensor([1.0, 1.0, 1.0, 1.0, 0.0])


def zeroed():
    """A residual branch that begins with nothing, and a head of zeros."""

    class Residual(nn.Module):
        def __init__(self):
            super().__init__()
            self.into, self.out, self.head = nn.Linear(6, 8), nn.Linear(8, 6), nn.Linear(6, 3)
            for one in (*self.out.parameters(), *self.head.parameters()):
                nn.init.zeros_(one)

        def forward(self, x):
            return self.head(x + self.out(torch.relu(self.into(x))))

    return Residual()


class Recurrent(nn.Module):
    def __init__(self, kind=nn.LSTM, **options):
        super().__init__()
        self.words, self.inner = nn.Embedding(12, 6), kind(6, 8, batch_first=True, **options)
        self.last = nn.Linear(8 * (2 if options.get("bidirectional") else 1), 3)

    def forward(self, x):
        return self.last(self.inner(self.words(x))[0].mean(1))


class Transformer(nn.Module):
    def __init__(self):
        super().__init__()
        self.words, self.places = nn.Embedding(12, 8), nn.Parameter(torch.zeros(5, 8))
        layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
        self.inner, self.last = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False), nn.Linear(8, 3)

    def forward(self, x):
        return self.last(self.inner(self.words(x) + self.places).mean(1))


def convolutional(kind=nn.BatchNorm2d):
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1), kind(4), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.3), nn.Conv2d(4, 8, 3),
        nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 3),
    )  # fmt: skip


def deep(count=12):
    layers = [part for _ in range(count) for part in (nn.Linear(16, 16), nn.LayerNorm(16), nn.ReLU())]
    return nn.Sequential(nn.Linear(6, 16), *layers, nn.Linear(16, 3))


W, P = torch.randint(0, 12, (16, 5)), torch.rand(16, 1, 8, 8)
PROBABLE = nn.Sequential(nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 3), nn.LogSoftmax(1))
WELL = {
    "a chain": lambda: probe_of(Chain(torch.relu), (X, Y), ENTROPY),
    "a trained layer without gradients": lambda: probe_of(Quiet(first=trained()), (X, Y), ENTROPY),
    "a frozen layer": lambda: probe_of(frozen(Chain(torch.relu)), (X, Y), ENTROPY),
    "a layer that the optimizer does not hold": lambda: (
        lambda one: probe_of(one, (X, Y), ENTROPY, held=one.last.parameters())
    )(Quiet()),
    "a head that nobody asks": lambda: probe_of(Headed(), (X, Y), first_of),
    "part of it thrown away": lambda: probe_of(Chain(halved), (X, Y), ENTROPY),
    "tied weights": lambda: probe_of(tied(), (X, X), nn.MSELoss()),
    "zeros on purpose": lambda: probe_of(zeroed(), (X, Y), ENTROPY),
    "an LSTM": lambda: probe_of(Recurrent(), (W, Y), ENTROPY),
    "a GRU of both ways": lambda: probe_of(Recurrent(nn.GRU, bidirectional=True, num_layers=2), (W, Y), ENTROPY),
    "a transformer": lambda: probe_of(Transformer(), (W, Y), ENTROPY),
    "batch norm and dropout": lambda: probe_of(convolutional(), (P, Y), ENTROPY),
    "group norm": lambda: probe_of(convolutional(lambda n: nn.GroupNorm(2, n)), (P, Y), ENTROPY),
    "many layers": lambda: probe_of(deep(), (X, Y), ENTROPY),
    "log-softmax": lambda: probe_of(PROBABLE, (X, Y), nn.NLLLoss()),
    "inputs of 0 to 255": lambda: probe_of(Chain(torch.relu), (255 * X, Y), ENTROPY),
    "targets far away": lambda: probe_of(Chain(torch.relu), (X, 1e4 + 1e4 * torch.rand(16, 3)), nn.MSELoss()),
    "bfloat16": lambda: probe_of(Chain().to(torch.bfloat16), (X.to(torch.bfloat16), Y), ENTROPY),
    "double": lambda: probe_of(Chain().double(), (X.double(), Y), ENTROPY),
}


@pytest.mark.parametrize("name", WELL)
def test_what_is_sound_is_not_accused(name):
    probe = WELL[name]()
    for check in (gradient_cut, exploding, identical_units, precision):
        seen = check(probe)
        assert (check.__name__, [one.detail for one in seen.findings], list(seen.gaps)) == (check.__name__, [], [])


@pytest.mark.parametrize("name", sorted(set(WELL) - {"a frozen layer", "a layer that the optimizer does not hold"}))
def test_no_check_finds_anything_in_what_is_sound(name):
    inside = pytest.importorskip("whynet.subjects.inside.look")
    look = inside.Look(WELL[name](), priced=True)
    for title, check in inside.CHECKS.items():
        look.add(title, check)
    assert [one.detail for one in look.findings] == []


def test_gradients_that_grow_are_told_from_inputs_that_are_large():
    model = nn.Sequential(*[nn.Linear(16, 16) for _ in range(8)])
    for layer in model:
        nn.init.normal_(layer.weight, std=1.0)
    (found,) = exploding(probe_of(model, (torch.rand(8, 16), torch.rand(8, 16)), nn.MSELoss())).findings
    assert found.cause == "exploding-gradients" and "`0`" in found.detail and "`7`" in found.detail


@pytest.mark.parametrize("value", [0.0, 0.1])
def test_units_that_begin_alike_and_stay_alike(value):
    model = nn.Sequential(nn.Linear(6, 5), nn.Sigmoid(), nn.Linear(5, 5), nn.Sigmoid(), nn.Linear(5, 3))
    for one in model.parameters():
        nn.init.constant_(one, value)
    (found,) = identical_units(probe_of(model, (X, Y), ENTROPY)).findings
    assert found.cause == "symmetric-init" and "`0`" in found.detail


def test_numbers_of_sixteen_bits_that_hold_too_little():
    model = Chain(torch.relu).half()
    loss = lambda outputs, y: ENTROPY(outputs, y) * 1e-6  # noqa: E731
    (found,) = precision(probe_of(model, (X.half(), Y), loss)).findings
    assert found.cause == "precision-underflow" and "GradScaler" in found.detail
    (found,) = precision(probe_of(Chain().to(torch.bfloat16), (X.to(torch.bfloat16), Y), ENTROPY, rate=1e-5)).findings
    assert "float32" in found.detail


def test_layers_that_are_frozen_are_accused_unless_they_were_trained_before():
    (found,) = left_out(probe_of(frozen(Chain(torch.relu)), (X, Y), ENTROPY)).findings
    assert found.cause == "layer-not-updated" and "`first.weight`" in found.detail
    seen = left_out(probe_of(frozen(Chain(torch.relu, trained())), (X, Y), ENTROPY))
    assert not seen.findings and "on purpose" in seen.gaps[0].why


class Holed(Chain):
    """It takes missing numbers for zeros."""

    def forward(self, x):
        return super().forward(torch.nan_to_num(x))


def logarithm(outputs, y):
    return -torch.log(torch.relu(outputs)).mean()


def test_numbers_that_are_not_finite_are_traced_to_where_they_come_from():
    holed = X.clone()
    holed[2, 1] = torch.nan
    large = Chain(torch.exp)
    nn.init.constant_(large.first.bias, 200.0)
    wide = Chain()
    nn.init.constant_(wide.first.weight, 1e38)
    for model, batch, loss, cause, says in (
        (Chain(), (holed, Y), ENTROPY, "bad-inputs", "1 of 96"),
        (Chain(), (X, torch.full((16, 3), torch.inf)), nn.MSELoss(), "labels-corrupted", "targets"),
        (Chain(), (X, Y), logarithm, "log-of-zero", "in the loss"),
        (large, (X, Y), ENTROPY, "log-of-zero", "between its layers"),
        (wide, (X, Y), ENTROPY, "init-too-large", "`first`"),
    ):
        (found,) = not_finite(probe_of(model, batch, loss)).findings
        assert found.cause == cause and says in found.detail
    assert not not_finite(probe_of(Holed(), (holed, Y), ENTROPY)).findings


def test_a_layer_of_dead_units():
    model = Chain(torch.relu)
    nn.init.constant_(model.first.bias, -9.0)
    (found,) = dead_units(probe_of(model, (torch.rand(40, 6), torch.arange(40) % 3), ENTROPY)).findings
    assert found.cause == "dead-relu" and "all 5 units" in found.detail
    assert not dead_units(probe_of(Chain(torch.relu), (torch.rand(40, 6), torch.arange(40) % 3), ENTROPY)).findings


def test_units_that_zero_weights_make_0_are_not_called_dead():
    model = Chain(torch.relu)
    for one in model.parameters():
        nn.init.zeros_(one)
    assert not dead_units(probe_of(model, (torch.rand(40, 6), torch.arange(40) % 3), ENTROPY)).findings


class Listed(Chain):
    """Layers in a list, and a tensor that is no parameter."""

    def __init__(self):
        super().__init__()
        self.inner, self.scale = [nn.Linear(5, 5)], torch.ones(3, requires_grad=True)

    def forward(self, x):
        return self.scale * self.last(torch.relu(self.inner[0](self.first(x))))


def test_what_the_module_does_not_know_is_accused_unless_the_optimizer_holds_it():
    model = Listed()
    layers, scale = sorted(one.detail for one in hidden(probe_of(model, (X, Y), ENTROPY)).findings)
    assert "nn.ModuleList" in layers and "nn.Parameter" in scale
    every = [*model.parameters(), *model.inner[0].parameters(), model.scale]
    assert not hidden(probe_of(model, (X, Y), ENTROPY, held=every)).findings
    (found,) = left_out(probe_of(Chain(), (X, Y), ENTROPY, held=Chain().parameters())).findings
    assert "make it after the module" in found.detail


def test_biases_that_lie_in_rows_are_no_units_that_stay_alike():
    class Heads(nn.Module):
        def __init__(self):
            super().__init__()
            self.kernel = nn.Parameter(torch.rand(2, 3, 6))
            self.bias = nn.Parameter(torch.zeros(2, 3))
            self.last = nn.Linear(6, 3)

        def forward(self, x):
            return self.last((torch.einsum("hkf,nf->nhk", self.kernel, x) + self.bias).flatten(1))

    no_gradient = lambda outputs, y: ENTROPY(outputs, y) * 0.0  # noqa: E731
    assert identical_units(probe_of(Heads(), (X, Y), no_gradient)).findings == ()
