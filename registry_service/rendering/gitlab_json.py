"""Packages and their files as GitLab's packages API shows them."""

from collections.abc import Iterable, Mapping
from urllib.parse import urlencode

from registry_service.contract import urls
from registry_service.domain.catalog import File, Project, Release
from registry_service.domain.listing import Listed
from registry_service.rendering.json import render


def render_packages(project: Project, listed: Listed) -> bytes:
    """A page of packages: what GitLab calls one is a release."""
    return render([_package(project, release) for release in listed.releases])


def render_package(project: Project, release: Release) -> bytes:
    """One package."""
    return render(_package(project, release))


def render_files(release: Release, files: Iterable[File]) -> bytes:
    """The files of a package."""
    return render([_file(release, file) for file in files])


def pagination(listed: Listed, url: str, query: Mapping[str, str]) -> dict[str, str]:
    """GitLab's pagination headers; `url` is the list's own, without its query."""
    numbers = {"first": 1, "last": listed.pages}
    if listed.page > 1:
        numbers["prev"] = listed.page - 1
    if listed.page < listed.pages:
        numbers["next"] = listed.page + 1
    links = []
    for relation, number in numbers.items():
        parameters = urlencode({**query, "page": number, "per_page": listed.per_page})
        links.append(f'<{url}?{parameters}>; rel="{relation}"')
    return {
        "x-total": str(listed.total),
        "x-total-pages": str(listed.pages),
        "x-page": str(listed.page),
        "x-per-page": str(listed.per_page),
        "x-prev-page": str(numbers.get("prev", "")),
        "x-next-page": str(numbers.get("next", "")),
        "link": ", ".join(links),
    }


def _package(project: Project, release: Release) -> dict[str, object]:
    return {
        "id": release.id,
        "name": release.package.name,
        "version": release.version,
        "package_type": "pypi",
        "status": "default",
        "_links": {
            "web_path": urls.package_page_path(project.path, release.id),
            "delete_api_path": urls.package_api_path(project.id, release.id),
        },
        "created_at": release.created_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "tags": [],
    }


def _file(release: Release, file: File) -> dict[str, object]:
    return {
        "id": file.id,
        "package_id": release.id,
        "created_at": file.upload_time.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "file_name": file.filename,
        "size": file.size,
        "file_md5": file.md5,
        "file_sha256": file.sha256,
    }
