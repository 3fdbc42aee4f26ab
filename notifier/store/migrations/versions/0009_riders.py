"""Asks that ride on a list: what becomes of the list becomes of them."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.add_column("messages", sa.Column("rides_on", sa.Integer()))
    riding = sa.text("rides_on IS NOT NULL")
    op.create_index(
        "ix_messages_riders", "messages", ["rides_on"], postgresql_where=riding, sqlite_where=riding
    )
