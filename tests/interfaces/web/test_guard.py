"""Who may ask, and what is refused with which status."""

from __future__ import annotations

import io
import json
import zipfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from web_support import HOST, TOKEN, drawing
from whynet.interfaces.web import uploads
from whynet.interfaces.web.app import Page
from whynet.interfaces.web.guard import BODY, Guard


def test_the_page_and_its_parts_are_served_under_a_strict_policy(client):
    found = client.get("/")
    assert found.status_code == 200 and "<main" in found.text
    policy = found.headers["content-security-policy"]
    assert "default-src 'self'" in policy and "unsafe" not in policy and "http" not in policy
    assert found.headers["x-content-type-options"] == "nosniff"
    assert "access-control-allow-origin" not in found.headers
    for name in ("app.js", "style.css", "uPlot.iife.min.js", "icon.svg"):
        assert client.get(f"/static/{name}").status_code == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8377", "127.0.0.1:80", "127.0.0.1", "127.0.0.1:8377.evil.example", "", "[::1]"],
)
def test_a_forged_host_is_misdirected(client, host):
    assert client.get("/api/about", headers={"host": host}).status_code == 421
    assert client.post("/api/draw", json=drawing(), headers={"host": host}).status_code == 421


def test_a_name_is_no_host_even_where_other_machines_are_let_in():
    guard = Guard(None, TOKEN, 8377, remote=True)
    assert guard.is_ours("192.168.1.5:8377") and guard.is_ours("[fe80::1]:8377")
    assert not guard.is_ours("rebound.example:8377")
    assert not Guard(None, TOKEN, 8377).is_ours("192.168.1.5:8377")


@pytest.mark.parametrize(
    "headers",
    [{"origin": "http://evil.example"}, {"origin": "null"}, {"origin": "http://127.0.0.1:1"},
     {"sec-fetch-site": "cross-site"},
     {"sec-fetch-site": "same-site"}],
)  # fmt: skip
def test_a_page_elsewhere_is_refused(client, headers):
    assert client.post("/api/draw", json=drawing(), headers=headers).status_code == 403
    assert client.get("/api/about", headers=headers).status_code == 403


@pytest.mark.parametrize("token", ["", "another", TOKEN + "x"])
def test_what_changes_something_needs_the_token(page, token):
    client = TestClient(page.app(TOKEN, 8377), base_url=f"http://{HOST}")
    for path in ("/api/train", "/api/draw", "/api/jobs/1", "/api/upload", "/api/diagnose"):
        assert client.post(path, json={}, headers={"x-whynet-token": token}).status_code == 401
    assert client.get("/api/about").status_code == 200


def test_long_bodies_are_refused_said_or_not(client):
    long = b"x" * 1_000_000
    assert client.post("/api/draw", content=long).status_code == 413

    def chunks():
        yield from (b"x" * 10_000 for _ in range(100))

    assert client.post("/api/draw", content=chunks()).status_code == 413
    assert client.post("/api/upload?name=a.csv", content=b"x" * (21 << 20)).status_code == 413
    assert client.post("/api/draw", content=b"x" * (BODY - 1)).status_code == 422
    assert client.post("/api/draw", content=b"", headers={"content-length": "-1"}).status_code == 400


@pytest.mark.parametrize(
    "body",
    ['{"rows": NaN}', '{"rows": 60, "columns": 60, "ink": [NaN]}', "[]", "null", "{", '{"rows": 1e999}',
     '{"unknown": 1}',
     '{"rows": 2000, "columns": 2000}', '{"rows": 8, "columns": 8, "ink": "AAAA"}', '{"ink": "!"}', "\xff",
     "[" * 30_000],
)  # fmt: skip
def test_what_is_no_drawing_is_refused_with_a_sentence(client, body):
    found = client.post("/api/draw", content=body.encode("latin-1"))
    assert found.status_code == 422 and found.json()["error"]["message"]


def test_an_empty_drawing_is_refused(client):
    assert client.post("/api/draw", json=drawing(ink=[0] * 3600)).status_code == 422


@pytest.mark.parametrize(
    "recipe",
    [{"hidden": [10_000]}, {"layers": ["conv 10000 3x3"]}, {"layers": ["dense 99999999999"]}, {"hidden": [5] * 50},
     {"epochs": 10**9}, {"learning_rate": -1}, {"learning_rate": "nan"}, {"data": "/etc/passwd"},
     {"data": "../secret.csv"},
     {"hidden": [4000, 4000]}, {"nonsense": 1}, {"seed": -3}, {"engine": "rm -rf"}, {"faults": ["no-such-mistake"]}],
)  # fmt: skip
def test_a_training_that_is_too_much_or_makes_no_sense_is_refused(client, page, recipe):
    found = client.post("/api/train", json={"recipe": recipe})
    assert found.status_code == 422, found.text
    assert found.json()["error"]["message"]
    assert not page.jobs.jobs


