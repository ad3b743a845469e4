"""Asks a running registry all the time whether others are still served, and how much memory it holds.

A process of its own, so that the work of an attack does not delay it: `watcher.py PID PUBLIC_URL PROBE_URL PASSWORD`.
Each line that it prints is one look: when it began (CLOCK_MONOTONIC, which all processes share), how long the slower
of the two answers took, both in seconds, the memory in bytes of the registry and the processes that it started, and
`ok` or what was wrong.
"""

from __future__ import annotations

import base64
import os
import sys
import time
import urllib.request
from pathlib import Path

_SECONDS = 10
_PAUSE_SECONDS = 0.03
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def main(pid: int, public_url: str, probe_url: str, password: str) -> None:
    """Look until the reader of the lines goes away."""
    credential = base64.b64encode(f"__token__:{password}".encode()).decode()
    page = urllib.request.Request(public_url, headers={"Authorization": f"Basic {credential}"})
    while True:
        began = time.monotonic()
        wrong = _look(page) or _look(urllib.request.Request(probe_url)) or "ok"
        print(f"{began:.3f} {time.monotonic() - began:.3f} {memory(pid)} {wrong}", flush=True)
        time.sleep(_PAUSE_SECONDS)  # the pause between two looks


def memory(pid: int) -> int:
    """The resident bytes of a process and of those that it started."""
    own = (pid, *_children(pid))
    return sum(_resident(one) for one in own)


def _children(pid: int) -> list[int]:
    try:
        return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:  # it has ended
        return []


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE_BYTES
    except OSError:  # it has ended
        return 0


def _look(request: urllib.request.Request) -> str:
    try:
        with urllib.request.urlopen(request, timeout=_SECONDS) as response:
            response.read()
    except OSError as error:
        return repr(error).replace("\n", " ")
    return ""


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:])
