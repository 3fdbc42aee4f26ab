"""What is on record when all is over: the carriers' own books, and the program's database beside them."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Table, select

from notifier.domain.message import MessageState
from notifier.sandbox.core import SandboxState
from notifier.sandbox.faults import Carrier
from notifier.sandbox.ledger import Accepted, Refused
from notifier.sandbox.twilio.segments import count_segments
from notifier.store import tables
from notifier.store.database import Database

MARK = re.compile(r"\A(?:（重发）|\(again\) )")
"""What begins the text of a repeat."""

Group = tuple[str, str, str]
"""(carrier, address, text without its mark): what one reader would take for the same message."""

CARRIER_OF = {"telegram": Carrier.TELEGRAM, "sms": Carrier.TWILIO}


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One request to send that reached a carrier, in monotonic seconds.

    ``outcome``: accepted; lost (accepted, and the sender was not told); refused (and told so); unknown
    (nothing was told, or an error that says nothing). ``limit`` names the carrier's limit that it broke.
    """

    carrier: Carrier
    account: str
    address: str
    text: str
    at: float
    outcome: str
    ref: str = ""
    segments: int = 1
    answer: bool = False
    limit: str | None = None
    throttled: bool = False
    in_pause: bool = False

    @property
    def group(self) -> Group:
        """What the reader takes it for."""
        return (self.carrier, self.address, MARK.sub("", self.text))

    @property
    def marked(self) -> bool:
        """Whether it says that it may be a repeat."""
        return MARK.match(self.text) is not None

    @property
    def taken(self) -> bool:
        """Whether the carrier has it."""
        return self.outcome in ("accepted", "lost")


def arrivals(state: SandboxState) -> list[Arrival]:
    """Everything that came to either carrier to be sent, in order of time."""
    found = [
        arrival
        for carrier in Carrier
        for arrival in (
            *(_accepted(carrier, record) for record in state.ledger(carrier).accepted),
            *(_refused(carrier, r) for r in state.ledger(carrier).refused if r.method in _SENDING),
        )
    ]
    return sorted(found, key=lambda arrival: arrival.at)


_SENDING = ("sendMessage", "create")


def _accepted(carrier: Carrier, record: Accepted) -> Arrival:
    return Arrival(
        carrier=carrier,
        account=record.account,
        address=record.address,
        text=record.text,
        at=record.at,
        outcome="lost" if record.answer_lost else "accepted",
        ref=str(record.ref),
        segments=record.segments,
        answer=record.answer,
        in_pause=record.in_pause,
    )


def _refused(carrier: Carrier, record: Refused) -> Arrival:
    told = 400 <= record.code < 500 or (carrier is Carrier.TWILIO and record.code not in (0, 20500))
    return Arrival(
        carrier=carrier,
        account=record.account,
        address=record.address,
        text=record.text,
        at=record.at,
        outcome="refused" if told else "unknown",
        segments=count_segments(record.text) if carrier is Carrier.TWILIO else 1,
        limit=record.limit if record.cause == "limit" else None,
        throttled=record.code in (429, 20429),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """The program's tables, each row by its columns' names."""

    rows: Mapping[str, Sequence[Any]]

    def __getitem__(self, table: str) -> Sequence[Any]:
        """The rows of a table, by primary key."""
        return self.rows[table]

    def journal_of(self) -> Mapping[int, list[Any]]:
        """The journal's lines by case."""
        lines: dict[int, list[Any]] = defaultdict(list)
        for line in self["journal"]:
            if line.case is not None:
                lines[line.case].append(line)
        return lines

    def attempted(self) -> Mapping[Group, list[Any]]:
        """The messages that were ever tried, by what their readers take them for. Edits are none."""
        groups: dict[Group, list[Any]] = defaultdict(list)
        for row in self["messages"]:
            if row.attempts and row.edits is None:
                groups[CARRIER_OF[row.channel], row.address, row.text].append(row)
        return groups


KEPT: tuple[Table, ...] = (
    tables.messages,
    tables.journal,
    tables.cases,
    tables.calls,
    tables.inbox,
    tables.answers,
    tables.presences,
    tables.sheets,
    tables.relays,
    tables.broadcasts,
    tables.timers,
)


async def load_books(database: Database) -> Books:
    """Read every table that tells what happened."""
    rows: dict[str, Sequence[Any]] = {}
    async with database.read() as tx:
        for table in KEPT:
            found = await tx.conn.execute(select(table).order_by(*table.primary_key.columns))
            rows[table.name] = found.all()
    return Books(rows=rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """How much is still under way."""

    unsent: int
    unread: int
    due: int
    open_cases: int

    @property
    def is_quiet(self) -> bool:
        """Whether nothing more will happen by itself just now."""
        return not (self.unsent or self.unread or self.due)


async def look(database: Database, now: datetime) -> Rest:
    """How much is still under way at that civil moment."""
    async with database.read() as tx:
        messages, timers = await tx.messages.counts(), tables.timers.c
        due = select(tables.timers.c.id).where(timers.state == "pending", timers.due_at <= now)
        unstaffed = (tables.cases.c.closed_at.is_(None)) & (tables.cases.c.kind == "unstaffed")
        return Rest(
            unsent=messages[MessageState.QUEUED] + messages[MessageState.SENDING],
            unread=await tx.inbox.depth(),
            due=len((await tx.conn.execute(due)).all()),
            open_cases=len((await tx.conn.execute(select(tables.cases.c.id).where(unstaffed))).all()),
        )
