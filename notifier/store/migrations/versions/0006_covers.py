"""Covers: who was asked to stand a shift in place of somebody on leave, and who does."""

import sqlalchemy as sa
from alembic import op

from notifier.store.types import UtcTime

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "shift_covers",
        sa.Column("shift", sa.String(), nullable=False),
        sa.Column("absent", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("asked_at", UtcTime(), nullable=False),
        sa.Column("answered_at", UtcTime()),
        sa.PrimaryKeyConstraint("shift", "absent", "person", name="pk_shift_covers"),
    )
    op.create_index("ix_shift_covers_person", "shift_covers", ["person"])
    one = sa.text("state = 'covers'")
    op.create_index(
        "ix_shift_covers_one",
        "shift_covers",
        ["shift", "absent"],
        unique=True,
        sqlite_where=one,
        postgresql_where=one,
    )
