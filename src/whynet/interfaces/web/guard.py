"""Who may ask: nobody's page but ours, from nowhere but this machine, unless it was said otherwise.

A page elsewhere can make a browser send requests to 127.0.0.1, and by DNS rebinding even read the answers. Hence: the
Host is one of ours, the Origin is ours, and whatever changes something carries the token that was printed at the start.
"""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

TOKEN_HEADER = b"x-whynet-token"
BODY, UPLOAD = 64 * 1024, 20 * 1024 * 1024
UPLOADS = ("/api/upload",)
SILENCE = 10.0  # seconds that a body may take from one part to the next
POLICY = "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; object-src 'none'"
HEADERS = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
)


class Refused(Exception):
    """A request that is not answered: the status, and a sentence."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message


@dataclass(frozen=True)
class Guard:
    """Stands before the app. `port` is the server's own, `remote` whether other machines were let in."""

    app: App
    token: str
    port: int
    remote: bool = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, its body counted; or refuse it."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        started = False

        async def answer(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                named = {name.lower() for name, _ in message["headers"]}
                cache = () if b"cache-control" in named else ((b"cache-control", b"no-store"),)
                message["headers"] = [*message["headers"], *HEADERS, *cache]
            await send(message)

        try:
            if scope["type"] != "http":
                raise Refused(403, "there are no sockets here")
            headers = [(name.lower(), value) for name, value in scope["headers"]]
            self.check(scope["method"], scope["path"], headers)
            await self.app(scope, _counted(scope, headers, receive), answer)
        except Refused as refusal:
            if not started:
                await _say(answer, refusal)

    def check(self, method: str, path: str, headers: list[tuple[bytes, bytes]]) -> None:
        """Refuse what does not come from our own page.

        Raises
        ------
        Refused
            421 for another Host, 403 for another Origin, 401 without the token, 413 for what is too long.
        """
        hosts = [value.decode("latin-1") for name, value in headers if name == b"host"]
        if len(hosts) != 1 or not self.is_ours(hosts[0]):
            raise Refused(421, "this is another server: the Host is not one of its own")
        told = dict(headers)
        origin = told.get(b"origin", b"").decode("latin-1")
        site = told.get(b"sec-fetch-site", b"none").decode("latin-1")
        changes = method not in ("GET", "HEAD")
        if origin and origin != f"http://{hosts[0]}":
            raise Refused(403, "only the page itself may ask")
        if (changes or path.startswith("/api/")) and site not in ("same-origin", "none"):
            raise Refused(403, "only the page itself may ask")
        if changes and not hmac.compare_digest(told.get(TOKEN_HEADER, b""), self.token.encode()):
            raise Refused(401, "the token is missing: open the address that whynet serve printed")
        length = told.get(b"content-length", b"0")
        if not length.isdigit() or len(length) > 15:
            raise Refused(400, "the length of the body makes no sense")
        if int(length) > limit(path):
            raise Refused(413, f"the body is too long: {limit(path):,} bytes at most")

    def is_ours(self, host: str) -> bool:
        """Whether a Host is one of this server's: a name that a foreign page has made to point here is none."""
        name, _, port = host.rpartition(":")
        if port != str(self.port):
            return False
        if name in ("127.0.0.1", "localhost", "[::1]"):
            return True
        return self.remote and _is_address(name.strip("[]"))


def limit(path: str) -> int:
    """How many bytes a body may have."""
    return UPLOAD if path in UPLOADS else BODY


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _counted(scope: Scope, headers: list[tuple[bytes, bytes]], receive: Receive) -> Receive:
    """The same, refusing what turns out longer than was said, or does not come."""
    most, seen, whole = limit(scope["path"]), 0, False

    async def counted() -> Message:
        nonlocal seen, whole
        if whole:
            return await receive()
        try:
            message = await asyncio.wait_for(receive(), SILENCE)
        except TimeoutError:
            raise Refused(408, "the body did not come") from None
        if message["type"] == "http.request":
            seen += len(message.get("body", b""))
            whole = not message.get("more_body", False)
            if seen > most:
                raise Refused(413, f"the body is too long: {most:,} bytes at most")
        return message

    return counted


async def _say(send: Send, refusal: Refused) -> None:
    import msgspec

    body = msgspec.json.encode({"error": {"kind": "refused", "message": refusal.message}})
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send(
        {"type": "http.response.start", "status": refusal.status, "headers": [*headers, (b"connection", b"close")]}
    )
    await send({"type": "http.response.body", "body": body})
