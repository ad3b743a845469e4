"""What is noticed about an archive's members, by the first member of each kind."""

import posixpath
from dataclasses import dataclass, field
from typing import Final

from registry_service.domain.archive import Oddity

MAX_NAME_CHARACTERS: Final = 200


@dataclass(slots=True)
class Noticed:
    """What has been noticed so far."""

    _first: dict[Oddity, str] = field(default_factory=dict)
    _names: set[str] = field(default_factory=set)

    def notice(self, oddity: Oddity, member: str = "", *, when: bool = True) -> None:
        """Remember a kind of oddity with the first member that has it."""
        if when:
            self._first.setdefault(oddity, member[:MAX_NAME_CHARACTERS])

    def path(self, name: str, *, is_file: bool) -> None:
        """Look at a member's path: where it leads, and whether it has been there before."""
        self.notice(Oddity.OUTSIDE, name, when=leads_out(name))
        if is_file:
            self.notice(Oddity.TWICE, name, when=name in self._names)
            self._names.add(name)

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


def link_leads_out(name: str, target: str, *, from_its_folder: bool) -> bool:
    """Whether the link at `name` points out of the top folder that it lies in.

    A symbolic link's target is a path from the link's own folder, a hard link's one from the archive's.
    """
    if from_its_folder and not target.startswith("/"):
        target = posixpath.join(posixpath.dirname(name), target)
    reached = posixpath.normpath(target)
    return leads_out(reached) or top(reached) != top(name)
