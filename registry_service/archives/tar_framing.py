"""A tar archive read from one end to the other: its members, each with the name that every tool gives it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from registry_service.archives.gzip_stream import GzipStream
from registry_service.archives.limits import MAX_METADATA_BYTES, UnreadableError, require_members
from registry_service.archives.tar_headers import (
    AGAIN,
    BLOCK_BYTES,
    FILES,
    FOLDER,
    GNU_NAME,
    GNU_SPARSE,
    GNU_TARGET,
    HARD_LINK,
    PAX,
    PAX_GLOBAL,
    SYMBOLIC_LINK,
    Block,
    pax_fields,
    read_block,
    require_harmless,
)

# Long names and pax headers of real archives have some hundred bytes.
MAX_HEADER_BYTES: Final = 1024 * 1024
_PADDING_BYTES: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class TarMember:
    """A member: its name and its link's target are escaped where they are no UTF-8, which `has_plain_encoding` tells.

    `content` is there if it was asked for.
    """

    name: str
    kind: bytes
    mode: int
    target: str
    has_plain_encoding: bool
    content: bytes | None = None

    @property
    def is_file(self) -> bool:
        return self.kind in FILES

    @property
    def is_folder(self) -> bool:
        return self.kind == FOLDER

    @property
    def is_link(self) -> bool:
        return self.kind in (HARD_LINK, SYMBOLIC_LINK)

    @property
    def is_symbolic(self) -> bool:
        """Whether its target is a path from its own folder; a hard link's is one from the archive's."""
        return self.kind == SYMBOLIC_LINK


def read_members(stream: GzipStream, keep: Callable[[str], bool]) -> Iterator[TarMember]:
    """Every member, with the content of the files whose names are to be kept.

    Raises UnreadableError where tools may differ on the archive.
    """
    said, count = _Said(), 0
    while (block := stream.read(BLOCK_BYTES)).strip(b"\0"):
        header = _read(block)
        count += 1
        require_members(count)
        if header.kind in (PAX, PAX_GLOBAL, GNU_NAME, GNU_TARGET):
            _extend(said, header, _content(stream, header.size, MAX_HEADER_BYTES))
            continue
        yield _member(stream, header, said, keep)
        said = _Said()
    if said.name or said.target:
        raise UnreadableError(f"its tar archive ends with a header for a member that does not come: {AGAIN}")
    while block:
        if block.strip(b"\0"):
            raise UnreadableError("it goes on after the archive's end: nothing may stand behind it")
        block = stream.read(_PADDING_BYTES)


@dataclass(slots=True)
class _Said:
    """What headers said about the member that follows them."""

    name: bytes | None = None
    target: bytes | None = None

    def name_is(self, name: bytes) -> None:
        self.name = _once(self.name, name)

    def target_is(self, target: bytes) -> None:
        self.target = _once(self.target, target)


def _once(known: bytes | None, value: bytes) -> bytes:
    # An empty value takes a name away for some readers, and is the name for others.
    if known is not None or not value:
        raise UnreadableError(f"the headers of its tar archive name a member twice, or not at all: {AGAIN}")
    return value


def _read(block: bytes) -> Block:
    if len(block) < BLOCK_BYTES:
        raise UnreadableError("it is damaged or was cut off: its tar archive ends in the middle of a header")
    return read_block(block)


def _extend(said: _Said, header: Block, content: bytes) -> None:
    if header.kind == GNU_NAME:
        said.name_is(_ended(content))
    elif header.kind == GNU_TARGET:
        said.target_is(_ended(content))
    else:
        fields = pax_fields(content)
        require_harmless(fields, everywhere=header.kind == PAX_GLOBAL)
        if b"path" in fields:
            said.name_is(fields[b"path"])
        if b"linkpath" in fields:
            said.target_is(fields[b"linkpath"])


def _ended(content: bytes) -> bytes:
    """A long name of GNU's. Without an end some readers stop with its size, others go on to the end of the block."""
    text, end, _ = content.partition(b"\0")
    if not end:
        raise UnreadableError(f"a long name in its tar archive has no end: {AGAIN}")
    return text


def _member(stream: GzipStream, header: Block, said: _Said, keep: Callable[[str], bool]) -> TarMember:
    raw_name, raw_target = said.name or header.name, said.target or header.target
    name = raw_name.decode("utf-8", "backslashreplace")
    _require_plain(header, name)
    content = None
    if header.kind in FILES and keep(name):
        content = _content(stream, header.size, MAX_METADATA_BYTES)
    else:
        stream.skip(_padded(header.size))
    return TarMember(
        name=name,
        # The first tar had no kind for folders: their names end with a slash.
        kind=FOLDER if header.kind == b"\0" and name.endswith("/") else header.kind,
        mode=header.mode,
        target=raw_target.decode("utf-8", "backslashreplace"),
        has_plain_encoding=_is_utf8(raw_name) and _is_utf8(raw_target),
        content=content,
    )


def _require_plain(header: Block, name: str) -> None:
    if header.kind == GNU_SPARSE:
        raise UnreadableError(f"it holds {name!r} as a sparse file, which not every installer reads: store it in full")
    # Some readers take what follows for content, others for the next header.
    if header.size and (header.kind not in FILES or name.endswith("/")):
        raise UnreadableError(f"{name!r} has content and is no file: {AGAIN}")
    if header.kind == FILES[0] and name.endswith("/"):
        raise UnreadableError(f"{name!r} is a file for some tools and a folder for others: {AGAIN}")


def _content(stream: GzipStream, size: int, limit: int) -> bytes:
    if size > limit:
        raise UnreadableError(f"a header or the metadata in it is larger than {limit} bytes")
    content = stream.read(_padded(size))
    if len(content) < _padded(size):
        raise UnreadableError("it is damaged or was cut off: its tar archive ends in the middle of a member")
    return content[:size]


def _padded(size: int) -> int:
    return -(-size // BLOCK_BYTES) * BLOCK_BYTES


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
