"""Index pages as HTML (PEP 503; frozen at version 1.4 by PEP 833)."""

from collections.abc import Iterable, Iterator
from html import escape

from registry_service.contract import urls
from registry_service.domain.catalog import File
from registry_service.domain.simple_index import API_VERSION, PackagePage, RootPage
from registry_service.domain.status import ACTIVE, StatusMarker


def render_package(page: PackagePage, origin: str | None = None) -> bytes:
    """One package's files. The text of an anchor is the file's name exactly; `origin` is as for JSON."""
    head = "".join(_meta(name, value) for name, value in _marker(page.marker))
    return _document(f"Links for {page.name}", (_file_anchor(page, file, origin) for file in page.files), head)


def render_root(page: RootPage) -> bytes:
    """All packages of an index."""
    anchors = (f'<a href="{urls.package_path(page.base, name)}">{name}</a>' for name in page.names)
    return _document("Simple index", anchors)


def _marker(marker: StatusMarker) -> Iterator[tuple[str, str]]:
    if marker != ACTIVE:
        yield "pypi:project-status", marker.status
        if marker.reason:
            yield "pypi:project-status-reason", marker.reason


def _file_anchor(page: PackagePage, file: File, origin: str | None) -> str:
    attributes = [f'href="{urls.file_path(page.base, file.sha256, file.filename)}#sha256={file.sha256}"']
    if file.requires_python is not None:
        attributes.append(f'data-requires-python="{escape(file.requires_python)}"')
    if file.metadata_sha256 is not None:
        # PEP 714: the attribute's first name was never read by everyone, so both are sent.
        attributes.append(f'data-core-metadata="sha256={file.metadata_sha256}"')
        attributes.append(f'data-dist-info-metadata="sha256={file.metadata_sha256}"')
    if file.yanked is not None:
        attributes.append(f'data-yanked="{escape(file.yanked)}"')
    if file.attested and origin is not None:
        path = urls.provenance_path(page.base, page.name, file.version, file.filename)
        attributes.append(f'data-provenance="{escape(origin + path)}"')
    return f"<a {' '.join(attributes)}>{escape(file.filename)}</a>"


def _document(title: str, anchors: Iterable[str], head: str = "") -> bytes:
    opening = (
        f"<!DOCTYPE html>\n<html>\n<head>\n{_meta('pypi:repository-version', API_VERSION)}{head}"
        f"<title>{escape(title)}</title>\n</head>\n<body>\n<h1>{escape(title)}</h1>\n"
    )
    return (opening + "".join(f"{anchor}<br>\n" for anchor in anchors) + "</body>\n</html>\n").encode()


def _meta(name: str, value: str) -> str:
    return f'<meta name="{name}" content="{escape(value)}">\n'
