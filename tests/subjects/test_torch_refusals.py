"""PyTorch's own errors, as it says them today, and the causes they give away."""

from __future__ import annotations

import json

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from whynet.report.diagnosis import diagnosis_as_dict  # noqa: E402
from whynet.subjects.frameworks.pytorch import diagnose_torch  # noqa: E402
from whynet.subjects.frameworks.torch_refusals import why_refused  # noqa: E402


def said(call):
    with pytest.raises((RuntimeError, ValueError)) as told:
        call()
    return why_refused(str(told.value)).findings


def twice():
    x = torch.ones(1, requires_grad=True)
    y = x.exp()
    for _ in range(2):
        y.backward()


@pytest.mark.parametrize(
    ("call", "cause", "words"),
    [
        (lambda: nn.Conv2d(3, 4, 3)(torch.rand(8, 32, 32, 3)), "image-axes-confused", "X.permute(0, 3, 1, 2)"),
        (lambda: nn.Conv1d(4, 4, 3)(torch.rand(8, 20, 4)), "image-axes-confused", "X.transpose(1, 2)"),
        (lambda: nn.BatchNorm1d(3)(torch.rand(1, 3)), "batch-norm-small-batch", "drop_last=True"),
        (twice, "state-carried-over", ".detach()"),
    ],
)
def test_an_error_that_gives_its_cause_away(call, cause, words):
    found = said(call)
    assert [(one.cause, one.status) for one in found] == [(cause, "found")] and words in found[0].detail


@pytest.mark.parametrize(
    "call",
    [
        lambda: nn.Conv2d(3, 4, 3)(torch.rand(8, 1, 32, 32)),
        lambda: nn.Conv2d(3, 4, 3)(torch.rand(8, 4, 32, 32)),
        lambda: nn.Linear(3, 2)(torch.rand(8, 4)),
    ],
)
def test_other_errors_are_left_to_pytorchs_words(call):
    assert list(said(call)) == []


@pytest.mark.parametrize(
    ("model", "shape", "batch_size", "cause"),
    [
        (nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(144, 2)), (8, 8, 8, 3), 8, "image-axes-confused"),
        (nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2)), (8, 3), 1, "batch-norm-small-batch"),
    ],
)
def test_what_cannot_be_run_has_a_diagnosis_where_its_cause_is_known(model, shape, batch_size, cause):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    data = torch.rand(shape), torch.arange(shape[0]) % 2
    found = diagnose_torch(model, loss=nn.CrossEntropyLoss(), optimizer=optimizer, data=data, batch_size=batch_size)
    assert found.state == "not-examined" and [one.cause for one in found.verdict] == [cause]
    assert cause in str(found) and json.loads(json.dumps(diagnosis_as_dict(found)))["state"] == "not-examined"
