"""An index by which a call finds out who has just come off a shift."""

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_index("ix_presences_person_until", "presences", ["person", "until"])
