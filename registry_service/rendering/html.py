"""Index pages as HTML (PEP 503; frozen at version 1.4 by PEP 833)."""

from collections.abc import Iterable
from html import escape

from registry_service.contract import urls
from registry_service.domain.catalog import File
from registry_service.domain.simple_index import API_VERSION, PackagePage, RootPage


def render_package(page: PackagePage) -> bytes:
    """One package's files. The text of an anchor is the file's name exactly."""
    return _document(f"Links for {page.name}", (_file_anchor(page.project, file) for file in page.files))


def render_root(page: RootPage) -> bytes:
    """All packages of a project."""
    anchors = (f'<a href="{urls.package_path(page.project, name)}">{name}</a>' for name in page.names)
    return _document("Simple index", anchors)


def _file_anchor(project: str, file: File) -> str:
    attributes = [f'href="{urls.file_path(project, file.sha256, file.filename)}#sha256={file.sha256}"']
    if file.requires_python is not None:
        attributes.append(f'data-requires-python="{escape(file.requires_python)}"')
    if file.metadata_sha256 is not None:
        # PEP 714: the attribute's first name was never read by everyone, so both are sent.
        attributes.append(f'data-core-metadata="sha256={file.metadata_sha256}"')
        attributes.append(f'data-dist-info-metadata="sha256={file.metadata_sha256}"')
    if file.yanked is not None:
        attributes.append(f'data-yanked="{escape(file.yanked)}"')
    return f"<a {' '.join(attributes)}>{escape(file.filename)}</a>"


def _document(title: str, anchors: Iterable[str]) -> bytes:
    head = (
        "<!DOCTYPE html>\n<html>\n<head>\n"
        f'<meta name="pypi:repository-version" content="{API_VERSION}">\n'
        f"<title>{escape(title)}</title>\n</head>\n<body>\n<h1>{escape(title)}</h1>\n"
    )
    return (head + "".join(f"{anchor}<br>\n" for anchor in anchors) + "</body>\n</html>\n").encode()
