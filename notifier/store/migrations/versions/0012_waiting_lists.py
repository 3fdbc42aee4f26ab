"""An index by which the wall counts the lists that wait for a signature or to be verified."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    waiting = sa.text("state IN ('open', 'signed', 'returned')")
    op.create_index(
        "ix_sheets_waiting", "sheets", ["unit", "due_at"], postgresql_where=waiting, sqlite_where=waiting
    )
