"""Offices: every seat, who holds it and who acts in it."""

from datetime import datetime
from typing import Annotated

from fastapi import Query
from pydantic import BaseModel

from notifier.domain.access import Right
from notifier.domain.ids import UnitCode
from notifier.domain.roster import Office, OfficeStatus
from notifier.web.api.kit import Looking
from notifier.web.api.models import Moment
from notifier.web.api.paging import Page, Paged
from notifier.web.api.routes import Routes, somewhere


class OfficeOut(BaseModel):
    """A seat. ``person`` null: vacant. ``until`` ends an absence, ``acting_until`` an acting appointment."""

    unit: str
    title: str
    rank: int
    person: str | None
    status: OfficeStatus
    until: Moment | None
    acting: str | None
    acting_until: Moment | None


def add_to(routes: Routes) -> None:
    """Take the operation in."""
    routes.get("/offices", offices, need=somewhere(Right.SEE), tag="offices", summary="职务 / Offices")


async def offices(
    look: Looking,
    paging: Paged,
    unit: Annotated[str | None, Query(description="That unit, and all below it.")] = None,
) -> Page[OfficeOut]:
    """The seats of the units in reach, by unit and rank, as they are kept now."""
    everywhere = None if look.guard.scope.everything else look.guard.units(Right.SEE)
    within = look.guard.below(unit, Right.SEE) if unit else everywhere
    after = paging.after(str, int, str)
    last = (UnitCode(str(after[0])), int(after[1]), str(after[2])) if after else None
    found = await look.tx.api_lists.offices(within, paging.fetch, last)
    return paging.page(found, lambda one: (one.unit, one.rank, one.title), lambda one: _office(one, look.now))


def _office(office: Office, now: datetime) -> OfficeOut:
    status, acting = office.status_at(now), office.acting_at(now)
    return OfficeOut(
        unit=office.unit,
        title=office.title,
        rank=office.rank,
        person=office.person,
        status=status,
        until=office.until if status is OfficeStatus.ABSENT else None,
        acting=acting,
        acting_until=office.acting_until if acting else None,
    )
