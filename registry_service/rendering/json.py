"""Index pages as JSON (PEP 691, 700, 714, 740, 792)."""

import json
from datetime import datetime

from registry_service.contract import urls
from registry_service.domain.catalog import File
from registry_service.domain.simple_index import API_VERSION, PackagePage, RootPage
from registry_service.domain.status import ACTIVE, StatusMarker


def render_package(page: PackagePage, origin: str | None = None) -> bytes:
    """One package: name, status, versions and files.

    PEP 740 links provenance by absolute URLs only, so it needs the `origin`, as in `https://host`, where pages lie.
    """
    content: dict[str, object] = {"meta": {"api-version": API_VERSION}, "name": page.name}
    if page.marker != ACTIVE:
        content["project-status"] = _marker(page.marker)
    content["versions"] = page.versions
    content["files"] = [_file(page, file, origin) for file in page.files]
    return render(content)


def render_root(page: RootPage) -> bytes:
    """All packages of an index."""
    return render({"meta": {"api-version": API_VERSION}, "projects": [{"name": name} for name in page.names]})


def render(value: object) -> bytes:
    """Compact JSON in UTF-8."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def _marker(marker: StatusMarker) -> dict[str, str]:
    status = {"status": marker.status.value}
    return {**status, "reason": marker.reason} if marker.reason else status


def _file(page: PackagePage, file: File, origin: str | None) -> dict[str, object]:
    entry: dict[str, object] = {
        "filename": file.filename,
        "url": urls.file_path(page.base, file.sha256, file.filename),
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
    if file.attested and origin is not None:
        entry["provenance"] = origin + urls.provenance_path(page.base, page.name, file.version, file.filename)
    return entry


def _time(moment: datetime) -> str:
    # PEP 700: yyyy-mm-ddThh:mm:ss.ffffffZ, in UTC.
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
