"""The journal: what was decided and done, and why."""

from datetime import UTC, datetime
from typing import Annotated, Final

from fastapi import Query
from pydantic import BaseModel, Field

from notifier.domain.access import Right
from notifier.engine.console.journal_view import read_journal
from notifier.errors import InputError
from notifier.store.journal_search import JournalFilter
from notifier.store.rows import JournalLine
from notifier.web.api.kit import Looking
from notifier.web.api.models import Moment, When
from notifier.web.api.paging import Page, Paged
from notifier.web.api.routes import Routes, somewhere

JOURNAL = "journal"
_BEGINNING: Final = datetime(2000, 1, 1, tzinfo=UTC)
_END: Final = datetime(3000, 1, 1, tzinfo=UTC)


class LineOut(BaseModel):
    """One line. ``person`` did it; ``subject`` is what, or whom, it was about."""

    id: str
    at: Moment
    event: str
    case: str | None
    unit: str | None
    subject: str | None
    person: str | None
    channel: str | None
    reason: str | None = Field(description="No phone number stands in it in full.")
    message: str | None


def add_to(routes: Routes) -> None:
    """Take the operation in."""
    routes.get("/journal", journal, need=somewhere(Right.OVERSEE), tag=JOURNAL, summary="流水 / The journal")


async def journal(
    look: Looking,
    paging: Paged,
    after: Annotated[When | None, Query(description="Decided then or later.")] = None,
    before: Annotated[When | None, Query(description="Decided before then.")] = None,
    event: Annotated[str | None, Query(pattern="^[a-z_]{1,60}$")] = None,
    unit: Annotated[str | None, Query(description="That unit, and all below it.")] = None,
    case: Annotated[str | None, Query()] = None,
    person: Annotated[str | None, Query(description="Who did it, or whom it was about.")] = None,
) -> Page[LineOut]:
    """The journal of the units in reach, the newest first."""
    everywhere = None if look.guard.scope.everything else look.guard.units(Right.OVERSEE)
    which = JournalFilter(
        since=after or _BEGINNING,
        until=before or _END,
        units=look.guard.below(unit, Right.OVERSEE) if unit else everywhere,
        people=[(await look.guard.person(look.tx, person, Right.OVERSEE)).id] if person else None,
        case=(await look.guard.case(look.tx, case, Right.OVERSEE)).id if case else None,
        event=event,
    )
    if which.until <= which.since:
        raise InputError("before: it is not later than after; give a later one")
    last = paging.after(int)
    found = await read_journal(look.tx, which, int(last[0]) if last else None, paging.limit)
    return paging.page_to(
        [_line(line) for line in found.lines], (found.older,) if found.older is not None else None
    )


def _line(line: JournalLine) -> LineOut:
    return LineOut(
        id=str(line.id),
        at=line.at,
        event=line.event,
        case=None if line.case is None else str(line.case),
        unit=line.unit,
        subject=line.subject,
        person=line.person,
        channel=line.channel,
        reason=line.reason,
        message=None if line.message is None else str(line.message),
    )
