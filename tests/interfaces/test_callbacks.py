"""The doctor in the loops of Keras, Lightning, Hugging Face's Trainer and skorch."""

from __future__ import annotations

import json
import math
import pickle
import sys
import warnings

import numpy as np
import pytest

import whynet
from whynet.doctor.diagnosis import Diagnosis
from whynet.errors import ResourceError, UsageError
from whynet.interfaces.callbacks.common import Doctor
from whynet.interfaces.callbacks.for_keras import _size
from whynet.interfaces.callbacks.hopeless import Hopeless

pytestmark = pytest.mark.filterwarnings("ignore")  # what the libraries say of each other is not ours

NAMES = {"Keras": "keras.callbacks", "Lightning": "lightning.pytorch", "HuggingFace": "transformers"}


@pytest.fixture
def numbers(digits):
    return (digits.inputs / 255).astype(np.float32)[:600], digits.labels[:600].astype(np.int64)


# ---- whatever the library


@pytest.mark.parametrize("name", NAMES)
def test_a_library_that_is_absent_is_one_sentence(name, monkeypatch):
    from whynet.interfaces import callbacks

    monkeypatch.delitem(vars(callbacks), name, raising=False)
    for module in [one for one in sys.modules if one.split(".")[0] in ("lightning", "pytorch_lightning")]:
        monkeypatch.delitem(sys.modules, module)
    for module in (NAMES[name], "pytorch_lightning"):
        monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ResourceError, match="Install it: pip install"):
        getattr(whynet.callbacks, name)


def test_a_callback_that_is_none_is_no_attribute():
    assert not hasattr(whynet.callbacks, "TensorFlow1")
    assert {"Keras", "Lightning", "HuggingFace", "Skorch"} == set(dir(whynet.callbacks))


def test_an_error_of_the_diagnosis_does_not_end_a_training(capsys):
    doctor = Doctor()
    doctor.finish(lambda: 1 // 0)
    assert doctor.diagnosis is None
    assert "ZeroDivisionError" in doctor.refused
    assert doctor.refused in capsys.readouterr().out


def test_a_diagnosis_is_printed_unless_quiet(capsys):
    Doctor(quiet=True).finish(lambda: Diagnosis("healthy"))
    assert not capsys.readouterr().out
    Doctor().finish(lambda: Diagnosis("healthy"))
    assert capsys.readouterr().out


def test_looks_that_make_no_sense_are_refused():
    with pytest.raises(UsageError, match="looks"):
        Doctor(looks=0)


def test_what_is_hopeless():
    rng = np.random.default_rng(0)

    def when(costs):
        hopeless = Hopeless(looks=40)
        return next((step for step, cost in enumerate(costs, 1) if hopeless.see(step, cost)), None)

    assert when([2.3, math.inf]) == 2
    assert 40 <= when(2.3 + 0.05 * rng.normal(size=300)) <= 160
    assert when(2.3 * 0.99 ** np.arange(300)) is None
    assert when([*(2.3 * 0.9 ** np.arange(40)), *[0.03] * 100, math.nan]) == 141
    assert (when(1 + rng.normal(size=300)) or 160) >= 160  # so much scatter is looked at for longer


def test_the_size_of_batches_that_make_so_many_steps():
    assert [_size(600, steps) for steps in (19, 10, 1, 600, 7)] == [32, 64, 600, 1, 99]


def is_told(callback, state=None):
    """The diagnosis, as JSON and as it is."""
    assert callback.refused == ""
    found = callback.diagnosis
    json.dumps(found.as_dict())
    assert state is None or found.state == state, found.state
    return found


# ---- Keras


@pytest.fixture
def keras():
    return pytest.importorskip("keras")


def keras_model(keras, init="glorot_uniform", rate=0.1):
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((64,)),
            keras.layers.Dense(20, activation="relu", kernel_initializer=init),
            keras.layers.Dense(10, kernel_initializer=init),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer=keras.optimizers.SGD(rate), loss=loss)
    return model


def test_keras_is_told_why_its_model_does_not_learn(keras, numbers):
    X, y = numbers
    ends = []
    for watched in (False, True):
        model = keras_model(keras, init="zeros", rate=0.3)
        callback = whynet.callbacks.Keras(X, y, quiet=True)
        model.fit(X, y, epochs=3, verbose=0, callbacks=[callback] if watched else [])
        ends.append([*model.get_weights(), *(np.asarray(one.value) for one in model.optimizer.variables)])
    assert all(np.array_equal(a, b) for a, b in zip(*ends, strict=True))
    found = is_told(callback)
    assert (found.verdict[0].cause, found.verdict[0].status) == ("symmetric-init", "proved")
    assert (found.settings.epochs, found.settings.batch, found.settings.rate) == (3, 32, pytest.approx(0.3))
    unseen = {one.what for one in found.not_examined}
    assert {"the size of its batches", "weights of examples and classes"} <= unseen


