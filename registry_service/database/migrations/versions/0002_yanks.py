"""Yanks: what is there already was never yanked."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the column."""
    op.add_column("file", sa.Column("yanked", sa.Text(), nullable=True))
