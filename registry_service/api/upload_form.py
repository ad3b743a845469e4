"""Reads the legacy upload form as it streams in: the file to a spool, what matters of the rest to memory.

Starlette's own form parser would hold every field in memory and refuses a README of more than 1 MiB.
"""

import asyncio
import hashlib
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from registry_service.domain.upload_rules import Digests
from registry_service.errors import ForbiddenError, RefusedError

# What the rules compare, and their bounds in bytes. Every other field repeats what the archive says, and is let go
# as it arrives. Attestations (PEP 740) come in one field, about 10 kB each.
MAX_FIELD_BYTES: Final = 4096
KEPT_FIELDS: Final = {
    **dict.fromkeys((":action", "name", "version", "filetype"), MAX_FIELD_BYTES),
    **dict.fromkeys(("md5_digest", "sha256_digest", "blake2_256_digest"), MAX_FIELD_BYTES),
    "attestations": 256 * 1024,
}
MAX_SENT_AS_FILES: Final = 20
# Large packages send thousands: one for each dependency of each extra, and one for each extra.
MAX_FIELDS: Final = 20_000
# A README of several MB is ordinary; more than this beside the file is not.
MAX_OTHER_BYTES: Final = 64 * 1024 * 1024
DRAIN_SECONDS: Final = 30
# A client that has nothing more to say for so long is gone, and its spool with it.
IDLE_SECONDS: Final = 60
_BATCH_BYTES: Final = 256 * 1024
FILE_FIELD: Final = "content"
# A detached signature that old clients send beside the file; it is read past.
SIGNATURE_FIELD: Final = "gpg_signature"

Check = Callable[[str, str], None]


@dataclass(slots=True)
class ReceivedForm:
    """The form so far. `filename` is None until the file's part has begun.

    Of a field that is repeated, `fields` has the first; `sent_as_files` are the fields beside the file that came
    with a file name.
    """

    spool: IO[bytes]
    fields: dict[str, str] = field(default_factory=dict)
    sent_as_files: set[str] = field(default_factory=set)
    filename: str | None = None
    size: int = 0
    _sha256: "hashlib._Hash" = field(default_factory=hashlib.sha256)
    _md5: "hashlib._Hash" = field(default_factory=lambda: hashlib.md5(usedforsecurity=False))
    # GitLab's packages API shows it; nothing is proved by it.
    _sha1: "hashlib._Hash" = field(default_factory=lambda: hashlib.sha1(usedforsecurity=False))
    _blake2_256: "hashlib.blake2b" = field(default_factory=lambda: hashlib.blake2b(digest_size=32))

    @property
    def path(self) -> Path:
        """Where the file lies."""
        return Path(self.spool.name)

    @property
    def lists_more_files(self) -> bool:
        """Whether `sent_as_files` is short enough for a person to read on."""
        return len(self.sent_as_files) < MAX_SENT_AS_FILES

    @property
    def digests(self) -> Digests:
        """The digests of the whole file."""
        return Digests(
            sha256=self._sha256.hexdigest(),
            md5=self._md5.hexdigest(),
            blake2_256=self._blake2_256.hexdigest(),
            sha1=self._sha1.hexdigest(),
        )

    def write(self, content: bytes) -> None:
        """Add to the file; blocks, so it is called in a thread."""
        self.spool.write(content)
        for running in (self._sha256, self._md5, self._sha1, self._blake2_256):
            running.update(content)


@asynccontextmanager
async def received_form(
    stream: AsyncIterator[bytes],
    content_type: str,
    *,
    limit: int,
    check: Check | None = None,
    idle_seconds: float = IDLE_SECONDS,
) -> AsyncIterator[ReceivedForm]:
    """Receive a whole form whose file, if it has one, has at most `limit` bytes.

    `check` is told the name and value of each kept field as soon as it is there, and may raise ForbiddenError. Raises
    RefusedError for a body that is no such form, after the rest of it was read, within bounds: a client
    that is still sending would not see an earlier answer.
    """
    with tempfile.NamedTemporaryFile(prefix="upload-") as spool:
        form = ReceivedForm(spool)
        try:
            await _receive(
                _steady(stream, idle_seconds),
                _FormParser(_boundary(content_type), form, limit=limit, check=check),
                form,
            )
        except (RefusedError, ForbiddenError):
            await drain(stream, limit=limit)
            raise
        spool.flush()
        yield form


async def drain(stream: AsyncIterator[bytes], *, limit: int) -> None:
    """Read what a client still sends before it is refused, bounded in bytes and time."""
    left = limit + MAX_OTHER_BYTES
    try:
        async with asyncio.timeout(DRAIN_SECONDS):
            async for chunk in stream:
                left -= len(chunk)
                if left < 0:
                    return
    except TimeoutError:
        return


