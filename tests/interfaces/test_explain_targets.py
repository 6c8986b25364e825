"""`whynet explain --targets`: files as people have them, and what is wrong with some."""

from __future__ import annotations

import json

import numpy as np
import pytest
from click.testing import CliRunner

from whynet.errors import WhynetError
from whynet.interfaces.cli import cli

Y = np.array([210.5, 300.0, 150.25, 420.0])


def run(*arguments):
    done = CliRunner().invoke(cli, ["explain", *map(str, arguments), "--json"])
    if isinstance(done.exception, WhynetError):
        return done.exception.exit_code, str(done.exception)
    return done.exit_code, json.loads(done.stdout)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.savetxt("lines.txt", Y)
    rows = "\n".join(f"{rooms},{price}" for rooms, price in zip((3, 4, 2, 5), Y, strict=True))
    (tmp_path / "houses.csv").write_text(f"rooms,price\n{rows}\n")
    (tmp_path / "semi.csv").write_text(f"\ufeffrooms;price\n{rows.replace(',', ';')}\n")
    (tmp_path / "named.csv").write_text("price\n" + "\n".join(map(str, Y)) + "\n\n")
    np.save("y.npy", Y)
    np.save("column.npy", Y[:, np.newaxis].astype(np.float32))
    return tmp_path


@pytest.mark.parametrize(
    "file",
    [("lines.txt",), ("houses.csv", "--target", "price"), ("semi.csv", "--target", "price"), ("named.csv",), ("y.npy",),
     ("column.npy",), ("named.csv", "--target", "price")],
    ids=" ".join,
)  # fmt: skip
def test_the_targets_are_read_from_any_of_them(folder, file):
    code, found = run(f"{Y.var():.6g}", "--targets", *file)
    assert code == 0
    first = found["readings"][0]
    assert (first["cost"], first["averaging"]) == ("quadratic", "mean over rows (MSE)")
    assert first["exact"] == pytest.approx(Y.var(), rel=1e-6)
    assert found["targets"]["rows"] == 4
    assert found["targets"]["outputs"][0]["sd"] == pytest.approx(Y.std(), rel=1e-6)


def test_what_is_no_plateau_is_shown_beside_those_that_are(folder):
    done = CliRunner().invoke(cli, ["explain", "1.7", "--targets", "lines.txt"])
    assert done.exit_code == 0
    assert "no plateau of these targets" in done.stdout
    assert f"{Y.var():.6g}" in done.stdout and f"{Y.std():.6g}" in done.stdout


@pytest.mark.parametrize(
    ("content", "arguments", "code", "says"),
    [
        ("a,b\n1,2\n", (), 2, "which column"),
        ("a,b\n1,2\n", ("--target", "c"), 2, "no column 'c'"),
        ("1\n2\n", ("--target", "c"), 2, "no names"),
        ("a,b\n1,2\n3\n", ("--target", "b"), 3, "line 3"),
        ("1\nx\n", (), 3, "line 2"),
        ("1\nnan\n", (), 3, "line 2"),
        ("price\n", (), 3, "no target"),
        ("", (), 3, "no target"),
        (b"\xff\xfe\x00", (), 3, "no text"),
        ("1\n2\n", ("--classes", "3"), 2, "tell"),
    ],
)
def test_bad_files_are_sentences(tmp_path, content, arguments, code, says):
    path = tmp_path / "y.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    found = run("0.25", "--targets", path, *arguments)
    assert found[0] == code
    assert says in found[1]


def test_bad_arrays_are_sentences(tmp_path):
    np.save(tmp_path / "nan.npy", np.array([1.0, np.nan]))
    np.save(tmp_path / "cube.npy", np.zeros((2, 2, 2)))
    np.save(tmp_path / "text.npy", np.array(["a"]))
    np.save(tmp_path / "pickled.npy", np.array([{}], dtype=object))
    whole = (tmp_path / "cube.npy").read_bytes()
    (tmp_path / "short.npy").write_bytes(whole[:-30])
    (tmp_path / "lying.npy").write_bytes(whole.replace(b"(2, 2, 2)", b"(9999999,)"))
    (tmp_path / "none.npy").write_bytes(b"")
    for name in ("nan", "cube", "text", "pickled", "short", "lying", "none", "absent"):
        assert run("0.25", "--targets", tmp_path / f"{name}.npy")[0] == 3, name
    assert run("0.25", "--targets", tmp_path / "nan.npy", "--target", "a")[0] == 2
    assert run("0.25", "--target", "a")[0] == 2
