"""Where the links of an sdist lead, followed as a file system follows them: through other links."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from registry_service.archives.oddities import leads_out, parts

# Linux gives up after as many.
_MAX_HOPS: Final = 40


@dataclass(slots=True)
class Links:
    """The symbolic links of an archive by path, and what its hard links want to share."""

    _targets: dict[tuple[str, ...], str] = field(default_factory=dict)
    _files: set[tuple[str, ...]] = field(default_factory=set)
    _members: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    _odd_hard_link: str | None = None

    def file(self, name: str) -> None:
        """A file or a folder at this path."""
        path = tuple(parts(name))
        self._files.add(path)
        self._members.append((name, path))

    def symbolic(self, name: str, target: str) -> None:
        """A symbolic link from this path to a target, which is a path from the link's own folder."""
        path = tuple(parts(name))
        self._targets[path] = target
        self._members.append((name, path))

    def hard(self, name: str, target: str) -> None:
        """Another name of a file that came before, in the same top folder."""
        path, shared = tuple(parts(name)), tuple(parts(target))
        known = shared in self._files and shared[:1] == path[:1] and not leads_out(target)
        if not known and self._odd_hard_link is None:
            self._odd_hard_link = name
        self.file(name)

    def first_odd(self) -> str | None:
        """The first link that leads out of its top folder, in a circle, or to a file that is not there."""
        if self._odd_hard_link is not None:
            return self._odd_hard_link
        return next(("/".join(path) for path in self._targets if not _stays(path, self._targets)), None)

    def first_below(self) -> str | None:
        """The first member that is unpacked through a link."""
        if not self._targets:
            return None
        return next((name for name, path in self._members if self._is_below(path)), None)

    def _is_below(self, path: tuple[str, ...]) -> bool:
        return any(path[:end] in self._targets for end in range(1, len(path)))


def _stays(link: tuple[str, ...], targets: Mapping[tuple[str, ...], str]) -> bool:
    """Whether a path stays below its first folder on every step of the way."""
    reached, ahead, hops = link[:-1], [link[-1]], 0
    while ahead:
        step = ahead.pop()
        reached = reached[:-1] if step == ".." else (*reached, step)
        if not reached or reached[0] != link[0]:
            return False
        if reached in targets:
            target = targets[reached]
            hops += 1
            if hops > _MAX_HOPS or target.startswith("/") or "\\" in target or not target:
                return False
            reached = reached[:-1]
            ahead += reversed(parts(target))
    return bool(reached)
