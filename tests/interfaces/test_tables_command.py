"""Tables, arrays and pictures of one's own on the command line: `train`, `data`, `predict`, and what they refuse."""

from __future__ import annotations

import io
import json
import sys
import tomllib
import zipfile
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image

from whynet.data import idx, sources
from whynet.data.dataset import Dataset
from whynet.interfaces import cli
from whynet.network.network import Network
from whynet.training.recipe import Recipe
from whynet.training.run import Run

ROWS = 60


@pytest.fixture
def whynet(capsys, monkeypatch, tmp_path):
    """Runs a command in a folder of its own; gives exit code, stdout and stderr."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["whynet", *map(str, arguments)])
        with pytest.raises(SystemExit) as stopped:
            cli.main()
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return stopped.value.code, out, err

    return run


@pytest.fixture
def fruit(tmp_path):
    """A table: the weight and the colour of fruit, what it costs, and what it is."""
    rng = np.random.default_rng(3)
    lemon = rng.random(ROWS) < 0.4
    weight = (np.where(lemon, 110, 160) + rng.normal(scale=8, size=ROWS)).round(1)
    colour = np.where(lemon, "yellow", rng.choice(["red", "green"], ROWS))
    price = (weight * 0.01 + lemon).round(3)
    lines = ["weight,colour,price,kind"]
    lines += [
        f"{w},{c},{p},{'lemon' if k else 'apple'}" for w, c, p, k in zip(weight, colour, price, lemon, strict=True)
    ]
    path = tmp_path / "fruit.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def trained(path, out, **recipe):
    """A run on a table, without its report."""
    recipe = Recipe(data=str(path), epochs=30, learning_rate=0.5, **recipe)
    run = Run.create(recipe, sources.load_for(recipe), Path(out))
    run.train()
    return run


def test_train_takes_a_file_in_place_of_a_recipe(whynet, fruit):
    _, _, err = whynet("train", "fruit.csv", "--target", "kind", "--epochs", 1, "--out", "r")
    assert "Recipe: table with --data, --target, --epochs" in err
    assert "Target 'kind': 2 different texts: classes." in err
    assert "12 of 60, is held back" in err
    made = tomllib.loads(Path("r/recipe.toml").read_text())
    assert made["data"] == str(fruit.resolve()) and made["target"] == "kind" and made["problem"] == "classification"
    assert made["sizes"] == [5, 100, 2]


def test_the_base_of_a_table_is_its_own_recipe_and_the_cost_follows_from_the_problem(whynet, fruit):
    _, _, err = whynet("train", "fruit.csv", "--target", "price", "--out", "a")
    assert "Recipe: table with --data, --target\n" in err
    _, _, err = whynet("train", "--data", "fruit.csv", "--target", "price", "--momentum", 0.5, "--out", "b")
    assert "Recipe: plain with" in err
    made = [tomllib.loads(Path(name, "recipe.toml").read_text()) for name in "ab"]
    assert [one["cost"] for one in made] == ["quadratic"] * 2 and made[0]["activation"] == "relu"
    _, _, err = whynet("train", "--data", "iris", "--out", "c")
    assert "Recipe: table with --data\n" in err


def test_another_file_is_tested_on_in_the_columns_of_the_first(whynet, fruit, tmp_path):
    run = trained(fruit, tmp_path / "r", target="kind")
    rows = [line.split(",") for line in fruit.read_text().splitlines()]
    kept = [rows[0], *(row for row in rows[1:] if row[1] != "green")]
    (tmp_path / "other.csv").write_text("".join(",".join(row[::-1]) + "\n" for row in kept))
    code, out, _ = whynet("evaluate", "r", "--data", "other.csv", "--json")
    values = json.loads(out)
    assert code == 0 and values["test_total"] == len(kept) - 1
    data = run.data
    both = [(row, label) for part in (data, data.test) for row, label in zip(part.inputs, part.labels, strict=True)]
    red_or_yellow = [(row, label) for row, label in both if not row[data.X.names.index("colour=green")]]
    answers = run.network.predict(np.array([row for row, _ in red_or_yellow]))
    assert values["test_correct"] == sum(answers == [label for _, label in red_or_yellow])
    (tmp_path / "other.csv").write_text("weight,colour,price,kind\n1,red,2,pear\n")
    code, _, err = whynet("evaluate", "r", "--data", "other.csv")
    assert code == 3 and "row 2, column 'kind'" in err and "'pear'" in err


def test_what_names_a_recipe_stays_one_and_data_are_given_once(whynet, fruit):
    code, _, err = whynet("train", "fruit.csv", "--data", "digits", "--target", "kind")
    assert code == 2 and "given twice" in err
    code, _, err = whynet("train", "nothing.csv", "--target", "kind")
    assert code == 2 and "no such file" in err
    code, _, err = whynet("train", "fruit.toml")
    assert code == 3 and "recipe cannot be read" in err
    code, _, err = whynet("train", "fruit.csv")
    assert code == 2 and "which column is to be predicted" in err and "weight, colour, price, kind" in err


def test_a_run_on_a_table_opens_again_and_knows_its_rows(fruit, tmp_path):
    run = trained(fruit, tmp_path / "r", target="kind")
    again = Run.open(tmp_path / "r")
    assert again.data.fingerprint() == run.data.fingerprint() and again.finished
    np.testing.assert_array_equal(again.network.params.vector, run.network.params.vector)
    fruit.write_text(fruit.read_text().replace("yellow", "orange"))
    with pytest.raises(Exception, match="not those that this run was started with"):
        Run.open(tmp_path / "r")


def test_data_that_were_loaded_in_other_words_are_written_into_the_recipe(fruit, tmp_path):
    fruit.write_text(fruit.read_text() + ",red,1.5,apple\n")
    data = sources.load(fruit, target="kind", missing="median")
    run = Run.create(Recipe(epochs=1), data, tmp_path / "r")
    assert (run.recipe.target, run.recipe.problem, run.recipe.missing) == ("kind", "classification", "median")
    assert Run.open(tmp_path / "r").data.fingerprint() == data.fingerprint()


def test_predict_answers_each_row_of_a_file(whynet, fruit, tmp_path):
    run = trained(fruit, tmp_path / "r", target="kind", missing="median")
    (tmp_path / "new.csv").write_text("kind,colour,price,weight\n?,yellow,2.1,111\n?,green,1.6,\n")
    code, out, err = whynet("predict", "r", "new.csv")
    assert code == 0
    assert [line.split(" (")[0] for line in out.splitlines()] == ["row 2: lemon", "row 3: apple"]
    code, out, _ = whynet("predict", "r/model.safetensors", "new.csv", "--json")
    values = json.loads(out)
    assert values["names"] == ["apple", "lemon"]
    assert [row["answer"] for row in values["rows"]] == ["lemon", "apple"] and values["rows"][0]["row"] == 2
    assert sum(values["rows"][0]["probabilities"]) == pytest.approx(1)
    (tmp_path / "unseen.csv").write_text("colour,price,weight\npink,2.1,111\n")
    _, out, err = whynet("predict", "r", "unseen.csv", "new.csv")
    assert "'pink'" in err and "unseen.csv, row 2" in out
    assert run.network.encoding == Network.load(tmp_path / "r" / "model.safetensors").encoding


def test_what_predict_refuses(whynet, fruit, tmp_path):
    trained(fruit, tmp_path / "r", target="kind")
    for content, says in (
        ("weight,price\n1,2\n", "no column 'colour'"),
        ("weight,price,colour\n,2,red\n", "row 2, column 'weight'"),
        ("weight,price,colour\n1,2,red\nheavy,2,red\n", "row 3, column 'weight'"),
        ("weight,price,colour\n", "no row"),
    ):
        (tmp_path / "new.csv").write_text(content)
        code, _, err = whynet("predict", "r", "new.csv")
        assert code == 3 and says in err and "new.csv" in err
    assert whynet("predict", "r", "nothing.csv")[0] == 3
    code, _, err = whynet("predict", "r", "fruit.csv", "--show")
    assert code == 2 and "--show" in err


def test_predict_gives_numbers_and_labels(whynet, fruit, tmp_path):
    trained(fruit, tmp_path / "one", target="price", cost="auto", target_scaling="standard")
    _, out, _ = whynet("predict", "one", "fruit.csv")
    name, number = out.splitlines()[0].removeprefix("row 2: ").split(" ")
    assert name == "price" and 0.5 < float(number) < 3
    trained(fruit, tmp_path / "two", target="price,weight", cost="auto", target_scaling="standard")
    rows = json.loads(whynet("predict", "two", "fruit.csv", "--json")[1])["rows"]
    assert rows[0]["answer"].keys() == {"price", "weight"} and len(rows) == ROWS
    (tmp_path / "tags.csv").write_text("x,a,b\n" + "".join(f"{i % 9},{i % 2},{i % 9 > 4:d}\n" for i in range(60)))
    trained(tmp_path / "tags.csv", tmp_path / "three", target="a,b", cost="auto")
    values = json.loads(whynet("predict", "three", "tags.csv", "--json")[1])
    for row in values["rows"]:
        assert row["answer"] == [n for n, p in zip("ab", row["probabilities"], strict=True) if p > 0.5]
    assert whynet("predict", "three", "tags.csv")[1].startswith("row 2: ")


def test_a_model_of_a_table_that_does_not_fit_itself_is_refused(whynet, fruit, tmp_path):
    run = trained(fruit, tmp_path / "r", target="kind")
    encoding = run.network.encoding
    run.network.encoding = type(encoding)(encoding.columns[:1], encoding.targets)
    run.network.save(tmp_path / "bad.safetensors")
    code, _, err = whynet("predict", "bad.safetensors", "fruit.csv")
    assert code == 3 and "do not fit 5 inputs" in err


def test_data_shows_a_table(whynet, fruit):
    code, out, err = whynet("data", "fruit.csv")
    assert code == 0 and "60 rows of 4 columns" in out and "first rows" in out
    assert "--target NAME" in err
    code, out, err = whynet("data", "fruit.csv", "--target", "kind")
    assert "48 rows to train on and 12 to test on, 5 features" in out and "lemon" in out
    assert err.splitlines()[-1].startswith("Next: whynet train --data fruit.csv --target kind")
    code, out, _ = whynet("data", "fruit.csv", "--target", "price", "--json")
    values = json.loads(out)
    assert values["sets"][0]["targets"][0]["name"] == "price" and values["table"]["rows"] == ROWS
    assert "setosa" in whynet("data", "iris")[1]
    assert "diabetes" in whynet("data")[1]


def test_data_shows_what_is_wrong_with_a_column(whynet, tmp_path):
    (tmp_path / "t.csv").write_text("when,x\n2001-01-01,1\n2001-01-02,\n")
    _, out, _ = whynet("data", "t.csv")
    assert "a date is no number" in out


def test_pictures_and_arrays_are_described_as_images_are(whynet, tmp_path):
    for name in ("cat", "dog"):
        (tmp_path / "pets" / name).mkdir(parents=True)
        for one in range(5):
            Image.new("L", (6, 4), one * 40).save(tmp_path / "pets" / name / f"{one}.png")
    assert "8 training and 2 test images of 4 x 6 pixels" in whynet("data", "pets")[1]
    np.savez(tmp_path / "t.npz", X=np.zeros((20, 3, 3), np.uint8), y=np.arange(20) % 2)
    assert "16 training and 4 test images of 3 x 3 pixels" in whynet("data", "t.npz")[1]
    whynet("train", "pets", "--epochs", 1, "--hidden", 3, "--out", "r")
    assert tomllib.loads(Path("r/recipe.toml").read_text())["data"] == str((tmp_path / "pets").resolve())


# Whatever is wrong: exit code 3, with the file, the place and what to do


def npz(shape):
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"descr": "<f8", "fortran_order": False, "shape": shape})
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("X.npy", stream.getvalue())
        archive.writestr("y.npy", stream.getvalue())
    return made.getvalue()


def pickled():
    made = io.BytesIO()
    np.savez(made, X=np.array([[object()]]), y=np.ones(1))
    return made.getvalue()


GOOD = "".join(f"{i},{i * 1.5}\n" for i in range(1, 16))
BAD = {
    "a text in a number column": ("t.csv", "age,y\n" + GOOD + "old,2\n", ["row 17", "'age'", "'old'"]),
    "a target that is not there": ("t.csv", "age,z\n" + GOOD, ["'y'", "age"]),
    "one class only": ("t.csv", "age,y\n1,a\n2,a\n3,a\n", ["'y'", "same in every row"]),
    "NaN in row 17": ("t.csv", "age,y\n" + GOOD + "NaN,2\n", ["row 17", "'age'", "--missing median"]),
    "a missing target": ("t.csv", "age,y\n" + GOOD + "2,NaN\n", ["row 17", "'y'"]),
    "an npz that claims 2 GB": ("t.npz", npz((250_000_000,)), ["X.npy", "2,000,000,000 bytes"]),
    "a pickled npz": ("t.npz", pickled(), ["pickled"]),
    "an empty file": ("t.csv", "", ["empty"]),
    "only a header": ("t.csv", "age,y\n", ["no row"]),
    "a short row": ("t.csv", "age,y\n" + GOOD + "2\n", ["row 17", "2 cells"]),
    "a long row": ("t.csv", "age,y\n" + GOOD + "2,3,4\n", ["row 17", "2 cells"]),
    "two columns of a name": ("t.csv", "age,y,age\n1,2,3\n", ["'age'", "1 and 3"]),
    "garbage": ("t.csv", bytes(range(256)) * 4, ["no text"]),
    "bytes that are not UTF-8": ("t.csv", b"age,y\n1,2\n\xe9t\xe9,3\n", ["UTF-8", "row 3"]),
    "a gzip file cut short": ("t.csv.gz", b"\x1f\x8b\x08\x00", ["t.csv.gz"]),
    "no Parquet": ("t.parquet", b"PAR1 but no more", ["Parquet"]),
}


@pytest.mark.parametrize("command", ["train", "data"])
@pytest.mark.parametrize("what", BAD)
def test_bad_files(whynet, tmp_path, what, command):
    name, content, says = BAD[what]
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    target = [] if name.endswith(".npz") else ["--target", "y"]
    code, out, err = whynet(command, path, *target)
    assert code == 3, err
    assert [one for one in [name, *says] if one not in err] == []
    assert not (tmp_path / "runs").exists()
    error = json.loads(whynet(command, path, *target, "--json")[1])["error"]
    assert error["kind"] == "bad-file" and out == ""


def test_a_folder_called_csv_and_bad_folders(whynet, tmp_path):
    (tmp_path / "x.csv").mkdir()
    code, _, err = whynet("train", "x.csv", "--target", "y")
    assert code == 3 and "folder" in err
    for name, size in (("cat", (4, 4)), ("dog", (5, 4))):
        (tmp_path / "pets" / name).mkdir(parents=True)
        Image.new("L", size).save(tmp_path / "pets" / name / "1.png")
    code, _, err = whynet("train", "pets")
    assert code == 3 and "5 x 4" in err and "4 x 4" in err and "cat/1.png" in err and "dog/1.png" in err
    (tmp_path / "pets" / "dog" / "1.png").unlink()
    code, _, err = whynet("train", "pets")
    assert code == 3 and "no picture of the class 'dog'" in err


def test_idx_and_parquet_headers_that_claim_two_gigabytes(whynet, tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    for name, array in (("train-images-idx3-ubyte", np.ones((20, 4, 4), np.uint8)),
                        ("train-labels-idx1-ubyte", np.arange(20, dtype=np.uint8) % 10)):  # fmt: skip
        with (folder / name).open("wb") as stream:
            idx.write(stream, array)
    images = folder / "train-images-idx3-ubyte"
    raw = images.read_bytes()
    images.write_bytes(raw[:4] + (2_000_000_000 // 16).to_bytes(4, "big") + raw[8:])
    labels = folder / "train-labels-idx1-ubyte"
    labels.write_bytes(labels.read_bytes()[:4] + (2_000_000_000 // 16).to_bytes(4, "big") + bytes(20))
    code, _, err = whynet("train", "--data", folder)
    assert code == 3 and "end too early" in err
    path = tmp_path / "t.parquet"
    pl.DataFrame({"y": [1.0, 2.0, 4.5]}).write_parquet(path, compression="uncompressed")
    raw = path.read_bytes()
    length = int.from_bytes(raw[-8:-4], "little")
    claimed = b"\x16" + bytes([0x80, 0xD0, 0xAC, 0xF3, 0x0E])  # 2,000,000,000 as a zigzag varint
    footer = raw[-8 - length : -8].replace(b"\x16\x06", claimed)
    path.write_bytes(raw[: -8 - length] + footer + len(footer).to_bytes(4, "little") + b"PAR1")
    code, _, err = whynet("train", path, "--target", "y")
    assert code == 3 and "claims more than the file can hold" in err and "GB" in err


def test_a_dataset_is_its_own_source(fruit):
    data = sources.load(fruit, target="kind")
    assert sources.load(data) is data and isinstance(data, Dataset)


def pets(folder, mode):
    """Pictures that differ in nothing but their shade."""
    for label, name in enumerate(("cat", "dog")):
        (folder / name).mkdir(parents=True)
        for one in range(10):
            shade = 40 + 150 * label + one
            Image.new(mode, (6, 4), shade if mode == "L" else (shade, 0, shade)).save(folder / name / f"{one}.png")
    return folder


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_pictures_are_predicted_as_they_are(whynet, tmp_path, mode):
    trained(pets(tmp_path / "pets", mode), tmp_path / "r")
    for name, shade in (("a", 45), ("b", 200)):
        Image.new(mode, (6, 4), shade if mode == "L" else (shade, 0, shade)).save(tmp_path / f"{name}.png")
    code, out, _ = whynet("predict", "r", "a.png", "b.png", "--show")
    assert code == 0
    answers = [line.split(" (")[0] for line in out.splitlines() if "probability" in line]
    assert answers == ["a.png: cat", "b.png: dog"]
    Image.new("L", (5, 5), 9).save(tmp_path / "c.png")
    code, _, err = whynet("predict", "r", "c.png")
    assert code == 3 and "another size" in err and "5 x 5" in err


def test_colours_are_drawn_and_put_on_a_sheet(whynet, tmp_path):
    pets(tmp_path / "pets", "RGB")
    code, out, err = whynet("data", "pets", "--show", "--sheet", "s.png")
    assert code == 0, err
    assert "16 training and 4 test images of 4 x 6 pixels" in out and "cat" in out
    with Image.open("s.png") as sheet:
        assert sheet.mode == "RGB"


def test_a_table_has_nothing_to_draw(whynet, fruit):
    code, _, err = whynet("data", "fruit.csv", "--target", "price", "--show")
    assert code == 2 and "Traceback" not in err
