"""Planning: shifts and lists become timers, well ahead. Planning twice changes nothing.

What is found late is planned all the same; the handlers look at the time themselves.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta

from notifier.domain import sheet as rules
from notifier.domain.case import RosterChanged
from notifier.domain.ids import CaseId, ShiftKey, UnitCode
from notifier.domain.message import Lane
from notifier.domain.policy import Checklist, Kind, Policy, Settings, Signers
from notifier.domain.roster import Shift, UnitKind
from notifier.domain.rota import expand_rotas
from notifier.engine.cases import Cases
from notifier.engine.digests import daily_timers
from notifier.engine.sheets import ASK_BEFORE, ASK_DAILY, Sheets
from notifier.engine.shifts import END, REMIND, WATCH, Shifts
from notifier.engine.station import Station
from notifier.files import parse_rotas
from notifier.store.rows import Timer
from notifier.store.tx import Tx

REREAD = "case_reread"

HORIZON = timedelta(hours=36)
"""How far ahead timers are planned; reminders are seldom earlier than half a day."""

LOOK_BACK = timedelta(hours=48)
"""How far back a shift found late is still written into the journal."""

ROTA_DAYS = 14
"""How many days of shifts the rotas yield ahead."""

ROTAS = "rotas.yaml"


class Planner:
    """Writes the timers of the days ahead."""

    def __init__(self, station: Station, shifts: Shifts, sheets: Sheets, cases: Cases) -> None:
        """Plan for the station's roster."""
        self._station = station
        self._shifts = shifts
        self._sheets = sheets
        self._cases = cases

    async def plan(self) -> int:
        """Plan everything up to the horizon; returns how many timers are new. One transaction a page."""
        await self.extend_rotas()
        now = self._station.now()
        planned = await self._plan_shifts(now) + await self._plan_daily_lists(now)
        planned += await self._plan_digests(now)
        if planned:
            self._station.wake.ring("watch")
        return planned

    async def extend_rotas(self) -> None:
        """Let the rotas yield their shifts of the days ahead; shifts.csv always wins over them."""
        now = self._station.now()
        async with self._station.db.read() as tx:
            text = await tx.settings.document(ROTAS)
        if text is None:
            return
        today = now.astimezone(self._station.zone).date()
        shifts = expand_rotas(
            parse_rotas(text),
            self._station.zone,
            today - timedelta(days=1),
            today + timedelta(days=ROTA_DAYS),
        )
        until = now + timedelta(days=ROTA_DAYS)
        async with self._station.db.read() as tx:
            planned = await tx.imports.plan_rota(shifts, until=until, now=now)
        seen = planned.seen
        for part in planned.sets():
            async with self._station.db.write() as tx:
                if not await tx.imports.holds(seen):
                    # An import came between; when it is done it rings, and this is planned anew.
                    return
                seen = await tx.imports.write(part, self._station.now())

    async def _plan_shifts(self, now: datetime) -> int:
        planned, last = 0, None
        while True:
            async with self._station.db.read() as tx:
                page = await tx.shifts.between(now - LOOK_BACK, now + HORIZON, after=last)
                policy = (await self._station.rules.current(tx)).policy(Kind.UNSTAFFED)
            if not page:
                return planned
            async with self._station.db.write() as tx:
                planned += await tx.timers.plan([timer for shift in page for timer in _timers(shift, policy)])
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
            yield _timer(ASK_DAILY, due - ASK_BEFORE, subject)

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
        were_on_post = await self._shifts.close_shift(tx, key, now)
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
    await tx.timers.set(*(_timer(REREAD, now, str(case), Lane.ESCALATION) for case in cases))
    await tx.signals.ring()


async def remind_late(tx: Tx, changed: Iterable[Shift], settings: Settings, now: datetime) -> None:
    """Shifts were added or changed: who is new in one of them hears of it though its reminder is past."""
    policy = settings.policy(Kind.UNSTAFFED)
    late = []
    for shift in changed:
        past = [lead for lead in policy.remind_before if shift.start - lead <= now < shift.start]
        if past:
            # Each person's reminder has a key of its own: only those who have not had it get it.
            late.append(replace(_reminder(shift, min(past)), due_at=now))
    await tx.timers.set(*late)


def _timers(shift: Shift, policy: Policy) -> list[Timer]:
    return [
        *(_reminder(shift, lead) for lead in policy.remind_before),
        _timer(WATCH, shift.start + policy.grace, shift.key, Lane.ESCALATION),
        _timer(END, shift.end, shift.key),
    ]


def _reminder(shift: Shift, lead: timedelta) -> Timer:
    return _timer(REMIND, shift.start - lead, f"{lead.total_seconds():g} {shift.key}")


def _timer(kind: str, due_at: datetime, subject: str, lane: Lane = Lane.DUTY) -> Timer:
    return Timer(key=f"{kind}:{subject}", lane=lane, due_at=due_at, kind=kind, subject=subject)
