"""Tables of people's own: what is read, what it is taken for, and what is said of what is wrong with it."""

from __future__ import annotations

import base64
import csv
import gzip
import io
import math
import zlib

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import whynet
from whynet.data import csvs, memory, tables
from whynet.data.columns import Column, Columns, columns_from, fit_columns
from whynet.data.csvs import read_csv
from whynet.data.problem import Classification, MultiLabel, Regression
from whynet.data.table import Cells, Table
from whynet.errors import BadFile, ResourceError, UsageError, WhynetError

ROWS = 60


@pytest.fixture
def people(tmp_path):
    """A table with a column of each kind, and what it should become."""
    rng = np.random.default_rng(5)
    age, well = rng.integers(20, 80, ROWS), rng.random(ROWS) < 0.5
    colour = rng.choice(["red", "green", "blue"], ROWS)
    price = (age * 1.5 + rng.normal(size=ROWS)).round(3)
    lines = ["age,well,colour,price,kind"]
    for a, w, c, p in zip(age, well, colour, price, strict=True):
        lines.append(f"{a},{str(w).lower()},{c},{p},{'old' if a > 50 else 'young'}")
    path = tmp_path / "people.csv"
    path.write_text("\n".join(lines) + "\n")
    features = np.column_stack([age, well, *((colour == one) for one in ("blue", "green", "red"))]).astype(float)
    return path, features, price, np.where(age > 50, 0, 1)


def all_rows(data):
    """The rows of both parts, sorted, as they are put together again."""
    return sorted(map(tuple, np.concatenate([data.inputs, data.test.inputs]).tolist()))


def test_a_table_of_every_kind_of_column(people):
    path, features, price, _ = people
    data = whynet.load(path, target="price")
    assert data.problem == Regression(("price",))
    assert (len(data), len(data.test)) == (48, 12)
    assert data.X.names == ("age", "well", "colour=blue", "colour=green", "colour=red", "kind=old", "kind=young")
    expected = np.column_stack([features, features[:, 0] > 50, features[:, 0] <= 50])
    assert all_rows(data) == sorted(map(tuple, expected.tolist()))
    assert sorted(np.concatenate([data.y, data.test.y])[:, 0]) == sorted(price)
    assert data.source == str(path) and data.name == "people.csv"


def test_rows_and_targets_stay_together(people):
    path, features, price, kinds = people
    by_price = {p: (row, k) for row, p, k in zip(features.tolist(), price, kinds, strict=True)}
    assert len(by_price) == ROWS
    data = whynet.load(path, target="kind")
    assert data.classes == ("old", "young")
    place = data.X.names.index("price")
    for part in (data, data.test):
        for row, label in zip(part.inputs.tolist(), part.labels, strict=True):
            assert by_price[row[place]] == (row[:place] + row[place + 1 :], label)


def test_each_class_gives_a_fifth(people):
    data = whynet.load(people[0], target="kind")
    both = data.counts + data.test.counts
    assert (np.abs(data.test.counts - both / 5) < 1).all()
    again = whynet.load(people[0], target="kind")
    assert again.fingerprint() == data.fingerprint()


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("t.tsv", lambda text: text.replace(",", "\t").encode()),
        ("t.csv", lambda text: text.replace(",", ";").encode()),
        ("t.csv", lambda text: text.replace(",", "\t").encode()),
        ("t.csv.gz", lambda text: gzip.compress(text.encode())),
        ("t.csv", lambda text: b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode()),
        ("T.CSV", lambda text: text.replace("\n", "\n\n").encode()),
    ],
    ids=["tsv", "semicolons", "tabs", "gz", "byte order mark and Windows lines", "blank lines"],
)
def test_other_ways_to_write_the_same_table(people, tmp_path, name, write):
    path = tmp_path / "other" / name
    path.parent.mkdir()
    path.write_bytes(write(people[0].read_text()))
    one, other = whynet.load(people[0], target="price"), whynet.load(path, target="price")
    np.testing.assert_array_equal(one.inputs, other.inputs)
    np.testing.assert_array_equal(one.test.y, other.test.y)