def test_keras_without_data_is_judged_by_its_losses(keras, numbers):
    X, y = numbers
    callback = whynet.callbacks.Keras(quiet=True)
    keras_model(keras).fit(X, y, epochs=4, verbose=0, callbacks=[callback])
    found = is_told(callback)
    assert (found.problem, found.verdict) == ("unknown", [])
    assert "Keras(X, y)" in found.not_examined[0].why
    assert len(callback.costs) == 4


def test_keras_is_stopped_where_there_is_no_hope(keras, numbers):
    X, y = numbers
    callback = whynet.callbacks.Keras(X, y, quiet=True, stop_when_hopeless=True, looks=6, trials=False)
    keras_model(keras, rate=1e-9).fit(X, y, epochs=30, verbose=0, callbacks=[callback])
    assert len(callback.costs) < 20
    assert "has not fallen" in callback.stopped
    assert "stopped" in is_told(callback).remarks[0].numbers["text"]


# ---- PyTorch's


def torch_module(torch):
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Linear(64, 20), torch.nn.ReLU(), torch.nn.Linear(20, 10))


def loader(torch, numbers):
    rows = torch.utils.data.TensorDataset(*map(torch.as_tensor, numbers))
    return torch.utils.data.DataLoader(rows, batch_size=30, shuffle=True, generator=torch.Generator().manual_seed(0))


def lightning_fit(numbers, callbacks, rate=0.1, forward=True, epochs=3):
    torch, L = pytest.importorskip("torch"), pytest.importorskip("lightning.pytorch")

    class Digits(L.LightningModule):
        def __init__(self):
            super().__init__()
            self.net = torch_module(torch)

        def training_step(self, batch, index):
            X, y = batch
            return torch.nn.functional.cross_entropy((self if forward else self.net)(X), y)

        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), lr=rate)

    if forward:
        Digits.forward = lambda self, X: self.net(X)
    module = Digits()
    trainer = L.Trainer(
        max_epochs=epochs, callbacks=callbacks, logger=False, enable_checkpointing=False, accelerator="cpu",
        enable_progress_bar=False, enable_model_summary=False,
    )  # fmt: skip
    trainer.fit(module, loader(torch, numbers))
    return torch, trainer, module


@pytest.mark.parametrize("forward", [True, False])
def test_lightning_is_told(numbers, forward):
    pytest.importorskip("lightning.pytorch")
    callback = whynet.callbacks.Lightning(quiet=True, trials=False)
    torch, trainer, module = lightning_fit(numbers, [callback], forward=forward)
    found = is_told(callback)
    assert found.problem == "classification"
    assert found.used["loss"] == "CrossEntropyLoss(outputs, y)"
    assert callback.watched.steps == trainer.global_step == 60
    assert (found.settings.batch, found.settings.rate) == (30, 0.1)
    assert not module._forward_hooks and not module.net._forward_hooks
    again = lightning_fit(numbers, [], forward=forward)[2]
    for own, other in zip(module.parameters(), again.parameters(), strict=True):
        assert torch.equal(own, other)


def test_lightning_is_stopped_where_there_is_no_hope(numbers):
    pytest.importorskip("lightning.pytorch")
    callback = whynet.callbacks.Lightning(quiet=True, trials=False, stop_when_hopeless=True, looks=40)
    _, trainer, _ = lightning_fit(numbers, [callback], rate=1e-9, epochs=20)
    assert trainer.global_step < 400
    assert "has not fallen" in callback.stopped
    is_told(callback)


def test_lightning_that_breaks_off_is_told_what_was_seen(numbers):
    L = pytest.importorskip("lightning.pytorch")

    class Broken(L.Callback):
        def on_train_batch_end(self, trainer, *_):
            if trainer.global_step == 20:
                raise ValueError("broken")

    callback = whynet.callbacks.Lightning(quiet=True, trials=False)
    with pytest.raises(ValueError, match="broken"):
        lightning_fit(numbers, [callback, Broken()])
    assert not callback.watched.open
    is_told(callback)


