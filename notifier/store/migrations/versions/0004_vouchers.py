"""Codes by which a secretary lets somebody connect a new chat."""

import sqlalchemy as sa
from alembic import op

from notifier.store.types import UtcTime

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "vouchers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("selector", sa.String(), nullable=False),
        sa.Column("code_hash", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("given_by", sa.String(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("expires_at", UtcTime(), nullable=False),
        sa.Column("tries_left", sa.Integer(), nullable=False),
        sa.Column("used_at", UtcTime()),
        sa.PrimaryKeyConstraint("id", name="pk_vouchers"),
    )
    for column in ("selector", "code_hash", "person", "given_by"):
        op.create_index(f"ix_vouchers_{column}", "vouchers", [column])
