"""A loop that takes its steps in the wrong order, clips too much or lets the rate run out; and loops that are sound."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed; it is a guest, not a dependency")

from whynet.subjects.frameworks.torch_watch import watch  # noqa: E402

nn = torch.nn
X = torch.randn(240, 6, generator=torch.Generator().manual_seed(0))
Y = X[:, :3].argmax(1)


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


def seen(order="fzbs", kind=torch.optim.SGD, rate=0.1, clip=None, decay=None, every=1, epochs=3, add_up=1):
    """The causes that are found by watching a loop: f, z, b and s are forward, zero_grad, backward and step."""
    model, loss = nn.Sequential(nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 3)), nn.CrossEntropyLoss()
    optimizer = kind(model.parameters(), lr=rate)
    schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, decay) if decay else None
    with watch(model, loss=loss, optimizer=optimizer) as watched:
        for _ in range(epochs):
            for index, rows in enumerate(torch.randperm(240).split(12)):
                for one in order:
                    if one == "f":
                        value = loss(model(X[rows]), Y[rows])
                    elif one == "b":
                        value.backward()
                        if clip:
                            nn.utils.clip_grad_norm_(model.parameters(), clip)
                    elif one == "s" and (index + 1) % add_up == 0:
                        optimizer.step()
                    elif one == "z" and index % add_up == 0:
                        optimizer.zero_grad()
                if schedule and index % every == 0:
                    schedule.step()
    found = watched.diagnosis(trials=False)
    about = ("update-order-wrong", "clipping-too-strong", "schedule-exhausted")
    return {one.cause: one for one in found.verdict if one.status == "found" and one.cause in about}


def test_the_order_of_the_steps():
    assert "never is a gradient there" in seen("fbzs")["update-order-wrong"].detail
    assert "the first step comes before" in seen("szfb")["update-order-wrong"].detail


def kept(loop, model=None):
    """The causes that are found where `loop(model, optimizer)` trains, a dropout in it."""
    model = model or nn.Sequential(nn.Linear(6, 16), nn.Dropout(0.5), nn.ReLU(), nn.Linear(16, 3))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, weight_decay=1e-3)
    with watch(model, optimizer=optimizer) as watched:
        loop(model, optimizer)
    return {one.cause: one for one in watched.diagnosis(trials=False).verdict if one.status == "found"}


def rows_of(epochs=2, size=12):
    return [rows for _ in range(epochs) for rows in torch.randperm(240).split(size)]


def test_gradients_that_are_not_cleared_beneath_a_dropout():
    """None can be computed a second time there: that one is added to an older one is seen as it happens."""

    def once_an_epoch(model, optimizer):
        for _ in range(2):
            optimizer.zero_grad()
            for rows in torch.randperm(240).split(12):
                nn.functional.cross_entropy(model(X[rows]), Y[rows]).backward()
                optimizer.step()

    assert "gradient-buffer-not-reset" in kept(once_an_epoch)


def test_gradients_that_are_added_up_on_purpose():
    def four_for_a_step(model, optimizer):
        for number, rows in enumerate(rows_of(4), 1):
            (nn.functional.cross_entropy(model(X[rows]), Y[rows]) / 4).backward()
            if number % 4 == 0:
                optimizer.step()
                optimizer.zero_grad()

    def of_two_losses(model, optimizer):
        for rows in rows_of():
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(X[rows]), Y[rows]).backward()
            (0.01 * sum(one.abs().sum() for one in model.parameters())).backward()
            optimizer.step()

    def of_another_network_that_asks_this_one(model, optimizer):
        other = nn.Linear(6, 6)
        others = torch.optim.SGD(other.parameters(), lr=0.01)
        for rows in rows_of():
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(X[rows]), Y[rows]).backward()
            optimizer.step()
            others.zero_grad()
            nn.functional.cross_entropy(model(other(X[rows])), 2 - Y[rows]).backward()  # leaves gradients in it too
            others.step()

    for loop in (four_for_a_step, of_two_losses, of_another_network_that_asks_this_one):
        assert "gradient-buffer-not-reset" not in kept(loop)


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (lambda z, y: nn.functional.mse_loss(z.argmax(1).float(), y.float()).requires_grad_(), "was not computed from"),
        (lambda z, y: nn.functional.mse_loss(torch.round(z[:, 0]), y.float()), "`round` has no slope"),
        (lambda z, y: nn.functional.mse_loss(z[:, 0] + (z[:, 0].round() - z[:, 0]).detach(), y.float()), ""),
    ],
)
def test_a_loss_that_no_gradient_comes_from(made, words):
    def loop(model, optimizer):
        for rows in rows_of():
            optimizer.zero_grad()
            made(model(X[rows]), Y[rows]).backward()
            optimizer.step()

    found = kept(loop)
    assert "update-order-wrong" not in found and (words in found["gradient-cut"].detail if words else not found)


@pytest.mark.parametrize(("outputs", "targets"), [((-1,), (-1, 1)), ((-1, 1), (-1,))])
def test_an_own_squared_error_of_a_row_and_a_column(outputs, targets):
    y = X.sum(1)

    def loop(model, optimizer):
        for rows in rows_of():
            optimizer.zero_grad()
            ((model(X[rows]) - y[rows].reshape(targets)) ** 2).mean().backward()
            optimizer.step()

    model = nn.Sequential(
        nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 1), nn.Flatten(0) if outputs == (-1,) else nn.Identity()
    )
    assert "loss-broadcast" in kept(loop, model)


def test_a_limit_that_bites_at_every_step():
    found = seen(clip=0.001)["clipping-too-strong"]
    assert found.evidence[0].value > 20 and "0.001" in found.detail


def test_a_rate_that_is_brought_to_nothing():
    assert "`scheduler.step()` once an epoch" in seen(decay=0.5)["schedule-exhausted"].detail


@pytest.mark.parametrize(
    "loop",
    [
        {}, {"clip": 1.0}, {"clip": 0.001, "kind": torch.optim.Adam, "rate": 0.01}, {"decay": 0.95, "every": 20},
        {"decay": 0.93}, {"add_up": 4}, {"kind": torch.optim.Adam, "rate": 0.01},
    ],
    ids=str,
)  # fmt: skip
def test_sound_loops_are_not_accused(loop):
    assert seen(**loop) == {}
