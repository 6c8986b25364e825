"""The desk: the network that is looked at, with its data. A training lays its network here as it goes."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from whynet.data.dataset import Dataset
from whynet.data.drawing import prepare
from whynet.data.features import ByteImages
from whynet.data.sources import load_for
from whynet.engines.choice import FASTEST
from whynet.errors import UsageError
from whynet.interfaces.web import activity
from whynet.interfaces.web.nearest import Neighbours
from whynet.interfaces.web.pixels import ink, signed
from whynet.interfaces.web.requests import Drawing
from whynet.network.network import Network
from whynet.training.loop import train
from whynet.training.recipe import Recipe
from whynet.types import Array

LESSONS, REHEARSED, ROUNDS = 100, 256, 30
SURE = 0.8  # a lesson is learned when the right answer has this probability
SHOWN = 60  # mistakes at once


@dataclass
class Work:
    """A network, the recipe it came of, and the data that it was trained on."""

    network: Network
    recipe: Recipe
    data: Dataset
    name: str
    directory: Path | None = None
    neighbours: Neighbours | None = None
    version: int = 0
    lessons: int = 0


class Desk:
    """Holds one network. All of it is called from threads: one at a time."""

    def __init__(self) -> None:
        self.work: Work | None = None
        self.lock = threading.RLock()
        self._versions = 0
        self.testing = threading.Lock()
        self._answers: tuple[int, Array, Array] | None = None
        self._data: dict[str, tuple[Dataset, Neighbours | None]] = {}
        self._drawn: list[tuple[Array, int]] = []

    # ---- what lies on it

    def open(self, directory: Path) -> None:
        """Lay a run of `whynet train` on the desk."""
        recipe = Recipe.read(directory / "recipe.toml")
        self.lay(directory / "model.safetensors", recipe, None, directory.name, directory)

    def lay(self, model: Path, recipe: Recipe, path: str | None, name: str, directory: Path | None = None) -> None:
        """Lay the network of a model file on the desk."""
        data, neighbours = self.data_of(recipe, path)
        network = Network.load(model)
        with self.lock:
            self._versions += 1
            if self.work is None or self.work.name != name:
                self._drawn.clear()
            self.work = Work(network, recipe, data, name, directory, neighbours, self._versions)

    def data_of(self, recipe: Recipe, path: str | None) -> tuple[Dataset, Neighbours | None]:
        """The recipe's data; of the last two recipes they are kept."""
        key = f"{path or recipe.data}|{recipe.target}|{recipe.problem}|{recipe.missing}"
        if key not in self._data:
            data = load_for(recipe, path)
            near = Neighbours(data) if data.are_pictures and data.classes and data.images.ndim == 3 else None
            if len(self._data) >= 2:
                self._data.pop(next(iter(self._data)))
            self._data[key] = data, near
        return self._data[key]

    def about(self) -> dict[str, Any]:
        """What lies on the desk."""
        with self.lock:
            work = self.work
            if work is None:
                return {"network": None}
            shape = list(work.data.images.shape[1:]) if work.data.are_pictures else None
            test = work.data.test
            return {
                "network": repr(work.network), "name": work.name, "version": work.version, "data": work.data.name,
                "classes": list(work.data.classes), "shape": shape, "draws": work.neighbours is not None,
                "lessons": work.lessons, "tested": 0 if test is None else len(test),
                "layers": [one.text for one in work.network.layers if one.weight_names],
                "recipe": work.recipe.as_dict(), "directory": work.directory and str(work.directory),
            }  # fmt: skip

    def at_hand(self, drawing: bool = True) -> Work:
        """What lies there.

        Raises
        ------
        UsageError
            Nothing, or a network that takes no grey pictures of classes.
        """
        if self.work is None:
            raise UsageError("there is no network yet", do="Train one: it takes a few seconds")
        if drawing and self.work.neighbours is None:
            raise UsageError(
                "this network takes no grey pictures", found=self.work.data.name, do="Train one on digits or mnist"
            )
        return self.work

    # ---- drawings

    def picture(self, work: Work, drawing: Drawing) -> tuple[Array, int | None]:
        """The picture that the network receives (rows, columns), and what it is, where that is known."""
        if drawing.test is None:
            side = work.data.images.shape[1]
            return prepare(drawing.grey(), side, where="the drawing", clean=not drawing.photo), None
        test = work.data.test
        if test is None or drawing.test >= len(test):
            raise UsageError("there is no such test picture", found=str(drawing.test))
        return test.images[drawing.test], int(test.labels[drawing.test])

    def answer(self, drawing: Drawing) -> dict[str, Any]:
        """Everything about one drawing."""
        with self.lock:
            work = self.at_hand()
            image, label = self.picture(work, drawing)
            network, names = work.network, work.data.classes
            x = network._features(image.reshape(1, -1))
            probabilities = of_classes(network, image[np.newaxis])[0]
            answer = int(probabilities.argmax())
            about = answer if drawing.about is None else drawing.about
            outputs = network.layers[-1].outputs
            layers, adds = activity.look(network, x, min(about, outputs - 1))
            assert work.neighbours is not None
            return {
                "version": work.version, "picture": ink(image[np.newaxis]), **framed(image), "answer": answer,
                "probabilities": probabilities.round(5).tolist(), "names": list(names), "about": about,
                "layers": layers, "where": signed(adds.reshape(1, *image.shape)), "label": label,
                "nearest": work.neighbours.told(image, names), "lessons": work.lessons,
            }  # fmt: skip

    def unit(self, layer: int, number: int) -> dict[str, Any]:
        """What one unit looks for."""
        with self.lock:
            work = self.at_hand()
            return activity.unit(work.network, work.data, layer, number)

    def teach(self, drawing: Drawing, label: int) -> dict[str, Any]:
        """One more: learn what a drawing is, among the others that were taught and some of the training examples, so
        that the rest is not forgotten."""
        with self.lock:
            work = self.at_hand()
            if label >= len(work.data.classes):
                raise UsageError("there is no such class", found=str(label))
            image, _ = self.picture(work, drawing)
            self._drawn = [*self._drawn[-(LESSONS - 1) :], (image, label)]
            rounds = self._learn(work, image, label)
            self._versions += 1
            work.version, work.lessons = self._versions, len(self._drawn)
        return {**self.answer(drawing), "rounds": rounds}

    def _learn(self, work: Work, image: Array, label: int) -> int:
        """Small steps until the drawing is answered right; how many rounds it took."""
        data, network = work.data, work.network
        rows = np.random.default_rng([len(self._drawn), 22]).choice(len(data), min(REHEARSED, len(data)), replace=False)
        drawn = [*self._drawn[-16:], *[(image, label)] * 12]
        images = np.concatenate([data.images[rows], np.stack([one for one, _ in drawn])])
        labels = np.concatenate([data.labels[rows], [one for _, one in drawn]])
        lesson = Dataset(ByteImages(images), labels, problem=data.problem)
        recipe = Recipe(
            cost=work.recipe.cost, optimizer="adam", learning_rate=0.001, batch_size=16, epochs=ROUNDS,
            dtype=work.recipe.dtype, scaling=work.recipe.scaling,
        )  # fmt: skip
        rounds = 0
        for epoch in train(network, lesson, recipe):
            rounds = epoch.epoch + 1
            if of_classes(network, image[np.newaxis])[0][label] >= SURE:
                break
        network.problem = data.problem
        return rounds

    # ---- mistakes

    def mistakes(self, true: int | None, answered: int | None, order: str, start: int) -> dict[str, Any]:
        """The test set's errors: the confusion matrix, and some of the pictures; or, of a cell of the matrix, all that
        are in it."""
        work = self.at_hand()
        test = work.data.test
        if test is None:
            raise UsageError("these data have no test set")
        answers, sure = self._tested(work, test)
        names = work.data.classes
        confusion = np.zeros((len(names), len(names)), int)
        np.add.at(confusion, (test.labels, answers), 1)
        chosen = answers != test.labels
        if true is not None and true == answered:
            chosen = ~chosen
        if true is not None:
            chosen = chosen & (test.labels == true)
        if answered is not None:
            chosen = chosen & (answers == answered)
        rows = np.flatnonzero(chosen)
        rows = rows[np.argsort(sure[rows] if order == "unsure" else -sure[rows], kind="stable")]
        page = rows[start : start + SHOWN]
        return {
            "version": work.version, "confusion": confusion.tolist(), "names": list(names), "total": len(test),
            "wrong": int((answers != test.labels).sum()), "found": len(rows), "start": start,
            "pictures": ink(test.images[page]), "rows": page.tolist(), "true": test.labels[page].tolist(),
            "answered": answers[page].tolist(), "sure": sure[page].round(4).tolist(),
        }  # fmt: skip

    def _tested(self, work: Work, test: Dataset) -> tuple[Array, Array]:
        """The answers to the test set and their probabilities; strokes are answered meanwhile."""
        with self.testing:
            if self._answers is None or self._answers[0] != work.version:
                with self.lock:
                    version, network = work.version, work.network
                    still = network.having(network.params.vector.copy(), network.statistics.vector.copy())
                found = of_classes(still, test.images)
                self._answers = version, found.argmax(axis=1), found.max(axis=1)
            return self._answers[1], self._answers[2]


def of_classes(network: Network, images: Array) -> Array:
    """The probability of each class, (n, classes); of two classes that share an output, both."""
    found = np.nan_to_num(network.cost.probabilities(FASTEST.scores(network, images.reshape(len(images), -1))))
    return np.hstack([1 - found, found]) if found.shape[1] == 1 else found


def framed(image: Array) -> dict[str, Any]:
    """The box that the ink fills, [top, left, bottom, right], and its centre of mass, [row, column]."""
    rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
    if not len(rows):
        return {"box": None, "centre": None}
    weight = image.astype(float) / image.sum()
    centre = [float(np.arange(size) @ weight.sum(axis=1 - axis)) for axis, size in enumerate(image.shape)]
    return {"box": [int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1], "centre": centre}
