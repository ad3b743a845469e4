"""Serials, status markers and attestations: what is there is active, and came without attestations."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the columns."""
    for table in ("project", "package"):
        op.add_column(table, sa.Column("serial", sa.BigInteger(), nullable=False, server_default="0"))
        op.add_column(table, sa.Column("status", sa.Text(), nullable=False, server_default="active"))
        op.add_column(table, sa.Column("status_reason", sa.Text(), nullable=False, server_default=""))
    op.add_column("file", sa.Column("attestations", sa.Text(), nullable=True))
