"""The benchmark: every system that is here trains the same work, and fairly."""

from __future__ import annotations

import numpy as np
import pytest
from click.testing import CliRunner

from whynet.benchmark.peers import PEERS, BareNumPy, PerExample, Whynet, version
from whynet.benchmark.race import race
from whynet.benchmark.scaling import growths
from whynet.benchmark.works import WORKS, Work, work_named
from whynet.errors import UsageError
from whynet.interfaces.cli import cli
from whynet.report.bench import bench_page

SMALL = Work("small", (12,), "sigmoid", "quadratic", "sgd", 3.0, 10)


def test_numpy_by_hand_takes_the_very_steps_of_whynet(digits):
    for work in (SMALL, Work("adam", (9,), "relu", "softmax-cross-entropy", "adam", 0.003, 10)):
        ours, bare = Whynet("reference").prepare(work, digits), BareNumPy().prepare(work, digits)
        for trainee in (ours, bare):
            trainee.epoch()
        X = (digits.inputs / np.float32(255)).astype(np.float32)
        assert np.mean(ours.predict(X) == bare.predict(X)) > 0.995


def test_one_example_at_a_time_learns_the_same(digits):
    trainee = PerExample().prepare(SMALL, digits)
    for _ in range(10):
        trainee.epoch()
    X = (digits.inputs / np.float32(255)).astype(np.float32)
    assert np.mean(trainee.predict(X) == digits.labels) > 0.85
    assert trainee.share == pytest.approx(min(1, 2000 / len(digits)))


@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.name)
def test_every_peer_learns_or_says_why_not(peer, digits):
    if peer.name in ("PyTorch, compiled", "JAX, jit + scan", "Keras"):  # slow to start: `benchmarks/` runs them
        assert peer.why_not(SMALL) is None or "is not installed" in peer.why_not(SMALL) or "backend" in peer.name
        return
    (lane,) = race(SMALL, digits, repeats=8, peers=[peer])
    if lane.why_not is not None:
        assert "not" in lane.why_not
        return
    assert lane.accuracy > 0.6
    assert len(lane.seconds) == 8
    assert version(peer)


def test_convolutions_are_raced_by_those_that_know_them(digits):
    tiny = Work(
        "tiny", (), "relu", "softmax-cross-entropy", "sgd", 0.1, 10, layers=("conv 6 3x3", "pool 2", "dense 20")
    )
    assert str(tiny).startswith("in, conv 6 3x3, pool 2, dense 20, out relu")
    peers = [peer for peer in PEERS if peer.name.startswith(("whynet", "NumPy", "scikit", "PyTorch, eager", "JAX"))]
    lanes = {lane.name: lane for lane in race(tiny, digits, repeats=6, peers=peers)}
    for name, lane in lanes.items():
        if name.startswith(("whynet", "PyTorch")) and lane.why_not is None:
            assert lane.accuracy > 0.8, name
            assert len(lane.seconds) == 6
        elif not name.startswith(("whynet", "PyTorch")):
            assert "dense layers" in lane.why_not or "sigmoid" in lane.why_not or "not installed" in lane.why_not
    with pytest.raises(UsageError, match="measured of dense layers"):
        growths(tiny, digits, None)


def test_a_peer_that_fails_is_a_line(digits):
    class Broken(BareNumPy):
        name = "broken"

        def prepare(self, work, data):
            raise RuntimeError("its wheel fell off\nsomewhere")

    lanes = race(SMALL, digits, repeats=1, peers=[Whynet("reference"), Broken()])
    assert lanes[1].why_not == "it failed: RuntimeError: its wheel fell off"
    assert "its wheel fell off" in bench_page(SMALL, "digits", lanes)


def test_works_have_names():
    assert str(WORKS["small"]) == "in-30-out sigmoid, quadratic, sgd, batch 10, 1 thread"
    with pytest.raises(UsageError, match="no work 'smal'"):
        work_named("smal")


def test_the_command_prints_one_object_and_writes_the_page(tmp_path, monkeypatch):
    import json

    monkeypatch.setattr("whynet.benchmark.race.race.__kwdefaults__", {**race.__kwdefaults__, "peers": PEERS[1:3]})
    page = tmp_path / "bench.html"
    done = CliRunner().invoke(
        cli, ["bench", "--data", "digits", "--repeats", "2", "--json", "--page", str(page)], catch_exceptions=False
    )
    assert done.exit_code == 0
    found = json.loads(done.stdout)
    assert found["work"]["name"] == "small"
    assert [system["name"] for system in found["systems"]] == ["whynet, reference engine", "NumPy, batches by hand"]
    assert set(found["systems"][0]["seconds_per_epoch"]) == {"median", "min", "max"}
    assert found["scaling"] is None
    assert "bar" in page.read_text()


def test_how_the_cost_grows_is_measured_and_drawn(tmp_path, monkeypatch):
    import json

    monkeypatch.setattr("whynet.benchmark.race.race.__kwdefaults__", {**race.__kwdefaults__, "peers": PEERS[1:2]})
    for name, values in {"WIDTHS": (4, 40), "DEPTHS": (1, 2), "BATCHES": (1, 10, 10**9), "LONG_ENOUGH": 1e-4}.items():
        monkeypatch.setattr(f"whynet.benchmark.scaling.{name}", values)
    page = tmp_path / "bench.html"
    command = ["bench", "--data", "digits", "--repeats", "1", "--scaling", "--json", "--page", str(page)]
    scaling = json.loads(CliRunner().invoke(cli, command, catch_exceptions=False).stdout)["scaling"]
    assert [point["x"] for point in scaling["width"]["points"]] == [4, 40]
    assert [point["x"] for point in scaling["batch"]["points"]] == [1, 10]  # there are not so many images
    assert scaling["examples"]["seconds_of"] == "epoch"
    for quantity in ("width", "depth", "batch", "examples"):
        floors = [point["floor"] for point in scaling[quantity]["points"]]
        assert 0 < floors[0] < floors[-1]
        assert f'id="{quantity}"' in page.read_text()
        assert all(seconds > 0 for point in scaling[quantity]["points"] for seconds in point["seconds"].values())
