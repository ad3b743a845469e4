"""Rows as values of the domain."""

from collections.abc import Sequence
from typing import Any, Final

from packaging.utils import NormalizedName
from sqlalchemy import Row

from registry_service.database.schema import file as file_table
from registry_service.database.schema import package as package_table
from registry_service.domain.catalog import File, Package, Project, Release, Visibility
from registry_service.domain.distribution import Kind
from registry_service.domain.status import Status, StatusMarker

PACKAGE_COLUMNS: Final = tuple(package_table.c[name] for name in ("id", "name", "serial", "status", "status_reason"))
# In the order of the fields, so that a row of a long page becomes a File without a look-up for each of its values.
# Attestations may be long, and a page says only whether there are some.
FILE_COLUMNS: Final = tuple(
    file_table.c.attestations.is_not(None) if name == "attested" else file_table.c[name] for name in File.__slots__
)
_KIND: Final = File.__slots__.index("kind")


def project(row: Row[Any]) -> Project:  # Any: SQLAlchemy types a row by its columns
    """A project, from all columns of its table."""
    marker = StatusMarker(Status(row.status), row.status_reason)
    return Project(row.id, row.path, Visibility(row.visibility), serial=row.serial, marker=marker)


def package(values: Sequence[Any]) -> Package:  # Any: as above
    """A package, from PACKAGE_COLUMNS."""
    number, name, serial, status, reason = values
    return Package(number, NormalizedName(name), serial, StatusMarker(Status(status), reason))


def release(row: Row[Any]) -> Release:  # Any: as above
    """A release, from the columns of its table and its package's name."""
    held = Package(id=row.package_id, name=NormalizedName(row.name))
    return Release(id=row.id, package=held, version=row.version, created_at=row.created_at, summary=row.summary)


def file(row: Row[Any]) -> File:  # Any: as above
    """A file, from FILE_COLUMNS."""
    values = list(row)
    values[_KIND] = Kind(values[_KIND])
    return File(*values)
