"""The server: it opens the port, prints the address, and goes when it is told to."""

from __future__ import annotations

import asyncio
import secrets
import socket
import tempfile
from collections.abc import Callable
from pathlib import Path

import uvicorn
from threadpoolctl import threadpool_limits

from whynet.errors import ResourceError, UsageError
from whynet.interfaces.web.app import Page
from whynet.interfaces.web.connections import Connection

LOCAL = ("127.0.0.1", "localhost", "::1")
BACKLOG = 128


def serve(
    *,
    run: Path | None,
    runs: Path,
    host: str,
    port: int,
    allow_remote: bool,
    data: Path | None,
    ready: Callable[[str, str], None],
) -> None:
    """Serve the page until Ctrl-C. `ready(address, token)` is called when the port is open.

    Raises
    ------
    UsageError
        A host that other machines can reach, without `allow_remote`.
    ResourceError
        The port is taken.
    """
    remote = host not in LOCAL
    if remote and not allow_remote:
        raise UsageError(
            "other machines could reach the page there", found=host,
            do="Leave out --host; or add --allow-remote, if everybody on that network may use it",
        )  # fmt: skip
    listening = _listen(host, port)
    port = listening.getsockname()[1]
    token = secrets.token_urlsafe(24)
    # A stroke is answered in small products: one thread is faster, and leaves the others to the training.
    with threadpool_limits(1), tempfile.TemporaryDirectory(prefix="whynet-page-") as folder:
        page = Page(runs, Path(folder), remote=remote, run=run)
        if data is not None:
            page.uploads.own(data)
        config = uvicorn.Config(
            page.app(token, port), http=Connection, ws="none", lifespan="on", log_level="error", access_log=False,
            timeout_keep_alive=20, timeout_graceful_shutdown=2, server_header=False, date_header=False,
            h11_max_incomplete_event_size=16 * 1024,
        )  # fmt: skip
        shown = "127.0.0.1" if host in ("127.0.0.1", "localhost", "0.0.0.0") else f"[{host}]" if ":" in host else host
        ready(f"http://{shown}:{port}/#token={token}", token)
        asyncio.run(_until_told(uvicorn.Server(config), listening))


async def _until_told(server: uvicorn.Server, listening: socket.socket) -> None:
    await server.serve(sockets=[listening])


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Only of a socket that says it is TCP does asyncio send each part at once: a body would wait 40 ms for its head.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(BACKLOG)
    except OSError as error:
        listening.close()
        raise ResourceError(
            f"the page cannot be opened there: {error.strerror}", where=f"{host}, port {port}",
            do="Choose another: --port 0 takes one that is free",
        ) from None  # fmt: skip
    return listening
