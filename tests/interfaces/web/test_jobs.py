"""Jobs: a training in a process of its own, what it says, and what is left when it is stopped or killed."""

from __future__ import annotations

import asyncio
import socket
import threading
import time

import msgspec
import pytest

import whynet
import whynet.interfaces.web.jobs
from web_support import asking, drawing, served, until
from whynet.interfaces.web.connections import MOST
from whynet.interfaces.web.jobs import WAITING, Job, Jobs
from whynet.interfaces.web.stream import Stream

DIGITS = {"data": "digits", "epochs": 3, "learning_rate": 0.5}


def said(job):
    return [message["kind"] for message in job.log]


async def ended(jobs, job, seconds=60):
    worker = asyncio.get_running_loop().create_task(jobs.run())
    end = time.monotonic() + seconds
    while job.state not in ("done", "failed", "stopped") and time.monotonic() < end:
        await asyncio.sleep(0.02)
    worker.cancel()
    await jobs.close()


def training(tmp_path, **recipe):
    order = {
        "recipe": {**DIGITS, **recipe},
        "path": None,
        "runs": str(tmp_path / "runs"),
        "snapshot": str(tmp_path / "s.st"),
    }
    return "train", "small", order


def test_a_training_is_told_from_beginning_to_end_and_leaves_a_run(tmp_path):
    jobs = Jobs()
    job = jobs.submit(*training(tmp_path))
    asyncio.run(ended(jobs, job))
    assert job.state == "done"
    kinds = said(job)
    assert kinds[:3] == ["queued", "started", "about"] and kinds[-2:] == ["result", "end"]
    assert kinds.count("epoch") == 3 and kinds.count("masks") == 1
    looks = [one for one in job.log if one["kind"] == "look"]
    assert looks[-1]["step"] == 3 * 145  # the last is never lost
    numbers = [one["n"] for one in job.log]
    assert len(set(numbers)) == len(numbers)
    (run,) = (tmp_path / "runs").iterdir()
    again = whynet.fit(whynet.Recipe(**DIGITS))
    found = whynet.Network.load(run / "model.safetensors")
    assert (found.params.vector == again.network.params.vector).all()  # watching changes no bit
    assert (run / "report.html").exists()


def test_a_mistake_is_a_sentence(tmp_path):
    jobs = Jobs()
    job = jobs.submit(*training(tmp_path, sizes=[3, 4, 5]))
    asyncio.run(ended(jobs, job))
    assert job.state == "failed" and "sizes" in job.log[-1]["error"]["message"]


def test_what_is_kept_of_a_long_job_is_bounded_and_its_end_is_kept(monkeypatch):
    monkeypatch.setattr(whynet.interfaces.web.jobs, "LONGEST", 60)
    jobs = Jobs()
    job = Job(1, "train", "long", {})
    jobs.jobs[1] = job
    for step in range(200):
        jobs._say(job, {"kind": "look", "step": step})
        jobs._say(job, {"kind": "masks", "step": step})
    assert len(job.log) <= 62
    assert [one["step"] for one in job.log if one["kind"] == "look"][-1] == 199
    assert said(job).count("masks") == 1


def test_the_queue_and_what_is_remembered_are_bounded():
    jobs = Jobs()
    for number in range(WAITING):
        jobs.submit("quiz", str(number), {})
    with pytest.raises(whynet.errors.ResourceError, match="too many"):
        jobs.submit("quiz", "one more", {})
    jobs.control(jobs.jobs[1], "stop")
    assert jobs.jobs[1].state == "stopped" and jobs.submit("quiz", "now", {})


def test_updates_are_bundled_and_the_last_is_never_lost():
    class Source:
        def __init__(self):
            self.messages = []

        def since(self, number):
            return len(self.messages), self.messages[number:]

    async def listen():
        source = Source()
        stream = Stream(source)
        seen, events = [], 0

        async def tell():
            for step in range(600):
                source.messages.append({"step": step})
                stream.wake()
                await asyncio.sleep(0.001)

        teller = asyncio.get_running_loop().create_task(tell())
        async for event in stream.events(0):
            if b"data: " in event:
                seen += msgspec.json.decode(event.split(b"data: ")[1])
                events += 1
                if seen[-1]["step"] == 599:
                    break
        await teller
        return seen, events

    seen, events = asyncio.run(listen())
    assert [one["step"] for one in seen] == list(range(600))
    assert events < 200


# ---- really served


def is_open(connection):
    connection.setblocking(False)
    try:
        return connection.recv(1) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False


@pytest.mark.slow
def test_idle_connections_and_trainings_do_not_keep_a_stroke_waiting(small_run):
    with served(small_run.parent) as (address, token, _), asking(address, token) as client:
        until(lambda: client.get("/api/about").json()["desk"]["network"])
        host, port = address.removeprefix("http://").split(":")
        idle = [socket.create_connection((host, int(port))) for _ in range(200)]
        started = client.post("/api/train", json={"recipe": {**DIGITS, "epochs": 200}})
        assert started.status_code == 200
        with asking(address, token) as fresh:
            assert [fresh.post("/api/draw", json=drawing()).status_code for _ in range(50)] == [200] * 50
        still = sum(is_open(one) for one in idle)
        for one in idle:
            one.close()
        assert still <= MOST


