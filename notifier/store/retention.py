"""How long each thing is kept, and forgetting what is older: a table of ages, and one small set at a time."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, delete, func, literal_column, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.store.tables import (
    answers,
    api_answers,
    api_tokens,
    broadcasts,
    calls,
    cases,
    courtesies,
    grants,
    import_sets,
    imports,
    inbox,
    journal,
    leaves,
    link_tokens,
    matters,
    messages,
    pauses,
    presences,
    relays,
    sessions,
    sheets,
    shift_covers,
    shift_people,
    shifts,
    sign_ins,
    timers,
    uploads,
    vouchers,
)

SET_SIZE = 1000
"""Rows that one transaction forgets."""

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MONTH, YEAR, FOR_GOOD = timedelta(days=30), timedelta(days=400), timedelta(days=1200)
"""What waits; was never finished; raw material; what was said to whom; decisions and what they were about."""

Key = tuple[Any, ...]
"""The primary key of a row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Rows of ``of.table`` for which ``old(before)`` holds are forgotten once they are over for ``age``.

    ``blank`` are the columns to be emptied; without any, the whole row goes.
    """

    name: str
    of: Any
    age: timedelta
    old: Callable[[datetime], ColumnElement[bool]]
    blank: Mapping[str, Any] = field(default_factory=dict)


_OPEN_CASES = select(cases.c.id).where(cases.c.closed_at.is_(None))
_UNFINISHED = select(broadcasts.c.id).where(broadcasts.c.state.not_in(["done", "cancelled"]))
_READ = inbox.c.state != literal_column("'new'")
_NOT_WAITING = messages.c.state.not_in(["queued", "sending"])


def _unreleased(before: datetime) -> Select[str]:
    return select(imports.c.id).where(imports.c.state == "staged", imports.c.begun_at < before)


def _old_shifts(before: datetime) -> Select[str]:
    return select(shifts.c.key).where(shifts.c.end < before)


def _old_broadcasts(before: datetime) -> Select[int]:
    done = broadcasts.c.id.not_in(_UNFINISHED)
    return select(broadcasts.c.id).where(broadcasts.c.created_at < before, done)


def _not_among(column: ColumnElement[Any], ids: Select[Any]) -> ColumnElement[bool]:
    return or_(column.is_(None), column.not_in(ids))


# What belongs to a row stands before it, so that nothing is left that names what is gone.
RULES = (
    Rule(
        name="import_sets",
        of=import_sets,
        age=DAY,
        old=lambda before: import_sets.c.import_id.in_(_unreleased(before)),
    ),
    Rule(name="imports", of=imports, age=DAY, old=lambda before: imports.c.id.in_(_unreleased(before))),
    # In their hour they are forgotten by who watches, minute by minute; this is for where nobody does.
    Rule(name="uploads", of=uploads, age=HOUR, old=lambda before: uploads.c.created_at < before),
    Rule(
        # The row stays: a carrier that tells the same thing again is still recognised.
        name="inbox_payloads",
        of=inbox,
        age=MONTH,
        old=lambda before: and_(inbox.c.received_at < before, _READ, inbox.c.payload != ""),
        blank={"payload": "", "error": None},
    ),
    Rule(name="inbox", of=inbox, age=YEAR, old=lambda before: and_(inbox.c.received_at < before, _READ)),
    Rule(
        name="timers",
        of=timers,
        age=MONTH,
        old=lambda before: and_(timers.c.due_at < before, timers.c.state != literal_column("'pending'")),
    ),
    Rule(name="link_tokens", of=link_tokens, age=MONTH, old=lambda before: link_tokens.c.expires_at < before),
    Rule(name="vouchers", of=vouchers, age=MONTH, old=lambda before: vouchers.c.expires_at < before),
    Rule(name="sign_ins", of=sign_ins, age=DAY, old=lambda before: sign_ins.c.expires_at < before),
    Rule(name="sessions", of=sessions, age=MONTH, old=lambda before: sessions.c.last_seen < before),
    Rule(name="grants", of=grants, age=FOR_GOOD, old=lambda before: grants.c.until < before),
    Rule(name="api_answers", of=api_answers, age=DAY, old=lambda before: api_answers.c.created_at < before),
    Rule(
        name="api_tokens",
        of=api_tokens,
        age=MONTH,
        old=lambda before: or_(api_tokens.c.until < before, api_tokens.c.revoked_at < before),
    ),
    Rule(
        name="courtesies",
        of=courtesies,
        age=MONTH,
        old=lambda before: courtesies.c.day < before.date().isoformat(),
    ),
    Rule(
        name="messages",
        of=messages,
        age=YEAR,
        old=lambda before: and_(
            messages.c.created_at < before,
            _NOT_WAITING,
            _not_among(messages.c.case, _OPEN_CASES),
            _not_among(messages.c.broadcast, _UNFINISHED),
        ),
    ),
    Rule(name="answers", of=answers, age=YEAR, old=lambda before: answers.c.at < before),
    Rule(
        name="matters",
        of=matters,
        age=YEAR,
        # A notice asks for nothing, so nothing ever closes it.
        old=lambda before: or_(
            matters.c.closed_at < before, and_(matters.c.topic == "notice", matters.c.used_at < before)
        ),
    ),
    Rule(
        name="relays",
        of=relays,
        age=FOR_GOOD,
        old=lambda before: relays.c.broadcast.in_(_old_broadcasts(before)),
    ),
    Rule(
        name="broadcasts",
        of=broadcasts,
        age=FOR_GOOD,
        old=lambda before: broadcasts.c.id.in_(_old_broadcasts(before)),
    ),
    Rule(
        name="journal",
        of=journal,
        age=FOR_GOOD,
        old=lambda before: and_(journal.c.at < before, _not_among(journal.c.case, _OPEN_CASES)),
    ),
    Rule(
        name="calls",
        of=calls,
        age=FOR_GOOD,
        old=lambda before: calls.c.case.in_(select(cases.c.id).where(cases.c.closed_at < before)),
    ),
    Rule(name="cases", of=cases, age=FOR_GOOD, old=lambda before: cases.c.closed_at < before),
    Rule(name="pauses", of=pauses, age=FOR_GOOD, old=lambda before: pauses.c.until < before),
    Rule(name="presences", of=presences, age=FOR_GOOD, old=lambda before: presences.c.until < before),
    Rule(name="sheets", of=sheets, age=FOR_GOOD, old=lambda before: sheets.c.due_at < before),
    Rule(name="leaves", of=leaves, age=FOR_GOOD, old=lambda before: leaves.c.shift.in_(_old_shifts(before))),
    Rule(
        name="shift_covers",
        of=shift_covers,
        age=FOR_GOOD,
        old=lambda before: shift_covers.c.shift.in_(_old_shifts(before)),
    ),
    Rule(
        name="shift_people",
        of=shift_people,
        age=FOR_GOOD,
        old=lambda before: shift_people.c.shift.in_(_old_shifts(before)),
    ),
    Rule(name="shifts", of=shifts, age=FOR_GOOD, old=lambda before: shifts.c.end < before),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A stretch of rows in order of their key, the old ones among which are to be forgotten."""

    first: Key
    last: Key


