"""What tokens reach besides their project, which packages they change, and when they were last used."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add the columns; a token that was there before reaches its own project, and every package in it."""
    for name in ("projects", "packages"):
        op.add_column("token", sa.Column(name, sa.Text(), nullable=False, server_default=""))
    op.add_column("token", sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True))
