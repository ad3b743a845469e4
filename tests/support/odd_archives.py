"""Distributions that are unusual in one way each: some are old friends, some are tricks."""

from __future__ import annotations

import gzip
import io
import struct
import tarfile
import warnings
import zipfile
from itertools import product
from typing import TYPE_CHECKING

from tests.support.packages import Distribution, metadata, record_of, tar_of, zip_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_WHEEL = b"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
_ENCRYPTED, _SYMBOLIC_LINK = 0x1, 0o120777 << 16
STEM = "odd-1.0"
WHEEL = f"{STEM}-py3-none-any.whl"
SDIST = f"{STEM}.tar.gz"


def wheel_members(dist_info: str, content: bytes, *, wheel: bytes = _WHEEL) -> dict[str, bytes]:
    """What every wheel holds."""
    parts = {"METADATA": content, "WHEEL": wheel}
    return recorded({f"{dist_info}.dist-info/{name}": part for name, part in parts.items()}, dist_info)


def recorded(members: Mapping[str, bytes], dist_info: str = STEM) -> dict[str, bytes]:
    """The members of a wheel, and their RECORD as the last of them."""
    itself = f"{dist_info}.dist-info/RECORD"
    return {**members, itself: record_of(members, itself)}


def wheel_as(filename: str, *, dist_info: str = "", content: bytes = b"") -> Distribution:
    """A wheel under this name, whose metadata are `content` or those that the name tells."""
    name, version = filename.split("-")[:2]
    members = wheel_members(
        dist_info or f"{name}-{version}", content or metadata(name, version), wheel=wheel_file(filename)
    )
    return Distribution(filename, zip_of(members))


def wheel_file(filename: str) -> bytes:
    """The WHEEL file that belongs to a wheel of this name."""
    choices = (part.split(".") for part in filename.removesuffix(".whl").split("-")[-3:])
    tags = "".join(f"Tag: {'-'.join(tag)}\n" for tag in product(*choices))
    return b"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\n" + tags.encode()


def sdist_as(filename: str, *, name: str, version: str, content: bytes = b"") -> Distribution:
    """An sdist under this name; its folder is named like it."""
    top = filename.removesuffix(".tar.gz")
    return Distribution(filename, tar_of({f"{top}/PKG-INFO": content or metadata(name, version)}))


def zipped(change: Callable[[zipfile.ZipFile], None], **more: bytes) -> Distribution:
    """A whole wheel, and what `change` adds to it; RECORD lists `more` members beside its own."""
    buffer = io.BytesIO(zip_of({**wheel_members(STEM, metadata("odd", "1.0")), **_recording(more)}))
    with warnings.catch_warnings(), zipfile.ZipFile(buffer, "a") as archive:
        warnings.simplefilter("ignore")  # a name that is there already is what one of them is about
        change(archive)
    return Distribution(WHEEL, buffer.getvalue())


def with_member(name: str, content: bytes = b"content", *, method: int = 0, attributes: int = 0) -> Distribution:
    """A wheel with one more member, which its RECORD lists."""

    def add(archive: zipfile.ZipFile) -> None:
        member = zipfile.ZipInfo(name)
        member.compress_type, member.external_attr = method, attributes
        archive.writestr(member, content)

    return zipped(add, **{name: content})


def _recording(more: Mapping[str, bytes]) -> Mapping[str, bytes]:
    whole = wheel_members(STEM, metadata("odd", "1.0"))
    itself = f"{STEM}.dist-info/RECORD"
    listed = {name: content for name, content in whole.items() if name != itself}
    return {itself: record_of({**listed, **more}, itself)}


def with_link() -> Distribution:
    """A wheel with a symbolic link in it."""
    return with_member("odd/link", attributes=_SYMBOLIC_LINK)


def patched(position: int, value: int) -> Distribution:
    """A wheel whose METADATA has another number in both its headers, at this position of the directory's."""
    content = bytearray(wheel_as(WHEEL).content)
    struct.pack_into("<H", content, content.index(b"PK\x01\x02") + position, value)
    struct.pack_into("<H", content, position - 2, value)
    return Distribution(WHEEL, bytes(content))


def encrypted() -> Distribution:
    """A wheel that says that its METADATA is encrypted."""
    return patched(8, _ENCRYPTED)


def zstandard() -> Distribution:
    """A wheel that says that its METADATA is compressed with Zstandard."""
    return patched(10, 93)


def renamed_in_place() -> Distribution:
    """A wheel whose directory names a member otherwise than the header before it."""
    content, name = with_member("odd/good.py").content, b"odd/good.py"
    own = content.rindex(name, 0, content.rindex(name))
    return Distribution(WHEEL, content[:own] + b"odd/evil.py" + content[own + len(name) :])


def hidden_between() -> Distribution:
    """A wheel with bytes between its last member and its directory."""
    content = wheel_as(WHEEL).content
    directory, end = content.index(b"PK\x01\x02"), content.rindex(b"PK\x05\x06")
    record = bytearray(content[end:])
    struct.pack_into("<I", record, 16, directory + len(b"hidden"))
    return Distribution(WHEEL, content[:directory] + b"hidden" + content[directory:end] + bytes(record))


