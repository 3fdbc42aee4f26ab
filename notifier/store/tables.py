"""Every table. Names are plural, columns say their unit, natural keys are keys.

Migrations are written from here by Alembic; a test holds the two together.
"""

from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from notifier.store.types import UtcTime

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


UNTOLD = {"told": False}
"""Marks a column of which roster files say nothing: an import leaves it as it is."""


def _where(condition: str) -> dict[str, Any]:
    """A partial index, said once for both databases."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


# ── the roster: what the organisation says about itself ──────────────────────────────────────────

units = Table(
    "units",
    metadata,
    Column("code", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("parent", String),
)

people = Table(
    "people",
    metadata,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("phone", String),
    Column("unit", String, nullable=False, index=True),
    Column("locale", String, nullable=False),
    # Gone from the roster; kept because the journal still names the id.
    Column("removed_at", UtcTime),
    Index(None, "phone"),
)

links = Table(
    "links",
    metadata,
    # A chat belongs to one person; a person may have a chat with each bot.
    Column("account", String, primary_key=True),
    Column("chat", String, primary_key=True),
    Column("person", String, nullable=False, index=True),
    Column("linked_at", UtcTime, nullable=False),
)

link_tokens = Table(
    "link_tokens",
    metadata,
    # The hash only: who reads the table cannot link a stranger.
    Column("token_hash", String, primary_key=True),
    Column("person", String, nullable=False, index=True),
    Column("created_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    Column("used_at", UtcTime),
)

vouchers = Table(
    "vouchers",
    metadata,
    # Codes handed over by word of mouth; expires_at is also when one was ended, used_at when it linked.
    Column("id", Integer, primary_key=True),
    # The code's first digits: a wrong code costs every voucher that begins so one of its tries.
    Column("selector", String, nullable=False, index=True),
    Column("code_hash", String, nullable=False, index=True),
    Column("person", String, nullable=False, index=True),
    Column("given_by", String, nullable=False, index=True),
    Column("created_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    Column("tries_left", Integer, nullable=False),
    Column("used_at", UtcTime),
)

address_states = Table(
    "address_states",
    metadata,
    # Only addresses with something to say: ``stopped``, ``blocked``, ``wrong``. account is '' for SMS.
    Column("channel", String, primary_key=True),
    Column("account", String, primary_key=True),
    Column("address", String, primary_key=True),
    Column("state", String, nullable=False),
    Column("code", String),
    Column("since", UtcTime, nullable=False),
)

offices = Table(
    "offices",
    metadata,
    Column("unit", String, primary_key=True),
    Column("title", String, primary_key=True),
    Column("rank", Integer, primary_key=True),
    Column("person", String, index=True),
    Column("status", String, nullable=False),
    Column("until", UtcTime),
    Column("acting", String, index=True, info=UNTOLD),
    Column("acting_until", UtcTime, info=UNTOLD),
)

office_records = Table(
    "office_records",
    metadata,
    # Only ever added to; ``offices`` is what they say of each seat now.
    Column("id", Integer, primary_key=True),
    Column("unit", String, nullable=False),
    Column("title", String, nullable=False),
    Column("rank", Integer, nullable=False),
    Column("what", String, nullable=False),
    Column("person", String, index=True),
    Column("since", UtcTime, nullable=False),
    Column("until", UtcTime),
    # The record that this one depends on, ends or takes back.
    Column("of", Integer),
    Column("by", String),
    Column("reason", String),
    Column("order", String),
    Column("recorded_at", UtcTime, nullable=False),
    Index(None, "unit", "title", "rank"),
)

posts = Table(
    "posts",
    metadata,
    Column("code", String, primary_key=True),
    Column("unit", String, nullable=False, index=True),
    Column("name", String, nullable=False),
    Column("kind", String, nullable=False, index=True),
    Column("headcount", Integer, nullable=False),
    Column("removed_at", UtcTime),
)

shifts = Table(
    "shifts",
    metadata,
    Column("key", String, primary_key=True),
    Column("post", String, nullable=False),
    Column("start", UtcTime, nullable=False),
    Column("end", UtcTime, nullable=False, index=True),
    # ``file`` or ``rota``: a rota's shifts give way to shifts.csv's.
    Column("source", String, nullable=False),
    Column("cancelled_at", UtcTime),
    Index(None, "post", "start"),
)

pauses = Table(
    "pauses",
    metadata,
    # A post, or a unit with all below it, that calls nobody for a while.
    Column("id", Integer, primary_key=True),
    Column("unit", String),
    Column("post", String),
    Column("since", UtcTime, nullable=False),
    Column("until", UtcTime, index=True),
    Column("reason", Text, nullable=False),
    Column("by", String),
)

shift_people = Table(
    "shift_people",
    metadata,
    Column("shift", String, primary_key=True),
    Column("person", String, primary_key=True),
    # The order in which the file names them, from 0.
    Column("ordinal", Integer, nullable=False),
    Index(None, "person"),
)

leaves = Table(
    "leaves",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("person", String, nullable=False, index=True),
    Column("shift", String, nullable=False, index=True),
    Column("reason", String),
    Column("recorded_at", UtcTime, nullable=False),
    Column("revoked_at", UtcTime),
)

shift_covers = Table(
    "shift_covers",
    metadata,
    # Read over shift_people, so that no import undoes it: who covers counts as rostered.
    Column("shift", String, primary_key=True),
    Column("absent", String, primary_key=True),
    Column("person", String, primary_key=True, index=True),
    Column("state", String, nullable=False),
    Column("asked_at", UtcTime, nullable=False),
    Column("answered_at", UtcTime),
    Index("ix_shift_covers_one", "shift", "absent", unique=True, **_where("state = 'covers'")),
)

# ── settings: versions of the three files; a case keeps the version it was opened under ──────────

settings_versions = Table(
    "settings_versions",
    metadata,
    Column("version", Integer, primary_key=True),
    Column("texts", JSON, nullable=False),
    Column("created_at", UtcTime, nullable=False),
)

documents = Table(
    "documents",
    metadata,
    # One current text by name: ``rotas.yaml``.
    Column("name", String, primary_key=True),
    Column("content", Text, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
)

# ── what happens: presences, sheets, cases ───────────────────────────────────────────────────────

presences = Table(
    "presences",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("person", String, nullable=False),
    Column("post", String, nullable=False),
    Column("shift", String, nullable=False, index=True),
    Column("since", UtcTime, nullable=False),
    Column("until", UtcTime),
    Column("ended", String),
    Column("channel", String, nullable=False),
    Column("by", String, nullable=False),
    Index("ix_presences_on_post", "post", **_where("until IS NULL")),
    Index("ix_presences_person_on_post", "person", **_where("until IS NULL")),
    Index("ix_presences_person_until", "person", "until"),
)

sheets = Table(
    "sheets",
    metadata,
    Column("key", String, primary_key=True),
    Column("checklist", String, nullable=False),
    Column("settings_version", Integer, nullable=False),
    Column("unit", String, nullable=False, index=True),
    Column("shift", String, index=True),
    Column("signer", String, nullable=False, index=True),
    Column("state", String, nullable=False),
    Column("asked_at", UtcTime, nullable=False),
    Column("due_at", UtcTime, nullable=False),
    # Items toggled off but not signed yet; then the items signed as not done. Numbers from 1.
    Column("draft", JSON, nullable=False),
    Column("exceptions", JSON, nullable=False),
    Column("signed_at", UtcTime),
    Column("late", Boolean, nullable=False),
    Column("verifier", String),
    Column("verified_at", UtcTime),
    Column("return_reason", String),
    Column("returns", Integer, nullable=False),
    Index(
        "ix_sheets_waiting",
        "unit",
        "due_at",
        **_where("state IN ('open', 'signed', 'returned')"),
    ),
)

cases = Table(
    "cases",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", String, nullable=False),
    Column("unit", String, nullable=False, index=True),
    Column("subject", String, nullable=False),
    Column("state", String, nullable=False, index=True),
    Column("outcome", String),
    Column("step", Integer, nullable=False),
    Column("cursor", JSON, nullable=False),
    Column("rounds", Integer, nullable=False),
    Column("takes", Integer, nullable=False),
    # Keys of the places already journalled as passed over.
    Column("passed", JSON, nullable=False),
    Column("holder", String),
    Column("opened_at", UtcTime, nullable=False),
    Column("due_at", UtcTime),
    Column("closed_at", UtcTime),
    Column("settings_version", Integer, nullable=False),
    Column("previous", Integer),
    Column("version", Integer, nullable=False),
    Index("ix_cases_kind_subject", "kind", "subject"),
    Index(
        "uq_cases_open",
        "kind",
        "subject",
        unique=True,
        **_where("closed_at IS NULL"),
    ),
)

calls = Table(
    "calls",
    metadata,
    Column("case", Integer, primary_key=True),
    Column("person", String, primary_key=True),
    Column("ordinal", Integer, nullable=False),
    Column("step", Integer, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("state", String, nullable=False),
    Column("times", Integer, nullable=False),
    Index(None, "person"),
)

journal = Table(
    "journal",
    metadata,
    # Append-only: decisions and answers. What became of messages is joined in from ``messages``.
    Column("id", Integer, primary_key=True),
    Column("at", UtcTime, nullable=False, index=True),
    Column("event", String, nullable=False),
    Column("case", Integer, index=True),
    Column("unit", String),
    Column("subject", String),
    Column("person", String, index=True),
    Column("channel", String),
    Column("reason", Text),
    Column("message", Integer),
)

# ── timers: everything that must happen later is a row ───────────────────────────────────────────

timers = Table(
    "timers",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", String, nullable=False, unique=True),
    Column("lane", Integer, nullable=False),
    Column("due_at", UtcTime, nullable=False),
    Column("kind", String, nullable=False),
    Column("subject", String, nullable=False),
    # pending, done, failed
    Column("state", String, nullable=False),
    Column("tries", Integer, nullable=False),
    Index("ix_timers_due", "lane", "due_at", **_where("state = 'pending'")),
    Index("ix_timers_done", "due_at", **_where("state <> 'pending'")),
)

# ── messages and matters ─────────────────────────────────────────────────────────────────────────

matters = Table(
    "matters",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("person", String, nullable=False),
    # Those who share an address share a pool of numbers: the phone, or ``person:<id>`` without one.
    Column("pool", String, nullable=False),
    Column("number", Integer, nullable=False),
    # ``topic`` says what ``subject`` is the key of: shift, sheet, verify, unsigned, relay, notice.
    Column("topic", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("unit", String, nullable=False),
    Column("issued_at", UtcTime, nullable=False),
    Column("used_at", UtcTime, nullable=False),
    Column("closed_at", UtcTime),
    UniqueConstraint("person", "topic", "subject"),
    Index(None, "pool", "used_at"),
    Index(None, "topic", "subject"),
    Index("ix_matters_open", "person", **_where("closed_at IS NULL")),
)

messages = Table(
    "messages",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", String, nullable=False, unique=True),
    Column("person", String),
    Column("channel", String, nullable=False),
    Column("account", String, nullable=False),
    Column("address", String, nullable=False),
    Column("lane", Integer, nullable=False),
    Column("call", Boolean, nullable=False),
    Column("template", String, nullable=False),
    Column("values", JSON, nullable=False),
    Column("text", Text, nullable=False),
    Column("keyboard", JSON, nullable=False),
    Column("edits", String),
    Column("matter", Integer),
    Column("case", Integer),
    Column("broadcast", Integer),
    # The list that says it instead: what becomes of that becomes of this, which is never sent by itself.
    Column("rides_on", Integer),
    Column("state", String, nullable=False),
    Column("error", String),
    # Repeated after an unknown outcome: said in the trace and in the text's mark.
    Column("repeated", Boolean, nullable=False),
    Column("attempts", Integer, nullable=False),
    # The owner's fence under which it is being sent: a higher fence on the account orphans it.
    Column("fence", Integer),
    Column("provider_id", String),
    Column("created_at", UtcTime, nullable=False),
    # NULL: not released yet.
    Column("not_before", UtcTime),
    Column("expires_at", UtcTime),
    # NULL: nothing to fall back to any more.
    Column("fallback_at", UtcTime),
    Column("sent_at", UtcTime),
    Column("delivered_at", UtcTime),
    Column("answered_at", UtcTime),
    Column("ended_at", UtcTime),
    Index("ix_messages_claim", "account", "lane", "not_before", "id", **_where("state = 'queued'")),
    Index("ix_messages_sending", "account", **_where("state = 'sending'")),
    Index("ix_messages_fallback", "fallback_at", **_where("fallback_at IS NOT NULL")),
    Index("ix_messages_expiry", "expires_at", **_where("state = 'queued' AND expires_at IS NOT NULL")),
    Index("ix_messages_case", "case", **_where('"case" IS NOT NULL')),
    Index("ix_messages_broadcast", "broadcast", "person", **_where("broadcast IS NOT NULL")),
    Index("ix_messages_riders", "rides_on", **_where("rides_on IS NOT NULL")),
    # A bot's message ids are small numbers, alike in every chat: only with the address they single out a row.
    Index("ix_messages_provider", "provider_id", "address", **_where("provider_id IS NOT NULL")),
    Index("ix_messages_person", "person", "id"),
    Index("ix_messages_state", "state", "channel"),
)

answers = Table(
    "answers",
    metadata,
    # What a person's own word did, so that he can take it back for 30 minutes.
    Column("id", Integer, primary_key=True),
    Column("person", String, nullable=False, index=True),
    Column("matter", Integer, index=True),
    Column("verb", String, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("channel", String, nullable=False),
    Column("detail", JSON, nullable=False),
    Column("undone_at", UtcTime),
)

courtesies = Table(
    "courtesies",
    metadata,
    # Answers that changed nothing, counted by address and civil day, so that two machines never talk on.
    Column("channel", String, primary_key=True),
    Column("address", String, primary_key=True),
    Column("day", String, primary_key=True),
    Column("count", Integer, nullable=False),
    Column("last", String),
)

inbox = Table(
    "inbox",
    metadata,
    # Raw, before any parsing; each once under the provider's own id.
    Column("id", Integer, primary_key=True),
    Column("source", String, nullable=False),
    Column("account", String, nullable=False),
    Column("provider_id", String, nullable=False),
    Column("payload", Text, nullable=False),
    Column("received_at", UtcTime, nullable=False),
    # new, done, failed
    Column("state", String, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("error", String),
    UniqueConstraint("source", "account", "provider_id"),
    Index("ix_inbox_new", "id", **_where("state = 'new'")),
)

# ── broadcasts ───────────────────────────────────────────────────────────────────────────────────

broadcasts = Table(
    "broadcasts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", String, nullable=False),
    Column("title", String, nullable=False),
    Column("body", Text, nullable=False),
    Column("author", String),
    Column("audience", JSON, nullable=False),
    Column("relay", Boolean, nullable=False),
    # preparing, scheduled, sending, done, cancelled
    Column("state", String, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("start_at", UtcTime, nullable=False),
    Column("reply_by", UtcTime),
    Column("first_summary_at", UtcTime),
    Column("final_summary_at", UtcTime),
)

relays = Table(
    "relays",
    metadata,
    Column("broadcast", Integer, primary_key=True),
    Column("unit", String, primary_key=True),
    Column("members", Integer, nullable=False),
    Column("asked", String),
    Column("relayed", Integer),
    # More told than there are members: kept, and marked.
    Column("flagged", Boolean, nullable=False),
    Column("answered_at", UtcTime),
    Column("answered_by", String),
)

# ── imports on their way into the roster ─────────────────────────────────────────────────────────

imports = Table(
    "imports",
    metadata,
    # Those too large for one transaction. ``staged``: not decided, changes nothing; ``released``: decided.
    Column("id", String, primary_key=True),
    Column("state", String, nullable=False),
    Column("begun_at", UtcTime, nullable=False),
)

import_sets = Table(
    "import_sets",
    metadata,
    # What is still to be applied, in order; each goes with the transaction that applies it.
    Column("import_id", String, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("content", Text, nullable=False),
)

uploads = Table(
    "uploads",
    metadata,
    # Roster files handed in on a page, for an hour at the most; times are the machine's own.
    Column("id", String, primary_key=True),
    Column("by", String, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("sha256", String, nullable=False),
    Column("size", Integer, nullable=False),
    Column("names", JSON, nullable=False),
    # What the page says that they change.
    Column("shown", Text, nullable=False),
    # The files in one piece.
    Column("parcel", LargeBinary, nullable=False),
)

# ── who may come in ──────────────────────────────────────────────────────────────────────────────

sign_ins = Table(
    "sign_ins",
    metadata,
    # Times are the machine's own, not civil. ``person`` is NULL where nobody is known by what was typed.
    Column("id", Integer, primary_key=True),
    Column("person", String, index=True),
    # Of the person, or of what was typed: what is counted for the limit.
    Column("asked_hash", String, nullable=False),
    Column("address_hash", String, nullable=False),
    # Of what the browser that asked holds: only with it is a code of any use.
    Column("ticket_hash", String, nullable=False, unique=True),
    # NULL until the code is made; never, where nothing is sent.
    Column("salt", String),
    Column("code_hash", String),
    Column("link_hash", String, unique=True),
    Column("asked_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    Column("tries_left", Integer, nullable=False),
    # Too many before it: nothing is sent, and it is not counted for the person.
    Column("limited", Boolean, nullable=False),
    Column("used_at", UtcTime),
    Index(None, "asked_at"),
)

sessions = Table(
    "sessions",
    metadata,
    # Times are the machine's own. The hash only: who reads the table cannot come in.
    Column("id", Integer, primary_key=True),
    Column("token_hash", String, nullable=False, unique=True),
    Column("person", String, nullable=False, index=True),
    Column("created_at", UtcTime, nullable=False),
    Column("last_seen", UtcTime, nullable=False),
    Column("revoked_at", UtcTime),
    # What the browser calls itself, in few words.
    Column("agent", String, nullable=False),
)

grants = Table(
    "grants",
    metadata,
    # Rights over a unit with all below it that an operator gave by hand, for a while.
    Column("id", Integer, primary_key=True),
    Column("person", String, nullable=False, index=True),
    Column("unit", String, nullable=False),
    Column("rights", JSON, nullable=False),
    Column("by", String),
    Column("reason", Text, nullable=False),
    Column("since", UtcTime, nullable=False),
    Column("until", UtcTime, nullable=False),
    Column("revoked_at", UtcTime),
)

api_tokens = Table(
    "api_tokens",
    metadata,
    # Times are the machine's own. The hash only: who reads the table cannot come in.
    Column("id", Integer, primary_key=True),
    Column("token_hash", String, nullable=False, unique=True),
    Column("person", String, nullable=False, index=True),
    Column("label", String, nullable=False),
    # What the person's scope is cut down to.
    Column("rights", JSON, nullable=False),
    Column("unit", String),
    Column("by", String),
    Column("created_at", UtcTime, nullable=False),
    Column("until", UtcTime, nullable=False),
    Column("last_used", UtcTime),
    Column("revoked_at", UtcTime),
)

api_answers = Table(
    "api_answers",
    metadata,
    # What was answered to a request with an Idempotency-Key, so that the same request does nothing twice.
    Column("token", Integer, primary_key=True, autoincrement=False),
    Column("key_hash", String, primary_key=True),
    Column("person", String, nullable=False),
    Column("request", String, nullable=False),
    Column("body_hash", String, nullable=False),
    Column("status", Integer, nullable=False),
    Column("body", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Index(None, "created_at"),
)

# ── the house's own ──────────────────────────────────────────────────────────────────────────────

leases = Table(
    "leases",
    metadata,
    # Clock-free: a candidate takes over when ``beat`` has stood still for a whole term on its own clock.
    Column("name", String, primary_key=True),
    Column("owner", String),
    Column("fence", Integer, nullable=False),
    Column("beat", Integer, nullable=False),
)

clock_anchors = Table(
    "clock_anchors",
    metadata,
    # Where a civil clock that runs faster started, so that every process and every restart reads the same.
    Column("id", Integer, primary_key=True),
    Column("civil_start", UtcTime, nullable=False),
    Column("speed", Float, nullable=False),
    Column("real_start", UtcTime, nullable=False),
)

signals = Table(
    "signals",
    metadata,
    # Counts what was written for a running program to notice at once.
    Column("name", String, primary_key=True),
    Column("count", Integer, nullable=False),
)
