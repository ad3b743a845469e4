"""What other programs find in an archive: Python's own modules, Info-ZIP, libarchive and uv."""

from __future__ import annotations

import gzip
import itertools
import os
import shutil
import subprocess
import tarfile
import zipfile
from typing import TYPE_CHECKING

from tests.support import environments
from tests.support.odd_archives import SDIST, WHEEL

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

# Debian's packages of them, by the program.
_PACKAGES = {"unzip": "unzip", "bsdtar": "libarchive-tools"}
_SECONDS = 60
_UTF8 = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}

Found = dict[str, bytes]
_numbers = itertools.count()


def programs() -> None:
    """Install what is missing."""
    missing = [package for program, package in _PACKAGES.items() if shutil.which(program) is None]
    if missing:
        environments.require_packages(*missing)


def same_wheel(content: bytes, folder: Path, *, installed: bool) -> None:
    """Assert that all find the same files in a wheel; uv takes a fifth of a second to be asked too (`installed`)."""
    place = folder / str(next(_numbers))
    place.mkdir()
    (path := place / WHEEL).write_bytes(content)
    found = zipfile_finds(path)
    assert unzip_finds(path, place / "unzip") == found
    assert bsdtar_finds(path, place / "bsdtar") == found
    if installed:
        # `.data` is spread over the folders of the installation, scripts get another first line.
        plain = {name: part for name, part in found.items() if ".data/" not in name and not name.endswith("RECORD")}
        installed_files = uv_finds(path, place / "uv")
        assert {name: installed_files.get(name) for name in plain} == plain


def same_sdist(content: bytes, folder: Path) -> None:
    """Assert that all find the same files in an sdist."""
    place = folder / str(next(_numbers))
    place.mkdir()
    (path := place / SDIST).write_bytes(content)
    found = tarfile_finds(path)
    assert bsdtar_finds(path, place / "bsdtar") == found
    assert gunzipped_by_gzip(path) == gzip.decompress(content)


def zipfile_finds(path: Path) -> Found:
    """What pip, and every installer in Python, finds in a wheel."""
    with zipfile.ZipFile(path) as archive:
        return {member.filename: archive.read(member) for member in archive.infolist() if not member.is_dir()}


def unzip_finds(path: Path, folder: Path) -> Found:
    """What Info-ZIP unpacks; its list must be of the same names."""
    _run(["unzip", "-q", "-o", str(path), "-d", str(folder)])
    listed = _run(["unzip", "-Z1", str(path)]).decode().splitlines()
    found = _files(folder)
    assert sorted(name for name in listed if not name.endswith("/")) == sorted(found)
    return found


def bsdtar_finds(path: Path, folder: Path) -> Found:
    """What libarchive unpacks, of a zip or of a tar archive."""
    folder.mkdir()
    _run(["bsdtar", "-x", "-f", str(path), "-C", str(folder)])
    return _files(folder)


def tarfile_finds(path: Path) -> Found:
    """What pip, and every installer in Python, finds in an sdist."""
    found = {}
    with tarfile.open(path) as archive:
        for member in archive:
            stream = archive.extractfile(member) if member.isreg() or member.islnk() else None
            if stream is not None:
                found[os.path.normpath(member.name)] = stream.read()
    return found


def uv_finds(path: Path, folder: Path) -> Found:
    """What uv installs of a wheel, without what it writes itself."""
    command = [str(environments.client("uv")), "-m", "uv", "pip", "install", "-q", "--no-deps", "--no-index"]
    command += ["--no-cache", "--link-mode", "copy", "--target", str(folder), str(path)]
    _run(command)
    own = ("INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json", "RECORD", ".lock")
    return {name: content for name, content in _files(folder).items() if not name.endswith(own)}


def gunzipped_by_gzip(path: Path) -> bytes:
    """What the gzip program makes of an sdist."""
    return _run(["gzip", "-dc", str(path)])


def _files(folder: Path) -> Found:
    """The regular files below a folder: links are compared by where they lead, in the unit tests of reading."""
    paths = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def _run(command: list[str], environment: Mapping[str, str] = _UTF8) -> bytes:
    done = subprocess.run(command, capture_output=True, timeout=_SECONDS, env=dict(environment), check=False)
    assert done.returncode == 0, (command[-1], done.stderr[-600:])
    return done.stdout
