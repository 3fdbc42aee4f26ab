"""Cases: how each stands, what happened in it, and what may be done about it."""

from datetime import datetime
from typing import Annotated, Final

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field

from notifier.domain.access import Right
from notifier.domain.case import CLOSED, OPEN, Call, CallState, Case, CaseState
from notifier.domain.ids import CaseId
from notifier.domain.policy import Kind
from notifier.engine.api.deeds import do
from notifier.engine.console.case_actions import Deed
from notifier.engine.console.deliveries import without_numbers
from notifier.engine.reports import TraceEvent, trace_of
from notifier.store.rows import CaseSearch
from notifier.web.api.kit import Calling, Kit, Looking
from notifier.web.api.models import Moment
from notifier.web.api.paging import Page, Paged
from notifier.web.api.routes import Routes, over, somewhere
from notifier.web.api.texts import Reason

CASES: Final = "cases"


class CaseOut(BaseModel):
    """A case. ``step`` is the furthest that was called; ``version`` grows with each change."""

    id: str
    kind: Kind
    unit: str
    subject: str = Field(description="What is overdue: a shift, a list, a unit's relay.")
    state: CaseState
    outcome: str | None
    step: int
    holder: str | None
    opened_at: Moment
    closed_at: Moment | None
    called: list[str]
    version: int


class CallOut(BaseModel):
    """Somebody who was called in it, or took it; ``times`` 0: he took it without being called."""

    person: str
    step: int
    at: Moment
    state: CallState
    times: int


class EventOut(BaseModel):
    """Something that was decided in it, or became of a message of it."""

    at: Moment
    event: str
    person: str | None
    channel: str | None
    reason: str | None = Field(description="No phone number stands in it in full.")
    message: str | None


class CaseWithTrace(BaseModel):
    """A case, everybody called in it, and everything that happened, in that order."""

    case: CaseOut
    calls: list[CallOut]
    events: list[EventOut]


class DeedIn(BaseModel):
    """What is done about a case. ``version`` is the one that was decided on, where that matters."""

    model_config = ConfigDict(extra="forbid")

    reason: Reason
    version: Annotated[
        int | None,
        Field(ge=1, le=2**31, description="Refused with 409 when the case is at another by now."),
    ] = None


class Cases:
    """Operations below ``/cases``."""

    def __init__(self, kit: Kit) -> None:
        """Work with the API's kit."""
        self._kit = kit

    def add_to(self, routes: Routes) -> None:
        """Take them in."""
        see, act = over("case", Right.SEE), over("case", Right.ACT)
        routes.get("/cases", self.listing, need=somewhere(Right.SEE), tag=CASES, summary="案件 / Cases")
        routes.get("/cases/{case}", self.one, need=see, tag=CASES, summary="一件案件 / One case")
        for name, told, deed in (
            ("acknowledge", self.acknowledge, "接手 / Take it"),
            ("resolve", self.resolve, "办好了 / It is done"),
            ("cancel", self.cancel, "不用办了 / There is nothing to be done"),
        ):
            routes.post(f"/cases/{{case}}/{name}", told, need=act, tag=CASES, summary=deed)

    async def listing(
        self,
        look: Looking,
        paging: Paged,
        is_open: Annotated[
            bool | None, Query(alias="open", description="true: only open ones; false: only closed ones.")
        ] = None,
        kind: Annotated[Kind | None, Query()] = None,
        state: Annotated[CaseState | None, Query()] = None,
        unit: Annotated[str | None, Query(description="That unit, and all below it.")] = None,
    ) -> Page[CaseOut]:
        """The cases of the units in reach, the newest first."""
        everywhere = None if look.guard.scope.everything else look.guard.units(Right.SEE)
        wanted = CaseSearch(
            units=look.guard.below(unit, Right.SEE) if unit else everywhere,
            states=_states(is_open, state),
            kind=kind,
        )
        before = paging.after(int)
        last = CaseId(int(before[0])) if before else None
        found = await look.tx.cases.newest(wanted, paging.fetch, last)
        return paging.page(found, lambda case: (int(case.id),), _case)

    async def one(self, look: Looking, case: str) -> CaseWithTrace:
        """How it stands, who was called, and everything that happened in it."""
        found = await look.guard.case(look.tx, case, Right.SEE)
        lines = await look.tx.journal.of_case(found.id)
        messages = await look.tx.messages.of_case(found.id)
        return CaseWithTrace(
            case=_case(found),
            calls=[_call(call) for call in found.calls],
            events=[_event(event) for event in trace_of(lines, messages)],
        )

    async def acknowledge(self, caller: Calling, case: str, told: DeedIn) -> CaseOut:
        """Take it in the name of the token's person, who must have been called or stand in its chain."""
        return await self._do(caller, case, told, Deed.TAKE)

    async def resolve(self, caller: Calling, case: str, told: DeedIn) -> CaseOut:
        """Close it: what was owed is done. Who was called is told to stand down."""
        return await self._do(caller, case, told, Deed.DONE)

    async def cancel(self, caller: Calling, case: str, told: DeedIn) -> CaseOut:
        """Close it: there is nothing to be done."""
        return await self._do(caller, case, told, Deed.CANCEL)

    async def _do(self, caller: Calling, case: str, told: DeedIn, deed: Deed) -> CaseOut:
        parts = self._kit.parts
        now: datetime = parts.station.now()
        async with self._kit.write(caller) as (tx, guard):
            found = await guard.case(tx, case, Right.ACT)
            return _case(await do(parts, tx, found, deed, caller.actor, told.reason, told.version, now))


def _states(is_open: bool | None, state: CaseState | None) -> frozenset[CaseState] | None:
    """The states that pass both filters; None for all."""
    if is_open is None:
        return frozenset({state}) if state else None
    wanted = OPEN if is_open else CLOSED
    return wanted & {state} if state else wanted


def _case(case: Case) -> CaseOut:
    return CaseOut(
        id=str(case.id),
        kind=case.kind,
        unit=case.unit,
        subject=case.subject,
        state=case.state,
        outcome=case.outcome,
        step=case.cursor.step,
        holder=case.holder,
        opened_at=case.opened_at,
        closed_at=case.closed_at,
        called=list(case.called),
        version=case.version,
    )


def _call(call: Call) -> CallOut:
    return CallOut(person=call.person, step=call.step, at=call.at, state=call.state, times=call.times)


def _event(event: TraceEvent) -> EventOut:
    return EventOut(
        at=event.at,
        event=event.event,
        person=event.person,
        channel=None if event.channel is None else str(event.channel),
        reason=without_numbers(event.reason),
        message=None if event.message is None else str(event.message),
    )
