"""Reads the locks: which versions are installed, where, and for whom.

The format is that of pip's requirements, as `uv pip compile` writes it.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from packaging.markers import Marker
from packaging.utils import canonicalize_name

from tests.cluster.content import tracked_files

ROOT: Final = Path(__file__).parents[2]
# The images' platform. What a lock holds for others is in no image.
_LINUX: Final[Mapping[str, str]] = {
    "implementation_name": "cpython",
    "platform_python_implementation": "CPython",
    "sys_platform": "linux",
}
_PIN: Final = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^ ;\\]+)(?: ; (?P<marker>[^\\]+?))?(?: \\)?$")
_HASH: Final = re.compile(r"^ +--hash=sha256:([0-9a-f]{64})(?: \\)?$")
_VIA: Final = re.compile(r"^ +# +(?:via )?([A-Za-z0-9._-]+)(?: \(pyproject\.toml.*\))?$")


class LockError(ValueError):
    """A line of a lock that is not understood; the message holds it."""


@dataclass(frozen=True, slots=True)
class Pin:
    """One package of a lock: its hashes (SHA-256, hex), and the names of those that asked for it."""

    name: str
    version: str
    marker: str | None = None
    hashes: tuple[str, ...] = ()
    via: tuple[str, ...] = ()

    @property
    def on_linux(self) -> bool:
        """Whether an image of CPython on Linux has it."""
        return self.marker is None or Marker(self.marker).evaluate(dict(_LINUX))


def locks() -> list[Path]:
    """Every lock of the repository: of images, of tests, of clients under test."""
    return sorted(ROOT / name for name in tracked_files(ROOT, ["*.lock"]))


def read(text: str) -> tuple[Pin, ...]:
    """The pins of a lock, in its order. Raises LockError."""
    return tuple(_pin(block) for block in _blocks(text))


def _blocks(text: str) -> Iterator[list[str]]:
    block: list[str] = []
    for line in text.splitlines():
        if line and not line.startswith((" ", "#")):
            if block:
                yield block
            block = []
        if line.strip() and not line.startswith("#"):
            block.append(line)
    if block:
        yield block


def _pin(block: list[str]) -> Pin:
    head = _PIN.match(block[0])
    if head is None:
        raise LockError(f"this is not pinned by `==`: {block[0]!r}")
    hashes = [match[1] for line in block[1:] if (match := _HASH.match(line))]
    via = [canonicalize_name(match[1]) for line in block[1:] if (match := _VIA.match(line)) and match[1] != "via"]
    return Pin(canonicalize_name(head["name"]), head["version"], head["marker"], tuple(hashes), tuple(via))
