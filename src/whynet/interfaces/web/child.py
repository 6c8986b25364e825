"""The process that does the jobs: orders come as lines of JSON on stdin, what there is to say goes out on stdout.

When the server is gone, stdin ends: a training under way is saved, and the process with it.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from pathlib import Path
from queue import Queue
from typing import Any

import msgspec

from whynet.errors import Interrupted, WhynetError
from whynet.interfaces.web import consultation, riddle, trainee, twins
from whynet.interfaces.web.control import Control, Say
from whynet.interfaces.web.plain import plain

POLITE = 3
"""How far a job steps back: whoever draws beside it is answered first, and it still gets half of what another program
does that computes at the same time."""
GROUP = Path("/proc/self/autogroup")


def main() -> None:
    """Do what is ordered, until stdin ends."""
    step_back()
    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a program prints is no message
    lock, control, orders = threading.Lock(), Control(), Queue[dict[str, Any] | None]()

    def say(kind: str, **values: Any) -> None:
        with lock, contextlib.suppress(BrokenPipeError, ValueError):
            out.write(msgspec.json.encode({"kind": kind, **plain(values)}) + b"\n")
            out.flush()

    def listen() -> None:
        for line in sys.stdin.buffer:
            order = msgspec.json.decode(line)
            if "verb" in order:
                control.hear(order["verb"])
            else:
                orders.put(order)
        control.gone = True
        orders.put(None)
        control.hear("stop")
        if not control.asks:  # nothing to be saved
            time.sleep(1)
            os._exit(0)

    threading.Thread(target=listen, daemon=True).start()
    while True:
        try:
            order = orders.get()
            if order is None:
                return
            control.begin()
            do(order, say, control)
        except KeyboardInterrupt:
            if control.gone:
                return
            say("end", state="stopped")


def step_back() -> None:
    """Let the server and the browser go first. Where Linux shares processors out between sessions (most desktops do),
    niceness counts inside of a session only, and this process has one of its own: the session steps back too."""
    if hasattr(os, "nice"):
        os.nice(POLITE)
    with contextlib.suppress(OSError):  # not there, or not ours to write
        GROUP.write_text(str(POLITE))


def do(order: dict[str, Any], say: Say, control: Control) -> None:
    """One job, to its end, its failure or its interruption."""
    kinds = {
        "train": trainee.train, "ward": twins.compare, "quiz": riddle.set_up, "diagnose": consultation.diagnose,
        "script": consultation.diagnose_script,
    }  # fmt: skip
    try:
        kinds[order.pop("job")](order, say, control)
    except (Interrupted, KeyboardInterrupt):
        say("end", state="stopped")
    except WhynetError as error:
        say("end", state="failed", error=error.as_dict())
    except MemoryError:
        say("end", state="failed", error={"message": "there is not enough memory for this", "do": "Try smaller sizes"})
    else:
        say("end", state="done")


if __name__ == "__main__":
    main()
