"""The process that does the jobs: orders come as lines of JSON on stdin, what there is to say goes out on stdout.

When the server is gone, stdin ends: a training under way is saved, and the process with it.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from queue import Queue
from typing import Any

import msgspec

from whynet.errors import Interrupted, WhynetError

Say = Callable[..., None]


class Control:
    """What the page wants of the job under way. A training asks; what does not ask is interrupted."""

    def __init__(self) -> None:
        self.stopped = self.gone = False
        self.asks = False
        self.steps = 0
        self._go = threading.Event()
        self._go.set()

    def begin(self) -> None:
        """A new job begins."""
        self.stopped, self.asks, self.steps = False, False, 0
        self._go.set()

    def hear(self, verb: str) -> None:
        """What the page said, while a job is under way."""
        if verb == "pause":
            self._go.clear()
        elif verb == "go":
            self.steps = 0
            self._go.set()
        elif verb == "step":
            self.steps += 1
            self._go.set()
        elif verb == "stop":
            self.stopped = True
            self._go.set()
            if not self.asks:
                interrupt()

    @property
    def paused(self) -> bool:
        """Whether the job is to wait."""
        return not self._go.is_set()

    def wait(self) -> None:
        """Until it may go on; a step that was asked for is used up."""
        self._go.wait()
        if self.steps:
            self.steps -= 1
            if not self.steps:
                self._go.clear()


def interrupt() -> None:
    """Ctrl-C for the main thread: the doctor then tells what is known so far."""
    if hasattr(signal, "pthread_kill"):
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
    else:
        import _thread

        _thread.interrupt_main()


def main() -> None:
    """Do what is ordered, until stdin ends."""
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


def do(order: dict[str, Any], say: Say, control: Control) -> None:
    """One job, to its end, its failure or its interruption."""
    from whynet.interfaces.web import consultation, riddle, trainee, twins

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


def plain(value: Any) -> Any:
    """The same value as JSON can hold it: numbers of arrays become Python's, what is not finite null."""
    if isinstance(value, dict):
        return {str(name): plain(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    if isinstance(value, float):
        return value if value - value == 0 else None
    if value is None or isinstance(value, (bool, int, str)):
        return value
    return plain(value.tolist()) if hasattr(value, "tolist") else str(value)


if __name__ == "__main__":
    main()
