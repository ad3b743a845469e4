"""Packages and their files as GitLab's packages API shows them.

What GitLab shows only of packages that a pipeline made (`pipeline`, `pipelines`) is absent here as it is there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from urllib.parse import urlencode

from registry_service.contract import urls
from registry_service.domain.catalog import File, Release
from registry_service.domain.listing import PYPI, Entry, Listed, Wanted, cursor_after, write_cursor
from registry_service.rendering.json import render

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Reader:
    """Who looks: where the registry is for them (a URL without a path), and the project they may delete from."""

    base_url: str
    may_delete_in: int | None = None


def render_packages(listed: Listed[Entry], reader: Reader, *, of_group: bool = False) -> bytes:
    """A page of packages: what GitLab calls one is a release. In a group's each says where it is."""
    return render([_package(entry, reader) | (_whereabouts(entry) if of_group else {}) for entry in listed.entries])


def render_package(entry: Entry, versions: Sequence[Entry], reader: Reader) -> bytes:
    """One package, with the other versions of it."""
    return render(_package(entry, reader) | {"versions": [_version(other.release) for other in versions]})


def render_files(release_id: int, listed: Listed[File]) -> bytes:
    """A page of the files of a package."""
    return render([_file(release_id, file) for file in listed.entries])


def pagination(listed: Listed[T], url: str, query: Mapping[str, str]) -> dict[str, str]:
    """GitLab's headers of a numbered page; `url` is the list's own, without its query."""
    page, pages = listed.paging.page, listed.pages
    numbers = {"prev": page - 1, "next": page + 1, "first": 1, "last": pages}
    if page == 1 or (pages is not None and page > pages):
        del numbers["prev"]
    if not listed.has_more:
        del numbers["next"]
    if pages is None:
        del numbers["last"]
    headers = {
        "x-page": str(page),
        "x-per-page": str(listed.paging.per_page),
        "x-prev-page": str(numbers.get("prev", "")),
        "x-next-page": str(numbers.get("next", "")),
        "link": ", ".join(
            _link(url, {**query, "page": number, "per_page": listed.paging.per_page}, relation)
            for relation, number in numbers.items()
        ),
    }
    return headers if pages is None else headers | {"x-total": str(listed.total), "x-total-pages": str(pages)}


def keyset_pagination(listed: Listed[Entry], wanted: Wanted, url: str, query: Mapping[str, str]) -> dict[str, str]:
    """GitLab's header of a page that follows a cursor: where the next one is, and nothing after the last."""
    if not listed.has_more:
        return {}
    cursor = write_cursor(cursor_after(listed.entries[-1], wanted.order), wanted.order)
    parameters = {**query, "pagination": "keyset", "per_page": listed.paging.per_page, "cursor": cursor}
    return {"link": _link(url, parameters, "next")}


def _link(url: str, parameters: Mapping[str, object], relation: str) -> str:
    return f'<{url}?{urlencode(parameters)}>; rel="{relation}"'


def _package(entry: Entry, reader: Reader) -> dict[str, object]:
    project, release = entry.project, entry.release
    links = {"web_path": urls.package_page_path(project.path, release.id)}
    if project.id == reader.may_delete_in:
        links["delete_api_path"] = reader.base_url + urls.package_api_path(project.id, release.id)
    return {
        "id": release.id,
        "name": release.package.name,
        "version": release.version,
        "package_type": PYPI,
        "status": entry.status,
        "_links": links,
        "created_at": _time(release.created_at),
        "last_downloaded_at": None,
        "tags": [],
    }


def _whereabouts(entry: Entry) -> dict[str, object]:
    return {"project_id": entry.project.id, "project_path": entry.project.path}


def _version(release: Release) -> dict[str, object]:
    return {"id": release.id, "version": release.version, "created_at": _time(release.created_at), "tags": []}


def _file(release_id: int, file: File) -> dict[str, object]:
    return {
        "id": file.id,
        "package_id": release_id,
        "created_at": _time(file.upload_time),
        "file_name": file.filename,
        "size": file.size,
        "file_md5": file.md5,
        "file_sha1": file.sha1,
        "file_sha256": file.sha256,
    }


def _time(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
