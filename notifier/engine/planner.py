"""Planning: shifts and lists become timers, well ahead. Planning twice changes nothing.

What is found late is planned all the same; the handlers look at the time themselves.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from notifier.domain import sheet as rules
from notifier.domain.case import RosterChanged
from notifier.domain.ids import CaseId, ShiftKey, UnitCode
from notifier.domain.message import Lane
from notifier.domain.policy import Checklist, Kind, Signers
from notifier.domain.roster import UnitKind
from notifier.engine.cases import Cases
from notifier.engine.digests import daily_timers
from notifier.engine.rotas import Rotas
from notifier.engine.sheets import ASK_BEFORE, ASK_DAILY, Sheets
from notifier.engine.shift_ends import ShiftEnds
from notifier.engine.shift_timers import HORIZON, timer, timers_of
from notifier.engine.station import Station
from notifier.store.rows import Timer
from notifier.store.tx import Tx

REREAD = "case_reread"

LOOK_BACK = timedelta(hours=48)
"""How far back a shift found late is still written into the journal."""


class Planner:
    """Writes the timers of the days ahead."""

    def __init__(self, station: Station, ends: ShiftEnds, sheets: Sheets, cases: Cases) -> None:
        """Plan for the station's roster."""
        self._station = station
        self._ends = ends
        self._sheets = sheets
        self._cases = cases
        self._rotas = Rotas(station)

    async def plan(self) -> int:
        """Plan everything up to the horizon; returns how many timers are new. One transaction a page."""
        await self._rotas.extend()
        now = self._station.now()
        planned = await self._plan_shifts(now) + await self._plan_daily_lists(now)
        planned += await self._plan_digests(now)
        if planned:
            self._station.wake.ring("watch")
        return planned

    async def _plan_shifts(self, now: datetime) -> int:
        planned, last = 0, None
        while True:
            async with self._station.db.read() as tx:
                page = await tx.shifts.between(now - LOOK_BACK, now + HORIZON, after=last)
                policy = (await self._station.rules.current(tx)).policy(Kind.UNSTAFFED)
            if not page:
                return planned
            async with self._station.db.write() as tx:
                planned += await tx.timers.plan([one for shift in page for one in timers_of(shift, policy)])
            last = page[-1]

    async def _plan_daily_lists(self, now: datetime) -> int:
        async with self._station.db.read() as tx:
            settings = await self._station.rules.current(tx)
            daily = [checklist for checklist in settings.checklists if checklist.due.daily is not None]
            units = await self._owing_units(tx, daily)
        today = now.astimezone(self._station.zone).date()
        timers = [
            timer
            for checklist in daily
            for day in (today, today + timedelta(days=1))
            for timer in self._daily_timers(checklist, units[checklist.id], day, now)
        ]
        if not timers:
            return 0
        async with self._station.db.write() as tx:
            return await tx.timers.plan(timers)

    def _daily_timers(
        self, checklist: Checklist, units: Iterable[UnitCode], day: date, now: datetime
    ) -> Iterable[Timer]:
        due = rules.due_on_day(checklist, day, self._station.zone)
        if due < now:
            # A list whose time had passed before it was ever planned would be a case out of nothing.
            return
        for unit in units:
            subject = f"{checklist.id}|{unit}|{day.isoformat()}"
            yield timer(ASK_DAILY, due - ASK_BEFORE, subject)

    async def _plan_digests(self, now: datetime) -> int:
        async with self._station.db.read() as tx:
            timers = list(daily_timers(await self._station.rules.current(tx), now))
        if not timers:
            return 0
        async with self._station.db.write() as tx:
            return await tx.timers.plan(timers)

    async def _owing_units(self, tx: Tx, lists: Iterable[Checklist]) -> dict[str, list[UnitCode]]:
        villages = [u.code for u in (await tx.roster.units()).values() if u.kind is UnitKind.VILLAGE]
        return {
            checklist.id: (
                await tx.roster.units_with_office(checklist.office or "")
                if checklist.signers is Signers.OFFICE
                else villages
            )
            for checklist in lists
        }

    # ── handlers ─────────────────────────────────────────────────────────────────────────────────

    async def end_of_shift(self, tx: Tx, subject: str, now: datetime) -> None:
        """A shift is over: who goes on is carried over, and its lists fall due."""
        key = ShiftKey(subject)
        shift = await tx.shifts.get(key)
        were_on_post = await self._ends.close(tx, key, now)
        post = await tx.roster.post(shift.post) if shift else None
        if shift is not None and post is not None:
            await self._sheets.ask_after_shift(tx, shift, post.unit, were_on_post, now)

    async def reread(self, tx: Tx, subject: str, now: datetime) -> None:
        """The roster has changed: a case reads its chain and its subject anew."""
        case = await tx.cases.get(CaseId(int(subject)))
        await self._cases.happen(tx, case.id, RosterChanged(), now)
        await self._cases.settle(tx, case.kind, case.subject, now)


async def reread_all(tx: Tx, now: datetime) -> None:
    """After the roster has changed, in the same transaction: open cases are read anew, and all wake."""
    cases = await tx.cases.open_ids()
    await tx.timers.set(*(timer(REREAD, now, str(case), Lane.ESCALATION) for case in cases))
    await tx.signals.ring()
