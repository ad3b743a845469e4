"""A program of the standard library alone that reads and publishes without pause, and tells which requests failed.

Its argument is JSON: `index` and `upload`, URLs; `username`, `password`; `ca`, a PEM text or empty; `package`, a name.
It goes on until SIGTERM and then prints `{"requests": n, "published": n, "failures": […]}`.
Each thread keeps its connection, as clients and proxies do, and sends no request twice.
"""

import base64
import http.client
import io
import json
import signal
import ssl
import sys
import tarfile
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import SplitResult, urlsplit

READERS: Final = 2
_TIMEOUT_SECONDS: Final = 60
_READ_PAUSE, _PUBLISH_PAUSE = 0.05, 0.3
_BOUNDARY: Final = "a-boundary-that-no-file-contains"
_MOST_FAILURES: Final = 20


@dataclass
class Tally:
    """What all threads have seen."""

    requests: int = 0
    published: int = 0
    failures: list[str] = field(default_factory=list)

    def fail(self, words: str) -> None:
        if len(self.failures) < _MOST_FAILURES:
            self.failures.append(f"{time.strftime('%H:%M:%S')} {words}")


@dataclass
class Caller:
    """One connection that is kept, and made again when the server said that it ends."""

    settings: Mapping[str, str]
    tally: Tally
    connection: http.client.HTTPConnection | None = None

    def ask(self, method: str, url: SplitResult, *, body: bytes = b"", wanted: int = 200) -> bytes:
        """The body of an answer; empty, and noted, when there was none or one of another status."""
        self.tally.requests += 1
        try:
            answer = self._send(method, url, body)
            content = answer.read()
        except (OSError, http.client.HTTPException) as error:
            self.connection = None
            self.tally.fail(f"{method} {url.path}: {type(error).__name__}: {error}")
            return b""
        if answer.status != wanted:
            self.tally.fail(f"{method} {url.path}: {answer.status} {content[:200]!r}")
            return b""
        return content

    def _send(self, method: str, url: SplitResult, body: bytes) -> http.client.HTTPResponse:
        if self.connection is None:
            self.connection = self._connect(url)
        account = f"{self.settings['username']}:{self.settings['password']}".encode()
        headers = {
            "Authorization": f"Basic {base64.b64encode(account).decode()}",
            "Accept": "application/vnd.pypi.simple.v1+json",
        }
        if body:
            headers["Content-Type"] = f"multipart/form-data; boundary={_BOUNDARY}"
        self.connection.request(method, url.path, body=body or None, headers=headers)
        return self.connection.getresponse()

    def _connect(self, url: SplitResult) -> http.client.HTTPConnection:
        if url.scheme == "http":
            return http.client.HTTPConnection(url.netloc, timeout=_TIMEOUT_SECONDS)
        context = ssl.create_default_context(cadata=self.settings["ca"] or None)
        return http.client.HTTPSConnection(url.netloc, timeout=_TIMEOUT_SECONDS, context=context)


def publish(caller: Caller, number: int) -> None:
    """Publish a version and read it from the index, which must name it at once."""
    settings, package = caller.settings, caller.settings["package"]
    name, content = sdist(package, f"0.{number}")
    before = len(caller.tally.failures)
    caller.ask("POST", urlsplit(settings["upload"]), body=form(package, f"0.{number}", name, content), wanted=201)
    page = caller.ask("GET", urlsplit(f"{settings['index']}{package}/"))
    if len(caller.tally.failures) == before:
        caller.tally.published += 1
        if name not in {file["filename"] for file in json.loads(page)["files"]}:
            caller.tally.fail(f"{name} was published and is not in the index")


def read(caller: Caller, number: int) -> None:
    """Read the package's page and download one of its files."""
    base = f"{caller.settings['index']}{caller.settings['package']}/"
    page = caller.ask("GET", urlsplit(base))
    if page:
        files = json.loads(page)["files"]
        file = files[number % len(files)]
        split = urlsplit(base)
        caller.ask("GET", split._replace(path=urlsplit(file["url"]).path))


def sdist(package: str, version: str) -> tuple[str, bytes]:
    """A source distribution: its filename and its bytes."""
    facts = f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n".encode()
    folder, target = f"{package}-{version}", io.BytesIO()
    with tarfile.open(fileobj=target, mode="w:gz") as archive:
        for name, content in (("PKG-INFO", facts), ("pyproject.toml", b"")):
            entry = tarfile.TarInfo(f"{folder}/{name}")
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return f"{folder}.tar.gz", target.getvalue()


def form(package: str, version: str, filename: str, content: bytes) -> bytes:
    """The form that twine sends, in its plainest."""
    fields = {":action": "file_upload", "name": package, "version": version, "filetype": "sdist"}
    head = f"--{_BOUNDARY}\r\nContent-Disposition: form-data; name="
    parts = [f'{head}"{key}"\r\n\r\n{value}\r\n'.encode() for key, value in fields.items()]
    parts += [f'{head}"content"; filename="{filename}"\r\n\r\n'.encode(), content, f"\r\n--{_BOUNDARY}--\r\n".encode()]
    return b"".join(parts)


def repeat(step: Callable[[Caller, int], None], caller: Caller, ended: threading.Event, pause: float) -> None:
    """Take one step after the other until told to end."""
    number = 0
    while not ended.is_set():
        number += 1
        step(caller, number)
        ended.wait(pause)


def main() -> None:
    """Do as the module says."""
    settings, tally, ended = json.loads(sys.argv[1]), Tally(), threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    publish(Caller(settings, tally), 0)
    steps = [(read, _READ_PAUSE)] * READERS + [(publish, _PUBLISH_PAUSE)]
    threads = [
        threading.Thread(target=repeat, args=(step, Caller(settings, tally), ended, pause)) for step, pause in steps
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(json.dumps(vars(tally)))


if __name__ == "__main__":
    main()