def test_parquet_and_frames_are_the_same_table(people, tmp_path):
    frame = pl.read_csv(people[0])
    frame.write_parquet(tmp_path / "people.parquet")
    one = whynet.load(people[0], target="kind")
    for other in (tmp_path / "people.parquet", frame):
        found = whynet.load(other, target="kind")
        np.testing.assert_array_equal(one.inputs, found.inputs)
        np.testing.assert_array_equal(one.labels, found.labels)
        assert (found.X.names, found.problem) == (one.X.names, one.problem)


def test_frames_of_pandas(people):
    pandas = pytest.importorskip("pandas")
    one, other = whynet.load(people[0], target="kind"), whynet.load(pandas.read_csv(people[0]), target="kind")
    np.testing.assert_array_equal(one.inputs, other.inputs)
    np.testing.assert_array_equal(one.test.labels, other.test.labels)
    frame = pandas.DataFrame(
        {
            "a": pandas.array([1, None, 3, 4], dtype="Int64"),
            "b": pandas.Categorical(["x", "y", None, "x"]),
            "c": pandas.array([True, None, False, True], dtype="boolean"),
            "y": [0.5, 1.5, 2.25, 9],
        }
    )
    data = whynet.load(frame, target="y", missing="median")
    assert set(data.X.names) - {"b=y"} == {"a", "b=x", "c"}  # the one y may be a test row
    with pytest.raises(BadFile, match="row 1, column 'a'"):
        whynet.load(frame, target="y")
    with pytest.raises(BadFile, match="date"):
        whynet.load(frame.assign(when=pandas.to_datetime(["2020-01-01"] * 4)), target="y", missing="median")


def test_a_polars_frame_of_every_type():
    import datetime
    import decimal

    frame = pl.DataFrame(
        {
            "i": pl.Series([1, None, 3, 4], dtype=pl.Int8),
            "f": pl.Series([1.5, math.nan, None, 2.0], dtype=pl.Float32),
            "b": [True, None, False, True],
            "s": ["x", None, "y", "x"],
            "c": pl.Series(["x", "y", None, "x"], dtype=pl.Categorical),
            "d": [decimal.Decimal("1.5"), None, decimal.Decimal(2), decimal.Decimal(3)],
            "y": [1.0, 2.0, 3.0, 4.5],
        }
    )
    data = whynet.load(frame, target="y", missing="median")
    assert {"i", "f", "b", "d"} < set(data.X.names)
    for more in (
        {"when": [datetime.date(2020, 1, 1)] * 4},
        {"when": [datetime.datetime(2020, 1, 1, 12)] * 4},
        {"list": [[1], [2], [3], [4]]},
        {"bytes": [b"1"] * 4},
    ):
        with pytest.raises(BadFile, match=rf"column '{next(iter(more))}'"):
            whynet.load(frame.with_columns(**{key: pl.Series(value) for key, value in more.items()}), target="y",
                        missing="median")  # fmt: skip
    with pytest.raises(UsageError, match="LazyFrame"):
        whynet.load(frame.lazy(), target="y")


def test_no_polars_is_said(people, tmp_path, monkeypatch):
    import builtins

    real = builtins.__import__

    def without(name, *rest):
        if name == "polars":
            raise ImportError(name)
        return real(name, *rest)

    pl.read_csv(people[0]).write_parquet(tmp_path / "p.parquet")
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ResourceError, match="polars"):
        whynet.load(tmp_path / "p.parquet", target="price")
    assert whynet.load(people[0], target="price").features == 7  # CSV needs none


# What is inferred


def inferred(tmp_path, column, problem="auto", header="y"):
    said = []
    path = tmp_path / "t.csv"
    rows = [f"{row % 7},{cell}" for row, cell in enumerate(column)]
    path.write_text("\n".join([f"x,{header}", *rows]))
    data = whynet.load(path, target=header, problem=problem, say=said.append)
    return data, " ".join(said)


@pytest.mark.parametrize(
    ("column", "problem"),
    [
        (["b", "a"] * 10, Classification(("a", "b"))),
        (["true", "False"] * 10, Classification(("False", "true"))),
        ([0, 1] * 5, Classification(("0", "1"))),
        ([2, 10, 1] * 10, Classification(("1", "2", "10"))),
        ([2, 10, 1] * 5, Regression(("y",))),
        ([0.5, 1.5] * 20, Regression(("y",))),
        (list(range(21)) * 20, Regression(("y",))),
        (list(range(20)) * 10, Classification(tuple(map(str, range(20))))),
        ([-1, 1] * 10, Classification(("-1", "1"))),
    ],
    ids=str,
)
def test_the_problem_is_inferred_and_said(tmp_path, column, problem):
    data, said = inferred(tmp_path, column)
    assert data.problem == problem
    assert f"Target 'y': {len(set(column))} different" in said
    assert ("a regression" in said) == (problem.kind == "regression")


