"""The requests that are timed, over one kept connection, as pip and twine keep theirs."""

from __future__ import annotations

import http.client
import re
import time
from contextlib import contextmanager
from dataclasses import dataclass
from html import unescape
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.contenders import Running
    from tests.support.packages import Distribution

HTML = "text/html"
JSON = "application/vnd.pypi.simple.v1+json"
_PORT = 8080
_SECONDS = 60
_BOUNDARY = "benchmarks-7a9e2f"


class WrongAnswerError(RuntimeError):
    """A registry answered otherwise than it must; the message holds the request and the status."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """One client of one registry."""

    running: Running
    connection: http.client.HTTPConnection

    def page(self, package: str, accept: str = HTML) -> bytes:
        """Read a package's page of the Simple API."""
        return self._ask("GET", self.running.page.format(package=package), {"Accept": accept})

    def file_paths(self, package: str) -> list[str]:
        """The paths of a package's files, as its page links them."""
        page = self.running.page.format(package=package)
        links = re.findall(r'href="([^"#]+)', self.page(package).decode())
        return [urlsplit(urljoin(page, unescape(link))).path for link in links]

    def download(self, path: str) -> bytes:
        """Read a file."""
        return self._ask("GET", path, {})

    def upload(self, package: str, version: str, file: Distribution) -> float:
        """Publish a file; how many seconds it took, without the time to put the form together."""
        body = _form({":action": "file_upload", "name": package, "version": version}, file)
        began = time.perf_counter()
        self._ask("POST", self.running.upload, {"Content-Type": f"multipart/form-data; boundary={_BOUNDARY}"}, body)
        return time.perf_counter() - began

    def _ask(self, method: str, path: str, headers: dict[str, str], body: bytes | None = None) -> bytes:
        credential = self.running.credential
        self.connection.request(method, path, body, headers | ({"Authorization": credential} if credential else {}))
        answer = self.connection.getresponse()
        content = answer.read()
        if answer.status not in (200, 201):
            raise WrongAnswerError(f"{method} {path}: {answer.status} {content[:300]!r}")
        return content


@contextmanager
def visiting(running: Running) -> Iterator[Visitor]:
    """A client, which goes when the block ends."""
    connection = http.client.HTTPConnection(running.host, _PORT, timeout=_SECONDS)
    try:
        yield Visitor(running, connection)
    finally:
        connection.close()


def _form(fields: dict[str, str], file: Distribution) -> bytes:
    parts = [f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n' for k, v in fields.items()]
    disposition = f'Content-Disposition: form-data; name="content"; filename="{file.filename}"'
    head = f"{''.join(parts)}--{_BOUNDARY}\r\n{disposition}\r\nContent-Type: application/octet-stream\r\n\r\n"
    return head.encode() + file.content + f"\r\n--{_BOUNDARY}--\r\n".encode()
