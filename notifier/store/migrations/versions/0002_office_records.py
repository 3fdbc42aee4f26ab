"""Offices over time: a record for each change of a seat, and who acts in it now."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from notifier.store.types import UtcTime

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("offices", sa.Column("acting", sa.String()))
    op.add_column("offices", sa.Column("acting_until", UtcTime()))
    op.create_index("ix_offices_acting", "offices", ["acting"])
    records = op.create_table(
        "office_records",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("person", sa.String()),
        sa.Column("since", UtcTime(), nullable=False),
        sa.Column("until", UtcTime()),
        sa.Column("of", sa.Integer()),
        sa.Column("by", sa.String()),
        sa.Column("reason", sa.String()),
        sa.Column("order", sa.String()),
        sa.Column("recorded_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_office_records"),
    )
    op.create_index("ix_office_records_unit_title_rank", "office_records", ["unit", "title", "rank"])
    op.create_index("ix_office_records_person", "office_records", ["person"])
    _begin(records)


def _begin(records: sa.Table) -> None:
    """Every seat's book begins with how it stands: nobody wrote down what came before."""
    seats = sa.table(
        "offices",
        sa.column("unit", sa.String),
        sa.column("title", sa.String),
        sa.column("rank", sa.Integer),
        sa.column("person", sa.String),
        sa.column("status", sa.String),
        sa.column("until", UtcTime),
    )
    now = datetime.now(UTC)
    conn = op.get_bind()
    rows = []
    for seat in conn.execute(sa.select(seats)).mappings():
        known = {
            "unit": seat["unit"],
            "title": seat["title"],
            "rank": seat["rank"],
            "person": seat["person"],
            "since": now,
            "recorded_at": now,
        }
        rows.append({**known, "what": "appointed", "until": None})
        if seat["person"] is not None and seat["status"] != "in_post":
            rows.append({**known, "what": seat["status"], "until": seat["until"]})
    if rows:
        conn.execute(sa.insert(records), rows)
