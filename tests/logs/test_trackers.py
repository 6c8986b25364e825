"""Where libraries log their trainings: event files, tables, JSON, folders of runs."""

from __future__ import annotations

import json
import struct

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

import whynet
from whynet.errors import BadFile
from whynet.interfaces.cli import cli
from whynet.logs.events import scalars_in
from whynet.logs.runs import diagnose_path
from whynet.logs.trackers import as_text, runs_in

FLAT = [(2.3071, 0.1135), (2.3025, 0.1028), (2.3024, 0.0974), (2.3026, 0.1135)]
FALLING = [(2.1, 0.85), (0.4, 0.93), (0.2, 0.95), (0.1, 0.97)]


def varint(number):
    found = b""
    while number > 127:
        found += bytes([number & 127 | 128])
        number >>= 7
    return found + bytes([number])


def field(number, content):
    return varint(number << 3 | 2) + varint(len(content)) + content


def event(step, tag, value, *, tensor=False):
    """One event as TensorBoard writes it, spelled out: a value by itself, or as a tensor of one float."""
    if tensor:
        number = field(8, b"\x08\x01" + field(4, struct.pack("<f", value)))
    else:
        number = b"\x15" + struct.pack("<f", value)
    summary = field(1, field(1, tag.encode()) + number)
    message = b"\x09" + struct.pack("<d", 1.7e9) + b"\x10" + varint(step) + field(5, summary)
    return struct.pack("<Q", len(message)) + b"\0" * 4 + message + b"\0" * 4


def events(figures, *, tensor=False):
    return b"".join(
        event(step, "Loss/train", cost, tensor=tensor) + event(step, "Accuracy/val", right, tensor=tensor)
        for step, (cost, right) in enumerate(figures)
    )


@pytest.mark.parametrize("tensor", [False, True])
def test_an_event_file_is_read(tensor, tmp_path):
    path = tmp_path / "events.out.tfevents.1.host"
    path.write_bytes(events(FLAT, tensor=tensor) + b"\x40")  # the next record is being written
    found = diagnose_path(path)
    assert found.state == "constant-answer"
    assert [(one.what, len(one.values)) for one in found.series] == [("cost", 4), ("accuracy", 4)]


def test_what_tensorboard_itself_writes_is_read(tmp_path):
    tensorboard = pytest.importorskip("torch.utils.tensorboard", reason="needs torch and tensorboard")
    for name, figures in (("flat", FLAT), ("falling", FALLING)):
        with tensorboard.SummaryWriter(str(tmp_path / name)) as writer:
            for step, (cost, right) in enumerate(figures):
                writer.add_scalar("Loss/train", cost, step)
                writer.add_scalar("Accuracy/val", right, step)
    found = diagnose_path(tmp_path)
    assert found.state == "constant-answer"
    assert (
        "2 runs" in found.remarks[0].numbers["text"] and "falling healthy (97.0%)" in found.remarks[0].numbers["text"]
    )


def written(folder, kind):
    """A flat training, as a library logs it."""
    rows = [{"epoch": at, "train_loss": cost, "val_acc": right} for at, (cost, right) in enumerate(FLAT)]
    if kind == "metrics.csv":  # Lightning: training and validation on lines of their own
        lines = ["epoch,step,train_loss,val_acc"]
        for at, (cost, right) in enumerate(FLAT):
            lines += [f"{at},{99 + at},{cost},", f"{at},{99 + at},,{right}"]
        text = "\n".join(lines)
    elif kind == "history.csv":  # Weights & Biases: a column and its extremes
        text = '"Step","run-1 - train/loss","run-1 - train/loss__MIN","run-1 - val/acc"\n'
        text += "\n".join(f'"{at}","{cost}","{cost}","{right}"' for at, (cost, right) in enumerate(FLAT))
    elif kind == "metrics.jsonl":
        text = "\n".join(map(json.dumps, rows)) + '\n{"epoch": 5, "tr'
    elif kind == "history.json":
        text = json.dumps({"loss": [one for one, _ in FLAT], "val_accuracy": [one for _, one in FLAT]})
    else:  # Transformers
        log = [{"loss": cost, "learning_rate": 5e-5, "epoch": at, "step": at} for at, (cost, _) in enumerate(FLAT)]
        log += [{"eval_loss": cost, "eval_accuracy": right, "epoch": at, "step": at}
                for at, (cost, right) in enumerate(FLAT)]  # fmt: skip
        text = json.dumps({"best_metric": None, "log_history": log, "max_steps": 4})
    (folder / kind).write_text(text)
    return folder / kind


