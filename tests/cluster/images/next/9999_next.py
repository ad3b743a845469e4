"""What the version after this one adds: only an image of the tests' has it."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "9999"
down_revision = max(path.name[:4] for path in Path(__file__).parent.glob("0*.py"))


def upgrade() -> None:
    """Add a column to a table that every request reads, and a table."""
    op.add_column("file", sa.Column("next", sa.Text(), nullable=True))
    op.create_table("next", sa.Column("id", sa.Integer(), primary_key=True))
