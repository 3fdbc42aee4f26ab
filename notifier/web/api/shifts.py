"""Shifts: who is to stand when and where, and who is there."""

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import Query
from pydantic import BaseModel

from notifier.domain.access import Right
from notifier.domain.ids import PostCode, ShiftKey
from notifier.domain.times import iso_utc, parse_iso_utc
from notifier.engine.api.shifts import ShiftView, read_shifts
from notifier.errors import InputError
from notifier.store.api_lists import ShiftFilter
from notifier.web.api.kit import Looking
from notifier.web.api.models import Moment, When
from notifier.web.api.paging import Page, Paged, Paging, no_cursor
from notifier.web.api.routes import Routes, somewhere

AHEAD = timedelta(days=7)


class ShiftOut(BaseModel):
    """A shift. ``away`` are those of its people on leave from it, ``on_post`` those who are there now."""

    key: str
    unit: str
    post: str
    start: Moment
    end: Moment
    people: list[str]
    away: list[str]
    on_post: list[str]


def add_to(routes: Routes) -> None:
    """Take the operation in."""
    routes.get("/shifts", shifts, need=somewhere(Right.SEE), tag="shifts", summary="班次 / Shifts")


async def shifts(
    look: Looking,
    paging: Paged,
    begin: Annotated[
        When | None, Query(alias="from", description="From then on; now, when left out.")
    ] = None,
    end: Annotated[When | None, Query(alias="to", description="A week later, when left out.")] = None,
    unit: Annotated[str | None, Query(description="That unit, and all below it.")] = None,
    post: Annotated[str | None, Query()] = None,
) -> Page[ShiftOut]:
    """The shifts of the units in reach that touch that span of time, by their beginning."""
    everywhere = None if look.guard.scope.everything else look.guard.units(Right.SEE)
    first = begin or look.now
    which = ShiftFilter(
        start=first,
        end=end or first + AHEAD,
        units=look.guard.below(unit, Right.SEE) if unit else everywhere,
        post=PostCode(post) if post else None,
    )
    if which.end <= which.start:
        raise InputError("to: it is not after from; give a later one")
    found = await read_shifts(look.tx, which, paging.fetch, _last(paging))
    return paging.page(found, lambda one: (iso_utc(one.shift.start), one.shift.key), _shift)


def _last(paging: Paging) -> tuple[datetime, ShiftKey] | None:
    """The last shift of the page before: its start, and its key."""
    after = paging.after(str, str)
    if after is None:
        return None
    try:
        return parse_iso_utc(str(after[0])), ShiftKey(str(after[1]))
    except (ValueError, OverflowError):
        raise no_cursor() from None


def _shift(view: ShiftView) -> ShiftOut:
    return ShiftOut(
        key=view.shift.key,
        unit=view.post.unit,
        post=view.post.code,
        start=view.shift.start,
        end=view.shift.end,
        people=list(view.shift.people),
        away=list(view.away),
        on_post=list(view.on_post),
    )
