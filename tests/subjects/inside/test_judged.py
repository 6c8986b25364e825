"""The diagnosis of what is judged by its loss, from a loader: with trials, without, and where something fails."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from whynet.doctor.change import Wording
from whynet.doctor.diagnosis import Finding, Gap
from whynet.report.wording.remarks import all_in_words
from whynet.subjects.inside.judged import ByLoss, used_as

torch = pytest.importorskip("torch", reason="PyTorch is not installed; it is a guest, not a dependency")
nn = torch.nn

from whynet.subjects.frameworks.torch_arms import in_arrays, mixes, settings_of  # noqa: E402
from whynet.subjects.frameworks.torch_probe import TorchProbe  # noqa: E402
from whynet.subjects.frameworks.torch_training import OptimizerSettings  # noqa: E402


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


class Priced(nn.Module):
    """A language model that answers with its own loss."""

    def __init__(self):
        super().__init__()
        self.words, self.last = nn.Embedding(10, 8), nn.Linear(8, 10)

    def forward(self, input_ids, labels=None):
        logits = self.last(self.words(input_ids))
        return SimpleNamespace(loss=nn.functional.cross_entropy(logits.flatten(0, 1), labels.flatten()), logits=logits)


def judged(model, loss, data, optimizer, *, epochs=6, **options):
    probe = TorchProbe.of(torch, model, loss, next(iter(data)), OptimizerSettings.of(model, optimizer))

    def epoch():
        for batch in data:
            yield in_arrays(probe.way(batch), torch)

    settings = settings_of(probe, mixed=mixes(data, False))
    used = used_as(probe)
    return ByLoss(probe, epoch, epochs, len(data), settings, Wording("PyTorch"), used=used, why="no rows", **options)


def sentences(rate=0.01, **options):
    ids = torch.randint(0, 10, (120, 7))
    data = torch.utils.data.DataLoader([{"input_ids": row, "labels": row} for row in ids], batch_size=8, shuffle=True)
    model = Priced()
    return judged(model, None, data, torch.optim.Adam(model.parameters(), lr=rate), **options)


@pytest.mark.slow
def test_a_loss_of_its_own_and_batches_by_name():
    found = sentences(1e-7).diagnosis(effort=8)
    assert [(one.cause, one.status) for one in found.verdict if one.status == "proved"] == [("lr-too-low", "proved")]
    assert "held back (no rows)" in found.used["trials"]
    assert json.loads(json.dumps(found.as_dict()))["problem"] == "unknown"
    assert any("by its loss alone" in one for one in all_in_words(found))


def test_without_trials_only_the_course_is_told():
    found = sentences(1e-7, gaps=[Gap("a", "b")]).diagnosis(trials=False)
    assert (found.state, found.verdict, found.effort) == ("not-started", [], 0.0)
    assert found.not_examined[0] == Gap("trials", "no rows")


def test_numbers_of_sixteen_bits_stay_what_they_are():
    X = torch.rand(64, 4)
    model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 4)).bfloat16()
    data = X.bfloat16().split(8)
    found = judged(model, nn.MSELoss(), data, torch.optim.Adam(model.parameters(), lr=0.01)).diagnosis(effort=2)
    assert found.before is not None and found.state != "not-examined"


def test_a_later_batch_that_cannot_be_run_is_a_gap_and_what_was_found_stays():
    class Odd(torch.utils.data.Dataset):
        def __len__(self):
            return 40

        def __getitem__(self, place):
            if place > 20:
                raise ValueError("no such row")
            return torch.ones(3)

    model = nn.Linear(3, 3)
    data = torch.utils.data.DataLoader(Odd(), batch_size=8)
    found = [Finding("gradient-cut", "found")]
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    told = judged(model, nn.MSELoss(), data, optimizer, findings=found).diagnosis()
    assert told.verdict == found and told.state == "not-examined"
    assert any("no such row" in gap.why for gap in told.not_examined)


def test_a_single_small_batch_is_judged_on_what_it_is_trained_on():
    X = torch.rand(3, 2)
    model = nn.Linear(2, 2)
    told = judged(model, nn.MSELoss(), [X], torch.optim.SGD(model.parameters(), lr=0.1), epochs=40).diagnosis(effort=2)
    assert "too few to hold any back" in told.used["rows"]