async def find_old(conn: AsyncConnection, rule: Rule, now: datetime, after: Key | None) -> Span | None:
    """The next stretch behind ``after`` with at most SET_SIZE old rows in it; None when there are no more.

    It reads through the table, so look in a transaction that keeps nobody from writing.
    """
    key = list(rule.of.primary_key)
    query = select(*key).where(_is_old(rule, now)).order_by(*key).limit(SET_SIZE)
    if after is not None:
        query = query.where(tuple_(*key) > after)
    rows = (await conn.execute(query)).all()
    return Span(first=tuple(rows[0]), last=tuple(rows[-1])) if rows else None


async def forget(conn: AsyncConnection, rule: Rule, now: datetime, span: Span) -> int:
    """Forget what is old in that stretch still; how many rows that was."""
    key = tuple_(*rule.of.primary_key)
    which = (_is_old(rule, now), key >= span.first, key <= span.last)
    change = update(rule.of).values(dict(rule.blank)) if rule.blank else delete(rule.of)
    return (await conn.execute(change.where(*which))).rowcount


def _is_old(rule: Rule, now: datetime) -> ColumnElement[bool]:
    old = rule.old(now - rule.age)
    numbered = rule.of.autoincrement_column
    if numbered is None or rule.blank:
        return old
    # The newest row stays, since SQLite numbers on from it: no number ever means two things.
    newest = select(func.max(rule.of.alias("newest").c[numbered.name])).scalar_subquery()
    return and_(old, numbered < newest)
