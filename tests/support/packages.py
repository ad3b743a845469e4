"""Distributions for tests, made in memory and the same bytes every time: good ones, and broken in one way each.

The good one is the example of GitLab's documentation, `mypypipackage` with its `SayHello()`.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import tarfile
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

EXAMPLE = "mypypipackage"
MIB = 1024 * 1024

_MADE_AT = (2026, 1, 1, 0, 0, 0)
_MADE_AT_SECONDS = 1767225600
_WHEEL_FILE = "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
_GREET = 'def SayHello():\n    print("Hello from MyPyPiPackage")\n    return\n'
_SETUP = """\
import setuptools

setuptools.setup(
    name="mypypipackage",
    version="{version}",
    author="Example Author",
    author_email="author@example.com",
    description="A small example package",
    packages=setuptools.find_packages(),
    classifiers=[
        "Programming Language :: Python :: 3",
        "License :: OSI Approved :: MIT License",
        "Operating System :: OS Independent",
    ],
    python_requires='>=3.6',
)
"""
_PROJECT = """\
[build-system]
requires = ["flit_core"]
build-backend = "flit_core.buildapi"

[project]
name = "mypypipackage"
version = "0.0.1"
requires-python = ">=3.6"
dynamic = ["description"]
"""


@dataclass(frozen=True, slots=True)
class Distribution:
    """A file to publish."""

    filename: str
    content: bytes

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    def write_to(self, folder: Path) -> Path:
        """Put the file into a folder; its path."""
        path = folder / self.filename
        path.write_bytes(self.content)
        return path


def metadata(name: str, version: str, *, requires_python: str = ">=3.6", extra: str = "") -> bytes:
    """Core metadata as setuptools writes it for the example; `extra` holds further header lines, or its own summary."""
    summary = "" if "Summary:" in extra else "Summary: A small example package\n"
    return (
        f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{summary}"
        "Author: Example Author\nAuthor-email: author@example.com\nClassifier: Programming Language :: Python :: 3\n"
        f"Classifier: License :: OSI Approved :: MIT License\nRequires-Python: {requires_python}\n{extra}"
        "\nAn example package, to try a registry with.\n"
    ).encode()


def wheel(
    version: str = "0.0.1", *, name: str = EXAMPLE, requires_python: str = ">=3.6", extra: str = "", padding: int = 0
) -> Distribution:
    """A wheel that pip installs; `padding` adds a file of so many bytes that do not compress."""
    stem = _stem(name)
    members = {
        f"{stem}/__init__.py": b"from .greet import SayHello\n",
        f"{stem}/greet.py": _GREET.encode(),
        f"{stem}-{version}.dist-info/METADATA": metadata(name, version, requires_python=requires_python, extra=extra),
        f"{stem}-{version}.dist-info/WHEEL": _WHEEL_FILE.encode(),
        f"{stem}-{version}.dist-info/top_level.txt": f"{stem}\n".encode(),
    }
    if padding:
        members[f"{stem}/padding.bin"] = hashlib.shake_256(version.encode()).digest(padding)
    members[f"{stem}-{version}.dist-info/RECORD"] = record_of(members, f"{stem}-{version}.dist-info/RECORD")
    return Distribution(f"{stem}-{version}-py3-none-any.whl", zip_of(members))


def wheel_of_size(size: int) -> Distribution:
    """A wheel of exactly `size` bytes."""
    padded = wheel(padding=size)
    exact = wheel(padding=2 * size - len(padded.content))
    if len(exact.content) != size:
        raise ValueError(f"no wheel of {size} bytes: the length of its padding has another number of digits")
    return exact


def sdist(version: str = "0.0.1", *, name: str = EXAMPLE, extra: str = "") -> Distribution:
    """A source distribution that setuptools can build."""
    top = f"{_stem(name)}-{version}"
    project = f'[build-system]\nrequires = ["setuptools"]\n\n[project]\nname = "{name}"\nversion = "{version}"\n'
    members = {
        f"{top}/PKG-INFO": metadata(name, version, extra=extra),
        f"{top}/pyproject.toml": project.encode(),
        f"{top}/{_stem(name)}/__init__.py": b"from .greet import SayHello\n",
        f"{top}/{_stem(name)}/greet.py": _GREET.encode(),
    }
    return Distribution(f"{top}.tar.gz", tar_of(members))


def write_example(folder: Path, *, version: str = "0.0.1") -> None:
    """The example's sources, word for word as GitLab's documentation has them."""
    package = folder / EXAMPLE
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("from .greet import SayHello\n")
    (package / "greet.py").write_text(_GREET)
    (folder / "setup.py").write_text(_SETUP.format(version=version))


def write_project(folder: Path, *, summary: str = "A small example package") -> None:
    """The example as a project that any client publishes: its sources, and in `dist` what was built of them.

    flit takes only what it builds itself, so its backend is the one; another `summary` makes another wheel.
    """
    package, dist = folder / EXAMPLE, folder / "dist"
    package.mkdir(parents=True)
    dist.mkdir()
    (folder / "pyproject.toml").write_text(_PROJECT)
    (package / "__init__.py").write_text(f'"""{summary}"""\n\nfrom .greet import SayHello\n')
    (package / "greet.py").write_text(_GREET)
    wheel(extra=f"Keywords: {summary}\n").write_to(dist)
    sdist().write_to(dist)


def broken_wheels() -> dict[str, Distribution]:
    """Wheels that must be refused, by what is wrong with them."""
    good, filename = wheel(), f"{EXAMPLE}-0.0.1-py3-none-any.whl"
    other_name, other_version = wheel(name="otherpackage").content, wheel("0.0.2").content
    return {
        "cut off": Distribution(filename, good.content[: len(good.content) // 2]),
        "empty": Distribution(filename, b""),
        "a web page": Distribution(filename, b"<!DOCTYPE html><title>Sign in</title>\n"),
        "no metadata": Distribution(filename, zip_of({f"{EXAMPLE}/__init__.py": b""})),
        "metadata of another package": Distribution(filename, other_name),
        "metadata of another version": Distribution(filename, other_version),
    }


def zip_of(members: Mapping[str, bytes]) -> bytes:
    """A zip archive, its members stored in the order given."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for path, content in members.items():
            archive.writestr(zipfile.ZipInfo(path, _MADE_AT), content)
    return buffer.getvalue()


def tar_of(members: Mapping[str, bytes]) -> bytes:
    """A gzip-compressed tar archive in the pax format."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path, content in members.items():
            member = tarfile.TarInfo(path)
            member.size, member.mtime, member.mode = len(content), _MADE_AT_SECONDS, 0o644
            archive.addfile(member, io.BytesIO(content))
    return gzip.compress(buffer.getvalue(), mtime=_MADE_AT_SECONDS)


def record_of(members: Mapping[str, bytes], itself: str) -> bytes:
    """A wheel's RECORD of these members, itself without a hash."""
    listed = {path: content for path, content in members.items() if path != itself}
    lines = [f"{path},sha256={encoded(hashlib.sha256(part).digest())},{len(part)}\n" for path, part in listed.items()]
    return "".join([*lines, f"{itself},,\n"]).encode()


def encoded(digest: bytes) -> str:
    """A digest as RECORD has it: URL-safe base64 without padding."""
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _stem(name: str) -> str:
    return name.lower().replace("-", "_").replace(".", "_")