@pytest.mark.parametrize(
    ("column", "wanted", "problem"),
    [
        ([0, 1] * 10, "regression", Regression(("y",))),
        ([0, 1] * 10, "labels", MultiLabel(("y",))),
        ([1.5, 2, 7, 2] * 3, "classification", Classification(("1.5", "2", "7"))),
        (["true", "false"] * 10, "regression", Regression(("y",))),
        (["1", "2", "x", "2"] * 3, "classification", Classification(("1", "2", "x"))),
    ],
)
def test_the_problem_can_be_said_otherwise(tmp_path, column, wanted, problem):
    data, _ = inferred(tmp_path, column, wanted)
    assert data.problem == problem
    spelt = [f"{v:g}" if isinstance(v, float | int) else v for v in column]
    if problem.kind == "classification":
        y = np.concatenate([data.labels, data.test.labels])
        assert sorted(problem.classes[label] for label in y) == sorted(spelt)


def test_several_targets(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text(
        "x,a,b,c,d\n" + "\n".join(f"{i},{i % 2},{i % 3 == 0:d},{i * 0.5},{i % 2 == 0:d}" for i in range(30))
    )
    said = []
    data = whynet.load(path, target="a,b", say=said.append)
    assert data.problem == MultiLabel(("a", "b")) and data.y.shape == (24, 2)
    assert whynet.load(path, target="a, c").problem == Regression(("a", "c"))
    one_hot = whynet.load(path, target="d,a", say=said.append)
    assert one_hot.problem.kind == "labels" and any("--problem classification" in one for one in said)
    assert whynet.load(path, target="d,a", problem="classification").classes == ("d", "a")
    with pytest.raises(BadFile, match="not of exactly one class"):
        whynet.load(path, target="a,b", problem="classification")
    with pytest.raises(BadFile, match="row 3, column 'c'"):
        whynet.load(path, target="a,c", problem="labels")
    path.write_text('x,"a,b"\n' + "1,2\n2,4.5\n3,1\n")
    assert whynet.load(path, target="a,b").problem == Regression(("a,b",))


def test_a_class_with_a_single_row_is_said_and_does_no_harm(tmp_path):
    data, said = inferred(tmp_path, ["a", "b"] * 10 + ["c"])
    assert "a single row each of c" in said
    assert len(data.classes) == 3 and len(data) + len(data.test) == 21
    for size in (2, 3, 4):
        data, _ = inferred(tmp_path, ["a", "b", "a", "b"][:size])
        assert len(data.test) == 1


def test_a_column_that_counts_the_rows_is_said(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("id,x,y\n" + "".join(f"{i},{i % 5},{i * 1.5}\n" for i in range(30)))
    said = []
    assert whynet.load(path, target="y", say=said.append).features == 2
    assert any("'id' counts the rows" in one for one in said) and not any("'x'" in one for one in said)


# The encoding


def test_what_is_fitted_is_fitted_on_the_rows_to_train_on(tmp_path):
    path = tmp_path / "t.csv"
    rng = np.random.default_rng(1)
    cells = [
        ("" if i % 7 == 0 else f"{rng.normal():.3f}", rng.choice(["a", "b", "b", ""]), i * 1.25) for i in range(50)
    ]
    path.write_text("x,w,y\n" + "".join(f"{x},{w},{y}\n" for x, w, y in cells))
    data = whynet.load(path, target="y", missing="median")
    table = read_csv(path)
    train = [i for i in range(50) if cells[i][2] in data.y[:, 0]]
    known = sorted(float(cells[i][0]) for i in train if cells[i][0])
    half = len(known) // 2
    median = known[half] if len(known) % 2 else (known[half - 1] + known[half]) / 2
    encoding = data.X.encoding
    assert encoding.columns[0].fill == median and encoding.columns[1].fill == "b"
    filled = [i for i in train if not cells[i][0]]
    assert filled and all(data.inputs[train.index(i), 0] == median for i in filled)
    np.testing.assert_array_equal(encoding.transform(table)[train], data.inputs)


def test_a_word_that_was_never_trained_on_is_all_zeros_and_said(tmp_path):
    said = []
    table = Table((Cells.of("colour", ["red", "blue", "red", "blue"]),), range(2, 6), "t.csv")
    encoding = fit_columns(table)
    new = Table((Cells.of("colour", ["blue", "pink", "red"]),), range(2, 5), "new.csv")
    assert encoding.transform(new, said.append).tolist() == [[1, 0], [0, 0], [0, 1]]
    assert "'pink'" in said[0] and "1 row " in said[0]
    numbers = Table((Cells("colour", np.array([7.0])),), range(2, 3), "new.csv")
    assert encoding.transform(numbers).tolist() == [[0, 0]]


def test_an_encoding_asks_for_its_columns_by_name(people):
    encoding = whynet.load(people[0], target="price").X.encoding
    table = read_csv(people[0])
    np.testing.assert_array_equal(
        encoding.transform(Table(table.columns[::-1], table.lines, table.where)), encoding.transform(table)
    )
    with pytest.raises(BadFile, match="no column 'colour'"):
        encoding.transform(table.without(["colour"]))
    assert encoding.targets == ("price",)


@pytest.mark.parametrize(
    "about",
    [
        None, {}, {"columns": []}, {"columns": "age"}, {"columns": [{"name": 1, "kind": "number"}]},
        {"columns": [{"name": "a", "kind": "picture"}]}, {"columns": [{"name": "a", "kind": "words"}]},
        {"columns": [{"name": "a", "kind": "words", "words": ["b", "a"]}]},
        {"columns": [{"name": "a", "kind": "words", "words": ["a"], "fill": "z"}]},
        {"columns": [{"name": "a", "kind": "words", "words": [1]}]},
        {"columns": [{"name": "a", "kind": "number", "fill": math.inf}]},
        {"columns": [{"name": "a", "kind": "number", "fill": "x"}]},
        {"columns": [{"name": "a", "kind": "number", "words": ["a"]}]},
        {"columns": [{"name": "a", "kind": "number"}] * 2}, {"columns": [["a"]]},
        {"columns": [{"name": "a", "kind": "number"}], "targets": [1]},
    ],
    ids=str,
)  # fmt: skip
def test_an_encoding_from_a_file_is_not_trusted(about):
    with pytest.raises(ValueError):
        columns_from(about)


def test_an_encoding_is_plain_values():
    made = Columns((Column("a", "number", 1.5), Column("b", "flag"), Column("c", "words", "x", ("x", "y"))), ("t",))
    assert columns_from(made.as_dict()) == made


# What is refused


def refused(tmp_path, content, kind=BadFile, name="t.csv", **options):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(kind) as caught:
        whynet.load(path, **{"target": "y", **options})
    assert name in str(caught.value)
    return caught.value


GOOD = "".join(f"{i},{i * 1.5}\n" for i in range(1, 21))


@pytest.mark.parametrize(
    ("content", "message", "where"),
    [
        ("age,y\n" + GOOD + "old,3\n", "a text stands in a column of numbers", "row 22, column 'age'"),
        ("age,y\n" + GOOD + "NaN,3\n", "a cell is missing", "row 22, column 'age'"),
        ("age,y\n" + GOOD + ",3\n", "a cell is missing", "row 22, column 'age'"),
        ("age,y\n" + GOOD + "3,null\n", "a cell is missing", "row 22, column 'y'"),
        ("age,y\n" + GOOD + "3,much\n", "a text stands in a column of numbers", "row 22, column 'y'"),
        ("age,y\n" + GOOD + "inf,3\n", "a number is infinite", "row 22, column 'age'"),
        ("age,y\n" + GOOD + "3,1e999\n", "a number is infinite", "row 22, column 'y'"),
        ("age,y\n" + GOOD + "3\n", "a row is too short", "row 22"),
        ("age,y\n" + GOOD + "3,4,5\n", "a row is too long", "row 22"),
        ("age,y\n" + GOOD + '"3,4\n', "cannot be taken apart", "row 22"),
        ("age,y\n" + GOOD + '"3"4,5\n', "cannot be taken apart", "row 22"),
        ("", "this table is empty", "t.csv"),
        ("\n\n", "this table is empty", "t.csv"),
        ("age,y\n", "there is no row", "t.csv"),
        ("age,y,age\n1,2,3\n", "two columns have the same name", "t.csv"),
        ("age,,y\n1,2,3\n", "a column has no name", "t.csv"),
        ("age,y\n" + "1,red\n" * 20, "the target is the same in every row", "column 'y'"),
        ("age,y\n" + "1,5\n" * 20, "the target is the same in every row", "column 'y'"),
        ("y\n1\n2.5\n", "no column is left", "t.csv"),
        ("age,y\n1,2\n", "the same in every row", "t.csv"),
        ("born,y\n" + "".join(f"2001-05-{i:02},{i * 1.5}\n" for i in range(1, 21)), "a date is no number", "'born'"),
        ("name,y\n" + "".join(f"person {i},{i * 1.5}\n" for i in range(40)), "nearly all different", "'name'"),
        ("age,y\n" + "".join(f"{i % 3},note {i}\n" for i in range(40)), "neither a class nor a number", "'y'"),
        ("a,b,y\n" + "1,,3\n2,,4\n", "this column is empty", "'b'"),
        (b"age,y\n1,2\n\xff\xfe,3\n", "not UTF-8", "t.csv"),
        (b"\x89PNG\r\n\x1a\n\0\0\0", "this is no table", "t.csv"),
        (bytes(range(256)) * 9, "this is no text", "t.csv"),
        (b"<html>\0</html>", "this is no table", "t.csv"),
    ],
    ids=lambda value: value[:24] if isinstance(value, str) else None,
)  # fmt: skip
def test_a_bad_table_is_refused_with_its_place(tmp_path, content, message, where):
    error = refused(tmp_path, content)
    assert message in error.message and where in error.where and error.exit_code == 3


def test_what_to_do_is_said(tmp_path):
    assert "unit" in refused(tmp_path, "age,y\n" + GOOD + "3 kg,4\n").do
    assert "point" in refused(tmp_path, "age;y\n" + GOOD.replace(",", ";") + "1,5;4\n").do
    assert "Remove the column" in refused(tmp_path, "a,y\n" + "12.05.2001,1\n13.05.2001,3\n").do
    assert refused(tmp_path, b"age,y\n1,2\n\xff\xfe,3\n").found == "ff fe 2c 33 in row 3"


@pytest.mark.parametrize(
    "date",
    ["2001-05-01", "2001/5/1", "01.05.2001", "5/1/01", "2001-05-01T10:30:00", "2001-05-01 10:30", "10:30", "1 May 2001",
     "May 1, 2001", "1. Dec 2001"],
)  # fmt: skip
def test_dates_are_known(tmp_path, date):
    assert "date" in refused(tmp_path, f'when,y\n"{date}",1\n"{date}",2.5\n"{date}",3\n').message


def test_a_target_is_asked_for_and_misspelt(tmp_path):
    error = refused(tmp_path, "price,size\n1,2\n3,4.5\n", UsageError, target=None)
    assert "which column" in error.message and "price, size" in error.do and error.exit_code == 2
    error = refused(tmp_path, "price,size\n1,2\n3,4.5\n", target="prize")
    assert "Did you mean 'price'?" in error.do and error.exit_code == 3
    for wrong in ({"missing": "zero"}, {"problem": "guess"}):
        with pytest.raises(UsageError, match=next(iter(wrong.values()))):
            whynet.load(tmp_path / "t.csv", target="price", **wrong)


def test_missing_targets_are_refused_whatever_fills_cells(tmp_path):
    error = refused(tmp_path, "x,y\n1,2\n2,\n3,4.5\n", missing="median")
    assert "row 3, column 'y'" in error.where and "Remove" in error.do


def test_files_that_are_none(tmp_path):
    (tmp_path / "x.csv").mkdir()
    with pytest.raises(BadFile, match="folder"):
        whynet.load(tmp_path / "x.csv", target="y")
    with pytest.raises(UsageError, match="no such file"):
        whynet.load(tmp_path / "nothing.csv", target="y")
    (tmp_path / "x.txt").write_text("a")
    with pytest.raises(UsageError, match="not read from such a file"):
        whynet.load(tmp_path / "x.txt")
    refused(tmp_path, b"\x1f\x8b\x08garbage", name="t.csv.gz")
    refused(tmp_path, b"no gzip", name="t.csv.gz")
    refused(tmp_path, gzip.compress(b"a,y\n1,2\n" * 100)[:-9], name="t.csv.gz")


def test_a_table_larger_than_the_memory_is_refused_with_its_size(people, tmp_path, monkeypatch):
    monkeypatch.setattr(memory, "available", lambda: 1000)
    with pytest.raises(ResourceError, match=r"about .* kB"):
        whynet.load(people[0], target="price")
    packed = tmp_path / "p.csv.gz"
    packed.write_bytes(gzip.compress(people[0].read_bytes()))
    with pytest.raises(ResourceError, match="too large"):
        whynet.load(packed, target="price")
    pl.read_csv(people[0]).write_parquet(tmp_path / "p.parquet")
    with pytest.raises(ResourceError, match="too large"):
        whynet.load(tmp_path / "p.parquet", target="price")


def test_a_column_whose_texts_come_late_keeps_what_was_written(tmp_path, monkeypatch):
    monkeypatch.setattr(csvs, "PIECE", 3)
    path = tmp_path / "t.csv"
    path.write_text("size,y\n" + "007,1\n" * 4 + "xl,2.5\nm,3\ns,3\nxs,3\n")
    assert read_csv(path)["size"].texts == ["007"] * 4 + ["xl", "m", "s", "xs"]
    assert read_csv(path, {"y"})["y"].texts[4] == "2.5"


# A Parquet file that lies


def varint(value):
    value, out = value << 1, b""
    while value > 127:
        out, value = out + bytes([value & 127 | 128]), value >> 7
    return out + bytes([value])


def lying(tmp_path, everywhere):
    """A Parquet file of three rows whose footer claims two billion."""
    path = tmp_path / "t.parquet"
    pl.DataFrame({"x": [1.0, 2.0, 3.0], "y": [1.0, 2.0, 4.5]}).write_parquet(path, compression="uncompressed")
    raw = path.read_bytes()
    length = int.from_bytes(raw[-8:-4], "little")
    body, footer = raw[: -8 - length], raw[-8 - length : -8]
    assert b"\x16\x06" in footer
    footer = footer.replace(b"\x16\x06", b"\x16" + varint(2_000_000_000), -1 if everywhere else 1)
    path.write_bytes(body + footer + len(footer).to_bytes(4, "little") + b"PAR1")
    return path


@pytest.mark.parametrize("everywhere", [False, True])
def test_a_parquet_header_that_claims_too_much(tmp_path, everywhere, monkeypatch):
    path = lying(tmp_path, everywhere)
    monkeypatch.setattr(pl, "read_parquet", lambda *_, **__: pytest.fail("nothing is read"))
    with pytest.raises(BadFile, match="claims more than the file can hold") as caught:
        whynet.load(path, target="y")
    assert "32.0 GB" in caught.value.found


@pytest.mark.parametrize(
    "content", [b"", b"PAR1", b"garbage" * 99, b"PAR1" + bytes(99) + b"PAR1"], ids=["empty", "short", "text", "zeros"]
)
def test_no_parquet_file(tmp_path, content):
    assert "no sound Parquet" in refused(tmp_path, content, name="t.parquet").message


ABSURD = (  # two rows; one byte of a page's header is changed, and polars asks for 2^61 bytes of memory
    b"c-nPR%}T>S5T3+PO6j2oXK5gZTpAREwyUMB2)fm(MO)J%6_3$0RZt_18ug-QAHtKb;d}TPo;^8}7QN`O%r`&ZelxJ^seT0kU36W1q9B7A0384f4O07DpCD{t"
    b"&MZO3ENb@%!Vq22b+Uj4<}kO9IueDi_#{%mf=i9UuiA_TGnhB4kSUNrk_rsOz<JZ0XAMkCWU(uVN70*xl0($ZwOwNzMK@>w=1MvZ2Fx=iCD^x!A`H_qU1"
    b"wnZxte&<aTc5}&H8_`c-2t=%@l@{C79(Eih0%V9~`a5r)R@Uzxbgou~j2Q)?!z`qx`-%&C}AJQnA`hv8NV1>L&@;+e(e5yf$N6Y_jVd5~+UrBRb(Vx7F"
    b"0VNA9;+kB{1A>Q>CFbhy8nvW`>V>!hNs5lJ!jCd0O-QVYCq(pJrp+WFNRDJXWm=)xbz_T2Tu%~^CcZ{H2a@p*J*%f-rK*`7POJ--O-TG%MdlVCXv16d2h"
    b"x(q5SvR3!Y4PQ2@VJO3zKMWdj-gN0%_+{SdD|qy^z5(m@cx3"
)


def test_pages_that_claim_absurd_sizes_do_not_take_whynet_down(tmp_path):
    refused(tmp_path, zlib.decompress(base64.b85decode(ABSURD)), name="t.parquet", target="x")


@given(st.integers(0, 500), st.integers(0, 255))
@settings(max_examples=15, deadline=None)
def test_a_damaged_parquet_file_gives_an_error_or_a_table(tmp_path_factory, place, byte):
    path = tmp_path_factory.mktemp("p") / "t.parquet"
    pl.DataFrame({"x": [1.0, 2.0, 3.0], "y": ["a", "b", "a"]}).write_parquet(path)
    raw = bytearray(path.read_bytes())
    raw[place % len(raw)] = byte
    path.write_bytes(raw)
    try:
        whynet.load(path, target="y")
    except WhynetError as error:
        assert error.exit_code in (3, 5)


# Whatever people write


CELLS = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False, width=64),
    st.integers(-(10**9), 10**9),
    st.sampled_from(["", "NA"]),
)


