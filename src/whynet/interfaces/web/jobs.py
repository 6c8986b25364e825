"""Jobs: one training or diagnosis at a time, in a process of its own; the others wait. Each can be paused or stopped,
and whatever it says is kept until newer jobs need the room."""

from __future__ import annotations

import asyncio
import itertools
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from whynet.errors import ResourceError, UsageError
from whynet.processors import processors

WAITING, KEPT, LONGEST = 8, 24, 1500
PATIENCE = 8.0  # seconds that a job may take to stop before its process is ended
LINE = 64 * 1024 * 1024
REPLACED = ("masks", "masks-sound", "masks-ill", "network", "progress", "paused", "running")
"""Of these only the last is kept."""
SECRET = ("secret",)
OVER = ("done", "failed", "stopped")


@dataclass
class Job:
    """One thing to do. `log` holds what it said, each with a number that counts over all jobs."""

    number: int
    kind: str
    title: str
    order: dict[str, Any]
    state: str = "waiting"
    log: list[dict[str, Any]] = field(default_factory=list)
    secret: dict[str, Any] = field(default_factory=dict)
    """What only the server knows: the answer of a quiz."""


class Jobs:
    """The queue and its one worker. `told` is called whenever a job has said something."""

    def __init__(self, told: Callable[[Job, dict[str, Any]], None] = lambda job, message: None) -> None:
        self.jobs: dict[int, Job] = {}
        self.told = told
        self.current: Job | None = None
        self._numbers, self._last = itertools.count(1), 0
        self._process: asyncio.subprocess.Process | None = None
        self._work = asyncio.Event()
        self._over = asyncio.Event()
        self._closing = False
        self._tasks: set[asyncio.Task[None]] = set()

    # ---- what the page asks

    def submit(self, kind: str, title: str, order: dict[str, Any]) -> Job:
        """Put a job into the queue.

        Raises
        ------
        ResourceError
            Too many are waiting.
        """
        if sum(one.state == "waiting" for one in self.jobs.values()) >= WAITING:
            raise ResourceError("too many are waiting already", expected=f"{WAITING} at most", do="Stop one of them")
        job = Job(next(self._numbers), kind, title, order)
        self.jobs[job.number] = job
        for old in [one for one in self.jobs.values() if one.state in OVER][: max(0, len(self.jobs) - KEPT)]:
            del self.jobs[old.number]
        self._say(job, {"kind": "queued", "what": kind, "title": title, "order": order})
        self._work.set()
        return job

    def find(self, number: int) -> Job:
        """The job of that number.

        Raises
        ------
        UsageError
            There is none, or none any more.
        """
        if number not in self.jobs:
            raise UsageError("there is no such job", found=str(number))
        return self.jobs[number]

    def control(self, job: Job, verb: str) -> None:
        """Pause, go on, take one step, or stop."""
        if job.state in OVER:
            return
        if job is not self.current:
            if verb == "stop":
                self._end(job, "stopped", {})
            return
        self._send({"verb": verb})
        if verb == "stop":
            self._later(self._make_sure(job))

    def since(self, number: int) -> tuple[int, list[dict[str, Any]]]:
        """All messages after a number, in their order."""
        found = [one for job in self.jobs.values() for one in job.log if one["n"] > number]
        return self._last, sorted(found, key=lambda one: int(one["n"]))

    # ---- the worker

    async def run(self) -> None:
        """Do one job after the other, for ever."""
        while not self._closing:
            job = next((one for one in self.jobs.values() if one.state == "waiting"), None)
            if job is None:
                self._work.clear()
                await self._work.wait()
                continue
            await self._ready()
            self._over.clear()
            self.current, job.state = job, "running"
            self._say(job, {"kind": "started"})
            self._send({"job": job.kind, **job.order})
            await self._over.wait()
            self.current = None

    async def close(self) -> None:
        """End the process; a training that is under way is saved first, and can be resumed."""
        self._closing = True
        process = self._process
        if process is None or process.returncode is not None:
            return
        if process.stdin is not None:
            process.stdin.close()  # that is how it knows
        try:
            await asyncio.wait_for(process.wait(), PATIENCE)
        except TimeoutError:
            process.kill()
            await process.wait()

    async def _ready(self) -> None:
        """A process that waits for orders."""
        if self._process is not None and self._process.returncode is None:
            return
        threads = os.environ.get("OMP_NUM_THREADS", str(max(1, processors() - 1)))  # one is left to whoever draws
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "whynet.interfaces.web.child",
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=LINE,
            env={**os.environ, "OMP_NUM_THREADS": threads}, start_new_session=os.name != "nt",
        )  # fmt: skip
        self._later(self._listen(self._process))

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        while line := await process.stdout.readline():
            job = self.current
            if job is None:
                continue
            message = msgspec.json.decode(line)
            if message["kind"] == "end":
                self._end(job, message.pop("state"), message)
            elif message["kind"] in SECRET:
                job.secret |= message
            else:
                if message["kind"] in ("paused", "running"):
                    job.state = message["kind"]
                self._say(job, message)
        await process.wait()
        if self.current is not None and process is self._process and self.current.state not in OVER:
            stopped = self.current.secret.pop("ended", False)
            error = {} if stopped else {"error": {"message": "its process ended", "do": "Try it once more"}}
            self._end(self.current, "stopped" if stopped else "failed", error)

    async def _make_sure(self, job: Job) -> None:
        """End the process of a job that does not stop by itself."""
        await asyncio.sleep(PATIENCE)
        if job is self.current and job.state not in OVER and self._process is not None:
            job.secret["ended"] = True
            self._process.kill()

    def _send(self, order: dict[str, Any]) -> None:
        if self._process is not None and self._process.stdin is not None and self._process.returncode is None:
            self._process.stdin.write(msgspec.json.encode(order) + b"\n")

    def _later(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # ---- what is kept

    def _end(self, job: Job, state: str, message: dict[str, Any]) -> None:
        job.state = state
        self._say(job, {**message, "kind": "end", "state": state})
        if job is self.current:
            self._over.set()

    def _say(self, job: Job, message: dict[str, Any]) -> None:
        self._last += 1
        if message["kind"] in REPLACED:
            job.log = [one for one in job.log if one["kind"] != message["kind"]]
        looks = [one for one in job.log if one["kind"] == "look"]
        if len(looks) >= LONGEST:  # every second one is let go: a curve has as many points as a screen
            gone = {id(one) for one in looks[:-1:2]}
            job.log = [one for one in job.log if id(one) not in gone]
        job.log.append({**message, "n": self._last, "job": job.number})
        self.told(job, message)
