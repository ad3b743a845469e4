"""The two images that builds start from, made of this machine's own distribution and Go instead of downloads."""

from __future__ import annotations

import platform
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from tests.cluster import console, oci_archive
from tests.cluster.addon_images import ARCHIVE, StoredImage
from tests.cluster.commands import CommandFailedError, run
from tests.cluster.content import cached, digest
from tests.cluster.oci_archive import Image, Layer

if TYPE_CHECKING:
    from collections.abc import Callable

_PACKAGES = ("ca-certificates", "python3", "python3-venv")
_BOOTSTRAP_SECONDS = 1800.0
# Raised when what this module or oci_archive.py makes of the same inputs changes.
_LAYOUT = 2
_UNUSED = ("usr/share/doc", "usr/share/man", "usr/share/locale", "var/cache/apt", "var/lib/apt/lists", "var/log")
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_GO_ROOT = "usr/local/go"


def python_image(cache: Path) -> StoredImage:
    """Debian's smallest system with Python, of this machine's release."""
    inputs = {"release": _release(), "packages": _PACKAGES, "layout": _LAYOUT, "machine": platform.machine()}
    return _image("base-python", inputs, cache, lambda root: Image((Layer(root),), environment={"PATH": _PATH}))


def go_image(cache: Path) -> StoredImage:
    """The same system with this machine's Go."""
    go = Path(run(["go", "env", "GOROOT"], timeout=60).strip())
    inputs = {"release": _release(), "packages": _PACKAGES, "layout": _LAYOUT, "go": run(["go", "version"], timeout=60)}
    variables = {"PATH": f"/{_GO_ROOT}/bin:{_PATH}", "GOPATH": "/go"}
    return _image(
        "base-go", inputs, cache, lambda root: Image((Layer(root), Layer(go, _GO_ROOT)), environment=variables)
    )


def _image(name: str, inputs: dict[str, object], cache: Path, image: Callable[[Path], Image]) -> StoredImage:
    reference = f"localhost/test-cluster/{name}:{digest(inputs)}"

    def make(folder: Path) -> None:
        root = _root_file_system(cache)
        with console.step(f"packing the image {name}", usually="10 s"):
            oci_archive.write(image(root), reference, folder / ARCHIVE)

    return StoredImage(reference, cached(cache, f"image-{name}", inputs, make) / ARCHIVE)


def _root_file_system(cache: Path) -> Path:
    release = _release()
    inputs = {"release": release, "packages": _PACKAGES, "machine": platform.machine()}

    def make(folder: Path) -> None:
        # Debootstrap writes device files, which a later removal of a half-made folder removes like any other.
        with console.step(f"installing a minimal Debian {release} with Python", usually="2 min"):
            options = ["--variant=minbase", f"--include={','.join(_PACKAGES)}"]
            argv = ["debootstrap", *options, release, str(folder / "root"), _mirror(release)]
            run(argv, timeout=_BOOTSTRAP_SECONDS)
        for unused in _UNUSED:
            shutil.rmtree(folder / "root" / unused)
            (folder / "root" / unused).mkdir()

    return cached(cache, "debian", inputs, make) / "root"


def _release() -> str:
    return platform.freedesktop_os_release()["VERSION_CODENAME"]


def _mirror(release: str) -> str:
    """Where this machine's apt takes its own release from."""
    listing = run(["apt-get", "indextargets", "--format", "$(CODENAME) $(REPO_URI)"], timeout=60)
    for line in listing.splitlines():
        codename, address = line.split(maxsplit=1)
        if codename == release:
            return address
    raise CommandFailedError(f"apt knows no source for the release {release} of this machine")
