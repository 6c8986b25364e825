"""A watch over loops as people write them: whatever module and loss are, and nothing of theirs moves."""

from __future__ import annotations

import copy
import math
import random
import warnings
from types import SimpleNamespace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed; it is a guest, not a dependency")

from whynet.data.problem import Classification  # noqa: E402
from whynet.doctor.diagnosis import Diagnosis, Outcome  # noqa: E402
from whynet.errors import UsageError  # noqa: E402
from whynet.report.wording.states import sentence  # noqa: E402
from whynet.subjects.frameworks import torch_watch, torch_watched  # noqa: E402
from whynet.subjects.frameworks.torch_backward import Listener  # noqa: E402
from whynet.subjects.frameworks.torch_batches import Batches, Numbers  # noqa: E402
from whynet.subjects.frameworks.torch_graph import traced  # noqa: E402
from whynet.subjects.frameworks.torch_meaning import Meaning  # noqa: E402
from whynet.subjects.frameworks.torch_watch import watch  # noqa: E402

nn, F = torch.nn, torch.nn.functional
CHANCE = torch.Generator().manual_seed(0)
X = torch.rand(240, 8, generator=CHANCE)
Y = X[:, :3].argmax(1)
SHARES = X[:, :3].softmax(1)
SEQUENCES = torch.rand(240, 5, 8, generator=CHANCE)
WORDS = SEQUENCES[..., :3].argmax(2)


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


def mlp(outputs=3, *after):
    return nn.Sequential(nn.Linear(8, 10), nn.ReLU(), nn.Linear(10, outputs), *after)


def looped(model, step, *, size=24, epochs=3, rate=0.1, kind=torch.optim.SGD, **options):
    """A loop that is watched; `step` gets the rows of a batch, and calls `backward`."""
    optimizer = kind(model.parameters(), lr=rate)
    with watch(model, optimizer=optimizer, **options) as watched:
        for _ in range(epochs):
            for rows in torch.randperm(240).split(size):
                optimizer.zero_grad()
                step(rows)
                optimizer.step()
    assert watched.not_kept == ""
    return watched


# ---- what the loss is


def penalty(model):
    return 0.01 * sum(one.square().sum() for one in model.parameters())


ONE, THREE, ODD = mlp(1), mlp(), nn.Linear(8, 3)
TOLD = {
    "cross-entropy": (THREE, lambda z, r: F.cross_entropy(z, Y[r]), "CrossEntropyLoss"),
    "a part of it": (THREE, lambda z, r: F.cross_entropy(z, Y[r]) / 4, "CrossEntropyLoss"),
    "smoothed": (THREE, lambda z, r: F.cross_entropy(z, Y[r], label_smoothing=0.1), "CrossEntropyLoss"),
    "weighed": (THREE, lambda z, r: F.cross_entropy(z, Y[r], weight=torch.tensor([1.0, 2, 3])), "CrossEntropyLoss"),
    "of log-shares": (THREE, lambda z, r: F.nll_loss(z.log_softmax(1), Y[r]), "CrossEntropyLoss"),
    "by hand": (THREE, lambda z, r: -z.log_softmax(1)[torch.arange(len(r)), Y[r]].mean(), "CrossEntropyLoss"),
    "of shares": (THREE, lambda z, r: F.cross_entropy(z, SHARES[r]), "CrossEntropyLoss"),
    "squared": (THREE, lambda z, r: F.mse_loss(z, SHARES[r]), "MSELoss"),
    "squared by hand": (THREE, lambda z, r: ((SHARES[r] - z) ** 2).mean(), "MSELoss"),
    "absolute": (THREE, lambda z, r: F.l1_loss(z, SHARES[r]), "L1Loss"),
    "huber": (THREE, lambda z, r: F.huber_loss(z, SHARES[r]), "HuberLoss"),
    "binary": (ONE, lambda z, r: F.binary_cross_entropy_with_logits(z[:, 0], (Y[r] > 0).float()), "BCEWithLogitsLoss"),
    "places in rows": (ODD, lambda z, r: F.cross_entropy(z.flatten(0, 1), WORDS[r].flatten()), "CrossEntropyLoss"),
    "classes second": (ODD, lambda z, r: F.cross_entropy(z.transpose(1, 2), WORDS[r]), "CrossEntropyLoss"),
    "last step": (ODD, lambda z, r: F.cross_entropy(z[:, -1], Y[r]), "CrossEntropyLoss"),
    "with a penalty": (THREE, lambda z, r: F.cross_entropy(z, Y[r]) + penalty(THREE), None),
    "another": (THREE, lambda z, r: -(z.softmax(1) * z.log_softmax(1)).sum(1).mean(), None),
}


