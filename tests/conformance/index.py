"""What a registry itself says, and what its owner does by its API, without a client in between."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import httpx2

if TYPE_CHECKING:
    from registry_service.contract.clients import Access

_SECONDS = 30


def published(access: Access, package: str = "mypypipackage") -> dict[str, dict[str, object]]:
    """The files of a package as its JSON page has them, by name; none when there is no such package."""
    accept = {"Accept": "application/vnd.pypi.simple.v1+json"}
    with _client(access) as client:
        page = client.get(f"{access.index_url}/{package}/", headers=accept)
    if page.status_code == httpx2.codes.NOT_FOUND:
        return {}
    return {file["filename"]: file for file in page.raise_for_status().json()["files"]}


def yank(access: Access, package: str, version: str, *, reason: str) -> None:
    """Hide a release from those who did not pin it."""
    url = f"{access.base_url}/api/v1/projects/{access.project}/packages/{package}/{version}/yank"
    with _client(access) as client:
        client.put(url, json={"reason": reason}).raise_for_status()


def _client(access: Access) -> httpx2.Client:
    trust = ssl.create_default_context(cafile=access.ca_file)
    return httpx2.Client(auth=(access.username, access.password), verify=trust, timeout=_SECONDS)
