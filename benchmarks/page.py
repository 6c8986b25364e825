"""How fast the page is: first paint, its bytes, a stroke's answer while a network trains, with idle connections beside
it, and random requests.

    python -m benchmarks.page [visits] [strokes] [idle] [requests[=20000]]

Needs playwright, httpx2 and Chromium; prints one JSON object. MNIST is taken from $WHYNET_DATA, else the small digits.
On a machine that is busy with other programs, FIRST=16 in the environment lets these go before them (Linux, as root):
what is measured is then near what a quiet machine does.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from base64 import b64encode
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
from playwright.sync_api import sync_playwright

from whynet.interfaces.web.child import POLITE

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
STROKES, VISITS = 200, 7
TRAINING = {"layers": ["conv 16 5x5", "pool 2", "dense 64"], "activation": "relu", "init": "he", "epochs": 90}
ROUTES = {
    "/": "GET", "/static/app.js": "GET", "/x": "GET", "/api/about": "GET", "/api/desk": "GET", "/api/unit": "GET",
    "/api/mistakes": "GET", "/api/export/recipe": "GET", "/api/export/numpy": "GET", "/api/draw": "POST",
    "/api/teach": "POST", "/api/log": "POST", "/api/ward": "POST", "/api/train": "POST", "/api/diagnose": "POST",
    "/api/quiz/1/guess": "POST", "/api/jobs/1": "POST", "/api/upload": "POST",
}  # fmt: skip


def drawing() -> dict[str, Any]:
    """A stroke as the page sends it."""
    ink = np.zeros((112, 112), np.uint8)
    ink[20:90, 50:58] = ink[20:28, 30:70] = 255
    return {"rows": 112, "columns": 112, "ink": b64encode(ink.tobytes()).decode()}


def memory(process: int) -> float:
    """Megabytes that a process holds; Linux only."""
    line = next(line for line in Path(f"/proc/{process}/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def spread(values: list[float]) -> dict[str, float]:
    """Median and 95th percentile, in milliseconds."""
    return {"median": round(float(np.median(values)), 1), "p95": round(float(np.quantile(values, 0.95)), 1)}


def visits(browser: Any, address: str) -> dict[str, Any]:
    """First paint in milliseconds, and the bytes of everything that a first visit loads."""
    paints, sizes = [], []
    for _ in range(VISITS):
        page = browser.new_context().new_page()
        page.goto(address)
        page.wait_for_selector("body[data-ready]")
        page.wait_for_timeout(300)
        paints.append(page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime"))
        sizes.append(page.evaluate(
            "[...performance.getEntriesByType('resource'), ...performance.getEntriesByType('navigation')]"
            ".reduce((sum, one) => sum + one.encodedBodySize, 0)"
        ))  # fmt: skip
        page.context.close()
    return {"first_paint": spread(paints), "bytes": max(sizes)}


def strokes(browser: Any, address: str) -> dict[str, float]:
    """From a movement of the pointer to the frame in which its answer is seen."""
    page = browser.new_page()
    page.goto(address)
    page.wait_for_selector("body[data-ready]")
    page.wait_for_timeout(1000)
    box = page.locator("canvas.pad").bounding_box()
    page.mouse.move(box["x"] + 60, box["y"] + 60)
    page.mouse.down()
    seen = []
    for step in range(STROKES):
        page.mouse.move(box["x"] + 60 + step, box["y"] + 60 + step * 0.8)
        page.wait_for_timeout(60)
        seen.append(float(page.evaluate("document.body.dataset.answered || 'NaN'")))
    page.mouse.up()
    page.close()
    return spread([one for one in seen if one == one])


def first(of: int) -> None:
    """Let this program and those that it started go before others, if it is asked for: by the niceness of their
    sessions, by which Linux shares processors out; the process that trains stays as far behind as it put itself."""
    before = int(os.environ.get("FIRST", 0))
    listing = subprocess.run(["ps", "-e", "-o", "pid=,ppid=,args="], capture_output=True, text=True, check=True).stdout
    rows = [line.split(None, 2) for line in listing.splitlines()]
    family = {of}
    for _ in rows:
        family |= {int(pid) for pid, parent, _ in rows if int(parent) in family}
    done = set[str]()
    for pid, _, text in rows if before else ():
        group = Path(f"/proc/{pid}/autogroup")
        if int(pid) not in family or not group.exists() or group.read_text().split()[0] in done:
            continue
        done.add(group.read_text().split()[0])
        time.sleep(0.15)  # it is not to be changed more often
        group.write_text(str(-before + POLITE * ("interfaces.web.child" in text)))


def idle(address: str, client: Any) -> dict[str, Any]:
    """A stroke's answer beside 200 connections that were opened and say nothing."""
    host, port = address.removeprefix("http://").split(":")
    seen, body = [], drawing()
    silent = [socket.create_connection((host, int(port))) for _ in range(200)]
    for _ in range(STROKES):
        started = time.perf_counter()
        status = client.post("/api/draw", json=body).status_code
        seen.append(1000 * (time.perf_counter() - started))
        assert status == 200
        time.sleep(0.02)
    for one in silent:
        one.close()
    return {**spread(seen), "slowest": round(max(seen), 1)}


