"""Provenance of a file: the attestations it came with, and who published it (PEP 740)."""

import json
from typing import Final

from registry_service.domain.catalog import File
from registry_service.rendering.json import render

CONTENT_TYPE: Final = "application/vnd.pypi.integrity.v1+json"
_VERSION: Final = 1


def render_provenance(file: File, attestations: str) -> bytes:
    """The provenance object. The publisher is the token by its name: the registry vouches for nothing more."""
    publisher = {"kind": "RegistryToken", "claims": {"name": file.published_by}}
    bundle = {"publisher": publisher, "attestations": json.loads(attestations)}
    return render({"version": _VERSION, "attestation_bundles": [bundle]})