@given(st.integers(1, 4).flatmap(lambda k: st.lists(st.tuples(*[CELLS] * k), min_size=1, max_size=12)))
@settings(max_examples=60, deadline=None)
def test_numbers_come_back_as_they_were_written(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("t") / "t.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([f"column {place}" for place in range(len(rows[0]))])
        writer.writerows(rows)
    table = read_csv(path)
    for place, cells in enumerate(table.columns):
        expected = [math.nan if row[place] in ("", "NA") else float(row[place]) for row in rows]
        np.testing.assert_array_equal(cells.numbers, expected)


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0\r\ud800"), max_size=8)


@given(st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=10))
@settings(max_examples=60, deadline=None)
def test_texts_come_back_as_they_were_written(tmp_path_factory, rows):
    buffer = io.StringIO(newline="")
    csv.writer(buffer).writerows([("a", "b"), *rows])
    path = tmp_path_factory.mktemp("t") / "t.csv"
    path.write_bytes(buffer.getvalue().encode())
    table = read_csv(path, {"a", "b"})
    for place, cells in enumerate(table.columns):
        missing = {"", "na", "n/a", "nan", "null", "none", "?"}
        expected = [None if row[place].strip().lower() in missing else row[place].strip() for row in rows]
        assert cells.texts == expected


