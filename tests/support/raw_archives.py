"""Zip and tar archives written number by number, so that any of the numbers can be wrong."""

from __future__ import annotations

import gzip
import struct
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

IN_EXTRA = 0xFFFFFFFF
_DEFLATED = 8


@dataclass(frozen=True, slots=True)
class ZipMember:
    """A member; `own` is what its own header says otherwise, `listed` what the directory says otherwise.

    The names of what may be otherwise: name, version, flags, method, crc, packed, size, extra; offset, comment, mode,
    count.
    """

    name: bytes = b"odd/x.py"
    content: bytes = b"content"
    method: int = 0
    own: Mapping[str, bytes | int] = field(default_factory=dict)
    listed: Mapping[str, bytes | int] = field(default_factory=dict)
    packed: bytes | None = None

    @property
    def body(self) -> bytes:
        """What stands behind its own header."""
        if self.packed is not None:
            return self.packed
        return _deflated(self.content) if self.method == _DEFLATED else self.content

    def said(self, otherwise: Mapping[str, bytes | int]) -> dict[str, bytes | int]:
        """Everything that a header says."""
        return {
            "name": self.name,
            "version": 20,
            "flags": 0,
            "method": self.method,
            "crc": zlib.crc32(self.content),
            "packed": len(self.body),
            "size": len(self.content),
            "extra": b"",
            "comment": b"",
            "mode": 0o100644,
            **otherwise,
        }


def zip_of(
    members: Sequence[ZipMember], *, between: bytes = b"", end: Mapping[str, int] | None = None, tail: bytes = b""
) -> bytes:
    """A zip archive; `end` is what its end record says otherwise, `between` stands before the directory."""
    content, directory, listed = bytearray(), bytearray(), 0
    for member in members:
        if member.listed.get("count") != 0:
            directory += _entry(member, len(content))
            listed += 1
        content += _own(member) + member.body
    said = {"disk": 0, "count": listed, "size": len(directory), "start": len(content + between), "comment": 0}
    said |= end or {}
    return bytes(content + between + directory + tail + _end(said))


def zip64_of(
    members: Sequence[ZipMember],
    *,
    end: Mapping[str, int] | None = None,
    small: Mapping[str, int] | None = None,
    locator: Mapping[str, int] | None = None,
) -> bytes:
    """A zip archive in the form for large ones; what its two end records and the locator say otherwise."""
    plain = zip_of(members)
    start = plain.index(b"PK\x01\x02")
    size = plain.rindex(b"PK\x05\x06") - start
    said = {"rest": 44, "disk": 0, "count": len(members), "size": size, "start": start, **(end or {})}
    where = {"signature": 0x07064B50, "disk": 0, "offset": start + size, "disks": 1, **(locator or {})}
    record = struct.pack("<4sQ2H2I", b"PK\x06\x06", said["rest"], 45, 45, said["disk"], 0)
    record += struct.pack("<4Q", said["count"], said["count"], said["size"], said["start"])
    record += struct.pack("<IIQI", where["signature"], where["disk"], where["offset"], where["disks"])
    left = {"disk": 0, "count": 0xFFFF, "size": IN_EXTRA, "start": IN_EXTRA, "comment": 0, **(small or {})}
    return plain[: start + size] + record + _end(left)


def extra(kind: int, content: bytes) -> bytes:
    """One extra field of a zip header."""
    return struct.pack("<2H", kind, len(content)) + content


def zip64_extra(*values: int) -> bytes:
    """The extra field that large archives keep their numbers in."""
    return extra(1, struct.pack(f"<{len(values)}Q", *values))


def unicode_path(name: bytes, *, crc: int, version: int = 1) -> bytes:
    """Info-ZIP's field with a name in UTF-8, and the checksum of the name that it belongs to."""
    return extra(0x7075, struct.pack("<BI", version, crc) + name)


def tar_header(
    name: bytes, content: bytes = b"", *, kind: bytes = b"0", target: bytes = b"", **otherwise: bytes | int
) -> bytes:
    """A header of a tar archive and the content behind it; `otherwise` are its fields as they are written."""
    block = bytearray(512)
    values: dict[str, bytes | int] = {"mode": b"0000644\0", "size": b"%011o\0" % len(content), "magic": b"ustar\x0000"}
    values |= otherwise
    places = {"mode": 100, "uid": 108, "gid": 116, "size": 124, "mtime": 136}
    places |= {"magic": 257, "devmajor": 329, "devminor": 337, "prefix": 345, "rest": 386}
    block[: len(name)], block[156:157], block[157 : 157 + len(target)] = name, kind, target
    for place, value in values.items():
        if place in places and isinstance(value, bytes):
            block[places[place] : places[place] + len(value)] = value
    block[148:156] = b" " * 8
    block[148:156] = values.get("checksum", b"%06o\0 " % sum(block))  # type: ignore[assignment]  # it is one of bytes
    return bytes(block) + content + bytes(-len(content) % 512)


def pax_header(*records: tuple[bytes, bytes], kind: bytes = b"x") -> bytes:
    """An extended header of pax."""
    return tar_header(b"pax", b"".join(pax_record(key, value) for key, value in records), kind=kind)


def pax_record(key: bytes, value: bytes) -> bytes:
    """One record of it, which begins with its own length."""
    rest = b" " + key + b"=" + value + b"\n"
    length = len(rest) + len(str(len(rest)))
    length = len(rest) + len(str(length))
    return str(length).encode() + rest


def tar_of(*pieces: bytes) -> bytes:
    """A tar archive of headers and contents, with its end, compressed."""
    return gzip.compress(b"".join(pieces) + bytes(1024), mtime=0)


def _deflated(content: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-15)
    return compressor.compress(content) + compressor.flush()


def _own(member: ZipMember) -> bytes:
    said = member.said(member.own)
    name, more = said["name"], said["extra"]
    numbers = [said[key] for key in ("flags", "method")] + [0, 0] + [said[key] for key in ("crc", "packed", "size")]
    lengths = len(name), len(more)  # type: ignore[arg-type]  # both are bytes
    return struct.pack("<4s5H3I2H", b"PK\x03\x04", said["version"], *numbers, *lengths) + name + more  # type: ignore[operator]  # likewise


def _entry(member: ZipMember, offset: int) -> bytes:
    said = {"offset": offset, **member.said(member.listed)}
    texts = [said[key] for key in ("name", "extra", "comment")]
    numbers = [said[key] for key in ("flags", "method")] + [0, 0] + [said[key] for key in ("crc", "packed", "size")]
    lengths = [len(text) for text in texts]  # type: ignore[arg-type]  # they are bytes
    rest = (0, 0, int(said["mode"]) << 16, said["offset"])
    record = struct.pack("<4s6H3I5H2I", b"PK\x01\x02", 20, said["version"], *numbers, *lengths, *rest)
    return record + b"".join(texts)  # type: ignore[arg-type]  # likewise


def _end(said: Mapping[str, int]) -> bytes:
    counts = said["disk"], 0, said.get("here", said["count"]), said["count"]
    return struct.pack("<4s4H2IH", b"PK\x05\x06", *counts, said["size"], said["start"], said["comment"])
