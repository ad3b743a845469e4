"""Tables. The unique constraints are the last judges of races; `migrations/` makes what stands here.

Text that is ordered or compared byte by byte carries the collation "C", so that PostgreSQL and SQLite agree.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)

metadata: Final = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "fk": "%(table_name)s_%(column_0_name)s_fkey",
        "ix": "%(table_name)s_%(column_0_N_name)s_idx",
    }
)

Bytewise: Final = Text().with_variant(Text(collation="C"), "postgresql")
# SQLite numbers rows only in a column that is declared exactly INTEGER PRIMARY KEY.
Id: Final = BigInteger().with_variant(Integer(), "sqlite")


class UtcDateTime(TypeDecorator[datetime]):
    """Aware UTC in Python on both databases; SQLite itself knows no time zones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:  # noqa: ARG002 - Any: both are the base class's
        """To the database: UTC."""
        return value if value is None else value.astimezone(UTC)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - Any: as above
        """From the database: aware UTC."""
        if value is None:
            return None
        stored: datetime = value
        return stored.replace(tzinfo=UTC) if stored.tzinfo is None else stored.astimezone(UTC)


def _marked() -> Iterator[Column[Any]]:  # Any: a number and texts
    """A page's serial, taken inside the transaction that changes what it shows, and its status marker (PEP 792)."""
    yield Column("serial", BigInteger, nullable=False, server_default="0")
    yield Column("status", Text, nullable=False, server_default="active")
    yield Column("status_reason", Text, nullable=False, server_default="")


# One row: who this registry is, whose data it holds, and the rules it was last given.
registry: Final = Table(
    "registry",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("registry_id", Text, nullable=False),
    Column("namespace_uid", Text),
    Column("namespace", Text),
    Column("name", Text),
    Column("resource_uid", Text),
    Column("rules", LargeBinary),
    Column("rules_digest", Text),
    Column("rules_etag", Text),
    Column("created_at", UtcDateTime, nullable=False),
)

project: Final = Table(
    "project",
    metadata,
    Column("id", Id, primary_key=True),
    Column("path", Bytewise, nullable=False, unique=True),
    Column("visibility", Text, nullable=False),
    Column("namespace_uid", Bytewise, unique=True),
    Column("created_at", UtcDateTime, nullable=False),
    *_marked(),
    sqlite_autoincrement=True,  # a numeric id is never reused
)

# What a namespace's last accepted set was. Its project is the one bound to the same UID, if any still is.
token_set: Final = Table(
    "token_set",
    metadata,
    Column("namespace_uid", Bytewise, primary_key=True),
    Column("namespace", Bytewise, nullable=False),
    Column("digest", Text, nullable=False),
    Column("etag", Text, nullable=False),
)

token: Final = Table(
    "token",
    metadata,
    Column("id", Bytewise, primary_key=True),
    Column("project_id", Id, ForeignKey("project.id"), nullable=False),
    Column("digest", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("username", Text),
    Column("scopes", Text, nullable=False),
    # Paths and patterns, each list with blanks between.
    Column("projects", Text, nullable=False, server_default=""),
    Column("packages", Text, nullable=False, server_default=""),
    Column("imported", Boolean, nullable=False),
    # The namespace UID of the set that brought it; NULL for a token that a command made.
    Column("set_uid", Bytewise),
    Column("not_after", UtcDateTime),
    Column("suspended", Boolean, nullable=False),
    Column("revoked_at", UtcDateTime),
    Column("created_at", UtcDateTime, nullable=False),
    # NULL: not yet; else within the hour.
    Column("last_used_at", UtcDateTime),
    Index("token_project_id_digest_idx", "project_id", "digest"),
    Index("token_set_uid_idx", "set_uid"),
)

# A browser that signed in with a token; it is worth what the token is worth, while the token lives.
session: Final = Table(
    "session",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("token_id", Bytewise, ForeignKey("token.id", ondelete="CASCADE"), nullable=False),
    Column("not_after", UtcDateTime, nullable=False),
    Index("session_token_id_idx", "token_id"),
)

# Never deleted: a name that was ever held here never goes upstream.
package: Final = Table(
    "package",
    metadata,
    Column("id", Id, primary_key=True),
    Column("project_id", Id, ForeignKey("project.id"), nullable=False),
    Column("name", Bytewise, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    *_marked(),
    UniqueConstraint("project_id", "name"),
    sqlite_autoincrement=True,
)

release: Final = Table(
    "release",
    metadata,
    Column("id", Id, primary_key=True),
    Column("package_id", Id, ForeignKey("package.id"), nullable=False),
    Column("version", Text, nullable=False),
    Column("canonical_version", Bytewise, nullable=False),
    Column("summary", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    UniqueConstraint("package_id", "canonical_version"),
    sqlite_autoincrement=True,
)

file: Final = Table(
    "file",
    metadata,
    Column("id", Id, primary_key=True),
    Column("project_id", Id, ForeignKey("project.id"), nullable=False),
    Column("release_id", Id, ForeignKey("release.id"), nullable=False),
    Column("filename", Bytewise, nullable=False),
    Column("kind", Text, nullable=False),
    Column("variant", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("md5", Text, nullable=False),
    # NULL: published before anybody computed it.
    Column("sha1", Text),
    Column("blake2_256", Text, nullable=False),
    Column("requires_python", Text),
    Column("metadata_sha256", Text),
    Column("metadata_size", BigInteger, nullable=False),
    Column("metadata_key", Text),
    Column("blob_key", Text, nullable=False),
    Column("upload_time", UtcDateTime, nullable=False),
    Column("stored_at", UtcDateTime, nullable=False),
    Column("published_by", Text, nullable=False),
    # NULL: not yanked; else the reason, which may be empty.
    Column("yanked", Text),
    # A deleted file keeps its row: its name belongs to its bytes for ever.
    Column("deleted_at", UtcDateTime),
    # The JSON array that came with the upload (PEP 740).
    Column("attestations", Text),
    UniqueConstraint("project_id", "filename"),
    UniqueConstraint("release_id", "variant"),
    sqlite_autoincrement=True,
)

# Append-only: triggers refuse every change of a line.
audit: Final = Table(
    "audit",
    metadata,
    Column("id", Id, primary_key=True),
    Column("project_id", Id, ForeignKey("project.id"), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("action", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("token_id", Text, nullable=False),
    Column("token_type", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("package", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("filename", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("details", Text, nullable=False),
    Index("audit_project_id_id_idx", "project_id", "id"),
    sqlite_autoincrement=True,
)
