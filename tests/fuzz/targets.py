"""What is fuzzed: everything that reads what strangers send, each with the errors that it may answer with."""

from __future__ import annotations

import asyncio
import gzip
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from registry_service.api.upload_form import received_form
from registry_service.archives.limits import UnreadableError
from registry_service.archives.sdist import read_sdist
from registry_service.archives.wheel import read_wheel
from registry_service.domain.core_metadata import read_core_metadata
from registry_service.domain.credentials import read_credential
from registry_service.domain.distribution import InvalidFilenameError, parse_filename
from registry_service.domain.upload_rules import AcceptedUpload, Digests, Upload, is_valid_version, judge
from registry_service.errors import RefusedError
from registry_service.rendering.negotiation import accepts, negotiate, negotiate_encoding
from tests.fuzz.resources import check_registry, check_token
from tests.support.forms import CONTENT_TYPE
from tests.support.odd_archives import SDIST, WHEEL

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from registry_service.domain.archive import ArchiveFacts

BROKE = "broke-"
CORPUS = Path(__file__).parent / "corpus"
_DIGESTS = Digests("a" * 64, "b" * 32, "c" * 64, "d" * 40)
_PIECE_BYTES = 97
_FORM_LIMIT = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Target:
    """A reader: `check` raises when an input breaks it; a refusal that it is meant to give is none."""

    name: str
    check: Callable[[bytes], object]

    @property
    def good(self) -> Sequence[bytes]:
        """Inputs that it is for."""
        return [path.read_bytes() for path in self._paths() if not path.name.startswith(BROKE)]

    @property
    def corpus(self) -> Sequence[bytes]:
        """All kept inputs: the good ones, and every one that once broke it."""
        return [path.read_bytes() for path in self._paths()]

    def _paths(self) -> Sequence[Path]:
        return sorted((CORPUS / self.name).iterdir())


def wheel(content: bytes) -> ArchiveFacts | None:
    """Read a wheel and judge what was found; None when it cannot be read."""
    return _archive(content, WHEEL, read_wheel)


def sdist(content: bytes) -> ArchiveFacts | None:
    """Likewise an sdist, whose mutated bytes are those of the tar archive: gzip's checksum would keep them out."""
    return _archive(gzip.compress(content, 1), SDIST, read_sdist)


def gzipped(content: bytes) -> ArchiveFacts | None:
    """Likewise an sdist with its compression."""
    return _archive(content, SDIST, read_sdist)


def accepted(facts: ArchiveFacts | None, filename: str) -> bool:
    """Whether an upload of these facts passes every rule."""
    if facts is None:
        return False
    upload = Upload({"name": "odd", "version": "1.0"}, filename, 1, _DIGESTS, facts)
    return isinstance(judge(upload), AcceptedUpload)


def with_checksums(content: bytes) -> bytes:
    """A tar archive whose headers' checksums are right again, so that a reader gets behind them."""
    blocks = [content[start : start + 512] for start in range(0, len(content), 512)]
    return b"".join(_with_checksum(block) if _looks_like_a_header(block) else block for block in blocks)


def _looks_like_a_header(block: bytes) -> bool:
    return len(block) == 512 and block[257:262] == b"ustar"


def _with_checksum(block: bytes) -> bytes:
    blank = block[:148] + b" " * 8 + block[156:]
    return block[:148] + b"%06o\0 " % sum(blank) + block[156:]


def _archive(content: bytes, filename: str, read: Callable[[Path], ArchiveFacts]) -> ArchiveFacts | None:
    with tempfile.NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        try:
            facts = read(Path(file.name))
        except UnreadableError:
            return None
    accepted(facts, filename)
    return facts


def _metadata(content: bytes) -> None:
    metadata = read_core_metadata(content)
    for text in (metadata.name, metadata.version, metadata.summary, metadata.requires_python or ""):
        text.encode()


def _names(content: bytes) -> None:
    text = content.decode("utf-8", "replace")
    is_valid_version(text)
    for filename in (text, f"{text}-1.0.tar.gz", f"odd-{text}.tar.gz", f"odd-{text}-py3-none-any.whl"):
        try:
            parsed = parse_filename(filename, name="odd")
        except InvalidFilenameError:
            continue
        assert parse_filename(parsed.standard_filename, name="odd").version == parsed.version


def _form(content: bytes) -> None:
    first, _, body = content.partition(b"\n")
    asyncio.run(_receive(first.decode("latin-1") or CONTENT_TYPE, body))


async def _receive(content_type: str, body: bytes) -> None:
    async def stream() -> AsyncIterator[bytes]:
        for start in range(0, len(body), _PIECE_BYTES):
            yield body[start : start + _PIECE_BYTES]

    try:
        async with received_form(stream(), content_type, limit=_FORM_LIMIT) as form:
            assert form.path.stat().st_size == form.size
    except RefusedError:
        return


def _authorization(content: bytes) -> None:
    text = content.decode("latin-1")
    for name in ("authorization", "private-token", "deploy-token"):
        read_credential({name: text})


def _accept(content: bytes) -> None:
    text = content.decode("latin-1")
    negotiate(text)
    negotiate(None, text)
    negotiate_encoding(text)
    accepts(text, "text/html")


TARGETS = (
    Target("wheel", wheel),
    Target("sdist", lambda content: sdist(with_checksums(content))),
    Target("gzip", gzipped),
    Target("metadata", _metadata),
    Target("names", _names),
    Target("form", _form),
    Target("authorization", _authorization),
    Target("accept", _accept),
    Target("registry", check_registry),
    Target("token", check_token),
)
