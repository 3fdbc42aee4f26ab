"""The first schema: every table, with the indexes that claims and due scans need."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from notifier.store.types import UtcTime

revision = "0001"
down_revision = None


def upgrade() -> None:
    _roster()
    _settings()
    _happenings()
    _timers()
    _messages()
    _broadcasts()
    _house()


def _where(condition: str) -> dict[str, Any]:
    """A partial index, said once for both databases."""
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def _roster() -> None:
    op.create_table(
        "units",
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("parent", sa.String()),
        sa.PrimaryKeyConstraint("code", name="pk_units"),
    )
    op.create_table(
        "people",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("phone", sa.String()),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("locale", sa.String(), nullable=False),
        sa.Column("removed_at", UtcTime()),
        sa.PrimaryKeyConstraint("id", name="pk_people"),
    )
    op.create_index("ix_people_phone", "people", ["phone"])
    op.create_index("ix_people_unit", "people", ["unit"])
    op.create_table(
        "links",
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("chat", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("linked_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("account", "chat", name="pk_links"),
    )
    op.create_index("ix_links_person", "links", ["person"])
    op.create_table(
        "link_tokens",
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("expires_at", UtcTime(), nullable=False),
        sa.Column("used_at", UtcTime()),
        sa.PrimaryKeyConstraint("token_hash", name="pk_link_tokens"),
    )
    op.create_index("ix_link_tokens_person", "link_tokens", ["person"])
    op.create_table(
        "address_states",
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("code", sa.String()),
        sa.Column("since", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("channel", "account", "address", name="pk_address_states"),
    )
    op.create_table(
        "offices",
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("person", sa.String()),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("until", UtcTime()),
        sa.PrimaryKeyConstraint("unit", "title", "rank", name="pk_offices"),
    )
    op.create_index("ix_offices_person", "offices", ["person"])
    op.create_table(
        "posts",
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("headcount", sa.Integer(), nullable=False),
        sa.Column("removed_at", UtcTime()),
        sa.PrimaryKeyConstraint("code", name="pk_posts"),
    )
    op.create_index("ix_posts_kind", "posts", ["kind"])
    op.create_index("ix_posts_unit", "posts", ["unit"])
    op.create_table(
        "shifts",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("post", sa.String(), nullable=False),
        sa.Column("start", UtcTime(), nullable=False),
        sa.Column("end", UtcTime(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("cancelled_at", UtcTime()),
        sa.PrimaryKeyConstraint("key", name="pk_shifts"),
    )
    op.create_index("ix_shifts_end", "shifts", ["end"])
    op.create_index("ix_shifts_post_start", "shifts", ["post", "start"])
    op.create_table(
        "shift_people",
        sa.Column("shift", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("shift", "person", name="pk_shift_people"),
    )
    op.create_index("ix_shift_people_person", "shift_people", ["person"])
    op.create_table(
        "leaves",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("shift", sa.String(), nullable=False),
        sa.Column("reason", sa.String()),
        sa.Column("recorded_at", UtcTime(), nullable=False),
        sa.Column("revoked_at", UtcTime()),
        sa.PrimaryKeyConstraint("id", name="pk_leaves"),
    )
    op.create_index("ix_leaves_person", "leaves", ["person"])
    op.create_index("ix_leaves_shift", "leaves", ["shift"])


def _settings() -> None:
    op.create_table(
        "settings_versions",
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("texts", sa.JSON(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("version", name="pk_settings_versions"),
    )
    op.create_table(
        "documents",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("updated_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_documents"),
    )


def _happenings() -> None:
    op.create_table(
        "presences",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("post", sa.String(), nullable=False),
        sa.Column("shift", sa.String(), nullable=False),
        sa.Column("since", UtcTime(), nullable=False),
        sa.Column("until", UtcTime()),
        sa.Column("ended", sa.String()),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_presences"),
    )
    op.create_index("ix_presences_on_post", "presences", ["post"], **_where("until IS NULL"))
    op.create_index("ix_presences_person_on_post", "presences", ["person"], **_where("until IS NULL"))
    op.create_index("ix_presences_shift", "presences", ["shift"])
    op.create_table(
        "sheets",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("checklist", sa.String(), nullable=False),
        sa.Column("settings_version", sa.Integer(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("shift", sa.String()),
        sa.Column("signer", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("asked_at", UtcTime(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=False),
        sa.Column("draft", sa.JSON(), nullable=False),
        sa.Column("exceptions", sa.JSON(), nullable=False),
        sa.Column("signed_at", UtcTime()),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("verifier", sa.String()),
        sa.Column("verified_at", UtcTime()),
        sa.Column("return_reason", sa.String()),
        sa.Column("returns", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_sheets"),
    )
    op.create_index("ix_sheets_shift", "sheets", ["shift"])
    op.create_index("ix_sheets_signer", "sheets", ["signer"])
    op.create_index("ix_sheets_unit", "sheets", ["unit"])
    op.create_table(
        "cases",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("outcome", sa.String()),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("cursor", sa.JSON(), nullable=False),
        sa.Column("rounds", sa.Integer(), nullable=False),
        sa.Column("takes", sa.Integer(), nullable=False),
        sa.Column("passed", sa.JSON(), nullable=False),
        sa.Column("holder", sa.String()),
        sa.Column("opened_at", UtcTime(), nullable=False),
        sa.Column("due_at", UtcTime()),
        sa.Column("closed_at", UtcTime()),
        sa.Column("settings_version", sa.Integer(), nullable=False),
        sa.Column("previous", sa.Integer()),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_cases"),
    )
    op.create_index("ix_cases_kind_subject", "cases", ["kind", "subject"])
    op.create_index("ix_cases_state", "cases", ["state"])
    op.create_index("ix_cases_unit", "cases", ["unit"])
    op.create_index("uq_cases_open", "cases", ["kind", "subject"], unique=True, **_where("closed_at IS NULL"))
    op.create_table(
        "calls",
        sa.Column("case", sa.Integer(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("case", "person", name="pk_calls"),
    )
    op.create_index("ix_calls_person", "calls", ["person"])
    op.create_table(
        "journal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("case", sa.Integer()),
        sa.Column("unit", sa.String()),
        sa.Column("subject", sa.String()),
        sa.Column("person", sa.String()),
        sa.Column("channel", sa.String()),
        sa.Column("reason", sa.Text()),
        sa.Column("message", sa.Integer()),
        sa.PrimaryKeyConstraint("id", name="pk_journal"),
    )
    op.create_index("ix_journal_at", "journal", ["at"])
    op.create_index("ix_journal_case", "journal", ["case"])
    op.create_index("ix_journal_person", "journal", ["person"])


def _timers() -> None:
    op.create_table(
        "timers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("lane", sa.Integer(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_timers"),
        sa.UniqueConstraint("key", name="uq_timers_key"),
    )
    op.create_index("ix_timers_done", "timers", ["due_at"], **_where("state <> 'pending'"))
    op.create_index("ix_timers_due", "timers", ["lane", "due_at"], **_where("state = 'pending'"))


def _messages() -> None:
    op.create_table(
        "matters",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("pool", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("issued_at", UtcTime(), nullable=False),
        sa.Column("used_at", UtcTime(), nullable=False),
        sa.Column("closed_at", UtcTime()),
        sa.PrimaryKeyConstraint("id", name="pk_matters"),
        sa.UniqueConstraint("person", "topic", "subject", name="uq_matters_person_topic_subject"),
    )
    op.create_index("ix_matters_open", "matters", ["person"], **_where("closed_at IS NULL"))
    op.create_index("ix_matters_pool_used_at", "matters", ["pool", "used_at"])
    op.create_index("ix_matters_topic_subject", "matters", ["topic", "subject"])
    op.create_table(
        "messages",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("person", sa.String()),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("lane", sa.Integer(), nullable=False),
        sa.Column("call", sa.Boolean(), nullable=False),
        sa.Column("template", sa.String(), nullable=False),
        sa.Column("values", sa.JSON(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("keyboard", sa.JSON(), nullable=False),
        sa.Column("edits", sa.String()),
        sa.Column("matter", sa.Integer()),
        sa.Column("case", sa.Integer()),
        sa.Column("broadcast", sa.Integer()),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("error", sa.String()),
        sa.Column("repeated", sa.Boolean(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("fence", sa.Integer()),
        sa.Column("provider_id", sa.String()),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("not_before", UtcTime()),
        sa.Column("expires_at", UtcTime()),
        sa.Column("fallback_at", UtcTime()),
        sa.Column("sent_at", UtcTime()),
        sa.Column("delivered_at", UtcTime()),
        sa.Column("answered_at", UtcTime()),
        sa.Column("ended_at", UtcTime()),
        sa.PrimaryKeyConstraint("id", name="pk_messages"),
        sa.UniqueConstraint("key", name="uq_messages_key"),
    )
    op.create_index(
        "ix_messages_broadcast", "messages", ["broadcast", "person"], **_where("broadcast IS NOT NULL")
    )
    op.create_index("ix_messages_case", "messages", ["case"], **_where('"case" IS NOT NULL'))
    op.create_index(
        "ix_messages_claim", "messages", ["account", "lane", "not_before", "id"], **_where("state = 'queued'")
    )
    op.create_index(
        "ix_messages_expiry",
        "messages",
        ["expires_at"],
        **_where("state = 'queued' AND expires_at IS NOT NULL"),
    )
    op.create_index("ix_messages_fallback", "messages", ["fallback_at"], **_where("fallback_at IS NOT NULL"))
    op.create_index("ix_messages_person", "messages", ["person", "id"])
    op.create_index(
        "ix_messages_provider", "messages", ["provider_id", "address"], **_where("provider_id IS NOT NULL")
    )
    op.create_index("ix_messages_sending", "messages", ["account"], **_where("state = 'sending'"))
    op.create_index("ix_messages_state", "messages", ["state", "channel"])
    op.create_table(
        "answers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("matter", sa.Integer()),
        sa.Column("verb", sa.String(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("undone_at", UtcTime()),
        sa.PrimaryKeyConstraint("id", name="pk_answers"),
    )
    op.create_index("ix_answers_matter", "answers", ["matter"])
    op.create_index("ix_answers_person", "answers", ["person"])
    op.create_table(
        "courtesies",
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("day", sa.String(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("last", sa.String()),
        sa.PrimaryKeyConstraint("channel", "address", "day", name="pk_courtesies"),
    )
    op.create_table(
        "inbox",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("provider_id", sa.String(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("received_at", UtcTime(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("error", sa.String()),
        sa.PrimaryKeyConstraint("id", name="pk_inbox"),
        sa.UniqueConstraint("source", "account", "provider_id", name="uq_inbox_source_account_provider_id"),
    )
    op.create_index("ix_inbox_new", "inbox", ["id"], **_where("state = 'new'"))


def _broadcasts() -> None:
    op.create_table(
        "broadcasts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("author", sa.String()),
        sa.Column("audience", sa.JSON(), nullable=False),
        sa.Column("relay", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("start_at", UtcTime(), nullable=False),
        sa.Column("reply_by", UtcTime()),
        sa.Column("first_summary_at", UtcTime()),
        sa.Column("final_summary_at", UtcTime()),
        sa.PrimaryKeyConstraint("id", name="pk_broadcasts"),
    )
    op.create_table(
        "relays",
        sa.Column("broadcast", sa.Integer(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("members", sa.Integer(), nullable=False),
        sa.Column("asked", sa.String()),
        sa.Column("relayed", sa.Integer()),
        sa.Column("flagged", sa.Boolean(), nullable=False),
        sa.Column("answered_at", UtcTime()),
        sa.Column("answered_by", sa.String()),
        sa.PrimaryKeyConstraint("broadcast", "unit", name="pk_relays"),
    )


def _house() -> None:
    op.create_table(
        "leases",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("owner", sa.String()),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("beat", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_leases"),
    )
    op.create_table(
        "clock_anchors",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("civil_start", UtcTime(), nullable=False),
        sa.Column("speed", sa.Float(), nullable=False),
        sa.Column("real_start", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_clock_anchors"),
    )
    op.create_table(
        "signals",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_signals"),
    )
