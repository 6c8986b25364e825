"""What the process of jobs does: twins, riddles, diagnoses, data of one's own; asked directly."""

from __future__ import annotations

import base64
import io
import zipfile

import numpy as np
import pytest
from PIL import Image

import whynet
from web_support import drawing
from whynet.interfaces.web import activity, consultation, riddle, trainee, twins
from whynet.interfaces.web.control import Control
from whynet.interfaces.web.desk import Desk
from whynet.interfaces.web.measured import places
from whynet.network.attribution import contributions
from whynet.subjects.plants import SOUND


class Told(list):
    def __call__(self, kind, **values):
        self.append((kind, values))

    def all(self, kind):
        return [values for one, values in self if one == kind]


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(twins, "APART", 0.0)
    monkeypatch.setattr(twins, "EPOCHS", 3)


def test_the_sound_twin_is_well_and_the_ill_one_is_lit_where_it_is_ill(quick):
    told = Told()
    twins.compare({"base": "sigmoid-30", "causes": ["input-not-scaled"], "seed": 0}, told, Control())
    found = {one["twin"]: one for one in told.all("symptoms")}
    lit = {name: {row["place"] for row in one["rows"] if row["unusual"]} for name, one in found.items()}
    assert "data" in lit["ill"] and "data" not in lit["sound"]
    assert found["ill"]["quality"] < found["sound"]["quality"]
    looks = told.all("look")
    assert len(looks) == 2 * twins.CHUNKS and looks[-1]["share"] == 1


def test_every_switch_makes_a_recipe_and_every_symptom_has_a_place():
    for one in twins.wards()["causes"]:
        assert one["title"] and one["does"] and one["page"]
        for base in one["only"]:
            assert twins.spoilt(twins.sound(base, 0), base, [one["name"]]) != twins.sound(base, 0)
    assert {"no-hidden-slope", "lr-too-high", "label-order-mismatch"} <= {
        one["name"] for one in twins.wards()["causes"]
    }
    assert set(places().values()) <= set(riddle.PLACES)
    with pytest.raises(whynet.errors.UsageError):
        twins.spoilt(SOUND["relu-100"], "relu-100", ["log-of-zero"])


@pytest.mark.slow
def test_the_same_seed_is_the_same_riddle_and_keeps_its_answer_to_itself(quick):
    first, second = Told(), Told()
    riddle.set_up({"seed": 3}, first, Control())
    riddle.set_up({"seed": 3}, second, Control())
    assert first == second
    (secret,), (shown,) = first.all("secret"), first.all("riddle")
    assert secret["cause"] in shown["choices"] and len(set(shown["choices"])) == riddle.CHOICES
    assert not {"cause", "rows", "recipe", "also"} & set(shown)
    assert shown["network"]["faults"] == []


@pytest.mark.slow
def test_a_diagnosis_tells_its_trials_and_says_what_the_doctor_says():
    recipe = whynet.Recipe(data="digits", init="zeros", epochs=3, learning_rate=0.5)
    told = Told()
    consultation.diagnose({"recipe": recipe.as_dict(), "path": None, "effort": 30.0, "budget": 60.0}, told, Control())
    (found,), (seen,) = told.all("diagnosis"), told.all("measured")
    alone = whynet.diagnose(recipe)
    assert found["state"] == alone.state and found["verdict"][0]["cause"] == alone.verdict[0].cause
    assert found["verdict"][0]["recipe"]["init"] != "zeros" and seen["rows"]
    trials = told.all("trial")
    assert len(trials) > 5 and all(len(one["curve"]) <= consultation.POINTS + 1 for one in trials)
    assert found["curves"]["with the cure"][-1][1] < found["curves"]["as it was"][-1][1]


@pytest.mark.parametrize("layers", [None, ("conv 4 3x3", "pool 2", "dense 12")])
def test_what_units_add_is_gradient_times_value_and_pixels_are_as_elsewhere(digits, layers):
    recipe = whynet.Recipe(data="digits", layers=layers, activation="tanh", epochs=1, dtype="float64")
    network = whynet.fit(recipe, digits).network
    x = network._features(digits.inputs[:1])
    told, pixels = activity.look(network, x, 4)
    np.testing.assert_allclose(pixels, contributions(network, x, np.array([4]))[0], rtol=1e-9)
    last = told[-1]
    y = x
    for index in range(last["index"] + 1):
        y, _ = network.layers[index].forward(network.arrays(index), y)
    weights = network.arrays(len(network.layers) - 1)["W"][:, 4]
    np.testing.assert_allclose(last["adds"], y[0] * weights, atol=1e-3)
    for layer in told:
        assert activity.unit(network, digits, layer["index"], 0)["what"] in ("unit", "filter", "examples")


def test_a_lesson_is_learned_and_little_else_forgotten(small_run):
    from whynet.interfaces.web.requests import Drawing

    desk = Desk()
    desk.open(small_run)
    given = drawing()
    one = Drawing(given["rows"], given["columns"], base64.b64decode(given["ink"]))
    before = desk.mistakes(None, None, "sure", 0)["wrong"]
    wrong = (desk.answer(one)["answer"] + 5) % 10
    assert desk.teach(one, wrong)["answer"] == wrong
    assert desk.mistakes(None, None, "sure", 0)["wrong"] < before + 50


def test_a_table_and_a_zip_of_pictures_are_learned(client, page, tmp_path, rng):
    rows = ["a,b,kind"] + [f"{a:.3f},{b:.3f},{'left' if a < b else 'right'}" for a, b in rng.normal(size=(200, 2))]
    table = client.post("/api/upload?name=mine.csv", content="\n".join(rows).encode()).json()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for number in range(20):
            for name, shade in (("dark", 20), ("light", 220)):
                content = io.BytesIO()
                Image.new("L", (6, 6), shade + number % 7).save(content, "PNG")
                archive.writestr(f"all/{name}/{number}.png", content.getvalue())
    pictures = client.post("/api/upload?name=mine.zip", content=buffer.getvalue()).json()
    assert (table["kind"], pictures["kind"]) == ("table", "pictures")
    for upload, more in ((table, {"target": "kind", "cost": "auto"}), (pictures, {})):
        wanted = {"recipe": {"data": upload["key"], "epochs": 3, "hidden": [5], **more}}
        assert client.post("/api/train", json=wanted).status_code == 200
        order = dict(page.jobs.jobs[max(page.jobs.jobs)].order)
        told = Told()
        trainee.train(order, told, Control())
        assert told.all("result")[0]["health"] and len(told.all("epoch")) == 3
        assert told.all("about")[0]["classes"] in (["left", "right"], ["dark", "light"])
