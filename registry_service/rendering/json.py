"""Index pages as JSON (PEP 691, 700, 714)."""

import json
from datetime import datetime

from registry_service.contract import urls
from registry_service.domain.catalog import File
from registry_service.domain.simple_index import API_VERSION, PackagePage, RootPage


def render_package(page: PackagePage) -> bytes:
    """One package: name, versions and files."""
    return render(
        {
            "meta": {"api-version": API_VERSION},
            "name": page.name,
            "versions": page.versions,
            "files": [_file(page.project, file) for file in page.files],
        }
    )


def render_root(page: RootPage) -> bytes:
    """All packages of a project."""
    return render({"meta": {"api-version": API_VERSION}, "projects": [{"name": name} for name in page.names]})


def render(value: object) -> bytes:
    """Compact JSON in UTF-8."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def _file(project: str, file: File) -> dict[str, object]:
    entry: dict[str, object] = {
        "filename": file.filename,
        "url": urls.file_path(project, file.sha256, file.filename),
        "hashes": {"sha256": file.sha256},
        "size": file.size,  # PEP 700: mandatory
        "upload-time": _time(file.upload_time),
        # PEP 592 as PEP 691 has it: the reason, or true where none was given.
        "yanked": False if file.yanked is None else file.yanked or True,
    }
    if file.requires_python is not None:
        entry["requires-python"] = file.requires_python
    if file.metadata_sha256 is not None:
        # PEP 714: `dist-info-metadata` is what clients before it read.
        entry["core-metadata"] = entry["dist-info-metadata"] = {"sha256": file.metadata_sha256}
    return entry


def _time(moment: datetime) -> str:
    # PEP 700: yyyy-mm-ddThh:mm:ss.ffffffZ, in UTC.
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
