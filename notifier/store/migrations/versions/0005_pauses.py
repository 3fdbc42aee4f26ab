"""Pauses: posts that were withdrawn, and units sent home, for a while."""

import sqlalchemy as sa
from alembic import op

from notifier.store.types import UtcTime

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "pauses",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("unit", sa.String()),
        sa.Column("post", sa.String()),
        sa.Column("since", UtcTime(), nullable=False),
        sa.Column("until", UtcTime()),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by", sa.String()),
        sa.PrimaryKeyConstraint("id", name="pk_pauses"),
    )
    op.create_index("ix_pauses_until", "pauses", ["until"])
