"""Upload forms by hand, byte for byte: in any order, and with what no client library would send."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.support.packages import Distribution

BOUNDARY = "a-boundary-that-no-file-holds"
CONTENT_TYPE = f"multipart/form-data; boundary={BOUNDARY}"


def part(name: str, value: str | bytes, *, filename: bytes | None = None, content_type: str | None = None) -> bytes:
    """One field; with a file name it is a file."""
    disposition = f'Content-Disposition: form-data; name="{name}"'.encode()
    if filename is not None:
        disposition += b'; filename="' + filename + b'"'
    if content_type is not None:
        disposition += f"\r\nContent-Type: {content_type}".encode()
    content = value.encode() if isinstance(value, str) else value
    return f"--{BOUNDARY}\r\n".encode() + disposition + b"\r\n\r\n" + content + b"\r\n"


def file(distribution: Distribution, *, filename: bytes | None = None, content_type: str | None = None) -> bytes:
    """The file's own field, under the distribution's name or another one."""
    named = distribution.filename.encode() if filename is None else filename
    return part("content", distribution.content, filename=named, content_type=content_type)


def form(*parts: bytes) -> bytes:
    """A whole body."""
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()