def skorch_net(numbers, callbacks, module=None, **options):
    torch, skorch = pytest.importorskip("torch"), pytest.importorskip("skorch")
    torch.manual_seed(0)
    net = skorch.NeuralNetClassifier(
        module or torch_module(torch),
        **{"criterion": torch.nn.CrossEntropyLoss, "lr": 0.1, "max_epochs": 3, "batch_size": 30, **options},
        train_split=None, verbose=0, callbacks=callbacks, callbacks__print_log=None,
    )  # fmt: skip
    return torch, net.fit(*numbers)


def test_skorch_is_told(numbers):
    pytest.importorskip("skorch")
    callback = whynet.callbacks.Skorch(quiet=True, trials=False)
    torch, net = skorch_net(numbers, [callback])
    callback = net.callbacks_[-1][1] if callback.diagnosis is None else callback
    found = is_told(callback)
    assert found.used["loss"] == "CrossEntropyLoss(outputs, y)"
    assert (found.settings.batch, found.settings.epochs, found.settings.order) == (30, 3, "file")
    assert pickle.loads(pickle.dumps(callback)).quiet  # noqa: S301
    plain = skorch_net(numbers, [])[1]
    for own, other in zip(net.module_.parameters(), plain.module_.parameters(), strict=True):
        assert torch.equal(own, other)


def test_skorch_takes_the_logarithm_of_probabilities_itself_which_is_no_mistake(numbers):
    torch = pytest.importorskip("torch")
    pytest.importorskip("skorch")
    callback = whynet.callbacks.Skorch(quiet=True, trials=False)
    module = torch.nn.Sequential(torch_module(torch), torch.nn.Softmax(dim=1))
    skorch_net(numbers, [callback], module, criterion=torch.nn.NLLLoss)
    found = is_told(callback)
    assert "through a logarithm" in found.used["loss"]
    assert not {"missing-output-activation", "wrong-output-activation"} & {one.cause for one in found.verdict}


def test_skorch_is_stopped_where_there_is_no_hope(numbers):
    pytest.importorskip("skorch")
    callback = whynet.callbacks.Skorch(quiet=True, trials=False, stop_when_hopeless=True, looks=40)
    _, net = skorch_net(numbers, [callback], lr=1e-9, max_epochs=20)
    assert len(net.history) < 12
    assert "has not fallen" in callback.stopped


def hugging_face(numbers, callbacks, folder, rate=0.1, steps=60):
    torch, transformers = pytest.importorskip("torch"), pytest.importorskip("transformers")
    pytest.importorskip("accelerate")
    rows = [{"x": torch.as_tensor(X), "labels": torch.as_tensor(y)} for X, y in zip(*numbers, strict=True)]

    class Own(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.net = torch_module(torch)

        def forward(self, x, labels=None):
            logits = self.net(x)
            return {"loss": torch.nn.functional.cross_entropy(logits, labels), "logits": logits}

    model = Own()
    trainer = transformers.Trainer(
        model=model,
        args=transformers.TrainingArguments(
            str(folder), max_steps=steps, per_device_train_batch_size=30, report_to=[], learning_rate=rate,
            save_strategy="no", use_cpu=True, disable_tqdm=True, lr_scheduler_type="constant",
        ),
        train_dataset=rows,
        callbacks=callbacks,
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trainer.train()
    return torch, trainer, model


def test_hugging_face_is_told(numbers, tmp_path):
    pytest.importorskip("transformers")
    callback = whynet.callbacks.HuggingFace(quiet=True, trials=False)
    torch, trainer, model = hugging_face(numbers, [callback], tmp_path, rate=0.01)
    found = is_told(callback)
    assert found.used["loss"] == "what the network answers as its loss"
    assert callback.watched.steps == trainer.state.global_step == 60
    again = hugging_face(numbers, [], tmp_path, rate=0.01)[2]
    for own, other in zip(model.parameters(), again.parameters(), strict=True):
        assert torch.equal(own, other)


def test_hugging_face_is_stopped_where_there_is_no_hope(numbers, tmp_path):
    pytest.importorskip("transformers")
    callback = whynet.callbacks.HuggingFace(quiet=True, trials=False, stop_when_hopeless=True, looks=40)
    _, trainer, _ = hugging_face(numbers, [callback], tmp_path, rate=1e-9, steps=400)
    assert trainer.state.global_step < 400
    assert "has not fallen" in callback.stopped
    is_told(callback)
