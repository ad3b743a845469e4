"""What is noticed about an archive's members, by the first member of each kind."""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from registry_service.domain.archive import Oddity

MAX_NAME_CHARACTERS: Final = 200
_CONTROL: Final = frozenset(map(chr, (*range(0x20), 0x7F)))


@dataclass(slots=True)
class Noticed:
    """What has been noticed so far."""

    _first: dict[Oddity, str] = field(default_factory=dict)
    _files: set[str] = field(default_factory=set)
    _folders: set[str] = field(default_factory=set)
    _in_any_case: dict[str, str] = field(default_factory=dict)

    def notice(self, oddity: Oddity, member: str = "", *, when: bool = True) -> None:
        """Remember a kind of oddity with the first member that has it."""
        if when:
            self._first.setdefault(oddity, member[:MAX_NAME_CHARACTERS])

    def path(self, name: str, *, is_file: bool) -> None:
        """Look at a member's path: where it leads, whether every system can have it, and whether it was there before.

        A file that others lie below is there twice too: as a file and as a folder.
        """
        self.notice(Oddity.OUTSIDE, name, when=leads_out(name))
        self.notice(Oddity.NAME, name, when="\\" in name or not _CONTROL.isdisjoint(name))
        path = "/".join(parts(name))
        self.notice(Oddity.TWICE, name, when=path in self._files or (is_file and path in self._folders))
        for folder in _folders_above(path):
            if folder in self._folders:  # and all above it
                break
            self.notice(Oddity.TWICE, name, when=folder in self._files)
            self._folders.add(folder)
        (self._files if is_file else self._folders).add(path)

    def is_new_in_any_case(self, name: str) -> bool:
        """Whether no other path was seen that a system which ignores case takes for the same."""
        path = "/".join(parts(name))
        folded = path.lower() if path.isascii() else unicodedata.normalize("NFC", path).casefold()
        return self._in_any_case.setdefault(folded, path) == path

    def all(self) -> tuple[tuple[Oddity, str], ...]:
        """Everything that was noticed."""
        return tuple(self._first.items())


def leads_out(name: str) -> bool:
    """Whether a path may lead out of the folder that it is unpacked in, on any system."""
    names = name.replace("\\", "/").split("/")
    return names[0] == "" or names[0][1:2] == ":" or ".." in names or "\0" in name


def parts(name: str) -> list[str]:
    """A path's parts, without those that mean the same folder."""
    return [part for part in name.split("/") if part not in ("", ".")]


def top(name: str) -> str:
    """The first part of a path; empty for the archive's own folder."""
    return next(iter(parts(name)), "")


def _folders_above(path: str) -> Iterator[str]:
    end = path.rfind("/")
    while end > 0:
        yield path[:end]
        end = path.rfind("/", 0, end)
