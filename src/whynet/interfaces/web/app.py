"""The routes of the page: what is not listed here does not exist."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio
import anyio.to_process
import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from whynet.errors import UsageError, WhynetError
from whynet.interfaces.web import requests as say
from whynet.interfaces.web.desk import Desk
from whynet.interfaces.web.exports import KINDS, taken
from whynet.interfaces.web.guard import Guard, Refused
from whynet.interfaces.web.jobs import Job, Jobs
from whynet.interfaces.web.pages import static
from whynet.interfaces.web.plain import plain
from whynet.interfaces.web.presets import presets
from whynet.interfaces.web.reading import read_log
from whynet.interfaces.web.stream import LISTENERS, Stream
from whynet.interfaces.web.twins import sound, spoilt, wards
from whynet.interfaces.web.uploads import Uploads
from whynet.training.recipe import Recipe
from whynet.version import __version__

FIRST = "default"
"""The recipe that is trained when there is no network yet."""
STATUS = {"usage": 422, "no-recipe": 422, "bad-file": 422, "resource": 503}
SECONDS = 60.0  # that a script is watched
LOG_SECONDS = 20.0  # that a log may take to be read


class Page:
    """The page's server side: a desk, a queue, and the handlers between."""

    def __init__(self, runs: Path, folder: Path, *, remote: bool = False, run: Path | None = None) -> None:
        self.runs, self.folder, self.remote, self.first = runs, folder, remote, run
        self.desk, self.uploads = Desk(), Uploads(folder / "uploads")
        self.jobs = Jobs(self._told)
        self.stream = Stream(self.jobs)
        self.static = static()
        self._strokes, self._work = anyio.CapacityLimiter(2), anyio.CapacityLimiter(2)
        self._tasks: set[asyncio.Task[Any]] = set()
        self._laying: dict[int, str] = {}
        self.trouble = ""

    def app(self, token: str | None = None, port: int = 80) -> Guard:
        """The whole as an ASGI app, guarded."""
        routes = [
            Route("/", self.index),
            Route("/static/{name}", self.file),
            Route("/api/about", self._api(self.about)),
            Route("/api/desk", self._api(self.on_desk)),
            Route("/api/events", self.events),
            Route("/api/draw", self._api(self.draw), methods=["POST"]),
            Route("/api/teach", self._api(self.teach), methods=["POST"]),
            Route("/api/unit", self._api(self.unit)),
            Route("/api/mistakes", self._api(self.mistakes)),
            Route("/api/export/{to}", self.export),
            Route("/api/train", self._api(self.train), methods=["POST"]),
            Route("/api/ward", self._api(self.ward), methods=["POST"]),
            Route("/api/quiz", self._api(self.quiz), methods=["POST"]),
            Route("/api/quiz/{number:int}/measure", self._api(self.measure), methods=["POST"]),
            Route("/api/quiz/{number:int}/guess", self._api(self.guess), methods=["POST"]),
            Route("/api/diagnose", self._api(self.diagnose), methods=["POST"]),
            Route("/api/log", self._api(self.log), methods=["POST"]),
            Route("/api/upload", self._api(self.upload), methods=["POST"]),
            Route("/api/jobs/{number:int}", self._api(self.control), methods=["POST"]),
        ]
        handlers: dict[Any, Any] = {Refused: self._refused, Exception: self._broken}
        starlette = Starlette(routes=routes, lifespan=self._life, exception_handlers=handlers)
        starlette.router.redirect_slashes = False
        return Guard(starlette, token or secrets.token_urlsafe(24), port, self.remote)

    # ---- the beginning and the end

    @contextlib.asynccontextmanager
    async def _life(self, app: Starlette) -> AsyncIterator[None]:
        worker = asyncio.get_running_loop().create_task(self.jobs.run())
        self._later(self._begin())
        yield
        worker.cancel()
        for task in list(self._tasks):
            task.cancel()
        await self.jobs.close()

    async def _begin(self) -> None:
        """Lay the run that was named on the desk, else the newest, else train one."""
        run = self.first or await anyio.to_thread.run_sync(newest, self.runs)
        if run is not None:
            try:
                await anyio.to_thread.run_sync(self.desk.open, run)
                self.stream.wake()
                return
            except WhynetError as error:
                self.trouble = str(error)
                if self.first is not None:  # it was asked for: nothing else takes its place
                    return
        self._train(Recipe.named(FIRST), FIRST)

    def _later(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # ---- pages

    async def index(self, request: Request) -> Response:
        """The page itself."""
        kind, content = self.static["index.html"]
        return Response(content, media_type=kind, headers={"cache-control": "no-cache"})

    async def file(self, request: Request) -> Response:
        """One of its files."""
        found = self.static.get(request.path_params["name"])
        if found is None:
            raise Refused(404, "there is no such file")
        return Response(found[1], media_type=found[0], headers={"cache-control": "no-cache"})

    async def events(self, request: Request) -> Response:
        """What the jobs say, from a number on."""
        if self.stream.listeners >= LISTENERS:
            raise Refused(503, "too many pages are open")
        last = request.headers.get("last-event-id") or request.query_params.get("since") or "0"
        number = int(last) if last.isdecimal() and len(last) < 16 else 0
        return StreamingResponse(self.stream.events(number), media_type="text/event-stream")

    def _api(self, handler: Callable[[Request], Awaitable[Any]]) -> Callable[[Request], Awaitable[Response]]:
        """A handler whose value becomes JSON, and whose foreseen errors become a status and a sentence."""

        async def answered(request: Request) -> Response:
            try:
                value = await handler(request)
            except WhynetError as error:
                return _json({"error": error.as_dict()}, STATUS.get(error.kind, 422))
            except MemoryError:
                return _json({"error": {"kind": "resource", "message": "there is not enough memory for this"}}, 503)
            return _json(value)

        return answered

    async def _refused(self, request: Request, error: Refused) -> Response:
        return _json({"error": {"kind": "refused", "message": error.message}}, error.status)

    async def _broken(self, request: Request, error: Exception) -> Response:
        return _json({"error": {"kind": "error", "message": "something went wrong here"}}, 500)

    # ---- the desk

    async def about(self, request: Request) -> Any:
        """All that the page needs to begin."""
        return {
            "version": __version__, "remote": self.remote, "presets": presets(), "wards": wards(), "exports": KINDS,
            **await self.on_desk(request),
        }  # fmt: skip

    async def on_desk(self, request: Request) -> Any:
        """The part of it that changes."""
        return {
            "desk": self.desk.about(), "trouble": self.trouble,
            "uploads": [{"key": one.key, "kind": one.kind, "name": one.name} for one in self.uploads.kept.values()],
        }  # fmt: skip

    async def draw(self, request: Request) -> Any:
        """What the network says of a drawing."""
        drawing = say.read(await request.body(), say.Drawing)
        return await anyio.to_thread.run_sync(self.desk.answer, drawing, limiter=self._strokes)

    async def teach(self, request: Request) -> Any:
        """One more, and what it is."""
        lesson = say.read(await request.body(), say.Lesson)
        return await anyio.to_thread.run_sync(self.desk.teach, lesson.drawing, lesson.label, limiter=self._work)

    async def unit(self, request: Request) -> Any:
        """What a unit looks for."""
        layer, number = _whole(request, "layer"), _whole(request, "number")
        return await anyio.to_thread.run_sync(self.desk.unit, layer or 0, number or 0, limiter=self._work)

    async def mistakes(self, request: Request) -> Any:
        """The test set's errors."""
        wanted = _whole(request, "true"), _whole(request, "answered"), request.query_params.get("order", "sure")
        start = _whole(request, "start") or 0
        return await anyio.to_thread.run_sync(self.desk.mistakes, *wanted, start, limiter=self._work)

    async def export(self, request: Request) -> Response:
        """A file to keep."""
        try:
            name, content = await anyio.to_thread.run_sync(taken, self.desk, request.path_params["to"])
        except WhynetError as error:
            return _json({"error": error.as_dict()}, STATUS.get(error.kind, 422))
        headers = {"content-disposition": f'attachment; filename="{name}"'}
        return Response(content, media_type="application/octet-stream", headers=headers)

    # ---- jobs

    async def train(self, request: Request) -> Any:
        """Begin a training."""
        wanted = say.read(await request.body(), say.Wanted)
        recipe = say.recipe_of(wanted.recipe, self.uploads.kept)
        return {"job": self._train(recipe, wanted.name).number}

    def _train(self, recipe: Recipe, name: str) -> Job:
        order = {
            **self._with_data(recipe), "runs": str(self.runs), "snapshot": str(self.folder / "snapshot.safetensors"),
        }  # fmt: skip
        return self.jobs.submit("train", name or "a network", order)

    def _with_data(self, recipe: Recipe) -> dict[str, Any]:
        upload = self.uploads.kept.get(recipe.data)
        return {"recipe": recipe.as_dict(), "path": None if upload is None else str(upload.path)}

    async def ward(self, request: Request) -> Any:
        """Train a sound network and its ill twin."""
        wanted = say.read(await request.body(), say.Ward)
        spoilt(sound(wanted.base, wanted.seed), wanted.base, wanted.causes)
        order = {"base": wanted.base, "causes": wanted.causes, "seed": wanted.seed}
        return {"job": self.jobs.submit("ward", ", ".join(wanted.causes) or "sound", order).number}

    async def quiz(self, request: Request) -> Any:
        """Break a network."""
        wanted = say.read(await request.body(), say.Quiz)
        return {"job": self.jobs.submit("quiz", f"riddle {wanted.seed}", {"seed": wanted.seed}).number}

    async def measure(self, request: Request) -> Any:
        """Measurements of one place of the broken network."""
        job = self._riddle(request)
        wanted = say.read(await request.body(), say.Measure)
        return {"rows": [row for row in job.secret["rows"] if row["place"] == wanted.place]}

    async def guess(self, request: Request) -> Any:
        """Whether a cause is the one, and the doctor's own way there."""
        job = self._riddle(request)
        cause = say.read(await request.body(), say.Guess).cause
        secret = job.secret
        order = {"recipe": secret["recipe"], "path": None, "effort": 20.0, "budget": 40.0}
        doctor = self.jobs.submit("diagnose", f"the doctor on {job.title}", order)
        right = cause == secret["cause"] or cause in secret["also"]
        return {"right": right, "cause": secret["cause"], "also": secret["also"], "job": doctor.number}

    def _riddle(self, request: Request) -> Job:
        job = self.jobs.find(request.path_params["number"])
        if job.kind != "quiz" or "cause" not in job.secret:
            raise UsageError("there is no riddle of that number")
        return job

    async def diagnose(self, request: Request) -> Any:
        """Begin a diagnosis, of a recipe or of a script that was handed in."""
        wanted = say.read(await request.body(), say.Patient)
        limits = {"effort": wanted.effort, "budget": wanted.budget}
        if wanted.script is not None:
            if self.remote:
                raise UsageError("scripts are run only where the page is open to this machine alone")
            upload = self.uploads.find(wanted.script, "script")
            order = {**limits, "file": str(upload.path), "seconds": SECONDS}
            return {"job": self.jobs.submit("script", upload.name, order).number}
        if wanted.recipe is None:
            raise UsageError("there is no patient", expected="a recipe, or a script")
        recipe = say.recipe_of(wanted.recipe, self.uploads.kept)
        order = {**limits, **self._with_data(recipe)}
        return {"job": self.jobs.submit("diagnose", wanted.name or "a recipe", order).number}

    async def log(self, request: Request) -> Any:
        """What the figures of a log show; nothing is trained."""
        text = say.read(await request.body(), say.Log).text
        try:
            with anyio.fail_after(LOG_SECONDS):  # in a process of its own: no text may keep a stroke waiting
                return await anyio.to_process.run_sync(read_log, text, cancellable=True)
        except TimeoutError:
            raise UsageError("this takes too long to read", do="Paste the lines with the figures alone") from None

    async def upload(self, request: Request) -> Any:
        """Take a file in."""
        name = request.query_params.get("name", "")[:200]
        content = await request.body()
        upload = await anyio.to_thread.run_sync(self.uploads.add, name, content, limiter=self._work)
        return {"key": upload.key, "kind": upload.kind, "name": upload.name}

    async def control(self, request: Request) -> Any:
        """Pause, go on, step or stop."""
        job = self.jobs.find(request.path_params["number"])
        self.jobs.control(job, say.read(await request.body(), say.Verb).verb)
        return {"job": job.number, "state": job.state}

    # ---- what the jobs say

    def _told(self, job: Job, message: dict[str, Any]) -> None:
        """A job has said something: listeners wake, and a new network goes to the desk."""
        self.stream.wake()
        if job.kind != "train":
            return
        if message["kind"] == "result" and self.desk.work is not None and self.desk.work.name == _named(job):
            self.desk.work.directory = Path(message["directory"])
        if message["kind"] == "network":
            waiting = job.number in self._laying
            self._laying[job.number] = message["path"]
            if not waiting:
                self._later(self._lay(job))

    async def _lay(self, job: Job) -> None:
        recipe = Recipe.from_dict(job.order["recipe"], "the form")
        while job.number in self._laying:
            path = self._laying[job.number]
            with contextlib.suppress(WhynetError):
                await anyio.to_thread.run_sync(
                    self.desk.lay, Path(path), recipe, job.order.get("path"), _named(job), limiter=self._work
                )
            if self._laying.get(job.number) is path:
                del self._laying[job.number]


def _named(job: Job) -> str:
    return f"{job.title} ({job.number})"


def newest(runs: Path) -> Path | None:
    """The newest finished run of a shipped or readable recipe in a folder of runs, if there is one."""
    found = sorted(runs.glob("*/model.safetensors"), key=lambda path: path.stat().st_mtime, reverse=True)
    for model in found[:5]:
        with contextlib.suppress(WhynetError):
            Recipe.read(model.parent / "recipe.toml")
            return model.parent
    return None


def _whole(request: Request, name: str) -> int | None:
    value = request.query_params.get(name)
    if value is None or value == "":
        return None
    if not value.isdecimal() or not value.isascii() or len(value) > 9:
        raise UsageError(f"{name} is a whole number", found=value[:40])
    return int(value)


def _json(value: Any, status: int = 200) -> Response:
    return Response(msgspec.json.encode(plain(value)), status, media_type="application/json")