@pytest.mark.parametrize(
    "path",
    ["/static/../app.py", "/static/%2e%2e/app.py", "/static/..%2fapp.py", "/etc/passwd", "//etc/passwd", "/static/",
     "/api/export/../../x", "/api/export/%2e%2e", "/api/quiz/x/measure", "/api/jobs/-1", "/static/app.js/", "/api"],
)  # fmt: skip
def test_paths_lead_nowhere_else(client, path):
    assert client.get(path).status_code in (404, 405, 422)


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_other_methods_do_not_exist(client, method):
    assert client.request(method, "/api/train").status_code == 405
    assert client.request(method, "/").status_code == 405


def zipped(**files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name.replace("__", "/"), content)
    return buffer.getvalue()


def test_a_zip_that_unpacks_to_too_much_is_refused(client, page, monkeypatch):
    monkeypatch.setattr(uploads, "UNPACKED", 10 << 20)
    bomb = zipped(**{f"a__{number}.png": b"\0" * (6 << 20) for number in range(2)})
    assert len(bomb) < 100 << 10
    found = client.post("/api/upload?name=bomb.zip", content=bomb)
    assert found.status_code == 422 and "too much" in found.text
    assert client.post("/api/upload?name=not.zip", content=b"PK\3\4 nonsense").status_code == 422
    assert client.post("/api/upload?name=many.zip", content=zipped(a="no picture")).status_code == 422
    assert not page.uploads.kept


def test_names_in_a_zip_are_no_paths(client, page, tmp_path):
    from PIL import Image

    picture = io.BytesIO()
    Image.new("L", (4, 4), 9).save(picture, "PNG")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in ("../../evil/a.png", "/root/a.png", "C:\\x\\b.png", "...../c.png", "train/one/d.png"):
            archive.writestr(name, picture.getvalue())
    assert client.post("/api/upload?name=../../x.zip", content=buffer.getvalue()).status_code == 200
    (upload,) = page.uploads.kept.values()
    assert upload.name == "x.zip"
    files = list(tmp_path.rglob("*.png"))
    assert len(files) == 5 and all(path.resolve().is_relative_to(upload.path) for path in files)


def test_a_script_is_not_run_where_others_were_let_in(small_run, tmp_path):
    page = Page(tmp_path / "runs", tmp_path, remote=True)
    headers = {"x-whynet-token": TOKEN}
    client = TestClient(page.app(TOKEN, 8377), base_url="http://192.168.0.9:8377", headers=headers)
    key = client.post("/api/upload?name=train.py", content=b"print(1)").json()["key"]
    found = client.post("/api/diagnose", json={"script": key})
    assert found.status_code == 422 and "this machine alone" in found.text and not page.jobs.jobs


def test_a_network_is_exported_and_what_cannot_be_is_refused_with_a_sentence(client, page):
    text = client.get("/api/export/numpy").text
    room = {}
    exec(text, room)  # noqa: S102  it is whynet's own file
    test = page.desk.work.data.test.images[:20]
    assert (room["predict"](test) == page.desk.work.network.predict(test)).all()
    assert client.get("/api/export/recipe").text == page.desk.work.recipe.to_toml()
    assert client.get("/api/export/report").status_code == 200
    assert client.get("/api/export/nonsense").status_code == 422


def test_the_queue_is_bounded(client):
    statuses = [client.post("/api/quiz", json={"seed": seed}).status_code for seed in range(10)]
    assert statuses == [200] * 8 + [503] * 2


PATHS = st.sampled_from(
    ["/", "/api/about", "/api/draw", "/api/teach", "/api/unit", "/api/mistakes", "/api/train", "/api/ward", "/api/quiz",
     "/api/quiz/1/guess",
     "/api/diagnose", "/api/upload", "/api/jobs/1", "/api/export/recipe", "/api/export/x", "/static/x"]
)  # fmt: skip
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 10**12) | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(
        ["recipe",
         "rows", "columns", "ink", "test", "label", "drawing", "base", "causes", "seed", "verb", "script", "hidden",
         "text", "cause", "place", "layers", "data", "effort"]), inner, max_size=4), max_leaves=8,
)  # fmt: skip


@given(path=PATHS, method=st.sampled_from(["GET", "POST", "PUT"]), body=VALUES, query=st.text(max_size=12))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_asked_there_is_an_answer_and_no_traceback(client, path, method, body, query):
    content = json.dumps(body).encode("utf-8", "replace")
    found = client.request(
        method, path, content=content, params={"layer": query, "number": query, "true": query, "name": query}
    )
    assert found.status_code < 500 or found.status_code == 503, found.text
    assert "Traceback" not in found.text
