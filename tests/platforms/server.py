"""The loopback server: all platforms on one port, one write a response, faults on a script."""

from __future__ import annotations

import datetime as dt
import json
import os
import socket
import struct
import threading
import time
from dataclasses import dataclass, field
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.platforms import bluesky, hackernews, mastodon, reddit, status, x
from tests.platforms.faults import Script
from tests.platforms.world import World

ROUTES = (
    ("/2/", x),
    ("/xrpc/", bluesky),
    ("/api/v1/search_by_date", hackernews),
    ("/v0/", hackernews),
    ("/api/v1/access_token", reddit),
    ("/api/info", reddit),
    ("/api/morechildren", reddit),
    ("/r/", reddit),
    ("/comments/", reddit),
    ("/api/v1/", mastodon),
    ("/api/v2/search", mastodon),
    ("/api/v2/instance", mastodon),
    ("/", status),
)


@dataclass
class Request:
    """One request, as the platforms' handlers see it."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    world: World
    state: dict[str, Any]
    base: str

    #: Values of parameters that may be given more than once.
    many: dict[str, list[str]] = field(default_factory=dict)

    @property
    def form(self) -> dict[str, str]:
        """The fields of a form body."""
        return {k: v[-1] for k, v in parse_qs(self.body.decode("utf-8", "replace"), keep_blank_values=True).items()}


@dataclass
class Reply:
    """One response."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/json; charset=utf-8"

    def data(self) -> bytes:
        """The body's bytes."""
        if isinstance(self.body, bytes):
            return self.body
        return self.body.encode() if isinstance(self.body, str) else json.dumps(self.body).encode()


class Platforms:
    """The server in a thread; use as a context manager.

    Parameters
    ----------
    script
        Which requests fail, and how.
    """

    def __init__(self, world: World | None = None, *, script: Script | None = None, port: int = 0) -> None:
        self.world, self.script = world or World(), script or Script()
        self.state: dict[str, Any] = {}
        self.requests: list[tuple[str, str, str]] = []
        self.lock = threading.Lock()
        handler = type("Bound", (_Handler,), {"platforms": self})
        self._server = _Server(("127.0.0.1", port), handler)
        self._thread: threading.Thread | None = None

    @property
    def base(self) -> str:
        """The address."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Platforms:
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        assert self._thread is not None
        self._thread.join()

    def serve(self) -> None:
        """Serve in this thread until interrupted."""
        self._server.serve_forever()

    def pages(self) -> list[str]:
        """Return method and address of each request that was answered as it should be."""
        return [f"{method} {url}" for method, url, fault in self.requests if not fault]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that break off are part of the play."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    platforms: Platforms

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        self._answer()

    def do_PUT(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        parts = urlsplit(self.path)
        query = {k: v[-1] for k, v in parse_qs(parts.query, keep_blank_values=True).items()}
        headers = {k.lower(): v for k, v in self.headers.items()}
        platforms = self.platforms
        request = Request(
            self.command,
            parts.path,
            query,
            headers,
            body,
            platforms.world,
            platforms.state,
            platforms.base,
            parse_qs(parts.query),
        )
        module = next(m for prefix, m in ROUTES if parts.path.startswith(prefix))
        with platforms.lock:
            fault = platforms.script.next(module.__name__.rsplit(".", 1)[-1], f"{self.command} {self.path} {body!r}")
            platforms.requests.append((self.command, self.path, fault))
            reply = module.answer(request)
        self._play(fault, reply, module)

    def _play(self, fault: str, reply: Reply, module: Any) -> None:
        now = self.platforms.world.now
        if fault == "rst":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            os.close(self.connection.detach())
            self.close_connection = True
            return
        if fault == "fin":
            self.close_connection = True
            return
        if fault == "stall":
            time.sleep(self.platforms.script.stall_s)
            self.close_connection = True
            return
        whole = faulty(fault, reply, module, now)
        data = _bytes(whole, now)
        if fault == "truncated":
            data = data[: -max(1, len(whole.data()) // 2)]
            self.close_connection = True
        self.wfile.write(data)


def faulty(fault: str, reply: Reply, module: Any, now: dt.datetime) -> Reply:
    """Return what is sent in place of a reply."""
    html = "text/html; charset=utf-8"
    if fault.startswith("429"):
        return Reply(429, module.TOO_MANY, rate_headers(fault, module, now))
    if fault in ("500-html", "503-html"):
        return Reply(int(fault[:3]), "<html><title>Something went wrong</title></html>", {}, html)
    if fault == "500-list":
        return Reply(500, [{"code": 131, "message": "Internal error"}])
    if fault == "502-empty":
        return Reply(502, b"", {}, html)
    if fault == "malformed":
        data = reply.data()
        return Reply(200, data[: max(1, len(data) * 2 // 3)] + b"\x00", reply.headers)
    if fault == "html-200":
        return Reply(200, "<!doctype html><title>Just a moment</title>", {}, html)
    if fault == "odd":
        return Reply(200, {"unexpected": True})
    if fault == "expired":
        return module.expired()
    return reply


def rate_headers(fault: str, module: Any, now: dt.datetime) -> dict[str, str]:
    """Return the headers of a 429: in the platform's own words, none, a date, or a reset that is past."""
    if fault == "429-date":
        return {"retry-after": format_datetime(now + dt.timedelta(seconds=3), usegmt=True)}
    if fault == "429-seconds":
        return {"retry-after": "2"}
    if fault == "429-past":
        return module.rate(now - dt.timedelta(seconds=30), 0, now)
    if fault == "429-garbage":
        return {"retry-after": "soon", "x-rate-limit-reset": "tomorrow", "x-ratelimit-reset": "never"}
    return {} if fault == "429-bare" else module.rate(now + dt.timedelta(seconds=4), 0, now)


def _bytes(reply: Reply, now: dt.datetime) -> bytes:
    data = reply.data()
    lines = [
        f"HTTP/1.1 {reply.status} X",
        f"content-type: {reply.content_type}",
        f"content-length: {len(data)}",
        f"date: {format_datetime(now, usegmt=True)}",
    ]
    lines += [f"{k}: {v}" for k, v in reply.headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + (b"" if reply.status == 304 else data)