def requests(client: Any, count: int) -> dict[int, int]:
    """So many requests of all kinds; how many got which status."""
    rng, found = random.Random(0), dict[int, int]()
    said = [{}, drawing(), {"drawing": drawing(), "label": 3}, {"verb": "stop"}, {"seed": -1}, {"text": "cost 2.3 2.3"},
            {"base": "a", "causes": []}, {"recipe": {"hidden": [99999]}},
            {"recipe": {"data": "/etc/passwd"}}]  # fmt: skip
    bodies = [b"", *[json.dumps(one).encode() for one in said]]
    for _ in range(count):
        path = rng.choice(list(ROUTES))
        method = ROUTES[path] if rng.random() < 0.8 else rng.choice(["GET", "POST", "PUT", "DELETE", "HEAD"])
        content, query = rng.choice([*bodies, rng.randbytes(40)]), {"layer": rng.choice(["0", "1", "x", "-1", "999"])}
        status = client.request(method, path, content=content, params=query).status_code
        found[status] = found.get(status, 0) + 1
    return dict(sorted(found.items()))


def main(wanted: dict[str, int]) -> None:
    """Measure, and print."""
    with tempfile.TemporaryDirectory() as folder:
        runs = str(Path(folder) / "runs")
        command = [sys.executable, "-m", "whynet", "serve", "--port", "0", "--json", "--runs", runs]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            assert process.stdout is not None
            told = json.loads(process.stdout.readline())
            address, token = told["address"].split("/#")[0], told["token"]
            headers = {"x-whynet-token": token}
            with httpx2.Client(base_url=address, headers=headers, timeout=60) as client, sync_playwright() as driver:
                while not client.get("/api/about").json()["desk"]["network"]:
                    time.sleep(0.2)
                time.sleep(5)
                browser = driver.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
                result: dict[str, Any] = {}
                first(os.getpid())
                if "visits" in wanted:
                    result |= visits(browser, told["address"])
                if "strokes" in wanted or "idle" in wanted:
                    job = client.post("/api/train", json={"recipe": TRAINING}).json()["job"]
                    time.sleep(5)
                    if "strokes" in wanted:
                        result["stroke"] = strokes(browser, told["address"])
                    if "idle" in wanted:
                        result["idle"] = idle(address, client)
                    client.post(f"/api/jobs/{job}", json={"verb": "stop"})
                browser.close()
                if "requests" in wanted:
                    requests(client, 1000)
                    before, started = memory(process.pid), time.monotonic()
                    found = requests(client, wanted["requests"])
                    result |= {"requests": found, "seconds": round(time.monotonic() - started)}
                    result["memory"] = [round(before), round(memory(process.pid))]
                print(json.dumps({**result, "load": os.getloadavg(), "first": os.environ.get("FIRST", "0")}))
        finally:
            process.terminate()
            process.wait(20)


if __name__ == "__main__":
    asked = [one.partition("=") for one in sys.argv[1:] or ("visits", "strokes", "idle", "requests")]
    main({name: int(count or 20_000) for name, _, count in asked})
