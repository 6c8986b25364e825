"""What tests of the page share: a drawing as a request, the page really served, waiting."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

HOST = "127.0.0.1:8377"
TOKEN = "a-token"


def drawing(rows=60, columns=60, ink=None):
    """A stroke from top to bottom, as a request."""
    if ink is None:
        ink = np.zeros((rows, columns), np.uint8)
        ink[rows // 6 : -rows // 6, columns // 2 - 3 : columns // 2 + 3] = 255
    return {"rows": rows, "columns": columns, "ink": base64.b64encode(np.asarray(ink, np.uint8).tobytes()).decode()}


@contextlib.contextmanager
def served(runs: Path, *more: str):
    """`whynet serve` in a process of its own; (address, token)."""
    command = [sys.executable, "-m", "whynet", "serve", "--port", "0", "--runs", str(runs), "--json", *more]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
    try:
        line = process.stdout.readline()
        assert line, process.stderr.read()
        told = json.loads(line)
        yield told["address"].split("/#")[0], told["token"], process
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(15)
        process.kill()
        process.stdout.close()
        process.stderr.close()


def asking(address: str, token: str):
    """A client of the served page."""
    import httpx2

    return httpx2.Client(base_url=address, headers={"x-whynet-token": token}, timeout=30)


def until(done, seconds=60.0, apart=0.05):
    """Waits until it is so."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = done()
        if found:
            return found
        time.sleep(apart)
    raise AssertionError("it did not come to that in time")
