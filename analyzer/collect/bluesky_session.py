"""A Bluesky session: made once with an app password, kept on disk for its owner only, renewed when it runs out.

Making a session is limited to 30 in 5 minutes and 300 a day (docs.bsky.app, rate limits), so it is kept between runs.
"""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path
from typing import Any

from analyzer.collect.credentials import Credentials
from analyzer.collect.fields import mapping, maybe
from analyzer.collect.http import Answer
from analyzer.collect.plainjson import dumps, loads
from analyzer.collect.wire import Wire, refused

HOST = "https://bsky.social"


class Session:
    """The tokens of one account on one server."""

    def __init__(self, wire: Wire, credentials: Credentials, base: str) -> None:
        self._wire, self._credentials, self._base = wire, credentials, base
        self._held: dict[str, str] = {}

    @property
    def path(self) -> Path:
        """Where the session is kept; the name tells account and server apart and reveals neither."""
        handle = self._credentials.values("bluesky")[0]
        mark = hashlib.sha256(f"{self._base}\0{handle}".encode()).hexdigest()[:16]
        return self._credentials.config_folder / "outage-analyzer" / f"bluesky-{mark}.json"

    def headers(self) -> dict[str, str]:
        """Return the authorization header, from the file where there is one."""
        if not self._held:
            self._held = self._read() or self._create()
        return {"authorization": f"Bearer {self._held['accessJwt']}"}

    def renew(self) -> None:
        """Renew with the refresh token, or sign in again where that is refused."""
        token = self._held.get("refreshJwt", "")
        answer = self._post("com.atproto.server.refreshSession", headers={"authorization": f"Bearer {token}"})
        if answer.status != 200:
            self._held = self._create()
            return
        self._held = self._keep(answer)

    def _create(self) -> dict[str, str]:
        handle, password = self._credentials.values("bluesky")
        body = dumps({"identifier": handle, "password": password})
        answer = self._post("com.atproto.server.createSession", body=body, headers={"content-type": "application/json"})
        if answer.status != 200:
            raise refused("bluesky", answer, f"{self._base}/xrpc/com.atproto.server.createSession")
        return self._keep(answer)

    def _post(self, method: str, *, headers: dict[str, str], body: bytes | None = None) -> Answer:
        return self._wire.request("POST", f"{self._base}/xrpc/{method}", headers=headers, body=body)

    def _keep(self, answer: Answer) -> dict[str, str]:
        data = mapping(loads(answer.body))
        access, refresh = maybe(data, "accessJwt"), maybe(data, "refreshJwt")
        if not access:
            raise refused("bluesky", Answer(200, {}, b'{"message": "a session without a token"}'), self._base)
        held = {"accessJwt": access, "refreshJwt": refresh or ""}
        path = self.path
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        beside = path.with_name(f".{path.name}.{os.getpid()}.{time.monotonic_ns()}")
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(dumps(held))
        os.replace(beside, path)
        return held

    def _read(self) -> dict[str, str]:
        try:
            held: Any = loads(self.path.read_bytes())
        except (OSError, ValueError):
            return {}
        access = maybe(mapping(held), "accessJwt")
        return {"accessJwt": access, "refreshJwt": maybe(held, "refreshJwt") or ""} if access else {}