async def _receive(stream: AsyncIterator[bytes], parser: "_FormParser", form: ReceivedForm) -> None:
    async for chunk in stream:
        parser.feed(chunk)
        if len(parser.pending) >= _BATCH_BYTES:
            await asyncio.to_thread(form.write, parser.take())
    parser.finish()
    await asyncio.to_thread(form.write, parser.take())


async def _steady(stream: AsyncIterator[bytes], idle_seconds: float) -> AsyncIterator[bytes]:
    while True:
        try:
            async with asyncio.timeout(idle_seconds):
                chunk = await anext(stream, None)
        except TimeoutError:
            raise RefusedError(f"No more of the form came for {idle_seconds:g} seconds") from None
        if chunk is None:
            return
        yield chunk


def _boundary(content_type: str) -> bytes:
    kind, options = parse_options_header(content_type)
    boundary = options.get(b"boundary", b"")
    if kind != b"multipart/form-data" or not boundary:
        raise RefusedError("The body must be a form of type multipart/form-data")
    return boundary


class _FormParser:
    """Turns the parser's callbacks into a form."""

    def __init__(self, boundary: bytes, form: ReceivedForm, *, limit: int, check: Check | None) -> None:
        self.pending = bytearray()
        self._form, self._limit, self._check = form, limit, check
        self._name, self._value, self._other, self._parts = "", bytearray(), 0, 0
        self._header, self._content = bytearray(), bytearray()
        self._disposition, self._ended = b"", False
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._part_begins,
                    "on_header_field": lambda data, start, end: self._header.extend(data[start:end]),
                    "on_header_value": lambda data, start, end: self._content.extend(data[start:end]),
                    "on_header_end": self._header_ends,
                    "on_headers_finished": self._headers_end,
                    "on_part_data": self._part_data,
                    "on_part_end": self._part_ends,
                    "on_end": self._form_ends,
                },
            )
        except FormParserError as error:
            raise RefusedError(f"The form cannot be read: {error}") from error

    def feed(self, chunk: bytes) -> None:
        """Parse a piece of the body. Raises RefusedError."""
        try:
            self._parser.write(chunk)
        except FormParserError as error:
            raise RefusedError(f"The form cannot be read: {error}") from error

    def finish(self) -> None:
        """The body is over. Raises RefusedError unless the form is whole."""
        if not self._ended:
            raise RefusedError("The form ends before its last boundary")

    def take(self) -> bytes:
        """What has arrived of the file since the last call."""
        content = bytes(self.pending)
        self.pending.clear()
        return content

    def _part_begins(self) -> None:
        self._name, self._disposition, self._parts = "", b"", self._parts + 1
        self._value.clear()
        if self._parts > MAX_FIELDS:
            raise RefusedError(f"The form has more than {MAX_FIELDS} fields")

    def _header_ends(self) -> None:
        if bytes(self._header).lower() == b"content-disposition":
            self._disposition = bytes(self._content)
        self._header.clear()
        self._content.clear()

    def _headers_end(self) -> None:
        _, options = parse_options_header(self._disposition)
        self._name = options.get(b"name", b"").decode("utf-8", "replace")
        filename = options.get(b"filename")
        if self._name == FILE_FIELD:
            self._file_begins(filename or b"")
        elif filename is not None and self._name != SIGNATURE_FIELD and self._form.lists_more_files:
            self._form.sent_as_files.add(self._name)

    def _file_begins(self, filename: bytes) -> None:
        if self._form.filename is not None:
            raise RefusedError(f"The form has two fields {FILE_FIELD}")
        # The parser cuts a path of Windows down to its last part. No distribution's name has a backslash.
        path = b"\\" if b"\\" in self._disposition else b""
        self._form.filename = (path + filename).decode("utf-8", "replace")

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        if self._name == FILE_FIELD:
            self._form.size += end - start
            if self._form.size > self._limit:
                raise RefusedError("File is too large")
            self.pending += data[start:end]
            return
        self._other += end - start
        if self._other > MAX_OTHER_BYTES:
            raise RefusedError(f"The form has more than {MAX_OTHER_BYTES} bytes beside the file")
        if self._name in KEPT_FIELDS:
            self._value += data[start:end]
            if len(self._value) > KEPT_FIELDS[self._name]:
                raise RefusedError(f"The form field {self._name} is longer than {KEPT_FIELDS[self._name]} bytes")

    def _part_ends(self) -> None:
        if self._name in KEPT_FIELDS:
            value = self._form.fields.setdefault(self._name, self._value.decode("utf-8", "replace"))
            if self._check is not None:
                self._check(self._name, value)

    def _form_ends(self) -> None:
        self._ended = True
