"""`make generate`: each image's bill of materials (CycloneDX 1.6, JSON), made from its lock and from nothing else.

The same lock gives the same bytes: no time, no random number. The images carry it at /opt/registry/sbom.cdx.json.
"""

import json
import tomllib
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from tests.supply.locks import ROOT, Pin, read

FILE: Final = "sbom.cdx.json"
# Of this project's bills; a serial number is a UUID of this name space and of the bill's content (RFC 9562, 5.5).
_NAMESPACE: Final = uuid.UUID("9c1f3f0e-6c0b-5a53-8f0c-6a1c0a0f3d51")
_PROJECT: Final = "pypi-registry-operator"
_PROGRAMS: Final = {"operator": "registry-operator", "registry_service": "registry-service"}
Bill = dict[str, Any]  # Any: a CycloneDX document


def bills() -> dict[Path, str]:
    """The file of each image's bill, with what it is to contain."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    found = {}
    for folder, program in _PROGRAMS.items():
        pins = read((ROOT / folder / "requirements.lock").read_text())
        made = bill(program, project["version"], pins)
        found[ROOT / folder / FILE] = json.dumps(made, indent=1, sort_keys=True) + "\n"
    return found


def bill(program: str, version: str, pins: Sequence[Pin]) -> Bill:
    """The bill of a program that is installed on Linux from these pins."""
    present = sorted((pin for pin in pins if pin.on_linux), key=lambda pin: pin.name)
    own = {"type": "application", "bom-ref": program, "name": program, "version": version}
    content: Bill = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": own | {"licenses": [{"license": {"id": "Apache-2.0"}}]}},
        "components": [_component(pin) for pin in present],
        "dependencies": _dependencies(program, present),
    }
    name = json.dumps(content, sort_keys=True)
    return content | {"serialNumber": f"urn:uuid:{uuid.uuid5(_NAMESPACE, name)}"}


def _component(pin: Pin) -> Bill:
    return {
        "type": "library",
        "bom-ref": _reference(pin),
        "name": pin.name,
        "version": pin.version,
        "purl": _reference(pin),
    }


def _dependencies(program: str, pins: Sequence[Pin]) -> list[Bill]:
    """Who needs whom, as the lock says; the program itself is what the project's own extra asks for."""
    wanted: dict[str, list[str]] = {name: [] for name in (program, *(pin.name for pin in pins))}
    for pin in pins:
        for asker in pin.via:
            asked_by = program if asker == _PROJECT else asker
            if asked_by in wanted:
                wanted[asked_by].append(_reference(pin))
    references = {program: program} | {pin.name: _reference(pin) for pin in pins}
    return [{"ref": references[name], "dependsOn": sorted(needed)} for name, needed in wanted.items()]


def _reference(pin: Pin) -> str:
    # https://github.com/package-url/purl-spec: type pypi, the name normalized.
    return f"pkg:pypi/{pin.name}@{pin.version}"