@pytest.mark.parametrize("name", TOLD)
def test_a_loss_is_told_by_its_value(name):
    model, loss, kind = TOLD[name]
    meaning = Meaning(torch, None)
    for _ in range(4):
        rows = torch.randperm(240)[:24]
        made = model((SEQUENCES if model is ODD else X)[rows])
        value = loss(made, rows)
        targets = meaning.of_backward(value, made, traced(value, made, torch))
    if kind is None:
        assert meaning.lost and meaning.loss is None and targets is None
        return
    assert kind in str(getattr(meaning.loss, "__name__", type(meaning.loss).__name__))
    assert len(targets) == 24
    again = meaning.factor * meaning.loss(made, targets)
    assert float(again.detach()) == pytest.approx(float(value.detach()), rel=1e-4)


def test_a_loss_of_another_module_is_not_taken_for_its_own():
    model, other = nn.Linear(8, 3), nn.Linear(3, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with watch(model, optimizer=optimizer) as watched:
        for rows in torch.arange(240).split(24):
            made = model(X[rows])
            other(made.detach()).mean().backward()  # what judges it learns by itself
            made = model(X[rows])
            F.cross_entropy(made, Y[rows]).backward()
            optimizer.step()
    assert watched.losses == 10
    assert isinstance(watched.meaning.loss, nn.CrossEntropyLoss)


def test_outputs_and_targets_that_are_broadcast_are_found_without_the_loss():
    model = mlp(1)
    for step in (lambda r: F.mse_loss(model(X[r]), X[r, 0]), lambda r: ((model(X[r]) - X[r, 0]) ** 2).mean()):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = looped(model, lambda r, step=step: step(r).backward()).diagnosis(trials=False)
        assert found.verdict[0].cause == "loss-broadcast"


def test_outputs_that_the_loop_brings_to_the_shape_of_the_targets_are_not_accused():
    model, loss = mlp(1), nn.MSELoss()
    watched = looped(model, lambda r: loss(model(X[r]).squeeze(1), X[r, 0]).backward(), loss=loss)
    found = watched.diagnosis(trials=False)
    assert "loss-broadcast" not in [one.cause for one in found.verdict]
    assert found.problem == "regression"


def test_a_logarithm_that_the_loop_takes_is_no_mistake():
    model, loss = mlp(3, nn.Softmax(dim=1)), nn.NLLLoss()
    watched = looped(model, lambda r: loss(torch.log(model(X[r])), Y[r]).backward(), loss=loss)
    found = watched.diagnosis(trials=False)
    assert not {"missing-output-activation", "wrong-output-activation"} & {one.cause for one in found.verdict}


def test_a_softmax_that_the_loop_puts_before_the_cross_entropy_is():
    model = mlp(3, nn.Softmax(dim=1))
    found = looped(model, lambda r: F.cross_entropy(model(X[r]), Y[r]).backward()).diagnosis(trials=False)
    assert found.verdict[0].cause == "wrong-output-activation"


def test_a_function_that_is_handed_over_and_called_as_it_is():
    model = mlp()
    watched = looped(model, lambda r: F.cross_entropy(model(X[r]), Y[r]).backward(), loss=F.cross_entropy)
    assert watched.diagnosis(trials=False).used["loss"] == "cross_entropy(outputs, y)"


def test_what_is_added_to_a_loss_that_is_handed_over_is_said():
    model, loss = mlp(), nn.CrossEntropyLoss()
    watched = looped(model, lambda r: (loss(model(X[r]), Y[r]) + penalty(model)).backward(), loss=loss)
    assert "what is added to the loss" in [one.what for one in watched.diagnosis(trials=False).not_examined]


def test_gradients_that_are_never_cleared_are_found_without_the_loss():
    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with watch(model, optimizer=optimizer) as watched:
        for rows in torch.randperm(240).split(24):
            (F.cross_entropy(model(X[rows]), Y[rows]) / 2).backward()
            optimizer.step()
    found = watched.diagnosis(trials=False)
    assert found.verdict[0].cause == "gradient-buffer-not-reset"
    assert found.used["loss"].startswith("0.5 * CrossEntropyLoss")


def test_losses_that_are_added_up_are_as_large_as_their_mean():
    model = mlp()

    def step(rows):
        for some in rows.split(6):
            (F.cross_entropy(model(X[some]), Y[some]) / 4).backward()

    found = looped(model, step).diagnosis(trials=False)
    assert found.used["loss"] == "CrossEntropyLoss(outputs, y)"
    assert "gradient-buffer-not-reset" not in [one.cause for one in found.verdict]


# ---- what the module takes


class Two(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(4, 10), nn.Linear(4, 3)

    def forward(self, first, second):
        return self.b(torch.relu(self.a(first))[:, :4] + second)


class Own(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = mlp()

    def forward(self, x, labels):
        logits = self.inner(x)
        return {"loss": F.cross_entropy(logits, labels), "logits": logits}


class OfDict(Own):
    def forward(self, batch):
        return self.inner(batch["x"])


CALLS = {
    "several": (Two, lambda m, r: F.cross_entropy(m(X[r, :4], X[r, 4:]), Y[r])),
    "by keyword": (Two, lambda m, r: F.cross_entropy(m(second=X[r, 4:], first=X[r, :4]), Y[r])),
    "both": (Two, lambda m, r: F.cross_entropy(m(X[r, :4], second=X[r, 4:]), Y[r])),
    "a dict": (OfDict, lambda m, r: F.cross_entropy(m({"x": X[r], "name": "a"}), Y[r])),
    "its own loss": (Own, lambda m, r: m(X[r], labels=Y[r])["loss"]),
    "its own, in part": (Own, lambda m, r: m(X[r], Y[r])["loss"] / 2),
    "numbers of words": (lambda: nn.Sequential(nn.Embedding(8, 4), nn.Flatten(), nn.Linear(32, 3)),
                         lambda m, r: F.cross_entropy(m((7 * X[r]).long()), Y[r])),
}  # fmt: skip


@pytest.mark.parametrize("name", CALLS)
def test_whatever_a_module_takes_is_watched(name):
    make, loss = CALLS[name]
    model = make()
    found = looped(model, lambda r: loss(model, r).backward(), rate=0.03, epochs=10, kind=torch.optim.Adam)
    found = found.diagnosis(trials=False)
    assert found.problem == "unknown"
    assert found.state == "healthy" or (found.state == "undertrained" and make is Two)
    assert "trials" in [one.what for one in found.not_examined]
    hopeless = make()
    found = looped(hopeless, lambda r: loss(hopeless, r).backward(), rate=1e-9).diagnosis(trials=False)
    assert found.state == "not-started"


def test_a_loss_that_nobody_can_tell_is_judged_by_its_course():
    model = mlp()
    watched = looped(model, lambda r: (F.cross_entropy(model(X[r]), Y[r]) + penalty(model)).backward(), epochs=10)
    found = watched.diagnosis()
    assert (found.problem, found.verdict) == ("unknown", [])
    assert found.state in ("healthy", "stalled", "undertrained")
    assert math.isnan(found.before.quality)
    found.as_dict()
    frozen = mlp()
    frozen[0].requires_grad_(False)
    nn.init.zeros_(frozen[0].weight)
    watched = looped(frozen, lambda r: (F.cross_entropy(frozen(X[r]), Y[r]) + penalty(frozen)).backward(), rate=1e-9)
    assert watched.diagnosis().state == "not-started"


def test_single_examples_are_said_to_be_none():
    model, loss = nn.Linear(8, 3), nn.CrossEntropyLoss()
    watched = looped(model, lambda r: loss(model(X[r[0]]), Y[r[0]]).backward(), loss=loss, size=1, epochs=1, rate=1e-9)
    found = watched.diagnosis()
    assert any("batches of one" in said for said in [*found.used.values(), *(one.why for one in found.not_examined)])


# ---- what cannot be watched


def test_a_watch_that_will_refuse_says_so_at_the_first_batch():
    model, other = mlp(), mlp()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with watch(model, optimizer=optimizer) as watched, pytest.warns(UserWarning, match="was not called") as said:
        for rows in torch.arange(240).split(24):
            F.cross_entropy(other(X[rows]), Y[rows]).backward()
            optimizer.step()
    assert len(said) == 1 and "by step 1" in str(said[0].message)
    with pytest.raises(UsageError, match="was not called"):
        watched.diagnosis()


def test_it_keeps_what_it_has_seen_nonetheless():
    model, other = mlp(), mlp()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with watch(model, optimizer=optimizer) as watched, pytest.warns(UserWarning, match="was not called"):
        for rows in torch.arange(240).split(24):
            F.cross_entropy((other if rows[0] < 48 else model)(X[rows]), Y[rows]).backward()
            optimizer.step()
    assert watched.losses == 8
    assert watched.diagnosis(trials=False).used["loss"] == "CrossEntropyLoss(outputs, y)"


@pytest.mark.parametrize("memory", [0, -1, math.inf, math.nan])
def test_a_memory_that_makes_no_sense_is_refused(memory):
    model = mlp()
    with pytest.raises(UsageError, match="memory"):
        watch(model, optimizer=torch.optim.SGD(model.parameters(), lr=0.1), memory=memory)


# ---- memory


def test_what_is_kept_is_bounded():
    model = mlp()
    watched = looped(model, lambda r: F.cross_entropy(model(X[r]), Y[r]).backward(), memory=0.005)
    kept = [one for batch in watched.batches.kept for one in (batch.X, batch.y)]
    assert 0 < sum(one.numel() * one.element_size() for one in kept) <= 5000
    assert watched.batches.full
    assert watched.losses == 30
    assert any("0.005 MB" in one.why for one in watched.diagnosis(trials=False).not_examined)


def test_of_a_batch_that_is_too_large_some_rows_are_kept():
    batches = Batches(torch, megabytes=0.1)
    assert batches.keep(torch.zeros(1000, 100), torch.arange(1000), 1) == 1000
    assert batches.bytes < 30_000
    assert len(batches.kept[0].X) == len(batches.kept[0].y) == 61


def test_numbers_are_thinned_out_for_ever():
    numbers = Numbers(most=100)
    for step in range(10_000):
        numbers.add(step, step)
    assert len(numbers) == 10_000
    assert 50 <= len(numbers.kept) <= 101
    assert numbers.kept[0] == (0, 0)
    assert len({b - a for (a, _), (b, _) in zip(numbers.kept, numbers.kept[1:], strict=False)}) == 1


# ---- nothing of the user's differs


def test_backward_is_pytorchs_own_afterwards():
    own, tensors = torch.autograd.backward, torch.Tensor.backward
    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    inner = watch(model, optimizer=optimizer)
    with watch(model, optimizer=optimizer):
        assert torch.autograd.backward is not own
        inner.__enter__()
    inner.__exit__(None, None, None)
    assert torch.autograd.backward is own and torch.Tensor.backward is tensors
    with pytest.raises(ZeroDivisionError), watch(model, optimizer=optimizer):
        raise ZeroDivisionError
    assert torch.autograd.backward is own


def test_others_may_wrap_backward_meanwhile():
    own, heard = torch.autograd.backward, []
    listener = Listener(torch, heard.append)
    ours = torch.autograd.backward
    torch.autograd.backward = lambda *args, **about: ours(*args, **about)
    try:
        listener.remove()
        again = Listener(torch, heard.append)
        torch.ones(1, requires_grad=True).sum().backward()
        again.remove()
        assert len(heard) == 1
    finally:
        torch.autograd.backward = ours
    Listener(torch, heard.append).remove()
    assert torch.autograd.backward is own


class Everything(nn.Module):
    """Dropout, batch norm, inputs by name, a loss of its own; chance of all three kinds."""

    def __init__(self):
        super().__init__()
        self.inner = nn.Sequential(nn.Linear(8, 20), nn.BatchNorm1d(20), nn.ReLU(), nn.Dropout(0.3), nn.Linear(20, 3))

    def forward(self, x, labels=None):
        x = x + 0.01 * random.random() + 0.01 * float(np.random.rand())  # noqa: NPY002
        z = self.inner(x)
        return z if labels is None else {"loss": F.cross_entropy(z, labels), "logits": z}


LOOPS = {
    "a loss that is told": (lambda m, r: F.cross_entropy(m(X[r]), Y[r]), {}),
    "its own loss": (lambda m, r: m(x=X[r], labels=Y[r])["loss"], {}),
    "no loss that is known": (lambda m, r: F.cross_entropy(m(X[r]), Y[r]) + penalty(m), {}),
    "a loss that is handed over": (lambda m, r: LOSS(m(X[r]), Y[r]), {"loss": True}),
}
LOSS = nn.CrossEntropyLoss()


@pytest.mark.parametrize("kind", [torch.optim.Adam, torch.optim.SGD, "closure"])
@pytest.mark.parametrize("at_first", [500_000, 2_000])
@pytest.mark.parametrize("name", LOOPS)
def test_nothing_of_the_users_differs_by_a_bit(name, at_first, kind, monkeypatch):
    monkeypatch.setattr(torch_watch, "AT_FIRST", at_first)
    value, options = LOOPS[name]
    ends = []
    for watched in (False, True):
        torch.manual_seed(1), random.seed(1), np.random.seed(1)  # noqa: NPY002
        model = Everything()
        optimizer = (torch.optim.SGD if kind == "closure" else kind)(model.parameters(), lr=0.01)
        schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.99)
        about = {"loss": LOSS} if options else {}
        before = copy.copy(vars(torch.autograd)["backward"])
        context = watch(model, optimizer=optimizer, **about) if watched else None
        if context:
            context.__enter__()
        for rows in torch.randperm(240).repeat(4).split(24):

            def closure(rows=rows, model=model, optimizer=optimizer):
                optimizer.zero_grad()
                made = value(model, rows)
                made.backward()
                return made

            if kind == "closure":
                optimizer.step(closure)
            else:
                closure()
                optimizer.step()
            schedule.step()
        if context:
            context.__exit__(None, None, None)
            chance = torch.get_rng_state(), random.getstate(), np.random.get_state()[1].copy()  # noqa: NPY002
            context.diagnosis(trials=False)
            assert torch.equal(chance[0], torch.get_rng_state()) and chance[1] == random.getstate()
            assert (chance[2] == np.random.get_state()[1]).all()  # noqa: NPY002
        assert vars(torch.autograd)["backward"] is before
        assert not any(vars(one)[hooks] for one in (*model.modules(), LOSS) for hooks in vars(one) if "hooks" in hooks)
        assert not optimizer._optimizer_step_pre_hooks and not optimizer._optimizer_step_post_hooks
        state = [one for held in optimizer.state.values() for one in held.values() if isinstance(one, torch.Tensor)]
        grads = [one.grad for one in model.parameters()]
        chance = torch.get_rng_state(), torch.tensor(random.getstate()[1]), np.random.get_state()[1]  # noqa: NPY002
        ends.append([*model.state_dict().values(), *state, *grads, *map(torch.as_tensor, chance)])
        ends[-1].append(torch.tensor(optimizer.param_groups[0]["lr"]))
    assert len(ends[0]) == len(ends[1])
    assert all(torch.equal(one, other) for one, other in zip(*ends, strict=True))


def test_steps_that_are_never_taken_are_found_and_a_loop_that_moves_weights_itself_is_not_accused():
    X, loss = torch.randn(120, 8, generator=torch.Generator().manual_seed(0)), torch.nn.CrossEntropyLoss()
    y = X[:, :3].argmax(1)
    for by_hand in (False, True):
        model = torch.nn.Linear(8, 3)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        with watch(model, optimizer=optimizer) as watched:
            for rows in torch.arange(120).split(30):
                optimizer.zero_grad()
                loss(model(X[rows]), y[rows]).backward()
                if by_hand:
                    with torch.no_grad():
                        for one in model.parameters():
                            one -= 0.1 * one.grad
        if by_hand:
            with pytest.raises(UsageError, match="no step of the optimizer was seen"):
                watched.diagnosis()
            continue
        found = watched.diagnosis()
        assert found.verdict[0].cause == "update-order-wrong" and found.verdict[0].status in ("proved", "found")
        assert "4 times" in found.verdict[0].detail


@pytest.mark.parametrize("begin", [0.0, 1 / 60])
def test_a_rate_that_is_warmed_up_is_not_called_too_low_by_its_first_steps(begin):
    model = mlp()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    warmer = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: min(begin + step / 30, 1.0))
    with watch(model, optimizer=optimizer) as watched:
        for _ in range(20):
            for rows in torch.randperm(240).split(24):
                optimizer.zero_grad()
                F.cross_entropy(model(X[rows]), Y[rows]).backward()
                optimizer.step()
                warmer.step()
    found = watched.diagnosis(effort=4)
    assert found.state == "healthy"
    assert not found.verdict
    assert any("in the trials it is 0.01" in str(one) for one in found.remarks)  # 0.0185, the mean


@pytest.mark.parametrize(("scale", "state"), [(1.0, "underfits"), (0.0, "constant-answer")])
def test_one_answer_of_a_copy_is_not_said_of_a_network_that_gives_several(scale, state):
    X = torch.linspace(-1, 1, 100)[:, None]
    model = torch.nn.Linear(1, 2)
    with torch.no_grad():
        model.weight[:] = torch.tensor([[-scale], [scale]])
        model.bias[:] = torch.tensor([0.0, 0.4])
    what = SimpleNamespace(problem=Classification(("no", "yes")), y=(X[:, 0] > 0).long().numpy())
    patient = SimpleNamespace(what=what, said=SimpleNamespace(middle=0.5), X=X)
    found = Diagnosis("constant-answer", before=Outcome(0.69, 0.5, one_answer=1.0), yardstick=1.0)
    costs = SimpleNamespace(kept=[(step, 0.5) for step in range(6)])
    told = torch_watched._as_it_was_left(SimpleNamespace(torch=torch, model=model, costs=costs), patient, found)
    assert found.state == state and len(told) == (scale > 0)
    if scale:
        assert round(found.before.quality, 2) == 0.9 and "worse than" in sentence(found)
