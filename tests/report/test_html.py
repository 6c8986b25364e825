from __future__ import annotations

import json
import re
from dataclasses import replace

import numpy as np
import pytest

import whynet
from whynet.data.problem import Classification
from whynet.report import pictures
from whynet.report.page import script_json


@pytest.fixture(scope="module")
def run():
    return whynet.fit(whynet.Recipe(data="digits", hidden=(12,), epochs=3, validation_size=100, learning_rate=0.5))


def test_the_report_holds_everything_itself(run):
    page = run.report()
    for heading in (
        "Learning curves",
        "Confusion matrix",
        "Worst mistakes",
        "What the units look for",
        "Output layer",
        "Recipe",
    ):
        assert heading in page
    outside = re.findall(r'(?:src|href)="(?!data:)[^"]*"|@import|url\((?!data:)', page.split("<script>")[0])
    assert outside == []
    assert "prefers-color-scheme: dark" in page


def test_the_curves_are_the_history(run):
    page = run.report()
    content = re.search(r'<script type="application/json" id="cost">(.*?)</script>', page)[1]
    chart = json.loads(content)
    assert chart["columns"][0] == [1, 2, 3]
    assert chart["columns"][1] == run.history["cost"]
    assert chart["columns"][-1] == [run.floor] * 3
    assert [series["label"] for series in chart["series"]] == ["training cost", "validation cost", "floor"]


def test_the_confusion_adds_up(run):
    page = run.report()
    cells = re.findall(r"<td[^>]*>(\d+)</td>", page.split("Confusion matrix")[1].split("</table>")[0])
    assert sum(map(int, cells)) == len(run.data.test)


def test_names_cannot_break_the_page(run):
    evil = "</script><script>alert(1)</script>"
    data = replace(run.data, name=evil, problem=Classification((evil, *run.data.classes[1:])), source=evil)
    page = replace(run, data=replace(data, test=replace(run.data.test, problem=data.problem)), start=None).report()
    assert "alert(1)</script>" not in page
    assert "</" not in script_json({"x": evil})


@pytest.mark.parametrize(
    "change",
    [
        {"epochs": 0},
        {"hidden": ()},
        {"data": "xor", "epochs": 1},
        {"activation": "identity", "learning_rate": 1e30},
        {"init": "zeros", "epochs": 1},
        {"hidden": (200,), "epochs": 1},
    ],
    ids=str,
)
def test_every_kind_of_run_has_a_report(change):
    page = whynet.fit(whynet.Recipe(data="digits", epochs=2).but(**change)).report()
    assert page.startswith("<!doctype html>")
    assert not re.search(r">\s*(nan|none)\b", page, flags=re.IGNORECASE)


def test_a_run_shows_itself_in_a_notebook(run):
    assert "floor" in run._repr_html_()
    assert "3 of 3 epochs" in repr(run)


def test_network_data_and_history_show_themselves_in_a_notebook(run):
    network, data, history = run.network._repr_html_(), run.data._repr_html_(), run.history._repr_html_()
    assert "Dense" in network
    assert network.count("data:image/png") == data.count("data:image/png") == 1
    assert history.count("<tr>") == 4
    long = whynet.History([replace(run.history[0], epoch=epoch) for epoch in range(50)])
    assert "30 epochs in between" in long._repr_html_()
    assert "data:image" not in whynet.Network([3, 2])._repr_html_()
    assert whynet.load("xor")._repr_html_()


def test_masks_are_signed_pictures_of_the_weights():
    W = np.array([[1.0], [-1.0], [0.0], [0.5]])
    mask = pictures.masks(W, 2, 2)[0]
    assert mask[1, 0].tolist() == [255, 255, 255]
    assert mask[0, 0, 0] > mask[0, 0, 2]  # positive: red
    assert mask[0, 1, 2] > mask[0, 1, 0]  # negative: blue
    assert pictures.sheet(np.stack([mask] * 5), columns=3).shape == (2 * 2 + 2, 3 * 2 + 2 * 2, 3)
    W = np.arange(99.0) * np.ones((4, 1))
    np.testing.assert_array_equal(pictures.strongest(W), np.arange(39, 99))


def test_pictures_open_again():
    import base64
    import io

    from PIL import Image

    picture = np.arange(12, dtype=np.uint8).reshape(3, 4)
    head, content = pictures.data_uri(picture).split(",")
    assert head == "data:image/png;base64"
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(base64.b64decode(content)))), picture)


def test_the_report_shows_how_images_were_distorted(digits):
    plain, bent = (whynet.fit(whynet.Recipe(epochs=1, rotation=angle), digits).report() for angle in (0.0, 10.0))
    assert "Distorted training images" in bent
    assert "Distorted training images" not in plain


def test_the_report_tells_of_the_epoch_that_is_kept(digits):
    recipe = whynet.Recipe(learning_rate=30.0, epochs=60, patience=2, validation_size=100, batch_size=50)
    run = whynet.fit(recipe, digits)
    page = run.report()
    assert f"best epoch, number {run.best_epoch + 1}" in page
    assert f"{run.history[run.best_epoch].test_accuracy:.2%}" in page


@pytest.fixture(scope="module")
def convolutional():
    layers = ["conv 5 3x3", "pool 2", "conv 30 2x2", "dense 12"]
    recipe = whynet.Recipe(data="digits", layers=layers, epochs=2, activation="relu", init="he", train_size=400)
    return whynet.fit(recipe)


def test_what_the_filters_look_for(convolutional):
    page = convolutional.report()
    assert "What the units look for" not in page
    section = page.split("What the filters look for")[1].split("<h2>")[0]
    first, second, seen = re.split("Stage 2|One picture, seen by the filters", section)
    assert first.count("<figure>") == 5 and first.count("weights of filter") == 5
    assert second.count("<figure>") == 24 and "24 of 30 filters" in second and "weights" not in second
    assert "4 by 4 pixels" not in first and "6 by 6 pixels" in second
    assert seen.count("<figure>") == 3 and "maps of 6 by 6" in seen and "the first 24 of 30" in seen


def test_where_the_answers_come_from(convolutional, run):
    for one in (convolutional, run):
        section = one.report().split("Where the answers come from")[1].split("<h2>")[0]
        assert section.count('class="row"') >= 5
        assert section.count("what speaks for") >= section.count('alt="picture')


def test_a_network_that_blew_up_is_not_looked_into(convolutional):
    blown = whynet.fit(replace(convolutional.recipe, learning_rate=1e9, epochs=1))
    page = blown.report()
    assert "What the filters look for" not in page and "Where the answers come from" not in page