@pytest.mark.slow
def test_a_training_is_paused_stepped_and_stopped_and_its_run_can_be_resumed(small_run, tmp_path):
    with served(tmp_path / "runs") as (address, token, _), asking(address, token) as client:
        number = client.post("/api/train", json={"recipe": {**DIGITS, "epochs": 1000}}).json()["job"]

        def messages(since=0):
            found = []
            with client.stream("GET", f"/api/events?since={since}") as stream:
                for line in stream.iter_lines():
                    if line.startswith("data: "):
                        return [one for one in msgspec.json.decode(line[6:]) if one["job"] == number]
            return found

        def last(kind):
            return next((one for one in reversed(messages()) if one["kind"] == kind), None)

        def say(verb):
            return client.post(f"/api/jobs/{number}", json={"verb": verb})

        until(lambda: last("look"))
        say("pause")
        before = until(lambda: last("paused"))["step"]
        say("step")
        after = until(lambda: (last("paused") or {}).get("step") != before and last("paused"))["step"]
        assert after == before + 1
        say("go")
        until(lambda: (last("look") or {}).get("step", 0) > after + 10)
        say("stop")
        assert until(lambda: last("end"))["state"] == "stopped"
        runs = [one for one in (tmp_path / "runs").iterdir() if whynet.Recipe.read(one / "recipe.toml").epochs == 1000]
        assert whynet.Network.load(runs[0] / "model.safetensors") and (runs[0] / "checkpoint.safetensors").exists()


@pytest.mark.slow
@pytest.mark.parametrize("how", ["terminate", "kill"])
def test_a_killed_server_loses_no_run(tmp_path, how, small_run):
    import shutil

    shutil.copytree(small_run, tmp_path / "runs" / "first")
    with served(tmp_path / "runs") as (address, token, process), asking(address, token) as client:
        client.post("/api/train", json={"recipe": {**DIGITS, "epochs": 1000}})

        def run():
            found = [
                one.parent for one in (tmp_path / "runs").glob("*/checkpoint.safetensors") if one.parent.name != "first"
            ]
            return found and found[0]

        folder = until(run)
        getattr(process, how)()
        process.wait(20)
    until(lambda: (folder / "model.safetensors").exists(), 20)  # the child notices, saves and goes
    resumed = whynet.training.run.Run.open(folder)
    assert 0 < resumed.position.epoch < 1000


@pytest.mark.slow
def test_a_host_that_others_can_reach_is_refused_unless_it_is_said(tmp_path):
    from click.testing import CliRunner

    from whynet.interfaces.cli import cli

    found = CliRunner().invoke(cli, ["serve", "--host", "0.0.0.0", "--port", "0"], standalone_mode=False)
    assert isinstance(found.exception, whynet.errors.UsageError) and "--allow-remote" in str(found.exception)
    taken = socket.socket()
    taken.bind(("127.0.0.1", 0))
    taken.listen()
    found = CliRunner().invoke(cli, ["serve", "--port", str(taken.getsockname()[1])], standalone_mode=False)
    assert isinstance(found.exception, whynet.errors.ResourceError) and "--port 0" in str(found.exception)
    taken.close()


@pytest.mark.slow
def test_a_diagnosis_that_is_stopped_tells_what_is_known_and_the_next_job_begins(tmp_path):
    async def stopped(jobs, job):
        worker = asyncio.get_running_loop().create_task(jobs.run())
        while "trial" not in said(job):
            await asyncio.sleep(0.02)
        jobs.control(job, "stop")
        after = jobs.submit(*training(tmp_path))
        while after.state not in ("done", "failed"):
            await asyncio.sleep(0.02)
        worker.cancel()
        await jobs.close()
        return after

    recipe = {"data": "digits", "init": "zeros", "epochs": 60, "learning_rate": 0.5, "batch_size": 1}
    jobs = Jobs()
    job = jobs.submit("diagnose", "slow", {"recipe": recipe, "path": None, "effort": 30.0, "budget": 600.0})
    after = asyncio.run(asyncio.wait_for(stopped(jobs, job), 90))
    assert job.state == "done" and after.state == "done"
    told = next(one for one in job.log if one["kind"] == "diagnosis")
    assert any("interrupted" in one for one in told["remarks"])


@pytest.mark.slow
def test_no_text_keeps_a_stroke_waiting(small_run):
    with served(small_run.parent) as (address, token, _), asking(address, token) as client:
        until(lambda: client.get("/api/desk").json()["desk"]["network"])
        read = client.post("/api/log", json={"text": "958, 958, 890 of 10000 right"}).json()
        assert read["state"] == "constant-answer" and read["verdict"][0]["title"]
        assert client.post("/api/log", json={"text": "no figures"}).status_code == 422
        seen = []

        def read_at_length():
            with asking(address, token) as other:
                seen.append(other.post("/api/log", json={"text": "[" * 60_000}).status_code)

        reader = threading.Thread(target=read_at_length)
        reader.start()
        strokes = 0
        while reader.is_alive():
            assert client.post("/api/draw", json=drawing()).status_code == 200
            strokes += 1
        reader.join()
        assert seen == [422] and strokes


@pytest.mark.slow
def test_a_run_that_cannot_be_opened_is_said_and_nothing_takes_its_place(tmp_path):
    (tmp_path / "empty").mkdir()
    with served(tmp_path / "runs", str(tmp_path / "empty")) as (address, token, _), asking(address, token) as client:
        told = until(lambda: client.get("/api/desk").json()["trouble"] and client.get("/api/desk").json())
        assert "recipe" in told["trouble"] and told["desk"]["network"] is None
        assert client.post("/api/draw", json=drawing()).status_code == 422
        assert client.get("/api/mistakes").status_code == 422
