"""The SHA-1 of files, which GitLab's packages API shows."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the column; what was published before has none."""
    op.add_column("file", sa.Column("sha1", sa.Text(), nullable=True))
