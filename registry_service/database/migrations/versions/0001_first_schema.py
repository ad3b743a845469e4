"""The first schema: identity and rules, projects and tokens, packages and files."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

# The types as they were at this revision; the schema of a later version must not change what this one makes.
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
BYTEWISE = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create every table, referenced ones first."""
    _create_registry()
    _create_project()
    _create_token_set()
    _create_token()
    _create_session()
    _create_package()
    _create_release()
    _create_file()


def _create_registry() -> None:
    op.create_table(
        "registry",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("registry_id", sa.Text(), nullable=False),
        sa.Column("namespace_uid", sa.Text(), nullable=True),
        sa.Column("namespace", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("resource_uid", sa.Text(), nullable=True),
        sa.Column("rules", sa.LargeBinary(), nullable=True),
        sa.Column("rules_digest", sa.Text(), nullable=True),
        sa.Column("rules_etag", sa.Text(), nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="registry_pkey"),
    )


def _create_project() -> None:
    op.create_table(
        "project",
        sa.Column("id", ID, nullable=False),
        sa.Column("path", BYTEWISE, nullable=False),
        sa.Column("visibility", sa.Text(), nullable=False),
        sa.Column("namespace_uid", BYTEWISE, nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="project_pkey"),
        sa.UniqueConstraint("namespace_uid", name="project_namespace_uid_key"),
        sa.UniqueConstraint("path", name="project_path_key"),
        sqlite_autoincrement=True,
    )


def _create_token_set() -> None:
    op.create_table(
        "token_set",
        sa.Column("namespace_uid", BYTEWISE, nullable=False),
        sa.Column("namespace", BYTEWISE, nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("etag", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("namespace_uid", name="token_set_pkey"),
    )


def _create_token() -> None:
    op.create_table(
        "token",
        sa.Column("id", BYTEWISE, nullable=False),
        sa.Column("project_id", ID, nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("username", sa.Text(), nullable=True),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("imported", sa.Boolean(), nullable=False),
        sa.Column("set_uid", BYTEWISE, nullable=True),
        sa.Column("not_after", TIME, nullable=True),
        sa.Column("suspended", sa.Boolean(), nullable=False),
        sa.Column("revoked_at", TIME, nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name="token_project_id_fkey"),
        sa.PrimaryKeyConstraint("id", name="token_pkey"),
    )
    op.create_index("token_project_id_digest_idx", "token", ["project_id", "digest"], unique=False)
    op.create_index("token_set_uid_idx", "token", ["set_uid"], unique=False)


def _create_session() -> None:
    op.create_table(
        "session",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("token_id", BYTEWISE, nullable=False),
        sa.Column("not_after", TIME, nullable=False),
        sa.ForeignKeyConstraint(["token_id"], ["token.id"], name="session_token_id_fkey", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("digest", name="session_pkey"),
    )
    op.create_index("session_token_id_idx", "session", ["token_id"], unique=False)


def _create_package() -> None:
    op.create_table(
        "package",
        sa.Column("id", ID, nullable=False),
        sa.Column("project_id", ID, nullable=False),
        sa.Column("name", BYTEWISE, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name="package_project_id_fkey"),
        sa.PrimaryKeyConstraint("id", name="package_pkey"),
        sa.UniqueConstraint("project_id", "name", name="package_project_id_name_key"),
        sqlite_autoincrement=True,
    )


def _create_release() -> None:
    op.create_table(
        "release",
        sa.Column("id", ID, nullable=False),
        sa.Column("package_id", ID, nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("canonical_version", BYTEWISE, nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["package_id"], ["package.id"], name="release_package_id_fkey"),
        sa.PrimaryKeyConstraint("id", name="release_pkey"),
        sa.UniqueConstraint("package_id", "canonical_version", name="release_package_id_canonical_version_key"),
        sqlite_autoincrement=True,
    )


def _create_file() -> None:
    op.create_table(
        "file",
        sa.Column("id", ID, nullable=False),
        sa.Column("project_id", ID, nullable=False),
        sa.Column("release_id", ID, nullable=False),
        sa.Column("filename", BYTEWISE, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("variant", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("md5", sa.Text(), nullable=False),
        sa.Column("blake2_256", sa.Text(), nullable=False),
        sa.Column("requires_python", sa.Text(), nullable=True),
        sa.Column("metadata_sha256", sa.Text(), nullable=True),
        sa.Column("metadata_size", sa.BigInteger(), nullable=False),
        sa.Column("metadata_key", sa.Text(), nullable=True),
        sa.Column("blob_key", sa.Text(), nullable=False),
        sa.Column("upload_time", TIME, nullable=False),
        sa.Column("stored_at", TIME, nullable=False),
        sa.Column("published_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name="file_project_id_fkey"),
        sa.ForeignKeyConstraint(["release_id"], ["release.id"], name="file_release_id_fkey"),
        sa.PrimaryKeyConstraint("id", name="file_pkey"),
        sa.UniqueConstraint("project_id", "filename", name="file_project_id_filename_key"),
        sa.UniqueConstraint("release_id", "variant", name="file_release_id_variant_key"),
        sqlite_autoincrement=True,
    )
