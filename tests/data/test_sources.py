from __future__ import annotations

import contextlib
import functools
import gzip
import hashlib
import http.server
import io
import multiprocessing
import socketserver
import threading
import time
from typing import ClassVar

import numpy as np
import pytest
from platformdirs import user_cache_path

import whynet
from whynet.data import idx, published, sources
from whynet.errors import BadFile, ResourceError, UsageError


def files_of(seed: int, test: bool = True) -> dict[str, bytes]:
    """The four files of a tiny set in MNIST's form, by stem, gzipped."""
    rng = np.random.default_rng(seed)
    arrays = {}
    for part, n in (("train", 30), ("t10k", 10)):
        arrays[f"{part}-images"] = rng.integers(256, size=(n, 6, 5), dtype=np.uint8)
        arrays[f"{part}-labels"] = (np.arange(n) % 10).astype(np.uint8)
    made = {}
    for stem, array in arrays.items():
        buffer = io.BytesIO()
        idx.write(buffer, array)
        made[stem] = gzip.compress(buffer.getvalue(), mtime=0)
    return made


MNIST_LIKE, FASHION_LIKE, OTHER = files_of(1), files_of(2), files_of(3)


def name_of(stem: str, joint: str = "-", ending: str = ".gz") -> str:
    return f"{stem}{joint}{published.SUFFIX[stem]}{ending}"


def put(folder, files, **form):
    folder.mkdir(parents=True, exist_ok=True)
    for stem, content in files.items():
        plain = form.get("ending") == ""
        (folder / name_of(stem, **form)).write_bytes(gzip.decompress(content) if plain else content)
    return folder


def hashes(files):
    return {stem: hashlib.sha256(content).hexdigest() for stem, content in files.items()}


@pytest.fixture(autouse=True)
def small_sets(monkeypatch):
    """Tiny files take the place of the canonical ones: their hashes are the known ones here."""
    monkeypatch.setattr(published, "HASHES", {"mnist": hashes(MNIST_LIKE), "fashion-mnist": hashes(FASHION_LIKE)})
    unpacked = hashes({stem: gzip.decompress(content) for stem, content in MNIST_LIKE.items()})
    monkeypatch.setattr(published, "UNPACKED", {"mnist": unpacked, "fashion-mnist": {}})


