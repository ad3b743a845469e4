"""Part of `make lock`: fixes the Dockerfile's base images to the digests that their tags have today.

A tag is what people read, a digest is what is built from; `docker` (with buildx) or `skopeo` asks the registry.
"""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from tests.supply.locks import ROOT

_ARGUMENT: Final = re.compile(r"^(ARG [A-Z]+_IMAGE=)([^@\s]+)(@sha256:[0-9a-f]{64})?$", re.MULTILINE)
_DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")
_SECONDS: Final = 120
_PROGRAMS: Final = {
    "docker": ("buildx", "imagetools", "inspect", "--format", "{{.Manifest.Digest}}", "{}"),
    "skopeo": ("inspect", "--format", "{{.Digest}}", "docker://{}"),
}
Resolve = Callable[[str], str]


class NoDigestError(RuntimeError):
    """A program was asked for a digest and did not tell one; the message holds its words."""


def pinned(dockerfile: str, resolve: Resolve) -> str:
    """The Dockerfile with every base image's digest as `resolve` tells it for the tag."""
    return _ARGUMENT.sub(lambda match: f"{match[1]}{match[2]}@{resolve(match[2])}", dockerfile)


def resolver() -> Resolve | None:
    """What asks for a tag's digest, or None when this machine has no program for it."""
    program = next((name for name in _PROGRAMS if shutil.which(name)), None)
    return None if program is None else lambda image: _ask(program, image)


def _ask(program: str, image: str) -> str:
    arguments = [part if part.startswith("{{") else part.replace("{}", image) for part in _PROGRAMS[program]]
    done = subprocess.run([program, *arguments], check=False, capture_output=True, text=True, timeout=_SECONDS)
    digest = done.stdout.strip()
    if done.returncode or not _DIGEST.fullmatch(digest):
        raise NoDigestError(f"{program} told no digest of {image}: {done.stdout}{done.stderr}")
    return digest


def main(dockerfile: Path = ROOT / "Dockerfile") -> int:
    """Rewrite the Dockerfile; without a program for it, say that it was left as it is."""
    resolve = resolver()
    if resolve is None:
        print(f"base images left as they are: this takes {' or '.join(_PROGRAMS)}", file=sys.stderr)
        return 0
    dockerfile.write_text(pinned(dockerfile.read_text(), resolve))
    return 0


if __name__ == "__main__":
    sys.exit(main())
