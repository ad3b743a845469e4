"""Deleted files: their rows stay, so that their names stay taken."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the column; nothing that is there was deleted."""
    op.add_column("file", sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True))