class Server(http.server.SimpleHTTPRequestHandler):
    asked: ClassVar[list[str]] = []
    slow = False

    def do_GET(self):
        Server.asked.append(self.path)
        if Server.slow:
            time.sleep(1.5)
        if self.path.startswith("/cut/"):
            content = MNIST_LIKE["t10k-labels"]
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content[: len(content) // 2])
            return
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            super().do_GET()

    def log_message(self, *args):
        pass


@pytest.fixture
def mirror(tmp_path):
    """A local mirror: /good/ has the files, /wrong/ others under the same names, /cut/ breaks off."""
    put(tmp_path / "www" / "good", MNIST_LIKE)
    put(tmp_path / "www" / "wrong", OTHER)
    handler = functools.partial(Server, directory=str(tmp_path / "www"))
    Server.asked, Server.slow = [], False
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(("joint", "ending"), [("-", ".gz"), (".", ".gz"), ("-", ""), (".", "")])
def test_file_names_with_dots_and_without_gz(joint, ending, tmp_path, monkeypatch):
    folder = put(tmp_path / "data", MNIST_LIKE, joint=joint, ending=ending)
    by_path = whynet.load(folder)
    monkeypatch.setenv("WHYNET_DATA", str(folder))
    by_name = whynet.load("mnist")
    assert by_path.name == by_name.name == "mnist"
    assert by_path.fingerprint() == by_name.fingerprint()
    assert (len(by_path), len(by_path.test), by_path.images.shape[1:]) == (30, 10, (6, 5))


def test_the_same_content_packed_by_another_program_is_accepted(tmp_path, monkeypatch):
    other = {stem: gzip.compress(gzip.decompress(content), 1, mtime=5) for stem, content in MNIST_LIKE.items()}
    monkeypatch.setenv("WHYNET_DATA", str(put(tmp_path / "data", other)))
    assert len(whynet.load("mnist")) == 30


def test_a_folder_of_one_s_own(tmp_path):
    folder = put(tmp_path / "mine", OTHER)
    data = whynet.load(folder)
    assert (data.name, len(data), len(data.test)) == ("mine", 30, 10)
    for stem in ("t10k-images", "t10k-labels"):
        (folder / name_of(stem)).unlink()
    assert whynet.load(str(folder)).test is None
    (folder / name_of("train-labels")).unlink()
    with pytest.raises(BadFile, match=r"a file is missing.*train-labels"):
        whynet.load(folder)


def test_fashion_mnist_given_by_path_is_named(tmp_path):
    said = []
    data = whynet.load(put(tmp_path / "data", FASHION_LIKE), say=said.append)
    assert data.name == "fashion-mnist"
    assert data.classes[0] == "T-shirt"
    assert "Fashion-MNIST" in said[0]


def test_fashion_mnist_under_mnists_names_is_refused_by_name(tmp_path, monkeypatch):
    monkeypatch.setenv("WHYNET_DATA", str(put(tmp_path / "data", FASHION_LIKE)))
    for name in ("mnist", "auto"):
        with pytest.raises(BadFile, match="the files of fashion-mnist"):
            whynet.load(name)


def test_what_is_there_but_bad_is_never_passed_over(tmp_path, monkeypatch, mirror):
    folder = put(tmp_path / "data", MNIST_LIKE)
    monkeypatch.setenv("WHYNET_DATA", str(folder))
    good = {"mnist": [f"{mirror}/good/"]}
    path = folder / name_of("t10k-labels")
    for content, says in ((OTHER["t10k-images"], "SHA-256|given as labels"), (b"<html>", "HTML"), (b"", "empty")):
        path.write_bytes(content)
        for name in ("mnist", "auto"):
            with pytest.raises(BadFile, match=says):
                whynet.load(name, mirrors=good)
    path.unlink()
    with pytest.raises(BadFile, match="a file is missing"):
        whynet.load("auto", mirrors=good)
    assert Server.asked == []


def test_images_and_labels_of_different_sets(tmp_path):
    mixed = {**OTHER, "train-labels": OTHER["t10k-labels"]}
    with pytest.raises(BadFile, match="do not agree in number"):
        whynet.load(put(tmp_path / "data", mixed))


def test_test_images_of_another_size(tmp_path):
    buffer = io.BytesIO()
    idx.write(buffer, np.zeros((10, 4, 4), np.uint8))
    mixed = {**OTHER, "t10k-images": gzip.compress(buffer.getvalue())}
    with pytest.raises(BadFile, match="differ in size"):
        whynet.load(put(tmp_path / "data", mixed))


def test_download_verifies_caches_and_asks_once(mirror):
    said = []
    mirrors = {"mnist": [f"{mirror}/nothing/", f"{mirror}/wrong/", f"{mirror}/good/"]}
    data = whynet.load("mnist", mirrors=mirrors, say=said.append)
    assert (len(data), len(data.test)) == (30, 10)
    assert len(said) == 4
    asked = len(Server.asked)
    assert whynet.load("mnist", mirrors=mirrors).fingerprint() == data.fingerprint()
    assert len(Server.asked) == asked
    cache = user_cache_path("whynet", appauthor=False) / "mnist"
    assert sorted(path.name for path in cache.glob("*ubyte*")) == sorted(name_of(stem) for stem in MNIST_LIKE)


def test_a_download_that_breaks_off_leaves_nothing_behind(mirror):
    with pytest.raises(ResourceError, match="no mirror has it"):
        whynet.load("mnist", mirrors={"mnist": [f"{mirror}/cut/"]})
    cache = user_cache_path("whynet", appauthor=False) / "mnist"
    assert [path.name for path in cache.iterdir() if path.name != ".lock"] == []


def test_a_spoiled_cache_is_found_on_every_load(mirror):
    mirrors = {"mnist": [f"{mirror}/good/"]}
    whynet.load("mnist", mirrors=mirrors)
    path = user_cache_path("whynet", appauthor=False) / "mnist" / name_of("train-images")
    path.write_bytes(OTHER["train-images"])
    with pytest.raises(BadFile, match="not mnist's file"):
        whynet.load("mnist", mirrors=mirrors)


def test_auto_tries_one_file_everywhere_and_then_says_what_it_uses(mirror):
    said = []
    mirrors = {"mnist": [f"{mirror}/nothing/", f"{mirror}/none/", "http://127.0.0.1:9/"]}
    data = whynet.load("auto", mirrors=mirrors, say=said.append)
    assert data.name == "digits"
    assert len(said) == 1
    assert "WHYNET_DATA" in said[0]
    assert len(Server.asked) == 2
    assert len({path.rsplit("/")[-1] for path in Server.asked}) == 1


def test_a_mirror_that_hangs_costs_its_time_out_and_no_more(mirror, monkeypatch):
    Server.slow = True
    monkeypatch.setattr(sources, "AUTO_TIMEOUT", 0.3)
    started = time.monotonic()
    assert whynet.load("auto", mirrors={"mnist": [f"{mirror}/good/"]}).name == "digits"
    assert time.monotonic() - started < 1.4


def test_an_explicit_name_without_a_mirror_is_an_error_that_says_what_to_do():
    with pytest.raises(ResourceError) as caught:
        whynet.load("mnist")
    assert caught.value.exit_code == 5
    assert "127.0.0.1:9" in caught.value.found
    assert "WHYNET_DATA" in caught.value.do


def test_each_mirror_is_named_with_what_was_wrong_with_it(mirror, monkeypatch):
    bad = [f"{mirror}/nothing/", f"{mirror}/wrong", "http://127.0.0.1:9", "nonsense"]
    with pytest.raises(ResourceError) as caught:
        whynet.load("mnist", mirrors={"mnist": bad})
    reasons = ("HTTP 404", "the wrong content", "ConnectionError", "MissingSchema")
    assert caught.value.found == "; ".join(map(": ".join, zip(bad, reasons, strict=True)))
    monkeypatch.setattr(sources, "TIMEOUT", 0.2)
    Server.slow = True
    with pytest.raises(ResourceError, match="no answer in time"):
        whynet.load("mnist", mirrors={"mnist": [mirror]})


def test_an_empty_folder_in_the_environment_is_mentioned(tmp_path, monkeypatch):
    monkeypatch.setenv("WHYNET_DATA", str(tmp_path / "nowhere"))
    said = []
    assert whynet.load("auto", say=said.append).name == "digits"
    assert "holds none of the four files" in said[0]


def _fetch_in_another_process(base, table, cache, results):
    import os

    os.environ["XDG_CACHE_HOME"] = cache
    published.HASHES = {**published.HASHES, "mnist": table}
    results.put(whynet.load("mnist", mirrors={"mnist": [f"{base}/good/"]}).fingerprint())


def test_several_processes_download_once(mirror, tmp_path):
    context = multiprocessing.get_context("spawn")
    results = context.Queue()
    arguments = (mirror, hashes(MNIST_LIKE), str(tmp_path / "cache"), results)
    processes = [context.Process(target=_fetch_in_another_process, args=arguments) for _ in range(4)]
    for process in processes:
        process.start()
    prints = {results.get(timeout=60) for _ in processes}
    for process in processes:
        process.join(60)
    assert len(prints) == 1
    assert len([path for path in Server.asked if path.endswith(".gz")]) == 4


def test_a_cache_that_cannot_be_written(tmp_path, monkeypatch, mirror):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(ResourceError, match="cannot be kept in the cache"):
        whynet.load("mnist", mirrors={"mnist": [f"{mirror}/good/"]})
    said = []
    assert whynet.load("auto", mirrors={"mnist": [f"{mirror}/good/"]}, say=said.append).name == "digits"
    assert len(said) == 1
    assert "cache" in said[0]


def test_names_and_folders_that_do_not_exist():
    with pytest.raises(UsageError, match="Did you mean 'fashion-mnist'"):
        whynet.load("fashon-mnist")
    with pytest.raises(UsageError, match="not read from such a file"):
        whynet.load(__file__)
    with pytest.raises(UsageError, match="no such file or folder"):
        whynet.load("")  # not the working directory


def test_a_name_that_no_file_system_takes(monkeypatch):
    with pytest.raises(BadFile, match="cannot be read"):
        whynet.load("x" * 5000)
    monkeypatch.setenv("WHYNET_DATA", "x" * 5000)
    with pytest.raises(BadFile, match="cannot be read"):
        whynet.load("auto")
    assert sources.available()[0]["status"] == "bad"


def test_damaged_digits_are_refused(tmp_path, monkeypatch):
    class Spec:
        submodule_search_locations = (str(tmp_path),)

    path = tmp_path / "datasets" / "data" / "digits.csv.gz"
    path.parent.mkdir(parents=True)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: Spec)
    whole = gzip.compress(b"1,2,3\n" * 500)
    for content in (b"<html>", whole[: len(whole) // 2], whole):
        path.write_bytes(content)
        with pytest.raises(BadFile, match="digits are damaged"):
            whynet.load("digits")


def test_the_embedded_digits(digits):
    from sklearn.datasets import load_digits

    theirs = load_digits()
    assert len(digits) + len(digits.test) == len(theirs.target) == 1797
    assert (digits.counts + digits.test.counts).tolist() == np.bincount(theirs.target).tolist()
    ours = np.concatenate([digits.images, digits.test.images]).reshape(1797, -1)
    expected = np.round(theirs.data * 255 / 16).astype(np.uint8)
    assert sorted(map(bytes, ours)) == sorted(map(bytes, expected))


def test_xor():
    data = whynet.load("xor")
    rows = {(tuple(image.ravel() // 255), int(label)) for image, label in zip(data.images, data.labels, strict=True)}
    assert rows == {((0, 0), 0), ((1, 0), 1), ((0, 1), 1), ((1, 1), 0)}
    assert (len(data), len(data.test)) == (1000, 4)


def test_available_uses_no_network(tmp_path, monkeypatch):
    monkeypatch.setenv("WHYNET_DATA", str(put(tmp_path / "data" / "mnist", MNIST_LIKE).parent))
    sets = {one["name"]: one for one in sources.available()}
    for name in ("digits", "xor"):
        described = whynet.load(name).summary()
        assert all(sets[name][key] == described[key] for key in ("examples", "test_examples", "rows", "columns"))
    for name in ("iris", "wine", "breast-cancer", "diabetes"):
        described = whynet.load(name).summary()
        assert sets.pop(name)["status"] == "built in"
        assert described["features"] == sources.small.SHAPES[name][2]
    assert {name: one["status"] for name, one in sets.items()} == {
        "mnist": "verified",
        "fashion-mnist": "absent",
        "digits": "built in",
        "xor": "built in",
    }


@pytest.mark.mnist
def test_real_mnist(mnist_folder, monkeypatch):
    monkeypatch.undo()
    data = whynet.load(mnist_folder)
    assert data.name == "mnist"
    assert (len(data), len(data.test), data.images.shape[1:]) == (60_000, 10_000, (28, 28))
    assert data.test.counts.tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert round(data.summary()["zero_share"], 3) == 0.809
