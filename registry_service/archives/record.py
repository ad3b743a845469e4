"""A wheel's RECORD: every file that an installer will write, with the hash of its content.

The rules are those of the binary distribution format and of "Recording installed projects": all files are listed but
RECORD itself and its signatures, with a hash of SHA-256 or better.
"""

import base64
import csv
import hashlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Final

from registry_service.archives.limits import UnreadableError
from registry_service.archives.oddities import Noticed
from registry_service.archives.zip_content import content
from registry_service.archives.zip_framing import Member
from registry_service.domain.archive import Oddity

MAX_RECORD_BYTES: Final = 32 * 1024 * 1024
UNLISTED: Final = ("RECORD", "RECORD.jws", "RECORD.p7s")
_ALGORITHMS: Final = frozenset(("sha256", "sha384", "sha512"))
_FIELDS: Final = 3


@dataclass(frozen=True, slots=True)
class Line:
    """What RECORD says of a file. `digest` is URL-safe base64 without padding; an empty `size` says nothing."""

    algorithm: str
    digest: str
    size: str


def read_record(text: bytes) -> Mapping[str, Line]:
    """The lines of a RECORD by path. Raises UnreadableError where it is no such table, or contradicts itself."""
    lines: dict[str, Line] = {}
    try:
        rows = csv.reader(io.StringIO(text.decode("utf-8"), newline=""), strict=True)
        for path, digest, size in (_three(row) for row in rows if row):
            algorithm, _, value = digest.partition("=")
            line = Line(algorithm, value.rstrip("="), size)
            if lines.setdefault(path, line) != line:
                raise UnreadableError(f"its RECORD lists {path[:200]!r} twice, with different hashes")
    except (UnicodeDecodeError, csv.Error) as error:
        raise UnreadableError(f"its RECORD is no table of path, hash and size in UTF-8 ({error})") from error
    return lines


def compare(file: IO[bytes], members: Sequence[Member], lines: Mapping[str, Line], noticed: Noticed) -> None:
    """Unpack every file, and notice those that RECORD describes otherwise, does not list, or lists without need.

    `members` are the files that must be listed. Raises UnreadableError for content that is damaged.
    """
    absent = dict(lines)
    for member in members:
        line = absent.pop(member.name, None)
        same = _is_as_recorded(file, member, line)
        noticed.notice(Oddity.UNRECORDED, member.name, when=line is None)
        noticed.notice(Oddity.ALTERED, member.name, when=line is not None and not same)
    for path in absent:
        noticed.notice(Oddity.ABSENT, path)


def _three(row: Sequence[str]) -> Sequence[str]:
    if len(row) != _FIELDS:
        raise csv.Error(f"a line of {len(row)} fields")
    return row


def _is_as_recorded(file: IO[bytes], member: Member, line: Line | None) -> bool:
    known = line is not None and line.algorithm in _ALGORITHMS
    running = hashlib.new(line.algorithm if line is not None and known else "sha256", usedforsecurity=True)
    for piece in content(file, member):
        running.update(piece)
    digest = base64.urlsafe_b64encode(running.digest()).rstrip(b"=").decode()
    return line is not None and known and line.digest == digest and line.size in ("", str(member.header.size))
