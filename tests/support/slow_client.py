"""A client on a slow line: it publishes a wheel, or fetches one, a little at a time.

Run by its path, as `slow_client.py publish|fetch SECONDS URL FILE [CA]`; the URL holds the credential: that to publish
at, or the package's page in the index. Prints as JSON what came of it and how long it took.
"""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import ssl
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, unquote, urljoin, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

_PIECES = 200
# No more than a proxy that hangs should cost.
_SOCKET_SECONDS = 60
_BOUNDARY = "a-boundary-that-no-wheel-contains"
_JSON = "application/vnd.pypi.simple.v1+json"


@dataclass(frozen=True, slots=True)
class Line:
    """A connection that takes `seconds` for a body."""

    url: SplitResult
    seconds: float
    ca: str | None

    def publish(self, file: Path) -> dict[str, object]:
        """Send the form slowly; its answer."""
        body = _form(file)
        kind = f"multipart/form-data; boundary={_BOUNDARY}"
        headers = {"Content-Type": kind, "Content-Length": str(len(body)), **self._credential()}
        connection = self._connection()
        connection.request("POST", self.url.path, body=self._slowly(body), headers=headers)
        answer = connection.getresponse()
        return {"status": answer.status, "said": answer.read().decode()}

    def fetch(self, filename: str) -> dict[str, object]:
        """Read a file of the package slowly; its digest."""
        page = self._get(self.url.path, Accept=_JSON)
        (found,) = (file for file in json.loads(page.read())["files"] if file["filename"] == filename)
        answer = self._get(urlsplit(urljoin(self.url.geturl(), found["url"])).path)
        digest, piece = hashlib.sha256(), int(answer.headers["Content-Length"]) // _PIECES
        while read := answer.read(piece):
            digest.update(read)
            time.sleep(self.seconds / _PIECES)  # the slow line
        return {"status": answer.status, "sha256": digest.hexdigest()}

    def _slowly(self, body: bytes) -> Iterator[bytes]:
        piece = len(body) // _PIECES
        for begin in range(0, len(body), piece):
            time.sleep(self.seconds / _PIECES)  # the slow line
            yield body[begin : begin + piece]

    def _get(self, path: str, **headers: str) -> http.client.HTTPResponse:
        connection = self._connection()
        connection.request("GET", path, headers={**headers, **self._credential()})
        return connection.getresponse()

    def _connection(self) -> http.client.HTTPSConnection:
        context = ssl.create_default_context(cafile=self.ca)
        return http.client.HTTPSConnection(self.url.hostname or "", timeout=_SOCKET_SECONDS, context=context)

    def _credential(self) -> dict[str, str]:
        user = f"{unquote(self.url.username or '')}:{unquote(self.url.password or '')}"
        return {"Authorization": f"Basic {base64.b64encode(user.encode()).decode()}"}


def _form(file: Path) -> bytes:
    """What twine sends of a wheel, no more than is needed."""
    name, version, *_ = file.name.split("-")
    fields = {":action": "file_upload", "name": name, "version": version, "filetype": "bdist_wheel"}
    heads = [(f'name="{key}"', value.encode()) for key, value in fields.items()]
    heads.append((f'name="content"; filename="{file.name}"', file.read_bytes()))
    parts = [
        f"--{_BOUNDARY}\r\nContent-Disposition: form-data; {head}\r\n\r\n".encode() + value + b"\r\n"
        for head, value in heads
    ]
    return b"".join([*parts, f"--{_BOUNDARY}--\r\n".encode()])


def main(verb: str, seconds: str, url: str, file: str, ca: str | None = None) -> None:
    """Do what the arguments say."""
    line, start = Line(urlsplit(url), float(seconds), ca), time.monotonic()
    found = line.publish(Path(file)) if verb == "publish" else line.fetch(file)
    print(json.dumps(found | {"seconds": time.monotonic() - start}))


if __name__ == "__main__":
    main(*sys.argv[1:])