def streamed() -> Distribution:
    """A wheel as it is written to a pipe: what is only known afterwards stands behind each member."""
    pipe = _Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in wheel_members(STEM, metadata("odd", "1.0")).items():
            archive.writestr(name, content)
    return Distribution(WHEEL, pipe.getvalue())


class _Pipe(io.BytesIO):
    """What zipfile cannot go back in."""

    def seek(self, *_: object) -> int:
        raise io.UnsupportedOperation


def zip64() -> Distribution:
    """A wheel in the form for large archives."""

    def add(archive: zipfile.ZipFile) -> None:
        with archive.open("odd/large.bin", "w", force_zip64=True) as member:
            member.write(b"content")

    return zipped(add, **{"odd/large.bin": b"content"})


def expanding() -> Distribution:
    """A wheel of some hundred kilobytes that unpacks to 100 MiB."""
    zeros = bytes(100 * 2**20)
    return zipped(lambda archive: archive.writestr("odd/zeros", zeros, zipfile.ZIP_DEFLATED), **{"odd/zeros": zeros})


def many(count: int) -> Distribution:
    """A wheel of many small files."""
    members = {f"odd/part_{number}.py": b"" for number in range(count)}
    whole = wheel_members(STEM, metadata("odd", "1.0"))
    return Distribution(WHEEL, zip_of(recorded({**members, **whole})))


def tar_and_zip() -> Distribution:
    """A wheel that begins as a tar archive too: the zip's first header is the name of the tar's first member."""
    content = wheel_as(WHEEL).content
    block = bytearray(tarfile.BLOCKSIZE)
    block[:100] = content[:100]
    block[100:148] = b"0000644\0" + b"0000000\0" * 2 + b"00000000000\0" + b"00000000000\0"
    block[156:157], block[257:265] = b"0", b"ustar\x0000"
    # The rest of the block is the first member's extra field, so that both readings hold.
    fields = list(struct.unpack("<4s5H3I2H", content[:30]))
    name_length, size = fields[9], fields[8]
    fields[10] = tarfile.BLOCKSIZE - 30 - name_length
    head = struct.pack("<4s5H3I2H", *fields) + content[30 : 30 + name_length]
    block[: len(head)] = head
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return Distribution(WHEEL, _moved(content, bytes(block), 30 + name_length, size))


def tarred(*members: tarfile.TarInfo, top: str = STEM, first: bytes = b"") -> Distribution:
    """A whole sdist with more members, each without content."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as archive:
        content = first or metadata("odd", "1.0")
        member = tarfile.TarInfo(f"{top}/PKG-INFO")
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
        for more in members:
            archive.addfile(more)
    return Distribution(SDIST, gzip.compress(buffer.getvalue()))


def member(name: str, kind: bytes = tarfile.REGTYPE, *, target: str = "") -> tarfile.TarInfo:
    """A member of a tar archive."""
    made = tarfile.TarInfo(name)
    made.type, made.linkname = kind, target
    return made


def crowded(count: int) -> Distribution:
    """An sdist with so many more members; it takes seconds to read, and some kilobytes to keep."""
    whole, folder = gzip.decompress(tarred().content), member(f"{STEM}/folder", tarfile.DIRTYPE).tobuf()
    return Distribution(SDIST, gzip.compress(folder * count + whole))


def announced(size: int) -> Distribution:
    """An sdist with a member that says it is so large, and is not."""
    made = member(f"{STEM}/zeros")
    made.size = size
    return Distribution(SDIST, gzip.compress(made.tobuf(tarfile.GNU_FORMAT)))


def followed_by(archive: Distribution, content: bytes) -> Distribution:
    """An archive with other bytes behind its end."""
    return Distribution(archive.filename, archive.content + content)


def preceded_by(content: bytes, archive: Distribution) -> Distribution:
    """An archive with other bytes before its beginning."""
    return Distribution(archive.filename, content + archive.content)


def hidden_behind_the_end() -> Distribution:
    """An sdist that goes on after the two empty blocks that end a tar archive, in the same gzip stream."""
    whole = gzip.decompress(tarred().content)
    return Distribution(SDIST, gzip.compress(whole + b"hidden"))


def _moved(content: bytes, block: bytes, data: int, size: int) -> bytes:
    """The archive with its first header replaced by `block`, and the directory's offsets moved along."""
    shift = len(block) - data
    moved = bytearray(block + content[data:])
    position = moved.index(b"PK\x01\x02", len(block) + size)
    end = moved.rindex(b"PK\x05\x06")
    struct.pack_into("<I", moved, end + 16, position)
    while moved[position : position + 4] == b"PK\x01\x02":
        lengths = struct.unpack_from("<3H", moved, position + 28)
        (offset,) = struct.unpack_from("<I", moved, position + 42)
        struct.pack_into("<I", moved, position + 42, offset + shift if offset else 0)
        position += 46 + sum(lengths)
    return bytes(moved)