@given(st.binary(max_size=200), st.sampled_from(["t.csv", "t.tsv", "t.csv.gz", "t.parquet"]))
@settings(max_examples=150, deadline=None)
def test_random_bytes_never_give_anything_but_a_sentence(tmp_path_factory, content, name):
    path = tmp_path_factory.mktemp("r") / name
    path.write_bytes(content)
    for target in ("a", None):
        with pytest.raises(WhynetError):
            whynet.load(path, target=target)


@given(st.text(st.sampled_from('ab,;\t\n\r" 01.-éNA?'), max_size=80))
@settings(max_examples=150, deadline=None)
def test_whatever_looks_like_a_table_gives_one_or_a_sentence(tmp_path_factory, text):
    path = tmp_path_factory.mktemp("r") / "t.csv"
    path.write_text("a,b\n" + text, "utf-8", newline="")
    for missing in ("refuse", "median"):
        try:
            data = whynet.load(path, target="b", missing=missing)
        except WhynetError:
            continue
        assert np.isfinite(data.inputs).all() and data.test is not None


def test_what_is_described(people, tmp_path):
    found = tables.described(people[0])
    assert found["rows"] == ROWS
    assert [one["kind"] for one in found["columns"]] == ["number", "flag", "words", "number", "words"]
    path = tmp_path / "t.csv"
    path.write_text("when,x,e\n" + "2001-01-01,?,\n2001-01-02,4,\n")
    columns = {one["name"]: one for one in tables.described(path)["columns"]}
    assert columns["when"]["kind"] is None and columns["when"]["note"] == "a date is no number"
    assert columns["x"]["missing"] == 1 and columns["e"]["kind"] == "empty"
