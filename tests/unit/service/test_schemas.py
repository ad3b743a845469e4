"""The schemas themselves: each is one, takes what the service renders, and refuses what a specification forbids."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from jsonschema import ValidationError
from packaging.utils import canonicalize_name

from registry_service.domain.catalog import File, Package, Project, Release, Visibility
from registry_service.domain.distribution import Kind
from registry_service.domain.listing import Entry, Listed, Paging
from registry_service.domain.simple_index import package_page
from registry_service.errors import (
    DatabaseError,
    DeletedNameError,
    FileNameTakenError,
    ForbiddenError,
    HiddenError,
    NotFoundError,
    RefusedError,
    RegistryError,
    UnauthenticatedError,
)
from registry_service.rendering import gitlab_json
from registry_service.rendering import json as json_pages
from registry_service.rendering.errors import render_error
from tests.outcomes import issue_4
from tests.support import schemas

pytestmark = pytest.mark.outcome(issue_4.VALID_PAGES)

_WHEN = datetime(2026, 11, 24, 5, 30, 0, 120, tzinfo=UTC)
_FILE = File(
    id=1,
    release_id=1,
    filename="foo-1.0-py3-none-any.whl",
    kind=Kind.WHEEL,
    version="1.0",
    size=7,
    sha256="a" * 64,
    md5="b" * 32,
    blake2_256="c" * 64,
    upload_time=_WHEN,
    blob_key="k",
    requires_python=">=3.6",
    metadata_sha256="d" * 64,
    yanked="broken",
)
_NAME = canonicalize_name("foo")
_PAGE: dict[str, Any] = json.loads(
    json_pages.render_package(package_page("/api/v4/projects/demo/packages/pypi", _NAME, [_FILE]))
)  # Any: JSON
_PROJECT = Project(1, "demo", Visibility.PRIVATE)
_RELEASE = Release(1, Package(1, _NAME), "1.0", _WHEN)


@pytest.mark.parametrize("name", schemas.names())
def test_a_schema_is_one_and_describes_something(name: str) -> None:
    schemas.check(name)
    with pytest.raises(ValidationError):
        schemas.validate(name, {})


def test_what_is_rendered_is_what_the_schemas_describe() -> None:
    schemas.validate("simple-package", _PAGE)
    entry, reader = Entry(_PROJECT, _RELEASE), gitlab_json.Reader("https://registry.example", _PROJECT.id)
    listed = Listed((entry,), Paging(), has_more=False, total=1)
    lists = [gitlab_json.render_packages(listed, reader, of_group=of_group) for of_group in (False, True)]
    packages = [package for content in lists for package in json.loads(content)]
    for package in (*packages, json.loads(gitlab_json.render_package(entry, [entry], reader))):
        schemas.validate("gitlab-package", package)
    for file in json.loads(gitlab_json.render_files(1, Listed((_FILE,), Paging(), has_more=False))):
        schemas.validate("gitlab-package-file", file)


@pytest.mark.parametrize(
    "error",
    [
        UnauthenticatedError(),
        ForbiddenError(),
        HiddenError(),
        NotFoundError("Package"),
        RefusedError("one", "two"),
        FileNameTakenError("f.whl", known_as="f.whl", sha256="a" * 64),
        DeletedNameError("f.whl"),
        DatabaseError("DatabaseUnreachable", "secret"),
        RegistryError("secret"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_is_what_the_schema_describes(error: RegistryError) -> None:
    schemas.validate("error", json.loads(render_error(error).body))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("meta.api-version", "1.5"),
        ("meta._last-serial", 1),
        ("meta.project-status", {"status": "archived"}),
        ("name", "Foo"),
        ("name", "foo_bar"),
        ("versions", ["1.0", "1.0"]),
        ("versions", ["1.0-1"]),
        ("project-status", {"state": "archived"}),
        ("project-status", {"status": "sold out"}),
        ("project-status", {"status": "quarantined"}),
        ("files.0.size", None),
        ("files.0.size", 1.5),
        ("files.0.yanked", ""),
        ("files.0.hashes", {}),
        ("files.0.hashes", {"sha256": "A" * 64}),
        ("files.0.core-metadata", None),
        ("files.0.upload-time", "2026-11-24T05:30:00.000120+00:00"),
        ("files.0.upload-time", "2026-11-24T05:30:00.0001201Z"),
        ("files.0.url", "https://elsewhere.example/foo-1.0-py3-none-any.whl"),
        ("files.0.url", _PAGE["files"][0]["url"] + "?token=x"),
        ("files.0.url", _PAGE["files"][0]["url"].replace("1.0", "1.0+local")),
        ("files.0.provenance", "/relative"),
        ("files.0.gpg-sig", False),
    ],
    ids=str,
)
def test_a_page_that_a_specification_forbids_is_refused(path: str, value: object) -> None:
    page: Any = copy.deepcopy(_PAGE)  # Any: JSON
    *parents, last = path.split(".")
    inside = page
    for parent in parents:
        inside = inside[int(parent) if parent.isdecimal() else parent]
    if value is None:
        del inside[last]
    else:
        inside[last] = value
    with pytest.raises(ValidationError):
        schemas.validate("simple-package", page)