@pytest.mark.parametrize("kind", ["metrics.csv", "history.csv", "metrics.jsonl", "history.json", "trainer_state.json"])
def test_what_libraries_log_is_read_by_its_file_or_its_folder(kind, tmp_path):
    file = written(tmp_path, kind)
    for path in (file, tmp_path):
        found = diagnose_path(path, classes=10, labels="mnist")
        assert found.state == "constant-answer", found
        assert {("cost", 2.3026), ("accuracy", 0.1135)} <= {
            (one.what, round(one.values[-1], 6)) for one in found.series
        }


def test_mlflows_files_of_one_figure_each_make_runs(tmp_path):
    for name, figures in (("a", FALLING), ("b", FLAT)):
        metrics = tmp_path / "0" / name / "metrics"
        metrics.mkdir(parents=True)
        (metrics / "train_loss").write_text("".join(f"17000 {cost} {at}\n" for at, (cost, _) in enumerate(figures)))
        (metrics / "val_accuracy").write_text("".join(f"17000 {right} {at}\n" for at, (_, right) in enumerate(figures)))
    found = diagnose_path(tmp_path)
    assert found.state == "constant-answer" and "this is about 0/b" in found.remarks[0].numbers["text"]


def test_the_command_and_the_function_take_a_folder(tmp_path):
    written(tmp_path, "metrics.jsonl")
    done = CliRunner().invoke(cli, ["diagnose", "--log", str(tmp_path), "--json"])
    assert done.exit_code == 1 and json.loads(done.stdout)["state"] == "constant-answer"
    assert whynet.diagnose(log=tmp_path).state == "constant-answer"


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("houses.csv", b"rooms,price\n3,245000\n4,312000\n", "no column of this table"),
        ("a.json", b"{", "no JSON"),
        ("b.json", b"[1, 2]", "nothing that a training logged"),
        ("events.out.tfevents.1", b"this is text, and no event file at all, is it?", "no event file"),
        ("c.csv", b"loss\n", "no rows"),
    ],
)
def test_other_files_are_a_sentence(name, content, why, tmp_path):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(BadFile, match=why):
        diagnose_path(tmp_path / name)
    with pytest.raises(BadFile, match="nothing that a training logged"):
        runs_in(tmp_path / "empty") if (tmp_path / "empty").mkdir() is None else None
    with pytest.raises(BadFile, match="no such file"):
        runs_in(tmp_path / "nowhere")


def test_a_table_without_names_is_read_as_a_text(tmp_path):
    (tmp_path / "a.csv").write_text("1,2.3071,0.1135\n2,2.3025,0.1028\n3,2.3024,0.0974\n4,2.3026,0.1135\n")
    assert diagnose_path(tmp_path / "a.csv").state == "constant-answer"


@given(st.binary(max_size=200))
def test_any_bytes_are_events_or_refused(content):
    try:
        list(scalars_in(content, "bytes"))
        list(scalars_in(struct.pack("<Q", len(content)) + b"\0" * 4 + content + b"\0" * 4, "bytes"))
    except BadFile:
        pass


def test_rows_of_one_step_are_put_together():
    assert as_text([{"epoch": 0.0, "loss": 1.0}, {"epoch": 0.0, "loss": 2.0}]) == "epoch,loss\n0,1\n0,2\n"
