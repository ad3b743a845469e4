"""A headless Chromium with a profile of its own, driven through the DevTools protocol over one WebSocket.

Four things are asked of it (open, read, fill in, picture), which is less than a driver program and its library bring.
"""

from __future__ import annotations

import base64
import itertools
import json
import shutil
import subprocess
import tempfile
from collections import deque
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from websockets.sync.client import connect

from tests.support.environments import MissingProgramsError, require_packages
from tests.support.waiting import stop, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from websockets.sync.connection import Connection

_ANSWER_SECONDS = 30
_READY_SECONDS = 60
_MAX_MESSAGE_BYTES = 64 * 1024 * 1024
_FLAGS = (
    "--headless",
    "--no-sandbox",  # root may not have one
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--no-default-browser-check",
    "--remote-debugging-port=0",
    "--window-size=1200,900",
)


class Page:
    """One tab."""

    def __init__(self, socket: Connection) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self._events: deque[str] = deque(maxlen=1000)
        self._session: str | None = None
        target = self._ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self._ask("Page.enable")

    def open(self, url: str) -> None:
        """Go to an address and wait until its page has loaded."""
        self._events.clear()
        answer = self._ask("Page.navigate", url=url)
        if "errorText" in answer:
            raise RuntimeError(f"{url}: {answer['errorText']}")
        self._loaded()

    def text(self) -> str:
        """What a person reads on the page."""
        return str(self.evaluate("document.body.innerText"))

    def address(self) -> str:
        """Where the page is, after redirects."""
        return str(self.evaluate("location.href"))

    def evaluate(self, expression: str) -> object:
        """The value of a JavaScript expression. Raises RuntimeError with the exception that it throws."""
        answer = self._ask("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(f"{expression}: {answer['exceptionDetails']}")
        value: object = answer["result"].get("value")
        return value

    def submit(self, fields: Mapping[str, str]) -> None:
        """Fill in the form that has these fields, by their names, submit it and wait for the next page."""
        self._events.clear()
        self.evaluate(
            f"""(() => {{
                const fields = {json.dumps(dict(fields))};
                const named = name => document.querySelector(`[name="${{name}}"]`);
                for (const [name, value] of Object.entries(fields)) named(name).value = value;
                named(Object.keys(fields)[0]).form.requestSubmit();
            }})()"""
        )
        self._loaded()

    def follow(self, text: str) -> None:
        """Click the first link whose text contains `text` and wait for the next page."""
        self._events.clear()
        wanted = json.dumps(text)
        self.evaluate(f"[...document.links].find(link => link.textContent.includes({wanted})).click()")
        self._loaded()

    def picture(self, path: Path) -> None:
        """Save a PNG of what is in view."""
        path.write_bytes(base64.b64decode(self._ask("Page.captureScreenshot", format="png")["data"]))

    def _loaded(self) -> None:
        while "Page.loadEventFired" not in self._events:
            self._receive()

    def _ask(self, method: str, **parameters: object) -> Any:  # JSON, another shape for each method
        number = next(self._numbers)
        session = {} if self._session is None else {"sessionId": self._session}
        self._socket.send(json.dumps({"id": number, "method": method, "params": parameters, **session}))
        while (message := self._receive()).get("id") != number:
            pass
        if "error" in message:
            raise RuntimeError(f"{method}: {message['error']}")
        return message["result"]

    def _receive(self) -> Any:  # JSON, an answer or an event
        message = json.loads(self._socket.recv(timeout=_ANSWER_SECONDS))
        if "method" in message:
            self._events.append(message["method"])
        return message


def program() -> str:
    """The browser, installed when missing and we are root."""
    if (found := shutil.which("chromium")) is None:
        require_packages("chromium")
        found = shutil.which("chromium")
    if found is None:
        raise MissingProgramsError("chromium is not on PATH")
    return found


@contextmanager
def running(*, flags: Sequence[str] = ()) -> Iterator[Page]:
    """A browser with one empty tab for the length of the block; `flags` may map host names to addresses."""
    with tempfile.TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True) as name:
        profile, log = Path(name, "profile"), Path(name, "log")
        with log.open("wb") as output:
            process = subprocess.Popen(
                [program(), *_FLAGS, *flags, f"--user-data-dir={profile}", "about:blank"],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        try:
            address = wait_for(lambda: _address(profile), process=process, log=log, seconds=_READY_SECONDS)
            with connect(address, max_size=_MAX_MESSAGE_BYTES, open_timeout=_ANSWER_SECONDS, proxy=None) as socket:
                yield Page(socket)
        finally:
            stop(process)


def _address(profile: Path) -> str | None:
    """Chromium writes its port and path into a file of its profile, in two lines."""
    try:
        port, path = (profile / "DevToolsActivePort").read_text().split()
    except (FileNotFoundError, ValueError):
        return None
    return f"ws://127.0.0.1:{port}{path}"
