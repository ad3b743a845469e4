"""The registry side of a crowd: one small HTTPS server that is the sync port of every registry, by its host name.

It shows each caller the certificate from that registry's own sync Secret, which it reads when it is first called by
that name, and keeps what it was told. Each request is one line in a file: when, of whom, what.
"""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import ssl
import sys
import tempfile
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from registry_service.contract import sync, wire
from registry_service.contract.environment import SYNC_PORT

if TYPE_CHECKING:
    from typing import TextIO

_numbers = itertools.count(1)
_SECRET_SECONDS = 10


@dataclass
class Told:
    """What one registry was told."""

    rules: sync.RulesState = field(default_factory=lambda: sync.RulesState(sync.NEVER_WRITTEN))
    sets: dict[str, sync.SetSummary] = field(default_factory=dict)

    def answer(self, method: str, path: str, body: bytes) -> tuple[object, str]:
        """The reply to one request, and its ETag."""
        path, _, query = path.partition("?")
        etag, digest = f'"{next(_numbers)}"', sync.body_digest(body)
        if path == sync.RULES_PATH:
            self.rules = sync.RulesState(etag, digest) if method == "PUT" else self.rules
            return self.rules, self.rules.etag
        if path == sync.SETS_PATH:
            return self._page(query.partition("after=")[2]), etag
        uid = path.rpartition("/")[2]
        if method == "PUT":
            namespace = wire.decode(sync.TokenSet, body).namespace
            self.sets[uid] = sync.SetSummary(namespace, uid, digest, etag)
            return sync.SetReply(1, namespace), etag
        held = self.sets.get(uid, sync.SetSummary("", uid, "", sync.NEVER_WRITTEN))
        return held, held.etag

    def _page(self, after: str) -> sync.SetPage:
        following = [self.sets[uid] for uid in sorted(self.sets) if uid > after]
        page = tuple(following[: sync.PAGE_SIZE])
        return sync.SetPage(page, page[-1].namespace_uid if len(following) > len(page) else None)


@dataclass
class Crowd:
    """All registries of a cluster, by the host names of their sync ports."""

    api: str
    admin: ssl.SSLContext
    log: TextIO
    contexts: dict[str, ssl.SSLContext] = field(default_factory=dict)
    told: dict[str, Told] = field(default_factory=dict)

    def choose(self, connection: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> None:
        """Show the certificate of the registry that is called; runs inside a handshake."""
        host = name or ""
        if host not in self.contexts:
            self.contexts[host] = self._context(host)
        connection.context = self.contexts[host]

    def _context(self, host: str) -> ssl.SSLContext:
        service, namespace, _ = host.split(".")
        url = f"{self.api}/api/v1/namespaces/{namespace}/secrets/{service}"
        with urllib.request.urlopen(url, timeout=_SECRET_SECONDS, context=self.admin) as reply:
            data = json.loads(reply.read())["data"]
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with tempfile.NamedTemporaryFile() as chain:
            chain.write(b"".join(base64.b64decode(data[key]) for key in ("tls.key", "tls.crt")))
            chain.flush()
            context.load_cert_chain(chain.name)
        return context

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection's requests until it ends."""
        try:
            while True:
                writer.write(await self._reply(reader))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def _reply(self, reader: asyncio.StreamReader) -> bytes:
        first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        method, path, _ = first.split()
        host = headers["host"].partition(":")[0]
        print(f"{time.time():.3f} {host} {method} {path}", file=self.log, flush=True)
        answer, etag = self.told.setdefault(host, Told()).answer(method, path, body)
        content = wire.encode(answer)
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(content)}\r\nETag: {etag}\r\n\r\n"
        return head.encode() + content


async def main(address: str, api: str, folder: Path) -> None:
    """Serve until the process is ended."""
    admin = ssl.create_default_context(cafile=folder / "ca.crt")
    admin.load_cert_chain(folder / "admin.crt", folder / "admin.key")
    with (folder / "requests.log").open("a") as log:
        crowd = Crowd(api, admin, log)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.sni_callback = crowd.choose
        server = await asyncio.start_server(crowd.serve, address, SYNC_PORT, ssl=context, backlog=1024)
        async with server:
            await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], Path(sys.argv[3])))
